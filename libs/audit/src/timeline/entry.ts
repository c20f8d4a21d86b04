import type { RecordedEvent } from '@app/event-store';
import type { Actor, Evidence, PolicyCitation } from '@app/kernel';
import { withoutListings } from './shown.js';

/** An event as a reviewer reads it: who did what when, effective when, under which clause, on what evidence. */
export interface RecordedStep {
  readonly position: number;
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly event: string;
  /** ISO 8601 in UTC. */
  readonly recordedAt: string;
  readonly effectiveOn: string;
  readonly actor: Actor;
  readonly policy?: PolicyCitation;
  readonly evidence?: readonly Evidence[];
  readonly data: unknown;
  /** What was asked for in one request, and all that followed from it, has one correlation id. */
  readonly correlationId: string;
}

export function stepOf(event: RecordedEvent, seesAll: boolean): RecordedStep {
  const { position, id, stream, revision, type, recordedAt, metadata } = event;
  const { effectiveOn, actor, policy, evidence, correlationId } = metadata;
  return {
    position,
    id,
    stream,
    revision,
    event: type,
    recordedAt,
    effectiveOn,
    actor,
    ...(policy && { policy }),
    ...(evidence && { evidence }),
    data: seesAll ? event.data : withoutListings(event),
    correlationId,
  };
}
