import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENT_STORE, type EventStore } from '@app/event-store';
import { withCheckCharacter } from '@app/kernel';
import { AGENCY, FIRM, paper } from './blacklist.fixture.js';
import { Blacklist } from './blacklist.js';
import { BlacklistLedger, testPack } from './ledger.fixture.js';

const notice = {
  listingClass: 'serious',
  ground: '协助虚假申报',
  legalBasis: '科技服务机构管理办法',
  reasons: '经核实申报数据与事实明显不符',
  rights: '可以在五日内陈述、申辩',
  servedOn: '2026-05-01',
  evidence: paper,
};
const agency = `/agency/${AGENCY.id}`;
const person = '/person/P-2024-017';

describe('/v1/blacklist', () => {
  let ledger: BlacklistLedger;
  const post = (path: string, as: string, body: object, key?: string) => ledger.send('POST', path, as, body, key);
  const get = (path: string, as = 'finance') => ledger.send('GET', path, as);
  const current = async (as = 'finance', query = '') =>
    ((await get(query, as)).body['items'] as readonly { listing: string }[]).map(({ listing }) => listing);

  beforeAll(async () => {
    ledger = await BlacklistLedger.open('2026-05-01');
    await ledger.publish(testPack());
  });
  afterAll(() => ledger.close());

  it('takes an agency from the notice to credit repair', async () => {
    const clause = { pack: 'test-2026', clause: 'N1' };
    expect(await post('/cases', 'clerk', { ...AGENCY, ...notice, clause: { ...clause, clause: 'N2' } })).toMatchObject({
      status: 409,
      body: { code: 'clause-not-about-blacklist' },
    });
    const opened = await post('/cases', 'clerk', { ...AGENCY, ...notice, clause, fileReference: '案卷7号' }, 'opening');
    expect(opened).toMatchObject({ status: 201, headers: { etag: '"0"' }, body: { ...AGENCY, case: 1, events: 1, replayed: false } });
    expect(await get(agency, 'clerk')).toMatchObject({
      headers: { etag: '"0"' },
      body: { listed: false, cases: [{ case: 1, status: 'noticed', nextStep: { step: 'statement', due: '2026-05-06' } }] },
    });
    expect(await get('/cases?status=open', 'approver')).toMatchObject({
      body: { items: [{ ...AGENCY, case: 1, policy: { clause: 'N1', version: 1 }, nextStep: { step: 'statement', due: '2026-05-06' } }] },
    });
    const listing = { termMonths: 12, reason: '事实清楚', evidence: paper };
    expect(await post(`${agency}/cases/1/list`, 'approver', listing)).toMatchObject({
      status: 409,
      body: { code: 'statement-period-running', lastDay: '2026-05-06' },
    });
    const statement = { on: '2026-05-01', summary: '系笔误' };
    expect(await post(`${agency}/cases/1/statement`, 'reviewer', statement)).toMatchObject({ status: 200 });
    expect(await post(`${agency}/cases/1/list`, 'approver:clerk-1', listing)).toMatchObject({ body: { code: 'duties-not-separated' } });
    expect(await post(`${agency}/cases/1/list`, 'approver', listing)).toMatchObject({ status: 200 });
    expect(await get(agency)).toMatchObject({
      body: { listed: true, listings: [{ listing: `agency.${AGENCY.id}.1`, from: '2026-05-01', until: '2027-05-01', published: true }] },
    });
    expect(await current()).toEqual([`agency.${AGENCY.id}.1`]);

    ledger.on('2027-04-30');
    const repair = { on: '2027-04-30', corrected: '已更正', duties: '已履行', commitment: '已公开承诺', evidence: paper };
    expect(await post(`${agency}/cases/1/repair`, 'clerk', repair)).toMatchObject({ body: { code: 'minimum-period-not-served' } });
    expect(await current()).toEqual([`agency.${AGENCY.id}.1`]);
    ledger.on('2027-05-01');
    expect(await current()).toEqual([]);
    expect(await get(`${agency}?history=true`, 'auditor')).toMatchObject({
      body: { listed: false, cases: [{ status: 'expired' }], history: [{ event: 'blacklist-case-opened' }, {}, {}] },
    });
    // The same key still says what it said when the case was opened.
    expect(await post('/cases', 'clerk', { ...AGENCY, ...notice, clause, fileReference: '案卷7号' }, 'opening')).toMatchObject({
      status: 201,
      body: { case: 1, replayed: true },
    });
  });

  it('ends by revocation and by repair, and keeps the history for auditors and administrators', async () => {
    ledger.on('2027-06-01');
    const reported = { ...FIRM, ...notice, listingClass: 'general', servedOn: '2027-06-01' };
    for (const [index, ground] of ['虚报研发投入', '挪用奖补资金'].entries()) {
      const at = `/enterprise/${FIRM.id}/cases/${index + 1}`;
      expect(await post('/cases', 'clerk', { ...reported, ground })).toMatchObject({ status: 201, body: { case: index + 1 } });
      expect(await post(`${at}/waive-statement`, 'reviewer', { on: '2027-06-01', evidence: paper })).toMatchObject({ status: 200 });
      expect(await post(`${at}/list`, 'approver', { termMonths: 6, reason: '事实清楚', evidence: paper })).toMatchObject({ status: 200 });
    }
    expect(await current()).toHaveLength(2);

    const first = `/enterprise/${FIRM.id}/cases/1`;
    expect(await post(`${first}/objections`, 'clerk', { on: '2027-06-01', reasons: '数据有误' })).toMatchObject({ status: 201 });
    const uphold = { upheld: true, reason: '异议成立', evidence: paper };
    expect(await post(`${first}/objections/1/decide`, 'approver', uphold)).toMatchObject({ body: { code: 'duties-not-separated' } });
    ledger.on('2027-06-20');
    expect(await get('/cases?status=open', 'clerk')).toMatchObject({
      body: { items: [{ case: 1, nextStep: { step: 'objection-decision', due: '2027-07-31' } }] },
    });
    expect(await post(`${first}/objections/1/decide`, 'approver:approver-2', uphold)).toMatchObject({ status: 200, body: { events: 2 } });
    expect(await current()).toEqual([`enterprise.${FIRM.id}.2`]);

    ledger.on('2027-09-01');
    const second = `/enterprise/${FIRM.id}/cases/2`;
    const repair = { on: '2027-09-01', corrected: '已退回', duties: '已缴清', commitment: '已公开承诺', evidence: paper };
    expect(await post(`${second}/repair`, 'clerk', repair)).toMatchObject({ status: 201 });
    expect(await get('/cases?status=open', 'clerk')).toMatchObject({
      body: { items: [{ nextStep: { step: 'repair-decision', due: '2027-09-15' } }] },
    });
    expect(await post(`${second}/repair/decide`, 'approver', { accepted: false, reason: '承诺未公开' })).toMatchObject({ status: 200 });
    expect(await get('/cases?status=open', 'clerk')).toMatchObject({ body: { items: [] } });
    expect(await post(`${second}/repair`, 'clerk', { ...repair, commitment: '已在门户公开承诺' })).toMatchObject({ status: 201 });
    expect(await post(`${second}/repair/decide`, 'approver', { accepted: true, reason: '符合条件', evidence: paper })).toMatchObject({
      status: 200,
    });
    expect(await current()).toEqual([]);

    const { body } = await get(`/enterprise/${FIRM.id}`, 'auditor');
    expect(body).toMatchObject({
      listed: false,
      cases: [
        { ended: { how: 'revoked', on: '2027-06-20' } },
        {
          ended: { how: 'repaired', on: '2027-09-01' },
          clocks: { objectionLastDay: '2027-07-31', repairFrom: '2027-09-01', until: '2027-12-01' },
        },
      ],
    });
    expect((body['history'] as readonly { event: string }[]).map(({ event }) => event)).toEqual([
      ...['blacklist-case-opened', 'statement-waived', 'listing-decided'],
      ...['blacklist-case-opened', 'statement-waived', 'listing-decided'],
      ...['listing-objection-raised', 'listing-objection-decided', 'listing-ended'],
      ...['credit-repair-applied', 'credit-repair-refused', 'credit-repair-applied', 'listing-ended'],
    ]);
    expect(await current('auditor', '?on=2027-06-19')).toHaveLength(2);
    for (const path of [`/enterprise/${FIRM.id}?history=true`, '?on=2027-06-19']) {
      expect(await get(path, 'approver')).toMatchObject({ status: 403, body: { code: 'history-restricted' } });
    }
    expect((await get(`/enterprise/${FIRM.id}`, 'clerk')).body).toMatchObject({ listed: false, cases: [] });
    // The lists of cases know of it no more either: neither its rows nor a filter that asks for them.
    for (const role of ['clerk', 'reviewer', 'approver']) {
      expect(((await get('/cases?kind=enterprise', role)).body['items'] as unknown[]).length).toBe(0);
      for (const status of ['declined', 'expired', 'repaired', 'revoked']) {
        expect(await get(`/cases?status=${status}`, role)).toMatchObject({ status: 403, body: { code: 'history-restricted' } });
      }
    }
    expect(await get('/cases?kind=enterprise', 'administrator')).toMatchObject({
      body: { items: [{ status: 'revoked' }, { status: 'repaired' }] },
    });
    // To everybody else whoever is no longer listed looks like whoever never was.
    const unknown = withCheckCharacter('91360700MA39HXCBN');
    const [gone, never] = [await get(`/enterprise/${FIRM.id}`), await get(`/enterprise/${unknown}`)];
    expect({ ...gone.body, id: unknown }).toEqual(never.body);
    expect(gone.headers['etag']).toBeUndefined();
  });

  it('shows a day gone by as it was, and the past in either sense to auditors and administrators alone', async () => {
    const firm = `/enterprise/${FIRM.id}`;
    expect((await get(`${firm}?on=2027-06-19`, 'auditor')).body).toMatchObject({
      on: '2027-06-19',
      listed: true,
      listings: [{}, {}],
      cases: [{ status: 'listed', nextStep: { step: 'objection-decision' } }, { status: 'listed' }],
      history: [{}, {}, {}, {}, {}, {}, { event: 'listing-objection-raised' }],
    });
    expect((await get(`${firm}?on=2027-08-31`, 'administrator')).body).toMatchObject({
      listed: true,
      cases: [{ status: 'ended' }, { status: 'listed' }],
    });
    const then = await get('/cases?kind=enterprise&on=2027-06-20', 'auditor');
    expect(then.body).toMatchObject({ items: [{ status: 'revoked' }, { status: 'listed' }] });
    expect((then.body['items'] as readonly object[])[1]).not.toHaveProperty('nextStep');
    expect(await get('/cases?kind=enterprise&status=listed&on=2027-06-19', 'auditor')).toMatchObject({ body: { items: [{}, {}] } });
    const { body } = await get(firm, 'auditor');
    const decided = (body['history'] as readonly { position: number }[])[2]?.position ?? 0;
    const back = [`?asOf=${decided}`, `/cases?asOf=${decided}`, `${firm}?asOf=${decided}`];
    for (const path of [`${firm}?on=2027-06-19`, '/cases?on=2027-06-19', ...back])
      for (const role of ['clerk', 'approver'])
        expect(await get(path, role)).toMatchObject({ status: 403, body: { code: 'history-restricted' } });
    for (const path of back) expect((await get(path, 'auditor')).status).toBe(200);
    expect(await get(`${firm}?asOf=${decided}`, 'auditor')).toMatchObject({ body: { listed: true, on: '2027-06-01' } });
  });

  it('does not show a minor listing to those who have no part in it', async () => {
    const minor = { kind: 'person', id: 'p-2024-017', ...notice, listingClass: 'minor', servedOn: '2027-09-01' };
    expect(await post('/cases', 'clerk', minor)).toMatchObject({ status: 201, body: { id: 'P-2024-017' } });
    ledger.on('2027-09-07');
    expect(await post(`${person}/cases/1/list`, 'approver', { termMonths: 1, reason: '轻微', evidence: paper })).toMatchObject({
      status: 200,
    });
    for (const role of ['clerk', 'reviewer', 'approver', 'auditor', 'administrator']) {
      expect(await current(role, '?kind=person&class=minor')).toEqual(['person.P-2024-017.1']);
      expect(await get(person, role)).toMatchObject({ body: { listed: true } });
    }
    expect(await current('finance')).toEqual([]);
    expect((await get(person)).body).toEqual({ kind: 'person', id: 'P-2024-017', on: '2027-09-07', listed: false, listings: [] });
    expect(await ledger.app.get(Blacklist).listingsOf([{ kind: 'person', id: 'P-2024-017' }], '2027-09-07')).toHaveLength(1);
    expect(await ledger.app.get(Blacklist).listing('person.P-2024-017.1')).toMatchObject({ until: '2027-10-07' });
    expect(await ledger.app.get(Blacklist).listing(`enterprise.${FIRM.id}.1`)).toMatchObject({ ended: '2027-06-20' });
    expect(await ledger.app.get(Blacklist).listing(`enterprise.${FIRM.id}.9`)).toBeUndefined();
  });

  it('shows a listing under both parts of a legal person, and what was repaired only while an objection to it waits', async () => {
    ledger.on('2027-10-01');
    const part = `/agency/${FIRM.id}`;
    const opened = await post('/cases', 'clerk', { kind: 'agency', id: FIRM.id, ...notice, listingClass: 'minor', servedOn: '2027-10-01' });
    expect(opened).toMatchObject({ status: 201, body: { case: 1 } });
    const heard = { on: '2027-10-01', summary: '系笔误' };
    expect(await post(`${part}/cases/1/statement`, 'reviewer', heard)).toMatchObject({ status: 200 });
    const listing = { termMonths: 3, reason: '轻微', evidence: paper };
    expect(await post(`${part}/cases/1/list`, 'approver', listing)).toMatchObject({ status: 200 });
    expect(await get(`/enterprise/${FIRM.id}`, 'clerk')).toMatchObject({
      body: { listed: true, listings: [{ listing: `agency.${FIRM.id}.1`, kind: 'agency' }], cases: [] },
    });
    expect(await get(`/enterprise/${FIRM.id}`)).toMatchObject({ body: { listed: false, listings: [] } });
    const repair = { on: '2027-10-01', corrected: '已更正', duties: '无', commitment: '已承诺', evidence: paper };
    expect(await post(`${part}/cases/1/repair`, 'clerk', repair)).toMatchObject({ status: 201 });
    const accept = { accepted: true, reason: '符合', evidence: paper };
    expect(await post(`${part}/cases/1/repair/decide`, 'approver', accept)).toMatchObject({ status: 200 });
    const cases = async () => (await get('/cases?kind=agency', 'clerk')).body['items'];
    expect(await cases()).toEqual([]);
    ledger.on('2027-10-02');
    expect(await post(`${part}/cases/1/objections`, 'clerk', { on: '2027-10-02', reasons: '并无失信' })).toMatchObject({ status: 201 });
    expect(await cases()).toMatchObject([{ case: 1, nextStep: { step: 'objection-decision' } }]);
    const uphold = { upheld: true, reason: '异议成立', evidence: paper };
    expect(await post(`${part}/cases/1/objections/1/decide`, 'approver:approver-2', uphold)).toMatchObject({ status: 200 });
    expect(await cases()).toEqual([]);
    expect(await get('/cases?status=revoked&kind=agency', 'auditor')).toMatchObject({ body: { items: [{ endedOn: '2027-10-01' }] } });
    expect(await current('auditor', '?on=2027-10-01')).not.toContain(`agency.${FIRM.id}.1`);
  });

  it('pages through listings and cases without missing or repeating one', async () => {
    for (const list of ['?', '/cases?']) {
      const all = (await get(`${list}limit=500`, 'auditor')).body['items'] as readonly unknown[];
      expect(all.length).toBeGreaterThan(list === '?' ? 0 : 3);
      const paged: unknown[] = [];
      let next = '';
      do {
        const { body } = await get(`${list}limit=1${next}`, 'auditor');
        paged.push(...(body['items'] as readonly unknown[]));
        next = body['next'] === undefined ? '' : `&cursor=${body['next'] as string}`;
      } while (next !== '' && paged.length <= all.length);
      expect(paged).toEqual(all);
    }
  });

  it('rests only on a clause in force that speaks of the blacklist', async () => {
    const open = (clause: object) => post('/cases', 'clerk', { ...FIRM, ...notice, ground: '其他', clause });
    expect(await open({ pack: 'test-2026', clause: 'N1' })).toMatchObject({ status: 409, body: { code: 'policy-not-in-force' } });
    expect(await open({ pack: 'none', clause: 'N1' })).toMatchObject({ status: 404, body: { code: 'policy-unknown' } });
  });

  it.each([
    ['/cases', 'reviewer'],
    [`${agency}/cases/1/statement`, 'approver'],
    [`${agency}/cases/1/list`, 'clerk'],
    [`${agency}/cases/1/decline`, 'reviewer'],
    [`${agency}/cases/1/objections`, 'auditor'],
    [`${agency}/cases/1/objections/1/decide`, 'clerk'],
    [`${agency}/cases/1/repair`, 'finance'],
    [`${agency}/cases/1/repair/decide`, 'administrator'],
  ])('closes %s to %s', async (path, role) =>
    expect(await post(path, role, {})).toMatchObject({ status: 403, body: { code: 'role-required' } }),
  );

  it('closes the cases to finance', async () => expect(await get('/cases')).toMatchObject({ status: 403 }));

  it.each([
    ['/cases', 'clerk', { ...FIRM, ...notice, id: '张三', kind: 'person' }, 'id'],
    ['/cases', 'clerk', { ...FIRM, ...notice, id: '110105194912310021', kind: 'person' }, 'id'],
    ['/cases', 'clerk', { ...FIRM, ...notice, id: 7 }, 'id'],
    ['/cases', 'clerk', { ...FIRM, ...notice, kind: 'firm' }, 'kind'],
    ['/cases', 'clerk', { ...FIRM, ...notice, listingClass: 'grave' }, 'listingClass'],
    ['/cases', 'clerk', { ...FIRM, ...notice, reasons: '身份证11010519491231002X' }, 'reasons'],
    ['/cases', 'clerk', { ...FIRM, ...notice, reasons: '电话13800138000' }, 'reasons'],
    ['/cases', 'clerk', { ...FIRM, ...notice, id: 'P-138001-38000', kind: 'person' }, 'id'],
    ['/cases', 'clerk', { ...FIRM, ...notice, reasons: 'x'.repeat(4001) }, 'reasons'],
    ['/cases', 'clerk', { ...FIRM, ...notice, statementDays: 4 }, 'statementDays'],
    ['/cases', 'clerk', { ...FIRM, ...notice, statementDays: 5.5 }, 'statementDays'],
    ['/cases', 'clerk', { ...FIRM, ...notice, servedOn: '2026-02-30' }, 'servedOn'],
    ['/cases', 'clerk', { ...FIRM, ...notice, clause: [] }, 'clause'],
    ['/cases', 'clerk', { ...FIRM, ...notice, clause: { pack: 'P', clause: 'N1' } }, 'clause.pack'],
    ['/cases', 'clerk', { ...FIRM, ...notice, evidence: [] }, 'evidence'],
    ['/cases', 'clerk', { ...FIRM, ...notice, policy: {} }, 'policy'],
    [`${agency}/cases/0/list`, 'approver', { termMonths: 12, reason: '理由', evidence: paper }, 'case'],
    [`${agency}/cases/1/list`, 'approver', { termMonths: '12', reason: '理由', evidence: paper }, 'termMonths'],
    [`${agency}/cases/1/list`, 'approver', { termMonths: 12, reason: '理由', evidence: paper, effectiveOn: '2026-05-01' }, 'effectiveOn'],
    [`${agency}/cases/1/repair/decide`, 'approver', { accepted: 'yes', reason: '理由' }, 'accepted'],
    ['/person/张三/cases/1/decline', 'approver', { reason: '理由' }, 'id'],
    ['/firm/x/cases/1/decline', 'approver', { reason: '理由' }, 'kind'],
  ])('answers bad input with 400: %s %s %j', async (path, as, body, field) =>
    expect(await post(encodeURI(path), as, body)).toMatchObject({
      status: 400,
      body: { errors: expect.arrayContaining([expect.objectContaining({ field })]) },
    }),
  );

  it.each([
    '?on=2026-02-30',
    '?kind=firm',
    '?class=grave',
    '?limit=0',
    '?cursor=x',
    '/cases?status=shut',
    '/cases?cursor=WzFd',
    `${agency}?history=1`,
    '/firm/x',
    '/person/11010519491231002X',
  ])('answers a bad query with 400: %s', async (path) => expect((await get(path, 'auditor')).status).toBe(400));

  it('stores no identity number, whatever was sent', async () => {
    const stored: string[] = [];
    for await (const page of ledger.app.get<EventStore>(EVENT_STORE).readAll())
      stored.push(...page.map(({ data }) => JSON.stringify(data)));
    expect(stored.filter((data) => /11010519491231/.test(data))).toEqual([]);
  });
});
