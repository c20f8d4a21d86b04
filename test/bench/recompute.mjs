/**
 * recompute: every award of a ledger computed again from its stored facts, with the answer written out as the service
 * does, against a bare scan of the same rows: read and parsed, nothing computed. `targetRate` is what is to be reached.
 * what-if: on the same ledger, every award under a changed policy, in seconds; the limit is what is allowed. Nobody is
 * spared an item: two caps and a gate change, and each award that comes out otherwise is written out.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { EVENT_DEFINITIONS } from '../../dist/apps/api/src/ledger.module.js';
import { AwardRecords } from '../../dist/libs/audit/src/recomputation/award-records.js';
import { AwardRecordsProjection } from '../../dist/libs/audit/src/recomputation/award-records.projection.js';
import { Recompute } from '../../dist/libs/audit/src/recomputation/recompute.js';
import { readChanges } from '../../dist/libs/audit/src/what-if/pack-changes.js';
import { WhatIf } from '../../dist/libs/audit/src/what-if/what-if.js';
import { BudgetLinesProjection } from '../../dist/libs/budgets/src/lines/budget-lines.projection.js';
import { asDomainEvent, contextOf, EventCodec, SqliteEventStore } from '../../dist/libs/event-store/src/index.js';
import { policyDecider, policyStream } from '../../dist/libs/policies/src/index.js';
import { Projector, SqliteReadModels } from '../../dist/libs/projections/src/index.js';
import { writeHistoryFile } from './history.mjs';
import { duel, note, report, seconds, withFolder } from './measure.mjs';

const EVENTS = Number(process.env.LEDGER_BENCH_EVENTS ?? 1_000_000);
const ROUNDS = 5;
const PACK = 'ganzhou-etdz-2023';
const TARGET_RATE = 20_000;
const WHAT_IF_SECONDS = 60;

/** Writes a history and builds the records of its awards. */
async function withRecords(work) {
  await withFolder(async (folder) => {
    const file = join(folder, 'ledger.db');
    const time = await seconds(() => writeHistoryFile(file, { events: EVENTS }));
    note(`  recompute: history of ${EVENTS} events in ${time.toFixed(0)} s`);
    await withRecordsOf(file, join(folder, 'read-models.db'), work);
  });
}

export async function withRecordsOf(file, readModelsFile, work) {
  const store = new SqliteEventStore(file, new EventCodec(EVENT_DEFINITIONS), { now: () => new Date() });
  const readModels = new SqliteReadModels(readModelsFile);
  const projector = new Projector(store, readModels);
  for (const projection of [new AwardRecordsProjection(), new BudgetLinesProjection()]) projector.add(projection);
  projector.start();
  const head = await store.head();
  const time = await seconds(async () => {
    while (!(await projector.reached(head, 5_000)));
  });
  note(`  recompute: records of its awards in ${time.toFixed(1)} s`);
  await projector.stop();
  const records = new AwardRecords(store, readModels, { caughtUp: async () => true });
  try {
    await work({ store, readModels, records, readModelsFile });
  } finally {
    await readModels.close();
    await store.close();
  }
}

/** Runs to the end; answers the summary. Every line is written out as it would be to a reader. */
export async function summaryOf(run) {
  let summary;
  let characters = 0;
  await run(async (line) => {
    characters += JSON.stringify(line).length;
    if ('summary' in line) summary = line.summary;
  });
  if (summary === undefined || characters === 0) throw new Error('the run has no summary');
  return summary;
}

/** What the policies say, folded from the ledger. */
const policiesOf = (store) => ({
  state: async (pack) => {
    let state = policyDecider.initialState;
    for await (const page of store.readStream(policyStream(pack)))
      for (const event of page) state = policyDecider.evolve(state, asDomainEvent(event), contextOf(event));
    return state;
  },
});

async function whatIf({ store, readModels, records }) {
  const set = ['clause.G01.cap.false=300000.00', 'clause.G01.cap.true=700000.00', 'clause.G01.gate.G19=off'];
  const changes = readChanges(set);
  const work = await new WhatIf(store, records, policiesOf(store), readModels).prepared({ pack: PACK, set, changes });
  let summary;
  const time = await seconds(async () => {
    summary = await summaryOf(work);
  });
  if (summary.gaining === 0 || summary.losing === 0) throw new Error('nobody gains or loses by the change');
  report({
    name: 'what-if',
    value: time,
    unit: 's',
    limit: WHAT_IF_SECONDS,
    ratio: WHAT_IF_SECONDS / time,
    target: 1,
    events: EVENTS,
    awards: summary.awards,
  });
}

async function recomputation() {
  await withRecords(async ({ store, readModels, records }) => {
    const recompute = new Recompute(store, records, undefined);
    const options = { facts: 'stored', thorough: false };
    let awards = 0;
    const ours = async () => {
      const time = await seconds(async () => {
        const summary = await summaryOf((emit) => recompute.run(options, emit));
        if (summary.differing > 0) throw new Error(`${summary.differing} awards differ`);
        ({ awards } = summary);
      });
      return awards / time;
    };
    const bare = () => bareScan(readModels);
    await ours();
    await duel({ name: 'recompute', unit: 'awards/s', rounds: ROUNDS, events: EVENTS, targetRate: TARGET_RATE }, ours, bare);
    note(`  recompute: ${awards} awards`);
    await whatIf({ store, readModels, records });
  });
}

async function bareScan(readModels) {
  const database = new Database(readModels.file, { readonly: true });
  const tables = database
    .prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'award\\_%' ESCAPE '\\'`)
    .pluck()
    .all();
  const present = (table) => tables.find((name) => new RegExp(`^${table}__\\d+$`).test(name));
  const scan = database.prepare(
    `SELECT r.record, a.facts, a.stated FROM "${present('award_record')}" r LEFT JOIN "${present('award_assessment')}" a ON a.award = r.award AND a.position = r.assessed_at ORDER BY r.award`,
  );
  let awards = 0;
  const time = await seconds(() => {
    for (const { record, facts, stated } of scan.iterate()) awards += [record, facts, stated].map((text) => JSON.parse(text)).length / 3;
  });
  database.close();
  return awards / time;
}

export const figures = { recompute: recomputation };
