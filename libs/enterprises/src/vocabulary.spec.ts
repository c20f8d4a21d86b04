import { describe, expect, it } from '@jest/globals';
import { bundledPacks } from '@app/policies';
import { periodFault, vocabularyOf } from './vocabulary.js';

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
