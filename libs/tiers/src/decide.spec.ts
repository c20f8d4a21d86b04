import { describe, expect, it } from '@jest/globals';
import { type ApplyReview, type Ground, type LeaveByMerger, tierDecider } from './decide.js';
import {
  approver,
  ask,
  assigned,
  by,
  CODE,
  ground,
  LADDER,
  moved,
  policy,
  removed,
  reviewer,
  service,
  specification,
  TODAY,
} from './specification.fixture.js';

const given = specification(tierDecider, reviewer);
const unmet = { failed: ['certified'], unknown: ['rd.expenditure'] };
const listings = [{ listing: `enterprise.${CODE}.1`, until: '2025-01-01' }];

describe('assign', () => {
  const assign = (more: Partial<Ground> = {}) => ask({ type: 'assign', to: 'mid' }, more);
  it('places, and marks what no review decided', () => given().when(assign(), reviewer).then(assigned('mid')));
  it('places again after a removal', () => given(assigned('low'), removed('low')).when(assign(), reviewer).then(assigned('mid')));
  it('is quiet where it stands already', () => given(assigned('mid')).when(assign({ unmet, listings }), reviewer).thenNothing());
  it('is refused in another tier', () => given(assigned('low')).when(assign(), reviewer).thenRefused('already-in-ladder', { tier: 'low' }));
  it('is refused into a tier the ladder does not have', () =>
    given()
      .when(ask({ type: 'assign', to: 'top' }), reviewer)
      .thenRefused('tier-unknown', { tiers: ['low', 'mid', 'high'] }));
  it('is refused to a merged enterprise', () =>
    given()
      .when(assign({ mergedInto: 'X' }), reviewer)
      .thenRefused('enterprise-merged', { survivor: 'X' }));
  it('is refused while black-listed', () =>
    given()
      .when(assign({ listings }), approver)
      .thenRefused('black-listed', { listings: [`enterprise.${CODE}.1`] }));
  it('is refused where gates are not met or not known', () =>
    given().when(assign({ unmet }), approver).thenRefused('gates-not-met', unmet));
  it('is refused against what the assessment says', () =>
    given()
      .when(assign({ unmet: { failed: [], unknown: [], assessedTier: 'low' } }), reviewer)
      .thenRefused('gates-not-met', { assessedTier: 'low' }));
  it('is open to an approver with a reason, which stays visible', () =>
    given()
      .when(ask({ type: 'assign', to: 'mid', override: '区政府专题会议' }, { unmet }), approver)
      .then(assigned('mid', { override: { ...unmet, reason: '区政府专题会议', by: 'approver-1' } })));
  it('keeps no override that was not needed', () =>
    given()
      .when(ask({ type: 'assign', to: 'mid', override: '备用' }), reviewer)
      .then(assigned('mid')));
  it('asks the same for facts nobody has verified, and names them', () => {
    const unchecked = { failed: [], unknown: [], unverified: ['enterprise.hnte'] };
    given()
      .when(assign({ unmet: unchecked }), reviewer)
      .thenRefused('gates-not-met', { unverified: ['enterprise.hnte'] });
    given()
      .when(ask({ type: 'assign', to: 'mid', override: '已见原件' }, { unmet: unchecked }), approver)
      .then(assigned('mid', { override: { ...unchecked, reason: '已见原件', by: 'approver-1' } }));
  });
  it('is not open to anyone else with a reason', () =>
    given()
      .when(ask({ type: 'assign', to: 'mid', override: '理由' }, { unmet }), reviewer)
      .thenRefused('role-required'));
  it('is refused to who recorded the facts', () =>
    given()
      .when(assign({ recordedBy: ['reviewer-1'] }), reviewer)
      .thenRefused('duties-not-separated'));
  it('is refused on an earlier day', () =>
    given()
      .when(assign(), { ...reviewer, effectiveOn: '2024-04-14' })
      .thenRefused('invalid-input'));
});

