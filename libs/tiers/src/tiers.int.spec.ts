import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { enterpriseDecider, enterpriseStream, vocabularyOf } from '@app/enterprises';
import { type CreditCode, Problem } from '@app/kernel';
import { bundledPacks } from '@app/policies';
import { codeOf, TierLedger } from './ledger.fixture.js';
import { ReviewDecisions } from './reviews/review-decisions.js';

const folder = TierLedger.folder();
let ledger: TierLedger;
beforeAll(async () => {
  ledger = await TierLedger.open(folder.path);
  await ledger.publishBundled();
});
afterAll(async () => {
  await ledger.close();
  folder.remove();
});

const get = async (url: string) => {
  await ledger.settle();
  return ledger.request('GET', url, 'auditor');
};
const at = (ladder: string, code: string) => `/v1/ladders/${ladder}/enterprises/${code}`;
const reason = '会议决定';

describe('a standing', () => {
  const LADDER = 'haimen-cultivation';
  it('is assigned, moved and ended, with its history and its intervals', async () => {
    const code = await ledger.enterprise(1, { 'enterprise.techSmeRegistered': true });
    const post = (what: string, body: object, role: 'reviewer' | 'approver' = 'reviewer') =>
      ledger.request('POST', `${at(LADDER, code)}/${what}`, role, { reason, ...body });
    expect(await post('assign', { to: 'tech-sme' })).toMatchObject({
      status: 409,
      body: { code: 'gates-not-met', unverified: ['enterprise.techSmeRegistered'] },
    });
    await ledger.verify(code);
    expect(await post('assign', { to: 'tech-sme' })).toMatchObject({ status: 200, body: { stream: `tier-${LADDER}.${code}`, events: 1 } });
    ledger.calendar.today = '2024-04-20';
    expect(await post('promote', { to: 'high-tech' })).toMatchObject({
      status: 409,
      body: { code: 'gates-not-met', unknown: ['enterprise.hnte'] },
    });
    expect(await post('promote', { to: 'high-tech', override: '特批' })).toMatchObject({ status: 403, body: { code: 'role-required' } });
    expect(await post('promote', { to: 'high-tech', override: '特批' }, 'approver')).toMatchObject({ status: 200 });
    ledger.calendar.today = '2024-04-25';
    expect(await post('remove', {})).toMatchObject({ status: 200 });
    const standing = async (on: string) => (await get(`/v1/ladders/${LADDER}/enterprises?on=${on}`)).body.items;
    expect(await standing('2024-04-14')).toEqual([]);
    expect(await standing('2024-04-19')).toEqual([
      { creditCode: code, name: '企业1', tier: 'tech-sme', from: '2024-04-15', until: '2024-04-20' },
    ]);
    expect(await standing('2024-04-20')).toMatchObject([{ tier: 'high-tech' }]);
    expect(await standing('2024-04-25')).toEqual([]);
    const { items } = (await get(`/v1/enterprises/${code}/tiers`)).body;
    expect(items).toMatchObject([
      {
        change: 'tier-assigned',
        to: 'tech-sme',
        outsideReview: true,
        policy: { pack: 'haimen-2022', version: 1, clause: 'H21' },
        restsOn: [{ input: 'enterprise.techSmeRegistered', value: true, verified: true }],
      },
      { change: 'tier-promoted', override: { reason: '特批', by: 'approver-1', failed: [], unknown: ['enterprise.hnte'] } },
      { change: 'tier-removed', from: 'high-tech', to: null },
    ]);
    const paged = await get(`/v1/enterprises/${code}/tiers?limit=2`);
    expect((await get(`/v1/enterprises/${code}/tiers?cursor=${paged.body['next'] as string}`)).body.items).toEqual([items[2]]);
  });

  it('is refused to whom it may not be given, and under a draft', async () => {
    const [listed, merged, survivor] = [
      await ledger.enterprise(2, { 'enterprise.techSmeRegistered': true }),
      await ledger.enterprise(3),
      await ledger.enterprise(4),
    ];
    ledger.blacklist.list(listed);
    await ledger.dossier(merged, { type: 'merge', survivor, reason: '吸收合并', evidence: [{ title: '决议' }] });
    const assign = (code: string, ladder = LADDER, to = 'tech-sme') =>
      ledger.request('POST', `${at(ladder, code)}/assign`, 'approver', { to, reason, override: '特批' });
    expect(await assign(listed)).toMatchObject({ status: 409, body: { code: 'black-listed' } });
    expect(await assign(merged)).toMatchObject({ status: 409, body: { code: 'enterprise-merged', survivor } });
    expect(await assign(codeOf(999))).toMatchObject({ status: 404, body: { code: 'enterprise-unknown' } });
    expect(await assign(survivor, 'no-such-ladder')).toMatchObject({ status: 404, body: { code: 'ladder-unknown' } });
    expect(await assign(survivor, 'jiangmen-listing', 'seed')).toMatchObject({ status: 409, body: { code: 'policy-not-in-force' } });
  });

  it('begins directly under a clause that places, on facts another recorded', async () => {
    const code = await ledger.enterprise(5, { 'subsidiary.ofOutsideHnte': true, 'subsidiary.independentLegalPerson': true });
    const enter = (clause = 'G05', actor = 'reviewer-1', override?: string) =>
      ledger.request(
        'POST',
        `${at('ganzhou-etdz-cultivation', code)}/enter`,
        override === undefined ? 'reviewer' : 'approver',
        { clause, reason, ...(override !== undefined && { override }) },
        { actor },
      );
    expect(await enter('G01')).toMatchObject({ status: 409, body: { code: 'clause-places-nobody' } });
    expect(await enter()).toMatchObject({ status: 409, body: { code: 'entry-not-granted', missing: ['subsidiary.rdProduction'] } });
    await ledger.facts(code, { 'subsidiary.rdProduction': true });
    expect(await enter('G05', 'registrar-1')).toMatchObject({ status: 409, body: { code: 'duties-not-separated' } });
    const unverified = ['subsidiary.independentLegalPerson', 'subsidiary.ofOutsideHnte', 'subsidiary.rdProduction'];
    expect(await enter()).toMatchObject({ status: 409, body: { code: 'gates-not-met', unverified } });
    expect(await enter('G05', 'approver-1', '已见原件')).toMatchObject({ status: 200 });
    const { items } = (await get(`/v1/enterprises/${code}/tiers`)).body;
    expect(items).toMatchObject([
      { change: 'tier-entered-directly', to: 'cultivation-pool', policy: { clause: 'G05' }, override: { unverified, by: 'approver-1' } },
    ]);
    const roster = await get('/v1/rosters/ganzhou-etdz-2023/G54');
    expect(roster.body).toMatchObject({ of: 'ladder', items: [{ creditCode: code, tier: 'cultivation-pool' }] });
  });

  it('answers bad input with 400', async () => {
    const code = codeOf(1);
    const bodies = [
      {},
      { to: 'X', reason },
      { to: 'tech-sme', reason: ' ' },
      { to: 'tech-sme', reason, evidence: [null] },
      { to: 1, reason },
    ];
    for (const body of bodies) expect((await ledger.request('POST', `${at(LADDER, code)}/assign`, 'reviewer', body)).status).toBe(400);
    expect((await ledger.request('POST', `${at(LADDER, 'X')}/assign`, 'reviewer', { to: 'tech-sme', reason })).status).toBe(400);
    for (const url of [
      `/v1/ladders/${LADDER}/enterprises?on=2024-02-30`,
      `/v1/ladders/${LADDER}/enterprises?cursor=x`,
      `/v1/ladders/${LADDER}/enterprises?tier=x`,
      '/v1/tier-reviews/x/20',
      '/v1/rosters/a%20b/G51',
      '/v1/rosters?pack=%F0%9F%98%80',

      '/v1/tier-reviews/baiyun-cultivation/2024/proposals?status=x',
      '/v1/rosters/ganzhou-etdz-2023/G51?limit=0',
    ])
      expect((await get(url)).status).toBe(400);
    expect((await ledger.request('POST', `${at(LADDER, code)}/assign`, 'clerk', { to: 'tech-sme', reason })).status).toBe(403);
  });
});

