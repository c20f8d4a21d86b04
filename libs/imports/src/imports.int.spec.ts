import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { Dossiers } from '@app/enterprises';
import type { CreditCode } from '@app/kernel';
import { code, csv, ImportLedger } from './imports.fixture.js';
import { Imports } from './imports.js';
import { SHEET_TYPES } from './sheet/open-sheet.js';
import { textRows, workbook } from './sheet/workbook.fixture.js';

const [FIRST, SECOND, THIRD] = [code(1), code(2), code(3)];

const ENTERPRISES = ['统一社会信用代码', '企业名称', '所在区域', '成立日期', '佐证材料', '佐证文号'];
const FACTS = ['统一社会信用代码', '数据名称', '数据值', '所属期', '所属项目', '来源单位', '更正数据编号', '佐证材料', '佐证文号'];
const CERTIFICATES = [
  '统一社会信用代码',
  '证书编号',
  '证书种类',
  '认定类型',
  '发证日期',
  '有效期至',
  '发证机关',
  '更正',
  '佐证材料',
  '佐证文号',
];
const rd = (owner: string, value: string, year = '2024') => [owner, 'rd.expenditure', value, year, '', '区税务局'];
const certificate = (owner: string, number: string) => [
  owner,
  number,
  '',
  '首次认定',
  '2023-11-22',
  '2026/11/21',
  '江西省科学技术厅',
  '',
  '扫描件',
];

