/** What the database says to a row that would take the place of another. */
export const NEVER_REPLACED = 'events are never replaced';

/** How long one connection to the file waits for another's write. */
export const LOCK_WAIT_MS = 10_000;

/** A row of the events' table. */
export interface EventRow {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly recorded_at: string;
  readonly data: string;
  readonly metadata: string;
}

/** The table of an embedded ledger's events, and what keeps it from being edited. */
export const EVENTS_SCHEMA = `
CREATE TABLE IF NOT EXISTS events (
  position    INTEGER PRIMARY KEY,
  stream      TEXT NOT NULL,
  revision    INTEGER NOT NULL,
  id          TEXT NOT NULL UNIQUE,
  type        TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  data        TEXT NOT NULL,
  metadata    TEXT NOT NULL,
  UNIQUE (stream, revision)
) STRICT;
CREATE TRIGGER IF NOT EXISTS events_are_never_edited BEFORE UPDATE ON events
  BEGIN SELECT RAISE(ABORT, 'events are never edited'); END;
CREATE TRIGGER IF NOT EXISTS events_are_never_deleted BEFORE DELETE ON events
  BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
-- REPLACE removes the rows it conflicts with without firing the trigger above.
CREATE TRIGGER IF NOT EXISTS events_are_never_replaced BEFORE INSERT ON events
  WHEN EXISTS (SELECT 1 FROM events WHERE position = NEW.position)
    OR EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM events WHERE stream = NEW.stream AND revision = NEW.revision)
  BEGIN SELECT RAISE(ABORT, '${NEVER_REPLACED}'); END;`;
