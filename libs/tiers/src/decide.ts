import {
  type Decider,
  type DecisionContext,
  type Evidence,
  forbidden,
  type PolicyCitation,
  refused,
  requireToday,
  unreachable,
} from '@app/kernel';
import {
  type ChangeData,
  type DecidedInReview,
  evolveTier,
  outside,
  type Override,
  type RestsOn,
  standingOf,
  type TierEvent,
  type TierState,
  type Unmet,
} from './tier.js';

/** What an officer asks for, beside where. */
export interface Act {
  readonly reason: string;
  readonly evidence?: readonly Evidence[];
  /** An approver's reason to place it although something is not met. */
  readonly override?: string;
}

/** What people may ask of a standing. `to` is a tier's id. */
export type TierAction =
  | ({ readonly type: 'assign' | 'promote' | 'demote'; readonly to: string } & Act)
  | ({ readonly type: 'remove' } & Act)
  /** 直接入库 under a clause that places. */
  | ({ readonly type: 'enter'; readonly clause: string } & Act);

/** Carries a review's decision into the standing; sent by the ledger itself. */
export interface ApplyReview {
  readonly type: 'apply-review';
  readonly from: string | null;
  /** `null`: no longer in the ladder. */
  readonly to: string | null;
  readonly reason: string;
  readonly evidence?: readonly Evidence[];
  readonly override?: string;
  readonly review: DecidedInReview;
}

/** 并入: ends the standing of an enterprise that has been merged away; sent by the ledger itself. */
export interface LeaveByMerger {
  readonly type: 'leave-by-merger';
  readonly ladder: string;
  readonly creditCode: string;
  readonly survivor: string;
  /** Of the merger. */
  readonly evidence?: readonly Evidence[];
}

export interface ActiveListing {
  readonly listing: string;
  readonly until: string;
}

/** What was looked up for a decision: the ladder's text, the enterprise's dossier and the black list. */
export interface Ground {
  readonly ladder: string;
  readonly creditCode: string;
  /** Lowest first. */
  readonly tiers: readonly string[];
  readonly policy: PolicyCitation;
  /** The survivor, when the enterprise has been merged away. */
  readonly mergedInto?: string;
  readonly listings: readonly ActiveListing[];
  /** Of the tier asked for. */
  readonly unmet: Unmet;
  readonly restsOn: readonly RestsOn[];
  /** Who recorded those facts. */
  readonly recordedBy: readonly string[];
  /** What the clause of a direct entry gives on the dossier's facts. */
  readonly entry?:
    | { readonly outcome: 'placed'; readonly tier: string }
    | { readonly outcome: string; readonly failed: readonly string[]; readonly missing: readonly string[]; readonly detail: string };
}

type Grounded = (TierAction | ApplyReview) & { readonly ground: Ground };
export type TierCommand = Grounded | LeaveByMerger;
type Of<Type extends TierCommand['type']> = Extract<TierCommand, { type: Type }>;

/** The standing of one enterprise in one ladder. */
export const tierDecider: Decider<TierCommand, TierEvent, TierState> = {
  initialState: outside,
  decide: decideTier,
  evolve: evolveTier,
};

export function decideTier(command: TierCommand, state: TierState, context: DecisionContext): readonly TierEvent[] {
  requireToday(context);
  if (state.status !== 'none' && context.effectiveOn < state.since) {
    throw refused('standing-changed', `the standing has changed on ${state.since}, after the day of this decision`, { since: state.since });
  }
  switch (command.type) {
    case 'assign':
      return assign(command, state, context);
    case 'enter':
      return enter(command, state, context);
    case 'promote':
    case 'demote':
      return move(command, state, context);
    case 'remove':
      return remove(command, state);
    case 'apply-review':
      return applyReview(command, state, context);
    case 'leave-by-merger':
      return leaveByMerger(command, state, context);
    default:
      return unreachable(command);
  }
}

