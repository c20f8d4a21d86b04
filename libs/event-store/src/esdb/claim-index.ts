import Database from 'better-sqlite3';
import { onFile } from '../file-refused.js';

/** Event ids that one append has claimed for its stream and its command's content. */
export interface Claim {
  readonly stream: string;
  readonly commandHash: string;
  readonly ids: readonly string[];
}

/** One event of the claims stream. */
export interface ClaimBatch extends ClaimContent {
  readonly revision: number;
  /** Where it stands in the store. */
  readonly place: number;
  readonly eventId: string;
}

/** What one event of the claims stream says. */
export interface ClaimContent {
  readonly claims: readonly Claim[];
  /**
   * The ledger's position that lies before it: what stands before it in the store has none beyond, what stands after it has
   * a later one. Its own place where nothing else is said.
   */
  readonly floor?: number;
  /** A ledger begins to move in from another store, or has done so: from there on positions are shifted. */
  readonly move?: Move;
}

export type Move = { readonly state: 'begun' } | { readonly state: 'ended'; readonly shift: number };

/** Who has claimed an id, and after which place in the store its event can stand. */
export interface Claimed {
  readonly stream: string;
  readonly commandHash: string;
  readonly place: number;
}

/** Of an index in another format nothing is kept: it is derived. */
const FORMAT = 2;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS batch (
  revision INTEGER PRIMARY KEY,
  place    INTEGER NOT NULL UNIQUE,
  floor    INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  move     TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS batch_floor ON batch (floor, place);
CREATE INDEX IF NOT EXISTS batch_move ON batch (revision) WHERE move IS NOT NULL;
CREATE TABLE IF NOT EXISTS claim (
  no           INTEGER PRIMARY KEY,
  stream       TEXT NOT NULL,
  command_hash TEXT NOT NULL,
  place        INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS claimed (
  id    TEXT PRIMARY KEY,
  claim INTEGER NOT NULL
) STRICT, WITHOUT ROWID;`;

/** A copy of the claims stream that can be searched by id. Derived: deleted, it is read anew from the store. */
export class ClaimIndex {
  private readonly database: Database.Database;
  private readonly statements: ReturnType<typeof prepare>;

  /** `:memory:` for one that is read anew at every start. @throws Problem `file-refused` */
  constructor(private readonly file: string) {
    this.database = onFile(file, () => opened(file));
    this.statements = prepare(this.database);
  }

  /**
   * What was last said of a ledger moving in; undefined when none ever did. Looked up each time: of several processes that
   * share the file, another may have taken it in.
   */
  get move(): Move | undefined {
    const text = this.statements.lastMove.get();
    return text === undefined ? undefined : (JSON.parse(text) as Move);
  }

  /** How far the ledger's positions lie beyond the store's now. */
  get shift(): number {
    const { move } = this;
    return move?.state === 'ended' ? move.shift : 0;
  }

  /** The last batch that is in the index. */
  last(): Pick<ClaimBatch, 'revision' | 'eventId'> | undefined {
    return this.statements.last.get();
  }

  has(eventId: string, revision: number): boolean {
    return this.statements.eventAt.get(revision) === eventId;
  }

  /** Where the batch with a revision stands in the store. */
  placeAt(revision: number): number | undefined {
    return this.statements.placeAt.get(revision);
  }

  find(id: string): Claimed | undefined {
    return this.statements.find.get(id);
  }

  /** Adds batches whole or not at all; one that is there already changes nothing. @throws Problem `file-refused` */
  add(batches: readonly ClaimBatch[]): void {
    const { batch, claim, claimed } = this.statements;
    const adding = this.database.transaction(() => {
      for (const { revision, place, eventId, claims, floor, move } of batches) {
        const text = move === undefined ? null : JSON.stringify(move);
        if (batch.run(revision, place, floor ?? place + this.shift, eventId, text).changes === 0) continue;
        for (const { stream, commandHash, ids } of claims) {
          const { lastInsertRowid } = claim.run(stream, commandHash, place);
          for (const id of ids) claimed.run(id, lastInsertRowid);
        }
      }
    });
    onFile(this.file, adding);
  }

  /** Where the last claim at or before a position of the ledger stands: a place from which everything later can be read. */
  placeBefore(position: number): number | undefined {
    return this.statements.placeBefore.get(position);
  }

  /** Where the first claim at or after a position of the ledger stands: a place before which everything earlier stands. */
  placeAfter(position: number): number | undefined {
    return this.statements.placeAfter.get(position);
  }

  /** Forgets everything: it belonged to another ledger, or to another state of this one. */
  clear(): void {
    this.database.exec('DELETE FROM claimed; DELETE FROM claim; DELETE FROM batch;');
  }

  close(): void {
    this.database.close();
  }
}

function opened(file: string): Database.Database {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL');
  if (database.pragma('user_version', { simple: true }) !== FORMAT) {
    database.exec('DROP TABLE IF EXISTS claimed; DROP TABLE IF EXISTS claim; DROP TABLE IF EXISTS batch;');
    database.pragma(`user_version = ${FORMAT}`);
  }
  database.exec(SCHEMA);
  return database;
}

function prepare(database: Database.Database) {
  return {
    last: database.prepare<[], { revision: number; eventId: string }>(
      'SELECT revision, event_id AS eventId FROM batch ORDER BY revision DESC LIMIT 1',
    ),
    eventAt: database.prepare<[number], string>('SELECT event_id FROM batch WHERE revision = ?').pluck(),
    placeAt: database.prepare<[number], number>('SELECT place FROM batch WHERE revision = ?').pluck(),
    lastMove: database.prepare<[], string>('SELECT move FROM batch WHERE move IS NOT NULL ORDER BY revision DESC LIMIT 1').pluck(),
    find: database.prepare<[string], Claimed>(
      'SELECT stream, command_hash AS commandHash, place FROM claimed JOIN claim ON claim.no = claimed.claim WHERE id = ?',
    ),
    batch: database.prepare('INSERT OR IGNORE INTO batch (revision, place, floor, event_id, move) VALUES (?, ?, ?, ?, ?)'),
    claim: database.prepare('INSERT INTO claim (stream, command_hash, place) VALUES (?, ?, ?)'),
    claimed: database.prepare('INSERT OR IGNORE INTO claimed (id, claim) VALUES (?, ?)'),
    placeBefore: database
      .prepare<[number], number>('SELECT place FROM batch WHERE floor <= ? ORDER BY floor DESC, place DESC LIMIT 1')
      .pluck(),
    placeAfter: database.prepare<[number], number>('SELECT place FROM batch WHERE floor >= ? ORDER BY floor, place LIMIT 1').pluck(),
  };
}
