import { lineOfStream } from '@app/budgets';
import { addDays, type BusinessDate, daysBetween, Money } from '@app/kernel';
import { awardOfStream, awardRecord, fen, isService, actorOf, type Memories, type Past, type Recorded } from '../past.js';
import { lineName } from '../names.js';
import { detector, personOf, yuan } from './detector.js';

/** So many sums of one officer, within so many days, each this close below a threshold (in percent of it), are a burst. */
export const BURST = { count: 3, days: 7, withinPercent: 10 } as const;
/** Sums from which offices commonly ask for another level of decision: for entries in the budget, where no clause states a ceiling. */
export const BUDGET_THRESHOLDS: readonly string[] = ['500000.00', '1000000.00', '5000000.00'];

interface Near {
  /** Officer and threshold. */
  readonly id: string;
  readonly amount: string;
  readonly threshold: string;
}

/**
 * A sum that a person has set, just under a threshold: that of the clause under which an officer decides, or one of the
 * budget's. What a clause computes is nobody's to set, however close to its cap it comes.
 */
function nearThreshold(event: Recorded, past: Past): Near | undefined {
  if (isService(event)) return undefined;
  const officer = actorOf(event);
  if (event.type === 'award-reviewed') {
    const { amount } = event.data;
    const { pack, clause, assessed } = awardRecord(past, awardOfStream(event.stream));
    const threshold = assessed?.computed.ceiling;
    if (amount === undefined || threshold === undefined || !isJustUnder(amount, threshold)) return undefined;
    return { id: `${officer}|${pack}|${clause}|${threshold}`, amount, threshold };
  }
  if (event.type === 'budget-appropriated' || event.type === 'budget-adjusted' || event.type === 'budget-transferred-out') {
    const { amount } = event.data;
    const threshold = BUDGET_THRESHOLDS.find((one) => isJustUnder(amount, one));
    if (threshold === undefined) return undefined;
    // Of the whole policy: what is split may be spread over its lines as well.
    return { id: `${officer}|${lineOfStream(event.stream).pack}|${threshold}`, amount, threshold };
  }
  return undefined;
}

function isJustUnder(amount: string, threshold: string): boolean {
  return fen(amount) < fen(threshold) && fen(amount) * 100 >= fen(threshold) * (100 - BURST.withinPercent);
}

/**
 * The sums that count together with this one, by their days, and what is left to count with later ones. Days are entered in
 * any order, so that a sum counts with those of the days after it too, and none is forgotten before it has been told of:
 * fewer than a burst of them can be left in any such span of days.
 */
export function burstOf(
  event: Recorded,
  past: Past,
): (Near & { readonly sums: Memories['burst']; readonly isComplete: boolean; readonly left: Memories['burst'] }) | undefined {
  const near = nearThreshold(event, past);
  if (near === undefined) return undefined;
  const { effectiveOn: on } = event.metadata;
  const sum = { on, amount: near.amount, stream: event.stream };
  const all = [...(past.get('burst', near.id) ?? []), sum].sort((one, other) =>
    daysBetween(other.on as BusinessDate, one.on as BusinessDate),
  );
  const spans = all.map(({ on: first }) => {
    const last = addDays(first as BusinessDate, BURST.days - 1);
    return all.filter((one) => first <= one.on && one.on <= last);
  });
  const sums = spans.find((span) => span.length >= BURST.count && span.includes(sum));
  // What has been told of is not told of again with the next one.
  return { ...near, sums: sums ?? [], isComplete: sums !== undefined, left: all.filter((one) => !(sums ?? []).includes(one)) };
}

export const justUnderThreshold = detector({
  code: 'just-under-threshold',
  title: '短期内多笔紧贴限额',
  severity: 'medium',
  rule: `台账规则：同一经办人对同一政策${BURST.days}天内${BURST.count}笔及以上、均在限额以下${BURST.withinPercent}%以内的自定金额，按拆分规避审批核查；限额为条款上限，预算登记为${BUDGET_THRESHOLDS.map((one) => Money.parse(one).toChinese()).join('、')}`,
  judges: ['award-reviewed', 'budget-appropriated', 'budget-adjusted', 'budget-transferred-out'],
  judge(event, past) {
    const burst = burstOf(event, past);
    if (burst === undefined || !burst.isComplete) return [];
    const total = Money.sum(burst.sums.map(({ amount }) => Money.parse(amount)));
    const isBudget = event.stream.startsWith('budget-');
    const concerned = isBudget ? { line: lineName(event.stream), pack: lineOfStream(event.stream).pack } : recordOf(event, past);
    const detail = `自${burst.sums[0]?.on ?? ''}起${burst.sums.length}笔（${burst.sums.map(({ amount }) => yuan(amount)).join('、')}），均紧贴限额${yuan(burst.threshold)}，合计${total.toChinese()}`;
    return [{ ...concerned, amount: total.toString(), detail, officers: personOf(event) }];
  },
});

function recordOf({ stream }: Recorded, past: Past) {
  const award = awardOfStream(stream);
  const { pack, clause, payee } = awardRecord(past, award);
  return { award, pack, clause, enterprise: payee };
}
