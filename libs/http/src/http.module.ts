import { type DynamicModule, Global, Module, type NestModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { Subscriptions } from '@app/projections';
import { AccessGuard } from './access.guard.js';
import { addAnswerHooks } from './answer-hooks.js';
import { ProblemFilter } from './problem.filter.js';
import { QueryGuard } from './query.guard.js';
import { Tokens } from './tokens.js';
import { addVantageHook } from './vantage-hook.js';
import { inputValidation } from './validation.js';

/** The rules of the HTTP edge, for every route: access, validation, problem documents, positions. */
@Global()
@Module({})
export class HttpModule implements NestModule {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly subscriptions: Subscriptions,
    private readonly tokens: Tokens,
  ) {}

  /** Hooks hold for routes registered after them; this is called just before the application registers its own. */
  configure(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    addAnswerHooks(fastify, this.subscriptions, this.tokens);
    addVantageHook(fastify, this.subscriptions, this.tokens);
  }

  static forRoot(tokens: Tokens): DynamicModule {
    return {
      module: HttpModule,
      providers: [
        { provide: Tokens, useValue: tokens },
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_GUARD, useClass: QueryGuard },
        { provide: APP_PIPE, useFactory: inputValidation },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
      exports: [Tokens],
    };
  }
}
