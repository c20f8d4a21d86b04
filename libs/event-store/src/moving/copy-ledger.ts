import { Problem } from '@app/kernel';
import { type Archive, type ArchiveState, diverged, type ReceivingArchive } from './archive.js';
import { canonicalRecord, LedgerDigest, type LedgerSummary, type StoredRecord, summaryOf } from './stored-record.js';

const BATCH_EVENTS = 256;
const BATCH_BYTES = 2_000_000;

export type CopyPhase = 'copy' | 'proof';

export interface CopyOptions {
  /** Where the copy ends. Left out, it ends at the head, and is only complete when the source has stood still meanwhile. */
  readonly until?: number | undefined;
  readonly onProgress?: (phase: CopyPhase, position: number, end: number) => void;
}

export interface Copied extends LedgerSummary {
  /** How many events were written now; the others were there already. */
  readonly written: number;
  /** The target was complete before: it has only been compared. */
  readonly wasComplete: boolean;
}

/**
 * Copies a ledger with its ids, revisions, positions and times, and proves it: what the target holds in the end is read
 * back whole and must have the digest of what was read from the source. It goes on where an earlier copy was broken off,
 * after comparing what is there event by event.
 * @throws Problem `target-not-empty`, `copy-diverged`, `copy-source-moved` (conflict), `position-ahead`, `copy-end` (invalid), or what
 *   either store says.
 */
export async function copyLedger(source: Archive, target: ReceivingArchive, options: CopyOptions = {}): Promise<Copied> {
  const { until, onProgress = () => undefined } = options;
  const stands = await requireWhole(source);
  if (stands === 'empty') throw new Problem('invalid', 'no-ledger', `there is no ledger in ${source.name}`);
  const head = await source.head();
  if (until !== undefined && until > head)
    throw new Problem('invalid', 'position-ahead', `${source.name} ends at position ${head}, before ${until}`);
  const end = until ?? head;
  const state = await target.state();
  if (state === 'empty') await target.begin();

  const digest = new LedgerDigest();
  const there = new Comparison(target);
  let batch: StoredRecord[] = [];
  let batchBytes = 0;
  let written = 0;
  let last: StoredRecord | undefined;
  const writeBatch = async () => {
    if (batch.length === 0) return;
    await target.takeIn(batch);
    written += batch.length;
    batch = [];
    batchBytes = 0;
  };
  try {
    reading: for await (const page of source.read()) {
      for (const record of page) {
        if (record.position > end) {
          if (until !== undefined && last !== undefined) endsBetweenCommands(source, until, last, record);
          break reading;
        }
        last = record;
        const canonical = canonicalRecord(record);
        digest.add(record.position, canonical);
        if (await there.holds(record, canonical)) continue;
        if (state === 'complete') throw diverged(target, `it ends before the event at position ${record.position}`);
        batch.push(record);
        batchBytes += canonical.length;
        if (batch.length >= BATCH_EVENTS || batchBytes >= BATCH_BYTES) await writeBatch();
      }
      onProgress('copy', page.at(-1)?.position ?? 0, end);
    }
    await writeBatch();
    await there.endsHere();
  } finally {
    await there.close();
  }
  const expected = digest.summary;
  if (state !== 'complete') {
    const found = await summaryOf(target.read(), (position) => onProgress('proof', position, end));
    if (found.digest !== expected.digest || found.events !== expected.events)
      throw diverged(
        target,
        `read back it has ${found.events} events with digest ${found.digest}, not ${expected.events} with ${expected.digest}`,
      );
  }
  const now = await source.head();
  if (until === undefined && now !== end) {
    throw new Problem(
      'conflict',
      'copy-source-moved',
      `${source.name} has gone on from position ${end} to ${now} meanwhile; stop what writes to it and copy again, or say where the copy ends (--until now)`,
    );
  }
  if (state !== 'complete') await target.finish();
  return { ...expected, written, wasComplete: state === 'complete' };
}

/** A part of a ledger must not pass for one. @throws Problem `store-incomplete` while it is moving in. */
export async function requireWhole(source: Archive): Promise<ArchiveState> {
  const state = await source.state();
  if (state === 'incomplete')
    throw new Problem('unavailable', 'store-incomplete', `the ledger in ${source.name} has not arrived there yet itself`);
  return state;
}

/** What a command has recorded is one whole. @throws Problem `copy-end` */
function endsBetweenCommands(source: Archive, until: number, last: StoredRecord, next: StoredRecord): void {
  if (last.stream !== next.stream || last.metadata.commandId !== next.metadata.commandId) return;
  throw new Problem('invalid', 'copy-end', `position ${until} of ${source.name} lies inside of what one command has recorded`);
}

/** What a target holds from an earlier copy, compared in step with the source; it ends where that copy ended. */
class Comparison {
  private readonly pages: AsyncIterator<readonly StoredRecord[]>;
  private page: readonly StoredRecord[] = [];
  private next = 0;
  private atEnd = false;

  constructor(private readonly target: Archive) {
    this.pages = target.read()[Symbol.asyncIterator]();
  }

  private async peek(): Promise<StoredRecord | undefined> {
    while (!this.atEnd && this.next === this.page.length) {
      const result = await this.pages.next();
      if (result.done === true) this.atEnd = true;
      else [this.page, this.next] = [result.value, 0];
    }
    return this.page[this.next];
  }

  /** Whether the target holds a record in its place; false from its end on. @throws Problem `copy-diverged` */
  async holds(record: StoredRecord, canonical: string): Promise<boolean> {
    if (this.atEnd) return false;
    const found = await this.peek();
    if (found === undefined) return false;
    this.next += 1;
    if (canonicalRecord(found) !== canonical)
      throw diverged(this.target, `at position ${record.position} it has ${found.type} of ${found.stream} at position ${found.position}`);
    return true;
  }

  /** @throws Problem `copy-diverged` when the target goes on. */
  async endsHere(): Promise<void> {
    const found = this.atEnd ? undefined : await this.peek();
    if (found !== undefined) throw diverged(this.target, `it goes on with ${found.type} of ${found.stream} at position ${found.position}`);
  }

  async close(): Promise<void> {
    await this.pages.return?.();
  }
}
