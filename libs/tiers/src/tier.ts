import { type DomainEvent, type EventContext, unreachable } from '@app/kernel';

/**
 * What is not met where an enterprise is put: gates that fail, inputs nobody knows, inputs it depends on that nobody has
 * verified, and the tier its assessment names instead.
 */
export interface Unmet {
  readonly failed: readonly string[];
  readonly unknown: readonly string[];
  readonly unverified?: readonly string[];
  readonly assessedTier?: string;
}

/** An approver's reason for placing an enterprise although something is not met; it stays visible with what was not. */
export interface Override extends Unmet {
  readonly reason: string;
  readonly by: string;
}

/** The records of the dossier a value was read from. What was kept before these were had facts and certificates alone. */
export interface ReadFrom {
  readonly factId?: string;
  readonly certificate?: string;
  /** Day of the relocation. */
  readonly relocation?: string;
  /** The title whose grade it is, and its year as `period`. */
  readonly title?: string;
  readonly period?: string;
}

/** A fact a placing rests on. */
export interface RestsOn extends ReadFrom {
  readonly input: string;
  readonly value: string | boolean;
  readonly verified: boolean;
}

/** The review campaign that decided a change. */
export interface DecidedInReview {
  readonly year: number;
  readonly decidedBy: string;
}

export interface ChangeData {
  readonly ladder: string;
  readonly creditCode: string;
  readonly reason: string;
  readonly restsOn: readonly RestsOn[];
  /** Decided by no review campaign, whether one was open or not. */
  readonly outsideReview?: true;
  readonly review?: DecidedInReview;
  readonly override?: Override;
}

export type TierEvent =
  | DomainEvent<'tier-assigned', ChangeData & { readonly tier: string }>
  /** 直接入库, because the clause that is cited says so. */
  | DomainEvent<'tier-entered-directly', ChangeData & { readonly tier: string }>
  | DomainEvent<'tier-promoted', ChangeData & { readonly from: string; readonly tier: string }>
  | DomainEvent<'tier-demoted', ChangeData & { readonly from: string; readonly tier: string }>
  | DomainEvent<'tier-removed', ChangeData & { readonly from: string }>;

interface Standing {
  readonly ladder: string;
  readonly creditCode: string;
  /** The tier it stands in, or stood in last. */
  readonly tier: string;
  /** Business date of the last change. */
  readonly since: string;
}

/** Where one enterprise stands in one ladder. */
export type TierState =
  { readonly status: 'none' } | (Standing & { readonly status: 'placed' }) | (Standing & { readonly status: 'removed' });

export const outside: TierState = { status: 'none' };

const STREAM = 'tier-';

/** The stream of one enterprise in one ladder: a second standing would meet the first. */
export function tierStream(ladder: string, creditCode: string): string {
  return `${STREAM}${ladder}.${creditCode}`;
}

/** The tier an enterprise stands in; undefined when in none. */
export function standingOf(state: TierState): string | undefined {
  return state.status === 'placed' ? state.tier : undefined;
}

export function evolveTier(state: TierState, event: TierEvent, { effectiveOn }: EventContext): TierState {
  const { ladder, creditCode } = event.data;
  const standing = { ladder, creditCode, since: effectiveOn };
  switch (event.type) {
    case 'tier-assigned':
    case 'tier-entered-directly':
      if (state.status === 'placed') throw new Error(`${creditCode} already stands in ${ladder}`);
      return { ...standing, status: 'placed', tier: event.data.tier };
    case 'tier-promoted':
    case 'tier-demoted':
      requireFrom(state, event.data.from);
      return { ...standing, status: 'placed', tier: event.data.tier };
    case 'tier-removed':
      requireFrom(state, event.data.from);
      return { ...standing, status: 'removed', tier: event.data.from };
    default:
      return unreachable(event);
  }
}

function requireFrom(state: TierState, from: string): void {
  if (standingOf(state) !== from) throw new Error(`moved from ${from} without standing there`);
}