describe('a review', () => {
  const LADDER = 'baiyun-cultivation';
  const REVIEW = `/v1/tier-reviews/${LADDER}/2024`;
  const codes: CreditCode[] = [];
  const post = (what: string, role: 'clerk' | 'reviewer' | 'approver', body: object = {}, key?: string) =>
    ledger.request('POST', `${REVIEW}${what}`, role, body, key === undefined ? {} : { key });
  const assess = (result: string) => ({ 'candidate.inField': true, '2024:candidate.assessment': result });

  beforeAll(async () => {
    ledger.calendar.today = '2024-04-28';
    // More than a page of enterprises, in a region of their own.
    for (let n = 0; n < 120; n += 1)
      codes.push(
        await ledger.enterprise(1000 + n, n === 0 ? { 'candidate.inField': true } : assess(n % 2 === 0 ? 'meets' : 'far-short'), '白云区'),
      );
  });

  it('proposes for everyone in pages, with what is lacking, and goes on when repeated', async () => {
    expect(await post('/propose', 'clerk')).toMatchObject({ status: 404, body: { code: 'tier-review-unknown' } });
    expect(await post('', 'clerk')).toMatchObject({ status: 201 });
    expect(await post('', 'clerk')).toMatchObject({ status: 201, body: { events: 0 } });
    const asked = { scope: 'all', region: '白云' };
    const append = ledger.store.append;
    let pages = 0;
    ledger.store.append = (...page) => {
      pages += 1;
      return pages === 2
        ? Promise.reject(new Problem('unavailable', 'store-unavailable', 'the power is cut'))
        : append.apply(ledger.store, page);
    };
    expect(await post('/propose', 'clerk', asked, 'walk')).toMatchObject({ status: 503 });
    ledger.store.append = append;
    expect((await get(REVIEW)).body).toMatchObject({ proposals: 100, isWalkDone: false });
    expect(await post('/propose', 'clerk', { scope: 'standing' })).toMatchObject({ status: 409, body: { code: 'proposals-incomplete' } });
    expect(await post('/propose', 'clerk', asked, 'walk')).toMatchObject({
      status: 200,
      body: { isDone: true, proposals: 120, undecided: 120 },
    });
    expect(await post('/propose', 'clerk', { scope: 'all' }, 'walk')).toMatchObject({
      status: 409,
      body: { code: 'idempotency-key-reused' },
    });
    expect(await post('/propose', 'clerk', asked)).toMatchObject({ body: { events: 0, isDone: true } });
    // Begun anew once, however often the same command comes.
    for (const _time of [1, 2])
      expect(await post('/propose', 'clerk', { ...asked, restart: true }, 'anew')).toMatchObject({
        body: { isDone: true, undecided: 120 },
      });
    expect((await ledger.events('tier-proposals-made')).map(({ data }) => (data as { proposals: unknown[] }).proposals.length)).toEqual([
      100, 20, 100, 20,
    ]);
    expect((await get(REVIEW)).body).toMatchObject({
      status: 'open',
      dueOn: '2024-04-30',
      undecided: 120,
      kinds: [
        { kind: 'enter', status: 'open', count: 119 },
        { kind: 'undetermined', status: 'open', count: 1 },
      ],
    });
    const { items } = (await get(`${REVIEW}/proposals?kind=undetermined`)).body;
    expect(items).toMatchObject([
      {
        creditCode: codes[0],
        from: null,
        to: null,
        missing: [{ input: 'candidate.assessment', label: '评估结果' }],
        facts: { 'candidate.inField': true },
      },
    ]);
    const outlook = items[0]?.['outlook'] as {
      clause: { title: string; gates: { gate: string; holds: boolean | null; citation: object }[] };
    };
    expect(outlook.clause.title).toBe('高新技术企业认定条件');
    expect(outlook.clause.gates.find(({ gate }) => gate === 'field')).toMatchObject({ holds: true, citation: { line: 5 } });
  });

  it('is decided by others, and its decisions arrive in the standings once', async () => {
    const [open, , meets, short] = codes as [CreditCode, CreditCode, CreditCode, CreditCode];
    expect(await post('/close', 'approver')).toMatchObject({ status: 409, body: { code: 'proposals-undecided', undecided: 120 } });
    expect(await post('/decide', 'reviewer', { decisions: [{ creditCode: open }], reason })).toMatchObject({
      status: 409,
      body: { code: 'proposal-undetermined' },
    });
    expect(await post('/decide', 'reviewer', { decisions: [{ creditCode: meets, to: 'second' }], reason })).toMatchObject({
      status: 409,
      body: { code: 'gates-not-met', assessedTier: 'first' },
    });
    ledger.blacklist.list(short);
    expect(await post('/decide', 'reviewer', { decisions: [{ creditCode: open, to: 'third' }], reason })).toMatchObject({ status: 200 });
    expect(await post('/decide-all', 'reviewer', { kind: 'enter', reason })).toMatchObject({ status: 200, body: { events: 1 } });
    expect((await get(REVIEW)).body).toMatchObject({ undecided: 1, failed: 1 });
    expect((await get(`${REVIEW}/proposals?status=failed`)).body.items).toMatchObject([
      { creditCode: short, failure: { code: 'black-listed' } },
    ]);
    expect((await get('/v1/ladders')).body.items.find(({ ladder }) => ladder === LADDER)).toMatchObject({
      pack: 'baiyun-2022',
      tiers: [
        { id: 'third', standing: 60 },
        { id: 'second', standing: 0 },
        { id: 'first', standing: 59 },
      ],
    });
    expect((await get(`/v1/enterprises/${meets}/tiers`)).body.items).toMatchObject([
      { change: 'tier-assigned', to: 'first', outsideReview: false, review: { year: 2024, decidedBy: 'reviewer-1' } },
    ]);
    const before = await ledger.store.head();
    const manager = ledger.app.get(ReviewDecisions);
    ledger.blacklist.listings.length = 0;
    for (const event of await ledger.events('tier-proposals-decided')) await manager.react(event);
    expect(await ledger.store.head()).toBe(before);
  });

  it('is closed when all is decided, and says that it is late', async () => {
    ledger.calendar.today = '2024-05-06';
    expect(await post('/decide', 'reviewer', { decisions: [{ creditCode: codes[3], to: 'out' }], reason })).toMatchObject({ status: 200 });
    expect(await post('/close', 'approver')).toMatchObject({ status: 200 });
    expect((await get(REVIEW)).body).toMatchObject({ status: 'closed', closedOn: '2024-05-06', isLate: true, undecided: 0, failed: 0 });
    expect(await post('/propose', 'clerk', { scope: 'all', restart: true })).toMatchObject({
      status: 409,
      body: { code: 'tier-review-closed' },
    });
  });

  it('recommends the highest tier', async () => {
    ledger.calendar.today = '2024-05-25';
    expect(await post('/recommend', 'approver', { reason: '集中推荐' })).toMatchObject({
      status: 200,
      body: { recommended: 59, refused: [] },
    });
    expect(await post('/recommend', 'approver', { reason: '集中推荐' })).toMatchObject({ status: 200, body: { events: 0 } });
    const { items } = (await get(`${REVIEW}/recommendations?limit=1`)).body;
    expect(items).toMatchObject([{ creditCode: codes[2], tier: 'first', on: '2024-05-25', isLate: false }]);
    expect((await get(`/v1/ladders/${LADDER}/diagnosis/${codes[2]}`)).body).toMatchObject({ tier: 'first', kind: 'keep', to: 'first' });
  });

  it('and what came of it are shown as they stood on a day', async () => {
    const short = codes[3] as string;
    const on = async (url: string, day: string) => (await get(`${url}${url.includes('?') ? '&' : '?'}on=${day}`)).body;
    expect(await get(`${REVIEW}?on=2024-04-27`)).toMatchObject({ status: 404, body: { code: 'tier-review-unknown' } });
    expect(await on(REVIEW, '2024-05-05')).toMatchObject({ status: 'open', undecided: 1, failed: 1, recommended: 0 });
    expect(await on(REVIEW, '2024-05-24')).toMatchObject({ status: 'closed', undecided: 0, failed: 0, recommended: 0 });
    expect((await on(`${REVIEW}/proposals?status=failed`, '2024-05-05')).items).toMatchObject([{ creditCode: short }]);
    expect((await on(`${REVIEW}/proposals?status=failed`, '2024-05-06')).items).toEqual([]);
    expect((await on(`${REVIEW}/recommendations`, '2024-05-24')).items).toEqual([]);
    const counted = async (day: string) => {
      const ladder = (await on('/v1/ladders', day)).items.find(({ ladder: id }) => id === LADDER) as { tiers: { standing: number }[] };
      return ladder.tiers.map(({ standing }) => standing);
    };
    expect([await counted('2024-04-27'), await counted('2024-04-28')]).toEqual([
      [0, 0, 0],
      [60, 0, 59],
    ]);
    expect((await on(`/v1/enterprises/${codes[2]}/tiers`, '2024-04-27')).items).toEqual([]);
    const diagnosis = (as: 'auditor' | 'clerk') => ledger.request('GET', `/v1/ladders/${LADDER}/diagnosis/${codes[2]}?on=2024-04-27`, as);
    expect((await diagnosis('auditor')).body).toMatchObject({ on: '2024-04-27', tier: null, kind: 'undetermined' });
    expect(await diagnosis('clerk')).toMatchObject({ status: 403, body: { code: 'history-restricted' } });
  });
});