describe('promote and demote', () => {
  it('move up', () =>
    given(assigned('low'))
      .when(ask({ type: 'promote', to: 'high' }), reviewer)
      .then(moved('tier-promoted', 'low', 'high')));
  it('move down, also while black-listed', () =>
    given(assigned('high'))
      .when(ask({ type: 'demote', to: 'low' }, { listings }), reviewer)
      .then(moved('tier-demoted', 'high', 'low')));
  it('are quiet on a repeat', () =>
    given(assigned('high'))
      .when(ask({ type: 'promote', to: 'high' }), reviewer)
      .thenNothing());
  it('are refused the other way', () => {
    given(assigned('high'))
      .when(ask({ type: 'promote', to: 'low' }), reviewer)
      .thenRefused('not-a-promotion', { from: 'high', to: 'low' });
    given(assigned('low'))
      .when(ask({ type: 'demote', to: 'high' }), reviewer)
      .thenRefused('not-a-demotion');
  });
  it('are refused outside the ladder', () => {
    given()
      .when(ask({ type: 'promote', to: 'mid' }), reviewer)
      .thenRefused('not-in-ladder');
    given(assigned('low'), removed('low'))
      .when(ask({ type: 'demote', to: 'low' }), reviewer)
      .thenRefused('not-in-ladder');
  });
  it('ask for the gates of the new tier', () => {
    given(assigned('low'))
      .when(ask({ type: 'promote', to: 'mid' }, { unmet }), reviewer)
      .thenRefused('gates-not-met');
    given(assigned('high'))
      .when(ask({ type: 'demote', to: 'mid' }, { unmet }), reviewer)
      .thenRefused('gates-not-met');
  });
  it('is not open upwards while black-listed', () =>
    given(assigned('low'))
      .when(ask({ type: 'promote', to: 'mid' }, { listings }), reviewer)
      .thenRefused('black-listed'));
  it('are refused on a day before the last change', () => {
    const later = tierDecider.evolve(tierDecider.initialState, assigned('low'), { actorId: 'x', effectiveOn: '2024-05-01' });
    expect(() => tierDecider.decide(ask({ type: 'promote', to: 'mid' }), later, reviewer)).toThrow('standing-changed');
  });
});

describe('remove', () => {
  it('ends the standing, of a merged enterprise too', () =>
    given(assigned('mid'))
      .when(ask({ type: 'remove' }, { mergedInto: 'X' }), reviewer)
      .then(removed('mid')));
  it('is quiet on a repeat', () =>
    given(assigned('mid'), removed('mid'))
      .when(ask({ type: 'remove' }), reviewer)
      .thenNothing());
  it('is refused where it never stood', () =>
    given()
      .when(ask({ type: 'remove' }), reviewer)
      .thenRefused('not-in-ladder'));
});

describe('enter', () => {
  const enter = (entry: NonNullable<Ground['entry']>, more: Partial<Ground> = {}) =>
    ask({ type: 'enter', clause: 'G05' }, { entry, policy: { ...policy, clause: 'G05' }, ...more });
  const placed = { outcome: 'placed', tier: 'low' } as const;
  const entered = {
    type: 'tier-entered-directly' as const,
    data: { ...assigned('low').data, tier: 'low' },
    policy: { ...policy, clause: 'G05' },
  };
  it('places where the clause says so, and cites it', () => given().when(enter(placed), reviewer).then(entered));
  it('is quiet on a repeat', () => given(entered).when(enter(placed), reviewer).thenNothing());
  it('on facts nobody has verified is an approver’s, with a reason that stays visible', () => {
    const unmet = { failed: [], unknown: [], unverified: ['subsidiary.rdProduction'] };
    const asked = (override?: string) => ({ ...enter(placed, { unmet }), ...(override !== undefined && { override }) });
    given().when(asked(), approver).thenRefused('gates-not-met', unmet);
    given().when(asked('已见原件'), reviewer).thenRefused('role-required');
    const override = { ...unmet, reason: '已见原件', by: 'approver-1' };
    given()
      .when(asked('已见原件'), approver)
      .then({ ...entered, data: { ...entered.data, override } });
  });
  it('is refused otherwise, naming failed gates and missing inputs', () =>
    given()
      .when(enter({ outcome: 'refused', failed: ['subsidiary'], missing: [], detail: '不符合' }), reviewer)
      .thenRefused('entry-not-granted', { outcome: 'refused', failed: ['subsidiary'], missing: [] }));
  it('is refused to who stands in another tier, is black-listed, or by who recorded the facts', () => {
    given(assigned('mid')).when(enter(placed), reviewer).thenRefused('already-in-ladder');
    given().when(enter(placed, { listings }), reviewer).thenRefused('black-listed');
    given().when(enter(placed), by('clerk-1', 'reviewer')).thenRefused('duties-not-separated');
  });
});

