import { type Kysely, type RawBuilder, type RawNode, sql } from 'kysely';
import { currentVantage } from '@app/event-store';
import { Problem } from '@app/kernel';
import { nodesAt } from './forks.js';
import { HistoryPlugin } from './history.plugin.js';
import type { Projection, Rows } from './projection.js';
import { formerTable, NODE, presentTable, quoted, type Row, shapeOf, SINCE, type Table, UNTIL } from './table.js';
import type { UnitOfWork } from './unit-of-work.js';

/** Where a subscriber of the ledger stands. A projection has one for each generation of its tables; process managers have one. */
export interface Checkpoint {
  readonly name: string;
  readonly generation: number;
  readonly version: number;
  readonly position: number;
}

/** One generation of a projection's tables. */
export type Generation = Pick<Checkpoint, 'name' | 'generation'>;

/** What tables are for: to be seen by queries, to take their place once they are built, or to be compared with them. */
export type Purpose = 'live' | 'building' | 'checking';

/** What is there of a projection: the tables queries see, and those being built to take their place. */
export interface Generations {
  readonly live: Checkpoint | undefined;
  readonly building: Checkpoint | undefined;
}

/** What some events make of the rows of one generation. */
export interface Batch {
  /** Where the generation stands before. */
  readonly from: Checkpoint;
  /** The position of the last event. */
  readonly to: number;
  /** Puts the rows. It may be called several times, each time for the whole, until everything it reads has been fetched. */
  readonly apply: (work: UnitOfWork) => void;
}

/** What has become of a batch. */
export type Outcome =
  | { readonly kind: 'committed'; readonly checkpoint: Checkpoint }
  /** The generation stands somewhere else by now. */
  | { readonly kind: 'moved' }
  /** Another process follows the ledger in this one's place. */
  | { readonly kind: 'deposed' }
  /** The batch itself is at fault: it could not be applied, or its rows do not fit their tables. */
  | { readonly kind: 'failed'; readonly error: unknown };

/** The tables as they stood at one moment, whatever is written meanwhile. To be closed. */
export interface Snapshot {
  /** Rows one after the other; names come from code, never from input. */
  rows(sql: string): AsyncIterator<Row, undefined>;
  close(): Promise<void>;
}

/** Who hears which subscribers this process is to run. */
export interface Candidate {
  /** @throws Error when it cannot begin with them just now: they are given back. */
  gained(names: readonly string[]): Promise<void>;
  /** `areGiven`: so that others have their part, and not because they have taken them. */
  lost(names: readonly string[], areGiven?: boolean): void;
}

/** A process's part in running subscribers, of which each is run by one process at a time. */
export interface Candidacy {
  /** Whether this process still runs a subscriber, as far as anybody can tell without asking. */
  holds(name: string): boolean;
  /** Gives up what it holds, so that others need not wait. */
  end(): Promise<void>;
}

/** Where a process manager stands, or what queries see. */
export interface LiveCheckpoint extends Checkpoint {
  /** The event that cannot be applied, and why; null while they go on. See `noteStop`. */
  readonly failure: string | null;
}

/** Tables that are there, or where a process manager stands, which are `live`. */
export interface Standing extends Pick<LiveCheckpoint, 'name' | 'position' | 'failure'> {
  readonly purpose: Purpose;
}

/** What queries see of a projection. */
export interface LiveTables extends Pick<LiveCheckpoint, 'generation' | 'position' | 'failure'> {
  /** See `shapesOf`. */
  readonly shape: string;
}

interface KnownTable {
  readonly table: Table;
  readonly projection: string;
  readonly shape: string;
}

/**
 * The read models: rows derived from the events and rebuildable from them. Every row is kept with the positions between
 * which it held, so that any query can be answered as of any position. The tables of a projection have generations: a new
 * one is built beside the live one, and a view lets queries see the live one under the declared name.
 *
 * Rows and the checkpoint they belong to are committed together, so an event counts exactly once.
 */
