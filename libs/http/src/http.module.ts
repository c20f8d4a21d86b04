import { type DynamicModule, Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { AnswersInterceptor } from './answers.interceptor.js';
import { ProblemFilter } from './problem.filter.js';
import { Tokens } from './tokens.js';
import { inputValidation } from './validation.js';

/** The rules of the HTTP edge, for every route: access, validation, problem documents, positions. */
@Global()
@Module({})
export class HttpModule {
  static forRoot(tokens: Tokens): DynamicModule {
    return {
      module: HttpModule,
      providers: [
        { provide: Tokens, useValue: tokens },
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_PIPE, useFactory: inputValidation },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_INTERCEPTOR, useClass: AnswersInterceptor },
      ],
      exports: [Tokens],
    };
  }
}
