import { describe, expect, it } from '@jest/globals';
import { isGranted, paidOf } from '../award.js';
import {
  apply,
  applied,
  approver,
  assess,
  assessed,
  by,
  clerk,
  completeGrant,
  demand,
  discretionary,
  granted,
  granting,
  Life,
  order,
  ordered,
  paid,
  PAYEE,
  publicised,
  receive,
  record,
  reviewed,
  reviewer,
  settle,
  staged,
  startGrant,
  unlock,
  writeOff,
} from '../award.fixture.js';
import { Money } from '@app/kernel';
import type { AwardCommand } from '../decide.js';
import { type AwardHoldRow, type AwardPartyRow, type AwardRow, AwardsProjection, type InstalmentRow, isHeld } from './awards.projection.js';
import { project, recorded } from './recorded.fixture.js';

const stream = `award-test-2024.T1.${PAYEE}.once`;
const ledger = { ...by('ledger', '2024-05-20'), roles: ['service'] };
const listed = (listing: string, until: string) => ({ type: 'hold' as const, reason: `失信 ${listing}`, bound: { listing, until } });
const rowsOf = (life: Life) => {
  const rows = project(
    new AwardsProjection(),
    life.past.map(({ event, at }, revision) => recorded(stream, revision, event, at)),
  );
  return {
    award: rows.all<AwardRow>('award')[0] as AwardRow,
    instalments: rows.all<InstalmentRow>('instalment'),
    parties: rows.all<AwardPartyRow>('award_party').flatMap(({ kind, id, stands }) => (stands === 1 ? [`${kind} ${id}`] : [])),
    holds: rows.all<AwardHoldRow>('award_hold').map(({ listing }) => listing),
  };
};

