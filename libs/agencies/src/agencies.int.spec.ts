import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CqrsModule } from '@nestjs/cqrs';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { EventStoreModule, Executor } from '@app/event-store';
import { HttpModule, Tokens } from '@app/http';
import { type Clock, derivedId, type PersonRole, withCheckCharacter } from '@app/kernel';
import { packFromCanonical, policyDecider, policyEvents } from '@app/policies';
import { ProjectionsModule, Subscriptions } from '@app/projections';
import { Agencies } from './agencies.js';
import { AgenciesModule } from './agencies.module.js';
import { agencyEvents } from './agency.codec.js';

const CODE = withCheckCharacter('91440700MA35QWERT');
const OTHER = withCheckCharacter('91440700MA38ACDFG');
const evidence = [{ title: '备案表' }];
const registration = {
  creditCode: CODE,
  name: '甲科技服务公司',
  services: ['高企申报咨询', '研发费归集'],
  contactUnit: '市科技局高新科',
  from: '2026-01-10',
  validUntil: '2026-12-31',
  evidence,
};
const inspection = { on: '2026-03-01', inspector: '市科技局', finding: 'fraud', summary: '代编数据', evidence };

const cited = { line: 1, quote: '备案' };
const pack = packFromCanonical({
  id: 'test-2026',
  title: '服务机构管理办法',
  issuer: '虚构市科技局',
  region: '虚构市',
  source: { file: 'fictional.txt', sha256: '0'.repeat(64) },
  status: 'in-force',
  force: { from: '2026-01-01', until: '2027-01-01' },
  disclosure: 'public',
  publicNotice: { days: 5, basis: 'notice' },
  inputs: {},
  gates: [],
  envelopes: [],
  clauses: [
    { id: 'N1', title: '黑名单', citation: cited, shape: { kind: 'note', about: 'blacklist' } },
    { id: 'N2', title: '备案', citation: cited, shape: { kind: 'note', about: 'registry' } },
  ],
  interpretations: [
    {
      id: 'notice',
      clauses: [],
      question: '公示几天',
      options: [
        { id: 'five', text: '五日' },
        { id: 'seven', text: '七日' },
      ],
      chosen: 'five',
      reason: '按惯例',
    },
  ],
});

