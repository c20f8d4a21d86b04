import { type Amounts, type Clause, type PolicyState, versionNumbered } from '@app/policies';
import type { Facts } from '../recomputation/award-record.js';
import { assessedUnder, statusOf } from '../recomputation/judge.js';
import type { Recomputed } from './past.js';

interface Asked {
  readonly clause: string;
  readonly version: number;
  readonly on: string;
  readonly facts: Facts;
}

/** What the clause gives on these facts, under the text as it was published. */
export function recompute(policy: PolicyState, { clause: id, version: no, on, facts }: Asked): Recomputed {
  const version = versionNumbered(policy, no);
  const clause = version?.pack.clauses.find((one) => one.id === id);
  if (version === undefined || clause === undefined) return { outcome: 'unpublished' };
  const { outcome, amount, instalments, ceiling } = assessedUnder(version.pack, version, id, on, facts);
  const amounts = instalments?.map((one) => one.amount) ?? (amount === undefined ? undefined : [amount]);
  const cap = capOf(clause, facts);
  return { outcome, ...(amounts && { amounts }), ...(ceiling !== undefined && { ceiling }), ...(cap !== undefined && { cap }) };
}

/** The most a clause gives on these facts, where it says so. */
function capOf({ shape }: Clause, facts: Facts): string | undefined {
  if (shape.kind === 'fixed') return shape.amount;
  if (shape.kind === 'staged') return shape.total;
  if (shape.kind === 'level-table') return shape.amounts[String(facts[shape.by])];
  if (shape.kind === 'discretionary') return amountFor(shape.ceiling, facts);
  return 'cap' in shape && shape.cap !== undefined ? amountFor(shape.cap, facts) : undefined;
}

function amountFor(amounts: Amounts, facts: Facts): string | undefined {
  return 'by' in amounts ? amounts.amounts[String(facts[amounts.by])] : amounts.amount;
}

/**
 * Whether these facts meet the condition of an instalment. The award was made in force and keeps its later instalments:
 * the end of the policy is passed over.
 */
export function meetsCondition(policy: PolicyState, { clause, version: asked, on, facts }: Asked, no: number): boolean {
  const text = versionNumbered(policy, asked);
  if (text === undefined) return false;
  const { pack, version, hash } = text;
  return statusOf(assessedUnder(pack, { version, hash }, clause, on, facts), no) === true;
}