function assign(command: Of<'assign' | 'promote' | 'demote'>, state: TierState, context: DecisionContext): readonly TierEvent[] {
  const { to, ground } = command;
  requireTier(ground, to);
  const standing = standingOf(state);
  if (standing === to) return [];
  requireOutside(standing);
  requireWelcome(ground);
  return [event('tier-assigned', command, { ...change(command, needed(command, ground.unmet, context)), tier: to })];
}

function enter(command: Of<'enter'>, state: TierState, context: DecisionContext): readonly TierEvent[] {
  const { ground } = command;
  const { entry } = ground;
  if (entry === undefined) throw new Error(`${command.clause} was not assessed`);
  const standing = standingOf(state);
  if (entry.outcome === 'placed' && 'tier' in entry && standing === entry.tier) return [];
  requireOutside(standing);
  requireWelcome(ground);
  if (!('tier' in entry)) {
    const { outcome, failed, missing, detail } = entry;
    throw refused('entry-not-granted', `under ${command.clause} the enterprise is not placed: ${detail}`, { outcome, failed, missing });
  }
  return [event('tier-entered-directly', command, { ...change(command, needed(command, ground.unmet, context)), tier: entry.tier })];
}

function move(command: Of<'assign' | 'promote' | 'demote'>, state: TierState, context: DecisionContext): readonly TierEvent[] {
  const { type, to, ground } = command;
  requireTier(ground, to);
  const from = requireStanding(state);
  if (from === to) return [];
  const isUp = ground.tiers.indexOf(to) > ground.tiers.indexOf(from);
  if (isUp !== (type === 'promote')) {
    const code = type === 'promote' ? 'not-a-promotion' : 'not-a-demotion';
    throw refused(code, `${to} is ${isUp ? 'above' : 'below'} ${from}`, { from, to, tiers: ground.tiers });
  }
  requireWelcome(ground, isUp);
  const data = { ...change(command, needed(command, ground.unmet, context)), from, tier: to };
  return [event(isUp ? 'tier-promoted' : 'tier-demoted', command, data)];
}

function remove(command: Of<'remove'>, state: TierState): readonly TierEvent[] {
  if (state.status === 'removed') return [];
  return [event('tier-removed', command, { ...change(command), from: requireStanding(state) })];
}

/** Only from where the review saw the enterprise stand: what was changed meanwhile is not changed back unseen. */
function applyReview(command: Of<'apply-review'>, state: TierState, context: DecisionContext): readonly TierEvent[] {
  const { from, to, ground } = command;
  if (!context.roles.includes('service')) throw forbidden('role-required', 'the decisions of a review are carried out by the ledger');
  const standing = standingOf(state) ?? null;
  if (standing === to) return [];
  if (standing !== from)
    throw refused('standing-changed', `it stood in ${from} for the review and stands in ${standing} now`, { standing });
  if (to === null) return [event('tier-removed', command, { ...change(command), from: from as string })];
  requireTier(ground, to);
  const isUp = from === null || ground.tiers.indexOf(to) > ground.tiers.indexOf(from);
  requireWelcome(ground, isUp);
  const data = change(command, needed(command, ground.unmet, context));
  if (from === null) return [event('tier-assigned', command, { ...data, tier: to })];
  return [event(isUp ? 'tier-promoted' : 'tier-demoted', command, { ...data, from, tier: to })];
}

/** Applies no clause: an enterprise that is no more stands nowhere. */
function leaveByMerger(command: LeaveByMerger, state: TierState, { roles }: DecisionContext): readonly TierEvent[] {
  if (!roles.includes('service')) throw forbidden('role-required', 'a merger is carried into the standings by the ledger');
  const { ladder, creditCode, survivor, evidence = [] } = command;
  const from = standingOf(state);
  if (from === undefined) return [];
  const data = { ladder, creditCode, reason: `并入 ${survivor}`, restsOn: [], outsideReview: true as const, from };
  return [{ type: 'tier-removed', data, ...(evidence.length > 0 && { evidence }) }];
}

