import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '@app/event-store';
import { awardReliance, decidedBy, type Decision } from './award-reliance.js';

type Step = readonly [type: string, data?: object];

const NO_LINES: ReadonlySet<string> = new Set();
const budget = { pack: 'p', line: 'l', period: '2024' };
const first = { no: 1, amount: '100.00', batch: 'B1', line: 1 };
const APPLIED: Step = ['award-applied', { payee: 'X', payeeName: '示例' }];
const UP_TO_GRANT: readonly Step[] = [
  APPLIED,
  ['award-assessed'],
  ['award-reviewed'],
  ['award-publicised'],
  ['award-grant-started', { amount: '100.00', budget }],
  ['award-granted', { amount: '100.00', approver: 'chen' }],
];
const PAID: readonly Step[] = [
  ...UP_TO_GRANT,
  ['instalment-unlocked', first],
  ['instalment-ordered', { ...first, payer: 'sun' }],
  ['instalment-paid', first],
];

const INPUTS = [{ input: 'rd', value: '1.00', verified: true }];

/** Plays a history, of which the events at these places (from 1) relied on the record. */
function walked(history: readonly Step[], direct: readonly number[], { lines = NO_LINES, today = '2024-06-01' } = {}) {
  const events = history.map(([type, data = {}], index): RecordedEvent => ({
    id: `e${index + 1}`,
    stream: 'award-p.T1.X.2024',
    revision: index,
    position: index + 1,
    type,
    data,
    recordedAt: '2024-05-01T01:00:00.000Z',
    metadata: {
      effectiveOn: '2024-05-01',
      actor: { id: 'wang', unit: '科技局', roles: ['clerk'] },
      commandId: 'c',
      commandHash: 'h',
      correlationId: 'c',
      causationId: 'c',
    },
  }));
  return awardReliance(events, { positions: new Set(direct), batchLines: lines, inputsOf: () => INPUTS }, today);
}

function played(...asked: Parameters<typeof walked>) {
  const { decisions, paid, recovered } = walked(...asked);
  return { paid, recovered, decisions: decisions.map(({ event, how, stands }) => `${event} ${how}${stands ? '' : ' ended'}`) };
}

