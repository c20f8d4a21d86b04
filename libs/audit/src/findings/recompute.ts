import { Money } from '@app/kernel';
import { type Amounts, type Assessment, assess, type Clause, type PolicyState, versionNumbered } from '@app/policies';
import type { Recomputed } from './past.js';

type Facts = Readonly<Record<string, string | boolean>>;
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
  const assessment = assess(version.pack, id, { on, facts, policy: version });
  const cap = capOf(clause, facts);
  return { ...sums(assessment), ...(cap !== undefined && { cap }) };
}

function sums(assessment: Assessment): Pick<Recomputed, 'outcome' | 'amounts' | 'ceiling'> {
  const { outcome } = assessment;
  if (outcome === 'discretionary') return { outcome, ceiling: assessment.ceiling };
  if (outcome !== 'payable') return { outcome };
  return { outcome, amounts: (assessment.instalments ?? [assessment]).map(({ amount }) => Money.parse(amount).toString()) };
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
export function meetsCondition(policy: PolicyState, asked: Asked, no: number): boolean {
  const version = versionNumbered(policy, asked.version);
  if (version === undefined || !version.pack.clauses.some(({ id }) => id === asked.clause)) return false;
  const assessment = assess(version.pack, asked.clause, { on: asked.on, facts: asked.facts });
  if (assessment.outcome === 'discretionary') return no === 1;
  if (assessment.outcome !== 'payable') return false;
  return assessment.instalments === undefined ? no === 1 : assessment.instalments[no - 1]?.status === 'met';
}
