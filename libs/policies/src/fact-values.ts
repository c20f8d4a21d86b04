import { Money, type Problem, refused } from '@app/kernel';
import { type InputDefinition, type Pack } from './pack.js';

/** The parts of a definition that say what a value may be. */
export type ValueRule = Pick<InputDefinition, 'type'> & { readonly words?: Readonly<Record<string, string>> };

/** A fact the packs speak of, gathered over all of them. */
export interface FactDefinition {
  readonly name: string;
  readonly type: InputDefinition['type'];
  readonly label: string;
  readonly words?: Readonly<Record<string, string>>;
  /** It is about a project, transaction or certificate and must name it. */
  readonly about?: 'occasion';
  readonly packs: readonly string[];
}

/** The fact that says where a payee's money goes. The ledger defines it itself; a pack may not. */
export const ACCOUNT_FACT = 'payment.account';
const RESERVED_FACTS: readonly string[] = [ACCOUNT_FACT];

const PERCENT_FACT = /^(0|[1-9]\d{0,5})(\.\d{1,6})?$/;
const LONGEST_TEXT = 500;

/** Why a value is not a well-formed fact of this kind; undefined when it is. The one place that knows. */
export function checkFactValue(rule: ValueRule, value: unknown): string | undefined {
  switch (rule.type) {
    case 'money':
      return Money.isText(value)
        ? undefined
        : 'must be yuan as a decimal string, not negative, at most 13 whole digits and two decimals, such as "400000.00"';
    case 'percent':
      return typeof value === 'string' && PERCENT_FACT.test(value)
        ? undefined
        : 'must be a percentage as a decimal string, not negative, such as "3.00" for 3%';
    case 'bool':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'word': {
      const words = rule.words ?? {};
      return typeof value === 'string' && Object.hasOwn(words, value) ? undefined : `must be one of ${Object.keys(words).join(', ')}`;
    }
    case 'text':
      return typeof value === 'string' && value.trim() !== '' && value.length <= LONGEST_TEXT
        ? undefined
        : `must be a text of 1 to ${LONGEST_TEXT} characters`;
  }
}

/**
 * The vocabulary of facts, by input name. Packs that share a name share its meaning; words are gathered from all.
 * @throws Problem `fact-type-conflict` when two packs give one name two types, or only one of them means a fact about the occasion.
 */
export function factDefinitions(packs: Iterable<Pack>): ReadonlyMap<string, FactDefinition> {
  const vocabulary = new Map<string, FactDefinition>();
  for (const pack of packs) {
    for (const [name, input] of Object.entries(pack.inputs)) {
      const known = vocabulary.get(name);
      if (known && known.type !== input.type) {
        throw conflict(name, known, `is ${known.type} in ${known.packs.join(', ')} but ${input.type} in ${pack.id}`);
      }
      if (known && known.about !== input.about) {
        throw conflict(
          name,
          known,
          `is about ${known.about ?? 'the enterprise'} in ${known.packs.join(', ')} but about ${input.about ?? 'the enterprise'} in ${pack.id}`,
        );
      }
      vocabulary.set(name, {
        name,
        type: input.type,
        label: known?.label ?? input.label,
        ...(input.type === 'word' ? { words: { ...input.words, ...known?.words } } : {}),
        ...(input.about && { about: input.about }),
        packs: [...(known?.packs ?? []), pack.id],
      });
    }
  }
  return vocabulary;
}

/**
 * Whether a pack's inputs fit into the vocabulary of the other published packs, which every dossier shares.
 * @throws Problem `fact-name-reserved`, `fact-type-conflict`.
 */
export function requireFittingFacts(pack: Pack, others: Iterable<Pack>): void {
  const reserved = RESERVED_FACTS.find((name) => Object.hasOwn(pack.inputs, name));
  if (reserved !== undefined)
    throw refused('fact-name-reserved', `${reserved} belongs to the ledger itself; ${pack.id} may not declare it`, { input: reserved });
  factDefinitions([...others, pack]);
}

function conflict(input: string, { packs }: FactDefinition, difference: string): Problem {
  return refused('fact-type-conflict', `${input} ${difference}`, { input, packs });
}