describe('what an award decided on a record that is found wrong', () => {
  it('is its assessment, and everything that followed', () => {
    expect(played(PAID, [2])).toEqual({
      paid: '100.00',
      recovered: '0.00',
      decisions: [
        'award-assessed relied',
        'award-reviewed follows',
        'award-publicised follows',
        'award-grant-started follows',
        'award-granted follows',
        'instalment-unlocked follows',
        'instalment-ordered follows',
        'instalment-paid follows',
      ],
    });
  });

  it('names the award, and of each decision who took it when, on what, and about how much', () => {
    const { decisions, ...award } = walked(PAID, [2]);
    expect(award).toEqual({ award: 'p.T1.X.2024', payee: 'X', payeeName: '示例', paid: '100.00', recovered: '0.00' });
    expect(decisions[0]).toEqual({
      position: 2,
      event: 'award-assessed',
      recordedAt: '2024-05-01T01:00:00.000Z',
      effectiveOn: '2024-05-01',
      actor: { id: 'wang', unit: '科技局', roles: ['clerk'] },
      decidedBy: 'wang',
      how: 'relied',
      inputs: INPUTS,
      stands: true,
    });
    const said = ({ position, decidedBy: by, instalment, amount, inputs }: Decision) => [position, by, instalment, amount, inputs];
    expect(decisions.slice(1).map(said)).toEqual([
      [3, 'wang', undefined, undefined, undefined],
      [4, 'wang', undefined, undefined, undefined],
      [5, 'wang', undefined, '100.00', undefined],
      [6, 'chen', undefined, '100.00', undefined],
      [7, 'wang', 1, '100.00', undefined],
      [8, 'sun', 1, '100.00', undefined],
      [9, 'wang', 1, '100.00', undefined],
    ]);
    const inReview = { data: { review: { decidedBy: 'zhao' } }, metadata: { actor: { id: 'ledger' } } } as unknown as RecordedEvent;
    expect(decidedBy(inReview)).toBe('zhao');
  });

  it('names the event that ended a decision, the first of several', () => {
    const ends = (...more: readonly Step[]) => walked([...PAID.slice(0, 8), ...more], [2]).decisions.map(({ endedBy }) => endedBy);
    expect(ends()).toEqual(Array.from({ length: 7 }));
    expect(ends(['instalment-order-cancelled', first], ['award-revoked']).slice(-2)).toEqual([10, 9]);
    expect(ends(['award-lapsed'], ['instalment-returned', first]).slice(-2)).toEqual([9, 9]);
    const held: readonly Step[] = [
      ...UP_TO_GRANT,
      ['award-held', { listing: 'l' }],
      ['award-revoked'],
      ['award-hold-released', { listing: 'l' }],
    ];
    expect(walked(held, [7]).decisions).toMatchObject([{ endedBy: 8, stands: false }]);
  });

  it('is everything said about the award while it is decided on', () => {
    const history: readonly Step[] = [
      APPLIED,
      ['award-assessed'],
      ['award-reviewed'],
      ['award-publicised', { until: '2024-05-06' }],
      ['award-objection-raised'],
      ['award-override-proposed'],
      ['award-override-dropped'],
    ];
    expect(played(history, [2]).decisions).toEqual([
      'award-assessed relied',
      'award-reviewed follows',
      'award-publicised follows',
      'award-objection-raised follows',
      'award-override-proposed follows',
      'award-override-dropped follows',
    ]);
    expect(played(history, [3]).decisions.slice(0, 2)).toEqual(['award-reviewed relied', 'award-publicised follows']);
  });

  it('is what else relied on it directly, and a hold or a demand that did not is none', () => {
    const others = ['award-payee-confirmed', 'clawback-demanded', 'clawback-written-off', 'clawback-settled', 'award-held'];
    const history: readonly Step[] = [...UP_TO_GRANT, ...others.map((type): Step => [type])];
    expect(played(history, [7, 8, 9, 10, 11]).decisions).toEqual(others.map((type) => `${type} relied`));
    expect(played(history, [2]).decisions).toHaveLength(5);
    expect(played(PAID, [1]).decisions[0]).toBe('award-applied relied ended');
    expect(played(PAID, [6]).decisions.slice(0, 2)).toEqual(['award-granted relied', 'instalment-unlocked follows']);
  });

  it('ends where the application is withdrawn, or made anew', () => {
    const history: readonly Step[] = [APPLIED, ['award-assessed'], ['award-withdrawn'], ['award-publicised']];
    expect(played(history, [2]).decisions).toEqual(['award-assessed relied ended']);
    expect(played([APPLIED, ['award-assessed'], ['award-rejected'], APPLIED], [2]).decisions).toEqual([
      'award-assessed relied ended',
      'award-rejected follows ended',
    ]);
  });

  it('is nothing where it relied on something else', () => {
    expect(played(PAID, [])).toEqual({ paid: '0.00', recovered: '0.00', decisions: [] });
  });

  it('ends where it is assessed again on something else', () => {
    const history: readonly Step[] = [APPLIED, ['award-assessed'], ['award-assessed'], ['award-reviewed']];
    expect(played(history, [2]).decisions).toEqual(['award-assessed relied ended']);
    expect(played(history, [2, 3]).decisions).toEqual(['award-assessed relied ended', 'award-assessed relied', 'award-reviewed follows']);
  });

  it('ends where an objection is upheld, and goes on where it is not', () => {
    const objected = (upheld: boolean): readonly Step[] => [
      ...UP_TO_GRANT.slice(0, 4),
      ['award-objection-decided', { upheld }],
      ['award-grant-started', { amount: '100.00' }],
    ];
    expect(played(objected(true), [2]).decisions.every((one) => one.endsWith('ended'))).toBe(true);
    expect(played(objected(false), []).decisions).toEqual([]);
    expect(played(objected(false), [2]).decisions.slice(-2)).toEqual(['award-objection-decided follows', 'award-grant-started follows']);
  });

  it('is a rejection as well, until it is applied for again', () => {
    const history: readonly Step[] = [APPLIED, ['award-assessed'], ['award-rejected']];
    expect(played(history, [2]).decisions).toEqual(['award-assessed relied', 'award-rejected follows']);
    expect(played([...history, APPLIED, ['award-assessed']], [2]).decisions).toEqual([
      'award-assessed relied ended',
      'award-rejected follows ended',
    ]);
  });

  it('is the grant where that relied on a clearance, and not what came before', () => {
    expect(played(PAID, [5]).decisions).toEqual([
      'award-grant-started relied',
      'award-granted follows',
      'instalment-unlocked follows',
      'instalment-ordered follows',
      'instalment-paid follows',
    ]);
    const failed: readonly Step[] = [...UP_TO_GRANT.slice(0, 5), ['award-grant-failed'], ...UP_TO_GRANT.slice(4)];
    expect(played(failed, [5]).decisions).toEqual(['award-grant-started relied ended']);
    expect(played(failed, []).decisions).toEqual([]);
  });

  it('is one instalment where its condition alone rested on it', () => {
    const second = { ...first, no: 2, line: 2 };
    const history: readonly Step[] = [
      ...PAID,
      ['instalment-unlocked', second],
      ['instalment-ordered', second],
      ['instalment-paid', second],
    ];
    expect(played(history, [10])).toEqual({
      paid: '100.00',
      recovered: '0.00',
      decisions: ['instalment-unlocked relied', 'instalment-ordered follows', 'instalment-paid follows'],
    });
  });

  it('is the payment where the account was read from it', () => {
    const byAccount = { lines: new Set(['B1/1']) };
    expect(played(PAID, [], byAccount)).toEqual({
      paid: '100.00',
      recovered: '0.00',
      decisions: ['instalment-ordered relied', 'instalment-paid follows'],
    });
    const cancelled: readonly Step[] = [...PAID.slice(0, 8), ['instalment-order-cancelled', first]];
    expect(played(cancelled, [], byAccount).decisions).toEqual(['instalment-ordered relied ended']);
  });

  it.each([
    ['returned by the bank', [['instalment-returned', first]], { paid: '0.00', recovered: '0.00' }],
    ['paid too much', [['instalment-overpaid', { ...first, batch: 'B2' }]], { paid: '200.00', recovered: '0.00' }],
    [
      'paid too much, which the bank returned',
      [
        ['instalment-overpaid', { ...first, batch: 'B2' }],
        ['overpayment-returned', { ...first, batch: 'B2' }],
      ],
      { paid: '100.00', recovered: '0.00' },
    ],
    ['demanded back in part', [['award-revoked'], ['clawback-received', { amount: '40.00' }]], { paid: '100.00', recovered: '40.00' }],
  ] as const)('counts money %s', (_, more, expected) => {
    expect(played([...PAID, ...more], [2])).toMatchObject(expected);
  });

  it('stands after a revocation until the money is back', () => {
    const standing = (amount: string) =>
      played([...PAID, ['award-revoked'], ['clawback-received', { amount }]], [2]).decisions.filter((one) => !one.endsWith('ended'));
    expect(standing('99.99')).toEqual(['instalment-paid follows']);
    expect(standing('100.00')).toEqual([]);
  });

  it('is a hold for a listing, while that runs', () => {
    const listing = 'enterprise.X.1';
    const held: readonly Step[] = [...UP_TO_GRANT, ['award-held', { listing, until: '2024-09-01' }]];
    expect(played(held, [7]).decisions).toEqual(['award-held relied']);
    expect(played(held, [7], { today: '2024-09-01' }).decisions).toEqual(['award-held relied ended']);
    expect(played([...held, ['award-hold-released', { listing }]], [7]).decisions).toEqual(['award-held relied ended']);
    expect(played([...held, ['award-hold-released', { listing: 'other' }]], [7]).decisions).toEqual(['award-held relied']);
  });
});
