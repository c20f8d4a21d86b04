import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, Office, paper } from '../support/office.js';
import { onOurClock, STORE } from '../support/store-under-test.js';
import { seededRandom } from '../support/random.js';

const CLI = fileURLToPath(new URL('../../dist/programs/ledger.js', import.meta.url));
const TOUR = fileURLToPath(new URL('../../docs/tour', import.meta.url));
const LINE = 'tour-2020/rd-fund/2024';
const VERIFICATION = { title: '核实记录', documentNo: '核〔2024〕7号' };

interface Entry {
  readonly position: number;
  readonly event: string;
  readonly stream: string;
  readonly actor: { readonly id: string };
  readonly evidence?: readonly object[];
  readonly data?: Readonly<Record<string, unknown>>;
  readonly causedBy: { readonly event: string; readonly position: number } | null;
  readonly caused: readonly { readonly event: string; readonly position: number }[];
  readonly causedCount: number;
}
interface Decision {
  readonly event: string;
  readonly decidedBy: string;
  readonly how: string;
  readonly inputs?: readonly { readonly input: string; readonly value: unknown }[];
  readonly stands: boolean;
  readonly endedBy?: number;
}
interface Reliant {
  readonly stream: string;
  readonly stands: boolean;
  readonly award?: { readonly paid: string; readonly recovered: string };
  readonly decisions: readonly Decision[];
}

/** Runs the built command line as a person would. */
function ledger(
  office: Office,
  token: string,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly stdout: string }> {
  return new Promise((resolve) => {
    const all = [CLI, ...args, '--server', office.address, '--token', token];
    const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'inherit'] });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.on('close', (code) => resolve({ code, stdout }));
  });
}

/** An enterprise whose prior-year spend is fact F3, verified like the two before it. */
async function enterprise(office: Office, spend: string): Promise<string> {
  const code = await office.enterprise();
  const facts = [
    { name: 'enterprise.hnte', value: true, sourceUnit: '科技局' },
    { name: 'payment.account', value: `示例银行 ${code}`, sourceUnit: '企业提交' },
  ];
  await office.do('clerk', `/enterprises/${code}/facts`, { facts: [...facts, spent(spend)] });
  for (const fact of ['F1', 'F2', 'F3'])
    await office.do('reviewer2', `/enterprises/${code}/facts/${fact}/verify`, { evidence: [VERIFICATION] });
  return code;
}

const spent = (value: string) => ({ name: 'rd.priorYearExpenditure', value, period: '2023', sourceUnit: '统计局' });

async function publish(office: Office): Promise<void> {
  const [pack, source] = ['tour-2020.yaml', 'source.txt'].map((file) => readFileSync(`${TOUR}/${file}`, 'utf8'));
  await office.do('administrator', '/policies', { pack, source, file: 'tour-2020.yaml', evidence: paper });
  await office.do('finance', '/budgets', { pack: 'tour-2020', line: 'rd-fund', period: '2024' });
  await office.do('finance', `/budgets/${LINE}/appropriations`, { amount: '5000000.00', reason: '年初预算', evidence: paper });
}

const steps = (award: string) =>
  [
    ['clerk', `/awards/${award}/assess`, undefined],
    ['reviewer', `/awards/${award}/review`, { recommended: true }],
    ['clerk', `/awards/${award}/publicise`, {}],
    ['approver', `/awards/${award}/grant`, { line: 'rd-fund', period: '2024', documentNo: '示管〔2024〕8号' }],
  ] as const;

async function applied(office: Office, payee: string): Promise<string> {
  const { body } = await office.do('clerk', '/awards', { pack: 'tour-2020', clause: 'T1', payee, occasion: '2024' });
  return String(body['award']);
}

