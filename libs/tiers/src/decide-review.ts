import {
  type Decider,
  type DecisionContext,
  type Evidence,
  forbidden,
  invalidField,
  notFound,
  type PolicyCitation,
  refused,
  requireToday,
  unreachable,
} from '@app/kernel';
import { requireMet } from './decide.js';
import type { ProposalKind } from './propose.js';
import {
  type Cleared,
  type DecisionData,
  evolveReview,
  isUndecided,
  notOpened,
  type NotRecommended,
  type ProposalData,
  type Proposed,
  type Recommended,
  type ReviewEvent,
  type ReviewState,
  type Walk,
} from './review.js';
import type { Unmet } from './tier.js';

/** Proposals and decisions one event holds at most: a page, well below what an append may weigh. */
export const PAGE = 200;
/** Proposals one command decides at most; the rest is left for the next. */
export const MOST_AT_ONCE = 4_000;

/** An officer's decision on one proposal. */
export interface Choice {
  readonly creditCode: string;
  /** The tier it is to stand in, `null` for none; left out, what was proposed. */
  readonly to?: string | null;
  readonly override?: string;
}

/** An enterprise whose clearances stand, with who recorded each. */
export type Recommendable = Omit<Recommended, 'clearances'> & {
  readonly clearances: readonly (Cleared & { readonly recordedBy: string })[];
};

export type ReviewCommand =
  | { readonly type: 'open'; readonly ladder: string; readonly year: number; readonly dueOn: string; readonly policy: PolicyCitation }
  | {
      readonly type: 'record-proposals';
      /** Where the walk stood when the page was read. */
      readonly after: Pick<Walk, 'no' | 'until'>;
      readonly walk: Walk;
      readonly proposals: readonly ProposalData[];
      readonly policy: PolicyCitation;
    }
  | {
      readonly type: 'decide';
      readonly choices: readonly Choice[];
      readonly reason: string;
      readonly evidence?: readonly Evidence[];
      readonly tiers: readonly string[];
      /** What is not met where each is put, as looked up. */
      readonly unmet: Readonly<Record<string, Unmet>>;
      readonly policy: PolicyCitation;
    }
  | {
      readonly type: 'decide-all';
      readonly kind: ProposalKind;
      /** As proposed; or `keep`: as it stands. */
      readonly decision: 'accept' | 'keep';
      readonly reason: string;
      readonly evidence?: readonly Evidence[];
      readonly policy: PolicyCitation;
    }
  | { readonly type: 'fail'; readonly creditCode: string; readonly decision: DecisionData; readonly code: string; readonly detail: string }
  | { readonly type: 'close'; readonly evidence?: readonly Evidence[]; readonly policy: PolicyCitation }
  | {
      readonly type: 'lapse';
      readonly reason: string;
      readonly evidence?: readonly Evidence[];
      /** Whether the text the review goes by is in force today, as looked up. */
      readonly isInForce: boolean;
      readonly policy: PolicyCitation;
    }
  | {
      readonly type: 'recommend';
      readonly dueOn: string;
      readonly reason: string;
      readonly evidence?: readonly Evidence[];
      readonly recommended: readonly Recommendable[];
      readonly refused: readonly NotRecommended[];
      readonly policy: PolicyCitation;
    };

type Of<Type extends ReviewCommand['type']> = Extract<ReviewCommand, { type: Type }>;
type Reviewed = Exclude<ReviewState, { status: 'none' }>;
type Open = Extract<ReviewState, { status: 'open' }>;

/** One year's review of a ladder. */
export const reviewDecider: Decider<ReviewCommand, ReviewEvent, ReviewState> = {
  initialState: notOpened,
  decide: decideReview,
  evolve: evolveReview,
};

export function decideReview(command: ReviewCommand, state: ReviewState, context: DecisionContext): readonly ReviewEvent[] {
  requireToday(context);
  switch (command.type) {
    case 'open':
      return open(command, state, context);
    case 'record-proposals':
      return recordProposals(command, requireOpen(state));
    case 'decide':
      return decideSome(command, requireReviewed(state), context);
    case 'decide-all':
      return decideAll(command, requireReviewed(state), context);
    case 'fail':
      return fail(command, requireReviewed(state), context);
    case 'close':
      return close(command, requireReviewed(state), context);
    case 'lapse':
      return lapse(command, requireReviewed(state), context);
    case 'recommend':
      return recommend(command, requireReviewed(state), context);
    default:
      return unreachable(command);
  }
}

/** The month in which the next year's review may be opened, so that it can stand ready when the year begins. */
const EARLIEST_MONTH = '12';

/**
 * A review is of the year it is opened in; from December on also of the next. One of a year that is over would be dated
 * back, one further ahead would judge by facts nobody can have.
 */
