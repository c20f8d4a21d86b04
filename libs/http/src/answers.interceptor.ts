import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { invalidField } from '@app/kernel';
import { Subscriptions } from '@app/projections';

/**
 * Positions and revisions at the HTTP edge: a query that names a `Ledger-Position` waits until the read models have
 * seen it (read your own writes); an answer with a `revision` carries it as `ETag`, a receipt its position.
 */
@Injectable()
export class AnswersInterceptor implements NestInterceptor {
  constructor(private readonly subscriptions: Subscriptions) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const atLeast = request.method === 'GET' ? request.headers['ledger-position'] : undefined;
    if (atLeast !== undefined) await this.subscriptions.atLeast(positionOf(atLeast));
    return next.handle().pipe(map((answer: unknown) => withHeaders(answer, reply)));
  }
}

function withHeaders(answer: unknown, reply: FastifyReply): unknown {
  if (typeof answer !== 'object' || answer === null) return answer;
  const { revision, position } = answer as { revision?: unknown; position?: unknown };
  if (typeof revision === 'number') void reply.header('etag', `"${revision}"`);
  if (typeof position === 'number') void reply.header('ledger-position', String(position));
  return answer;
}

function positionOf(header: string | string[]): number {
  if (typeof header !== 'string' || !/^\d{1,15}$/.test(header)) throw invalidField('Ledger-Position', 'position', 'must be a whole number');
  return Number(header);
}
