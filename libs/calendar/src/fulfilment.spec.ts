import { describe, expect, it } from '@jest/globals';
import type { Fulfilment } from '@app/policies';
import { showsDone } from './fulfilment.js';

const PACK = 'linjiang-2024';
const duty = (fulfilledBy?: Fulfilment, period = '2024') => ({
  policy: { pack: PACK, version: 1, clause: 'D1', hash: 'h' },
  period,
  ...(fulfilledBy && { fulfilledBy }),
});
const event = (stream: string, type: string, data: object = {}) => ({ stream, type, data });

const review = (ladder: string, year: number, type = 'tier-review-closed') => event(`tierreview-${ladder}.${year}`, type, { ladder, year });
const title = (name: string, year: number, type = 'title-awarded') => event('enterprise-X', type, { title: name, year });
const money = (pack: string, period: string, type = 'budget-appropriated') => event(`budget-${pack}.fund.${period}`, type);
const done = (clause = 'D1', period = '2024', type = 'duty-done') => event(`duty-${PACK}.${clause}.${period}`, type);

const CASES: readonly {
  readonly fulfilledBy?: Fulfilment;
  readonly period?: string;
  readonly by: readonly ReturnType<typeof event>[];
  readonly notBy: readonly ReturnType<typeof event>[];
}[] = [
  {
    by: [done()],
    notBy: [
      done('D2'),
      done('D1', '2023'),
      done('D1', '2024', 'duty-reopened'),
      money(PACK, '2024'),
      event(`award-${PACK}.F`, 'award-granted'),
    ],
  },
  {
    fulfilledBy: { kind: 'tier-review', ladder: 'steps' },
    by: [done(), review('steps', 2024)],
    notBy: [
      review('steps', 2023),
      review('other', 2024),
      review('steps', 2024, 'tier-review-lapsed'),
      review('steps', 2024, 'tier-recommended'),
    ],
  },
  {
    fulfilledBy: { kind: 'recommendation', ladder: 'steps' },
    by: [done(), review('steps', 2024, 'tier-recommended')],
    notBy: [review('steps', 2025, 'tier-recommended'), review('other', 2024, 'tier-recommended'), review('steps', 2024)],
  },
  {
    fulfilledBy: { kind: 'title', title: 'leader' },
    by: [done(), title('leader', 2024)],
    notBy: [title('leader', 2023), title('other', 2024), title('leader', 2024, 'title-withdrawn')],
  },
  {
    fulfilledBy: { kind: 'appropriation' },
    by: [done(), money(PACK, '2024'), money(PACK, '2023-2025')],
    notBy: [money('other', '2024'), money(PACK, '2023'), money(PACK, '2025-2026'), money(PACK, '2024', 'budget-adjusted')],
  },
  { fulfilledBy: { kind: 'appropriation' }, period: '2024-H2', by: [done('D1', '2024-H2'), money(PACK, '2024')], notBy: [done()] },
];

describe('what shows a duty done', () => {
  it.each(CASES)('of one with the record $fulfilledBy', ({ fulfilledBy, period, by, notBy }) => {
    expect([...by, ...notBy].filter((one) => showsDone(one, duty(fulfilledBy, period)))).toEqual(by);
  });
});
