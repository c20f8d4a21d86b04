import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type ArgumentsHost, Catch, Controller, type ExceptionFilter, Get, Header, Logger, Query } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { parse } from 'csv-parse/sync';
import readExcelFile from 'read-excel-file/node';
import { currentVantage, EVENT_STORE } from '@app/event-store';
import { businessDate, CLOCK, invalidField, notFound } from '@app/kernel';
import { sendProblem } from '@app/http';
import { Policies } from '@app/policies';
import { Subscriptions } from '@app/projections';
import { DifferencesController } from './differences.controller.js';
import { Differences } from './differences.js';
import { Disclosures } from './disclosures.js';
import { Exporter } from './exporter.js';
import { ExportsController } from './exports.controller.js';
import { InnerRoutes } from './inner.js';
import { Vantages } from './vantages.js';

// Injected requests load a package for cookies that the test runner cannot; there are none here.
jest.mock('cookie', () => ({}));

const NOW = new Date('2024-06-30T04:00:00Z');
/** Pages the list has, which of them fails, and what was asked of it. */
const asked: (number | undefined)[] = [];
let pages = 3;
let failing = -1;

/** What a list answers that cannot be told just now. */
const BEHIND = { status: 503, code: 'read-model-behind', detail: 'awards has stopped' };

const PER_PAGE = 500;
const item = (number: number) => ({
  award: `open-2024.T1.${String(number).padStart(8, '0')}`,
  amount: `${number}.50`,
  payeeName: `=公司${number}`,
  account: '6222021001123456789',
  // Does not shrink, so that what is on its way takes up room.
  remark: Array.from({ length: 20 }, (_, part) => Math.sin(number + part).toString(36)).join(''),
});

@Controller('v1')
class Lists {
  @Get('awards')
  awards(@Query('cursor') cursor = '0') {
    const page = Number(cursor);
    asked.push(currentVantage()?.position);
    if (page === failing) throw new Error('the disk is gone');
    const items = Array.from({ length: PER_PAGE }, (_, index) => item(page * PER_PAGE + index));
    return { items, ...(page + 1 < pages && { next: String(page + 1) }) };
  }

  @Get('public-notices')
  notices() {
    return { items: [item(1)] };
  }

  @Get('rosters')
  mixed() {
    return [{ pack: 'open-2024', title: '公开的' }, { pack: 'secret-2024', title: '依申请的' }, { title: '不属于任何政策' }];
  }

  @Get('standing')
  standing() {
    return [{ present: currentVantage()?.isPresent === true }];
  }

  @Get('budgets')
  budgets(@Query('on') on?: string) {
    if (on !== undefined && businessDate(on, 'on') < '2020-01-01') throw invalidField('on', 'too-early', 'must not lie before 2020');
    const position = currentVantage()?.position ?? 0;
    return { items: [{ pack: 'p', line: 'l', period: '2024', amount: `${position}.00`, from: on ?? 'now' }] };
  }

  @Get('audit/reliance/clearance/1')
  reliance(@Query('on') on: string) {
    return { items: [{ day: businessDate(on, 'on') }] };
  }

  @Get('balances/reconciliation')
  reconciliation() {
    return { reconciled: false, awards: 2, lines: 1, differences: [{ subject: 'award' }] };
  }

  /** Answers in lines, and cannot go on before the first item. */
  @Get('audit/recomputation')
  @Header('content-type', 'application/jsonl; charset=utf-8')
  recomputation() {
    return `${JSON.stringify({ problem: BEHIND })}\n`;
  }

  @Get('awards/one')
  one() {
    const position = currentVantage()?.position ?? 0;
    if (position < 10) throw notFound('award-unknown', 'there is no such award');
    return { award: 'one', status: position < 20 ? 'applied' : 'granted' };
  }
}

@Catch()
class Problems implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    sendProblem(error, host.switchToHttp().getRequest(), host.switchToHttp().getResponse(), new Logger('http'));
  }
}

let app: NestFastifyApplication;
const at = (point: number | Date) => ({ position: point instanceof Date ? 7 : point, now: NOW });
beforeAll(async () => {
  const disclosure: Readonly<Record<string, string>> = { 'open-2024': 'public', 'secret-2024': 'on-request' };
  const state = (pack: string) => Promise.resolve({ status: 'published', versions: [{ pack: { disclosure: disclosure[pack] } }] });
  const module = await Test.createTestingModule({
    controllers: [ExportsController, DifferencesController, Lists],
    providers: [
      InnerRoutes,
      Disclosures,
      Vantages,
      Exporter,
      Differences,
      { provide: CLOCK, useValue: { now: () => NOW } },
      { provide: EVENT_STORE, useValue: { head: () => Promise.resolve(42) } },
      {
        provide: Subscriptions,
        useValue: { seenByRunning: () => Promise.resolve(), vantageAt: (point: number | Date) => Promise.resolve(at(point)) },
      },
      { provide: Policies, useValue: { state, packs: () => [] } },
    ],
  }).compile();
  app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  app.useGlobalFilters(new Problems());
  await app.listen(0, '127.0.0.1');
});
afterAll(() => app.close());
beforeEach(() => {
  asked.length = 0;
  pages = 3;
  failing = -1;
});

