import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Tokens } from '@app/http';
import { Office, paper } from '../support/office.js';
import { onOurClock, STORE } from '../support/store-under-test.js';

// An exported list injects requests, which loads a package for cookies that the test runner cannot; there are none here.
jest.mock('cookie', () => ({}));

const CLI = fileURLToPath(new URL('../../dist/programs/ledger.js', import.meta.url));
const TOUR = fileURLToPath(new URL('../../docs/tour', import.meta.url));
const TEXT = readFileSync(`${TOUR}/tour-2020.yaml`, 'utf8');
const SOURCE = readFileSync(`${TOUR}/source.txt`, 'utf8');

type Values = Readonly<Record<string, unknown>>;
interface Long {
  readonly status: number;
  readonly type: string | null;
  readonly items: readonly Values[];
  readonly summary: Values | undefined;
  readonly problem: Values | undefined;
}

function linesOf(text: string): Pick<Long, 'items' | 'summary'> {
  const lines = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { item?: Values; summary?: Values }]));
  return { items: lines.flatMap(({ item }) => (item ? [item] : [])), summary: lines.at(-1)?.summary };
}

/** The built command line, as a person runs it. */
function ledger(...args: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe('awards computed again, and under another text', () => {
  let office: Office;
  /** Paid in full at the cap; paid on a figure that is put right later; pending; refused. */
  const awards = { capped: '', corrected: '', pending: '', refused: '' };
  let correctedCode: string;
  let beforeCorrection: number;

  async function ask(method: 'GET' | 'POST', path: string, body?: object, actor = 'auditor'): Promise<Long> {
    const headers = { authorization: `Bearer ${await office.token(actor)}`, ...(body && { 'content-type': 'application/json' }) };
    const answer = await fetch(`${office.address}/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await answer.text();
    const isLong = answer.status < 400;
    return {
      status: answer.status,
      type: answer.headers.get('content-type'),
      ...(isLong ? linesOf(text) : { items: [], summary: undefined }),
      problem: isLong ? undefined : (JSON.parse(text) as Values),
    };
  }
  const recomputed = (query = '') => ask('GET', `/audit/recomputation${query}`);
  const whatIf = (body: object) => ask('POST', '/audit/what-if', body);
  const position = async () => Number(((await (await fetch(`${office.address}/health`)).json()) as Values)['position']);

  async function applied(spend: string, isHighTech = true): Promise<{ readonly code: string; readonly award: string }> {
    const code = await office.enterprise({ facts: { 'enterprise.hnte': isHighTech, 'payment.account': '示例银行 6200 0001' } });
    const facts = [{ name: 'rd.priorYearExpenditure', value: spend, period: '2023', sourceUnit: '统计局' }];
    await office.do('clerk', `/enterprises/${code}/facts`, { facts });
    await office.do('reviewer2', `/enterprises/${code}/facts/F3/verify`, { evidence: paper });
    const { body } = await office.do('clerk', '/awards', { pack: 'tour-2020', clause: 'T1', payee: code, occasion: '2024' });
    const award = String(body['award']);
    await office.do('clerk', `/awards/${award}/assess`);
    return { code, award };
  }

  beforeAll(async () => {
    office = await Office.open('2024-05-06', onOurClock(STORE));
    await office.do('administrator', '/policies', { pack: TEXT, source: SOURCE, file: 'tour-2020.yaml', evidence: paper });
    await office.do('finance', '/budgets', { pack: 'tour-2020', line: 'rd-fund', period: '2024' });
    await office.do('finance', '/budgets/tour-2020/rd-fund/2024/appropriations', { amount: '5000000.00', reason: '年初', evidence: paper });
    awards.capped = (await applied('2600000.00')).award;
    ({ code: correctedCode, award: awards.corrected } = await applied('1000000.00'));
    for (const award of [awards.capped, awards.corrected]) {
      await office.do('reviewer', `/awards/${award}/review`, { recommended: true });
      await office.do('clerk', `/awards/${award}/publicise`, {});
      await office.do('approver', `/awards/${award}/grant`, { line: 'rd-fund', period: '2024', documentNo: '示管〔2024〕8号' });
    }
    await office.get('/awards');
    const instalments = [awards.capped, awards.corrected].map((award) => ({ award, instalment: 1 }));
    await office.do('finance', '/payment-batches', { batch: 'B1', title: '第一批', instalments });
    await office.do('finance', '/payment-batches/B1/freeze');
    await office.get('/awards');
    const rows = ['200000.00', '100000.00'].map((amount, index) => `B1,${index + 1},${amount},成功,${office.today},R-${index},`);
    await office.do('finance', '/payment-batches/B1/results', {
      file: 'bank.csv',
      content: `批次,序号,金额,结果,日期,流水号,原因\n${rows.join('\n')}\n`,
    });
    awards.pending = (await applied('3000000.00')).award;
    awards.refused = (await applied('900000.00', false)).award;
    await office.do('reviewer', `/awards/${awards.refused}/review`, { recommended: false, reason: '不是高新技术企业' });
    await office.get('/awards');
    beforeCorrection = await position();
    const figure = { name: 'rd.priorYearExpenditure', value: '400000.00', period: '2023', sourceUnit: '统计局' };
    office.reach('2024-09-02');
    await office.do('clerk', `/enterprises/${correctedCode}/facts`, { facts: [{ ...figure, correctsFactId: 'F3', evidence: paper }] });
    await office.get('/awards');
  });
  afterAll(() => office.close());

  it('agree with what was granted and paid, from the records and from the events alone', async () => {
    for (const query of ['', '?from=ledger', '?pack=tour-2020', '?facts=stored&since=1'])
      expect(await recomputed(query)).toMatchObject({
        status: 200,
        type: 'application/jsonl; charset=utf-8',
        items: [],
        summary: { awards: 4, differing: 0, overpaid: '0.00', underpaid: '0.00', facts: 'stored' },
      });
    expect((await recomputed('?since=2024-09-01')).summary).toMatchObject({ awards: 0 });
    expect((await recomputed('?since=2024-05-06')).summary).toMatchObject({ awards: 4 });
  });

  it('name whom a figure put right since has given too much, unless one looks from before', async () => {
    const { items, summary } = await recomputed('?facts=current');
    expect(items).toEqual([
      expect.objectContaining({
        award: awards.corrected,
        recorded: { outcome: 'payable', amount: '100000.00' },
        expected: { outcome: 'payable', amount: '40000.00' },
        granted: '100000.00',
        paid: '100000.00',
        overpaid: '60000.00',
        underpaid: '0.00',
        why: [{ code: 'amount-differs' }],
        changed: [
          {
            input: 'rd.priorYearExpenditure',
            label: '上年度研发投入',
            then: '1000000.00',
            now: '400000.00',
            factId: 'F4',
            verified: false,
          },
        ],
      }),
    ]);
    const sums = { differing: 1, overpaid: '60000.00', underpaid: '0.00' };
    expect(summary).toMatchObject({ awards: 4, ...sums, unverified: sums, facts: 'current' });
    expect((await recomputed(`?facts=current&asOf=${beforeCorrection}`)).summary).toMatchObject({
      awards: 4,
      differing: 0,
      position: beforeCorrection,
    });
    const to = ['--server', office.address, '--token', await office.token('auditor')];
    const { stdout } = await ledger('audit', 'recompute', '--facts', 'current', ...to);
    for (const words of ['（F4，未核实）', '其中 1 笔（部分）依据尚未核实的事实：多付 6万元，少付 0元']) expect(stdout).toContain(words);
    await office.do('reviewer2', `/enterprises/${correctedCode}/facts/F4/verify`, { evidence: paper });
    const checked = await recomputed('?facts=current');
    expect(checked.items).toMatchObject([{ overpaid: '60000.00', changed: [{ factId: 'F4', verified: true }] }]);
    expect(checked.summary).toMatchObject({ ...sums, unverified: { differing: 0, overpaid: '0.00', underpaid: '0.00' } });
    expect((await ledger('audit', 'recompute', '--facts', 'current', ...to)).stdout).not.toContain('未核实');
  });

  it('would have come to something else under another cap or without a gate; nothing is written', async () => {
    const before = await position();
    const set = ['clause.T1.cap=250000', 'clause.T1.gate.hnte=off'];
    const { status, items, summary } = await whatIf({ pack: 'tour-2020', set });
    expect(status).toBe(200);
    expect(items.map(({ award, group, difference }) => [award, group, difference]).sort()).toEqual(
      [
        [awards.capped, 'granted', '50000.00'],
        [awards.pending, 'pending', '50000.00'],
        [awards.refused, 'denied', '90000.00'],
      ].sort(),
    );
    expect(summary).toMatchObject({
      set,
      awards: 4,
      gaining: 3,
      losing: 0,
      newlyPayable: 1,
      total: { before: '500000.00', after: '690000.00', difference: '190000.00' },
      byLine: [{ budgetLine: 'tour-2020.rd-fund.2024', difference: '190000.00', available: '4700000.00', breaks: false }],
    });
    // The whole text, unchanged but for its dates.
    const text = TEXT.replace('until: null, note: 文本没有失效日期', 'until: 2024-05-06');
    expect((await whatIf({ text, file: 'changed.yaml', source: SOURCE })).summary).toMatchObject({ losing: 3, total: { after: '0.00' } });
    expect((await whatIf({ text: TEXT, file: 'same.yaml', source: SOURCE })).summary).toMatchObject({ gaining: 0, losing: 0 });
    expect(await position()).toBe(before);
  });

  it('are not for everybody, and what is asked wrongly is told before the work begins', async () => {
    for (const [method, path, body] of [
      ['GET', '/audit/recomputation', undefined],
      ['POST', '/audit/what-if', { pack: 'tour-2020', set: ['clause.T1.rate=5%'] }],
    ] as const)
      expect(await ask(method, path, body, 'clerk')).toMatchObject({ status: 403, problem: { code: 'role-required' } });
    for (const query of ['?since=soon', '?since=2024-02-30', '?facts=all', '?pack=X', '?asOf=2099-01-01', '?from=memory'])
      expect(await recomputed(query)).toMatchObject({ status: 400, problem: { code: 'invalid-input' } });
    expect(await recomputed('?pack=nowhere')).toMatchObject({ status: 404, problem: { code: 'policy-unknown' } });
    expect(await ask('GET', '/audit/forecast?on=2024-05-05')).toMatchObject({ status: 400, problem: { errors: [{ field: 'on' }] } });
    for (const body of [
      {},
      { pack: 'tour-2020' },
      { set: ['clause.T1.rate=5%'] },
      { pack: 'tour-2020', set: [] },
      { pack: 'tour-2020', set: ['clause.T9.rate=5%'] },
      { pack: 'tour-2020', set: ['clause.T1.rate=5%'], text: TEXT },
      { pack: 'other', text: TEXT, file: 'a.yaml', source: SOURCE },
    ])
      expect(await whatIf(body)).toMatchObject({ status: 400, problem: { code: 'invalid-input' } });
    for (const [set, field] of [
      [['clause.T1.rate=5'], 'set.0'],
      [['clause.T1.cap=1', 'clause.T1.cap=2'], 'set.1'],
    ] as const)
      expect(await whatIf({ pack: 'tour-2020', set })).toMatchObject({
        status: 400,
        problem: { code: 'invalid-input', errors: [{ field }] },
      });
    expect(await whatIf({ pack: 'nowhere', set: ['clause.T1.rate=5%'] })).toMatchObject({
      status: 404,
      problem: { code: 'policy-unknown' },
    });
  });

  it('are forecast until they are paid', async () => {
    const on = { on: office.today };
    const { items, summary } = await ask('GET', `/audit/forecast?on=${office.today}`, undefined, 'clerk');
    expect([items, summary]).toEqual([[], expect.objectContaining({ ...on, instalments: 0, total: '0.00' })]);
    const granted = ((await office.get(`/awards/${awards.capped}`)).body['timeline'] as readonly Values[]).find(({ event }) =>
      String(event).startsWith('instalment-unlocked'),
    );
    const then = await ask('GET', `/audit/forecast?on=2024-05-06&asOf=${String(granted?.['position'])}`);
    expect(then.items).toMatchObject([
      { award: awards.capped, instalment: 1, amount: '200000.00', state: 'due', quarter: '2024Q2', dueSince: '2024-05-06' },
    ]);
    expect(then.summary).toMatchObject({
      byQuarter: [{ quarter: '2024Q2', due: '200000.00' }],
      byLine: [{ budgetLine: 'tour-2020.rd-fund.2024', unpaid: '200000.00', reserved: '200000.00', short: false }],
    });
    const totals = await ask('GET', `/audit/forecast/totals?on=2024-05-06&asOf=${String(granted?.['position'])}`);
    expect(totals.items).toMatchObject([{ budgetLine: 'tour-2020.rd-fund.2024', quarter: '2024Q2', instalments: 1, due: '200000.00' }]);
    expect(totals.summary).toEqual(then.summary);
  });

  it('are found when somebody has written past the rules, by HTTP and on the command line', async () => {
    await office.do('reviewer', `/awards/${awards.pending}/review`, { recommended: true });
    await office.do('clerk', `/awards/${awards.pending}/publicise`, {});
    const amount = '260000.00';
    const grant = { grant: 'g', amount, documentNo: '伪造', budget: { pack: 'tour-2020', line: 'rd-fund', period: '2024' } };
    await office.writePast(`award-${awards.pending}`, [
      { type: 'award-grant-started', data: grant },
      { type: 'award-granted', data: { ...grant, instalments: [{ no: 1, amount, needs: [] }], approver: 'nobody' } },
      { type: 'instalment-unlocked', data: { no: 1, amount, facts: {}, used: [] } },
      { type: 'instalment-ordered', data: { no: 1, amount, batch: 'B9', line: 1, payer: 'nobody' } },
      { type: 'instalment-paid', data: { no: 1, amount, batch: 'B9', line: 1, on: '2024-09-02', reference: 'R-9' } },
    ]);
    await office.get('/policies');
    const found = {
      award: awards.pending,
      expected: { outcome: 'payable', amount: '200000.00' },
      granted: '260000.00',
      paid: '260000.00',
      overpaid: '60000.00',
      why: [{ code: 'granted-differs', instalment: 1 }],
    };
    const { items, summary } = await recomputed();
    expect(items).toMatchObject([found]);
    expect(summary).toMatchObject({ awards: 4, differing: 1, overpaid: '60000.00', underpaid: '0.00' });

    const to = ['--server', office.address, '--token', await office.token('auditor')];
    const json = await ledger('audit', 'recompute', '--json', ...to);
    expect(json.code).toBe(1);
    expect(linesOf(json.stdout)).toMatchObject({ items: [found], summary: { differing: 1 } });
    const shown = await ledger('audit', 'recompute', '--from', 'ledger', ...to);
    expect(shown.code).toBe(1);
    for (const words of ['批准金额与测算不符（第1期）', '26万元', '不一致 1 笔；多付 6万元，少付 0元'])
      expect(shown.stdout).toContain(words);
    // The answer is the same one in a file; a comparison with itself answers another question.
    for (const into of [
      ['--format', 'csv'],
      ['--format', 'jsonl', '--from', 'ledger'],
    ])
      expect((await ledger('audit', 'recompute', ...into, ...to)).code).toBe(1);
    for (const into of [[], ['--format', 'csv']]) expect((await ledger('reconcile', ...into, ...to)).code).toBe(1);
    const itself = ['--differs-from', String(summary?.['position']), '--format', 'jsonl'];
    expect(await ledger('audit', 'recompute', ...itself, ...to)).toMatchObject({ code: 0, stderr: '没有差异\n' });
  });

  it('are asked for on the command line, through a server and in a folder of its own', async () => {
    const to = ['--server', office.address, '--token', await office.token('finance')];
    const assumed = await ledger('audit', 'what-if', '--pack', 'tour-2020', '--set', 'clause.T1.rate=8%', 'clause.T1.cap=none', ...to);
    expect(assumed.code).toBe(0);
    for (const words of ['曾不予支持', 'tour-2020.rd-fund.2024', '仅为测算，未写入账本']) expect(assumed.stdout).toContain(words);
    const forecast = await ledger('forecast', '--json', ...to);
    expect([forecast.code, linesOf(forecast.stdout).summary]).toEqual([0, expect.objectContaining({ instalments: 0 })]);

    const folder = mkdtempSync(join(tmpdir(), 'ledger-recompute-'));
    try {
      const keys = Tokens.fromKeyFile(join(folder, 'token.key'), { now: () => new Date() });
      const token = await keys.issue({ id: 'auditor', unit: '审计局', roles: ['auditor'] }, 3_600);
      const own = await ledger('audit', 'recompute', '--data', folder, '--token', token);
      expect([own.code, own.stdout]).toEqual([0, expect.stringContaining('复算 0 笔')]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
