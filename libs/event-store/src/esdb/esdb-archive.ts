import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '@app/kernel';
import { MAX_APPEND_BYTES } from '../event-store.js';
import { type ArchiveState, diverged, type ReceivingArchive } from '../moving/archive.js';
import { canonicalRecord, type StoredRecord } from '../moving/stored-record.js';
import { type EsdbAddress, shown } from './address.js';
import { BatchWriter, bytesOf, type WireEvent } from './batch-writer.js';
import { ClaimIndex } from './claim-index.js';
import { Claims, lastMove } from './claims.js';
import { isLedgerEvent, withNotes } from './esdb-event-store.js';
import { isMetadata, Reader, type StoredEvent, withoutNotes } from './reading.js';
import { DEFAULT_LIMITS, type Limits, Session, verdictOn } from './session.js';

/**
 * A ledger in EventStoreDB as it is kept, and one that moves in there.
 *
 * The store gives its own positions and times, so what an event had elsewhere stands in its metadata. Events are written
 * one after the other, each when the one before is durable, since nothing else promises their order across streams;
 * neighbours of one stream go together. Every id is claimed before its event is written, as at any append.
 */
export class EsdbArchive implements ReceivingArchive {
  readonly name: string;
  private readonly session: Session;
  private readonly reader: Reader;
  private readonly writer = new BatchWriter();
  private folder: string | undefined;
  private index: ClaimIndex | undefined;
  private opened: Claims | undefined;
  /** The last event that was written or found. */
  private last = { place: 0, position: 0 };

  /**
   * A ledger that moves in needs a copy of the claimed ids meanwhile: about 200 bytes an event.
   * @param workFolder where that is kept, of a copy's own: what a broken off one has left there is gone on with; where none is
   *   named, a new one for temporary files
   */
  constructor(address: EsdbAddress, limits: Partial<Limits> = {}, workFolder?: string) {
    this.name = shown(address);
    this.session = new Session(address, { ...DEFAULT_LIMITS, ...limits });
    this.reader = new Reader(this.session);
    this.folder = workFolder;
  }

  /** @throws Problem `file-refused` */
  private get claims(): Claims {
    if (this.opened === undefined) {
      this.folder ??= mkdtempSync(join(tmpdir(), 'ledger-claims-'));
      mkdirSync(this.folder, { recursive: true });
      this.index = new ClaimIndex(join(this.folder, 'claims.db'));
      this.opened = new Claims(this.session, this.reader, this.writer, this.index, true);
    }
    return this.opened;
  }

  async head(): Promise<number> {
    for await (const page of this.reader.pagesFrom('end', 'backwards', 1)) {
      const last = page.find(({ type }) => isLedgerEvent(type));
      if (last !== undefined) return last.position;
    }
    return 0;
  }

  async *read(): AsyncGenerator<readonly StoredRecord[]> {
    for await (const page of this.reader.pagesFrom('start', 'forwards')) {
      const records = page.filter(({ type }) => isLedgerEvent(type)).map((event) => this.recordOf(event));
      if (records.length > 0) yield records;
    }
  }

  private recordOf(event: StoredEvent): StoredRecord {
    const { stream, revision, position, type, data, created } = event;
    if (!isMetadata(event.metadata))
      throw new Problem('conflict', 'target-not-empty', `${this.name} holds events that no ledger has written, the first in ${stream}`);
    if (position >= this.last.position) this.last = event;
    const { eventId, moved } = event.metadata;
    return {
      ...{ id: eventId ?? event.id, stream, revision, position, type },
      ...{ recordedAt: moved?.recordedAt ?? created.toISOString(), data, metadata: withoutNotes(event.metadata) },
    };
  }

  async state(): Promise<ArchiveState> {
    const move = await lastMove(this.reader);
    if (move === undefined) return (await this.head()) > 0 ? 'complete' : 'empty';
    return move !== 'never' && move.state === 'begun' ? 'incomplete' : 'complete';
  }

  async begin(): Promise<void> {
    await this.claims.noteMove({ state: 'begun' }, 0);
  }

  async takeIn(records: readonly StoredRecord[]): Promise<void> {
    for (let rest = records; rest.length > 0;) {
      const claimed = await this.claims.claimMoved(
        rest.map(({ id, stream, metadata }) => ({ id, stream, commandHash: metadata.commandHash })),
        this.last.position,
      );
      for (const run of runsOf(rest.slice(0, claimed))) await this.write(run);
      rest = rest.slice(claimed);
    }
  }

  /** Writes neighbours of one stream, in one append. */
  private async write(run: readonly Prepared[]): Promise<void> {
    const [first] = run;
    const last = run.at(-1);
    if (first === undefined || last === undefined) return;
    const { stream } = first.record;
    const expected = first.record.revision - 1;
    const wire = run.map((prepared) => prepared.wire);
    const written = await this.session.repeating(async (client) => {
      try {
        return await this.session.inTime(this.writer.send(client, stream, expected, wire, this.session.limits.callMs));
      } catch (error) {
        if (verdictOn(error) === 'conflict') return undefined;
        throw error;
      }
    });
    if (written?.position !== undefined && written.revision === last.record.revision) {
      this.last = { place: Number(written.position), position: last.record.position };
      return;
    }
    // Written before, or something else is: only what stands there can tell.
    const found = await this.reader.stream(stream, Math.max(expected + 1, 0), 'forwards', run.length);
    run.forEach(({ record }, index) => {
      const event = found[index];
      if (event === undefined || canonicalRecord(this.recordOf(event)) !== canonicalRecord(record))
        throw diverged(this, `revision ${record.revision} of ${stream} is not the event of position ${record.position}`);
    });
  }

  async finish(): Promise<void> {
    const { place, position } = this.last;
    // What is recorded from now on stands after the last event, in the store as in the ledger.
    await this.claims.noteMove({ state: 'ended', shift: Math.max(0, position - place) }, position);
  }

  async close(): Promise<void> {
    try {
      await this.session.close();
      this.index?.close();
    } finally {
      if (this.folder !== undefined) rmSync(this.folder, { recursive: true, force: true });
    }
  }
}

interface Prepared {
  readonly record: StoredRecord;
  readonly wire: WireEvent;
}

/** Neighbours that belong to one stream, as far as one append may hold them. */
function* runsOf(records: readonly StoredRecord[]): Generator<readonly Prepared[]> {
  let run: Prepared[] = [];
  let bytes = 0;
  for (const record of records) {
    const { id, type, data, metadata, position, recordedAt } = record;
    const wire: WireEvent = {
      id,
      type,
      data: bytesOf(JSON.stringify(data)),
      metadata: bytesOf(withNotes(JSON.stringify(metadata), { moved: { position, recordedAt } })),
    };
    const size = wire.data.length + wire.metadata.length + type.length + 100;
    const before = run.at(-1)?.record;
    if (
      before !== undefined &&
      (before.stream !== record.stream || before.revision + 1 !== record.revision || bytes + size > MAX_APPEND_BYTES)
    ) {
      yield run;
      run = [];
      bytes = 0;
    }
    run.push({ record, wire });
    bytes += size;
  }
  if (run.length > 0) yield run;
}