describe('imports over HTTP', () => {
  let ledger: ImportLedger;
  beforeAll(async () => {
    ledger = await ImportLedger.open();
  });
  afterAll(() => ledger.close());

  const ask: ImportLedger['ask'] = (...asked) => ledger.ask(...asked);
  const get: ImportLedger['get'] = (...asked) => ledger.get(...asked);
  const post: ImportLedger['post'] = (...sent) => ledger.post(...sent);
  const bring: ImportLedger['bring'] = (...sent) => ledger.bring(...sent);
  const head = () => ledger.head();
  const dossier = (owner: CreditCode) => ledger.app.get(Dossiers).require(owner);

  it('says that there is no room for a file where the disk for it is full', async () => {
    const full = async () => Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
    const room = jest.spyOn(ledger.app.get(Imports), 'room').mockImplementationOnce(full);
    const file = csv(ENTERPRISES, [FIRST, '甲公司', '区', '2019年5月6日']);
    expect(await post('enterprises', file)).toMatchObject({ status: 503, body: { code: 'import-no-room' } });
    room.mockResolvedValueOnce({ write: full, close: async () => undefined } as never);
    expect(await post('enterprises', file)).toMatchObject({ status: 503, body: { code: 'import-no-room' } });
    room.mockRestore();
  });

  it('brings in enterprises, facts and certificates, and the same file again changes nothing', async () => {
    const files = [
      ['enterprises', csv(ENTERPRISES, ['示例：某企业'], [FIRST, '甲公司', '区', '2019年5月6日'], [SECOND, '乙公司'])],
      [
        'facts',
        csv(FACTS, rd(FIRST, '1,000,000'), rd(SECOND, '￥2.50元'), [
          FIRST,
          'enterprise.sme',
          '是',
          '',
          '',
          '区经发局',
          '',
          '认定表',
          '1号',
        ]),
      ],
      ['certificates', csv(CERTIFICATES, certificate(FIRST, 'GR202336000001'))],
    ] as const;
    const written = [2, 3, 1];
    for (const [index, [kind, file]] of files.entries()) {
      const rehearsal = await bring(`${kind}?dryRun=true`, file);
      expect(rehearsal).toMatchObject({ state: 'finished', errorCount: 0, counts: { changing: written[index], written: 0 }, dryRun: true });
      expect(await bring(kind, file)).toMatchObject({
        state: 'finished',
        counts: { rows: written[index], written: written[index], unchanged: 0, rejected: 0 },
      });
      const position = await head();
      expect(await bring(kind, file)).toMatchObject({
        counts: { written: 0, unchanged: written[index] },
        note: /没有变化/.exec('没有变化：文件内容均已登记')?.input,
      });
      expect(await head()).toBe(position);
    }
    const { facts, certificates, registration } = await dossier(FIRST);
    expect(registration).toEqual({ name: '甲公司', region: '区', registeredOn: '2019-05-06' });
    expect(facts.toArray()).toMatchObject([
      { name: 'rd.expenditure', value: '1000000.00', period: '2024', verification: 'reported', recordedBy: 'clerk-1' },
      { name: 'enterprise.sme', value: true, evidence: [{ title: '认定表', documentNo: '1号' }] },
    ]);
    expect(certificates).toMatchObject([{ number: 'GR202336000001', kind: 'hnte', certification: 'first', expiresOn: '2026-11-21' }]);
  });

  it('changes nothing either when others have gone on from what it brought', async () => {
    const file = csv(FACTS, rd(SECOND, '7.00', '2020'));
    await bring('facts', file);
    const factId = (await dossier(SECOND)).facts.last()?.factId ?? '';
    await bring('facts', csv(FACTS, [...rd(SECOND, '8.00', '2020'), factId]));
    const position = await head();
    expect(await bring('facts', file)).toMatchObject({ errorCount: 0, counts: { unchanged: 1, written: 0 } });
    expect(await head()).toBe(position);
  });

  it('reads workbooks and GBK files', async () => {
    const inGbk = Buffer.concat([
      Buffer.from('creditCode,name,value,period,sourceUnit\n'),
      Buffer.from(`${SECOND},rd.expenditure,9.00,2021,`),
      // 税务局
      Buffer.from('cbb0cef1bed6', 'hex'),
    ]);
    expect(await bring('facts', inGbk)).toMatchObject({ errorCount: 0, counts: { written: 1 } });
    expect((await dossier(SECOND)).facts.last()).toMatchObject({ value: '9.00', sourceUnit: '税务局' });
    const rows = textRows([
      ['附件1：企业数据表'],
      ['统一社会信用代码', '数据名称*', '数据值（元）', '所属期', '来源单位'],
      [SECOND, 'rd.expenditure', '10', '2022', '局'],
    ]);
    const merged = '<mergeCells><mergeCell ref="A1:E1"/></mergeCells>';
    expect(await bring('facts', workbook({ rows, after: merged }), { type: SHEET_TYPES.xlsx })).toMatchObject({ counts: { written: 1 } });
    const hidden = workbook({ rows, after: '<mergeCells><mergeCell ref="A3:A9"/></mergeCells>' });
    expect(await bring('facts?dryRun=true', hidden, { type: SHEET_TYPES.xlsx })).toMatchObject({
      errors: [{ row: 3, code: 'merged-cells' }],
      counts: { rows: 1, rejected: 1, changing: 0 },
    });
  });

  const faults: Readonly<Record<string, readonly (readonly [readonly string[], string, string])[]>> = {
    enterprises: [
      [['123', '丙公司'], '统一社会信用代码', 'credit-code'],
      [['', '丙公司'], '统一社会信用代码', 'required'],
      [[THIRD, ''], '企业名称', 'required'],
      [[THIRD, '丙\u200b公司'], '企业名称', 'text'],
      [[THIRD, '丙公司', '区'.repeat(101)], '所在区域', 'too-long'],
      [[THIRD, '丙公司', '', '2019-02-30'], '成立日期', 'date'],
      [[THIRD, '丙公司', '', '2030-01-01'], '成立日期', 'invalid-input'],
      [[THIRD, '丙公司', '', '', '=A1'], '佐证材料', 'formula'],
      [[THIRD, '丙公司', '', '', '', '1号'], '佐证材料', 'required'],
      [[FIRST, '另一公司'], '统一社会信用代码', 'enterprise-exists'],
    ],
    facts: [
      [rd('x', '1'), '统一社会信用代码', 'credit-code'],
      [rd(THIRD, '1'), '统一社会信用代码', 'enterprise-unknown'],
      [[FIRST, 'rd.expense', '1', '2024', '', '局'], '数据名称', 'fact-unknown'],
      [rd(FIRST, '500万元'), '数据值', 'money-unit'],
      [[FIRST, 'enterprise.sme', '大概', '', '', '局'], '数据值', 'bool'],
      [rd(FIRST, '1', '去年'), '所属期', 'period'],
      [rd(FIRST, '1', '2031'), '所属期', 'fact-malformed'],
      [[...rd(FIRST, '1', '2019').slice(0, 4), 'P-1', '局'], '所属项目', 'fact-malformed'],
      [[...rd(FIRST, '1', '2019').slice(0, 5), ''], '来源单位', 'required'],
      [[...rd(FIRST, '1', '2019'), '3'], '更正数据编号', 'fact-id'],
      [[...rd(FIRST, '1', '2019'), 'F99'], '更正数据编号', 'fact-not-found'],
      [[...rd(FIRST, '1', '2019'), '', '材料\u202e'], '佐证材料', 'text'],
    ],
    certificates: [
      [certificate(THIRD, 'GR1'), '统一社会信用代码', 'enterprise-unknown'],
      [certificate(FIRST, ''), '证书编号', 'required'],
      [certificate(FIRST, 'GR202336000001').with(2, '高企'), '证书种类', 'word'],
      [certificate(FIRST, 'GR2').with(3, '复审'), '认定类型', 'word'],
      [certificate(FIRST, 'GR2').with(4, ''), '发证日期', 'required'],
      [certificate(FIRST, 'GR2').with(5, '2020-01-01'), '有效期至', 'invalid-input'],
      [certificate(FIRST, 'GR2').with(6, ''), '发证机关', 'required'],
      [certificate(FIRST, 'GR2').with(7, '也许'), '更正', 'bool'],
      [certificate(FIRST, 'GR2').with(8, ''), '佐证材料', 'required'],
      [certificate(FIRST, 'GR202336000001').with(6, '另一机关'), '证书编号', 'certificate-exists'],
    ],
  };
  const headings: Readonly<Record<string, readonly string[]>> = { enterprises: ENTERPRISES, facts: FACTS, certificates: CERTIFICATES };
  it.each(Object.keys(faults))('names row and column of everything wrong in a file of %s, and writes nothing', async (kind) => {
    const cases = faults[kind] ?? [];
    const position = await head();
    const report = await bring(kind, csv(headings[kind] ?? [], ...cases.map(([row]) => row)));
    for (const [index, [, column, wrong]] of cases.entries())
      expect(report.errors.filter(({ row }) => row === index + 2)).toMatchObject([{ column, code: wrong }]);
    expect(report).toMatchObject({ state: 'finished', errorCount: cases.length, counts: { rows: cases.length, written: 0 } });
    expect(await head()).toBe(position);
  });

  it('writes nothing at all when one row of many is wrong, or only the others when asked to', async () => {
    const good = [rd(FIRST, '1.00', '2011'), rd(FIRST, '2.00', '2012'), rd(SECOND, '3.00', '2011')];
    const file = csv(FACTS, ...good, rd(FIRST, '4.00', '2031'), rd(FIRST, '9.00', '2011'));
    const position = await head();
    const errors = [
      { row: 5, column: '所属期', code: 'fact-malformed' },
      { row: 6, column: '数据名称', code: 'stated-twice' },
    ];
    expect(await bring('facts', file)).toMatchObject({ errors, counts: { written: 0, changing: 3, rejected: 2 } });
    expect(await head()).toBe(position);
    expect(await bring('facts?mode=valid-rows', file)).toMatchObject({ errors, counts: { written: 3, rejected: 2 } });
    // Several rows of one enterprise are one command.
    expect(await head()).toBe(position + 3);
    expect(await bring('facts?mode=valid-rows', file)).toMatchObject({ errors, counts: { written: 0, unchanged: 3 } });
    expect(await head()).toBe(position + 3);
  });

  it('keeps the first thousand errors, fewer where they are long, and counts them all', async () => {
    const rows = Array.from({ length: 1_200 }, () => rd('x', '1'));
    const report = await bring('facts', csv(FACTS, ...rows));
    expect(report.errors).toHaveLength(1_000);
    expect(report).toMatchObject({ errorCount: 1_200, counts: { rejected: 1_200 } });
    // A heading may be long, and stands in every error.
    const [first = '', ...headings] = FACTS;
    const long = await bring('facts', csv([`${first.slice(0, 1)}${' '.repeat(3_000)}${first.slice(1)}`, ...headings], ...rows));
    expect(long).toMatchObject({ errorCount: 1_200, counts: { rejected: 1_200 } });
    expect(JSON.stringify(long.errors).length).toBeLessThan(600_000);
    expect(long.errors.length).toBeGreaterThan(100);
  });

  it('answers the same key with the same import, and refuses another file under it', async () => {
    const file = csv(FACTS, rd(FIRST, '5.00', '2013'));
    const first = await post('facts', file, { key: 'once' });
    expect(await post('facts', file, { key: 'once' })).toMatchObject({ status: 202, body: { id: first.body.id } });
    expect(await post('facts', `${file}\n`, { key: 'once' })).toMatchObject({ status: 409, body: { code: 'idempotency-key-reused' } });
  });

  it('shows an import to who brought it in and to auditors and administrators', async () => {
    const { id } = await bring('facts?dryRun=true', csv(FACTS, rd(FIRST, '1', '2014')));
    for (const [as, status] of [
      ['clerk', 200],
      ['clerk:clerk-2', 404],
      ['finance', 404],
      ['auditor', 200],
      ['administrator', 200],
    ] as const)
      expect([as, (await get(`/v1/imports/${id}`, as)).status]).toEqual([as, status]);
    const items = async (as: string) => (JSON.parse((await ask('/v1/imports', as)).content.toString()) as { items: unknown[] }).items;
    expect(await items('clerk:clerk-2')).toEqual([]);
    expect((await items('clerk'))[0]).toMatchObject({ id, kind: 'facts', errorCount: 0 });
  });

  it('lets in only who may do the same by hand, and refuses what is no file with a 4xx', async () => {
    const file = csv(FACTS, rd(FIRST, '1'));
    expect(await post('facts', file, { as: 'auditor' })).toMatchObject({ status: 403 });
    expect(await post('facts', file, { as: 'approver' })).toMatchObject({ status: 403, body: { code: 'role-required' } });
    expect(await post('weather', file)).toMatchObject({ status: 404, body: { code: 'import-kind-unknown' } });
    expect(await post('facts?mode=some', file)).toMatchObject({ status: 400 });
    expect(await post('facts?effectiveOn=2026-03-02', file)).toMatchObject({ status: 400 });
    expect(await post('facts', '{}', { type: 'application/json' })).toMatchObject({ status: 415 });
    expect(await post('facts', 'x', { type: 'application/pdf' })).toMatchObject({ status: 415 });
    expect((await ask('/v1/imports/facts', 'clerk', { method: 'POST', body: 'x', headers: { 'content-type': 'text/csv' } })).status).toBe(
      400,
    );
    expect(await post('facts', Buffer.alloc(64 * 1024 * 1024 + 1))).toMatchObject({ status: 413, body: { code: 'body-too-large' } });
    expect((await get('/v1/imports/nonsense')).status).toBe(404);
    // Other routes do not take files for commands.
    const registering = { method: 'POST', body: 'x', headers: { 'content-type': 'text/csv', 'idempotency-key': 'no' } };
    expect((await ask('/v1/enterprises', 'clerk', registering)).status).toBe(400);
  });

  it('hands out templates that can be filled in and sent back', async () => {
    for (const kind of ['enterprises', 'facts', 'certificates', 'targets', 'target-baselines']) {
      const sheet = await ask(`/v1/imports/templates/${kind}`);
      expect(sheet.headers.get('content-type')).toBe(SHEET_TYPES.xlsx);
      expect(await bring(`${kind}?dryRun=true`, sheet.content, { type: SHEET_TYPES.xlsx })).toMatchObject({
        errorCount: 0,
        counts: { rows: 0 },
      });
      const { content } = await ask(`/v1/imports/templates/${kind}?format=csv`);
      expect(await bring(`${kind}?dryRun=true`, content)).toMatchObject({ state: 'finished', errorCount: 0, counts: { rows: 0 } });
    }
  });

  it('never fails, whatever bytes come as a file', async () => {
    const begin = fc.constantFrom(Buffer.alloc(0), Buffer.from('504b0304', 'hex'), Buffer.from('\ufeff'), Buffer.from(csv(FACTS, [])));
    await fc.assert(
      fc.asyncProperty(begin, fc.uint8Array({ maxLength: 300 }), async (start, rest) => {
        const report = await bring('facts?mode=valid-rows', Buffer.concat([start, rest]));
        expect(report.note).not.toContain('系统内部错误');
        if (report.counts.rows === 0 && report.state === 'failed') expect(report.errorCount).toBeGreaterThan(0);
      }),
      { numRuns: 150 },
    );
  });
});