export abstract class ReadModels {
  /** Typed queries; features name the tables they read. */
  abstract readonly queries: Kysely<never>;
  /** How many events are best written together by whoever is far behind. */
  abstract readonly eventsAtOnce: number;
  /** How many projections are best built side by side. */
  abstract readonly buildersAtOnce: number;
  /** Whether several processes may work on them. */
  abstract readonly isShared: boolean;
  /** The time in milliseconds, for queries: by the one clock that all processes share which work on them. */
  abstract readonly nowMs: RawBuilder<number>;
  private readonly known = new Map<string, KnownTable>();
  private readonly knownNames = new Set<string>();
  private readonly shapes = new Map<string, ReadonlySet<string>>();
  protected readonly history = new HistoryPlugin(this.knownNames, (table) => this.substitute(table));

  /** A query builder that knows the given tables: `from<{ award: AwardRow }>()`. From a vantage it reads them as they stood there. */
  from<Tables>(): Kysely<Tables> {
    return this.queries as unknown as Kysely<Tables>;
  }

  /** Makes the tables of a projection known to queries. @throws Error when another projection has one of the same name. */
  register({ name, tables }: Projection): void {
    for (const table of tables as unknown as readonly Table[]) {
      const other = this.known.get(table.name);
      if (other !== undefined && other.projection !== name)
        throw new Error(`${name} and ${other.projection} both have a table ${table.name}`);
      this.known.set(table.name, { table, projection: name, shape: shapeOf(table) });
      this.knownNames.add(table.name);
    }
  }

  /**
   * Makes a projection known and tells what is there of it. Where its live tables are of another version or shape, new ones
   * are begun beside them; until those take over, queries see the old ones where their shape is the same.
   */
  async prepare(projection: Projection): Promise<Generations> {
    this.register(projection);
    return this.prepared(projection);
  }

  protected abstract prepared(projection: Projection): Promise<Generations>;

  /** Begins tables of several projections beside the live ones; either all or none. For `building`, what was being built before is given up. */
  abstract begin(projections: readonly Projection[], purpose: Exclude<Purpose, 'live'>): Promise<readonly Checkpoint[]>;

  /**
   * Lets queries see a generation that has been completed; what they saw before stays until it is dropped. False, and nothing is
   * changed, where its tables do not stand at that checkpoint: a database may have lost what it was given last.
   */
  abstract promote(projection: Projection, checkpoint: Checkpoint): Promise<boolean>;

  /** Removes the tables of generations that nobody sees or builds any more, one table a turn. */
  abstract dropFormerGenerations(projection: Projection): Promise<void>;

  /** Makes tables that are nearly built ready to be seen: what takes long and need not hold up others. */
  abstract complete(projection: Projection, generation: Generation): Promise<void>;

  /** Gives up tables that were being built. */
  abstract abandon(generation: Generation): Promise<void>;

  abstract generations(name: string): Promise<Generations>;

  /** Where every process manager stands, and the live tables of every projection, by name. */
  abstract liveCheckpoints(): Promise<ReadonlyMap<string, LiveCheckpoint>>;

  /** Everything that stands somewhere, as every process sees it. */
  standings(): Promise<readonly Standing[]> {
    return this.from<{ checkpoint: { name: string; generation: number; purpose: Purpose; position: number; failure: string | null } }>()
      .selectFrom('checkpoint')
      .select(['name', 'purpose', 'position', 'failure'])
      .where('purpose', 'in', ['live', 'building', 'checking'])
      .orderBy('name')
      .orderBy('generation')
      .execute();
  }

  /** The process that runs each subscriber, by a name that people can make something of; none where only one can. */
  abstract holders(): Promise<ReadonlyMap<string, string>>;

  /** Where one generation stands; undefined when it is gone, or on its way out. */
  abstract present(generation: Generation): Promise<Checkpoint | undefined>;

