import {
  type ExecutionContext,
  type INestApplicationContext,
  type PipeTransform,
  RequestMethod,
  type Type,
  ValidationPipe,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type Actor, type Clock, Problem } from '@app/kernel';

type Method = 'GET' | 'POST';

interface Parameter {
  readonly index: number;
  readonly data?: string;
  readonly pipes?: readonly (Type<PipeTransform> | PipeTransform)[];
  readonly factory?: (data: unknown, context: ExecutionContext) => unknown;
}

interface Route {
  readonly method: Method;
  readonly url: string;
  readonly pattern: RegExp;
  readonly controller: Record<string, (...parameters: readonly unknown[]) => unknown>;
  readonly name: string;
  readonly type: Type;
}

export interface Asked {
  readonly method: Method;
  /** With its query. */
  readonly path: string;
  readonly actor: Actor;
  readonly body?: unknown;
  readonly key?: string;
}

/** What Nest calls the kinds of parameters in its route metadata. */
const KIND = { request: '0', body: '3', query: '4', param: '5' } as const;

/**
 * The routes of a ledger, called in place: controllers with their own parameters, pipes and idempotency keys, but no server,
 * tokens or guards. Registering some two hundred routes with a server costs three times what the rest of a start does.
 */
export class Routes {
  private readonly routes: readonly Route[];
  private readonly validation = new ValidationPipe({ transform: true });

  constructor(
    app: INestApplicationContext,
    private readonly clock: Clock,
  ) {
    this.routes = [...app.get(ModulesContainer).values()]
      .flatMap((module) => [...module.controllers.values()])
      .flatMap(({ instance, metatype }) => routesOf(instance as Route['controller'], metatype as Type));
  }

  /** What the route answers. @throws Problem whatever it refuses, and Error for a path nobody serves. */
  async call({ method, path, actor, body, key }: Asked): Promise<Record<string, unknown>> {
    const { pathname, searchParams } = new URL(path, 'http://ledger');
    // Of two that fit, the one with fewer parameters, as a server would have it.
    const [route] = this.routes
      .filter((each) => each.method === method && each.pattern.test(pathname))
      .sort((one, other) => one.url.split(':').length - other.url.split(':').length);
    if (route === undefined) throw new Error(`nobody serves ${method} ${path}`);
    const request = {
      ...{ method, actor, clock: this.clock, routeOptions: { url: route.url } },
      params: { ...route.pattern.exec(pathname)?.groups },
      query: Object.fromEntries(searchParams),
      body: JSON.parse(JSON.stringify(body ?? {})) as unknown,
      headers: key === undefined ? {} : { 'idempotency-key': key },
    };
    const parameters = await this.parametersOf(route, request);
    return (await route.controller[route.name]?.(...parameters)) as Record<string, unknown>;
  }

  private async parametersOf({ type, name }: Route, request: { params: Record<string, string>; query: object; body: unknown }) {
    const described = Object.entries((Reflect.getMetadata('__routeArguments__', type, name) ?? {}) as Record<string, Parameter>);
    const types = Reflect.getMetadata('design:paramtypes', type.prototype as object, name) as readonly Type[];
    const parameters: unknown[] = [];
    for (const [kind, { index, data, pipes = [], factory }] of described) {
      const metatype = types[index] as Type;
      let value: unknown;
      if (factory !== undefined)
        value = factory(data, { switchToHttp: () => ({ getRequest: () => request }) } as unknown as ExecutionContext);
      else if (kind.startsWith(KIND.request)) value = request;
      else if (kind.startsWith(KIND.body)) value = await this.validated(request.body, metatype, 'body');
      else if (kind.startsWith(KIND.query)) value = await this.validated(request.query, metatype, 'query');
      else if (kind.startsWith(KIND.param))
        value = data === undefined ? await this.validated(request.params, metatype, 'param') : request.params[data];
      for (const pipe of pipes) {
        const made = typeof pipe === 'function' ? new pipe() : pipe;
        value = await made.transform(value, { type: 'param', metatype, data });
      }
      parameters[index] = value;
    }
    return parameters;
  }

  private validated(value: unknown, metatype: Type, type: 'body' | 'query' | 'param'): Promise<unknown> {
    return this.validation.transform(value, { type, metatype }) as Promise<unknown>;
  }
}

function routesOf(controller: Route['controller'], type: Type): readonly Route[] {
  const prefix = (Reflect.getMetadata('path', type) as string | undefined) ?? '';
  return Object.getOwnPropertyNames(type.prototype).flatMap((name): readonly Route[] => {
    const handler = (type.prototype as Record<string, unknown>)[name];
    const path =
      name !== 'constructor' && typeof handler === 'function' ? (Reflect.getMetadata('path', handler) as string | undefined) : undefined;
    if (path === undefined) return [];
    const method = RequestMethod[Reflect.getMetadata('method', handler as object) as number] as Method;
    const url = `/${prefix}/${path}`.replaceAll(/\/+/g, '/').replace(/(.)\/$/, '$1');
    const pattern = new RegExp(`^${url.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')}$`);
    return [{ method, url, pattern, controller, name, type }];
  });
}

/** What a problem is told as over HTTP, as far as a client acts on it. */
export function toldAs(error: unknown): { readonly status: number; readonly code: string } {
  if (!(error instanceof Problem)) throw error;
  return { status: error.kind === 'unavailable' ? 503 : 409, code: error.code };
}
