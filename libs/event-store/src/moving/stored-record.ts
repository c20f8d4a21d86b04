import { createHash } from 'node:crypto';
import { canonicalJson } from '@app/kernel';
import type { EventMetadata } from '../event.js';

/** An event as it is recorded: its stored type and the data as they were written, not lifted to today's version. */
export interface StoredRecord {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  /** With its version, such as `award-granted.v1`. */
  readonly type: string;
  /** ISO 8601 instant in UTC, to the millisecond. */
  readonly recordedAt: string;
  readonly data: unknown;
  readonly metadata: EventMetadata;
}

/** An event in its one spelling: the canonical JSON (RFC 8785) of exactly these eight fields. */
export function canonicalRecord({ id, stream, revision, position, type, recordedAt, data, metadata }: StoredRecord): string {
  return canonicalJson({ id, stream, revision, position, type, recordedAt, data, metadata });
}

/**
 * The digest of a ledger: a chain over every event by position. It begins with 32 zero bytes; each link is the SHA-256 of
 * the link before it (32 bytes) followed by the UTF-8 of the event's `canonicalRecord`. Two ledgers with the same digest
 * hold the same events, in the same order, at the same positions and times.
 */
export class LedgerDigest {
  private link: Buffer = Buffer.alloc(32);
  private counted = 0;
  private last = 0;

  /** Takes in the next event, in its spelling. */
  add(position: number, canonical: string): void {
    this.link = createHash('sha256').update(this.link).update(canonical, 'utf8').digest();
    this.counted += 1;
    this.last = position;
  }

  get summary(): LedgerSummary {
    return { head: this.last, events: this.counted, digest: this.link.toString('hex') };
  }
}

/** A ledger in three words: the position of its last event, how many there are, and the digest over all of them, in hex. */
export interface LedgerSummary {
  readonly head: number;
  readonly events: number;
  readonly digest: string;
}

/** Reads a whole ledger and says what it is. `onProgress` gets the position after every page. */
export async function summaryOf(
  pages: AsyncIterable<readonly StoredRecord[]>,
  onProgress: (position: number) => void = () => undefined,
): Promise<LedgerSummary> {
  const digest = new LedgerDigest();
  for await (const page of pages) {
    for (const record of page) digest.add(record.position, canonicalRecord(record));
    const last = page.at(-1);
    if (last !== undefined) onProgress(last.position);
  }
  return digest.summary;
}