describe('what happened, and what rests on it', () => {
  let office: Office;
  /** Paid on F3. */
  let paid: { readonly code: string; readonly award: string };
  /** Assessed on F3, and again once that had been put right. */
  let corrected: { readonly code: string; readonly award: string };
  const timeline = async (about: string, actor?: string) =>
    (await office.get(`/audit/timeline/${about}`, actor)).items as unknown as Entry[];
  const reliedOn = async (subject: string, actor?: string) =>
    (await office.get(`/audit/reliance/${subject}`, actor)).items as unknown as Reliant[];
  const events = (entries: readonly { readonly event: string }[]) => entries.map(({ event }) => event);

  beforeAll(async () => {
    office = await Office.open('2024-05-06', onOurClock(STORE));
    await publish(office);
    const code = await enterprise(office, '2600000.00');
    const award = await applied(office, code);
    paid = { code, award };
    for (const [actor, path, body] of steps(award)) await office.do(actor, path, body);
    await office.get('/awards');
    await office.do('finance', '/payment-batches', { batch: 'B1', title: '第一批', instalments: [{ award, instalment: 1 }] });
    await office.do('finance', '/payment-batches/B1/freeze');
    await office.get('/awards');
    const content = `批次,序号,金额,结果,日期,流水号,原因\nB1,1,200000.00,成功,${office.today},R-001,\n`;
    await office.do('finance', '/payment-batches/B1/results', { file: 'bank.csv', content });

    const other = await enterprise(office, '1000000.00');
    corrected = { code: other, award: await applied(office, other) };
    await office.do('clerk', `/awards/${corrected.award}/assess`);
    await office.do('clerk', `/enterprises/${other}/facts`, { facts: [{ ...spent('100000.00'), correctsFactId: 'F3', evidence: paper }] });
    await office.do('reviewer2', `/enterprises/${other}/facts/F4/verify`, { evidence: paper });
    await office.do('clerk', `/awards/${corrected.award}/assess`);
  });
  afterAll(() => office.close());

  it('is told of an award in order, with the cause of every step and what came of it', async () => {
    const entries = await timeline(`award/${paid.award}`);
    expect(events(entries)).toEqual([
      'award-applied',
      'award-assessed',
      'award-reviewed',
      'award-publicised',
      'award-grant-started',
      'budget-reserved',
      'award-granted',
      'instalment-unlocked',
      'batch-prepared',
      'instalment-ordered',
      'budget-spent',
      'instalment-paid',
    ]);
    const of = (event: string) => entries.find((entry) => entry.event === event) as Entry;
    const started = of('award-grant-started');
    expect(started).toMatchObject({ causedBy: null, causedCount: 3, actor: { id: 'approver' } });
    expect(events(started.caused)).toEqual(['budget-reserved', 'award-granted', 'instalment-unlocked']);
    for (const event of ['budget-reserved', 'award-granted']) expect(of(event).causedBy).toMatchObject({ position: started.position });
    expect(of('instalment-ordered').causedBy).toMatchObject({ event: 'batch-freeze-started' });
    for (const event of ['budget-spent', 'instalment-paid']) expect(of(event).causedBy).toMatchObject({ event: 'batch-results-recorded' });
  });

  it('is told of a budget line, a document in any spelling, a batch, an officer and an enterprise', async () => {
    expect(events(await timeline('budget-line/tour-2020.rd-fund.2024'))).toEqual([
      'budget-line-opened',
      'budget-appropriated',
      'award-grant-started',
      'budget-reserved',
      'award-granted',
      'budget-spent',
    ]);
    const verified = await timeline(`document/${encodeURIComponent('核[2024] 7号')}`);
    expect(events(verified)).toEqual(Array<string>(6).fill('fact-verified'));
    expect(verified[0]).toMatchObject({ evidence: [VERIFICATION], actor: { id: 'reviewer2' } });
    expect(events(await timeline('batch/B1'))).toContain('batch-results-recorded');
    // The ledger completed the grant, and a person had decided it.
    expect(events(await timeline('officer/approver'))).toEqual(['award-grant-started', 'award-granted']);
    expect(events(await timeline(`enterprise/${paid.code.toLowerCase()}`))).toEqual(
      expect.arrayContaining(['enterprise-registered', 'instalment-paid']),
    );
  });

  it('is filtered, paged and turned round, and seen from the past', async () => {
    const all = await timeline(`enterprise/${paid.code}`);
    const path = `/audit/timeline/enterprise/${paid.code}?`;
    const asked = async (query: string) => (await office.get(path + query)).items as unknown as Entry[];
    expect(events(await asked('event=fact-verified'))).toHaveLength(3);
    expect((await asked('actor=ledger')).every(({ actor }) => actor.id === 'ledger')).toBe(true);
    for (const filter of ['recordedUntil=2024-05-05', 'recordedFrom=2024-05-07', 'effectiveUntil=2024-05-05', 'effectiveFrom=2024-05-07'])
      expect(await asked(filter)).toEqual([]);
    expect(await asked('recordedFrom=2024-05-06&effectiveUntil=2024-05-06')).toEqual(all);
    expect(await asked('order=descending')).toEqual([...all].reverse());
    const paged: Entry[] = [];
    for (let cursor = ''; ;) {
      const { body, items } = await office.get(`${path}limit=7${cursor}`);
      paged.push(...(items as unknown as Entry[]));
      if (body['next'] === undefined) break;
      cursor = `&cursor=${body['next'] as string}`;
    }
    expect(paged).toEqual(all);
    const { position = 0 } = all[9] ?? {};
    const then = await asked(`asOf=${position}`);
    expect(then.map((entry) => entry.position)).toEqual(all.slice(0, 10).map((entry) => entry.position));
    expect(then.flatMap(({ caused }) => caused).every((one) => one.position <= position)).toBe(true);
  });

  it('leads from one event to everything it caused, and back to what a person did', async () => {
    const [started] = await timeline('batch/B1?event=batch-freeze-started');
    const { body } = await office.get(`/audit/events/${started?.position}`);
    expect(body).toMatchObject({ event: 'batch-freeze-started', causes: [], isCut: false });
    const consequences = body['consequences'] as readonly (Entry & { readonly depth: number })[];
    expect(events(consequences)).toEqual(['instalment-ordered', 'batch-frozen']);
    expect((await office.get(`/audit/events/${consequences[0]?.position}`)).body).toMatchObject({
      causes: [{ event: 'batch-freeze-started', position: started?.position }],
    });
    expect((await office.get('/audit/events/99999')).did).toBe('404 event-unknown');
    expect((await office.get('/audit/timeline/award/no.such.award')).did).toBe('404 timeline-unknown');
  });

  it('shows which decisions rest on a fact, who took them, and what was paid', async () => {
    const [reliant, ...others] = await reliedOn(`fact/${paid.code}/F3`, 'clerk');
    expect(others).toEqual([]);
    expect(reliant).toMatchObject({ stream: `award-${paid.award}`, stands: true, award: { paid: '200000.00', recovered: '0.00' } });
    expect(reliant?.decisions.map(({ event, decidedBy, how }) => [event, decidedBy, how])).toEqual([
      ['award-assessed', 'clerk', 'relied'],
      ['award-reviewed', 'reviewer', 'follows'],
      ['award-publicised', 'clerk', 'follows'],
      ['award-grant-started', 'approver', 'follows'],
      ['award-granted', 'approver', 'follows'],
      ['instalment-unlocked', 'ledger', 'relied'],
      ['instalment-ordered', 'finance', 'follows'],
      ['instalment-paid', 'ledger', 'follows'],
    ]);
    expect(reliant?.decisions[0]?.inputs).toEqual([{ input: 'rd.priorYearExpenditure', value: '2600000.00', verified: true }]);
    // The account bears on the payment alone.
    const [byAccount] = await reliedOn(`fact/${paid.code}/F2`);
    expect(byAccount?.decisions.map(({ event, how }) => [event, how])).toEqual([
      ['instalment-ordered', 'relied'],
      ['instalment-paid', 'follows'],
    ]);
  });

  it('tells that a decision made again on the corrected fact stands no longer', async () => {
    const [before] = await reliedOn(`fact/${corrected.code}/F3`);
    const [after] = await reliedOn(`fact/${corrected.code}/F4`);
    expect(before).toMatchObject({ stands: false, decisions: [{ event: 'award-assessed', stands: false }] });
    expect(after).toMatchObject({ stands: true, decisions: [{ event: 'award-assessed', stands: true }] });
    expect(before?.decisions[0]?.endedBy).toBe((after?.decisions[0] as unknown as Entry).position);
    expect((await office.get(`/audit/reliance/fact/${corrected.code}/F3`)).body).toMatchObject({ record: { correctedBy: 'F4' } });
  });

  it('finds by a document what rests on the records made with it', async () => {
    const found = await reliedOn(`document/${encodeURIComponent('核〔2024〕7号')}`);
    expect(found.map(({ stream }) => stream).sort()).toEqual([`award-${paid.award}`, `award-${corrected.award}`].sort());
    const granted = await reliedOn(`document/${encodeURIComponent('示管〔2024〕8号')}`);
    expect(granted).toMatchObject([
      { stream: `award-${paid.award}`, award: { paid: '200000.00' } },
      { stream: 'batch-B1', decisions: [{ event: 'batch-prepared' }] },
    ]);
  });

  it('keeps the black-list, and what colleagues did, from those who may not see it', async () => {
    const notice = { listingClass: 'general', ground: '弄虚作假', legalBasis: '条例', reasons: '事实', rights: '陈述申辩' };
    const later = await enterprise(office, '900000.00');
    const award = await applied(office, later);
    for (const [actor, path, body] of steps(award)) await office.do(actor, path, body);
    const opened = { kind: 'enterprise', id: later, ...notice, servedOn: office.today, evidence: paper };
    await office.do('clerk', '/blacklist/cases', opened);
    // Sent again it changes nothing, and is noted in a stream of its own, which is about the enterprise too.
    await office.do('clerk', '/blacklist/cases', opened);
    await office.do('clerk', `/blacklist/enterprise/${later}/cases/1/waive-statement`, { on: office.today, evidence: paper });
    await office.do('approver', `/blacklist/enterprise/${later}/cases/1/list`, {
      termMonths: 6,
      reason: '属实',
      evidence: [{ title: '认定书', documentNo: '示认〔2024〕1号' }],
    });
    const listing = `enterprise.${later}.1`;
    const held = (entries: readonly Entry[]) => entries.find(({ event }) => event === 'award-held') as Entry;
    const whole = await timeline(`enterprise/${later}`);
    expect(held(whole)).toMatchObject({ data: { listing }, causedBy: { event: 'listing-decided' } });
    expect(await reliedOn(`listing/${listing}`)).toMatchObject([
      { stream: `award-${award}`, decisions: [{ event: 'award-held', stands: true }] },
    ]);
    const seen = await timeline(`enterprise/${later}`, 'clerk');
    expect(held(seen).causedBy).toBeNull();
    expect(JSON.stringify(seen)).not.toContain(listing);
    expect(JSON.stringify(seen)).not.toContain('blacklist-');
    const noted = whole.find(({ event }) => event === 'command-noted');
    expect(noted).toMatchObject({ data: { stream: `blacklist-enterprise.${later}` } });
    expect(seen.length).toBe(whole.filter(({ stream }) => !/^(blacklist|command)-/.test(stream)).length);
    const decided = whole.find(({ event }) => event === 'listing-decided')?.position;
    const did = async (path: string, actor: string) => (await office.get(`/audit/${path}`, actor)).did;
    expect(await did(`events/${noted?.position}`, 'finance')).toBe('404 event-unknown');
    expect(await did(`events/${noted?.position}`, 'auditor')).toBe('200');
    expect(await did(`events/${decided}`, 'clerk')).toBe('404 event-unknown');
    expect(await did(`timeline/listing/${listing}`, 'clerk')).toBe('403 history-restricted');
    expect(await did(`reliance/listing/${listing}`, 'approver')).toBe('403 history-restricted');
    const statement = encodeURIComponent('示认〔2024〕1号');
    expect((await office.get(`/audit/reliance/document/${statement}`)).body).toMatchObject({ record: { citedBy: 1 } });
    expect(await did(`reliance/document/${statement}`, 'clerk')).toBe('404 record-unknown');
    expect(await did('timeline/officer/approver', 'clerk')).toBe('403 role-required');
    expect(await did('timeline/officer/clerk', 'clerk')).toBe('200');
    // Until when it was held is when a listing ended: looking back, that is for those who see what has ended.
    for (const path of ['forecast', 'forecast/totals']) {
      const forecast = async (actor: string) => (await office.text(`/v1/audit/${path}?asOf=${held(whole).position}`, actor))[1];
      expect(await forecast('auditor')).toContain('2024Q4');
      expect(await forecast('finance')).toContain('"held":"90000.00"');
      expect(await forecast('finance')).not.toMatch(/2024Q4|2024-11/);
    }
    // From the moment before it was listed nothing rests on a listing that was not there.
    expect(await did(`reliance/listing/${listing}?asOf=${(decided ?? 1) - 1}`, 'auditor')).toBe('404 record-unknown');
  });

  it.each([
    ['timeline/song/1', '400 invalid-input'],
    ['timeline/enterprise/x', '400 invalid-input'],
    ['timeline/award/a?order=up', '400 invalid-input'],
    ['timeline/award/a?recordedFrom=2024-02-30', '400 invalid-input'],
    ['timeline/award/a?recordedFrom=2024-05-06&recordedUntil=2024-05-05', '400 invalid-input'],
    ['timeline/award/a?effectiveFrom=2024-05-06&effectiveUntil=2024-05-05', '400 invalid-input'],
    ['timeline/award/a?recordedFrom=2024-05-06&recordedUntil=2024-05-06', '404 timeline-unknown'],
    ['timeline/award/a?event=foo', '400 invalid-input'],
    ['timeline/document/%2F', '400 invalid-input'],
    ['events/0', '400 invalid-input'],
    ['reliance/song/1', '400 invalid-input'],
    ['reliance/fact/x/F1', '400 invalid-input'],
    ['reliance/clearance/91360799MAXX00001N/c?on=2024-01-01', '400 invalid-input'],
    ['reliance/interpretation/none/x', '404 policy-unknown'],
    ['reliance/interpretation/tour-2020/x', '404 record-unknown'],
    ['reliance/document/nosuch', '404 record-unknown'],
  ])('says what is wrong with %s', async (path, expected) => {
    expect((await office.get(`/audit/${path}`)).did).toBe(expected);
  });

  it('is read on the command line in the words of the office', async () => {
    const token = await office.token('auditor');
    const [told, relied] = await Promise.all([
      ledger(office, token, 'audit', 'timeline', 'award', paid.award),
      ledger(office, token, 'audit', 'relied-on', 'fact', paid.code, 'F3'),
    ]);
    expect([told.code, relied.code]).toEqual([0, 0]);
    for (const text of ['登记时间', '批准人 approver', '第1期 200000.00元', '登记银行回单', 'finance（测试单位）', 'T1 v1'])
      expect(told.stdout).toContain(text);
    for (const text of ['据此已拨付 200000.00 元', '上年度研发投入 = 2600000.00', '已核实（reviewer2）', '仍有效'])
      expect(relied.stdout).toContain(text);
  }, 60_000);
});

