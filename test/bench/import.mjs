/**
 * import.*: files of 100,000 facts and of 10,000 enterprises, sent to a real server and followed until their import has
 * finished, in rows a second; projections and process managers work meanwhile. The limit inserts the very events this
 * wrote, ten facts of an enterprise and 64 enterprises to a transaction. `import.memory` is the most the server ever had,
 * in MB; ratio = limit/value, where the limit is what is allowed.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import writeExcelFile from 'write-excel-file/node';
import { BareStore, rowsOf } from './bare-store.mjs';
import { creditCodeNo } from './enterprises.mjs';
import { note, report, seconds, withFolder } from './measure.mjs';
import { memoryOf, startServer, tokenFor } from './server.mjs';

const ROWS = Number(process.env.LEDGER_BENCH_IMPORT_ROWS ?? 100_000);
const FACTS = 10;
const ENTERPRISES = ROWS / FACTS;
const AT_ONCE = 64;
const DISTRICT = '360704';
const ALLOWED_MB = 400;
const TYPES = { csv: 'text/csv', xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' };

const enterprises = () => [
  ['统一社会信用代码', '企业名称', '所在区域', '成立日期'],
  ...Array.from({ length: ENTERPRISES }, (_, index) => [
    creditCodeNo(index, DISTRICT),
    `赣州第${index}精密制造有限公司`,
    '江西省赣州经济技术开发区',
    '2019-03-15',
  ]),
];

/** Year by year, so that an enterprise's rows lie far apart, as where offices send a list each year. */
const facts = (firstYear) => [
  ['统一社会信用代码', '数据名称', '数据值', '所属期', '来源单位', '佐证材料'],
  ...Array.from({ length: ROWS }, (_, index) => [
    creditCodeNo(index % ENTERPRISES, DISTRICT),
    'rd.expenditure',
    `${1_000_000 + index}.00`,
    String(firstYear + Math.floor(index / ENTERPRISES)),
    '赣州经济技术开发区税务局',
    '企业所得税年度纳税申报表（A107012）',
  ]),
];

const asCsv = (rows) => Buffer.from(`\ufeff${rows.map((row) => row.join(',')).join('\n')}\n`);
const asXlsx = (rows) => writeExcelFile(rows.map((row) => row.map((value) => ({ value, type: String })))).toBuffer();

/** Sends a file and asks until its import has finished. */
async function bring(server, token, kind, file, type) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': type, 'idempotency-key': randomUUID() };
  const sent = await fetch(`${server.url}/v1/imports/${kind}`, { method: 'POST', headers, body: file });
  let answer = await sent.json();
  if (sent.status !== 202) throw new Error(JSON.stringify(answer));
  while (!['finished', 'failed'].includes(answer.state)) {
    await sleep(20);
    answer = await (await fetch(`${server.url}/v1/imports/${answer.id}`, { headers: { authorization: headers.authorization } })).json();
  }
  const { rows, written } = answer.counts;
  if (answer.errorCount > 0 || written !== rows) throw new Error(JSON.stringify({ ...answer, errors: answer.errors.slice(0, 3) }));
  return rows;
}

function importFigures() {
  return withFolder(async (folder) => {
    const server = await startServer(folder);
    const results = [];
    try {
      const token = await tokenFor(folder);
      const measure = async (name, kind, file, type) => {
        let rows = 0;
        const time = await seconds(async () => (rows = await bring(server, token, kind, file, type)));
        note(`  ${name}: ${rows} rows in ${time.toFixed(1)} s, at most ${memoryOf(server.pid).peak.toFixed(0)} MB`);
        results.push({ name, rows, value: rows / time });
      };
      await measure('import.enterprises', 'enterprises', asCsv(enterprises()), TYPES.csv);
      await measure('import.facts.csv', 'facts', asCsv(facts(1991)), TYPES.csv);
      await measure('import.facts.xlsx', 'facts', await asXlsx(facts(2005)), TYPES.xlsx);
      report({
        name: 'import.memory',
        value: memoryOf(server.pid).peak,
        unit: 'MB',
        limit: ALLOWED_MB,
        ratio: ALLOWED_MB / memoryOf(server.pid).peak,
        target: 1,
        rows: ROWS,
      });
    } finally {
      await server.stop();
    }
    const written = rowsOf(join(folder, 'ledger.db'));
    let at = written.length - results.reduce((sum, { rows }) => sum + rows, 0);
    for (const { name, rows, value } of results) {
      const events = written.slice(at, at + rows);
      at += rows;
      const bare = await BareStore.open(join(folder, `${name}.db`));
      const inOrder = events.map((row, index) => [index + 1, ...row.slice(1)]);
      const limit = await bare.rate(inOrder, AT_ONCE * (name === 'import.enterprises' ? 1 : FACTS));
      bare.close();
      report({ name, value, unit: 'rows/s', limit, ratio: value / limit });
    }
  });
}

export const figures = { import: importFigures };