const url = (path: string) => `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}/v1/${path}`;
const bytes = async (path: string) => Buffer.from(await (await fetch(url(path))).arrayBuffer());

const raw = (path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { port } = app.getHttpServer().address() as AddressInfo;
    get(
      { port, host: '127.0.0.1', path: `/v1/${path}` },
      (response) => void buffer(response).then((all) => resolve(all.toString()), reject),
    );
  });

describe('an exported list', () => {
  it('is whole, from one point, in every format', async () => {
    const csv: Record<string, string>[] = parse((await bytes('exports/awards?format=csv')).toString(), { bom: true, columns: true });
    expect(csv).toHaveLength(1500);
    expect(csv[1499]).toMatchObject({
      奖补编号: 'open-2024.T1.00001499',
      '金额（元）': '1499.50',
      企业名称: "'=公司1499",
      公开属性: '公开',
    });
    const lines = (await bytes('exports/awards?format=jsonl')).toString().trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      Array.from({ length: 1500 }, (_, number) => ({ ...item(number), disclosure: 'public' })),
    );
    const response = await fetch(url('exports/awards?format=xlsx'));
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'ledger-as-of': '42',
      'ledger-as-of-time': NOW.toISOString(),
      'content-disposition': expect.stringContaining(`filename="awards-42.xlsx"; filename*=UTF-8''${encodeURIComponent('奖补列表')}`),
    });
    const [list, about] = (await readExcelFile(Buffer.from(await response.arrayBuffer()))) as unknown as { data: unknown[][] }[];
    expect(list?.data).toHaveLength(1501);
    expect(list?.data[1500]?.slice(0, 4)).toEqual(['open-2024.T1.00001499', 1499.5, '=公司1499', '6222021001123456789']);
    expect(about?.data).toEqual(
      expect.arrayContaining([
        ['清单', '奖补列表'],
        ['账本位置', '42'],
        ['时点', '2024-06-30 12:00:00（北京时间）'],
        ['行数', '1500'],
      ]),
    );
    expect(new Set(asked)).toEqual(new Set([42]));
  });

  it('says beside the file what the answer says yes or no to, and of a list that says nothing nothing', async () => {
    const verdict = async (path: string) => (await fetch(url(`exports/${path}?format=csv`))).headers.get('ledger-verdict');
    expect(await verdict('balances/reconciliation')).toBe('{"reconciled":false}');
    expect(await verdict('budgets')).toBeNull();
    expect(await verdict('rosters')).toBeNull();
  });

  it('is read no faster than it is taken, and no further when the reader leaves', async () => {
    pages = 2_000;
    for (const format of ['csv', 'xlsx']) {
      asked.length = 0;
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        get(url(`exports/awards?format=${format}`), resolve).on('error', reject);
      });
      response.pause();
      await settled();
      expect(asked.length).toBeLessThan(200);
      response.destroy();
      await settled();
      const left = asked.length;
      await settled();
      expect(asked.length).toBe(left);
    }
  });

  it.each(['csv', 'jsonl', 'xlsx'])('that fails halfway is cut off, and taken for no whole file: %s', async (format) => {
    pages = 12;
    failing = 8;
    await expect(bytes(`exports/awards?format=${format}`)).rejects.toThrow(/terminated|aborted|hang up/);
  });

  it('passes on what the list itself refuses, before anything is sent', async () => {
    failing = 0;
    expect((await fetch(url('exports/awards'))).status).toBe(500);
    expect(await (await fetch(url('exports/nothing'))).json()).toMatchObject({ status: 404, code: 'route-not-found' });
    for (const path of [
      'exports/awards?format=pdf',
      'exports/awards?limit=5',
      'exports/exports/awards',
      'exports/awards/one?asOf=30',
      'exports/awards?format=csv&format=xlsx',
    ])
      expect([path, (await fetch(url(path))).status]).toEqual([path, 400]);
  });

  it.each(['exports/audit/recomputation?format=csv', 'differences/audit/recomputation?earlier=30'])(
    'passes on the problem of a list that comes in lines as that problem: %s',
    async (path) => {
      const answer = await fetch(url(path));
      expect([answer.status, await answer.json()]).toEqual([503, BEHIND]);
    },
  );

  it('of now is of the present, of an earlier point is not', async () => {
    expect((await bytes('exports/standing?format=jsonl')).toString()).toContain('"present":true');
    expect((await bytes('differences/standing?earlier=30')).toString()).toContain('"item":{"present":true');
    expect((await bytes('differences/standing?earlier=30&later=31')).toString()).toContain('"items":[]');
  });

  it('is never one of the doors themselves, however they are written', async () => {
    for (const door of ['exports', '%65xports', '%64ifferences', 'x\\..\\exports', 'x\\..\\..\\v1', '%2e%2e', 'x/%2E./..']) {
      // Not fetch: it puts such paths right.
      const body = await raw(`exports/${door}/awards?format=csv`);
      expect(JSON.parse(body)).toMatchObject({ status: 400, errors: [{ field: 'path', rule: 'route' }] });
    }
  });

  it('for the public holds what belongs to public policies, and says what it leaves out', async () => {
    const csv = (await bytes('exports/rosters?format=csv&audience=public')).toString();
    expect(csv).toBe('\uFEFF政策包,名称,公开属性\nopen-2024,公开的,公开\n另有2条记录不属于公开的政策，未列出\n');
    expect((await bytes('exports/rosters?format=csv')).toString()).toContain('secret-2024,依申请的,依申请公开\n');
    const lines = (await bytes('exports/public-notices?format=jsonl&audience=public')).toString().trimEnd().split('\n');
    expect(Object.keys(JSON.parse(lines[0] as string) as object)).toEqual(['award', 'amount', 'payeeName', 'disclosure']);
    expect(lines.at(-1)).toBe('{"leftOut":0}');
    expect(await (await fetch(url('exports/awards?audience=public'))).json()).toMatchObject({
      status: 400,
      errors: [{ field: 'audience' }],
    });
  });
});

