import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import readExcelFile from 'read-excel-file/node';
import { Tokens } from '@app/http';
import type { PersonRole } from '@app/kernel';
import { ROUTES } from '../../apps/cli/src/routes.js';
import { viewOf } from '../../apps/cli/src/views.js';
import { ServerProgram } from '../support/server-program.js';
import { StoreUnderTest } from '../support/store-under-test.js';

const CLI = fileURLToPath(new URL('../../dist/programs/ledger.js', import.meta.url));
const AWARD = 'ganzhou-etdz-2023.G01.91360799MAXX00001N.once';

/** Something there is in the demonstration year, for every parameter in a path. */
const SAMPLES: Readonly<Record<string, string>> = {
  award: AWARD,
  batch: '2024-Q1',
  clause: 'G51',
  code: '91360799MAXX00001N',
  id: AWARD,
  kind: 'award',
  ladder: 'baiyun-cultivation',
  line: 'hnte-awards',
  listing: 'agency.91360799MAXX000141.1',
  of: 'enterprise',
  pack: 'ganzhou-etdz-2023',
  period: '2024',
  position: '100',
  year: '2024',
};
/** What some routes have to be asked with. */
const QUERIES: Readonly<Record<string, string>> = {
  '/v1/entitlements': 'pack=ganzhou-etdz-2023&on=2024-06-30&near=true',
  '/v1/titles': 'title=hnte',
  '/v1/calendar': 'from=2022-01-01&until=2025-12-31',
};
const PATHS: Readonly<Record<string, string>> = {
  '/v1/targets/{pack}/{clause}': '/v1/targets/baiyun-2022/B10',
  '/v1/target-tables/{pack}/{clause}': '/v1/target-tables/ganzhou-2023/Z29',
  '/v1/targets/{pack}/{clause}/entries': '/v1/targets/baiyun-2022/B10/entries',
};

/** What names something by its id or code, or quotes what was recorded under such names. */
const NAMED_BY_CODE =
  /(编号|代码|政策包|条款|科目|指纹|梯次|释义|对象|人|人员|单位）|事件流|引起|文件|所属指标|批次|内容|数据|前景|核查意见|检查项目|时间|证书|记录)$/;
/** Quotes the reason of a refusal, which is told in English. */
const QUOTING = ['备注'];
/** A word by itself, and no part of an id. */
const CODE_WORD = /(?<![A-Za-z0-9.-])[a-z][a-z-]+(?![A-Za-z0-9.@-])/;
/** The code behind what a thing is called. */
const BEHIND_ITS_NAME = /(?<=\p{Script=Han}）?)（[a-z][\w.-]*）/gu;
const speaksInCode = (text: string) => CODE_WORD.test(text.replaceAll(SAMPLES['ladder'] as string, '').replaceAll(BEHIND_ITS_NAME, ''));
/** English headings, and words of the code where people read a value. */
function codeWords(headings: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return headings.flatMap((heading, at) => [
    ...(/[A-Za-z]/.test(heading) ? [heading] : []),
    ...(NAMED_BY_CODE.test(heading) || QUOTING.includes(heading)
      ? []
      : [...new Set(rows.flatMap((row) => (speaksInCode(row[at] ?? '') ? [`${heading}: ${row[at] ?? ''}`] : [])))]),
  ]);
}
/** The same in the tables of a screen. */
function codeWordsOnScreen(text: string): readonly string[] {
  const [headings = [], ...rows] = text
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) =>
      line
        .split('│')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return codeWords(headings, rows);
}

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Sheet {
  readonly sheet: string;
  readonly data: readonly (readonly unknown[])[];
}

