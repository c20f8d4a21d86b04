import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { IsOptional, Matches } from 'class-validator';
import type { CommandContext } from '@app/event-store';
import { type Actor, businessDateAt, type Clock, contentHash, derivedId, invalidField, isBusinessDate, Problem } from '@app/kernel';
import type { AuthenticatedRequest } from './access.guard.js';

const KEY_SHAPE = /^[\x21-\x7e]{1,200}$/;

/** What every command body may say besides its own fields. */
export class CommandDto {
  /** 生效日期: business date (Asia/Shanghai) on which the command takes effect; today when left out, never later. */
  @IsOptional()
  @Matches(/^\d{4}-\d{2}-\d{2}$/, { message: 'effectiveOn must be a day written YYYY-MM-DD' })
  effectiveOn?: string;
}

/** The command's identity, content, actor and dates, taken from the request by `@Context()`. */
export const Context = createParamDecorator((_: unknown, execution: ExecutionContext): CommandContext => {
  const request = execution.switchToHttp().getRequest<AuthenticatedRequest & { clock: Clock }>();
  return commandContext(request, request.clock);
});

/**
 * @throws Problem `idempotency-key-required`, or `invalid-input` for a malformed key, If-Match or effectiveOn.
 */
export function commandContext(request: AuthenticatedRequest, clock: Clock): CommandContext {
  const actor = request.actor as Actor;
  const today = businessDateAt(clock.now());
  const key = request.headers['idempotency-key'];
  if (key === undefined) {
    throw new Problem(
      'invalid',
      'idempotency-key-required',
      'a command needs the header Idempotency-Key, so that a retry cannot do it twice',
      [{ field: 'Idempotency-Key', rule: 'required', message: 'send a fresh key for every new command and the same key for a retry' }],
    );
  }
  if (typeof key !== 'string' || !KEY_SHAPE.test(key))
    throw invalidField('Idempotency-Key', 'idempotency-key', 'must be 1 to 200 visible ASCII characters');
  const commandId = derivedId('command', actor.id, key);
  const content = [request.method, request.routeOptions.url ?? '', request.params ?? null, request.body ?? null];
  const expectedRevision = revisionOf(request.headers['if-match']);
  return {
    commandId,
    contentHash: hashOf(content),
    actor,
    effectiveOn: effectiveOn(request.body, today),
    today,
    correlationId: request.id,
    causationId: commandId,
    ...(expectedRevision !== undefined && { expectedRevision }),
  };
}

function hashOf(content: unknown): string {
  try {
    return contentHash(content);
  } catch {
    // JSON.parse reads 1e999 as infinity, which no JSON can say.
    throw invalidField('body', 'json-number', 'holds a number that is too large');
  }
}

function effectiveOn(body: unknown, today: string): string {
  const asked = (body as { effectiveOn?: unknown } | null | undefined)?.effectiveOn;
  if (asked === undefined) return today;
  if (!isBusinessDate(asked)) throw invalidField('effectiveOn', 'date', 'must be an existing day written YYYY-MM-DD');
  if (asked > today) throw invalidField('effectiveOn', 'not-in-the-future', `must not be later than today, ${today}`);
  return asked;
}

function revisionOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const match = /^"(\d{1,15})"$/.exec(header);
  if (match === null) throw invalidField('If-Match', 'entity-tag', 'must be one strong entity tag that holds a revision, such as "3"');
  return Number(match[1]);
}
