import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CreditCode } from '@app/kernel';
import { ReadModels } from '@app/projections';
import { TierLedger } from '../ledger.fixture.js';
import { MergerStandings } from './merger-standings.js';

const LADDER = 'baiyun-cultivation';
const HAIMEN = 'haimen-cultivation';
const reason = '会议决定';
const paper = [{ title: '合并决议' }];

describe('standings beside their reviews', () => {
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

  const post = (url: string, role: 'clerk' | 'reviewer' | 'approver', body: object = {}) => ledger.request('POST', `/v1${url}`, role, body);
  const get = async (url: string) => {
    await ledger.settle();
    return (await ledger.request('GET', `/v1${url}`, 'auditor')).body;
  };
  const assign = (code: CreditCode, ladder: string, to: string, more: object = {}) =>
    post(`/ladders/${ladder}/enterprises/${code}/assign`, 'approver', { to, reason, ...more });
  const standing = async (on: string, ladder = LADDER) =>
    (await get(`/ladders/${ladder}/enterprises?on=${on}`)).items.map(({ creditCode }) => creditCode);

  it('end when their enterprise is merged away, in every ladder, once', async () => {
    const [absorbed, survivor] = [
      await ledger.enterprise(1, { 'candidate.inField': true, '2024:candidate.assessment': 'meets', 'enterprise.techSmeRegistered': true }),
      await ledger.enterprise(2, { 'candidate.inField': true, '2024:candidate.assessment': 'meets' }),
    ];
    for (const code of [absorbed, survivor]) {
      await ledger.verify(code);
      expect(await assign(code, LADDER, 'first')).toMatchObject({ status: 200 });
    }
    expect(await assign(absorbed, HAIMEN, 'tech-sme')).toMatchObject({ status: 200 });
    ledger.calendar.today = '2024-04-20';
    await ledger.dossier(absorbed, { type: 'merge', survivor, reason: '吸收合并', evidence: paper });
    expect([await standing('2024-04-19'), await standing('2024-04-20')]).toEqual([[absorbed, survivor], [survivor]]);
    const left = { change: 'tier-removed', to: null, on: '2024-04-20', reason: `并入 ${survivor}`, actor: 'ledger', outsideReview: true };
    const { items } = await get(`/enterprises/${absorbed}/tiers`);
    expect(items.slice(2)).toMatchObject([
      { ...left, ladder: LADDER, from: 'first', evidence: paper, policy: null },
      { ...left, ladder: HAIMEN, from: 'tech-sme' },
    ]);
    const before = await ledger.store.head();
    for (const event of await ledger.events('enterprise-merged')) await ledger.app.get(MergerStandings).react(event);
    expect(await ledger.store.head()).toBe(before);
  });

  it('of a merged enterprise are in no list, though nothing has removed them yet', async () => {
    const code = await ledger.enterprise(3, {});
    expect(await assign(code, LADDER, 'third', { override: '试点企业' })).toMatchObject({ status: 200 });
    const counted = async () => {
      const ladder = (await get('/ladders')).items.find((one) => one['ladder'] === LADDER) as { tiers: { id: string; standing: number }[] };
      return ladder.tiers.find(({ id }) => id === 'third')?.standing;
    };
    expect([(await standing('2024-04-20')).includes(code), await counted()]).toEqual([true, 1]);
    // As the read models are between the merger and the removal.
    const readModels = ledger.app.get(ReadModels);
    const table = `enterprise__${(await readModels.checkpoint('dossier'))?.generation}`;
    await readModels
      .from<Record<string, { credit_code: string; merged_on: string | null }>>()
      .updateTable(table)
      .set({ merged_on: '2024-04-20' })
      .where('credit_code', '=', code)
      .execute();
    expect([(await standing('2024-04-20')).includes(code), await counted()]).toEqual([false, 0]);
    expect(await standing('2024-04-19')).not.toContain(code);
  });

  it('are not changed before their day by a merger dated back', async () => {
    const [absorbed, survivor] = [await ledger.enterprise(5, { 'enterprise.techSmeRegistered': true }), await ledger.enterprise(6)];
    await ledger.verify(absorbed);
    ledger.calendar.today = '2024-04-24';
    expect(await assign(absorbed, HAIMEN, 'tech-sme')).toMatchObject({ status: 200 });
    await ledger.dossierOn('2024-04-22', absorbed, { type: 'merge', survivor, reason: '吸收合并', evidence: paper });
    expect(await standing('2024-04-24', HAIMEN)).not.toContain(absorbed);
    expect((await get(`/enterprises/${absorbed}/tiers`)).items.at(-1)).toMatchObject({ change: 'tier-removed', on: '2024-04-24' });
  });

  it('changed by hand are marked so while a review is open too, and rest on what was checked', async () => {
    const code = await ledger.enterprise(4, { 'candidate.inField': true });
    expect(await post(`/tier-reviews/${LADDER}/2025`, 'reviewer')).toMatchObject({ status: 400, body: { errors: [{ field: 'year' }] } });
    expect(await post(`/tier-reviews/${LADDER}/2024`, 'reviewer')).toMatchObject({ status: 201 });
    const missing = { failed: [], unknown: ['candidate.assessment'], unverified: ['candidate.inField'] };
    expect(await assign(code, LADDER, 'third')).toMatchObject({ status: 409, body: { code: 'gates-not-met', ...missing } });
    expect(await assign(code, LADDER, 'third', { override: '试点企业' })).toMatchObject({ status: 200 });
    const { items } = await get(`/enterprises/${code}/tiers`);
    expect(items).toMatchObject([{ outsideReview: true, override: { ...missing, reason: '试点企业', by: 'approver-1' } }]);
  });

  it('outlive a review whose policy has ended under it: it lapses, undecided', async () => {
    ledger.calendar.today = '2024-12-30';
    const code = await ledger.enterprise(7, { 'enterprise.techSmeRegistered': true });
    await ledger.verify(code);
    expect(await assign(code, HAIMEN, 'tech-sme')).toMatchObject({ status: 200 });
    const review = `/tier-reviews/${HAIMEN}/2024`;
    await post(review, 'clerk');
    await ledger.settle();
    expect(await post(`${review}/propose`, 'clerk')).toMatchObject({ status: 200, body: { undecided: 1 } });
    const lapse = (role: 'reviewer' | 'approver' = 'approver') => post(`${review}/lapse`, role, { reason: '政策已失效', evidence: paper });
    expect(await lapse()).toMatchObject({ status: 409, body: { code: 'policy-in-force' } });
    ledger.calendar.today = '2025-01-02';
    expect(await post(`${review}/decide-all`, 'approver', { kind: 'keep', reason })).toMatchObject({
      body: { code: 'policy-not-in-force' },
    });
    expect(await post(`${review}/close`, 'approver')).toMatchObject({ body: { code: 'proposals-undecided' } });
    expect(await lapse('reviewer')).toMatchObject({ status: 403 });
    expect(await lapse()).toMatchObject({ status: 200, body: { events: 1 } });
    expect(await lapse()).toMatchObject({ status: 200, body: { events: 0 } });
    expect(await get(review)).toMatchObject({
      status: 'lapsed',
      closedOn: '2025-01-02',
      closedBy: 'approver-1',
      lapseReason: '政策已失效',
      undecided: 1,
    });
    expect(await standing('2025-01-02', HAIMEN)).toContain(code);
  });
});
