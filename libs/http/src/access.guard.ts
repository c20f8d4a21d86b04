import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { type Actor, type PersonRole, Problem, ROLES } from '@app/kernel';
import { Tokens } from './tokens.js';

const ALLOWED = 'ledger:allowed-roles';
const PUBLIC: readonly PersonRole[] = [];

/** The roles that may use a route. A route without this or `@OpenToAll` is closed to everyone. */
export const AllowRoles = (...roles: readonly [PersonRole, ...PersonRole[]]) => SetMetadata(ALLOWED, roles);
/** Every signed-in person may use the route. */
export const AllowAnyRole = () => SetMetadata(ALLOWED, ROLES);
/** No token needed: health and the API description only. */
export const OpenToAll = () => SetMetadata(ALLOWED, PUBLIC);

export type AuthenticatedRequest = FastifyRequest & { actor?: Actor };

/** Lets a request in only with a valid token that carries a role the route allows. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: Tokens,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const allowed = allowedOn(this.reflector, context);
    if (allowed === PUBLIC) return true;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const actor = await actorOf(request, this.tokens);
    if (allowed === undefined || !actor.roles.some((role) => (allowed as readonly string[]).includes(role))) {
      throw new Problem('forbidden', 'role-required', `this needs the role ${(allowed ?? []).join(' or ') || 'of nobody'}`);
    }
    request.actor = actor;
    return true;
  }
}

export function isOpenToAll(reflector: Reflector, context: ExecutionContext): boolean {
  return allowedOn(reflector, context) === PUBLIC;
}

function allowedOn(reflector: Reflector, context: ExecutionContext): readonly PersonRole[] | undefined {
  return reflector.getAllAndOverride<readonly PersonRole[] | undefined>(ALLOWED, [context.getHandler(), context.getClass()]);
}

/** Who sends a request. @throws Problem `token-missing`, `token-invalid`, `token-expired`. */
export async function actorOf(request: FastifyRequest, tokens: Pick<Tokens, 'verify'>): Promise<Actor> {
  const match = /^Bearer ([A-Za-z0-9._~+/=-]{1,4096})$/i.exec(request.headers.authorization ?? '');
  if (match === null) throw new Problem('unauthenticated', 'token-missing', 'send Authorization: Bearer <token>');
  return tokens.verify(match[1] as string);
}

/** Whether a request shows a valid token: what is done before the guard is not done for strangers. */
export async function isKnown(request: FastifyRequest, tokens: Pick<Tokens, 'verify'>): Promise<boolean> {
  return actorOf(request, tokens).then(
    () => true,
    () => false,
  );
}