describe('the demonstration year in files', () => {
  let folder: string;
  let data: string;
  let token: string;
  let server: ServerProgram;
  let store: StoreUnderTest;
  let environment: Readonly<Record<string, string>> = { LEDGER_STORE: 'sqlite' };

  async function run(...args: readonly string[]): Promise<Finished> {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: folder,
      env: { ...process.env, ...environment, ...(token && { LEDGER_TOKEN: token }), ...(data && { LEDGER_DATA: data }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout, stderr };
  }
  const tokenOf = (role: PersonRole, id: string, unit: string) =>
    Tokens.fromKeyFile(join(data, 'token.key'), { now: () => new Date() }).issue({ id, unit, roles: [role] }, 3_600);
  const get = (path: string) => fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  const inFolder = (name: string) => join(folder, name);
  const sheets = async (name: string) => (await readExcelFile(readFileSync(inFolder(name)))) as unknown as readonly Sheet[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ledger-exports-'));
    [token, data] = ['', ''];
    expect((await run('demo')).code).toBe(0);
    data = inFolder(join('data', readdirSync(inFolder('data')).find((name) => name.startsWith('demo-')) as string));
    token = await tokenOf('auditor', 'shen', '审计局');
    expect((await run('award', 'list', '--output', 'embedded.csv')).code).toBe(0);
    store = await StoreUnderTest.holding(data);
    environment = store.environment;
    server = new ServerProgram({ ...environment, LEDGER_DATA: data });
    await server.ready();
  });
  afterAll(async () => {
    await server.end('SIGTERM');
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('every list of the ledger can be exported, and neither there nor on the screen does it speak in code words', async () => {
    const { paths } = (await (await get('/openapi.json')).json()) as { paths: Record<string, { get?: unknown }> };
    const routes = Object.keys(paths).filter((path) => paths[path]?.get !== undefined && /^\/v1\/(?!exports|differences)/.test(path));
    const exported: string[] = [];
    const bare: string[] = [];
    const screens: string[] = [];
    for (const route of routes) {
      const path = (PATHS[route] ?? route).replace(/\{(\w+)\}/g, (_, name: string) => {
        const sample = SAMPLES[name];
        if (sample === undefined) throw new Error(`name a sample for ${name} in ${route}`);
        return encodeURIComponent(sample);
      });
      const response = await get(
        `${path.replace('/v1/', '/v1/exports/')}?format=csv${QUERIES[route] === undefined ? '' : `&${QUERIES[route]}`}`,
      );
      const text = await response.text();
      if (response.status !== 200) {
        // One object, a file, or nothing by that name.
        expect({ route, isRefused: response.status >= 400 && response.status < 500, text }).toMatchObject({ isRefused: true });
        continue;
      }
      exported.push(route);
      const [headings = [], ...rows]: string[][] = parse(text, { bom: true, relax_column_count: true });
      if (headings.length === 0) bare.push(`${route} has no headings`);
      bare.push(...codeWords(headings, rows).map((word) => `${route} ${word}`));
      const command = ROUTES.find((each) => each.method === 'GET' && each.path === route.replace(/\{(\w+)\}/g, ':$1'));
      if (command === undefined) continue;
      const answer = await (await get(`${path}${QUERIES[route] === undefined ? '' : `?${QUERIES[route]}`}`)).json();
      screens.push(command.words);
      bare.push(...codeWordsOnScreen(viewOf({ ...command, path }, answer)).map((word) => `ledger ${command.words} ${word}`));
    }
    expect(bare).toEqual([]);
    expect(screens).toEqual(expect.arrayContaining(['enterprise list', 'agency list', 'batch list', 'award list', 'due']));
    expect(exported).toEqual(
      expect.arrayContaining([
        '/v1/awards',
        '/v1/budgets',
        '/v1/due-instalments',
        '/v1/entitlements',
        '/v1/balances',
        '/v1/calendar',
        '/v1/public-notices',
        '/v1/target-tables/{pack}/{clause}',
        '/v1/audit/forecast/totals',
      ]),
    );
    expect(exported.length).toBeGreaterThan(25);
  });

  it('a list goes into a file the same way through the server and into an embedded ledger, from any point', async () => {
    expect(await run('award', 'list', '--output', 'awards.xlsx')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^awards\.xlsx：\d+ 字节，账本位置 \d+/),
    });
    const [list, about] = await sheets('awards.xlsx');
    expect(list?.sheet).toBe('奖补列表');
    expect(list?.data).toHaveLength(13);
    expect(about?.data).toEqual(
      expect.arrayContaining([
        ['导出人', 'shen（审计局）'],
        ['行数', '12'],
      ]),
    );
    expect(readFileSync(inFolder('embedded.csv'), 'utf8')).toBe(`\uFEFF${await (await get('/v1/exports/awards?format=csv')).text()}`);
    const csv = await run('award', 'list', '--format', 'csv', '--as-of', '100');
    const then = (await (await get('/v1/awards?asOf=100')).json()) as { items: readonly { award: string }[] };
    const exported: Record<string, string>[] = parse(csv.stdout, { bom: true, columns: true });
    expect(exported.map((row) => row['奖补编号'])).toEqual(then.items.map(({ award }) => award));

    expect(await run('award', 'list', '--output', 'none.csv', '--cursor', 'x')).toMatchObject({ code: 2 });
    expect([existsSync(inFolder('none.csv')), existsSync(inFolder('none.csv.part'))]).toEqual([false, false]);
  });

  it('who would have got what goes into a file as well, which says what was assumed', async () => {
    const [pack, clause] = AWARD.split('.') as [string, string];
    const change = `clause.${clause}.cap=1.00`;
    const assumed = ['audit', 'what-if', '--pack', pack, '--set', change] as const;
    expect(await run(...assumed, '--output', 'assumed.xlsx')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^assumed\.xlsx：/) });
    const [list, about] = await sheets('assumed.xlsx');
    expect([list?.sheet, about?.data]).toEqual(['假设测算', expect.arrayContaining([['假设', `${pack}，${change}`]])]);
    const told = (await run(...assumed, '--json')).stdout
      .split('\n')
      .flatMap((line) => (line.startsWith('{"item"') ? [JSON.parse(line)] : []));
    const csv = await run(...assumed, '--format', 'csv');
    const [headings = [], ...rows]: string[][] = parse(csv.stdout, { bom: true });
    expect(codeWords(headings, rows)).toEqual([]);
    expect(rows.map(([award]) => award)).toEqual(told.map(({ item }: { item: { award: string } }) => item.award));
    expect(rows.map(([award]) => award)).toContain(AWARD);
    expect(list?.data).toHaveLength(1 + rows.length);

    const refused = await run('audit', 'what-if', '--pack', pack, '--set', 'clause.none=1', '--output', 'refused.csv');
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('set') });
    expect([existsSync(inFolder('refused.csv')), existsSync(inFolder('refused.csv.part'))]).toEqual([false, false]);
    const send = (body: string) =>
      fetch(`${server.url}/v1/exports/audit/what-if?format=csv`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body,
      });
    expect(await (await send('[]')).json()).toMatchObject({ code: 'invalid-input', errors: [{ field: 'body' }] });
    expect(await (await send('{"pack":7}')).json()).toMatchObject({
      code: 'invalid-input',
      errors: expect.arrayContaining([expect.objectContaining({ field: 'pack' })]),
    });
  });

  it('two points are compared, in words for people and in JSON', async () => {
    const said = await run('award', 'list', '--differs-from', '100', '--as-of', '120');
    expect(said.stdout).toMatch(new RegExp(`变更 │ ${AWARD.replaceAll('.', '\\.')} +│ 状态 +│ 公示中 │ 已批准`));
    const { items } = (await (await get('/v1/differences/awards?earlier=100&later=120')).json()) as { items: unknown[] };
    expect(items).toContainEqual(
      expect.objectContaining({
        change: 'changed',
        key: { award: AWARD },
        fields: expect.arrayContaining([{ field: 'status', heading: '状态', before: 'publicised', after: 'granted' }]),
      }),
    );
    const books = await (await get('/v1/differences/balances/trial?earlier=100&later=120')).json();
    expect(books).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ change: 'added', key: { account: 'reserved', title: '已占用指标' } })]),
    });
    expect(await (await get('/v1/differences/awards?earlier=120&later=120')).json()).toMatchObject({ items: [] });
  });

  it('what is known of the present alone is exported, and neither shown from a point of the past nor compared with one', async () => {
    for (const list of ['subscribers', 'subscribers/verifications', 'imports']) {
      for (const path of [
        `${list}?asOf=1`,
        `exports/${list}?asOf=1`,
        `differences/${list}?earlier=1`,
        `differences/${list}?earlier=1&later=1`,
      ]) {
        const answer = await get(`/v1/${path}`);
        expect([path, answer.status, await answer.json()]).toEqual([
          path,
          400,
          expect.objectContaining({ errors: [expect.objectContaining({ field: 'asOf', rule: 'present-only' })] }),
        ]);
      }
      expect([list, (await get(`/v1/${list}`)).status, (await get(`/v1/exports/${list}?format=csv`)).status]).toEqual([list, 200, 200]);
    }
  });

  it('a filter that names a policy or budget line there is not is refused, and answers nothing that reads like "none"', async () => {
    const { paths } = (await (await get('/openapi.json')).json()) as {
      paths: Record<string, { get?: { parameters?: readonly { in: string; name: string; required?: boolean }[] } }>;
    };
    const takers = (name: string) =>
      Object.entries(paths).flatMap(([path, { get: route }]) =>
        route?.parameters?.some((parameter) => parameter.in === 'query' && parameter.name === name) === true ? [path] : [],
      );
    const asked = async (route: string, query: string) => {
      const answer = await get(`${route}?${query}`);
      return `${route}?${query} ${answer.status} ${((await answer.json()) as { code?: string }).code ?? ''}`;
    };
    expect(takers('pack')).toEqual(
      expect.arrayContaining(['/v1/awards', '/v1/balances', '/v1/due-instalments', '/v1/budgets', '/v1/calendar']),
    );
    // This one asks for a clause as well.
    const rest: Readonly<Record<string, string>> = { '/v1/public-notices/file': '&clause=G13' };
    for (const route of takers('pack')) {
      const query = `pack=nosuch${rest[route] ?? ''}`;
      expect(await asked(route, query)).toBe(`${route}?${query} 404 policy-unknown`);
    }
    expect([takers('budgetLine'), takers('line')]).toEqual([['/v1/due-instalments'], ['/v1/balances']]);
    const { items } = (await (await get('/v1/budgets')).json()) as { items: readonly { pack: string; line: string; period: string }[] };
    const { pack = '', line = '', period = '' } = items[0] ?? {};
    for (const [query, answer] of [
      [`due-instalments?budgetLine=${pack}.${line}.${period}`, '200 '],
      [`due-instalments?budgetLine=${pack}.${line}.1999`, '404 budget-line-unknown'],
      [`due-instalments?budgetLine=${pack}.${line}.${period}&asOf=1`, '404 budget-line-unknown'],
      ['due-instalments?budgetLine=zz', '400 invalid-input'],
      [`due-instalments?budgetLine=${pack}.${line}.2024-2024`, '400 invalid-input'],
      [`balances?line=${line}`, '200 '],
      [`balances?line=${line}&pack=${pack}`, '200 '],
      [`balances?line=${line}&pack=haimen-2022`, '404 budget-line-unknown'],
      ['balances?line=zz', '404 budget-line-unknown'],
      ['exports/awards?pack=nosuch', '404 policy-unknown'],
      // Not there at all is no answer; not there yet is a difference.
      ['differences/awards?pack=nosuch&earlier=1', '404 policy-unknown'],
      [`differences/due-instalments?budgetLine=${pack}.${line}.${period}&earlier=1`, '200 '],
    ] as const) {
      const [route = '', search = ''] = query.split('?');
      expect(await asked(`/v1/${route}`, search)).toBe(`/v1/${query} ${answer}`);
    }
    const refused = await run('due', '--budget-line', `${pack}.${line}.1999`);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('没有该预算科目')]);
  });

  it('two business days are compared, and a list that answers by none says so', async () => {
    const said = await run('balances', '--on', '2024-06-30', '--differs-from-on', '2024-03-31');
    expect(said).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/变更前：账本位置 \d+.*业务日期 2024-03-31\n变更后：.*业务日期 2024-06-30/),
    });
    const reserved = async (day: string) => {
      const { accounts } = (await (await get(`/v1/balances/trial?on=${day}`)).json()) as {
        accounts: { account: string; balance: string }[];
      };
      return accounts.find(({ account }) => account === 'spent')?.balance;
    };
    const { items } = (await (await get('/v1/differences/balances/trial?earlierOn=2024-03-31&on=2024-12-31')).json()) as {
      items: unknown[];
    };
    const change = { field: 'balance', before: await reserved('2024-03-31'), after: await reserved('2024-12-31') };
    expect(items).toContainEqual(expect.objectContaining({ fields: expect.arrayContaining([expect.objectContaining(change)]) }));
    for (const path of ['subscribers', 'policies/open-questions', 'balances/reconciliation']) {
      const refused = await (await get(`/v1/differences/${path}?earlierOn=2024-03-31&on=2024-06-30`)).json();
      expect(refused).toMatchObject({ status: 400, errors: [{ field: 'earlierOn', rule: 'no-business-days' }] });
    }
    expect(await run('award', 'list', '--on', '2024-03-31', '--differs-from-on', '2024-06-30')).toMatchObject({ code: 2 });
  });

  it('what is for the public holds what belongs to public policies alone (H36, Z25), and is no list of the office', async () => {
    const packs = async (audience: string) => {
      const answer = await get(`/v1/exports/policies?format=jsonl&audience=${audience}`);
      expect(answer.status).toBe(200);
      const lines = (await answer.text()).trim().split('\n');
      return lines.map((line) => (JSON.parse(line) as { pack?: string }).pack);
    };
    expect(await packs('internal')).toEqual(expect.arrayContaining(['haimen-2022', 'ganzhou-2023']));
    const shown = await packs('public');
    expect(shown).toContain('haimen-2022');
    expect(shown).not.toContain('ganzhou-2023');
    const refused = await get('/v1/exports/awards?format=jsonl&audience=public');
    expect([refused.status, await refused.json()]).toEqual([400, expect.objectContaining({ code: 'invalid-input' })]);
  });

  it('an office prints its notice and its payment list', async () => {
    expect((await run('notice', 'print', '--pack', 'ganzhou-etdz-2023', '--from', '2024-03-04', '--output', 'notice.xlsx')).code).toBe(0);
    const [notice] = await sheets('notice.xlsx');
    expect(notice?.data[0]?.[0]).toBe('《赣州经济技术开发区高新技术企业梯次培育三年行动方案（2023-2025年）》奖补资金拟兑付情况公示');
    expect(notice?.data.map(([first]) => first)).toEqual(expect.arrayContaining(['合计（大写）：壹佰壹拾伍万元整', 1, 2, 3]));
    expect(JSON.stringify(notice)).not.toMatch(/6222|账户|虚构示例银行/);
    const [table, form] = (await readExcelFile(
      Buffer.from(await (await get('/v1/payment-batches/2024-Q1/file?format=xlsx')).arrayBuffer()),
    )) as unknown as readonly Sheet[];
    expect([table?.sheet, form?.sheet]).toEqual(['拨付清单', '签批表']);
    expect(form?.data.flat()).toContain('合计（大写）：壹佰壹拾伍万元整');
    expect(await (await get('/v1/public-notices/file?pack=ganzhou-2023')).json()).toMatchObject({ status: 404, code: 'notice-unknown' });
  });

  it('a table of targets has a row for every cell, and the forecast goes into a file, one by one and added up', async () => {
    const rows = async (name: string, ...args: readonly string[]) => {
      expect(await run(...args, '--output', name)).toMatchObject({ code: 0 });
      return parse<Record<string, string>>(readFileSync(inFolder(name)), { bom: true, columns: true });
    };
    const table = await rows('table.csv', 'target', 'table', 'ganzhou-2023', 'Z29', '--year', '2024');
    expect(table[0]).toMatchObject({
      单位: '章贡区 (含经开区)',
      行号: '97',
      年度: '2024',
      计划: '2.43',
      计划来源: '政策文本',
      实际: '2.83',
    });
    expect(table[0]).toMatchObject({ 实际与计划之差: '0.4', 是否达到: '达到' });
    expect(new Set(table.map(({ 年度 }) => 年度))).toEqual(new Set(['2024']));
    const unpaid = await rows('forecast.csv', 'forecast');
    expect(unpaid).toEqual(expect.arrayContaining([expect.objectContaining({ 状态: '已到付未拨', '金额（元）': '500000.00' })]));
    const line = 'ganzhou-etdz-2023.ip-awards.2024';
    const sum = { 预算科目: line, 期数: String(unpaid.length), '已到付未拨（元）': '600000.00', '现无法成就（元）': '0.00' };
    expect(await rows('totals.csv', 'forecast', '--totals')).toEqual([expect.objectContaining(sum)]);
    expect((await run('forecast', '--totals')).stdout).toMatch(new RegExp(`│ ${line} +│ \\d{4}年第[1-4]季度 │ 2 `));
  });

  it('a file that holds nothing has its headings, and is said to be empty', async () => {
    const said = '清单为空：没有可列出的记录\n';
    expect(await run('reconcile', '--output', 'none.csv')).toMatchObject({ code: 0, stderr: said });
    expect(readFileSync(inFolder('none.csv'), 'utf8')).toBe('\uFEFF对象,核对项目,应为（元）,实为（元）\n');
    expect(await run('reconcile', '--output', 'none.jsonl')).toMatchObject({ code: 0, stderr: said });
    expect(readFileSync(inFolder('none.jsonl'), 'utf8')).toBe('');
    expect(await run('reconcile', '--output', 'none.xlsx')).toMatchObject({ code: 0, stderr: said });
    expect((await sheets('none.xlsx'))[0]?.data).toEqual([['对象', '核对项目', '应为（元）', '实为（元）']]);
    const recomputed = await run('audit', 'recompute', '--format', 'csv');
    expect(recomputed).toEqual({ code: 0, stdout: expect.stringMatching(/^\uFEFF奖补编号,状态,/), stderr: said });
    const compared = await run('award', 'list', '--differs-from', '120', '--as-of', '120', '--format', 'csv');
    expect(compared).toEqual({ code: 0, stdout: '\uFEFF变化,对象,栏目,变更前,变更后\n', stderr: '没有差异\n' });
    expect((await run('award', 'list', '--format', 'csv')).stderr).toBe('');
  });

  it('what is printed is in the format of its ending, or not printed at all', async () => {
    const print = (...args: readonly string[]) => run('notice', 'print', '--pack', 'ganzhou-etdz-2023', '--from', '2024-03-04', ...args);
    expect((await print('--output', 'notice.CSV')).code).toBe(0);
    expect(readFileSync(inFolder('notice.CSV'), 'utf8')).toMatch(/^\uFEFF序号,/);
    expect((await run('batch', 'file', '2024-Q1', '--output', 'list.xlsx')).code).toBe(0);
    expect((await sheets('list.xlsx')).map(({ sheet }) => sheet)).toEqual(['拨付清单', '签批表']);
    expect((await print('--output', 'stated', '--format', 'xlsx')).code).toBe(0);
    for (const output of ['notice.pdf', 'notice.jsonl', 'notice']) {
      expect(await print('--output', output)).toMatchObject({ code: 2, stderr: expect.stringContaining('endings .csv, .xlsx') });
      expect(existsSync(inFolder(output))).toBe(false);
    }
    const contradicted = [
      await run('batch', 'file', '2024-Q1', '--output', 'list.csv', '--format', 'xlsx'),
      await run('award', 'list', '--output', 'list.csv', '--format', 'jsonl'),
    ];
    for (const refused of contradicted)
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('ends in .csv, but --format') });
    expect(existsSync(inFolder('list.csv'))).toBe(false);
  });
});