function open({ ladder, year, dueOn, policy }: Of<'open'>, state: ReviewState, { today }: DecisionContext): readonly ReviewEvent[] {
  if (state.status === 'open') return [];
  if (state.status !== 'none') throw over(state);
  const thisYear = Number(today.slice(0, 4));
  const isNext = year === thisYear + 1 && today.slice(5, 7) >= EARLIEST_MONTH;
  if (year !== thisYear && !isNext) throw invalidField('year', 'present', `must be ${thisYear}, or from December on the next year`);
  return [{ type: 'tier-review-opened', data: { ladder, year, dueOn }, policy }];
}

/** A page counts only where the walk stands: two walkers cannot both take one. What is decided stays as it is. */
function recordProposals({ after, walk, proposals, policy }: Of<'record-proposals'>, state: Open): readonly ReviewEvent[] {
  const present = state.walk ?? { no: 0, until: null };
  if (present.no !== after.no || present.until !== after.until) return [];
  if (state.walk?.isDone === true && walk.no === state.walk.no) return [];
  const fresh = proposals.filter(({ creditCode }) => {
    const before = state.proposals.get(creditCode);
    return before === undefined || isUndecided(before);
  });
  return [{ type: 'tier-proposals-made', data: { ladder: state.ladder, year: state.year, walk, proposals: fresh }, policy }];
}

function decideSome(command: Of<'decide'>, state: Reviewed, context: DecisionContext): readonly ReviewEvent[] {
  const { choices, tiers, unmet } = command;
  const seen = new Set<string>();
  const decisions = choices.flatMap((choice): readonly DecisionData[] => {
    const { creditCode, override } = choice;
    if (seen.has(creditCode)) throw invalidField('decisions', 'once', `names ${creditCode} twice`);
    seen.add(creditCode);
    const proposal = proposalOf(state, creditCode);
    const to = choice.to === undefined ? proposal.to : choice.to;
    if (to === undefined)
      throw refused('proposal-undetermined', `nothing was proposed for ${creditCode}: name the tier it is to stand in`, { creditCode });
    if (to !== null && !tiers.includes(to))
      throw refused('tier-unknown', `the ladder has no tier ${to}; its tiers are ${tiers.join(', ')}`, { tiers });
    if (!isUndecided(proposal)) {
      if (proposal.decided?.to === to) return [];
      throw refused('proposal-decided', `${creditCode} has been decided on: ${proposal.decided?.to ?? 'outside'}`, { creditCode });
    }
    requireOther(proposal, context);
    if (to !== proposal.from && to !== null) requireMet(unmet[creditCode] ?? NOTHING, override, context, creditCode);
    return [{ creditCode, kind: proposal.kind, from: proposal.from, to, ...(override !== undefined && { override }) }];
  });
  return decided(command, state, decisions);
}

const NOTHING: Unmet = { failed: [], unknown: [] };

function decideAll(command: Of<'decide-all'>, state: Reviewed, context: DecisionContext): readonly ReviewEvent[] {
  const { kind, decision } = command;
  if (kind === 'undetermined' && decision === 'accept')
    throw refused(
      'proposal-undetermined',
      'where nothing was proposed there is nothing to accept: keep all as they stand, or decide one by one',
    );
  const decisions: DecisionData[] = [];
  for (const [creditCode, proposal] of state.proposals) {
    if (decisions.length >= MOST_AT_ONCE) break;
    // What failed once is looked at by itself.
    if (proposal.kind !== kind || proposal.decided !== undefined) continue;
    requireOther(proposal, context);
    const { from, to = null } = proposal;
    decisions.push({ creditCode, kind, from, to: decision === 'keep' ? from : to });
  }
  return decided(command, state, decisions);
}

function decided(
  { reason, evidence, policy }: Of<'decide' | 'decide-all'>,
  state: Reviewed,
  decisions: readonly DecisionData[],
): readonly ReviewEvent[] {
  if (decisions.length === 0) return [];
  const { ladder, year } = requireOpen(state);
  const data = { ladder, year, reason };
  return pages(decisions).map((page) => ({
    type: 'tier-proposals-decided',
    data: { ...data, decisions: page },
    policy,
    ...(evidence && evidence.length > 0 && { evidence }),
  }));
}

function fail({ decision, code, detail }: Of<'fail'>, state: Reviewed, { roles }: DecisionContext): readonly ReviewEvent[] {
  if (!roles.includes('service')) throw forbidden('role-required', 'the ledger itself says what it could not carry out');
  const { ladder, year } = state;
  const { creditCode, to } = decision;
  const present = state.proposals.get(creditCode)?.decided;
  if (present === undefined || present.hasFailed || present.to !== to) return [];
  return [{ type: 'tier-decision-failed', data: { ladder, year, creditCode, code, detail } }];
}

