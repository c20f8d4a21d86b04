import { Decimal, businessDate, invalid } from '@app/kernel';
import {
  type Assessment,
  type AssessmentRequest,
  type FactSource,
  type FactValue,
  type InputError,
  type Outcome,
  type TraceStep,
} from './assessment.js';
import { type Parsed, type Test, type Values, compileCondition } from './conditions.js';
import { checkFactValue } from './fact-values.js';
import { bothWays, dayInChinese } from './figures.js';
import { type Clause, type Gate, type InputDefinition, type Interpretation, type Pack, clauseOf, firstLine } from './pack.js';
import { NOT_ASSESSABLE, type Payoff, compilePayoff } from './payoffs.js';

interface PlannedInput {
  readonly name: string;
  readonly definition: InputDefinition;
  parse(value: FactValue): Parsed;
  say(value: FactValue): string;
}

interface PlannedGate {
  readonly id: string;
  readonly title: string;
  readonly soft: boolean;
  readonly test: Test;
  /** The three steps a trace can show for it, written once. */
  readonly steps: { readonly true: TraceStep; readonly false: TraceStep; readonly unknown: TraceStep };
}

/** A clause made ready: everything that does not depend on the request. */
interface Plan {
  readonly pack: Pack;
  readonly clause: Clause;
  readonly inputs: readonly PlannedInput[];
  readonly gates: readonly PlannedGate[];
  readonly payoff: Payoff | undefined;
  readonly interpretations: readonly TraceStep[];
  readonly openQuestions: readonly Interpretation[];
  readonly forceText: string;
}

const plans = new WeakMap<Pack, Map<string, Plan>>();

/**
 * What a clause grants on a day, given these facts, with a trace that cites what decided it. Pure.
 * @throws Problem `clause-not-found`; `clause-not-assessable` for targets, deadlines, budgets and notes; `invalid-input` for a malformed date.
 */
export function assess(pack: Pack, clauseId: string, request: AssessmentRequest): Assessment {
  const plan = planOf(pack, clauseId);
  const { on } = request;
  requireDate(on);
  const trace: TraceStep[] = [];
  const outcome = decideOutcome(plan, request, trace);
  trace.push(resultStep(plan, outcome, request.simulate === true));
  return completed(outcome, { pack: pack.id, clause: clauseId, on, trace, ...(request.simulate === true && { simulated: true }) });
}

/** Adds the rest to an outcome this module has just made: a spread here would cost as much as the whole formula. */
function completed(outcome: Outcome, rest: Omit<Assessment, keyof Outcome>): Assessment {
  return Object.assign(outcome, rest);
}

let lastValidDate = '';

/** Runs of assessments mostly share their date; checking a calendar day costs as much as the formula. */
function requireDate(on: string): void {
  if (on === lastValidDate) return;
  lastValidDate = businessDate(on, 'on');
}

/** The inputs a clause reads, those of its gates and instalments included, in the order a trace shows them. */
export function inputsOf(pack: Pack, clauseId: string): Readonly<Record<string, InputDefinition>> {
  const clause = clauseOf(pack, clauseId);
  if (NOT_ASSESSABLE.has(clause.shape.kind)) return {};
  return Object.fromEntries(planOf(pack, clauseId).inputs.map(({ name, definition }) => [name, definition]));
}

/** The inputs that decide one instalment of a clause, sorted; none where the clause is not staged. */
export function conditionInputs(pack: Pack, clauseId: string, no: number): readonly string[] {
  const { shape } = clauseOf(pack, clauseId);
  const instalment = shape.kind === 'staged' ? shape.instalments[no - 1] : undefined;
  const inputs: string[] = [];
  if (instalment !== undefined) compileCondition(instalment.when, (input) => inputs.push(input));
  return [...new Set(inputs)].sort();
}

function planOf(pack: Pack, clauseId: string): Plan {
  let ofPack = plans.get(pack);
  if (ofPack === undefined) plans.set(pack, (ofPack = new Map<string, Plan>()));
  let plan = ofPack.get(clauseId);
  if (plan === undefined) ofPack.set(clauseId, (plan = makePlan(pack, clauseOf(pack, clauseId))));
  return plan;
}

function makePlan(pack: Pack, clause: Clause): Plan {
  if (NOT_ASSESSABLE.has(clause.shape.kind)) {
    throw invalid('clause-not-assessable', `${pack.id} ${clause.id} is a ${clause.shape.kind}: there is nothing to assess`);
  }
  const slots = new Map<string, number>();
  const slotOf = (input: string) => {
    if (!slots.has(input)) slots.set(input, slots.size);
    return slots.get(input) as number;
  };
  const gates = (clause.gates ?? []).map((id) => planGate(pack, clause, pack.gates.find((gate) => gate.id === id) as Gate, slotOf));
  const payoff = compilePayoff(pack, clause, slotOf);
  const interpretations = pack.interpretations.filter(({ clauses }) => clauses.length === 0 || clauses.includes(clause.id));
  return {
    pack,
    clause,
    inputs: [...slots.keys()].map((name) => planInput(name, pack.inputs[name] as InputDefinition)),
    gates: payoff?.listed ? [...gates, listedGate(clause, payoff.listed)] : gates,
    payoff,
    interpretations: interpretations
      .filter(({ clauses }) => clauses.length > 0)
      .map((interpretation) => interpretationStep(clause, interpretation)),
    openQuestions: interpretations.filter(({ chosen }) => chosen === null),
    forceText: forceText(pack),
  };
}

