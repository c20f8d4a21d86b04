import type { CommandContext, RecordedEvent } from '@app/event-store';
import { contentHash, derivedId, LEDGER_ACTOR } from '@app/kernel';

/**
 * The context of a command a process manager sends because of an event. Everything in it derives from the event and
 * the command, so that reacting again after a crash is the same command again. `part` tells several commands of one
 * reaction apart.
 */
export function reactionContext(event: RecordedEvent, manager: string, command: unknown, part = ''): CommandContext {
  const { effectiveOn, correlationId } = event.metadata;
  return {
    commandId: derivedId(manager, event.id, ...(part === '' ? [] : [part])),
    contentHash: contentHash(command),
    actor: LEDGER_ACTOR,
    effectiveOn,
    today: effectiveOn,
    correlationId,
    causationId: event.id,
  };
}
