/**
 * projector: the projector with every projection of the ledger over a realistic history, against a bare scan-parse-insert:
 * read the same rows, parse them, and upsert the very rows the projections wrote into the same tables, a page to a
 * transaction. Reached is either the target ratio or 50,000 events a second.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { createLedger } from '../../dist/apps/api/src/create-ledger.js';
import { EVENT_DEFINITIONS } from '../../dist/apps/api/src/ledger.module.js';
import { EventCodec, SqliteEventStore } from '../../dist/libs/event-store/src/index.js';
import { Projector, SqliteReadModels, Subscriptions } from '../../dist/libs/projections/src/index.js';
import { forkNode } from '../../dist/libs/projections/src/forks.js';
import { formerTable, keepsHistory, presentTable } from '../../dist/libs/projections/src/table.js';
import { writeHistoryFile } from './history.mjs';
import { duel, note, seconds, withFolder } from './measure.mjs';

const EVENTS = 120_000;
const PAGE = 512;
const SLICE_PAGES = 16;
const SLICE = SLICE_PAGES * PAGE;
const ROUNDS = Math.floor(EVENTS / SLICE);

/** Every projection of the ledger: it is asked for them, so that none is forgotten. */
async function projectionsOfALedger(folder) {
  const ledger = await createLedger({ dataFolder: join(folder, 'empty'), logger: false, publishBundledPolicies: false });
  const all = ledger.app.get(Subscriptions).projections();
  await ledger.close();
  return all;
}

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

  head() {
    return this.store.head();
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

/** Notes what is written, page by page: the rows that hold now and those that held before. */
class RecordingReadModels extends SqliteReadModels {
  pages = new Map();

  commit(batches) {
    return super.commit(
      batches.map((batch) => ({
        ...batch,
        apply: (work) => {
          batch.apply(work);
          this.note(work, batch.to);
        },
      })),
    );
  }

  note(work, to) {
    const rows = this.pages.get(to) ?? [];
    for (const [table, changes] of work.changes()) {
      const columns = Object.keys(table.columns);
      const history = keepsHistory(table);
      const valuesOf = (row) => columns.map((column) => row[column]);
      for (const { row, since, former } of changes) {
        if (row !== undefined) rows.push([presentTable(table, 1), [...valuesOf(row), ...(history ? [since] : [])]]);
        if (!history) continue;
        for (const past of former)
          rows.push([formerTable(table, 1), [...valuesOf(past.row), past.since, past.until, forkNode(past.since, past.until)]]);
      }
    }
    this.pages.set(to, rows);
  }
}

async function projecting(store, readModels, projections) {
  const paced = new Paced(store);
  const projector = new Projector(paced, readModels);
  for (const projection of projections) {
    // As if they had been live from the beginning: one subscription for all.
    await readModels.openLive(projection);
    projector.add(projection);
  }
  projector.start();
  const healthy = () => {
    const stopped = projector.status().find(({ state }) => state !== 'running');
    if (stopped) throw new Error(`${stopped.name} stopped: ${stopped.error}`);
  };
  return { slice: () => paced.letThrough(SLICE_PAGES).then(healthy), stop: () => projector.stop().then(() => readModels.close()) };
}

async function written(store, file, projections) {
  const readModels = new RecordingReadModels(file);
  const { slice, stop } = await projecting(store, readModels, projections);
  for (let round = 0; round < ROUNDS; round += 1) await slice();
  await stop();
  return [...readModels.pages.values()];
}

async function bareProjector(ledgerFile, file, pages, projections) {
  const readModels = new SqliteReadModels(file);
  for (const projection of projections) await readModels.openLive(projection);
  await readModels.close();
  const ledger = new Database(ledgerFile, { readonly: true });
  const scan = ledger.prepare('SELECT * FROM events WHERE position > ? ORDER BY position LIMIT +?');
  const database = new Database(file);
  database.pragma('synchronous = NORMAL');
  const upserts = new Map(
    projections.flatMap(({ tables }) => tables).flatMap((table) => statements(table).map(([name, sql]) => [name, database.prepare(sql)])),
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

function statements(table) {
  const { columns, key } = table;
  const insert = (name, names) =>
    `INSERT INTO "${name}" (${names.map((column) => `"${column}"`).join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
  const own = Object.keys(columns);
  const names = keepsHistory(table) ? [...own, '_since'] : own;
  const rest = names.filter((column) => !key.includes(column));
  const update = rest.length === 0 ? 'NOTHING' : `UPDATE SET ${rest.map((column) => `"${column}" = excluded."${column}"`).join(', ')}`;
  const present = [
    presentTable(table, 1),
    `${insert(presentTable(table, 1), names)} ON CONFLICT (${key.map((column) => `"${column}"`).join(', ')}) DO ${update}`,
  ];
  if (!keepsHistory(table)) return [present];
  return [present, [formerTable(table, 1), insert(formerTable(table, 1), [...own, '_since', '_until', '_node'])]];
}

function projector() {
  return withFolder(async (folder) => {
    const file = join(folder, 'ledger.db');
    const time = await seconds(() => writeHistoryFile(file, { events: EVENTS + PAGE }));
    note(`  projector: history of ${EVENTS} events in ${time.toFixed(1)} s`);
    const store = new SqliteEventStore(file, new EventCodec(EVENT_DEFINITIONS), { now: () => new Date() });
    const projections = await projectionsOfALedger(folder);
    const pages = await written(store, join(folder, 'recorded.db'), projections);
    const ours = await projecting(store, new SqliteReadModels(join(folder, 'ours.db')), projections);
    const bare = await bareProjector(file, join(folder, 'bare.db'), pages, projections);
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
