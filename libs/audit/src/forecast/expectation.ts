import type { Dossier, ResolvedInputs } from '@app/enterprises';
import { addDays, addYears, type BusinessDate, LAST_DAY } from '@app/kernel';
import { assess, type Clause, conditionInputs, type FactValue, type Pack } from '@app/policies';
import { withdrawnInputs } from '../recomputation/withdrawn.js';

/** One input of an instalment's condition, as the dossier has it on the day asked about. */
export interface AwaitedInput {
  readonly input: string;
  readonly label: string;
  /** Left out: not known. */
  readonly now?: FactValue;
}

/** A certificate on which a condition hinges. */
export interface HingeCertificate {
  readonly number: string;
  readonly expiresOn: string;
  readonly revokedOn?: string;
}

/** When an instalment can fall due. */
export interface Expectation {
  /** The words of the text the condition rests on. */
  readonly condition: string;
  /** First day on which it can be met; left out where by the records of the enterprise it never is. */
  readonly earliest?: BusinessDate;
  /** It will be met on that day unless something is recorded to the contrary; else something is still to be stated. */
  readonly certain: boolean;
  readonly inputs: readonly AwaitedInput[];
  readonly certificates: readonly HingeCertificate[];
}

/** What the dossier says for the inputs of the clause on a day. */
export type InputsOn = (on: BusinessDate) => ResolvedInputs;

/**
 * When the condition of a locked instalment can be met at the earliest, from a day on. What is read from certificates,
 * moves and the registration follows the calendar and is worked out for the days to come; what somebody has to state can
 * be stated on any day. Pure.
 * @param grantedOn the text is judged on this day: a granted award keeps its later instalments.
 */
export function expectationOf(
  pack: Pack,
  clause: Clause,
  no: number,
  {
    grantedOn,
    dossier,
    inputsOn,
    on,
  }: { readonly grantedOn: string; readonly dossier: Dossier; readonly inputsOn: InputsOn; readonly on: BusinessDate },
): Expectation {
  const names = conditionInputs(pack, clause.id, no);
  const statusWith = (facts: Readonly<Record<string, FactValue>>, withdrawn: readonly string[]) => {
    const assessment = assess(pack, clause.id, { on: grantedOn, facts });
    // What is gone, such as the enterprise itself, nobody can state.
    if (assessment.outcome === 'missing') return assessment.missing.some((input) => withdrawn.includes(input)) ? 'unmet' : 'pending';
    return assessment.outcome === 'payable' ? (assessment.instalments?.[no - 1]?.status ?? 'met') : 'unmet';
  };
  // What a person stated, or has yet to state, may be stated otherwise: it is left open.
  const recordsOf = ({ facts, used }: ResolvedInputs) => {
    const stated = new Set(used.flatMap(({ input, source }) => (source.factId !== undefined && names.includes(input) ? [input] : [])));
    return Object.fromEntries(Object.entries(facts).filter(([name]) => !stated.has(name)));
  };
  const days = [on, ...turningDays(dossier).filter((day) => day > on)].sort();
  const statusOn = (day: BusinessDate, read: (resolved: ResolvedInputs) => Readonly<Record<string, FactValue>>) => {
    const resolved = inputsOn(day);
    return statusWith(read(resolved), withdrawnInputs(resolved));
  };
  const earliest = days.find((day) => statusOn(day, recordsOf) !== 'unmet');
  const today = inputsOn(on);
  return {
    condition: (clause.shape.kind === 'staged' ? clause.shape.instalments[no - 1]?.citation : undefined)?.quote ?? clause.citation.quote,
    ...(earliest !== undefined && { earliest }),
    certain: earliest !== undefined && statusOn(earliest, ({ facts }) => facts) === 'met',
    inputs: names.map((input) => ({
      input,
      label: pack.inputs[input]?.label ?? input,
      ...(today.facts[input] !== undefined && { now: today.facts[input] }),
    })),
    certificates: hingesOf(names, dossier, today),
  };
}

/** Days on which what the records say of an enterprise changes by itself. */
function turningDays({ certificates, registration }: Dossier): readonly BusinessDate[] {
  const { registeredOn } = registration;
  return [
    ...certificates.flatMap(({ expiresOn }) => (expiresOn === LAST_DAY ? [] : [addDays(expiresOn as BusinessDate, 1)])),
    ...(registeredOn === undefined ? [] : [1, 3].map((years) => addYears(registeredOn as BusinessDate, years))),
  ];
}

function hingesOf(names: readonly string[], { certificates }: Dossier, { used }: ResolvedInputs): readonly HingeCertificate[] {
  const numbers = new Set(
    used.flatMap(({ input, certificate }) => (names.includes(input) && certificate !== undefined ? [certificate] : [])),
  );
  return certificates
    .filter(({ number }) => numbers.has(number))
    .map(({ number, expiresOn, revoked }) => ({ number, expiresOn, ...(revoked && { revokedOn: revoked.on }) }));
}
