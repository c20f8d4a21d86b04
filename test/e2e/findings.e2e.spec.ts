import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { withCheckCharacter } from '@app/kernel';
import { Office, paper } from '../support/office.js';
import { onOurClock, STORE } from '../support/store-under-test.js';

// A comparison injects requests, which loads a package for cookies that the test runner cannot; there are none here.
jest.mock('cookie', () => ({}));

const CLI = fileURLToPath(new URL('../../dist/programs/ledger.js', import.meta.url));
const TOUR = fileURLToPath(new URL('../../docs/tour', import.meta.url));
const LINE = 'tour-2020/rd-fund/2024';
const DUTY = '/duties/haimen-2022';

interface Finding {
  readonly id: string;
  readonly code: string;
  readonly severity: string;
  readonly status: string;
  readonly day: string;
  readonly detail: string;
  readonly daysOver?: number;
  readonly pointer?: { readonly stream: string; readonly revision: number; readonly position: number };
  readonly pack?: string;
  readonly clause?: string;
}

describe('findings and their life', () => {
  let office: Office;
  let award: string;
  let code: string;
  const findings = async (query = '', actor?: string) => (await office.get(`/audit/findings${query}`, actor)).items as unknown as Finding[];
  const one = async (query: string) => (await findings(query)).at(0) as Finding;
  const act = (actor: string, id: string, action: string, body: object = {}) => office.post(actor, `/audit/findings/${id}/${action}`, body);

  /** Runs the built command line as an auditor would. */
  async function ledger(...args: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: string }> {
    const all = [CLI, ...args, '--server', office.address, '--token', await office.token('auditor')];
    return new Promise((resolve) => {
      const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'inherit'] });
      let stdout = '';
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.on('close', (status) => resolve({ code: status, stdout }));
    });
  }

  beforeAll(async () => {
    office = await Office.open('2024-05-06', onOurClock(STORE));
    const [pack, source] = ['tour-2020.yaml', 'source.txt'].map((file) => readFileSync(`${TOUR}/${file}`, 'utf8'));
    await office.do('administrator', '/policies', { pack, source, file: 'tour-2020.yaml', evidence: paper });
    await office.do('finance', '/budgets', { pack: 'tour-2020', line: 'rd-fund', period: '2024' });
    const entry = { amount: '5000000.00', reason: '年初预算', evidence: paper, effectiveOn: '2023-12-20' };
    await office.do('finance', `/budgets/${LINE}/appropriations`, entry);

    code = await office.enterprise();
    const facts = [
      { name: 'enterprise.hnte', value: true, sourceUnit: '科技局' },
      { name: 'rd.priorYearExpenditure', value: '2600000.00', period: '2023', sourceUnit: '统计局' },
    ];
    await office.do('clerk', `/enterprises/${code}/facts`, { facts, effectiveOn: '2024-01-05' });
    for (const fact of ['F1', 'F2']) await office.do('reviewer2', `/enterprises/${code}/facts/${fact}/verify`, { evidence: paper });
    const applied = await office.do('clerk', '/awards', { pack: 'tour-2020', clause: 'T1', payee: code, occasion: '2024' });
    award = String(applied.body['award']);
    await office.do('clerk', `/awards/${award}/assess`);
    await office.do('reviewer', `/awards/${award}/review`, { recommended: true });
    await office.do('clerk', `/awards/${award}/publicise`, {});
    await office.do('approver', `/awards/${award}/override`, { amounts: ['150000.00'], reason: '核减', evidence: paper });
    await office.do('approver2', `/awards/${award}/grant`, { line: 'rd-fund', period: '2024', documentNo: '示管〔2024〕8号' });
  });
  afterAll(() => office.close());

  it('are found in what people may do and somebody has to look at, and in time passing', async () => {
    const [override] = await findings(`?award=${award}`);
    expect(override).toMatchObject({ code: 'manual-override', status: 'open', amount: '150000.00', officers: ['approver', 'approver2'] });
    expect(await findings(`?enterprise=${code}&code=back-dated`)).toMatchObject([{ severity: 'medium', officers: ['clerk'] }]);
    expect(await findings('?officer=finance')).toMatchObject([{ code: 'back-dated', severity: 'high', line: 'tour-2020.rd-fund.2024' }]);
    const overdue = await findings('?code=duty-overdue&severity=high&limit=500');
    expect(overdue.length).toBeGreaterThan(5);
    const { items } = await office.get('/audit/findings/summary?code=duty-overdue&severity=high');
    expect(items).toMatchObject([{ findings: overdue.length, status: 'open' }]);
    const { items: detectors } = await office.get('/audit/detectors');
    expect(detectors.length).toBeGreaterThan(20);
    for (const { code: each } of [...detectors, { code: 'manual' }])
      expect((await office.get(`/audit/findings?code=${String(each)}`)).did).toBe((await office.get('/audit/findings')).did);
    expect((await office.get('/audit/findings?code=paid-while-listd')).did).toBe('400 invalid-input');
    for (const path of ['/audit/findings', '/audit/findings/summary'])
      expect((await office.get(`${path}?pack=no-such-policy`)).did).toBe('404 policy-unknown');
  });

  it('are paged, duties among the others, and nothing twice', async () => {
    const all = await findings('?limit=500');
    const paged: Finding[] = [];
    for (let cursor = ''; ;) {
      const { body, items } = await office.get(`/audit/findings?limit=7${cursor}`);
      paged.push(...(items as unknown as Finding[]));
      if (body['next'] === undefined) break;
      cursor = `&cursor=${body['next'] as string}`;
    }
    expect(paged).toEqual(all);
    expect(new Set(all.map(({ code: each }) => each))).toEqual(new Set(['manual-override', 'back-dated', 'duty-overdue']));
  });

  it('are assigned, answered, resolved and reopened, and shown as they were at every point', async () => {
    const { id, pointer } = await one(`?award=${award}`);
    expect(await findings('', 'approver')).toEqual([]);
    expect((await office.get(`/audit/findings/${id}`, 'approver')).did).toBe('404 finding-unknown');
    expect((await act('approver', id, 'comment', { text: '已说明' })).did).toBe('404 finding-unknown');
    await office.do('auditor', `/audit/findings/${id}/assign`, { to: 'approver' });
    expect((await findings('', 'approver')).map((each) => each.id)).toEqual([id]);
    await office.do('approver', `/audit/findings/${id}/comment`, { text: '按会议纪要核减', evidence: paper });

    expect((await act('approver', id, 'resolve', { outcome: 'unfounded', reason: '已说明' })).did).toBe('403 role-required');
    expect((await act('auditor', id, 'resolve', { outcome: 'confirmed', reason: '属实' })).did).toBe('409 evidence-required');
    const nowhere = { outcome: 'corrected', reason: '已改', correction: { stream: pointer?.stream, revision: 99 } };
    expect((await act('auditor', id, 'resolve', nowhere)).did).toBe('404 event-unknown');
    // Neither what was wrong itself nor what was said of it has put it right.
    for (const correction of [
      { stream: pointer?.stream, revision: pointer?.revision },
      { stream: `finding-${id}`, revision: 0 },
    ])
      expect((await act('auditor', id, 'resolve', { ...nowhere, correction })).did).toBe('400 invalid-input');
    // Nor has what somebody did later about something else.
    const elsewhere = { ...nowhere, correction: { stream: `enterprise-${await office.enterprise()}`, revision: 0 } };
    expect((await act('auditor', id, 'resolve', elsewhere)).body).toMatchObject({ errors: [{ field: 'correction', rule: 'related' }] });
    const { body } = await office.do('auditor', `/audit/findings/${id}/resolve`, {
      ...nowhere,
      correction: { stream: pointer?.stream, revision: Number(pointer?.revision) + 1 },
    });
    expect(await one(`?award=${award}`)).toMatchObject({ status: 'resolved', outcome: 'corrected', assignee: 'approver' });
    expect(await one(`?award=${award}&asOf=${Number(body['position']) - 1}`)).toMatchObject({ status: 'open' });
    expect((await act('auditor', id, 'assign', { to: 'clerk' })).did).toBe('409 finding-resolved');
    await office.do('auditor', `/audit/findings/${id}/reopen`, { reason: '有新线索' });

    const shown = await office.get(`/audit/findings/${id}`);
    expect(shown.body).toMatchObject({ status: 'open', event: { event: 'award-granted', data: { amount: '150000.00' } } });
    expect((shown.body['history'] as { event: string }[]).map(({ event }) => event)).toEqual([
      'finding-assigned',
      'finding-commented',
      'finding-resolved',
      'finding-reopened',
    ]);
  });

  it('are taken down once an auditor takes up a duty, and stay when it is done late', async () => {
    const duty = await one('?code=duty-overdue&pack=haimen-2022');
    await office.do('auditor', `/audit/findings/${duty.id}/comment`, { text: '请尽快办理' });
    // Taken up or not, it is as late as it is: neither its day nor its weight is that of the comment.
    expect(
      await findings(`?code=duty-overdue&pack=haimen-2022&from=${duty.day}&until=${duty.day}&severity=${duty.severity}`),
    ).toContainEqual(duty);
    expect((await findings('?code=duty-overdue&limit=500')).filter(({ id }) => id === duty.id)).toEqual([duty]);
    const later = (await office.get(`/audit/findings/${duty.id}`)).body;
    expect(later).toMatchObject({ ...duty, revision: 1 });
    const { body } = await office.get('/calendar/findings?pack=haimen-2022&limit=500');
    const due = (body['items'] as { clause: string; period: string }[]).at(-1) as { clause: string; period: string };
    expect(due.clause).toBe(duty.clause);
    // Nothing puts it right that was recorded before it was late, or about another duty or matter.
    const resolved = { outcome: 'corrected', reason: '已补办' };
    const by = (stream: string, revision = 0) => act('auditor', duty.id, 'resolve', { ...resolved, correction: { stream, revision } });
    for (const stream of ['policy-haimen-2022', `budget-${LINE.replaceAll('/', '.')}`, `enterprise-${code}`])
      expect((await by(stream)).did).toBe('400 invalid-input');
    await office.do('clerk', `${DUTY}/${due.clause}/${due.period}/done`, { on: office.today, evidence: paper });
    expect((await findings('?code=duty-overdue&limit=500')).filter(({ id }) => id === duty.id)).toHaveLength(1);
    expect((await by(`duty-haimen-2022.${due.clause}.${due.period}`)).did).toBe('200');
    await office.do('auditor', `/audit/findings/${duty.id}/reopen`, { reason: '再查' });
    // What was taken back shows nothing done.
    await office.do('approver', `${DUTY}/${due.clause}/${due.period}/reopen`, { reason: '材料不实' });
    const takenBack = await by(`duty-haimen-2022.${due.clause}.${due.period}`);
    expect(takenBack.body).toMatchObject({ errors: [{ field: 'correction', rule: 'corrects' }] });
  });

  it('can be an auditor’s own, with a pointer; others may not, and not to nothing', async () => {
    const own = { title: '重复发票', detail: '同一发票列支两次', rule: '奖励办法第三条', severity: 'high', award, amount: '1000.00' };
    const pointer = { stream: `award-${award}`, revision: 0 };
    expect((await office.post('clerk', '/audit/findings', own)).did).toBe('403 role-required');
    expect((await office.post('auditor', '/audit/findings', { ...own, pointer: { ...pointer, revision: 77 } })).did).toBe(
      '404 event-unknown',
    );
    expect((await office.post('auditor', '/audit/findings', { ...own, pointer: [] })).did).toBe('400 invalid-input');
    const { body } = await office.do('auditor', '/audit/findings', { ...own, pointer });
    const { pointer: pointed } = await one('?code=manual');
    expect(pointed).toMatchObject(pointer);
    expect(pointed?.position).toBeLessThan(Number(body['position']) - 1);
    expect(await one('?code=manual')).toMatchObject({ id: body['finding'], officers: ['clerk'], pointer, severity: 'high' });
    const granted = await one(`?award=${award}&code=manual-override`);
    const decided = await office.do('auditor', '/audit/findings', {
      ...own,
      severity: 'low',
      pointer: { stream: granted.pointer?.stream, revision: granted.pointer?.revision },
    });
    expect((await office.get(`/audit/findings/${String(decided.body['finding'])}`)).body).toMatchObject({ officers: ['approver2'] });
    expect((await act('auditor', 'manual-0123456789abcdef', 'comment', { text: '无' })).did).toBe('404 finding-unknown');
    // Of an award as a whole, it is about everybody who had a hand in it; and there has to be such an award.
    const whole = await office.do('auditor', '/audit/findings', { ...own, severity: 'low' });
    const { officers } = (await office.get(`/audit/findings/${String(whole.body['finding'])}`)).body as { officers: string[] };
    expect(officers).toEqual(expect.arrayContaining(['clerk', 'reviewer', 'approver']));
    expect((await office.post('auditor', '/audit/findings', { ...own, award: 'no.such.award' })).did).toBe('404 award-unknown');
    for (const [nothing, did] of [
      [{ enterprise: withCheckCharacter('91360700MA3NNBDYX') }, '404 enterprise-unknown'],
      [{ line: 'tour-2020.rd-fnud.2024' }, '404 budget-line-unknown'],
      [{ pack: 'tour-2021' }, '404 policy-unknown'],
      [{ pack: 'tour-2021', clause: 'T1' }, '404 policy-unknown'],
      [{ pack: 'tour-2020', clause: 'T99' }, '404 clause-not-found'],
      [{ clause: 'T1' }, '400 invalid-input'],
    ] as const)
      expect((await office.post('auditor', '/audit/findings', { ...own, ...nothing })).did).toBe(did);
    await office.do('auditor', '/audit/findings', { ...own, severity: 'low', pack: 'tour-2020', clause: 'T1' });
    expect((await act('auditor', String(whole.body['finding']), 'assign', { to: 'Nobody at all!' })).did).toBe('400 invalid-input');
  });

  it('are never said to be clear by who has not looked, or sees a part alone', async () => {
    for (const [query, code] of [
      ['?award=no.such.award', '404 timeline-unknown'],
      ['?officer=nobody', '404 timeline-unknown'],
      ['?from=2024-03-01&until=2024-02-01', '400 invalid-input'],
    ] as const) {
      const { did } = await office.get(`/audit/findings${query}`);
      expect(did).toBe(code);
    }
    const seen = await office.get('/audit/findings?limit=1', 'finance');
    expect(seen.body).toMatchObject({ assignedOnly: true });
    expect(seen.body).not.toHaveProperty('clear');
    // Nor do they learn from it whether a colleague has done anything.
    for (const officer of ['approver', 'nobody'])
      expect((await office.get(`/audit/findings?officer=${officer}`, 'finance')).did).toBe('200');
    expect((await office.get('/audit/findings?severity=medium&limit=1')).body).toMatchObject({ clear: false });
  });

  it('read well on the command line, which answers no while one is open', async () => {
    const { id } = await one('?code=manual&severity=high');
    const asked = ['audit', 'findings', '--open', '--code', 'manual', '--severity', 'high'];
    const open = await ledger(...asked);
    expect(open.code).toBe(1);
    expect(open.stdout).toContain('【重】重复发票');
    expect((await ledger(...asked, '--format', 'csv')).code).toBe(1);
    expect((await ledger(...asked.filter((word) => word !== '--open'), '--format', 'csv')).code).toBe(0);
    const evidence = [{ title: '发票复印件', documentNo: '票001' }];
    await office.do('auditor', `/audit/findings/${id}/resolve`, { outcome: 'confirmed', reason: '已核实', evidence });
    expect((await ledger(...asked)).code).toBe(0);
    expect((await ledger(...asked, '--format', 'csv')).code).toBe(0);
    const { stdout } = await ledger('audit', 'finding', 'show', id);
    for (const said of ['重复发票（重），已办结（属实）', '金额：1,000元', '经手人：clerk', '发票复印件（票001）'])
      expect(stdout).toContain(said);
  }, 60_000);

  it('weigh more the later a duty is, taken up or not, and keep how late it was once it is done', async () => {
    const [duty] = (await findings('?code=duty-overdue&limit=500')).filter(({ severity }) => severity !== 'high') as [Finding];
    const before = office.today;
    const { body } = await office.do('auditor', `/audit/findings/${duty.id}/assign`, { to: 'clerk' });
    office.reach('2024-12-30');
    const late = await one(`?code=duty-overdue&pack=${duty.pack ?? ''}&severity=high&from=${duty.day}&until=${duty.day}`);
    expect(late).toMatchObject({ id: duty.id, day: duty.day, severity: 'high', status: 'open', assignee: 'clerk' });
    const daysUntil = (day: string) => (Date.parse(day) - Date.parse(duty.day)) / 86_400_000 + 1;
    expect([duty.daysOver, late.daysOver]).toEqual([daysUntil(before), daysUntil('2024-12-30')]);
    expect(late.detail).toBe(duty.detail);
    // That days have passed is no difference: what is new is late since, what has changed was taken up.
    const differing = await office.get(`/differences/audit/findings?code=duty-overdue&earlier=${Number(body['position']) - 1}`);
    expect(differing.items.filter(({ change }) => change === 'changed')).toEqual([
      expect.objectContaining({ key: { id: duty.id }, fields: [expect.objectContaining({ field: 'assignee', after: 'clerk' })] }),
    ]);
    expect(await findings('', 'clerk')).toContainEqual(late);
    const period = duty.detail.slice(0, duty.detail.indexOf('“'));
    await office.do('clerk', `/duties/${duty.pack ?? ''}/${duty.clause ?? ''}/${period}/done`, { on: office.today, evidence: paper });
    const done = await one(`?code=duty-overdue&severity=high&from=${duty.day}&until=${duty.day}`);
    expect(done).toMatchObject({ id: duty.id, detail: expect.stringContaining('2024-12-30办结（'), daysOver: late.daysOver });
    expect((await ledger('audit', 'finding', 'show', duty.id)).stdout).toMatch(new RegExp(`2024-12-30办结（.*），逾期${late.daysOver}天`));
  });
});
