import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type FieldError, Problem, type ProblemKind } from '@app/kernel';
import { problemTitle } from './problem-titles.js';

const STATUS: Readonly<Record<ProblemKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  refused: 409,
  conflict: 409,
  'precondition-failed': 412,
  unavailable: 503,
};

/** An error answer (RFC 9457): `code` is stable, `title` says it in Chinese, `detail` gives the figures, `errors` name fields and rules. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly instance: string;
  readonly errors?: readonly FieldError[];
  readonly [extra: string]: unknown;
}

/** The problem document of anything thrown. What is nobody's input fault is logged whole and told without its details. */
export function problemDocument(error: unknown, instance: string): ProblemDocument {
  if (error instanceof Problem) return document(STATUS[error.kind], error.code, error.detail, instance, error.errors, error.extra);
  if (error instanceof HttpException) return document(error.getStatus(), httpCode(error.getStatus()), error.message, instance);
  const { statusCode, message, code } = (error ?? {}) as { statusCode?: unknown; message?: unknown; code?: unknown };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return document(statusCode, httpCode(statusCode), `${String(message)}${typeof code === 'string' ? ` (${code})` : ''}`, instance);
  }
  return document(500, 'internal-error', 'something failed inside the ledger; it has been logged', instance);
}

function document(
  status: number,
  code: string,
  detail: string,
  instance: string,
  errors: readonly FieldError[] = [],
  extra: Readonly<Record<string, unknown>> = {},
): ProblemDocument {
  const title = problemTitle(code);
  // What a problem adds never replaces a member of the standard.
  return {
    ...extra,
    type: `urn:policy-ledger:problem:${code}`,
    title,
    status,
    code,
    detail,
    instance,
    ...(errors.length > 0 && { errors }),
  };
}

function httpCode(status: number): string {
  const codes: Readonly<Record<number, string>> = {
    400: 'malformed-request',
    401: 'token-invalid',
    403: 'forbidden',
    404: 'route-not-found',
    405: 'method-not-allowed',
    413: 'body-too-large',
    414: 'url-too-long',
    415: 'media-type-not-supported',
    431: 'headers-too-large',
  };
  return codes[status] ?? 'request-refused';
}

/** Answers every error as `application/problem+json`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), this.logger);
  }
}

/** Also used for errors that the HTTP server raises before a route is found. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply, logger: Pick<Logger, 'error'>): void {
  const problem = problemDocument(error, request.url.split('?')[0] ?? '/');
  // A refusal of ours is told by its code alone: its detail may name people, and who asked has it.
  if (error instanceof Problem && problem.status >= 500) logger.error(error.code);
  else if (problem.status >= 500) logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="policy-ledger"');
  if (problem.status === 503) void reply.header('retry-after', '1');
  void reply.status(problem.status).header('content-type', 'application/problem+json; charset=utf-8').send(JSON.stringify(problem));
}