  /** Notes where a process manager stands. */
  abstract saveCheckpoint(checkpoint: Omit<Checkpoint, 'generation'>): Promise<void>;

  /**
   * Writes batches of several projections in one transaction, each of them whole or not at all, with its checkpoint;
   * outcomes come in the order of the batches.
   * @throws Error when the tables cannot be read or written just now; then nothing is written, and it may be tried again.
   */
  abstract commit(batches: readonly Batch[]): Promise<readonly Outcome[]>;

  /**
   * Notes why tables cannot go beyond a checkpoint, for every process that asks them: the ledger goes on without them, and
   * what they hold is the past. The next batch that is written to them ends it.
   */
  abstract noteStop(at: Checkpoint, failure: string): Promise<void>;

  abstract snapshot(): Promise<Snapshot>;

  /**
   * Offers to run subscribers, those that are much work first. Each is gained when nobody runs it, and lost when somebody else has
   * taken it over or has its part of them to be given.
   */
  abstract stand(names: readonly string[], candidate: Candidate): Promise<Candidacy>;

  /** The checkpoint that is furthest on of all there are. */
  abstract furthest(): Promise<Checkpoint | undefined>;

  /**
   * Makes sure that these are the read models of a ledger, which is known by the id of its first event. The first ledger to
   * ask is noted; one without events may use what nobody has noted.
   * @throws Problem `read-models-of-another-ledger`.
   */
  async belongTo(first: string | undefined): Promise<void> {
    const noted = await this.notedLedger(first);
    if (noted === first) return;
    const own = first === undefined ? 'this one is empty' : `this one with ${first}`;
    const detail = `the read models are of a ledger that begins with event ${noted}, ${own}: each ledger needs its own`;
    throw new Problem('unavailable', 'read-models-of-another-ledger', detail);
  }

  /** The ledger that is noted, once `first` is where none was. */
  protected abstract notedLedger(first: string | undefined): Promise<string | undefined>;

  abstract close(): Promise<void>;

  /** Where a process manager stands, or the live tables of a projection. */
  async checkpoint(name: string): Promise<Checkpoint | undefined> {
    return (await this.generations(name)).live;
  }

  /** Prepares a projection whose tables queries see at once, however far they are: for tools that feed them by hand. */
  async openLive(projection: Projection): Promise<Checkpoint> {
    const { live, building } = await this.prepare(projection);
    if (live !== undefined) return live;
    const [begun] = building === undefined ? await this.begin([projection], 'building') : [building];
    if (begun === undefined) throw new Error(`no tables were begun for ${projection.name}`);
    await this.complete(projection, begun);
    if (!(await this.promote(projection, begun))) throw new Error(`the tables of ${projection.name} stand somewhere else`);
    return begun;
  }

  /** Writes rows into the live tables by hand, as of a position. @throws whatever is wrong with them. */
  async fill(projection: Projection, to: number, put: (rows: Rows) => void): Promise<void> {
    const [outcome] = await this.commit([{ from: await this.openLive(projection), to, apply: (work) => work.during(to, () => put(work)) }]);
    if (outcome?.kind === 'failed') throw outcome.error;
    if (outcome?.kind !== 'committed') throw new Error(`the tables of ${projection.name} stand somewhere else`);
  }

  /** The live tables of a projection as far as this process knows. */
  protected abstract live(projection: string): LiveTables | undefined;

  protected projectionOf(table: string): string {
    return this.known.get(table)?.projection ?? '';
  }

