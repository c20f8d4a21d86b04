import { Problem } from '@app/kernel';
import type { StoredRecord } from './stored-record.js';

/** An archive holds nothing, a part of one that is moving in, or a whole ledger. */
export type ArchiveState = 'empty' | 'incomplete' | 'complete';

/** A ledger as it is kept, whatever its events mean: what can be read of it is all there is. */
export interface Archive {
  /** Fit to be shown: never with a password. */
  readonly name: string;
  state(): Promise<ArchiveState>;
  /** The position of the last event; 0 for an empty ledger. */
  head(): Promise<number>;
  /**
   * Every event, in order.
   * @throws Problem `target-not-empty` for an event that no ledger has written.
   */
  read(): AsyncIterable<readonly StoredRecord[]>;
  close(): Promise<void>;
}

/** A ledger that moves in from another store. Until it has arrived nobody else can open it. */
export interface ReceivingArchive extends Archive {
  /** Makes it `incomplete`. */
  begin(): Promise<void>;
  /**
   * Adds events that follow on what it holds, durably and in their order. Safe to repeat, and for two at once: an event
   * that stands there already stays as it is.
   * @throws Problem `copy-diverged` when another event stands in its place.
   */
  takeIn(records: readonly StoredRecord[]): Promise<void>;
  /** Makes it `complete`: a ledger like any other. */
  finish(): Promise<void>;
}

export function diverged(archive: Archive, detail: string): Problem {
  return new Problem('conflict', 'copy-diverged', `${archive.name} does not hold the same ledger: ${detail}`);
}
