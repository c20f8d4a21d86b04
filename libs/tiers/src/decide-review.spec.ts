import { describe, expect, it } from '@jest/globals';
import { type Recommendable, type ReviewCommand, reviewDecider } from './decide-review.js';
import type { ProposalKind } from './propose.js';
import type { DecisionData, ProposalData, ReviewEvent, Walk } from './review.js';
import { approver, by, CODE, LADDER, policy, reviewer, service, specification } from './specification.fixture.js';

const clerk = by('clerk-1', 'clerk');
const given = specification(reviewDecider, clerk);
const OTHER = '91520113MA6E1A2B4D';
const id = { ladder: LADDER, year: 2024 };
const dueOn = '2024-04-30';

const opened: ReviewEvent = { type: 'tier-review-opened', data: { ...id, dueOn }, policy };
const proposal = (kind: ProposalKind, from: string | null, to: string | null | undefined, creditCode = CODE): ProposalData => ({
  creditCode,
  name: '甲',
  kind,
  from,
  ...(to !== undefined && { to }),
  reason: '理由',
  missing: [],
  outlook: {},
  facts: {},
});
const up = proposal('promote', 'low', 'mid');
const open = proposal('undetermined', null, undefined, OTHER);
const walk: Walk = { no: 1, scope: 'standing', until: OTHER, isDone: true };
const made = (...proposals: readonly ProposalData[]): ReviewEvent => ({
  type: 'tier-proposals-made',
  data: { ...id, walk, proposals },
  policy,
});
const decision = (to: string | null, more: Partial<DecisionData> = {}): DecisionData => ({
  creditCode: CODE,
  kind: 'promote',
  from: 'low',
  to,
  ...more,
});
const decided = (...decisions: readonly DecisionData[]): ReviewEvent => ({
  type: 'tier-proposals-decided',
  data: { ...id, reason: '会议决定', decisions },
  policy,
});
const failed: ReviewEvent = { type: 'tier-decision-failed', data: { ...id, creditCode: CODE, code: 'standing-changed', detail: 'x' } };
const closed: ReviewEvent = { type: 'tier-review-closed', data: { ...id, on: '2024-04-15', isLate: false, proposals: 1 }, policy };

type Decide = Extract<ReviewCommand, { type: 'decide' }>;
const decide = (choices: Decide['choices'], unmet: Decide['unmet'] = {}): ReviewCommand => ({
  type: 'decide',
  choices,
  reason: '会议决定',
  tiers: ['low', 'mid', 'high'],
  unmet,
  policy,
});

describe('open', () => {
  const command: ReviewCommand = { type: 'open', ...id, dueOn, policy };
  it('opens, once', () => {
    given().when(command, clerk).then(opened);
    given(opened).when(command, clerk).thenNothing();
  });
  it('is refused after it was closed', () => given(opened, made(), closed).when(command, clerk).thenRefused('tier-review-closed'));
  it('is of the present year, and from December on of the next', () => {
    const of = (year: number, today: string) => given().when({ ...command, year }, { ...clerk, effectiveOn: today, today });
    of(2024, '2024-12-31').then(opened);
    of(2024, '2023-12-01').then(opened);
    of(2024, '2023-11-30').thenRefused('invalid-input');
    of(2024, '2025-01-01').thenRefused('invalid-input');
    of(2024, '2022-12-31').thenRefused('invalid-input');
  });
});

describe('record proposals', () => {
  const first = { no: 0, until: null };
  const record = (proposals: readonly ProposalData[], after: { no: number; until: string | null } = first, next = walk): ReviewCommand => ({
    type: 'record-proposals',
    after,
    walk: next,
    proposals,
    policy,
  });
  it('stores a page', () =>
    given(opened)
      .when(record([up]), clerk)
      .then(made(up)));
  it('is quiet for a page that was stored', () =>
    given(opened, made(up))
      .when(record([up]), clerk)
      .thenNothing());
  it('is quiet once the walk has ended', () =>
    given(opened, made(up))
      .when(record([], { no: 1, until: OTHER }), clerk)
      .thenNothing());
  it('proposes anew what is undecided, and leaves what is decided', () => {
    const again = { ...walk, no: 2 };
    const down = { ...open, kind: 'stay-out' as const, to: null };
    given(opened, made(up, open), decided(decision('mid')))
      .when(record([up, down], { no: 1, until: OTHER }, again), clerk)
      .thenMatches({ data: { walk: again, proposals: [down] } });
  });
  it('is refused before the review was opened and after it was closed', () => {
    given()
      .when(record([up]), clerk)
      .thenRefused('tier-review-unknown');
    given(opened, made(), closed)
      .when(record([up]), clerk)
      .thenRefused('tier-review-closed');
  });
});

