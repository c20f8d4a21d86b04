import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { currentVantage } from '@app/event-store';
import { invalid, invalidField } from '@app/kernel';
import { isOpenToAll } from './access.guard.js';

const READS_QUERY = 'ledger:reads-query';
const PRESENT_ONLY = 'ledger:present-only';

/** The route reads its query parameters from the request, and refuses by itself those it does not know. */
export const ReadsQueryItself = () => SetMetadata(READS_QUERY, true);
/** What the route tells is kept beside the ledger and has no past: asked of an earlier point, it refuses. */
export const PresentOnly = () => SetMetadata(PRESENT_ONLY, true);

/**
 * No route passes over what it was asked: one without a query DTO, whose parameters nobody would check, refuses every
 * parameter as the DTOs refuse unknown ones; one that knows no past refuses to be asked of it, also through exports and
 * differences, unless these hold the present fast. Probes, which are open to all, take what load balancers add.
 */
@Injectable()
export class QueryGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  /** @throws Problem `invalid-input` naming the parameters. */
  canActivate(context: ExecutionContext): boolean {
    if (isOpenToAll(this.reflector, context)) return true;
    const targets = [context.getHandler(), context.getClass()];
    const vantage = currentVantage();
    if (vantage !== undefined && vantage.isPresent !== true && this.reflector.getAllAndOverride<boolean>(PRESENT_ONLY, targets))
      throw invalidField('asOf', 'present-only', 'is left out here: this is known of the present alone');
    if (this.reflector.getAllAndOverride<boolean>(READS_QUERY, targets) || declaresQuery(context)) return true;
    const { query } = context.switchToHttp().getRequest<FastifyRequest>();
    const fields = Object.keys(query as object).map((field) => ({
      field,
      rule: 'whitelistValidation',
      message: `${field} should not exist`,
    }));
    if (fields.length > 0) throw invalid('invalid-input', fields.map(({ message }) => message).join('; '), fields);
    return true;
  }
}

/** Whether the handler has a parameter marked `@Query()`. */
function declaresQuery(context: ExecutionContext): boolean {
  const parameters: unknown = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), context.getHandler().name);
  return Object.keys(parameters ?? {}).some((key) => key.startsWith(`${RouteParamtypes.QUERY}:`));
}
