import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import db from '@eventstore/db-client';
import { EventCodec } from '../dist/libs/event-store/src/index.js';
import { EsdbEventStore } from '../dist/libs/event-store/src/esdb/esdb-event-store.js';
import { parseAddress } from '../dist/libs/event-store/src/esdb/address.js';
const child = spawn(process.execPath, ['test/stand-in/main.mjs', '/tmp/t/bench.log', '0'], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
const [chunk] = await once(child.stdout, 'data');
const url = `esdb://127.0.0.1:${String(chunk).trim()}?tls=false`;
const store = new EsdbEventStore({ address: parseAddress(url), indexFile: '/tmp/t/bench-claims.db' }, new EventCodec({ 'fact-recorded': { version: 1 } }));
const client = db.EventStoreDBClient.connectionString(url);
const N = Number(process.argv[2] ?? 6400), C = Number(process.argv[3] ?? 64);
const sample = (i) => { const commandId = randomUUID(); return { id: randomUUID(), type: 'fact-recorded', data: { factId: `F${i}`, name: 'rd.expenditure', value: `${1_000_000 + i}.00`, period: '2023', sourceUnit: '赣州经济技术开发区税务局企业所得税管理科', corrects: 'F1' },
  metadata: { effectiveOn: '2024-05-20', actor: { id: 'clerk.liu', unit: '科技创新局', roles: ['clerk', 'reviewer'] }, commandId, commandHash: '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef', correlationId: commandId, causationId: commandId, evidence: [{ title: '企业所得税年度纳税申报表（A107012）', documentNo: `赣开税申〔2024〕${i}号`, sha256: '9bee50c4bd09d11adfe2b1cd112703a0ad2e918993e22692256af4cda2859a7f' }] } }; };
async function run(append) { const t = performance.now(); await Promise.all(Array.from({ length: C }, async (_, c) => { const s = `s-${randomUUID()}`; for (let r = 0; r < N / C; r++) await append(s, r - 1, sample(r)); })); return N / ((performance.now() - t) / 1000); }
const ours = (s, r, e) => store.append(s, r, [e]);
const bare = (s, r, e) => client.appendToStream(s, db.jsonEvent({ id: e.id, type: 'fact-recorded.v1', data: e.data, metadata: e.metadata }), { expectedRevision: r < 0 ? 'no_stream' : BigInt(r) });
for (let round = 0; round < 2; round++) console.log("append", C, 'ours', Math.round(await run(ours)), 'bare', Math.round(await run(bare)));
async function readOurs() { const t = performance.now(); let n = 0; for await (const page of store.readAll()) n += page.length; return n / ((performance.now() - t) / 1000); }
async function readBare() { const t = performance.now(); let n = 0; for await (const e of client.readAll()) n += 1; return n / ((performance.now() - t) / 1000); }
// only ledger events for ours; the bare ones above share the type and the metadata
for (let round = 0; round < 4; round++) console.log('readAll ours', Math.round(await readOurs()), 'bare (all)', Math.round(await readBare()));
await store.close(); await client.dispose(); child.kill(); process.exit(0);