describe('decide', () => {
  const proposed = given(opened, made(up, open));
  it('accepts what was proposed', () => proposed.when(decide([{ creditCode: CODE }]), reviewer).then(decided(decision('mid'))));
  it('decides otherwise', () => {
    proposed.when(decide([{ creditCode: CODE, to: 'low' }]), reviewer).then(decided(decision('low')));
    proposed.when(decide([{ creditCode: CODE, to: null }]), reviewer).then(decided(decision(null)));
  });
  it('leaves what is undetermined to an officer', () => {
    proposed.when(decide([{ creditCode: OTHER }]), reviewer).thenRefused('proposal-undetermined', { creditCode: OTHER });
    proposed
      .when(decide([{ creditCode: OTHER, to: 'low' }]), reviewer)
      .then(decided({ creditCode: OTHER, kind: 'undetermined', from: null, to: 'low' }));
  });
  it('is quiet on a repeat, refused when decided otherwise', () => {
    const after = given(opened, made(up), decided(decision('mid')));
    after.when(decide([{ creditCode: CODE }]), reviewer).thenNothing();
    after.when(decide([{ creditCode: CODE, to: 'low' }]), reviewer).thenRefused('proposal-decided');
  });
  it('decides again what could not be carried out', () =>
    given(opened, made(up), decided(decision('mid')), failed)
      .when(decide([{ creditCode: CODE, to: 'low' }]), reviewer)
      .then(decided(decision('low'))));
  it('is refused to who proposed', () => proposed.when(decide([{ creditCode: CODE }]), clerk).thenRefused('duties-not-separated'));
  it('asks for what the tier asks, or an approver’s reason', () => {
    const unmet = { [CODE]: { failed: ['certified'], unknown: [] } };
    const override = '专题会议';
    proposed.when(decide([{ creditCode: CODE }], unmet), approver).thenRefused('gates-not-met', { failed: ['certified'] });
    proposed.when(decide([{ creditCode: CODE, override }], unmet), reviewer).thenRefused('role-required');
    proposed.when(decide([{ creditCode: CODE, override }], unmet), approver).then(decided(decision('mid', { override })));
  });
  it('is refused for an unknown tier, an unknown enterprise, one named twice', () => {
    proposed.when(decide([{ creditCode: CODE, to: 'top' }]), reviewer).thenRefused('tier-unknown');
    proposed.when(decide([{ creditCode: 'X' }]), reviewer).thenRefused('proposal-unknown');
    proposed.when(decide([{ creditCode: CODE }, { creditCode: CODE, to: 'low' }]), reviewer).thenRefused('invalid-input');
  });
});

describe('decide all of a kind', () => {
  const all = (kind: ProposalKind, decide: 'accept' | 'keep' = 'accept'): ReviewCommand => ({
    type: 'decide-all',
    kind,
    decision: decide,
    reason: '会议决定',
    policy,
  });
  it('accepts them, or keeps all as they stand', () => {
    given(opened, made(up, open))
      .when(all('promote'), reviewer)
      .then(decided(decision('mid')));
    given(opened, made(up, open))
      .when(all('promote', 'keep'), reviewer)
      .then(decided(decision('low')));
    given(opened, made(up, open))
      .when(all('undetermined', 'keep'), reviewer)
      .then(decided({ creditCode: OTHER, kind: 'undetermined', from: null, to: null }));
  });
  it('is quiet when none is left', () =>
    given(opened, made(up), decided(decision('mid')))
      .when(all('promote'), reviewer)
      .thenNothing());
  it('accepts nothing where nothing was proposed, and nothing of one’s own', () => {
    given(opened, made(open)).when(all('undetermined'), reviewer).thenRefused('proposal-undetermined');
    given(opened, made(up)).when(all('promote'), clerk).thenRefused('duties-not-separated');
  });
  it('holds at most a page in one event', () => {
    const many = Array.from({ length: 450 }, (_, index) => proposal('promote', 'low', 'mid', `C${index}`));
    const state = [opened, made(...many)].reduce((folded, event) => reviewDecider.evolve(folded, event, clerk), reviewDecider.initialState);
    const sizes = reviewDecider.decide(all('promote'), state, reviewer).map(({ data }) => 'decisions' in data && data.decisions.length);
    expect(sizes).toEqual([200, 200, 50]);
  });
});

describe('fail', () => {
  const fail: ReviewCommand = { type: 'fail', creditCode: CODE, decision: decision('mid'), code: 'standing-changed', detail: 'x' };
  it('gives the decision back, once', () => {
    given(opened, made(up), decided(decision('mid')))
      .when(fail, service)
      .then(failed);
    given(opened, made(up), decided(decision('mid')), failed)
      .when(fail, service)
      .thenNothing();
  });
  it('says nothing of a decision that was replaced', () =>
    given(opened, made(up), decided(decision('mid')), failed, decided(decision('low')))
      .when(fail, service)
      .thenNothing());
  it('is refused to people', () =>
    given(opened, made(up), decided(decision('mid')))
      .when(fail, approver)
      .thenRefused('role-required'));
});

