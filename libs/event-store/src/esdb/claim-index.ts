import Database from 'better-sqlite3';

/** Event ids that one append has claimed for its stream and its command's content. */
export interface Claim {
  readonly stream: string;
  readonly commandHash: string;
  readonly ids: readonly string[];
}

/** One event of the claims stream. */
export interface ClaimBatch {
  readonly revision: number;
  readonly position: number;
  readonly eventId: string;
  readonly claims: readonly Claim[];
}

/** Who has claimed an id, and after which position its event can stand. */
export interface Claimed {
  readonly stream: string;
  readonly commandHash: string;
  readonly position: number;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS batch (
  revision INTEGER PRIMARY KEY,
  position INTEGER NOT NULL UNIQUE,
  event_id TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS claim (
  no           INTEGER PRIMARY KEY,
  stream       TEXT NOT NULL,
  command_hash TEXT NOT NULL,
  position     INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS claimed (
  id    TEXT PRIMARY KEY,
  claim INTEGER NOT NULL
) STRICT, WITHOUT ROWID;`;

/** A copy of the claims stream that can be searched by id. Derived: deleted, it is read anew from the store. */
export class ClaimIndex {
  private readonly database: Database.Database;
  private readonly statements: ReturnType<typeof prepare>;

  /** `:memory:` for one that is read anew at every start. */
  constructor(file: string) {
    this.database = new Database(file);
    this.database.pragma('journal_mode = WAL');
    this.database.pragma('synchronous = NORMAL');
    this.database.exec(SCHEMA);
    this.statements = prepare(this.database);
  }

  /** The last batch that is in the index. */
  last(): Pick<ClaimBatch, 'revision' | 'eventId'> | undefined {
    return this.statements.last.get();
  }

  has(eventId: string, revision: number): boolean {
    return this.statements.eventAt.get(revision) === eventId;
  }

  /** The position of the batch with a revision. */
  positionAt(revision: number): number | undefined {
    return this.statements.positionAt.get(revision);
  }

  find(id: string): Claimed | undefined {
    return this.statements.find.get(id);
  }

  /** Adds batches whole or not at all; one that is there already changes nothing. */
  add(batches: readonly ClaimBatch[]): void {
    const { batch, claim, claimed } = this.statements;
    this.database.transaction(() => {
      for (const { revision, position, eventId, claims } of batches) {
        if (batch.run(revision, position, eventId).changes === 0) continue;
        for (const { stream, commandHash, ids } of claims) {
          const { lastInsertRowid } = claim.run(stream, commandHash, position);
          for (const id of ids) claimed.run(id, lastInsertRowid);
        }
      }
    })();
  }

  /** The position of the last claim at or before a position: a place of the store from which everything later can be read. */
  placeBefore(position: number): number | undefined {
    return this.statements.placeBefore.get(position) ?? undefined;
  }

  /** The position of the first claim at or after a position. */
  placeAfter(position: number): number | undefined {
    return this.statements.placeAfter.get(position) ?? undefined;
  }

  /** Forgets everything: it belonged to another ledger, or to another state of this one. */
  clear(): void {
    this.database.exec('DELETE FROM claimed; DELETE FROM claim; DELETE FROM batch;');
  }

  close(): void {
    this.database.close();
  }
}

function prepare(database: Database.Database) {
  return {
    last: database.prepare<[], { revision: number; eventId: string }>(
      'SELECT revision, event_id AS eventId FROM batch ORDER BY revision DESC LIMIT 1',
    ),
    eventAt: database.prepare<[number], string>('SELECT event_id FROM batch WHERE revision = ?').pluck(),
    positionAt: database.prepare<[number], number>('SELECT position FROM batch WHERE revision = ?').pluck(),
    find: database.prepare<[string], Claimed>(
      'SELECT stream, command_hash AS commandHash, position FROM claimed JOIN claim ON claim.no = claimed.claim WHERE id = ?',
    ),
    batch: database.prepare('INSERT OR IGNORE INTO batch (revision, position, event_id) VALUES (?, ?, ?)'),
    claim: database.prepare('INSERT INTO claim (stream, command_hash, position) VALUES (?, ?, ?)'),
    claimed: database.prepare('INSERT OR IGNORE INTO claimed (id, claim) VALUES (?, ?)'),
    placeBefore: database.prepare<[number], number | null>('SELECT max(position) FROM batch WHERE position <= ?').pluck(),
    placeAfter: database.prepare<[number], number | null>('SELECT min(position) FROM batch WHERE position >= ?').pluck(),
  };
}
