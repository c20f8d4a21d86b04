import { Map } from 'immutable';
import { type DomainEvent, type EventContext, unreachable } from '@app/kernel';
import type { Finding, ProposalKind } from './propose.js';
import type { ReadFrom } from './tier.js';

export const SCOPES = ['standing', 'all'] as const;
/** Whom a review looks at: those standing in the ladder, or with them every enterprise, of a region where one is named. */
export type Scope = (typeof SCOPES)[number];

/** One enterprise as the review saw it, with what it proposes. */
export interface ProposalData extends Finding {
  readonly creditCode: string;
  readonly name: string;
  /** Where it stood; `null` outside. */
  readonly from: string | null;
  /** The values it rests on. */
  readonly facts: Readonly<Record<string, string | boolean>>;
  /** Where each value was read from; proposals of before it was kept have none. */
  readonly sources?: Readonly<Record<string, ReadFrom>>;
}

/** How far a walk over the enterprises has come. */
export interface Walk {
  readonly no: number;
  readonly scope: Scope;
  readonly region?: string;
  /** The last credit code looked at; `null` before the first. */
  readonly until: string | null;
  readonly isDone: boolean;
}

export interface DecisionData {
  readonly creditCode: string;
  readonly kind: ProposalKind;
  readonly from: string | null;
  readonly to: string | null;
  /** An approver's reason to place it although something is not met. */
  readonly override?: string;
}

export interface Cleared {
  readonly clearance: string;
  readonly agency: string;
  readonly on: string;
  readonly validUntil?: string;
  readonly documentNo: string;
}

export interface Recommended {
  readonly creditCode: string;
  readonly name: string;
  readonly tier: string;
  readonly clearances: readonly Cleared[];
}

/** An enterprise that was not recommended, and why. */
export interface NotRecommended {
  readonly creditCode: string;
  readonly name: string;
  readonly code: 'clearance-missing' | 'enterprise-merged' | 'black-listed' | 'not-in-ladder';
  readonly missing: readonly string[];
}

export type ReviewEvent =
  | DomainEvent<'tier-review-opened', { readonly ladder: string; readonly year: number; readonly dueOn: string }>
  /** One page of a walk. A proposal takes the place of an undecided one for the same enterprise. */
  | DomainEvent<
      'tier-proposals-made',
      { readonly ladder: string; readonly year: number; readonly walk: Walk; readonly proposals: readonly ProposalData[] }
    >
  | DomainEvent<
      'tier-proposals-decided',
      { readonly ladder: string; readonly year: number; readonly reason: string; readonly decisions: readonly DecisionData[] }
    >
  /** A decision that could not be carried into the enterprise's standing; it is open again. */
  | DomainEvent<
      'tier-decision-failed',
      { readonly ladder: string; readonly year: number; readonly creditCode: string; readonly code: string; readonly detail: string }
    >
  | DomainEvent<
      'tier-review-closed',
      { readonly ladder: string; readonly year: number; readonly on: string; readonly isLate: boolean; readonly proposals: number }
    >
  /** Its policy had ended, and with it the power to decide: what was undecided stays so. */
  | DomainEvent<
      'tier-review-lapsed',
      {
        readonly ladder: string;
        readonly year: number;
        readonly on: string;
        readonly reason: string;
        readonly proposals: number;
        readonly undecided: number;
      }
    >
  | DomainEvent<
      'tier-recommended',
      {
        readonly ladder: string;
        readonly year: number;
        readonly on: string;
        readonly dueOn: string;
        readonly isLate: boolean;
        readonly reason: string;
        readonly recommended: readonly Recommended[];
        readonly refused: readonly NotRecommended[];
      }
    >;

/** What a review has to remember of a proposal. */
export interface Proposed {
  readonly kind: ProposalKind;
  readonly from: string | null;
  readonly to?: string | null;
  readonly by: string;
  readonly decided?: { readonly to: string | null; readonly by: string; readonly hasFailed: boolean };
}

interface ReviewRecord {
  readonly ladder: string;
  readonly year: number;
  readonly dueOn: string;
  readonly walk?: Walk;
  readonly proposals: Map<string, Proposed>;
  readonly open: number;
  readonly recommended: Map<string, string>;
}

/** 动态调整: one year's review of a ladder. */
export type ReviewState =
  | { readonly status: 'none' }
  | (ReviewRecord & { readonly status: 'open' })
  | (ReviewRecord & { readonly status: 'closed'; readonly closedOn: string; readonly isLate: boolean })
  | (ReviewRecord & { readonly status: 'lapsed'; readonly closedOn: string });

export const notOpened: ReviewState = { status: 'none' };

/** The stream of a ladder's review of a year: a second one would meet the first. */
export function reviewStream(ladder: string, year: number): string {
  return `tierreview-${ladder}.${year}`;
}

/** Whether a proposal waits for a decision; one whose decision could not be carried out waits again. */
export const isUndecided = ({ decided }: Proposed): boolean => decided === undefined || decided.hasFailed;

export function evolveReview(state: ReviewState, event: ReviewEvent, at: EventContext): ReviewState {
  if (event.type === 'tier-review-opened') {
    const { ladder, year, dueOn } = event.data;
    return { status: 'open', ladder, year, dueOn, proposals: Map(), open: 0, recommended: Map() };
  }
  if (state.status === 'none') throw new Error(`${event.type} before the review was opened`);
  switch (event.type) {
    case 'tier-proposals-made': {
      const { walk, proposals } = event.data;
      const known = proposals.map(
        ({ creditCode, kind, from, to }) => [creditCode, { kind, from, ...(to !== undefined && { to }), by: at.actorId }] as const,
      );
      return withProposals({ ...state, walk }, known);
    }
    case 'tier-proposals-decided':
      return withProposals(
        state,
        event.data.decisions.map(({ creditCode, to }) => [
          creditCode,
          { ...proposed(state, creditCode), decided: { to, by: at.actorId, hasFailed: false } },
        ]),
      );
    case 'tier-decision-failed': {
      const before = proposed(state, event.data.creditCode);
      if (before.decided === undefined) throw new Error(`${event.data.creditCode} was not decided on`);
      return withProposals(state, [[event.data.creditCode, { ...before, decided: { ...before.decided, hasFailed: true } }]]);
    }
    case 'tier-review-closed':
      return { ...state, status: 'closed', closedOn: event.data.on, isLate: event.data.isLate };
    case 'tier-review-lapsed':
      return { ...state, status: 'lapsed', closedOn: event.data.on };
    case 'tier-recommended': {
      const { recommended, on } = event.data;
      return {
        ...state,
        recommended: state.recommended.withMutations((all) => recommended.forEach(({ creditCode }) => all.set(creditCode, on))),
      };
    }
    default:
      return unreachable(event);
  }
}

type Reviewed = Exclude<ReviewState, { status: 'none' }>;

function withProposals(state: Reviewed, changes: Iterable<readonly [string, Proposed]>): Reviewed {
  let { open } = state;
  const proposals = state.proposals.withMutations((all) => {
    for (const [creditCode, proposal] of changes) {
      const before = all.get(creditCode);
      open += Number(isUndecided(proposal)) - Number(before !== undefined && isUndecided(before));
      all.set(creditCode, proposal);
    }
  });
  return { ...state, proposals, open };
}

function proposed(state: Reviewed, creditCode: string): Proposed {
  const proposal = state.proposals.get(creditCode);
  if (proposal === undefined) throw new Error(`there is no proposal for ${creditCode}`);
  return proposal;
}