describe('close', () => {
  const close: ReviewCommand = { type: 'close', policy };
  const done = given(opened, made(up), decided(decision('mid')));
  it('closes when everything is decided', () => done.when(close, approver).then(closed));
  it('says when it is late', () => {
    const on = (today: string) => ({ ...approver, effectiveOn: today, today });
    done.when(close, on('2024-04-30')).thenMatches({ data: { isLate: false } });
    done.when(close, on('2024-05-01')).thenMatches({ data: { isLate: true, on: '2024-05-01' } });
  });
  it('is not closed before its year has begun', () => {
    const on = (today: string) => ({ ...approver, effectiveOn: today, today });
    done.when(close, on('2023-12-31')).thenRefused('review-year-not-begun', { year: 2024 });
    done.when(close, on('2024-01-01')).thenMatches({ data: { on: '2024-01-01' } });
  });
  it('is quiet on a repeat', () => given(opened, made(), closed).when(close, approver).thenNothing());
  it('is refused while something is undecided, given back, or not looked at', () => {
    given(opened, made(up)).when(close, approver).thenRefused('proposals-undecided', { undecided: 1 });
    given(opened, made(up), decided(decision('mid')), failed)
      .when(close, approver)
      .thenRefused('proposals-undecided');
    given(opened).when(close, approver).thenRefused('proposals-incomplete');
  });
});

describe('lapse', () => {
  const lapse = (isInForce = false): ReviewCommand => ({ type: 'lapse', reason: '政策已失效', isInForce, policy });
  const lapsed: ReviewEvent = {
    type: 'tier-review-lapsed',
    data: { ...id, on: '2024-04-15', reason: '政策已失效', proposals: 2, undecided: 1 },
    policy,
  };
  const half = [opened, made(up, open), decided(decision('mid'))] as const;
  it('ends a review whose policy has ended, and says how much stays undecided', () =>
    given(...half)
      .when(lapse(), approver)
      .then(lapsed));
  it('is refused while the policy is in force, and after the review was closed', () => {
    given(...half)
      .when(lapse(true), approver)
      .thenRefused('policy-in-force');
    given(opened, made(), closed).when(lapse(), approver).thenRefused('tier-review-closed');
  });
  it('is quiet on a repeat, and leaves nothing to do', () => {
    const after = given(...half, lapsed);
    after.when(lapse(), approver).thenNothing();
    for (const command of [{ type: 'close', policy }, decide([{ creditCode: OTHER, to: 'low' }])] as readonly ReviewCommand[])
      after.when(command, approver).thenRefused('tier-review-closed');
  });
});

describe('recommend', () => {
  const fit: Recommendable = { creditCode: CODE, name: '甲', tier: 'high', clearances: [] };
  const unfit = { creditCode: OTHER, name: '乙', code: 'clearance-missing' as const, missing: ['tax'] };
  const recommend = (recommended: readonly Recommendable[], refused: readonly (typeof unfit)[] = []): ReviewCommand => ({
    type: 'recommend',
    dueOn: '2024-05-25',
    reason: '集中推荐',
    recommended,
    refused,
    policy,
  });
  const recommended: Extract<ReviewEvent, { type: 'tier-recommended' }> = {
    type: 'tier-recommended',
    data: { ...id, on: '2024-04-15', dueOn: '2024-05-25', isLate: false, reason: '集中推荐', recommended: [fit], refused: [unfit] },
    policy,
  };
  it('records whom, and names who is not', () =>
    given(opened)
      .when(recommend([fit], [unfit]), approver)
      .then(recommended));
  it('rests on what others have recorded', () => {
    const tax = { clearance: 'tax', agency: '区税务局', on: '2024-04-01', documentNo: '税核1号' };
    const safety = { ...tax, clearance: 'safety', documentNo: '安核1号' };
    const cleared = {
      ...fit,
      clearances: [
        { ...tax, recordedBy: 'clerk-1' },
        { ...safety, recordedBy: 'approver-1' },
      ],
    };
    given(opened)
      .when(recommend([{ ...fit, creditCode: OTHER }, cleared]), approver)
      .thenRefused('duties-not-separated', { recorded: [{ creditCode: CODE, clearances: ['safety'] }] });
    given(opened)
      .when(recommend([cleared], [unfit]), by('approver-2', 'approver'))
      .then({ ...recommended, data: { ...recommended.data, recommended: [{ ...fit, clearances: [tax, safety] }] } });
    given(opened, recommended)
      .when(recommend([cleared]), approver)
      .thenNothing();
  });
  it('stays possible after the review was closed', () =>
    given(opened, made(), closed)
      .when(recommend([fit], [unfit]), approver)
      .then(recommended));
  it('is refused before the year has begun', () =>
    given(opened)
      .when(recommend([fit]), { ...approver, effectiveOn: '2023-12-31', today: '2023-12-31' })
      .thenRefused('review-year-not-begun'));
  it('recommends nobody twice', () =>
    given(opened, recommended)
      .when(recommend([fit], [unfit]), approver)
      .thenNothing());
  it('is refused when there is nobody to recommend', () =>
    given(opened)
      .when(recommend([], [unfit]), approver)
      .thenRefused('clearance-missing', { refused: [unfit] }));
  it('is refused without a review', () =>
    given()
      .when(recommend([fit]), approver)
      .thenRefused('tier-review-unknown'));
});
