import { beforeEach, describe, expect, it } from '@jest/globals';
import { enterpriseDecider, type Dossier, type EnterpriseCommand, resolveInputs, vocabularyOf } from '@app/enterprises';
import { type BusinessDate, LAST_DAY, withCheckCharacter } from '@app/kernel';
import { clauseOf, inputsOf } from '@app/policies';
import { PACK } from '../recomputation/award-history.fixture.js';
import { expectationOf } from './expectation.js';
import { OutlookTotals, quarterOf } from './outlook.js';

const ON = '2025-02-10' as BusinessDate;
const evidence = [{ title: '证明' }];
const decider = enterpriseDecider(vocabularyOf([PACK]));

let dossier: Dossier;
function run(command: EnterpriseCommand, on = '2024-01-05'): void {
  const context = { actorId: 'clerk', roles: ['clerk' as const], effectiveOn: on, today: on };
  let state: typeof decider.initialState = dossier ?? decider.initialState;
  for (const event of decider.decide(command, state, context)) state = decider.evolve(state, event, context);
  dossier = state as Dossier;
}
const state = (name: string, value: boolean, on?: string) =>
  run({ type: 'record-facts', facts: [{ name, value, sourceUnit: '科技局', evidence }] }, on);

/** The second instalment of the award for a move from another province: due once the certificate has expired and renewal is applied for. */
function second(on = ON) {
  const inputs = Object.entries(inputsOf(PACK, 'G04')).map(([name, input]) => ({ name, ...input }));
  const inputsOn = (day: string) => resolveInputs(dossier, inputs, { on: day, occasion: { kind: 'once' } });
  return expectationOf(PACK, clauseOf(PACK, 'G04'), 2, { grantedOn: '2024-03-01', dossier, inputsOn, on });
}

describe('when a locked instalment can fall due', () => {
  beforeEach(() => {
    dossier = undefined as never;
    run({ type: 'register', creditCode: withCheckCharacter('91360703MA0000001'), name: '示例公司' });
    const certificate = {
      number: 'GR202236000001',
      kind: 'hnte',
      certification: 'first',
      issuedOn: '2022-11-04',
      expiresOn: '2025-11-03',
      issuer: '科技厅',
    };
    run({ type: 'record-certificate', ...certificate, evidence } as EnterpriseCommand);
    run({
      type: 'record-relocation',
      from: '广东省深圳市',
      origin: 'out-of-province',
      whole: true,
      on: '2023-12-01',
      evidence,
    });
    state('certificate.filed', true);
  });

  it('Given the enterprise has moved out, Then never: what has gone nobody can state', () => {
    expect(second()).toHaveProperty('earliest');
    run({ type: 'record-departure', on: '2025-01-15', to: '广东省深圳市', evidence } as EnterpriseCommand, '2025-01-20');
    expect(second()).not.toHaveProperty('earliest');
  });

  it('Given a certificate still in force, Then not before it has expired, and not without what is still to be stated', () => {
    expect(second()).toEqual({
      condition: '高企有效期到期后参与重新认定奖补20万元',
      earliest: '2025-11-04',
      certain: false,
      inputs: [
        { input: 'certificate.expired', label: '高企有效期已到期', now: false },
        { input: 'recertification.applied', label: '已参与重新认定' },
      ],
      certificates: [{ number: 'GR202236000001', expiresOn: '2025-11-03' }],
    });
  });

  it('Given the rest has been stated, Then it falls due the day after', () => {
    state('recertification.applied', true);
    expect(second()).toMatchObject({ earliest: '2025-11-04', certain: true });
  });

  it('Given another certificate that has no end, Then it changes nothing', () => {
    const endless = { number: 'GR202336000009', kind: 'hnte', certification: 'first', issuer: '科技厅' };
    run({ type: 'record-certificate', ...endless, issuedOn: '2021-11-04', expiresOn: LAST_DAY, evidence } as EnterpriseCommand);
    expect(second().earliest).toBeDefined();
  });

  it('Given the rest has been stated otherwise, Then it may still be stated anew', () => {
    state('recertification.applied', false);
    expect(second()).toMatchObject({ earliest: '2025-11-04', certain: false });
  });

  it('Given the certificate has expired, Then from today on', () => {
    expect(second('2026-01-15' as BusinessDate)).toMatchObject({ earliest: '2026-01-15', certain: false });
    state('recertification.applied', true);
    expect(second('2026-01-15' as BusinessDate)).toMatchObject({ earliest: '2026-01-15', certain: true });
  });

  it('Given the certificate was revoked, Then on no day: a revoked one does not expire', () => {
    run({ type: 'revoke-certificate', number: 'GR202236000001', on: '2025-01-20', reason: '取消资格', evidence }, '2025-01-20');
    const expectation = second();
    expect(expectation).toMatchObject({ certain: false, certificates: [{ revokedOn: '2025-01-20' }] });
    expect(expectation).not.toHaveProperty('earliest');
  });
});

describe('what is still to be paid', () => {
  it.each([
    ['2025-01-01', '2025Q1'],
    ['2025-03-31', '2025Q1'],
    ['2025-04-01', '2025Q2'],
    ['2025-12-31', '2025Q4'],
  ])('%s is in %s', (day, quarter) => expect(quarterOf(day)).toBe(quarter));

  it('adds up by quarter and line, and finds the line that is short', () => {
    const totals = new OutlookTotals();
    const add = (budgetLine: string, state: 'due' | 'certain' | 'possible' | 'barred', amount: string, quarter?: string) =>
      totals.add({ budgetLine, state, amount, ...(quarter !== undefined && { quarter }) });
    add('p.a.2025', 'possible', '200000.00', '2025Q4');
    add('p.a.2025', 'due', '100000.50', '2025Q1');
    add('p.b.2025', 'certain', '50000.00', '2025Q4');
    add('p.b.2025', 'barred', '7.00');
    const zero = { due: '0.00', certain: '0.00', possible: '0.00', held: '0.00', barred: '0.00' };
    expect(totals.summary(ON, new Map([['p.a.2025', { reserved: 300_000_00, available: 50 }]]))).toEqual({
      on: ON,
      instalments: 4,
      total: '350007.50',
      byQuarter: [
        { quarter: '2025Q1', instalments: 1, ...zero, due: '100000.50' },
        { quarter: '2025Q4', instalments: 2, ...zero, certain: '50000.00', possible: '200000.00' },
        { instalments: 1, ...zero, barred: '7.00' },
      ],
      byLine: [
        {
          budgetLine: 'p.a.2025',
          unpaid: '300000.50',
          reserved: '300000.00',
          available: '0.50',
          short: false,
          quarters: [
            { quarter: '2025Q1', instalments: 1, ...zero, due: '100000.50' },
            { quarter: '2025Q4', instalments: 1, ...zero, possible: '200000.00' },
          ],
        },
        {
          budgetLine: 'p.b.2025',
          unpaid: '50007.00',
          reserved: '0.00',
          available: '0.00',
          short: true,
          quarters: [
            { quarter: '2025Q4', instalments: 1, ...zero, certain: '50000.00' },
            { instalments: 1, ...zero, barred: '7.00' },
          ],
        },
      ],
    });
  });
});
