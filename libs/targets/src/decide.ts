import {
  businessDate,
  type Decider,
  type DecisionContext,
  type Evidence,
  invalidField,
  notFound,
  type PolicyCitation,
  refused,
  requireToday,
  unreachable,
} from '@app/kernel';
import {
  type Baseline,
  endOfPeriod,
  evolve,
  initialState,
  isWithin,
  type Plan,
  recordOf,
  type Report,
  statedFor,
  type TargetClause,
  type TargetEvent,
  type TargetRecord,
  type TargetState,
  valueOf,
  yearsOf,
} from './target.js';

export interface ReportActual {
  readonly type: 'report-actual';
  readonly period: string;
  readonly value: string;
  readonly sourceUnit: string;
  readonly asOf: string;
  /** The report this one puts right. */
  readonly corrects?: number;
  readonly evidence?: readonly Evidence[];
}
export interface VerifyActual {
  readonly type: 'verify-actual';
  readonly report: number;
  readonly evidence: readonly Evidence[];
}
export interface SetPlan {
  readonly type: 'set-plan';
  readonly year: number;
  readonly value: string;
  readonly document: string;
  /** The plan this one takes the place of. */
  readonly corrects?: number;
  readonly evidence?: readonly Evidence[];
}
export interface ReportBaseline {
  readonly type: 'report-baseline';
  /** The year judged against it; left out, it is the base of every year. */
  readonly year?: number;
  readonly value: string;
  readonly sourceUnit: string;
  readonly asOf: string;
  readonly corrects?: number;
  readonly evidence?: readonly Evidence[];
}

/** What can be asked of a unit's target. */
export type TargetCommand = ReportActual | VerifyActual | SetPlan | ReportBaseline;

/** A command with what the published pack says; the handler looks it up. */
export interface TargetOrder {
  readonly command: TargetCommand;
  readonly terms: TargetClause;
  readonly unit: string;
  readonly policy: PolicyCitation;
}

/** The decider of a target's stream. */
export const targetDecider: Decider<TargetOrder, TargetEvent, TargetState> = { initialState, decide, evolve };

function decide(order: TargetOrder, state: TargetState, context: DecisionContext): readonly TargetEvent[] {
  const { command } = order;
  const record = recordOf(state);
  switch (command.type) {
    case 'report-actual':
      return reportActual(command, order, record, context);
    case 'verify-actual':
      return verifyActual(command, order, record, context);
    case 'set-plan':
      return setPlan(command, order, record, context);
    case 'report-baseline':
      return reportBaseline(command, order, record, context);
    default:
      return unreachable(command);
  }
}

function reportActual(command: ReportActual, order: TargetOrder, { reports }: TargetRecord, context: DecisionContext) {
  const { period, sourceUnit, corrects } = command;
  if (corrects !== undefined) requireToday(context);
  const end = endOfPeriod(period);
  if (end > context.effectiveOn)
    throw invalidField('period', 'not-in-the-future', `${period} ends on ${end}, which is after ${context.effectiveOn}`);
  const asOf = stated(command.asOf, context);
  if (asOf < end) throw invalidField('asOf', 'after-period', `the figure as of ${end} cannot have been stated before that day`);
  const report = { period, value: valueOf(command.value), sourceUnit, asOf };
  const isSame = (one: Report) => one.period === period && one.value === report.value && one.sourceUnit === sourceUnit && one.asOf === asOf;
  if (isRepeat(reports, corrects, isSame)) return [];
  // The place of a figure is the end of its period: 2023, 2023-H2, 2023-Q4 and 2023-12 all say how things stood on one day.
  requirePlace(reports, corrects, (one) => endOfPeriod(one.period) === end, period);
  const data = { no: reports.length + 1, unit: order.unit, year: Number(period.slice(0, 4)), ...report, ...correcting(corrects) };
  return [{ type: 'actual-reported' as const, data, policy: order.policy, ...documented(command) }];
}

function verifyActual({ report: no, evidence }: VerifyActual, order: TargetOrder, { reports }: TargetRecord, context: DecisionContext) {
  requireToday(context);
  const report = reports.find((one) => one.no === no);
  if (report === undefined) throw notFound('report-not-found', `${order.unit} has no report ${no}`);
  if (report.verified !== undefined) return [];
  if (report.correctedBy !== undefined) throw corrected('report', no, report.correctedBy.no);
  if (report.by === context.actorId) throw refused('separation-of-duties', 'a figure is verified by somebody else than who reported it');
  if (evidence.length === 0) throw refused('evidence-required', 'name the document the figure was checked against');
  return [{ type: 'actual-verified' as const, data: { unit: order.unit, report: no }, policy: order.policy, evidence }];
}