const objected = publicised().do({ type: 'raise-objection', by: '某企业', reason: '不实' }, by('auditor'));
const overridden = publicised().do({ type: 'propose-override', amounts: ['150000.00'], reason: '核减' }, by(approver));
const lives: Readonly<Record<string, Life>> = {
  applied,
  assessed: assessed(),
  refusedByClause: assessed(record({ outcome: 'refused', failed: ['G19'] })),
  discretionaryAssessed: assessed(discretionary),
  discretionaryReviewed: reviewed(discretionary, { type: 'review', recommended: true, amount: '350000.00', reason: '突出' }),
  rejected: assessed().do({ type: 'review', recommended: false, reason: '材料不全' }, by(reviewer)),
  withdrawn: applied.do({ type: 'withdraw', reason: '撤回' }, by(clerk)),
  appliedAgain: overridden.do({ type: 'withdraw', reason: '撤回' }, by(clerk)).do(apply, by('clerk-2', '2024-06-01')),
  reviewed: reviewed(),
  publicised: publicised(),
  objected,
  upheld: overridden
    .do({ type: 'raise-objection', by: '某企业', reason: '不实' }, by('auditor'))
    .do({ type: 'decide-objection', objection: 1, upheld: true, reason: '属实' }, by('administrator')),
  dismissed: objected.do({ type: 'decide-objection', objection: 1, upheld: false, reason: '不属实' }, by('administrator')),
  overridden,
  overrideReplaced: overridden.do({ type: 'propose-override', amounts: ['120000.00'], reason: '再核减' }, by('approver-2')),
  overrideDropped: overridden.do({ type: 'drop-override', reason: '恢复' }, by(approver)),
  granting: granting(),
  grantFailed: granting().do({ type: 'fail-grant', grant: 'g1', code: 'budget-exhausted', detail: '指标不足' }, ledger),
  granted: granted(),
  grantedStaged: granted(staged),
  grantedOverridden: overridden.do(startGrant(), by('approver-2', '2024-05-06')).do(completeGrant(), ledger),
  held: granted(staged).do({ type: 'hold', reason: '黑名单' }, by(reviewer)),
  released: granted(staged).do({ type: 'hold', reason: '黑名单' }, by(reviewer)).do({ type: 'release-hold', reason: '修复' }, by(approver)),
  heldForListing: granted(staged).do(listed('L1', '2024-06-01'), ledger).do(listed('L2', '2024-07-01'), ledger),
  heldForBoth: granted(staged).do(listed('L1', '2024-06-01'), ledger).do({ type: 'hold', reason: '核查' }, by(reviewer)),
  listingReleased: granted(staged)
    .do(listed('L1', '2024-06-01'), ledger)
    .do({ type: 'hold', reason: '核查' }, by(reviewer))
    .do({ type: 'release-hold', reason: '终止', listing: 'L1' }, ledger),
  lapsedWhileListed: granted(staged).do(listed('L1', '2024-06-01'), ledger).do({ type: 'lapse', reason: '逾期' }, by(approver)),
  ordered: ordered(),
  cancelled: ordered().do({ type: 'cancel-order', no: 1, batch: 'B1', line: 1, reason: '作废' }, ledger),
  paid: paid(staged),
  bothPaid: paid(staged)
    .do(unlock(2), by(clerk, '2025-01-01'))
    .do(order(2, 'B2', 1), ledger)
    .do(settle('paid', 2, 'B2', 1), ledger),
  returned: ordered().do(settle('returned'), ledger),
  returnedAfterPayment: paid().do(settle('returned'), ledger),
  paidAgain: paid()
    .do(settle('returned'), ledger)
    .do(order(1, 'B2', 4), ledger)
    .do(settle('paid', 1, 'B2', 4), ledger),
  lapsed: paid(staged).do({ type: 'lapse', reason: '逾期' }, by(approver)),
  revokedWhileOrdered: ordered(staged).do({ type: 'revoke', cause: 'fraud', reason: '骗补' }, by(approver)),
  returnedAfterEnd: ordered(staged).do({ type: 'lapse', reason: '逾期' }, by(approver)).do(settle('returned'), ledger),
  paidAfterEnd: ordered(staged).do({ type: 'lapse', reason: '逾期' }, by(approver)).do(settle('paid'), ledger),
  clawback: paid()
    .do(demand('100000.00', { cause: 'fraud', finePercent: '10' }), by(approver))
    .do(receive('30000.00', 'R1'), by('f'))
    .do(writeOff('5000.00'), by('approver-2')),
  settled: paid().do(demand('100.00'), by(approver)).do(receive('100.00', 'R1'), by('f')),
};