describe('/v1/agencies', () => {
  const folder = mkdtempSync(join(tmpdir(), 'agencies-'));
  let today = '2026-04-01';
  const clock: Clock = { now: () => new Date(`${today}T04:00:00Z`) };
  const tokens = new Tokens(new Uint8Array(32).fill(7), clock);
  let app: NestFastifyApplication;
  let origin: string;
  let keys = 0;

  beforeAll(async () => {
    const module = await Test.createTestingModule({
      imports: [
        EventStoreModule.forRoot({ file: join(folder, 'events.db'), clock, definitions: { ...policyEvents, ...agencyEvents } }),
        ProjectionsModule.forRoot({ file: join(folder, 'read.db') }),
        HttpModule.forRoot(tokens),
        CqrsModule.forRoot(),
        AgenciesModule,
      ],
    }).compile();
    app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter({ routerOptions: { maxParamLength: 500 } }), {
      logger: false,
    });
    app
      .getHttpAdapter()
      .getInstance()
      .decorateRequest('clock', { getter: () => clock });
    await app.listen(0, '127.0.0.1');
    origin = (await app.getUrl()).replace('[::1]', '127.0.0.1');
    const commandId = derivedId('spec', pack.id);
    const actor = { id: 'administrator-1', unit: '科技局', roles: ['administrator'] as const };
    const context = { commandId, contentHash: pack.id, actor, effectiveOn: today, today, correlationId: commandId, causationId: commandId };
    await app.get(Executor).execute(policyDecider, `policy-${pack.id}`, { type: 'publish', pack, evidence }, context);
  });
  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function send(method: 'GET' | 'POST', path: string, as: string, body?: object, key = `key-${(keys += 1)}`) {
    const [role, id] = as.split(':') as [PersonRole, string?];
    const token = await tokens.issue({ id: id ?? `${role}-1`, unit: '市科技局', roles: [role] }, 3_600);
    const posting = { 'idempotency-key': key, 'content-type': 'application/json' };
    const answer = await fetch(`${origin}/v1/agencies${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(method === 'POST' && posting) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: (await answer.json()) as Record<string, unknown> };
  }
  const post = (path: string, as: string, body: object, key?: string) => send('POST', path, as, body, key);
  async function get(path: string) {
    expect(await app.get(Subscriptions).settled(10_000)).toBe(true);
    return send('GET', path, 'finance');
  }

  it('keeps an agency from its registration to the next', async () => {
    const clause = { pack: 'test-2026', clause: 'N2' };
    expect(await post('', 'clerk', { ...registration, clause: { ...clause, clause: 'N1' } })).toMatchObject({
      status: 409,
      body: { code: 'clause-not-about-registry' },
    });
    const first = await post('', 'clerk', { ...registration, creditCode: CODE.toLowerCase(), clause }, 'first');
    expect(first).toMatchObject({ status: 201, headers: { etag: '"0"' }, body: { stream: `agency-${CODE}`, events: 1 } });
    expect(await post('', 'clerk', { ...registration, creditCode: OTHER, validUntil: undefined, name: '乙科技服务公司' })).toMatchObject({
      status: 201,
    });
    expect(await get(`/${CODE}`)).toMatchObject({
      headers: { etag: '"0"' },
      body: {
        registered: true,
        status: 'registered',
        registrations: [{ no: 1, policy: clause }],
        inspections: [],
        blacklistSuggested: false,
      },
    });
    expect(await app.get(Agencies).require(CODE, '2026-04-01')).toMatchObject({ contactUnit: '市科技局高新科' });
    await expect(app.get(Agencies).require(CODE, '2026-01-09')).rejects.toMatchObject({ code: 'agency-not-registered' });

    expect(await post(`/${CODE}/inspections`, 'reviewer', { ...inspection, on: '2026-02-01', finding: 'irregular' })).toMatchObject({
      status: 201,
    });
    expect(await post(`/${CODE}/inspections`, 'clerk', inspection)).toMatchObject({ status: 201 });
    expect(await post(`/${CODE}/inspections`, 'clerk', { ...inspection, on: '2026-02-15', finding: 'ok' })).toMatchObject({ status: 201 });
    expect(await post(`/${CODE}/rename`, 'clerk', { name: '丙科技服务公司', on: '2026-03-15', evidence })).toMatchObject({ status: 200 });
    expect(await post(`/${CODE}/renew`, 'clerk', { validUntil: '2027-12-31', evidence })).toMatchObject({ status: 200 });
    const detail = await get(`/${CODE.toLowerCase()}?on=2026-03-01`);
    expect(detail.body).toMatchObject({ name: '甲科技服务公司', blacklistSuggested: true, names: [{}, { name: '丙科技服务公司' }] });
    const before = await get(`/${CODE}?on=2026-02-15`);
    expect(before.body).toMatchObject({
      status: 'registered',
      blacklistSuggested: false,
      inspections: [{ on: '2026-02-15' }, { on: '2026-02-01' }],
    });
    expect(await get(`/${CODE}?on=2026-01-09`)).toMatchObject({ status: 404, body: { code: 'agency-unknown' } });
    const listed = async (on: string) => ((await get(`?q=${CODE}&on=${on}`)).body['items'] as readonly object[])[0];
    expect(await listed('2026-02-14')).toMatchObject({ name: '甲科技服务公司', inspections: 1, blacklistSuggested: false });
    expect(await listed('2026-03-01')).toMatchObject({ lastFinding: 'fraud', blacklistSuggested: true });
    expect(await listed('2026-01-09')).toBeUndefined();
    expect(detail.body['inspections']).toMatchObject([{ on: '2026-03-01', finding: 'fraud' }, { on: '2026-02-15' }, { on: '2026-02-01' }]);
    expect((await get('')).body['items']).toMatchObject([
      {
        creditCode: CODE,
        name: '丙科技服务公司',
        validUntil: '2027-12-31',
        inspections: 3,
        lastFinding: 'fraud',
        blacklistSuggested: true,
      },
      { creditCode: OTHER, inspections: 0, blacklistSuggested: false },
    ]);

    const striking = { reason: '弄虚作假', evidence };
    expect(await post(`/${CODE}/strike-off`, 'approver:clerk-1', striking)).toMatchObject({ body: { code: 'duties-not-separated' } });
    expect(await post(`/${CODE}/strike-off`, 'approver', striking)).toMatchObject({ status: 200 });
    await expect(app.get(Agencies).require(CODE, '2026-04-01')).rejects.toMatchObject({ kind: 'refused', code: 'agency-not-registered' });
    expect(await app.get(Agencies).require(CODE, '2026-03-31')).toBeDefined();
    expect((await get('?status=struck-off')).body).toMatchObject({ items: [{ creditCode: CODE, struckOffOn: '2026-04-01' }] });

    today = '2026-05-01';
    expect(await post('', 'clerk', { ...registration, from: '2026-05-01' })).toMatchObject({ status: 201, body: { events: 1 } });
    expect((await get(`/${CODE}`)).body).toMatchObject({
      status: 'registered',
      registrations: [{ struckOff: { by: 'approver-1' } }, { no: 2 }],
    });
    expect(await post('', 'clerk', { ...registration, creditCode: CODE.toLowerCase(), clause }, 'first')).toMatchObject({
      body: { replayed: true },
    });

    today = '2027-01-01';
    const found = async (query: string) =>
      ((await get(query)).body['items'] as readonly { creditCode: string }[]).map(({ creditCode }) => creditCode);
    expect(await found('?status=lapsed')).toEqual([CODE]);
    expect(await found('?status=registered')).toEqual([OTHER]);
    expect(await found('?q=乙科技')).toEqual([OTHER]);
    expect(await found(`?q=${CODE.slice(0, 17).toLowerCase()}`)).toEqual([CODE]);
    const page = await get('?limit=1');
    expect(page.body['items']).toMatchObject([{ creditCode: CODE }]);
    expect(await found(`?limit=1&cursor=${page.body['next'] as string}`)).toEqual([OTHER]);
  });

  it.each([
    ['', 'approver'],
    [`/${CODE}/renew`, 'reviewer'],
    [`/${CODE}/rename`, 'auditor'],
    [`/${CODE}/inspections`, 'finance'],
    [`/${CODE}/strike-off`, 'clerk'],
  ])('closes %j to %s', async (path, role) => expect(await post(path, role, {})).toMatchObject({ status: 403 }));

  it.each([
    ['', { ...registration, creditCode: 'x' }, 'creditCode'],
    ['', { ...registration, name: '' }, 'name'],
    ['', { ...registration, services: [] }, 'services'],
    ['', { ...registration, services: [null] }, 'services'],
    ['', { ...registration, services: ['x'.repeat(101)] }, 'services'],
    ['', { ...registration, services: 'x' }, 'services'],
    ['', { ...registration, from: '2030-01-01' }, 'from'],
    ['', { ...registration, clause: 'N2' }, 'clause'],
    ['', { ...registration, evidence: [] }, 'evidence'],
    ['', { ...registration, policy: {} }, 'policy'],
    [`/${CODE}/inspections`, { ...inspection, finding: 'bad' }, 'finding'],
    [`/${CODE}/inspections`, { ...inspection, on: '2026-02-30' }, 'on'],
    [`/${CODE}/renew`, { validUntil: null, evidence }, 'validUntil'],
    ['/x/renew', { evidence }, 'code'],
  ])('answers bad input with 400: %j %j', async (path, body, field) =>
    expect(await post(path, 'clerk', body)).toMatchObject({
      status: 400,
      body: { errors: expect.arrayContaining([expect.objectContaining({ field })]) },
    }),
  );

  it.each(['/x', '?status=gone', '?limit=0', '?cursor=x', `/${CODE}?on=2026-02-30`])('answers a bad query with 400: %s', async (path) =>
    expect((await get(path)).status).toBe(400),
  );

  it('knows nobody it has not registered', async () => {
    const unknown = withCheckCharacter('91440700MA39HXCBN');
    expect(await get(`/${unknown}`)).toMatchObject({ status: 404, body: { code: 'agency-unknown' } });
    expect(await post(`/${unknown}/inspections`, 'clerk', inspection)).toMatchObject({ status: 404 });
    await expect(app.get(Agencies).require(unknown, today)).rejects.toMatchObject({ code: 'agency-not-registered' });
  });
});