/** What a stream is about, written down once more, by hand. */
const KIND_OF: Readonly<Record<string, string>> = { enterprise: 'enterprise', award: 'award', budget: 'budget-line', policy: 'policy' };

it('every event of a random history is told once of whoever did it, and once of what its stream is about', async () => {
  const office = await Office.open('2024-05-06', onOurClock(STORE));
  try {
    await publish(office);
    const random = seededRandom(20_240_506);
    const pick = <One>(all: readonly One[]): One => all[Math.floor(random() * all.length)] as One;
    const codes: string[] = [];
    for (let each = 0; each < 3; each += 1) codes.push(await enterprise(office, '500000.00'));
    const actors = ['clerk', 'reviewer', 'reviewer2', 'approver', 'finance'];
    for (let step = 0; step < 120; step += 1) {
      const code = pick(codes);
      const award = `tour-2020.T1.${code}.2024`;
      const attempt = pick<() => Promise<Answer>>([
        () => office.post('clerk', '/awards', { pack: 'tour-2020', clause: 'T1', payee: code, occasion: '2024' }),
        ...steps(award).map(
          ([actor, path, body]) =>
            () =>
              office.post(actor, path, body),
        ),
        () => office.post(pick(actors), `/enterprises/${code}/facts`, { facts: [spent(`${500_000 + step}.00`)] }),
        () => office.post('finance', `/budgets/${LINE}/adjustments`, { amount: '1.00', reason: `第${step}次`, evidence: paper }),
        () => office.post('reviewer', `/awards/${award}/hold`, { reason: '待核实' }),
      ]);
      await attempt();
    }
    const all = async (about: string) => (await office.get(`/audit/timeline/${about}?limit=500`)).items as unknown as Entry[];
    const told = new Map<string, readonly number[]>();
    const positionsOf = async (about: string) => {
      const known = told.get(about) ?? (await all(about)).map(({ position }) => position);
      told.set(about, known);
      return known;
    };
    let seen = 0;
    for (const position of await office.positions()) {
      const { did, body } = await office.get(`/audit/events/${position}`);
      expect(did).toBe('200');
      const { stream, actor } = body as unknown as Entry;
      const [, prefix = '', id = ''] = /^([a-z]+)-(.+)$/.exec(stream) ?? [];
      const abouts = [
        ...(prefix === 'command' ? [] : [`${KIND_OF[prefix] ?? prefix}/${id}`]),
        ...(actor.id === 'ledger' ? [] : [`officer/${actor.id}`]),
      ];
      for (const about of abouts)
        expect([about, (await positionsOf(about)).filter((one) => one === position)]).toEqual([about, [position]]);
      seen += 1;
    }
    expect(seen).toBeGreaterThan(50);
  } finally {
    await office.close();
  }
});