it('recommends only whose clearances stand, and names the others', async () => {
  const LADDER = 'haimen-cultivation';
  const [clear, unclear] = [
    await ledger.enterprise(20, { 'enterprise.hnte': true }),
    await ledger.enterprise(21, { 'enterprise.hnte': true }),
  ];
  const agencies = {
    quality: '区市场监督管理局',
    environment: '区生态环境局',
    safety: '区应急管理局',
    tax: '区税务局',
    material: '区科技局',
  };
  await ledger.clear(clear, agencies);
  await ledger.clear(unclear, { quality: agencies.quality, tax: agencies.tax });
  const on = ledger.calendar.today;
  const tax = { type: 'record-clearance', clearance: 'tax', on, documentNo: '税核2号', evidence: [{ title: '核查意见' }] } as const;
  await ledger.dossier(unclear, { ...tax, agency: agencies.tax, finding: 'adverse' });
  // Another policy may know another agency; this one does not ask it.
  const known = vocabularyOf(bundledPacks());
  const elsewhere = enterpriseDecider({ ...known, clearanceOf: (clearance) => ({ clearance, agencies: { 市税务局: {} } }) });
  const clerk = ledger.context('registrar-1', ['clerk']);
  await ledger.executor.execute(elsewhere, enterpriseStream(unclear), { ...tax, agency: '市税务局', finding: 'clear' }, clerk);
  for (const code of [clear, unclear]) {
    await ledger.verify(code);
    expect(await ledger.request('POST', `${at(LADDER, code)}/assign`, 'reviewer', { to: 'high-tech', reason })).toMatchObject({
      status: 200,
    });
  }
  const url = `/v1/tier-reviews/${LADDER}/2024`;
  await ledger.request('POST', url, 'clerk');
  const missing = ['environment', 'safety', 'tax', 'material'];
  expect(await ledger.request('POST', `${url}/recommend`, 'approver', { reason, enterprises: [unclear] })).toMatchObject({
    status: 409,
    body: { code: 'clearance-missing', refused: [{ creditCode: unclear, missing }] },
  });
  expect(await ledger.request('POST', `${url}/recommend`, 'approver', { reason }, { actor: 'registrar-1' })).toMatchObject({
    status: 409,
    body: { code: 'duties-not-separated', recorded: [{ creditCode: clear, clearances: Object.keys(agencies) }] },
  });
  expect(await ledger.request('POST', `${url}/recommend`, 'approver', { reason })).toMatchObject({
    status: 200,
    body: { recommended: 1, refused: [{ creditCode: unclear, code: 'clearance-missing', missing }] },
  });
  expect((await get(`${url}/recommendations`)).body.items).toMatchObject([
    { creditCode: clear, clearances: [{ clearance: 'quality' }, {}, {}, {}, {}] },
  ]);
});

