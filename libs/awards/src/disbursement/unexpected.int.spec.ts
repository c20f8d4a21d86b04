import { beforeEach, describe, expect, it } from '@jest/globals';
import { type BusinessDate, withCheckCharacter } from '@app/kernel';
import { GetDueInstalments } from '../due-instalments/due-instalments.query.js';
import { AwardLedger, ledgerForEach } from '../ledger.fixture.js';

const A = withCheckCharacter('91360700MA35QWERT');
const B = withCheckCharacter('91360700MA38ACDFG');
const paper = [{ title: '银行查询回复' }];
type Who = Parameters<AwardLedger['request']>[2];

/** What the bank did and should not have done: two awards of 20万, in batch B1 from the start. */
describe('what nobody expects', () => {
  let ledger: AwardLedger;
  let path: string;
  let one: string;
  let other: string;
  ledgerForEach(
    (opened, folder) => {
      ledger = opened;
      path = folder;
    },
    () => ledger,
  );
  beforeEach(async () => {
    await ledger.prepare('1000000.00', A, B);
    [one, other] = [await ledger.apply('T1', A), await ledger.apply('T1', B)];
    for (const award of [one, other]) await ledger.toNotice(award);
    ledger.calendar.today = '2024-05-10';
    for (const award of [one, other]) await ledger.grant(award);
    expect(await freeze('B1', one, other)).toMatchObject({ status: 'frozen' });
    await ledger.settle();
  });

  const post = async (url: string, who: Who, body: unknown = {}) => {
    const { status, body: answer } = await ledger.request('POST', url, who, body);
    await followed();
    return { http: status, ...answer } as Readonly<Record<string, unknown>>;
  };
  const followed = async () => expect(await ledger.subscriptions.settled(8_000)).toBe(true);
  const batch = (name: string, what: string, who: Who = 'finance', body?: unknown) =>
    post(`/v1/payment-batches/${name}/${what}`, who, body);
  const freeze = async (name: string, ...awards: readonly string[]) => {
    await ledger.prepareBatch(
      name,
      awards.map((award) => ({ award, instalment: 1 })),
    );
    return batch(name, 'freeze');
  };
  const bank = (name: string, rows: string, who: Who = 'finance') =>
    batch(name, 'results', who, {
      file: '回单.csv',
      content: `batch,line,amount,result,date,reference\n${rows.replaceAll(/^/gm, `${name},`)}`,
    });
  const paid = (line = 1, reference = `P${line}`) => `${line},"200,000.00",paid,2024/05/10,${reference}`;
  const cancelled = () => batch('B1', 'cancel', 'finance-2', { reason: '银行未收到' });
  const resolve = (outcome: string, more: object = {}, who: Who = 'finance-1') =>
    batch('B1', 'lines/1/resolve-unexpected', who, { outcome, reason: '经银行查询', ...more });
  const reconciliation = async () => (await ledger.request('GET', '/v1/balances/reconciliation', 'auditor')).body;
  const instalment = async (award = one) => (await ledger.grantedState(award)).instalments[0];
  const file = async (name: string) => {
    const { status, body } = await ledger.request('GET', `/v1/payment-batches/${name}/file`, 'finance');
    return { http: status, ...body };
  };
  const due = async () => (await ledger.query.execute(new GetDueInstalments('2024-05-10' as BusinessDate, {}, 10))).items;
  const demand = { cause: 'overpayment', principal: '200000.00', dueOn: '2024-06-30', reason: '重复拨付' };

  it('a payment of a cancelled batch is told, held, listed, and booked once somebody else has accepted it', async () => {
    await cancelled();
    expect(await bank('B1', paid())).toMatchObject({
      http: 200,
      events: 1,
      unexpected: [
        { line: 1, award: one, amount: '200000.00', held: true, paid: { reference: 'P1' }, note: expect.stringContaining('暂缓') },
      ],
      skipped: [],
    });
    const unexpected = { subject: one, figure: 'unexpected payment B1/1', expected: '0.00', found: '200000.00' };
    expect(await reconciliation()).toMatchObject({ reconciled: false, differences: [unexpected] });
    expect(await due()).toMatchObject([
      { award: one, state: 'held', bar: { code: 'award-held' } },
      { award: other, state: 'due' },
    ]);
    expect(await post(`/v1/awards/${one}/hold/release`, 'approver', { reason: '已核对' })).toMatchObject({
      http: 409,
      code: 'hold-of-payment',
    });
    expect(await resolve('accepted', {}, 'finance-2')).toMatchObject({ http: 409, code: 'duties-not-separated' });
    expect(await resolve('accepted', {}, 'approver')).toMatchObject({ http: 403 });

    expect(await resolve('accepted')).toMatchObject({ http: 200, events: 1 });
    await ledger.settle();
    expect(await instalment()).toMatchObject({ status: 'paid', batch: 'B1', line: 1, on: '2024-05-10', reference: 'P1' });
    expect((await ledger.grantedState(one)).holds).toEqual([]);
    expect(await ledger.figures()).toEqual(['600000.00', '200000.00', '200000.00']);
    expect(await bank('B1', paid())).toMatchObject({ events: 0, unexpected: [] });
    expect(await resolve('accepted')).toMatchObject({ http: 200, events: 0 });

    // Like any other payment, it may still come back.
    await bank('B1', '1,200000.00,失败,2024-05-10,R1');
    await ledger.settle();
    expect(await instalment()).toMatchObject({ status: 'unlocked', returns: 1 });
    expect(await ledger.figures()).toEqual(['600000.00', '400000.00', '0.00']);
  });

  it('a payment that was not made needs the bank’s word for it, and leaves the award free', async () => {
    await cancelled();
    await bank('B1', paid());
    expect(await resolve('not-made')).toMatchObject({ http: 400, errors: [{ field: 'evidence' }] });
    expect(await resolve('lost', { evidence: paper })).toMatchObject({ http: 400, errors: [{ field: 'outcome' }] });
    expect(await resolve('not-made', { evidence: paper })).toMatchObject({ http: 200, events: 1 });
    await ledger.settle();
    expect(await freeze('B2', one)).toMatchObject({ status: 'frozen', total: '200000.00', dropped: [] });
  });

  it('a row of a cancelled batch is checked like any other, and named by its place in the file', async () => {
    await cancelled();
    expect(await bank('B1', `${paid(2)}\n1,1.00,paid,2024-05-10,P1`)).toMatchObject({ http: 400, errors: [{ field: 'row 3.amount' }] });
    expect(await bank('B1', '1,200000.00,paid,2024-05-09,P1')).toMatchObject({ http: 400, errors: [{ field: 'row 2.date' }] });
  });

  it.each([1, 2, 3, 4, 5])('an accepted payment is booked after a power cut behind step %i', async (steps) => {
    await cancelled();
    await bank('B1', paid());
    ledger.cutPowerAfter(steps);
    await ledger.request('POST', '/v1/payment-batches/B1/lines/1/resolve-unexpected', 'finance', { outcome: 'accepted', reason: '经查询' });
    await ledger.close();
    ledger = await AwardLedger.open(path, { today: '2024-05-10' });
    await ledger.settle();
    expect((await instalment())?.status).toBe('paid');
    expect((await ledger.grantedState(one)).holds).toEqual([]);
    expect(await ledger.figures()).toEqual(['600000.00', '200000.00', '200000.00']);
  });

  it('a payment made twice is shown until the second is demanded back, and until then nothing more is paid', async () => {
    await cancelled();
    await freeze('B2', one, other);
    expect(await bank('B1', paid())).toMatchObject({ unexpected: [{ held: true }] });
    expect(await file('B2')).toMatchObject({
      http: 409,
      code: 'batch-barred',
      lines: [{ line: 1, award: one, instalment: 1, code: 'unexpected-results' }],
    });
    expect(await resolve('accepted')).toMatchObject({ http: 409, code: 'instalment-in-batch', batch: 'B2' });
    await bank('B2', paid(1, 'Q1'));
    await resolve('accepted');
    const overpaid = { subject: one, figure: 'overpaid, not demanded back', expected: '0.00', found: '200000.00' };
    expect(await reconciliation()).toMatchObject({ reconciled: false, differences: [overpaid] });
    expect((await ledger.grantedState(one)).holds).toMatchObject([{ payment: 'B1/1/P1' }]);
    expect(await instalment()).toMatchObject({ status: 'paid', batch: 'B2' });
    await post(`/v1/awards/${one}/clawbacks`, 'approver', demand);
    await ledger.settle();
    expect((await ledger.grantedState(one)).holds).toEqual([]);
    expect(await ledger.figures()).toEqual(['600000.00', '200000.00', '200000.00']);
  });

  it('an overpayment the bank returns is one no more', async () => {
    await cancelled();
    await freeze('B2', one);
    await bank('B2', paid(1, 'Q1'));
    await bank('B1', paid());
    await resolve('accepted');
    await bank('B1', '1,200000.00,退票,2024-05-10,R1');
    await ledger.settle();
    expect((await ledger.grantedState(one)).holds).toEqual([]);
    expect(await ledger.figures()).toEqual(['600000.00', '200000.00', '200000.00']);
  });

  it('a payment for an award that has ended is overpaid as well', async () => {
    await cancelled();
    await post(`/v1/awards/${one}/lapse`, 'approver', { reason: '企业放弃' });
    expect(await bank('B1', paid())).toMatchObject({ unexpected: [{ held: false }] });
    await resolve('accepted');
    expect(await reconciliation()).toMatchObject({ differences: [{ subject: one, found: '200000.00' }] });
    await post(`/v1/awards/${one}/clawbacks`, 'approver', demand);
    await ledger.settle();
  });

  it('a payment of the day of its line’s return is neither dropped nor paid again', async () => {
    await bank('B1', `1,200000.00,退回,2024-05-10,R1\n${paid(2)}`);
    await freeze('B2', one);
    expect(await bank('B1', paid())).toMatchObject({ events: 1, unexpected: [{ line: 1, held: true }] });
    expect(await file('B2')).toMatchObject({ http: 409, lines: [{ code: 'unexpected-results' }] });
    expect(await reconciliation()).toMatchObject({ reconciled: false });
    expect((await ledger.request('GET', '/v1/payment-batches/B1', 'auditor')).body).toMatchObject({
      unexpected: [{ line: 1, award: one, paid: { reference: 'P1' } }],
    });
    await batch('B2', 'cancel', 'finance-2', { reason: '重复' });
    expect(await resolve('accepted', {}, 'finance-1')).toMatchObject({ http: 409, code: 'duties-not-separated' });
    await resolve('accepted', {}, 'finance-2');
    await ledger.settle();
    expect(await instalment()).toMatchObject({ status: 'paid', batch: 'B1', reference: 'P1' });
    expect(await ledger.figures()).toEqual(['600000.00', '0.00', '400000.00']);
  });

  it('a payment that came back and was made again is booked as one of its own, and may come back again', async () => {
    await bank('B1', paid());
    await bank('B1', '1,200000.00,退回,2024-05-10,R1');
    await bank('B1', paid(1, 'AGAIN'));
    await resolve('accepted', {}, 'finance-2');
    await ledger.settle();
    expect(await ledger.figures()).toEqual(['600000.00', '200000.00', '200000.00']);
    await bank('B1', '1,200000.00,退回,2024-05-10,R2');
    await ledger.settle();
    expect(await instalment()).toMatchObject({ status: 'unlocked', returns: 2 });
    expect(await ledger.figures()).toEqual(['600000.00', '400000.00', '0.00']);
  });

  it('a hold or the end of an award stops the list of a frozen batch, and shows in what is due', async () => {
    expect(await file('B1')).toMatchObject({ http: 200 });
    await post(`/v1/awards/${one}/hold`, 'reviewer', { reason: '核查' });
    await post(`/v1/awards/${other}/revoke`, 'approver', { cause: 'fraud', reason: '骗补' });
    expect(await file('B1')).toMatchObject({
      http: 409,
      code: 'batch-barred',
      lines: [
        { line: 1, code: 'award-held', detail: expect.stringContaining('核查') },
        { line: 2, code: 'award-status', detail: 'the award is revoked' },
      ],
    });
    expect(await due()).toMatchObject([
      { award: one, state: 'held', batch: 'B1', bar: { code: 'award-held' } },
      { award: other, state: 'held', batch: 'B1', bar: { code: 'award-status' } },
    ]);
    // What the bank has already paid bars nothing any more.
    await bank('B1', `${paid(1)}\n${paid(2)}`);
    expect(await file('B1')).toMatchObject({ http: 200 });
  });

  it('a batch that loses every line is cancelled, and says why', async () => {
    await ledger.batch('B1', { type: 'cancel', reason: '重编' }, 'finance-2');
    await ledger.settle();
    for (const name of ['B2', 'B3']) await ledger.prepareBatch(name, [{ award: one, instalment: 1 }]);
    expect(await batch('B2', 'freeze')).toMatchObject({ status: 'frozen', dropped: [] });
    const dropped = [{ line: 1, award: one, instalment: 1, code: 'instalment-not-due', detail: 'instalment 1 is ordered' }];
    expect(await batch('B3', 'freeze')).toMatchObject({ status: 'cancelled', total: '0.00', dropped });
    expect((await ledger.request('GET', '/v1/payment-batches/B3', 'auditor')).body).toMatchObject({
      total: '0.00',
      dropped,
      state: { status: 'cancelled', cancelReason: expect.stringMatching(/^冻结时/) },
    });
  });

  it('a payment that was clawed back and then returned leaves the enterprise short: held and shown until it is paid again', async () => {
    await bank('B1', paid());
    await post(`/v1/awards/${one}/clawbacks`, 'approver', { ...demand, cause: 'misuse', reason: '挪用' });
    await post(`/v1/awards/${one}/clawbacks/1/receipts`, 'finance', { amount: '200000.00', on: '2024-05-10', reference: 'C1' });
    await bank('B1', '1,200000.00,退回,2024-05-10,R1');
    expect(await reconciliation()).toMatchObject({
      reconciled: false,
      differences: [{ subject: one, figure: 'clawed back, returned by the bank', expected: '0.00', found: '200000.00' }],
    });
    expect(await due()).toMatchObject([{ award: one, state: 'held' }, { award: other }]);
    await post(`/v1/awards/${one}/hold/release`, 'approver', { reason: '补付' });
    await freeze('B2', one);
    await bank('B2', paid(1, 'Q1'));
    await ledger.settle();
  });
});
