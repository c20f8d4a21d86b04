import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Subject } from '@app/blacklist';
import { type BusinessDate, type CreditCode, withCheckCharacter } from '@app/kernel';
import { GetDueInstalments } from '../due-instalments/due-instalments.query.js';
import { RunAwardCommand } from '../handlers/run-award-command.js';
import { AwardLedger, folder, refusal } from '../ledger.fixture.js';
import { ListAwards } from '../list/awards.query.js';
import { PACK } from '../pack.fixture.js';

const A = withCheckCharacter('91360700MA35QWERT');
const B = withCheckCharacter('91360700MA38ACDFG');
const AGENCY = withCheckCharacter('91360700MA3AGENCY');
const PERSON = 'P-2024-017';
const enterprise = (id: CreditCode): Subject => ({ kind: 'enterprise', id });

describe('black-listings and awards', () => {
  let place: ReturnType<typeof folder>;
  let ledger: AwardLedger;
  beforeEach(async () => {
    place = folder();
    ledger = await AwardLedger.open(place.path);
    await ledger.prepare('5000000.00', A, B);
    await ledger.agency(AGENCY);
  });
  afterEach(async () => {
    await ledger.close();
    place.remove();
  });

  const holdsOf = async (award: string) => (await ledger.grantedState(award)).holds.map(({ listing }) => listing ?? 'officer');
  const reopen = async (options: { readonly follow?: boolean } = {}, between = () => undefined as void) => {
    const { today } = ledger.calendar;
    await ledger.close();
    between();
    ledger = await AwardLedger.open(place.path, { today, ...options });
  };

  /** Each under its clause, granted together on 10 May. */
  async function granted(...asked: readonly (readonly [clause: string, payee: CreditCode, agency?: string])[]): Promise<readonly string[]> {
    const awards: string[] = [];
    for (const [clause, payee, agency] of asked) awards.push(await ledger.apply(clause, payee, undefined, agency ? { agency } : {}));
    for (const award of awards) await ledger.toNotice(award);
    ledger.calendar.today = '2024-05-10';
    for (const award of awards) await ledger.grant(award);
    await ledger.settle();
    return awards;
  }
  const droppedCodes = async () =>
    (await ledger.events('batch-frozen', 'batch-cancelled')).flatMap(({ data }) =>
      (data as { dropped: { code: string }[] }).dropped.map(({ code }) => code),
    );

  it('of the payee stop applications, grants and payments, hold what is unpaid, and end with the listing', async () => {
    const [one, two, other] = (await granted(['T1', A], ['T2', A], ['T1', B])) as [string, string, string];
    await ledger.prepareBatch('B1', [{ award: one, instalment: 1 }]);
    ledger.calendar.today = '2024-05-20';
    const listing = await ledger.blackList(enterprise(A));
    expect(await refusal(ledger.apply('T4', A, '2024'))).toBe('black-listed');
    await ledger.settle();
    expect([await holdsOf(one), await holdsOf(two), await holdsOf(other)]).toEqual([[listing], [listing], []]);
    expect((await ledger.query.execute(new ListAwards({ payee: A, status: 'granted' }, 10))).items[0]).toMatchObject({
      award: one,
      held: true,
      heldUntil: '2024-08-20',
      heldBecause: expect.stringContaining(listing),
    });
    await ledger.award(two, { type: 'hold', reason: '核查' }, 'reviewer-1');
    expect(await refusal(ledger.award(one, { type: 'release-hold', reason: '解除' }, 'approver-1'))).toBe('hold-of-listing');

    await ledger.batch('B1', { type: 'start-freeze' });
    await ledger.settle();
    expect(await droppedCodes()).toEqual(['award-held']);

    ledger.calendar.today = '2024-05-21';
    await ledger.endListing(listing);
    await ledger.settle();
    expect([await holdsOf(one), await holdsOf(two)]).toEqual([[], ['officer']]);
    await ledger.apply('T4', A, '2024');
    await ledger.prepareBatch('B2', [{ award: one, instalment: 1 }]);
  });

  it('run out by themselves on their last day: held the day before, payable that day', async () => {
    const award = await ledger.granted('T1', A);
    await ledger.blackList(enterprise(A));
    await ledger.settle();
    for (const [day, state, named, all] of [
      ['2024-08-09', 'held', 'invalid-input', 'batch-empty'],
      ['2024-08-10', 'due', 'was not refused', 'was not refused'],
    ] as const) {
      ledger.calendar.today = day;
      const { items } = await ledger.query.execute(new GetDueInstalments(day as BusinessDate, {}, 10));
      expect(items).toMatchObject([{ award, state }]);
      expect((await ledger.query.execute(new ListAwards({}, 10))).items[0]).toMatchObject({ held: state === 'held' });
      expect(await refusal(ledger.prepareBatch(`B${day}`, [{ award, instalment: 1 }]))).toBe(named);
      expect(await refusal(ledger.prepareBatch(`C${day}`))).toBe(all);
    }
  });

  it('decided while a grant was under way hold the award as soon as it is granted', async () => {
    const award = await ledger.apply('T1', A);
    await ledger.toNotice(award);
    ledger.calendar.today = '2024-05-10';
    await ledger.settle();
    ledger.cutPowerAfter(1);
    await expect(ledger.grant(award)).rejects.toThrow('the power is cut');
    await reopen({ follow: false });
    ledger.calendar.today = '2024-05-12';
    const listing = await ledger.blackList(enterprise(A));
    await reopen();
    await ledger.settle();
    expect(await holdsOf(award)).toEqual([listing]);
  });

  it('stop a grant, and a payment even where nothing holds it yet', async () => {
    const [paying] = (await granted(['T1', A])) as [string];
    const award = await ledger.apply('T2', A);
    await ledger.toNotice(award);
    await ledger.prepareBatch('B1', [{ award: paying, instalment: 1 }]);
    ledger.calendar.today = '2024-06-01';
    const listing = await ledger.blackList(enterprise(A));
    expect(await refusal(ledger.grant(award))).toBe('black-listed');
    await ledger.settle();
    const release = { type: 'release-hold' as const, reason: '如未到达', listing };
    await ledger.run(new RunAwardCommand(paying, release, ledger.context('ledger', undefined, ['service'])));
    await ledger.batch('B1', { type: 'start-freeze' });
    await ledger.settle();
    expect(await droppedCodes()).toEqual(['black-listed']);
  });

  it('count for the awards of a merged enterprise and of its survivor alike', async () => {
    const [ofA, ofB] = (await granted(['T1', A], ['T1', B])) as [string, string];
    const before = await ledger.blackList(enterprise(A));
    await ledger.settle();
    expect([await holdsOf(ofA), await holdsOf(ofB)]).toEqual([[before], []]);
    await ledger.dossier(A, { type: 'merge', survivor: B, reason: '吸收合并', evidence: [{ title: '合并协议' }] });
    await ledger.settle();
    expect(await holdsOf(ofB)).toEqual([before]);
    const after = await ledger.blackList(enterprise(B));
    await ledger.settle();
    expect([await holdsOf(ofA), await holdsOf(ofB)]).toEqual([
      [before, after],
      [before, after],
    ]);
    await ledger.endListing(before);
    await ledger.settle();
    expect([await holdsOf(ofA), await holdsOf(ofB)]).toEqual([[after], [after]]);
  });

  it('are dealt with once: building the read models anew places no hold again', async () => {
    const early = await ledger.granted('T1', A);
    const over = await ledger.blackList(enterprise(A));
    await ledger.settle();
    await ledger.endListing(over);
    // Granted after that listing had ended: only a second look at it could hold this one.
    const late = await ledger.apply('T2', A);
    await ledger.toNotice(late);
    ledger.calendar.today = '2024-05-20';
    await ledger.grant(late);
    const standing = await ledger.blackList(enterprise(A), 6);
    await ledger.settle();
    const events = await ledger.events('award-held', 'award-hold-released');
    await reopen({}, () => ['', '-wal', '-shm'].forEach((end) => rmSync(join(place.path, `read.db${end}`), { force: true })));
    await ledger.settle();
    expect(await ledger.events('award-held', 'award-hold-released')).toEqual(events);
    expect([await holdsOf(early), await holdsOf(late)]).toEqual([[standing], [standing]]);
    expect(events).toHaveLength(4);
  });

  describe('of an agency or a person', () => {
    it('stop applications that name them, and are offered for review of those that did', async () => {
      const award = await ledger.apply('T1', A, undefined, { agency: AGENCY, persons: [PERSON.toLowerCase()] });
      await ledger.toNotice(award);
      await ledger.apply('T1', B);
      ledger.calendar.today = '2024-05-10';
      await ledger.grant(award);
      const byAgency = await ledger.blackList({ kind: 'agency', id: AGENCY });
      const byPerson = await ledger.blackList({ kind: 'person', id: PERSON });
      await ledger.settle();
      expect(await holdsOf(award)).toEqual([]);
      expect(await refusal(ledger.apply('T2', A, undefined, { agency: AGENCY }))).toBe('black-listed');
      expect(await refusal(ledger.apply('T2', A, undefined, { persons: [PERSON] }))).toBe('black-listed');
      for (const filter of ['agency=' + AGENCY, 'person=' + PERSON.toLowerCase()]) {
        const { body } = await ledger.request('GET', `/v1/awards?${filter}`, 'auditor');
        expect(body).toMatchObject({ items: [{ award, agency: AGENCY, held: false }] });
      }
      for (const listing of [byAgency, byPerson]) {
        const { body } = await ledger.request('GET', `/v1/blacklist-reviews/${listing}/awards`, 'reviewer');
        expect(body).toMatchObject({
          items: [{ award, relation: listing.split('.')[0], status: 'granted', unpaid: '200000.00', held: false }],
        });
        expect((body['items'] as unknown[]).length).toBe(1);
      }
      await ledger.prepareBatch('B1', [{ award, instalment: 1 }]);
    });

    it('bind an officer’s hold, which ends with them', async () => {
      const [award, unrelated] = (await granted(['T1', A, AGENCY], ['T1', B])) as [string, string];
      const listing = await ledger.blackList({ kind: 'agency', id: AGENCY });
      const hold = (on: string, body: object) =>
        ledger.request('POST', `/v1/awards/${on}/hold`, 'reviewer', { reason: '中介失信', ...body });
      expect((await hold(unrelated, { listing })).body).toMatchObject({ code: 'listing-unrelated' });
      expect((await hold(award, { listing: `agency.${AGENCY}.9` })).body).toMatchObject({ status: 404, code: 'listing-unknown' });
      expect((await hold(award, { listing: 'agency' })).body).toMatchObject({ code: 'invalid-input', errors: [{ field: 'listing' }] });
      expect((await hold(award, { listing })).status).toBe(200);
      await ledger.settle();
      expect(await ledger.grantedState(award)).toMatchObject({ holds: [{ listing, until: '2024-08-10' }] });
      const { body } = await ledger.request('GET', `/v1/blacklist-reviews/${listing}/awards`, 'reviewer');
      expect(body).toMatchObject({ items: [{ award, held: true }] });
      await ledger.endListing(listing);
      await ledger.settle();
      expect(await holdsOf(award)).toEqual([]);
      expect((await hold(award, { listing })).body).toMatchObject({ code: 'listing-not-in-effect' });
      const sees = async (role: 'finance' | 'reviewer' | 'auditor') =>
        (await ledger.request('GET', `/v1/blacklist-reviews/${listing}/awards`, role)).status;
      expect([await sees('finance'), await sees('reviewer'), await sees('auditor')]).toEqual([403, 404, 200]);
      // In the moment in which the listing ends an officer may still have placed one.
      await ledger.award(award, { type: 'hold', reason: '中介失信', bound: { listing, until: '2024-08-10' } }, 'reviewer-1');
      await ledger.settle();
      expect(await holdsOf(award)).toEqual([]);
    });

    it('are named by references alone, at most 20, and an agency must be registered', async () => {
      const apply = (more: object) => ledger.request('POST', '/v1/awards', 'clerk', { pack: PACK, clause: 'T1', payee: A, ...more });
      expect((await apply({ persons: ['张三'] })).body).toMatchObject({ code: 'personal-data', errors: [{ field: 'persons.0' }] });
      expect((await apply({ persons: Array.from({ length: 21 }, (_, index) => `P-${index}`) })).body).toMatchObject({
        code: 'invalid-input',
        errors: [{ field: 'persons' }],
      });
      expect((await apply({ agency: B })).body).toMatchObject({ code: 'agency-not-registered' });
      expect((await apply({ agency: 'none' })).body).toMatchObject({ code: 'invalid-input', errors: [{ field: 'agency' }] });
      expect((await ledger.request('GET', '/v1/blacklist-reviews/person/awards', 'auditor')).status).toBe(400);
      expect((await ledger.request('GET', `/v1/blacklist-reviews/person.${PERSON}.1/awards`, 'auditor')).status).toBe(404);
    });
  });
});