  /**
   * What stands in place of a table for whoever asks; undefined for the table's own view. Every query comes by here, so a
   * read model that has stopped answers nobody of the present, neither lists nor decisions: its rows may lack what has been
   * paid since. Points it has passed are answered as ever: what was known there it knows.
   * @throws Problem `read-model-behind`, `read-model-rebuilding`.
   */
  private substitute(name: string): RawNode | undefined {
    const { table, projection, shape } = this.known.get(name) as KnownTable;
    if (table.isPrivate === true) throw new Error(`${name} is for its own projection alone`);
    const live = this.live(projection);
    if (live === undefined || !this.isOneOf(shape, live.shape)) throw rebuilding(projection);
    const vantage = currentVantage();
    if (live.failure !== null && (vantage === undefined || live.position < vantage.position)) throw stopped(projection, live.position);
    if (vantage === undefined) return undefined;
    // Being built anew it would answer from an earlier point than it is asked about.
    if (live.position < vantage.position)
      throw new Problem(
        'unavailable',
        'read-model-behind',
        `the read model ${projection} has not reached position ${vantage.position}; retry later`,
      );
    const few = vantage.position < this.fewBefore(table, live) ? FEW : undefined;
    return asOf(table, live.generation, vantage.position, live.position, few);
  }

  /** A position before which no more than `FEW` rows of a table have stood as they are now, however much is written later; 0 for none. */
  protected fewBefore(_table: Table, _live: LiveTables): number {
    return 0;
  }

  private isOneOf(shape: string, stored: string): boolean {
    const shapes = this.shapes.get(stored) ?? new Set(JSON.parse(stored) as readonly string[]);
    this.shapes.set(stored, shapes);
    return shapes.has(shape);
  }
}

export function rebuilding(projection: string): Problem {
  return new Problem('unavailable', 'read-model-rebuilding', `the read model ${projection} is being built; retry later`);
}

/** Why it stopped may name people, and is told to those who look after it: at `/v1/subscribers`. */
function stopped(projection: string, position: number): Problem {
  const detail = `the read model ${projection} has stopped behind position ${position} and does not know what came after it; what it knew is answered with asOf=${position}, and health tells when it goes on`;
  return new Problem('unavailable', 'read-model-behind', detail);
}

/** So few rows are best fetched before they are looked through, where an index in the order asked for would pass over all others. */
export const FEW = 500;

/** The rows of a table as they stood at a position. `built`: how far the table has been built. `few`: the most that still stand. */
function asOf(table: Table, generation: number, position: number, built: number, few: number | undefined): RawNode {
  const columns = quoted(Object.keys(table.columns));
  const select = (from: string) => sql.raw(`SELECT ${columns} FROM "${from}" WHERE`);
  const present = select(presentTable(table, generation));
  if (table.writtenOnceAt !== undefined) return sql`${present} ${sql.ref(table.writtenOnceAt)} <= ${position}`.toOperationNode();
  const [since, until, node] = [sql.ref(SINCE), sql.ref(UNTIL), sql.ref(NODE)];
  // Until the query runs, more may be built; what ends meanwhile is filed under numbers a little beyond.
  const nodes = sql.join(nodesAt(position, 2 * built + 1_000_000));
  const still = sql`${present} ${since} <= ${position}`;
  // The limit cuts nothing off: it has the rows fetched by themselves.
  const standing = few === undefined ? still : sql`SELECT ${sql.raw(columns)} FROM (${still} LIMIT ${few})`;
  return sql`${standing} UNION ALL ${select(formerTable(table, generation))} ${node} IN (${nodes}) AND ${since} <= ${position} AND ${until} > ${position}`.toOperationNode();
}

/** Everything about tables that their rows depend on, as one text. */
export function shapesOf({ tables }: Projection): string {
  return JSON.stringify((tables as unknown as readonly Table[]).map(shapeOf));
}

/** The names of every table of a generation, also of one whose projection declares other tables by now. */
export function tablesOfShape(shape: string, generation: number): readonly string[] {
  const names = (JSON.parse(shape) as readonly string[]).map((one) => (JSON.parse(one) as readonly [string])[0]);
  return names.flatMap((name) => [presentTable({ name }, generation), formerTable({ name }, generation)]);
}