describe('the list of awards', () => {
  it.each(Object.entries(lives))('shows an award as its own stream has it: %s', (_, life) => {
    const { state } = life;
    const { award, instalments } = rowsOf(life);
    const status = state.status === 'ended' || state.status === 'closed' ? state.how : state.status;
    expect(award).toMatchObject({ status, revision: life.past.length - 1, held: 'holds' in state && state.holds.length > 0 ? 1 : 0 });
    if (state.status !== 'closed') expect(award.outcome).toBe('assessed' in state ? state.assessed.assessment.outcome : null);
    const granted_ = isGranted(state) ? state : undefined;
    expect(award.paid_fen).toBe(granted_ === undefined ? 0 : paidOf(granted_).toFen());
    expect(award.clawback_outstanding_fen).toBe(Money.sum((granted_?.clawbacks ?? []).map(({ outstanding }) => outstanding)).toFen());
    const expected = (granted_?.instalments ?? []).map((one) => ({
      no: one.no,
      status: one.status,
      amount_fen: one.amount.toFen(),
      ...('since' in one && { due_since: one.since, returns: one.returns }),
      batch: 'batch' in one ? one.batch : null,
      batch_line: 'line' in one ? one.line : null,
      paid_on: one.status === 'paid' ? one.on : null,
      held: award.held,
      held_until: award.held_until,
    }));
    expect(instalments).toMatchObject(expected);
    expect(instalments).toHaveLength(expected.length);
  });

  it.each([
    ['assessed', 20_000_000],
    ['refusedByClause', null],
    ['discretionaryAssessed', null],
    ['discretionaryReviewed', 35_000_000],
    ['overridden', 15_000_000],
    ['overrideReplaced', 12_000_000],
    ['overrideDropped', 20_000_000],
    ['grantFailed', 20_000_000],
    ['grantedOverridden', 15_000_000],
    ['upheld', null],
    ['appliedAgain', null],
  ] as const)('shows what is to be paid: %s', (name, amount) => {
    expect(rowsOf(lives[name] as Life).award.amount_fen).toBe(amount);
  });

  it('shows a notice of no days on its first, however it was recorded', () => {
    const noticed = (until: string) =>
      reviewed().with({ type: 'award-publicised', data: { from: '2024-05-02', until, days: 0 } }, by(clerk));
    for (const until of ['2024-05-01', '2024-05-02']) {
      const life = noticed(until);
      expect(rowsOf(life).award).toMatchObject({ notice_from: '2024-05-02', notice_until: '2024-05-02' });
      expect(life.when(startGrant(), by(approver, '2024-05-02'))).toHaveLength(1);
    }
  });

  it('says why an award stands as it does', () => {
    const remarks = Object.fromEntries(Object.entries(lives).map(([name, life]) => [name, rowsOf(life).award.remark]));
    expect(remarks).toMatchObject({
      rejected: '材料不全',
      withdrawn: '撤回',
      upheld: '属实',
      grantFailed: '指标不足',
      granted: null,
      held: '黑名单',
      lapsed: '逾期',
      appliedAgain: null,
    });
  });

  it('knows the holds of an award, and on which days it is held', () => {
    const heldOn = (name: string, on: string) => isHeld(rowsOf(lives[name] as Life).award, on);
    expect([heldOn('heldForListing', '2024-06-30'), heldOn('heldForListing', '2024-07-01')]).toEqual([true, false]);
    expect([heldOn('heldForBoth', '2030-01-01'), heldOn('released', '2024-05-20')]).toEqual([true, false]);
    const holds = Object.keys(lives).map((name) => [name, rowsOf(lives[name] as Life).holds]);
    expect(Object.fromEntries(holds.filter(([, listings]) => listings?.length !== 0))).toEqual({
      heldForListing: ['L1', 'L2'],
      heldForBoth: ['L1'],
    });
    for (const life of Object.values(lives)) {
      const holdsOfState = isGranted(life.state) ? life.state.holds : [];
      expect(JSON.parse(rowsOf(life).award.holds)).toEqual(holdsOfState);
    }
  });

  it('finds an award by its agency and persons, those of the application that stands', () => {
    const first = Life.none.do({ ...apply, agency: 'A1', persons: ['P-1', 'P-2'] } as AwardCommand, by(clerk));
    expect(rowsOf(first).parties).toEqual(['agency A1', 'person P-1', 'person P-2']);
    const again = first
      .do({ type: 'withdraw', reason: '撤回' }, by(clerk))
      .do({ ...apply, persons: ['P-2'] } as AwardCommand, by(clerk, '2024-06-01'));
    expect(rowsOf(again).parties).toEqual(['person P-2']);
  });

  it('forgets the notice and the assessment of an award that was sent back', () => {
    expect(rowsOf(lives['upheld'] as Life).award).toMatchObject({ outcome: null, notice_until: null });
    expect(rowsOf((lives['upheld'] as Life).do(assess(), by(clerk))).award).toMatchObject({ outcome: 'payable', amount_fen: 20_000_000 });
  });

  it('stops at an event of an award nobody applied for, and of an instalment it has not', () => {
    const events = ordered().past.map(({ event, at }, revision) => recorded(stream, revision, event, at));
    expect(() => project(new AwardsProjection(), events.slice(1))).toThrow('never applied for');
    const strange = recorded(stream, 9, { type: 'instalment-paid', data: { no: 7, amount: '1.00' } }, ledger);
    expect(() => project(new AwardsProjection(), [...events, strange])).toThrow('no instalment 7');
  });
});
