import { describe, expect, it } from '@jest/globals';
import { type History, on, rd, registered, sme } from '../enterprise.fixture.js';
import { type ResolvableInput, resolveInputs } from '../resolve-inputs.js';
import type { EnterpriseFactRow, EnterpriseRow } from './dossier.tables.js';
import { dossierView } from './find-dossier.query.js';

const numberOf = (factId: string | undefined) => (factId === undefined ? null : Number(factId.slice(1)));

const rows = ({ dossier }: History) =>
  dossier.facts.toArray().map(
    ({ factId, name, value, period, subject, effectiveOn, corrects, correctedBy }) =>
      ({
        fact_no: numberOf(factId),
        name,
        value: JSON.stringify(value),
        period: period ?? null,
        subject: subject ?? null,
        effective_on: effectiveOn,
        corrects_no: numberOf(corrects),
        corrected_by_no: numberOf(correctedBy),
        checked_by: null,
        dispute_reason: null,
        evidence: '[]',
      }) as EnterpriseFactRow,
  );

const current = (history: History, day: string) =>
  dossierView({ absorbed: '[]', absorbed_on: '[]', merged_on: null } as EnterpriseRow, [], rows(history), [], [], day, day)
    .facts.filter((fact) => fact.current)
    .map(({ factId }) => factId);

const used = (history: History, name: string, period: ResolvableInput['period'], day: string) =>
  resolveInputs(history.dossier, [{ name, label: name, period }], { on: day, occasion: { kind: 'once' } }).used.map(({ factId }) => factId);

describe('the fact a dossier shows as standing', () => {
  const dated = registered
    .do(sme(true), on('2024-06-01'))
    .do(sme(false), on('2024-03-01'))
    .do(sme(true, { period: '2023-05-01' }), on('2024-06-02'))
    .do(sme(false, { period: '2025-01-01' }), on('2024-06-03'));

  it.each([
    ['2024-02-29', []],
    ['2024-03-01', ['F2']],
    ['2024-06-01', ['F1']],
    ['2024-12-31', ['F1']],
    ['2025-01-01', ['F4']],
  ])('is on %s the one an assessment would read, not the one recorded last', (day, standing) => {
    expect(current(dated, day)).toEqual(standing);
    expect(used(dated, 'enterprise.sme', 'none', day)).toEqual(standing);
  });

  it.each([
    ['2024-05-31', ['F3']],
    ['2024-06-01', ['F3', 'F4']],
  ])('is none while a correction has no effect yet, nor what the wrong one had replaced: %s', (day, standing) => {
    const history = registered
      .do(rd('4.00', '2023'), on('2024-01-01'))
      .do(rd('5.00', '2023'), on('2024-01-02'))
      .do(rd('6.00', '2022'), on('2024-01-02'))
      .do(rd('8.00', '2023', { correctsFactId: 'F2' }), on('2024-06-01'));
    expect(current(history, day)).toEqual(standing);
    expect(used(history, 'rd.expenditure', 'prior-year', day)).toEqual(standing.filter((factId) => factId === 'F4'));
  });
});