function close({ evidence, policy }: Of<'close'>, state: Reviewed, { today }: DecisionContext): readonly ReviewEvent[] {
  if (state.status === 'closed') return [];
  if (state.status === 'lapsed') throw over(state);
  const { ladder, year, walk, open: undecided, dueOn, proposals } = state;
  requireBegun(year, today);
  if (walk?.isDone !== true) throw refused('proposals-incomplete', 'the review has not looked at every enterprise yet; propose first');
  if (undecided > 0) throw refused('proposals-undecided', `${undecided} proposals wait for a decision`, { undecided });
  const data = { ladder, year, on: today, isLate: today > dueOn, proposals: proposals.size };
  return [{ type: 'tier-review-closed', data, policy, ...(evidence && evidence.length > 0 && { evidence }) }];
}

/**
 * Ends a review whose policy has ended under it: nothing can be decided any more, so what is undecided stays undecided and
 * every standing stays as it is. It does not count as carried through.
 */
function lapse({ reason, evidence, isInForce, policy }: Of<'lapse'>, state: Reviewed, { today }: DecisionContext): readonly ReviewEvent[] {
  if (state.status === 'lapsed') return [];
  const { ladder, year, open: undecided, proposals } = requireOpen(state);
  if (isInForce) throw refused('policy-in-force', `${policy.pack} is in force: the review can be decided on, and closed`);
  const data = { ladder, year, on: today, reason, proposals: proposals.size, undecided };
  return [{ type: 'tier-review-lapsed', data, policy, ...(evidence && evidence.length > 0 && { evidence }) }];
}

/** Every enterprise once. Where nobody can be recommended, the command is refused and names why. */
function recommend(command: Of<'recommend'>, state: Reviewed, { today, actorId }: DecisionContext): readonly ReviewEvent[] {
  const { dueOn, reason, evidence, refused: left, policy } = command;
  requireBegun(state.year, today);
  const fresh = command.recommended.filter(({ creditCode }) => !state.recommended.has(creditCode));
  if (fresh.length === 0) {
    const [first] = left;
    if (first === undefined || command.recommended.length > 0) return [];
    throw refused(first.code, `none can be recommended; ${first.name}: ${[first.code, ...first.missing].join(' ')}`, {
      refused: left.slice(0, 100),
    });
  }
  requireClearedByOthers(fresh, actorId);
  const { ladder, year } = state;
  const data = { ladder, year, on: today, dueOn, isLate: today > dueOn, reason };
  return pages(fresh.map(withoutRecorders)).map((recommended, index) => ({
    type: 'tier-recommended',
    data: { ...data, recommended, refused: index === 0 ? left : [] },
    policy,
    ...(evidence && evidence.length > 0 && { evidence }),
  }));
}

/** Nobody recommends on findings that they have recorded themselves. */
function requireClearedByOthers(fresh: readonly Recommendable[], actor: string): void {
  const recorded = fresh.flatMap(({ creditCode, clearances }) => {
    const own = clearances.filter(({ recordedBy }) => recordedBy === actor).map(({ clearance }) => clearance);
    return own.length === 0 ? [] : [{ creditCode, clearances: own }];
  });
  const [first] = recorded;
  if (first === undefined) return;
  throw refused(
    'duties-not-separated',
    `${actor} recorded clearances of ${first.creditCode}${recorded.length > 1 ? ` and ${recorded.length - 1} more` : ''}; somebody else must recommend`,
    { actor, duty: 'recommend', recorded: recorded.slice(0, 100) },
  );
}

function withoutRecorders({ clearances, ...enterprise }: Recommendable): Recommended {
  return { ...enterprise, clearances: clearances.map(({ recordedBy: _by, ...cleared }) => cleared) };
}

function pages<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / PAGE) }, (_, page) => items.slice(page * PAGE, (page + 1) * PAGE));
}

function proposalOf({ proposals }: Reviewed, creditCode: string): Proposed {
  const proposal = proposals.get(creditCode);
  if (proposal === undefined) throw notFound('proposal-unknown', `the review has no proposal for ${creditCode}`);
  return proposal;
}

function requireOther({ by }: Proposed, { actorId }: DecisionContext): void {
  if (by === actorId) throw refused('duties-not-separated', 'who made a proposal does not decide on it; somebody else must');
}

/** A review opened ahead is not ended, nor recommended from, before its year: that would be done for a year without its facts. */
function requireBegun(year: number, today: string): void {
  if (today < `${year}-01-01`) throw refused('review-year-not-begun', `the review of ${year} ends within that year, or after it`, { year });
}

export function requireReviewed(state: ReviewState): Reviewed {
  if (state.status === 'none') throw notFound('tier-review-unknown', 'this review has not been opened');
  return state;
}

export function requireOpen(state: ReviewState): Open {
  const reviewed = requireReviewed(state);
  if (reviewed.status !== 'open') throw over(reviewed);
  return reviewed;
}

function over({ year, status, closedOn }: Exclude<Reviewed, Open>) {
  const how = status === 'closed' ? 'was closed' : 'lapsed with its policy';
  return refused('tier-review-closed', `the review of ${year} ${how} on ${closedOn}`);
}
