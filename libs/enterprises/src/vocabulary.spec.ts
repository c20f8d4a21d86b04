import { describe, expect, it } from '@jest/globals';
import { bundledPacks, type Clause, type Pack, type Shape } from '@app/policies';
import { agenciesAsked, periodFault, vocabularyOf } from './vocabulary.js';

describe('the vocabulary of the bundled packs', () => {
  const vocabulary = vocabularyOf(bundledPacks());

  it('knows the facts the clauses ask for, and no others', () => {
    expect(vocabulary.definitionOf('rd.expenditure')).toMatchObject({ type: 'money', period: 'year' });
    expect(vocabulary.definitionOf('enterprise.sme')).toMatchObject({ type: 'bool', period: 'day' });
    expect(vocabulary.definitionOf('certification.kind')?.words).toHaveProperty('first');
    expect(vocabulary.definitionOf('toString')).toBeUndefined();
    for (const name of ['project.landed', 'trade.role', 'trade.provinceGrant', 'conversion.mode', 'platform.level', 'platform.assessment'])
      expect(vocabulary.definitionOf(name)?.about).toBe('occasion');
    expect(vocabulary.definitionOf('rd.expenditure')).not.toHaveProperty('about');
  });

  it('knows the titles and clearances they name', () => {
    expect(vocabulary.titleOf('ip-benchmark')?.grades).toHaveProperty('5A');
    expect(vocabulary.titleOf('pacesetter')).toEqual({ title: 'pacesetter', name: '创新标兵' });
    expect(vocabulary.clearanceOf('tax')).toEqual({ clearance: 'tax', agencies: { 区税务局: {} } });
    expect([vocabulary.titleOf('tax'), vocabulary.clearanceOf('pacesetter')]).toEqual([undefined, undefined]);
  });

  it('gathers the agencies and grades of several packs, and keeps the shorter life', () => {
    const [pack] = bundledPacks();
    const clause = (shape: Shape) => ({ ...(pack?.clauses[0] as Clause), shape });
    const cleared = (agency: string, validMonths?: number) =>
      clause({ kind: 'clearance', clearance: 'tax', agency, ...(validMonths !== undefined && { validMonths }) });
    const graded = (grade: string) => clause({ kind: 'title', title: 'star', name: '之星', grades: { [grade]: grade } });
    const packs = [
      [cleared('市税务局', 12), cleared('区税务局'), graded('A')],
      [cleared('市税务局', 6), graded('B')],
    ];
    const gathered = vocabularyOf(packs.map((clauses) => ({ ...(pack as Pack), clauses })));
    expect(gathered.clearanceOf('tax')?.agencies).toEqual({ 市税务局: { validMonths: 6 }, 区税务局: {} });
    expect(gathered.titleOf('star')?.grades).toEqual({ A: 'A', B: 'B' });
    const [first] = packs.map((clauses) => ({ ...(pack as Pack), clauses }));
    expect(agenciesAsked(first as Pack, 'tax')).toEqual(['市税务局', '区税务局']);
    expect(agenciesAsked(first as Pack, 'safety')).toEqual([]);
  });

  it('lets a fact that is read both ways carry either', () => {
    const both = { name: 'x', type: 'bool', label: 'x', period: 'either' } as const;
    expect([undefined, '2023', '2023-02-28'].map((period) => periodFault(both, period, '2024-01-01'))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(['2025', '2023-02-30', '23'].map((period) => periodFault(both, period, '2024-01-01') === undefined)).toEqual([
      false,
      false,
      false,
    ]);
  });
});
