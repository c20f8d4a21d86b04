/**
 * projector: the projector with the ledger's own projections over a realistic history, against a bare scan-parse-insert:
 * read the same rows, parse them, and upsert the very rows the projections wrote into the same tables, a page to a
 * transaction. Reached is either the target ratio or 50,000 events a second.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { EVENT_DEFINITIONS } from '../../dist/apps/api/src/ledger.module.js';
import { BalancesProjection } from '../../dist/libs/awards/src/balances/balances.projection.js';
import { BatchesProjection } from '../../dist/libs/awards/src/disbursement/batches.projection.js';
import { AwardsProjection } from '../../dist/libs/awards/src/list/awards.projection.js';
import { BudgetLinesProjection } from '../../dist/libs/budgets/src/lines/budget-lines.projection.js';
import { DossierProjection } from '../../dist/libs/enterprises/src/dossier/dossier.projection.js';
import { EventCodec, SqliteEventStore } from '../../dist/libs/event-store/src/index.js';
import { PoliciesProjection } from '../../dist/libs/policies/src/list/policies.projection.js';
import { Projector, ReadModels } from '../../dist/libs/projections/src/index.js';
import { writeHistoryFile } from './history.mjs';
import { duel, note, seconds, withFolder } from './measure.mjs';

const EVENTS = 120_000;
const PAGE = 512;
const SLICE_PAGES = 16;
const SLICE = SLICE_PAGES * PAGE;
const ROUNDS = Math.floor(EVENTS / SLICE);

const projections = () => [
  new PoliciesProjection(),
  new DossierProjection(),
  new BudgetLinesProjection(),
  new AwardsProjection(),
  new BalancesProjection(),
  new BatchesProjection(),
];

/** A store whose subscription goes on only as far as it is let. */
class Paced {
  left = 0;

  constructor(store) {
    this.store = store;
  }

  /** Lets some pages through; resolves when the reader has dealt with them and asks for another. */
  letThrough(pages) {
    this.left = pages;
    return new Promise((resolve) => {
      this.sliceDone = resolve;
      this.wake?.();
    });
  }

  async *subscribe(options) {
    const pages = this.store.subscribe(options)[Symbol.asyncIterator]();
    options.signal.addEventListener('abort', () => this.wake?.(), { once: true });
    while (!options.signal.aborted) {
      if (this.left === 0) {
        const more = new Promise((resolve) => (this.wake = resolve));
        this.sliceDone?.();
        await more;
        continue;
      }
      this.left -= 1;
      yield (await pages.next()).value;
    }
  }
}

/** Notes what is written, page by page. */
class RecordingReadModels extends ReadModels {
  pages = new Map();

  commit(work, from, to) {
    const rows = this.pages.get(to) ?? [];
    for (const [table, changes] of work.changes()) {
      for (const { row } of changes)
        if (row !== undefined) rows.push([table.name, Object.keys(table.columns).map((column) => row[column])]);
    }
    this.pages.set(to, rows);
    return super.commit(work, from, to);
  }
}

function projecting(store, readModels) {
  const paced = new Paced(store);
  const projector = new Projector(paced, readModels);
  for (const projection of projections()) projector.add(projection);
  projector.start();
  const healthy = () => {
    const stopped = projector.status().find(({ state }) => state !== 'running');
    if (stopped) throw new Error(`${stopped.name} stopped: ${stopped.error}`);
  };
  return { slice: () => paced.letThrough(SLICE_PAGES).then(healthy), stop: () => projector.stop().then(() => readModels.close()) };
}

async function written(store, file) {
  const readModels = new RecordingReadModels(file);
  const { slice, stop } = projecting(store, readModels);
  for (let round = 0; round < ROUNDS; round += 1) await slice();
  await stop();
  return [...readModels.pages.values()];
}

function bareProjector(ledgerFile, file, pages) {
  const readModels = new ReadModels(file);
  for (const projection of projections()) readModels.prepare(projection);
  readModels.close();
  const ledger = new Database(ledgerFile, { readonly: true });
  const scan = ledger.prepare('SELECT * FROM events WHERE position > ? ORDER BY position LIMIT +?');
  const database = new Database(file);
  database.pragma('synchronous = NORMAL');
  const upserts = new Map(
    projections()
      .flatMap(({ tables }) => tables)
      .map((table) => [table.name, database.prepare(upsert(table))]),
  );
  const write = database.transaction((rows) => {
    for (const [table, values] of rows) upserts.get(table).run(...values);
  });
  let page = 0;
  return {
    slice: () => {
      for (let index = 0; index < SLICE_PAGES; index += 1, page += 1) {
        const rows = scan.all(page * PAGE, PAGE);
        for (const row of rows) [row.data, row.metadata] = [JSON.parse(row.data), JSON.parse(row.metadata)];
        write(pages[page]);
      }
    },
    close: () => {
      database.close();
      ledger.close();
    },
  };
}

function upsert({ name, columns, key }) {
  const names = Object.keys(columns);
  const rest = names.filter((column) => !key.includes(column));
  const update = `UPDATE SET ${rest.map((column) => `"${column}" = excluded."${column}"`).join(', ')}`;
  return `INSERT INTO "${name}" (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')}) ON CONFLICT (${key.join(', ')}) DO ${rest.length === 0 ? 'NOTHING' : update}`;
}

function projector() {
  return withFolder(async (folder) => {
    const file = join(folder, 'ledger.db');
    const time = await seconds(() => writeHistoryFile(file, { events: EVENTS + PAGE }));
    note(`  projector: history of ${EVENTS} events in ${time.toFixed(1)} s`);
    const store = new SqliteEventStore(file, new EventCodec(EVENT_DEFINITIONS), { now: () => new Date() });
    const pages = await written(store, join(folder, 'recorded.db'));
    const ours = projecting(store, new ReadModels(join(folder, 'ours.db')));
    const bare = bareProjector(file, join(folder, 'bare.db'), pages);
    const rowsAnEvent = pages.reduce((sum, rows) => sum + rows.length, 0) / (ROUNDS * SLICE);
    await duel(
      { name: 'projector', unit: 'events/s', target: 0.4, rounds: ROUNDS, orRate: 50_000, rowsAnEvent: Number(rowsAnEvent.toFixed(2)) },
      async () => SLICE / (await seconds(ours.slice)),
      async () => SLICE / (await seconds(bare.slice)),
    );
    await ours.stop();
    bare.close();
    await store.close();
  });
}

export const figures = { projector };