function planInput(name: string, definition: InputDefinition): PlannedInput {
  const { label, type } = definition;
  switch (type) {
    case 'money':
      return { name, definition, parse: (value) => new Decimal(value as string), say: (value) => `${label}：${bothWays(value as string)}` };
    case 'percent':
      return { name, definition, parse: (value) => new Decimal(value as string), say: (value) => `${label}：${value as string}%` };
    case 'bool': {
      const [yes, no] = [`${label}：是`, `${label}：否`];
      return { name, definition, parse: (value) => value, say: (value) => (value === true ? yes : no) };
    }
    case 'word':
      return { name, definition, parse: (value) => value, say: (value) => `${label}：${definition.words[value as string] as string}` };
    case 'text':
      return { name, definition, parse: (value) => value, say: (value) => `${label}：${value as string}` };
  }
}

function planGate(pack: Pack, clause: Clause, gate: Gate, slotOf: (input: string) => number): PlannedGate {
  const cited = { line: firstLine(gate.citation), quote: gate.citation.quote };
  return {
    id: gate.id,
    title: gate.title,
    soft: gate.soft === true,
    test: compileCondition(gate.when, slotOf),
    steps: gateSteps(clause, gate.id, gate.title, cited),
  };
}

/** The gate every table implies: the category must be one the text lists. */
function listedGate(clause: Clause, listed: NonNullable<Payoff['listed']>): PlannedGate {
  const cited = { line: firstLine(clause.citation), quote: clause.citation.quote };
  const test = { holds: (values: Values) => listed.holds(values), collectUnknown: () => undefined };
  return { id: listed.gateId, title: listed.label, soft: false, test, steps: gateSteps(clause, listed.gateId, listed.label, cited) };
}

function gateSteps(clause: Clause, gate: string, title: string, cited: { line: number; quote: string }): PlannedGate['steps'] {
  const step = (holds: boolean | null, said: string): TraceStep =>
    Object.freeze({ step: 'gate', clause: clause.id, gate, ...cited, holds, text: `条件“${title}”：${said}。` });
  return { true: step(true, '满足'), false: step(false, '不满足'), unknown: step(null, '尚不能判断') };
}

function interpretationStep(clause: Clause, { id, question, options, chosen, simulatedAs, reason }: Interpretation): TraceStep {
  const textOf = (option: string | null | undefined) => options.find((candidate) => candidate.id === option)?.text;
  const reading =
    chosen === null ? `尚未确定${simulatedAs === undefined ? '' : `，测算暂按“${textOf(simulatedAs)}”`}` : `取“${textOf(chosen)}”`;
  return Object.freeze({
    step: 'interpretation',
    clause: clause.id,
    interpretation: id,
    chosen,
    text: `释义：${question}${reading}。理由：${reason}。`,
  });
}

function forceText({ title, status, force }: Pack): string {
  if (status === 'draft') return `《${title}》是草案，尚未施行`;
  const from = force.from === null ? '未载明施行日期' : `自${dayInChinese(force.from)}起施行`;
  const until = force.until === null ? '未载明失效日期' : `至${dayInChinese(force.until)}（不含当日）止`;
  return `《${title}》${from}，${until}`;
}

function isInForce({ status, force }: Pack, { on, policy }: AssessmentRequest): boolean {
  const until = policy?.endedOn;
  return (
    status === 'in-force' &&
    (force.from === null || on >= force.from) &&
    (force.until === null || on < force.until) &&
    (until === undefined || on < until)
  );
}

function forceStep(plan: Plan, request: AssessmentRequest, inForce: boolean): TraceStep {
  const verdict = inForce ? '在有效期内' : request.simulate === true ? '不在有效期内，仅作测算' : '不在有效期内';
  const { on, policy } = request;
  // An end that lies ahead is not mentioned: the trace of an earlier day must not change with it.
  const end = policy?.endedOn !== undefined && on >= policy.endedOn ? `，已于${dayInChinese(policy.endedOn)}终止` : '';
  const text = `${plan.forceText}${end}；业务日期${dayInChinese(on)}，${verdict}。`;
  const head = { clause: plan.clause.id, pack: plan.pack.id, text };
  return policy === undefined ? { step: 'force', ...head } : { step: 'force', ...head, version: policy.version, hash: policy.hash };
}

