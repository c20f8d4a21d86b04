import { Problem } from '@app/kernel';
import type { EventCodec } from './codec.js';
import type { NewEvent } from './event.js';
import { MAX_APPEND_BYTES, MAX_STREAM_NAME_LENGTH, NO_STREAM } from './event-store.js';

/** An event as it is stored: its stored name, data and metadata as JSON text. */
export interface EncodedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
}

/**
 * Checks an append and takes its events as they are now: what is serialised cannot change any more.
 * @throws Problem `stream-name`, `empty-append`, `append-too-large`; Error for what is no JSON or not in the codec.
 */
export function encodeAppend(
  codec: EventCodec,
  stream: string,
  expectedRevision: number,
  events: readonly NewEvent[],
): readonly EncodedEvent[] {
  if (stream.length === 0 || stream.length > MAX_STREAM_NAME_LENGTH)
    throw new Problem('invalid', 'stream-name', 'a stream name has 1 to 512 characters');
  if (events.length === 0 || !Number.isInteger(expectedRevision) || expectedRevision < NO_STREAM)
    throw new Problem('invalid', 'empty-append', 'an append has at least one event and an exact expected revision');
  let size = 0;
  const encoded = events.map(({ id, type, data, metadata }) => {
    const event = { id, type: codec.storedName(type), data: JSON.stringify(data), metadata: JSON.stringify(metadata) };
    size += event.data.length + event.metadata.length;
    return event;
  });
  if (size > MAX_APPEND_BYTES / 4 && Buffer.byteLength(JSON.stringify(encoded)) > MAX_APPEND_BYTES) {
    throw new Problem('invalid', 'append-too-large', `one append may not exceed ${MAX_APPEND_BYTES} bytes`);
  }
  return encoded;
}