describe('the difference between two points', () => {
  const difference = async (query: string) => (await fetch(url(`differences/awards/one?${query}`))).json();
  it('is told field by field, and what was not there yet is new', async () => {
    expect(await difference('earlier=12&later=30')).toEqual({
      earlier: { position: 12, time: NOW.toISOString() },
      later: { position: 30, time: NOW.toISOString() },
      items: [{ change: 'changed', key: {}, fields: [{ field: 'status', heading: '状态', before: 'applied', after: 'granted' }] }],
      added: 0,
      removed: 0,
      changed: 1,
    });
    expect(await difference('earlier=5')).toMatchObject({ added: 1, items: [{ change: 'added', item: { status: 'granted' } }] });
    expect(await difference('earlier=12&later=13')).toMatchObject({ items: [], changed: 0 });
    expect((await bytes('differences/awards/one?earlier=12&later=30&format=csv')).toString()).toBe(
      '\uFEFF变化,对象,栏目,变更前,变更后\n变更,,状态,已申报,已批准\n',
    );
  });
  it('needs two points in their order, and something that is there at one of them', async () => {
    expect(await difference('later=3')).toMatchObject({ code: 'invalid-input', errors: [{ field: 'earlier' }] });
    expect(await difference('earlier=30&later=12')).toMatchObject({ code: 'invalid-input', errors: [{ field: 'earlier' }] });
    expect(await difference('earlier=x')).toMatchObject({ code: 'invalid-input', errors: [{ field: 'earlier' }] });
    expect(await difference('earlier=1&later=2')).toMatchObject({ code: 'award-unknown', status: 404 });
  });
});

describe('the difference between two business days', () => {
  const difference = async (path: string) => (await fetch(url(`differences/${path}`))).json();
  const change = (field: string, before: string, after: string) => expect.objectContaining({ field, before, after });
  it('is told from one point, with recorded points of their own, or against the present', async () => {
    expect(await difference('budgets?earlierOn=2024-03-31&on=2024-06-30')).toMatchObject({
      earlier: { position: 42, on: '2024-03-31' },
      later: { position: 42, on: '2024-06-30' },
      items: [{ change: 'changed', fields: [change('from', '2024-03-31', '2024-06-30')] }],
    });
    expect(await difference('budgets?earlierOn=2024-03-31&on=2024-06-30&earlier=12&later=30')).toMatchObject({
      items: [{ fields: [change('amount', '12.00', '30.00'), change('from', '2024-03-31', '2024-06-30')] }],
    });
    const present = await difference('budgets?earlierOn=2024-03-31');
    expect(present).toMatchObject({ items: [{ fields: [change('from', '2024-03-31', 'now')] }] });
    expect((present as { later: object }).later).not.toHaveProperty('on');
    // One day at two points, as before.
    expect(await difference('budgets?on=2024-03-31&earlier=12&later=30')).toMatchObject({ items: [{ fields: [{ field: 'amount' }] }] });
  });
  it.each([
    ['budgets?earlierOn=2024-06-30&on=2024-03-31', 'order'],
    ['budgets?earlierOn=2024-07-01', 'order'],
    ['budgets?earlierOn=2024-02-30', 'date'],
    ['budgets?earlierOn=2019-12-31&on=2024-03-31', 'too-early'],
    // These do not look at a day, or choose something else by it.
    ['standing?earlierOn=2024-03-31', 'no-business-days'],
    ['audit/reliance/clearance/1?earlierOn=2024-03-31', 'no-business-days'],
  ])('names the field and the rule: %s', async (path, rule) => {
    expect(await difference(path)).toMatchObject({ status: 400, code: 'invalid-input', errors: [{ field: 'earlierOn', rule }] });
  });
});

/** Waits until no more pages are asked for. */
async function settled(): Promise<void> {
  for (let before = -1; before !== asked.length;) {
    before = asked.length;
    await setTimeout(100);
    await setImmediate();
  }
}