/** The order of precedence: force, form, gates, open questions, unknown facts, and only then the sum. */
function decideOutcome(plan: Plan, request: AssessmentRequest, trace: TraceStep[]): Outcome {
  const inForce = isInForce(plan.pack, request);
  trace.push(forceStep(plan, request, inForce));
  if (!inForce && request.simulate !== true) return { outcome: 'not-in-force' };
  for (const step of plan.interpretations) trace.push(step);

  const values: (Parsed | undefined)[] = [];
  const errors = readFacts(plan, request, values, trace);
  if (errors !== undefined)
    return { outcome: 'invalid', input: (errors[0] as InputError).input, reason: (errors[0] as InputError).message, errors };

  const unknown = new Set<string>();
  const failed = examineGates(plan, values, unknown, trace);
  if (failed.length > 0) {
    const refusal = { outcome: 'refused' as const, failed: failed.map(({ id }) => id) };
    return failed.every(({ soft }) => soft) ? { ...refusal, waivable: true } : refusal;
  }
  const blocker = plan.payoff === undefined ? (plan.clause.waits ?? '本条未写明金额，须先关联实施细则') : openQuestion(plan, request);
  if (blocker !== undefined || plan.payoff === undefined) return { outcome: 'unresolved', waits: blocker as string };

  plan.payoff.collectUnknown(values, unknown);
  if (unknown.size > 0) return { outcome: 'missing', missing: [...unknown].sort() };
  return plan.payoff.settle(values, trace);
}

function openQuestion({ openQuestions }: Plan, { simulate }: AssessmentRequest): string | undefined {
  return simulate === true ? undefined : openQuestions[0] && `释义待定：${openQuestions[0].question}`;
}

/** Fills `values` by slot and the trace by input; returns the malformed ones, if any. */
function readFacts(
  plan: Plan,
  { facts, sources }: AssessmentRequest,
  values: (Parsed | undefined)[],
  trace: TraceStep[],
): readonly InputError[] | undefined {
  let errors: InputError[] | undefined;
  for (const input of plan.inputs) {
    const value = facts[input.name];
    if (value === undefined || value === null) {
      values.push(undefined);
      continue;
    }
    const message = checkFactValue(input.definition, value);
    if (message !== undefined) {
      (errors ??= []).push({ input: input.name, message });
      values.push(undefined);
      continue;
    }
    values.push(input.parse(value as FactValue));
    trace.push(inputStep(plan.clause.id, input, value as FactValue, sources?.[input.name]));
  }
  return errors;
}

function inputStep(clause: string, input: PlannedInput, value: FactValue, source: FactSource | undefined): TraceStep {
  const said = input.say(value);
  return source
    ? { step: 'input', clause, input: input.name, value, text: `${said}（来源：${sourceText(source)}）。`, source }
    : { step: 'input', clause, input: input.name, value, text: `${said}（未注明来源）。` };
}

function sourceText({ label, unit, period, factId, verified }: FactSource): string {
  if (label) return label;
  let said = unit ?? '未注明单位';
  if (period) said += `，${period}`;
  if (factId) said += `，${factId}`;
  return verified === undefined ? said : `${said}，${verified ? '已核实' : '未核实'}`;
}

/** Adds each gate's step to the trace, returns the gates that are false and gathers what the undecided ones wait for. */
function examineGates({ gates }: Plan, values: Values, unknown: Set<string>, trace: TraceStep[]): readonly PlannedGate[] {
  const failed: PlannedGate[] = [];
  for (const gate of gates) {
    const truth = gate.test.holds(values);
    if (truth === false) failed.push(gate);
    if (truth === undefined) gate.test.collectUnknown(values, unknown);
    trace.push(truth === undefined ? gate.steps.unknown : truth ? gate.steps.true : gate.steps.false);
  }
  return failed;
}

function resultStep(plan: Plan, outcome: Outcome, simulated: boolean): TraceStep {
  const { id, citation } = plan.clause;
  const text = `${simulated ? '测算：' : ''}${resultText(plan, outcome)}`;
  const line = firstLine(citation);
  return outcome.outcome === 'payable'
    ? { step: 'result', clause: id, line, quote: citation.quote, text, amount: outcome.amount }
    : { step: 'result', clause: id, line, quote: citation.quote, text };
}

function resultText({ inputs, gates, clause }: Plan, outcome: Outcome): string {
  const labelOf = (name: string) => inputs.find((input) => input.name === name)?.definition.label ?? name;
  const titleOf = (id: string) => gates.find((gate) => gate.id === id)?.title ?? id;
  switch (outcome.outcome) {
    case 'payable':
      return `“${clause.title}”应付${bothWays(outcome.amount)}。`;
    case 'refused':
      return `不予支持，未满足：${outcome.failed.map(titleOf).join('；')}${outcome.waivable ? '（原则性要求，可说明理由后豁免）' : ''}。`;
    case 'missing':
      return `尚不能判断，缺少：${outcome.missing.map(labelOf).join('、')}。`;
    case 'discretionary':
      return `由经办部门在0元至${bothWays(outcome.ceiling)}之间核定，并说明理由。`;
    case 'unresolved':
      return `暂不能兑付，待：${outcome.waits}。`;
    case 'not-in-force':
      return '政策不在有效期内，不予受理。';
    case 'passed':
      return `“${clause.title}”符合要求。`;
    case 'placed':
      return `“${clause.title}”：入库成立，梯队代码${outcome.tier}。`;
    case 'invalid':
      return `填报有误：${outcome.errors.map(({ input }) => labelOf(input)).join('、')}。`;
  }
}
