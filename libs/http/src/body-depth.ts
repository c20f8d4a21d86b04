import type { FastifyInstance } from 'fastify';
import { invalidField } from '@app/kernel';

/** Deeper than any command; validators walk bodies recursively and would run out of stack on what a client can nest. */
const MAX_DEPTH = 32;

/** Refuses bodies nested deeper than 32 levels before anything walks them. */
export function refuseDeepBodies(fastify: FastifyInstance): void {
  fastify.addHook('preValidation', async (request) => {
    if (isDeeperThan(request.body, MAX_DEPTH)) throw invalidField('body', 'depth', `must not be nested deeper than ${MAX_DEPTH} levels`);
  });
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((child) => isDeeperThan(child, levels - 1));
}