describe('rosters', () => {
  it('are listed', async () => {
    expect((await get('/v1/rosters?pack=ganzhou-etdz-2023')).body.items.map(({ clause, of }) => [clause, of])).toEqual([
      ['G50', 'facts'],
      ['G51', 'expiring-certificates'],
      ['G54', 'ladder'],
    ]);
    expect(await get('/v1/rosters/ganzhou-etdz-2023/G01')).toMatchObject({ status: 404, body: { code: 'clause-is-no-roster' } });
  });

  it('name certificates that expire in their years, and a later one', async () => {
    const [renewed, not] = [await ledger.enterprise(30), await ledger.enterprise(31)];
    const certificate = (number: string, issuedOn: string, expiresOn: string) =>
      ({
        type: 'record-certificate',
        number,
        kind: 'hnte',
        certification: 'first',
        issuedOn,
        expiresOn,
        issuer: '江西省科学技术厅',
        evidence: [{ title: '证书' }],
      }) as const;
    await ledger.dossier(renewed, certificate('GR1', '2021-06-01', '2024-05-31'), certificate('GR2', '2024-05-01', '2027-04-30'));
    await ledger.dossier(not, certificate('GR3', '2020-06-01', '2023-05-31'), certificate('GR4', '2019-06-01', '2022-05-31'));
    const url = '/v1/rosters/ganzhou-etdz-2023/G51?on=2024-05-25';
    const all = (await get(url)).body.items;
    expect(all).toEqual([
      { creditCode: not, name: '企业31', number: 'GR3', expiresOn: '2023-05-31', daysLeft: -360 },
      { creditCode: renewed, name: '企业30', number: 'GR1', expiresOn: '2024-05-31', daysLeft: 6, laterCertificate: 'GR2' },
    ]);
    const page = await get(`${url}&limit=1`);
    expect((await get(`${url}&limit=1&cursor=${page.body['next'] as string}`)).body.items).toEqual([all[1]]);
  });

  it('name enterprises whose facts meet the condition, page by page', async () => {
    const matching = [
      await ledger.enterprise(40, { 'certification.failedIn2022': true }),
      await ledger.enterprise(41, { 'certification.failedIn2022': true }),
    ];
    const url = '/v1/rosters/ganzhou-etdz-2023/G50?limit=1';
    const seen: unknown[] = [];
    let next = '';
    do {
      const { body } = await get(`${url}${next}`);
      seen.push(...body.items.map(({ creditCode }) => creditCode));
      next = body['next'] === undefined ? '' : `&cursor=${body['next'] as string}`;
    } while (next !== '');
    expect(seen).toEqual(matching);
    expect((await get('/v1/rosters/ganzhou-etdz-2023/G50?unknown=true&limit=1')).body.items).toMatchObject([
      { unknown: [{ input: 'certification.failedIn2022' }] },
    ]);
  });
});