function setPlan(command: SetPlan, { terms, unit, policy }: TargetOrder, { plans }: TargetRecord, context: DecisionContext) {
  requireToday(context);
  const { year, document, corrects } = command;
  const value = valueOf(command.value);
  const statedPlan = statedFor(terms, unit, year);
  if (statedPlan !== undefined)
    throw refused('plan-stated', `${policy.pack} ${policy.clause} itself asks ${statedPlan.value} of ${unit} for ${year}`, {
      year,
      stated: statedPlan.value,
    });
  if (!isWithin(yearsOf(terms), year)) throw refused('year-not-planned', `${policy.clause} says nothing for ${year}`, { year });
  if (isRepeat(plans, corrects, (one: Plan) => one.year === year && one.value === value && one.document === document)) return [];
  requirePlace(plans, corrects, (one) => one.year === year, String(year));
  const data = { no: plans.length + 1, unit, year, value, document, ...correcting(corrects) };
  return [{ type: 'plan-set' as const, data, policy, ...documented(command) }];
}

function reportBaseline(command: ReportBaseline, order: TargetOrder, { baselines }: TargetRecord, context: DecisionContext) {
  const { shape, id } = order.terms.clause;
  if (shape.kind !== 'target' || shape.baseline === undefined)
    throw refused('target-without-baseline', `clause ${id} is neither a difference from nor a multiple of anything`);
  const { year, sourceUnit, corrects } = command;
  if (corrects !== undefined) requireToday(context);
  const baseline = { value: valueOf(command.value), sourceUnit, asOf: stated(command.asOf, context) };
  const isSame = (one: Baseline) =>
    one.year === year && one.value === baseline.value && one.sourceUnit === sourceUnit && one.asOf === baseline.asOf;
  if (isRepeat(baselines, corrects, isSame)) return [];
  requirePlace(baselines, corrects, (one) => one.year === year, year === undefined ? 'every year' : String(year));
  const data = { no: baselines.length + 1, unit: order.unit, ...(year !== undefined && { year }), ...baseline, ...correcting(corrects) };
  return [{ type: 'baseline-reported' as const, data, policy: order.policy, ...documented(command) }];
}

type Numbered = Pick<Report, 'no' | 'corrects' | 'correctedBy'>;

/** Whether the same has been entered before: as a correction of the same figure, or as a figure that has not been put right since. */
function isRepeat<One extends Numbered>(all: readonly One[], corrects: number | undefined, isSame: (one: One) => boolean): boolean {
  return all.some((one) => one.corrects === corrects && one.correctedBy === undefined && isSame(one));
}

/**
 * One figure stands for a place, a day or a year: another one says which it puts right.
 * @throws Problem `report-exists`, `report-not-found`, `report-corrected`, `correction-of-another-period`.
 */
function requirePlace<One extends Numbered>(
  all: readonly One[],
  corrects: number | undefined,
  isOfPeriod: (one: One) => boolean,
  period: string,
): void {
  const standing = all.find((one) => one.correctedBy === undefined && isOfPeriod(one));
  if (corrects === undefined) {
    if (standing === undefined) return;
    throw refused('report-exists', `no. ${standing.no} stands for ${period}: correct it`, { no: standing.no });
  }
  const wrong = all.find(({ no }) => no === corrects);
  if (wrong === undefined) throw notFound('report-not-found', `there is no figure no. ${corrects} to correct`);
  if (!isOfPeriod(wrong)) throw refused('correction-of-another-period', `no. ${corrects} is not about ${period}`);
  if (wrong.correctedBy !== undefined) throw corrected('figure', corrects, wrong.correctedBy.no);
}

function corrected(what: string, no: number, by: number) {
  return refused('report-corrected', `${what} no. ${no} was put right by no. ${by}`, { no, correctedBy: by });
}

const correcting = (corrects: number | undefined) => (corrects === undefined ? {} : { corrects });

function documented({ evidence = [] }: { readonly evidence?: readonly Evidence[] }): { readonly evidence?: readonly Evidence[] } {
  return evidence.length === 0 ? {} : { evidence };
}

/** The day a source stated something. */
function stated(text: string, { effectiveOn }: DecisionContext): string {
  const asOf = businessDate(text, 'asOf');
  if (asOf > effectiveOn) throw invalidField('asOf', 'not-in-the-future', `must not be later than ${effectiveOn}`);
  return asOf;
}