/** @throws Problem `enterprise-merged`; on the way up also `black-listed`. */
export function requireWelcome(
  { mergedInto, listings, creditCode }: Pick<Ground, 'mergedInto' | 'listings' | 'creditCode'>,
  isUp = true,
): void {
  if (mergedInto !== undefined)
    throw refused('enterprise-merged', `${creditCode} has been merged into ${mergedInto}`, { survivor: mergedInto });
  if (isUp && listings.length > 0) {
    // The words are kept where a review's decision comes back; which listing it is, only the answer tells.
    throw refused('black-listed', `${creditCode} is black-listed`, {
      listings: listings.map(({ listing }) => listing),
    });
  }
}

export const isUnmet = ({ failed, unknown, unverified = [], assessedTier }: Unmet): boolean =>
  failed.length > 0 || unknown.length > 0 || unverified.length > 0 || assessedTier !== undefined;

/** @throws Problem `gates-not-met` where something is not met and no reason is given; `role-required` where somebody else than an approver gives one. */
export function requireMet(unmet: Unmet, override: string | undefined, { roles }: Pick<DecisionContext, 'roles'>, who: string): void {
  if (!isUnmet(unmet)) return;
  if (override === undefined) {
    const { failed, unknown, unverified = [], assessedTier } = unmet;
    const parts = [
      ...(failed.length > 0 ? [`not met: ${failed.join(', ')}`] : []),
      ...(unknown.length > 0 ? [`not known: ${unknown.join(', ')}`] : []),
      ...(unverified.length > 0 ? [`not verified: ${unverified.join(', ')}`] : []),
      ...(assessedTier === undefined ? [] : [`assessed for ${assessedTier}`]),
    ];
    throw refused('gates-not-met', `${who} does not meet what this tier asks (${parts.join('; ')}); an approver may give a reason`, {
      ...unmet,
    });
  }
  if (!roles.includes('approver') && !roles.includes('service'))
    throw forbidden('role-required', 'only an approver may place an enterprise that does not meet what a tier asks');
}

function needed(
  command: Of<'assign' | 'promote' | 'demote' | 'enter' | 'apply-review'>,
  unmet: Unmet,
  context: DecisionContext,
): Override | undefined {
  const { override, ground } = command;
  const decider = command.type === 'apply-review' ? command.review.decidedBy : context.actorId;
  requireOthersFacts(ground, decider);
  requireMet(unmet, override, context, ground.creditCode);
  if (override === undefined || !isUnmet(unmet)) return undefined;
  return { ...unmet, reason: override, by: decider };
}

function requireOthersFacts({ recordedBy }: Ground, decider: string): void {
  if (recordedBy.includes(decider))
    throw refused('duties-not-separated', 'who recorded a fact this rests on cannot decide on it; somebody else must');
}

function requireTier({ tiers, ladder }: Ground, tier: string): void {
  if (!tiers.includes(tier)) throw refused('tier-unknown', `${ladder} has no tier ${tier}; its tiers are ${tiers.join(', ')}`, { tiers });
}

function requireOutside(standing: string | undefined): void {
  if (standing === undefined) return;
  throw refused('already-in-ladder', `the enterprise stands in ${standing}; promote or demote it`, { tier: standing });
}

function requireStanding(state: TierState): string {
  const standing = standingOf(state);
  if (standing === undefined) throw refused('not-in-ladder', 'the enterprise stands in no tier of this ladder');
  return standing;
}

function change(command: Grounded, override?: Override): ChangeData {
  const { ground, reason } = command;
  const { ladder, creditCode, restsOn } = ground;
  return {
    ladder,
    creditCode,
    reason,
    restsOn,
    ...(command.type === 'apply-review' ? { review: command.review } : { outsideReview: true as const }),
    ...(override && { override }),
  };
}

function event<Type extends TierEvent['type']>(
  type: Type,
  { ground, evidence }: Grounded,
  data: Extract<TierEvent, { type: Type }>['data'],
): TierEvent {
  return { type, data, policy: ground.policy, ...(evidence && evidence.length > 0 && { evidence }) } as TierEvent;
}
