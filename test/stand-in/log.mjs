/** The log of a stand-in node: what was appended, in one order, kept in a file so that a restart finds it again. */
import { closeSync, existsSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';

export const NO_STREAM = -1;
/** What a soft delete writes as `$tb`: everything before the end of time is hidden. */
export const DELETED = '9223372036854775807';
const HEADER_BYTES = 64;

export class StandInLog {
  records = [];
  #streams = new Map();
  #tombstones = new Set();
  #listeners = new Set();
  #file;
  #now;
  #end = 0;

  /** Without a file nothing outlives the process. To look at what a running node has kept, read only. `now` is its clock, in ms. */
  constructor(file, { readOnly = false, now = Date.now } = {}) {
    this.#now = now;
    if (file !== undefined) {
      if (existsSync(file)) this.#load(file, readOnly);
      if (!readOnly) this.#file = openSync(file, 'a');
    }
    // A real log begins with records of the node's own.
    if (this.records.length === 0) {
      this.append('$epoch', [
        {
          id: '00000000-0000-4000-8000-000000000001',
          type: '$epoch-information',
          contentType: 'application/json',
          data: Buffer.from('{}'),
          metadata: Buffer.alloc(0),
        },
      ]);
    }
  }

  /** A line that a kill has cut off was never acknowledged. */
  #load(file, readOnly) {
    const text = readFileSync(file, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (!readOnly) truncateSync(file, Buffer.byteLength(whole));
    for (const line of whole.split('\n').filter(Boolean)) {
      const { stream, created, events, tombstone } = JSON.parse(line);
      const decoded = events.map((event) => ({
        ...event,
        data: Buffer.from(event.data, 'base64'),
        metadata: Buffer.from(event.metadata, 'base64'),
      }));
      this.#add(stream, decoded, created);
      if (tombstone) this.#tombstones.add(stream);
    }
  }

  #add(stream, events, created) {
    const own = this.#streams.get(stream) ?? [];
    if (own.length === 0) this.#streams.set(stream, own);
    for (const event of events) {
      const record = { ...event, stream, revision: own.length, position: this.#end, created };
      this.#end += HEADER_BYTES + stream.length + event.type.length * 2 + event.data.length + event.metadata.length;
      this.records.push(record);
      own.push(record);
    }
    return own.at(-1);
  }

  /** The same records in a log of its own, which goes on by itself and keeps nothing. */
  copy() {
    const copy = new StandInLog(undefined, { now: this.#now });
    copy.records = [];
    copy.#streams.clear();
    copy.#end = 0;
    for (const { stream, created, ...event } of this.records) copy.#add(stream, [event], created);
    copy.#tombstones = new Set(this.#tombstones);
    return copy;
  }

  append(stream, events, tombstone = false) {
    const created = String(BigInt(this.#now()) * 10_000n);
    if (this.#file !== undefined) {
      const stored = events.map((event) => ({
        ...event,
        data: event.data.toString('base64'),
        metadata: event.metadata.toString('base64'),
      }));
      writeSync(this.#file, `${JSON.stringify({ stream, created, events: stored, ...(tombstone && { tombstone }) })}\n`);
    }
    const last = this.#add(stream, events, created);
    if (tombstone) this.#tombstones.add(stream);
    for (const listener of [...this.#listeners]) listener();
    return last;
  }

  /** Events of a stream that can be read; undefined when there are none, which a soft delete also looks like. */
  stream(name) {
    const own = this.#streams.get(name);
    const before = this.#truncatedBefore(name);
    const visible =
      before === undefined ? own : own?.filter(({ revision }) => BigInt(revision) < BigInt(DELETED) && BigInt(revision) >= before);
    return visible === undefined || visible.length === 0 ? undefined : visible;
  }

  #truncatedBefore(name) {
    const last = this.#streams.get(`$$${name}`)?.at(-1);
    const found = last && /"\$tb":\s*(\d+)/.exec(last.data.toString('utf8'))?.[1];
    return found === undefined ? undefined : BigInt(found);
  }

  lastRevision(name) {
    return (this.#streams.get(name)?.length ?? 0) - 1;
  }

  /** Every event of a stream, hidden or not. */
  whole(name) {
    return this.#streams.get(name) ?? [];
  }

  isTombstoned(name) {
    return this.#tombstones.has(name);
  }

  /** Index of the record at exactly this position; undefined for a position inside a record. The end counts as one. */
  indexOf(position) {
    if (position === this.#end) return this.records.length;
    let low = 0;
    let high = this.records.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const at = this.records[middle].position;
      if (at === position) return middle;
      if (at < position) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  /** Calls back after every append until the returned function is called. */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close() {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
