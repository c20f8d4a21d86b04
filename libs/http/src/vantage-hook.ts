import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { lookingFrom } from '@app/event-store';
import { addDays, invalidField, isBusinessDate, startOf } from '@app/kernel';
import type { Subscriptions } from '@app/projections';
import { isKnown } from './access.guard.js';
import type { Tokens } from './tokens.js';

/** With a time of day and a zone: an instant nobody can misread. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Time travel for every query: `asOf` answers from what the ledger knew then. It is a position, an instant with its zone,
 * or a day (its end in Asia/Shanghai). The answer carries the position it was given from as `Ledger-As-Of`.
 * For strangers nothing is looked up, and what is open to them is of the present.
 */
export function addVantageHook(fastify: FastifyInstance, subscriptions: Subscriptions, tokens: Pick<Tokens, 'verify'>): void {
  fastify.addHook('preHandler', (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    const query = request.query as { asOf?: unknown } | undefined;
    if (query?.asOf === undefined) return done();
    const { asOf } = query;
    // No route need know of it.
    delete query.asOf;
    resolve(asOf).then((vantage) => {
      if (vantage !== undefined) void reply.header('ledger-as-of', String(vantage.position));
      lookingFrom(vantage, done);
    }, done);

    async function resolve(text: unknown) {
      if (request.method !== 'GET') throw invalidField('asOf', 'query', 'is for queries alone: nothing is done in the past');
      return (await isKnown(request, tokens)) ? subscriptions.vantageAt(pointOf(text), 'asOf') : undefined;
    }
  });
}

/** @throws Problem `invalid-input`. */
export function pointOf(text: unknown, field = 'asOf'): number | Date {
  if (typeof text === 'string') {
    if (/^\d{1,15}$/.test(text)) return Number(text);
    if (isBusinessDate(text)) return new Date(startOf(addDays(text, 1)).getTime() - 1);
    const instant = INSTANT.test(text) ? new Date(text) : undefined;
    if (instant !== undefined && !Number.isNaN(instant.getTime())) return instant;
  }
  throw invalidField(field, 'point', 'must be a position, a day, or a time with its zone such as 2024-06-30T12:00:00+08:00');
}
