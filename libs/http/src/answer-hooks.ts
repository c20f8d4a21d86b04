import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { invalidField } from '@app/kernel';
import type { Subscriptions } from '@app/projections';
import { isKnown } from './access.guard.js';
import type { Tokens } from './tokens.js';

/**
 * Positions and revisions at the HTTP edge: a request that names a `Ledger-Position` waits until the read models have
 * seen it (read your own writes, whichever replica has written them); an answer with a `revision` carries it as `ETag`, a receipt its position.
 * Hooks of the server rather than an interceptor, which would put every answer through an observable.
 */
export function addAnswerHooks(fastify: FastifyInstance, subscriptions: Subscriptions, tokens: Pick<Tokens, 'verify'>): void {
  fastify.addHook('preHandler', async (request: FastifyRequest) => {
    const atLeast = request.headers['ledger-position'];
    if (atLeast !== undefined && (await isKnown(request, tokens))) await subscriptions.atLeast(positionOf(atLeast));
  });
  fastify.addHook(
    'preSerialization',
    (_request: FastifyRequest, reply: FastifyReply, answer: unknown, done: (error: null, answer: unknown) => void) => {
      if (typeof answer === 'object' && answer !== null) {
        const { revision, position } = answer as { revision?: unknown; position?: unknown };
        if (typeof revision === 'number') void reply.header('etag', `"${revision}"`);
        if (typeof position === 'number') void reply.header('ledger-position', String(position));
      }
      done(null, answer);
    },
  );
}

function positionOf(header: string | string[]): number {
  if (typeof header !== 'string' || !/^\d{1,15}$/.test(header)) throw invalidField('Ledger-Position', 'position', 'must be a whole number');
  return Number(header);
}
