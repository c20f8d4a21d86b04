import { Decimal } from '@app/kernel';
import { type Test, type Truth, compileCondition } from './conditions.js';
import { checkFactValue } from './fact-values.js';
import { type Citation, type Gate, type InputDefinition, type Pack, clauseOf } from './pack.js';

/** One condition of a clause or tier, held against what is known of an enterprise. */
export interface GateDiagnosis {
  readonly gate: string;
  readonly title: string;
  readonly citation: Citation;
  /** `null` while it cannot be told. */
  readonly holds: boolean | null;
  /** The inputs that are not known and could still decide it, with their labels. */
  readonly unknown: readonly { readonly input: string; readonly label: string }[];
}

interface PlannedGate {
  readonly gate: Gate;
  readonly inputs: readonly string[];
  readonly test: Test;
}

const plans = new WeakMap<Pack, Map<string, PlannedGate>>();

/**
 * 预诊断: every one of these gates with its verdict, so that an enterprise sees all it lacks at once; an assessment stops
 * at the first reason. A value of the wrong form counts as unknown. Pure.
 */
export function diagnose(pack: Pack, gates: readonly string[], facts: Readonly<Record<string, unknown>>): readonly GateDiagnosis[] {
  return gates.map((id) => {
    const { gate, inputs, test } = planOf(pack, id);
    const values = inputs.map((input) => parsed(pack.inputs[input] as InputDefinition, facts[input]));
    const truth: Truth = test.holds(values);
    const unknown = new Set<string>();
    if (truth === undefined) test.collectUnknown(values, unknown);
    return {
      gate: id,
      title: gate.title,
      citation: gate.citation,
      holds: truth ?? null,
      unknown: [...unknown].sort().map((input) => ({ input, label: pack.inputs[input]?.label ?? input })),
    };
  });
}

/** The inputs these gates read, as a dossier resolves them. */
export function inputsOfGates(pack: Pack, gates: readonly string[]): Readonly<Record<string, InputDefinition>> {
  const names = new Set(gates.flatMap((id) => planOf(pack, id).inputs));
  return Object.fromEntries([...names].map((name) => [name, pack.inputs[name] as InputDefinition]));
}

/** The gates of a clause that diagnoses. @throws Problem `clause-not-found`. */
export function gatesOf(pack: Pack, clauseId: string): readonly string[] {
  return clauseOf(pack, clauseId).gates ?? [];
}

function planOf(pack: Pack, id: string): PlannedGate {
  let ofPack = plans.get(pack);
  if (ofPack === undefined) plans.set(pack, (ofPack = new Map<string, PlannedGate>()));
  let plan = ofPack.get(id);
  if (plan === undefined) {
    const gate = pack.gates.find((each) => each.id === id);
    if (gate === undefined) throw new Error(`${pack.id} has no gate ${id}`);
    const inputs: string[] = [];
    const slotOf = (input: string) => {
      if (!inputs.includes(input)) inputs.push(input);
      return inputs.indexOf(input);
    };
    ofPack.set(id, (plan = { gate, inputs, test: compileCondition(gate.when, slotOf) }));
  }
  return plan;
}

function parsed(definition: InputDefinition, value: unknown) {
  if (value === undefined || value === null || checkFactValue(definition, value) !== undefined) return undefined;
  return definition.type === 'money' || definition.type === 'percent' ? new Decimal(value as string) : (value as string | boolean);
}
