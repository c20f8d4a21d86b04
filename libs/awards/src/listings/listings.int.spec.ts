import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { RunAgencyCommand } from '@app/agencies';
import type { Subject } from '@app/blacklist';
import { type BusinessDate, type CreditCode, type PersonRole, withCheckCharacter } from '@app/kernel';
import { GetDueInstalments } from '../due-instalments/due-instalments.query.js';
import { RunAwardCommand } from '../handlers/run-award-command.js';
import { AwardLedger, ledgerForEach, refusal } from '../ledger.fixture.js';
import { ListAwards } from '../list/awards.query.js';
import { PACK } from '../pack.fixture.js';

const A = withCheckCharacter('91360700MA35QWERT');
const B = withCheckCharacter('91360700MA38ACDFG');
const AGENCY = withCheckCharacter('91360700MA3AGENCY');
const PERSON = 'P-2024-017';
const ROLES: readonly PersonRole[] = ['clerk', 'reviewer', 'approver', 'finance', 'auditor', 'administrator'];
const enterprise = (id: CreditCode): Subject => ({ kind: 'enterprise', id });

describe('black-listings and awards', () => {
  let ledger: AwardLedger;
  let path: string;
  ledgerForEach(
    (opened, folder) => {
      ledger = opened;
      path = folder;
    },
    () => ledger,
  );
  beforeEach(async () => {
    await ledger.prepare('5000000.00', A, B);
    await ledger.agency(AGENCY);
  });

  const holdsOf = async (award: string) => (await ledger.grantedState(award)).holds.map(({ listing }) => listing ?? 'officer');
  const reopen = async (options: { readonly follow?: boolean } = {}, between = () => undefined as void) => {
    const { today } = ledger.calendar;
    await ledger.close();
    between();
    ledger = await AwardLedger.open(path, { today, ...options });
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
      heldBecause: '列入失信名单',
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

  it('are named to those alone who may see them, and once they have ended to auditors and administrators', async () => {
    const award = await ledger.granted('T1', A);
    await ledger.prepareBatch('B1', [{ award, instalment: 1 }]);
    const listing = await ledger.blackList(enterprise(A));
    await ledger.settle();
    const read = async (role: PersonRole, path: string) => JSON.stringify((await ledger.request('GET', path, role)).body);
    const seenBy = async (path: string) => {
      const seen: string[] = [];
      for (const role of ROLES) if ((await read(role, path)).includes(listing)) seen.push(role);
      return seen;
    };
    const [shown, everywhere] = [`/v1/awards/${award}`, ['/v1/awards', '/v1/due-instalments', '/v1/payment-batches/B1']];
    const officers = ['clerk', 'reviewer', 'approver', 'auditor', 'administrator'];
    expect(await seenBy(shown)).toEqual(officers);
    expect((await ledger.request('GET', shown, 'approver')).body).toMatchObject({ state: { holds: [{ listing, until: '2024-08-10' }] } });
    expect((await ledger.request('GET', shown, 'finance')).body['state']).toMatchObject({
      holds: [{ reason: '列入失信名单', since: '2024-05-10' }],
    });
    expect(await read('finance', shown)).not.toContain('2024-08-10');

    // As if the hold had not come yet: the batch drops the payment for the listing itself, and keeps its reason.
    const release = { type: 'release-hold' as const, reason: '如未到达', listing };
    await ledger.run(new RunAwardCommand(award, release, ledger.context('ledger', undefined, ['service'])));
    await ledger.batch('B1', { type: 'start-freeze' });
    await ledger.settle();
    expect(await droppedCodes()).toEqual(['black-listed']);
    await ledger.endListing(listing);
    await ledger.settle();
    expect(await seenBy(shown)).toEqual(['auditor', 'administrator']);
    for (const path of everywhere) {
      expect(await seenBy(path)).toEqual([]);
      expect(await read('finance', path)).not.toContain('虚假申报');
    }
    expect(await read('clerk', shown)).not.toContain('2024-08-10');
    // What the award was held for, of now and looking back.
    const told = ['列入失信名单', '失信名单记录已终止', '如未到达'];
    const tellers = async (role: PersonRole) => {
      const found: string[] = [];
      for (const path of [shown, '/v1/awards', '/v1/due-instalments'])
        for (const at of ['', '?on=2024-05-10']) {
          const text = await read(role, path + at);
          if (told.some((words) => text.includes(words))) found.push(path + at);
        }
      return found;
    };
    expect(await tellers('finance')).toEqual([]);
    expect(await tellers('clerk')).toEqual([]);
    expect(await tellers('auditor')).toContain(shown);
  });

  it('of a credit code bind the legal person, as a payee and as an agency', async () => {
    await ledger.agency(B);
    const [paid, helped] = (await granted(['T1', B], ['T2', A, B])) as [string, string];
    const listing = await ledger.blackList({ kind: 'agency', id: B });
    await ledger.settle();
    expect([await holdsOf(paid), await holdsOf(helped)]).toEqual([[listing], []]);
    expect(await refusal(ledger.apply('T3', B))).toBe('black-listed');
    const { body } = await ledger.request('GET', `/v1/blacklist-reviews/${listing}/awards`, 'reviewer');
    expect((body['items'] as { award: string; relation: string }[]).map(({ award, relation }) => [award, relation]).sort()).toEqual(
      [
        [paid, 'payee'],
        [helped, 'agency'],
      ].sort(),
    );
    const asEnterprise = await ledger.blackList(enterprise(AGENCY));
    expect(await refusal(ledger.apply('T3', A, undefined, { agency: AGENCY }))).toBe('black-listed');
    const hold = { reason: '中介失信', listing: asEnterprise };
    expect((await ledger.request('POST', `/v1/awards/${helped}/hold`, 'reviewer', hold)).body).toMatchObject({ code: 'listing-unrelated' });
  });

  it('are dealt with once: building the read models anew places no hold again', async () => {
    const early = await ledger.granted('T1', A);
    const over = await ledger.blackList(enterprise(A));
    await ledger.settle();
    // Holds what is held already, so that nothing tells that it was dealt with.
    await ledger.dossier(B, { type: 'merge', survivor: A, reason: '吸收合并', evidence: [{ title: '合并协议' }] });
    await ledger.settle();
    ledger.calendar.today = '2024-05-12';
    await ledger.endListing(over);
    // Granted after that listing had ended: only a second look at it could hold this one.
    const late = await ledger.apply('T2', A);
    await ledger.toNotice(late);
    ledger.calendar.today = '2024-05-20';
    await ledger.grant(late);
    const standing = await ledger.blackList(enterprise(A), 6);
    await ledger.settle();
    const events = await ledger.events('award-held', 'award-hold-released');
    await reopen({}, () => ['', '-wal', '-shm'].forEach((end) => rmSync(join(path, `read.db${end}`), { force: true })));
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

    it('nothing is granted that an agency has prepared which is struck off meanwhile', async () => {
      const award = await ledger.apply('T1', A, undefined, { agency: AGENCY });
      await ledger.toNotice(award);
      ledger.calendar.today = '2024-05-10';
      const strikeOff = { type: 'strike-off' as const, reason: '弄虚作假', evidence: [{ title: '注销决定' }] };
      await ledger.run(new RunAgencyCommand(AGENCY, strikeOff, ledger.context('approver-3', undefined, ['approver'])));
      expect(await refusal(ledger.grant(award))).toBe('agency-not-registered');
      expect((await ledger.state(award)).status).toBe('publicised');
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

    it('keep numbers of persons out of notes and reasons', async () => {
      const number = '13800138000';
      const asked = { pack: PACK, clause: 'T1', payee: A };
      const noted = await ledger.request('POST', '/v1/awards', 'clerk', { ...asked, note: `联系人${number}` });
      expect(noted.body).toMatchObject({ status: 400, code: 'personal-data', errors: [{ field: 'note' }] });
      const titled = await ledger.request('POST', '/v1/awards', 'clerk', { ...asked, evidence: [{ title: 'ID11010519491231002X' }] });
      expect(titled.body).toMatchObject({ code: 'personal-data', errors: [{ field: 'evidence.0.title' }] });
      const award = await ledger.granted('T1', A);
      for (const [role, step] of [
        ['reviewer', 'hold'],
        ['approver', 'lapse'],
      ] as const) {
        const { body } = await ledger.request('POST', `/v1/awards/${award}/${step}`, role, { reason: `见${number}` });
        expect(body).toMatchObject({ status: 400, code: 'personal-data', errors: [{ field: 'reason' }] });
      }
    });

    it('are named by references alone, at most 20, and an agency must be registered', async () => {
      const apply = (more: object) => ledger.request('POST', '/v1/awards', 'clerk', { pack: PACK, clause: 'T1', payee: A, ...more });
      expect((await apply({ persons: ['张三'] })).body).toMatchObject({ code: 'personal-data', errors: [{ field: 'persons.0' }] });
      expect((await apply({ persons: Array.from({ length: 21 }, (_, index) => `P-${index}`) })).body).toMatchObject({
        code: 'invalid-input',
        errors: [{ field: 'persons' }],
      });
      expect((await apply({ persons: ['P-138001-38000'] })).body).toMatchObject({
        code: 'personal-data',
        errors: [{ field: 'persons.0' }],
      });
      expect((await apply({ agency: B })).body).toMatchObject({ code: 'agency-not-registered' });
      expect((await apply({ agency: 'none' })).body).toMatchObject({ code: 'invalid-input', errors: [{ field: 'agency' }] });
      expect((await ledger.request('GET', '/v1/blacklist-reviews/person/awards', 'auditor')).status).toBe(400);
      expect((await ledger.request('GET', `/v1/blacklist-reviews/person.${PERSON}.1/awards`, 'auditor')).status).toBe(404);
    });
  });
});
