import { type DynamicModule, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { Executor } from '@app/event-store';
import { knownInQueries } from '@app/http';
import { Subscriptions } from '@app/projections';
import { Budgets } from './budgets.js';
import { BudgetsController } from './budgets.controller.js';
import { ENVELOPE_LOOKUP, type EnvelopeLookup, noEnvelopes } from './envelope-lookup.js';
import { RunBudgetCommandHandler } from './handlers/run-budget-command.js';
import { BudgetLinesProjection } from './lines/budget-lines.projection.js';
import { KnownLines } from './lines/known-lines.js';
import { GetBudgetLineHandler, ListBudgetLinesHandler, ListReservationsHandler } from './lines/budget-lines.query.js';
import { BudgetTransfers } from './transfers/budget-transfers.js';

export interface BudgetsOptions {
  /** Modules the lookup needs beyond the global ones. */
  readonly imports?: ModuleMetadata['imports'];
  /** Reads the envelopes of published packs; without it no line has one. */
  readonly envelopeLookup?: Type<EnvelopeLookup>;
}

/** Budget lines: appropriations, reservations, spending. */
@Module({})
export class BudgetsModule {
  constructor(subscriptions: Subscriptions, executor: Executor) {
    subscriptions.addProjection(new BudgetLinesProjection());
    subscriptions.addProcessManager(new BudgetTransfers(executor));
  }

  static forRoot({ imports = [], envelopeLookup }: BudgetsOptions = {}): DynamicModule {
    return {
      module: BudgetsModule,
      global: true,
      imports,
      controllers: [BudgetsController],
      providers: [
        envelopeLookup === undefined
          ? { provide: ENVELOPE_LOOKUP, useValue: noEnvelopes }
          : { provide: ENVELOPE_LOOKUP, useClass: envelopeLookup },
        RunBudgetCommandHandler,
        Budgets,
        KnownLines,
        {
          provide: APP_PIPE,
          inject: [KnownLines],
          useFactory: (known: KnownLines) =>
            knownInQueries({
              budgetLine: (name) => known.line(name, 'budgetLine'),
              line: (line, { pack }) => known.slug(line, pack as string | undefined),
            }),
        },
        ListBudgetLinesHandler,
        GetBudgetLineHandler,
        ListReservationsHandler,
      ],
      exports: [Budgets],
    };
  }
}
