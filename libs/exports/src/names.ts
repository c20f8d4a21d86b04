import { ACCOUNT_FACT, factDefinitions, laddersOf, type Pack } from '@app/policies';

/** What a fact is called, and its words where its value is one of a few. */
interface FactName {
  readonly label: string;
  readonly words?: Readonly<Record<string, string>>;
}

/** What policies call the things that records name by code. Undefined for a code no policy gives a name. */
export interface Names {
  fact(name: string): FactName | undefined;
  /** Ladders may give one code to tiers of different names: without its ladder, only a tier all of them call the same has one. */
  tier(tier: string, ladder: string | undefined): string | undefined;
  /** 门槛: by its id, where all policies call it the same. */
  gate(gate: string): string | undefined;
  /** 称号 */
  title(title: string): string | undefined;
  /** 部门核查 */
  clearance(clearance: string): string | undefined;
}

const ACCOUNT: FactName = { label: '收款账户' };

/** The names in a set of policies, which are read when the first is asked for. */
export function namesOf(policies: () => readonly Pack[]): Names {
  let read: Names | undefined;
  const names = () => (read ??= namesIn(policies()));
  return {
    fact: (name) => names().fact(name),
    tier: (tier, ladder) => names().tier(tier, ladder),
    gate: (gate) => names().gate(gate),
    title: (title) => names().title(title),
    clearance: (clearance) => names().clearance(clearance),
  };
}

function namesIn(packs: readonly Pack[]): Names {
  const facts = factDefinitions(packs);
  const only = (titles: readonly string[]) => (new Set(titles).size === 1 ? titles[0] : undefined);
  const gates = packs.flatMap((pack) => pack.gates);
  const tiers = packs.flatMap(laddersOf).flatMap(({ ladder, tiers: own }) => own.map(({ id, title }) => ({ ladder, id, title })));
  const titles = new Map<string, string>();
  const clearances = new Map<string, string>();
  for (const { title, shape } of packs.flatMap(({ clauses }) => clauses)) {
    if (shape.kind === 'title' && !titles.has(shape.title)) titles.set(shape.title, shape.name);
    if (shape.kind === 'clearance' && !clearances.has(shape.clearance)) clearances.set(shape.clearance, title);
  }
  return {
    fact: (name) => (name === ACCOUNT_FACT ? ACCOUNT : facts.get(name)),
    tier: (tier, ladder) =>
      only(tiers.filter((one) => one.id === tier && (ladder === undefined || one.ladder === ladder)).map(({ title }) => title)),
    gate: (gate) => only(gates.filter(({ id }) => id === gate).map(({ title }) => title)),
    title: (title) => titles.get(title),
    clearance: (clearance) => clearances.get(clearance),
  };
}
