import type { Actor, DomainEvent, Evidence, PolicyCitation } from '@app/kernel';

/** Who, when and why, beside what happened. */
export interface EventMetadata {
  /** Business date in Asia/Shanghai on which the event takes effect. */
  readonly effectiveOn: string;
  readonly actor: Actor;
  /** The command that caused the event; event ids derive from it. */
  readonly commandId: string;
  /** SHA-256 of the command's content: binds the idempotency key to what was asked. */
  readonly commandHash: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly policy?: PolicyCitation;
  readonly evidence?: readonly Evidence[];
}

/** An event on its way into the store. `type` is the domain's name; the codec adds the stored version. */
export interface NewEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: EventMetadata;
}

/** An event as read back, upcast to the current version. */
export interface RecordedEvent<Event extends DomainEvent = DomainEvent> {
  readonly id: string;
  readonly stream: string;
  /** Place in the stream, from 0, without gaps. */
  readonly revision: number;
  /** Place in the whole ledger: it only grows, from 1 and without gaps where the ledger was always embedded. */
  readonly position: number;
  readonly type: Event['type'];
  readonly data: Event['data'];
  /** ISO 8601 instant in UTC, from the clock of the writer. */
  readonly recordedAt: string;
  readonly metadata: EventMetadata;
}