describe('leave by merger', () => {
  const SURVIVOR = '91520113MA6E1A2B4D';
  const evidence = [{ title: '合并决议' }];
  const leave: LeaveByMerger = { type: 'leave-by-merger', ladder: LADDER, creditCode: CODE, survivor: SURVIVOR, evidence };
  const { policy: _none, ...left } = removed('mid', { reason: `并入 ${SURVIVOR}` });
  it('ends the standing, names the survivor and keeps the documents; no clause asks for it', () =>
    given(assigned('mid'))
      .when(leave, service)
      .then({ ...left, evidence }));
  it('is quiet on a repeat, and outside', () => {
    given(assigned('mid'), left).when(leave, service).thenNothing();
    given().when(leave, service).thenNothing();
  });
  it('is refused to people', () => given(assigned('mid')).when(leave, approver).thenRefused('role-required'));
});

describe('apply a review’s decision', () => {
  const review = { year: 2024, decidedBy: 'approver-1' };
  const apply = (from: string | null, to: string | null, more: Partial<Ground> = {}, override?: string) => {
    const action: ApplyReview = { type: 'apply-review', from, to, reason: '评审', review, ...(override !== undefined && { override }) };
    return { ...action, ground: { ...ground, ...more } };
  };
  const inReview = { outsideReview: undefined, review };
  it('enters, moves and removes, marked with the review', () => {
    given().when(apply(null, 'low'), service).then(assigned('low', inReview));
    given(assigned('low'))
      .when(apply('low', 'high'), service)
      .then(moved('tier-promoted', 'low', 'high', inReview));
    given(assigned('high'))
      .when(apply('high', 'low'), service)
      .then(moved('tier-demoted', 'high', 'low', inReview));
    given(assigned('high')).when(apply('high', null), service).then(removed('high', inReview));
  });
  it('is quiet on a repeat', () => given(assigned('high')).when(apply('low', 'high'), service).thenNothing());
  it('carries the approver’s reason', () =>
    given()
      .when(apply(null, 'low', { unmet }, '专题会议'), service)
      .then(assigned('low', { ...inReview, override: { ...unmet, reason: '专题会议', by: 'approver-1' } })));
  it('is refused when its decider recorded a fact it rests on', () =>
    given()
      .when(apply(null, 'low', { recordedBy: ['approver-1'] }), service)
      .thenRefused('duties-not-separated'));
  it('is refused where the standing has changed, is not met, or the enterprise is black-listed', () => {
    given(assigned('mid')).when(apply('low', 'high'), service).thenRefused('standing-changed', { standing: 'mid' });
    given()
      .when(apply(null, 'low', { unmet }), service)
      .thenRefused('gates-not-met');
    given()
      .when(apply(null, 'low', { listings }), service)
      .thenRefused('black-listed');
  });
  it('is refused to people', () => given().when(apply(null, 'low'), approver).thenRefused('role-required'));
});

it('names its day, ladder and enterprise in the state', () =>
  expect(tierDecider.evolve(tierDecider.initialState, assigned('low'), reviewer)).toEqual({
    status: 'placed',
    ladder: LADDER,
    creditCode: CODE,
    tier: 'low',
    since: TODAY,
  }));
