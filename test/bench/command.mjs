/**
 * command.*: whole commands through Nest's command bus: dispatch, load, decide, append. 64 clients register
 * enterprises and record facts on them. The limit inserts the very rows this writes, 64 to a transaction.
 * `command.64-clients` has nothing that follows the ledger; `command.64-clients.followed` is the whole ledger, with its
 * projections and process managers working in the same process.
 */
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CommandBus, CqrsModule } from '@nestjs/cqrs';
import { createLedger } from '../../dist/apps/api/src/create-ledger.js';
import { enterpriseEvents, FACT_VOCABULARY, RunEnterpriseCommand } from '../../dist/libs/enterprises/src/index.js';
import { RunEnterpriseCommandHandler } from '../../dist/libs/enterprises/src/handlers/run-enterprise-command.js';
import { EventStoreModule } from '../../dist/libs/event-store/src/index.js';
import { vocabularyOf } from '../../dist/libs/enterprises/src/index.js';
import { bundledPacks } from '../../dist/libs/policies/src/index.js';
import { BareStore, rowsOf } from './bare-store.mjs';
import { contextOf, creditCodeNo, fact, registration } from './enterprises.mjs';
import { concurrently, duel, seconds, withFolder } from './measure.mjs';

const CLIENTS = 64;
const FACTS = 4;
const SLICE_ENTERPRISES = 320;
const SLICE = SLICE_ENTERPRISES * (1 + FACTS);
const ROUNDS = 21;

const clock = { now: () => new Date() };

/** For each enterprise of a slice its commands in order, with their contexts, made before the clock runs. */
function script(round) {
  return Array.from({ length: SLICE_ENTERPRISES }, (_, index) => {
    const number = round * SLICE_ENTERPRISES + index;
    const commands = [
      { type: 'register', ...registration(number) },
      ...Array.from({ length: FACTS }, (__, no) => ({ type: 'record-facts', facts: [fact(number * FACTS + no)] })),
    ];
    return commands.map((command) => new RunEnterpriseCommand(creditCodeNo(number), command, contextOf(command)));
  });
}

/** Commands a second through a bus; enterprises are shared out among the clients, commands of one follow each other. */
async function rate(bus, round) {
  const commands = script(round);
  const time = await seconds(() =>
    concurrently(CLIENTS, SLICE_ENTERPRISES, async (index) => {
      for (const command of commands[index]) await bus.execute(command);
    }),
  );
  return SLICE / time;
}

async function bareModules(folder) {
  class CommandBench {}
  const module = {
    module: CommandBench,
    imports: [EventStoreModule.forRoot({ file: join(folder, 'ledger.db'), clock, definitions: enterpriseEvents }), CqrsModule.forRoot()],
    providers: [RunEnterpriseCommandHandler, { provide: FACT_VOCABULARY, useValue: vocabularyOf(bundledPacks()) }],
  };
  Module({})(CommandBench);
  const app = await NestFactory.createApplicationContext(module, { logger: false });
  return { bus: app.get(CommandBus), close: () => app.close() };
}

async function wholeLedger(folder) {
  const ledger = await createLedger({ dataFolder: folder, logger: false, publishBundledPolicies: true });
  return { bus: ledger.app.get(CommandBus), close: () => ledger.close() };
}

/** The rows that the script writes, slice by slice. */
async function rowsWritten() {
  return withFolder(async (folder) => {
    const { bus, close } = await bareModules(folder);
    for (let round = 0; round < ROUNDS; round += 1) await rate(bus, round);
    await close();
    return rowsOf(join(folder, 'ledger.db'));
  });
}

async function commandFigure(name, target, open) {
  const rows = await rowsWritten();
  await withFolder(async (folder) => {
    const { bus, close } = await open(folder);
    const bare = await BareStore.open(join(folder, 'bare.db'));
    await duel(
      { name, unit: 'commands/s', target, rounds: ROUNDS },
      (round) => rate(bus, round),
      (round) => bare.rate(rows.slice(round * SLICE, (round + 1) * SLICE), CLIENTS),
    );
    await close();
    bare.close();
  });
}

export const figures = {
  'command.64-clients': () => commandFigure('command.64-clients', 0.4, bareModules),
  'command.64-clients.followed': () => commandFigure('command.64-clients.followed', undefined, wholeLedger),
};
