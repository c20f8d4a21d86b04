import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '@app/event-store';
import { withCheckCharacter } from '@app/kernel';
import { AwardLedger, folder, ledgerForEach, refusal } from '../ledger.fixture.js';
import { PACK } from '../pack.fixture.js';
import { MAX_BATCH_LINES, shortened } from './batch.js';
import { line } from './batch.fixture.js';
import { PaymentsProcess } from './payments.process.js';

const A = withCheckCharacter('91360700MA35QWERT');
const B = withCheckCharacter('91360700MA38ACDFG');

describe('paying', () => {
  let ledger: AwardLedger;
  let path: string;
  let awards: readonly string[];
  ledgerForEach(
    (opened, folder) => {
      ledger = opened;
      path = folder;
    },
    () => ledger,
  );

  async function reopen(): Promise<void> {
    const { today } = ledger.calendar;
    await ledger.close();
    ledger = await AwardLedger.open(path, { today });
  }
  /** Two awards of 20万 in the draft batch B1. */
  async function drafted(): Promise<void> {
    await ledger.prepare('1000000.00', A, B);
    awards = [await ledger.apply('T1', A), await ledger.apply('T1', B)];
    for (const award of awards) await ledger.toNotice(award);
    ledger.calendar.today = '2024-05-10';
    for (const award of awards) await ledger.grant(award);
    await ledger.prepareBatch(
      'B1',
      awards.map((award) => ({ award, instalment: 1 })),
    );
    await ledger.settle();
  }
  async function frozen(): Promise<void> {
    await drafted();
    await ledger.batch('B1', { type: 'start-freeze' });
    await ledger.settle();
  }
  const paid = (line: number) => ({ line, amount: '200000.00', result: 'paid', on: '2024-05-10' }) as const;
  const returned = (line: number) => ({ line, amount: '200000.00', result: 'returned', on: '2024-05-10' }) as const;
  const types = async () =>
    (await ledger.events())
      .map(({ type }) => type)
      .filter((type) => /^(batch|instalment|budget-s)/.test(type))
      .slice(3);
  const instalments = async () =>
    (await Promise.all(awards.map((award) => ledger.grantedState(award)))).map((state) => state.instalments[0]?.status);
  /** Everything that is stored is there exactly once. */
  async function each(...names: readonly string[]): Promise<void> {
    expect([...(await types())].sort()).toEqual([...names].sort());
  }
  const orders = ['batch-prepared', 'batch-freeze-started', 'instalment-ordered', 'instalment-ordered', 'batch-frozen'].slice(1);

  it.each([1, 2, 3, 4])('finishes a freeze after a power cut behind step %i', async (steps) => {
    await drafted();
    ledger.cutPowerAfter(steps);
    await ledger.batch('B1', { type: 'start-freeze' }, 'payer-1', 'freeze');
    await reopen();
    await ledger.settle();
    await each(...orders);
    expect(await ledger.batchLines('B1')).toEqual(['pending', 'pending']);
    expect(await instalments()).toEqual(['ordered', 'ordered']);
    expect(await ledger.batch('B1', { type: 'start-freeze' }, 'payer-1', 'freeze')).toMatchObject({ replayed: true });
    await each(...orders);
  });

  it.each([1, 2, 3, 4, 5])('finishes taking in results after a power cut behind step %i', async (steps) => {
    await frozen();
    ledger.cutPowerAfter(steps);
    await ledger.results('B1', [paid(1), paid(2)], 'results');
    await reopen();
    await ledger.settle();
    await each(...orders, 'batch-results-recorded', 'instalment-paid', 'instalment-paid', 'budget-spent', 'budget-spent');
    expect(await instalments()).toEqual(['paid', 'paid']);
    expect(await ledger.figures()).toEqual(['600000.00', '0.00', '400000.00']);
    expect(await ledger.results('B1', [paid(1), paid(2)], 'results')).toMatchObject({ replayed: true });
  });

  it.each([1, 2, 3])('finishes taking in a return after a power cut behind step %i', async (steps) => {
    await frozen();
    await ledger.results('B1', [paid(1), paid(2)]);
    await ledger.settle();
    ledger.cutPowerAfter(steps);
    await ledger.results('B1', [returned(2)]);
    await reopen();
    await ledger.settle();
    expect(await instalments()).toEqual(['paid', 'unlocked']);
    expect(await ledger.figures()).toEqual(['600000.00', '200000.00', '200000.00']);
  });

  it.each([1, 2, 3])('finishes a cancelled batch after a power cut behind step %i', async (steps) => {
    await frozen();
    ledger.cutPowerAfter(steps);
    await ledger.batch('B1', { type: 'cancel', reason: '银行未收到' }, 'payer-2');
    await reopen();
    await ledger.settle();
    expect(await instalments()).toEqual(['unlocked', 'unlocked']);
    expect(await ledger.figures()).toEqual(['600000.00', '400000.00', '0.00']);
  });

  it('drops from a batch what may no longer be paid, and pays the rest', async () => {
    await drafted();
    await ledger.award(awards[0] as string, { type: 'hold', reason: '列入黑名单' }, 'reviewer-1');
    await ledger.batch('B1', { type: 'start-freeze' });
    expect(await ledger.batchLines('B1')).toEqual(['dropped', 'pending']);
    expect((await ledger.events('batch-frozen'))[0]?.data).toMatchObject({
      total: '200000.00',
      dropped: [{ line: 1, code: 'award-held' }],
    });
    expect(await refusal(ledger.results('B1', [paid(1)]))).toBe('invalid-input');
    await ledger.results('B1', [paid(2)]);
    await ledger.settle();
    expect(await instalments()).toEqual(['unlocked', 'paid']);
  });

  it('leaves a frozen batch alone when its freeze is seen again and the account has been disputed meanwhile', async () => {
    await frozen();
    await ledger.dossier(B, { type: 'dispute-fact', factId: 'F2', reason: '账户有误' });
    const [started] = await ledger.events('batch-freeze-started');
    const before = await ledger.events();
    await ledger.app.get(PaymentsProcess).react(started as RecordedEvent);
    expect(await ledger.events()).toHaveLength(before.length);
    expect(await instalments()).toEqual(['ordered', 'ordered']);
    await ledger.results('B1', [paid(1), paid(2)]);
    await ledger.settle();
    expect(await ledger.figures()).toEqual(['600000.00', '0.00', '400000.00']);
  });

  it('notes why a line was dropped in few words; the award keeps all of them', async () => {
    await drafted();
    const reason = '因举报正在核查'.repeat(285);
    await ledger.award(awards[0] as string, { type: 'hold', reason }, 'reviewer-1');
    await ledger.batch('B1', { type: 'start-freeze' });
    const [{ data }] = (await ledger.events('batch-frozen')) as unknown as [{ data: { dropped: { code: string; detail: string }[] } }];
    expect(data.dropped).toMatchObject([{ code: 'award-held', detail: expect.stringMatching(/^the award is held: 因举报.{50,100}…$/u) }]);
    expect((await ledger.events('award-held'))[0]?.data).toMatchObject({ reason });
  });

  it('drops a line whose payee is to be paid to another account since the batch was prepared', async () => {
    await drafted();
    ledger.calendar.today = '2024-05-11';
    await ledger.facts(B, { 'payment.account': '6222 9999' });
    await ledger.batch('B1', { type: 'start-freeze' });
    expect((await ledger.events('batch-frozen'))[0]?.data).toMatchObject({ dropped: [{ line: 2, code: 'account-changed' }] });
    await ledger.settle();
    expect(await instalments()).toEqual(['ordered', 'unlocked']);
  });

  it('drops a line whose account was recorded by the payer', async () => {
    await drafted();
    await ledger.batch('B1', { type: 'start-freeze' }, 'registrar');
    await ledger.settle();
    const { body } = await ledger.request('GET', '/v1/payment-batches/B1', 'auditor');
    expect(body).toMatchObject({
      state: { status: 'cancelled' },
      dropped: [{ line: 1, code: 'duties-not-separated', award: awards[0] }, {}],
    });
  });

  it('drops every line whose approver would also be its payer', async () => {
    await drafted();
    await ledger.batch('B1', { type: 'start-freeze' }, 'approver-1');
    expect(await ledger.batchLines('B1')).toEqual(['dropped', 'dropped']);
    await ledger.settle();
    expect(await instalments()).toEqual(['unlocked', 'unlocked']);
    expect((await ledger.events('batch-cancelled'))[0]?.data).toMatchObject({ dropped: [{ code: 'duties-not-separated' }, { line: 2 }] });
  });

  it('orders an instalment for one of two batches that are frozen at once', async () => {
    await drafted();
    await ledger.prepareBatch(
      'B2',
      awards.map((award) => ({ award, instalment: 1 })),
      'payer-2',
    );
    await Promise.all([ledger.batch('B1', { type: 'start-freeze' }), ledger.batch('B2', { type: 'start-freeze' }, 'payer-2')]);
    await ledger.settle();
    const lines = [...(await ledger.batchLines('B1')), ...(await ledger.batchLines('B2'))];
    expect(lines.filter((status) => status === 'pending')).toHaveLength(2);
    expect(lines.filter((status) => status === 'dropped')).toHaveLength(2);
    expect(await ledger.events('instalment-ordered')).toHaveLength(2);
  });

  it('pays once when the same results arrive 64 times, from the same and from other people', async () => {
    await frozen();
    const receipts = await Promise.all(
      Array.from({ length: 64 }, (_, index) => ledger.results('B1', [paid(1), paid(2)], index % 2 === 0 ? 'same' : undefined)),
    );
    await ledger.settle();
    expect(receipts.filter(({ events, replayed }) => events > 0 && !replayed)).toHaveLength(1);
    await each(...orders, 'batch-results-recorded', 'instalment-paid', 'instalment-paid', 'budget-spent', 'budget-spent');
    expect(await ledger.figures()).toEqual(['600000.00', '0.00', '400000.00']);
  });

  describe('for an award that ends while money is at the bank', () => {
    const award = `${PACK}.T2.${A}.once`;
    async function ordered(end: 'lapse' | 'revoke'): Promise<void> {
      await ledger.prepare('1000000.00', A);
      expect(await ledger.granted('T2', A)).toBe(award);
      await ledger.prepareBatch('B1', [{ award, instalment: 1 }]);
      await ledger.batch('B1', { type: 'start-freeze' });
      await ledger.award(
        award,
        end === 'lapse' ? { type: 'lapse', reason: '逾期' } : { type: 'revoke', cause: 'fraud', reason: '骗补' },
        'approver-1',
      );
      await ledger.settle();
      expect(await ledger.figures()).toEqual(['800000.00', '200000.00', '0.00']);
    }
    const first = (result: 'paid' | 'returned') => ledger.results('B1', [{ line: 1, amount: '100000.00', result, on: '2024-05-10' }]);

    it.each(['lapse', 'revoke'] as const)('frees the rest once it is paid: %s', async (end) => {
      await ordered(end);
      await first('paid');
      await ledger.settle();
      expect(await ledger.figures()).toEqual(['900000.00', '0.00', '100000.00']);
    });
    it('frees everything once it is returned', async () => {
      await ordered('lapse');
      await first('returned');
      await ledger.settle();
      expect(await ledger.figures()).toEqual(['1000000.00', '0.00', '0.00']);
    });
    it('frees what comes back after it was paid', async () => {
      await ordered('lapse');
      await first('paid');
      await ledger.settle();
      await first('returned');
      await ledger.settle();
      expect(await ledger.figures()).toEqual(['1000000.00', '0.00', '0.00']);
      expect((await ledger.grantedState(award)).instalments.map(({ status }) => status)).toEqual(['lapsed', 'lapsed']);
    });
    it('frees everything when the batch is cancelled', async () => {
      await ordered('revoke');
      await ledger.batch('B1', { type: 'cancel', reason: '银行未收到' }, 'payer-2');
      await ledger.settle();
      expect(await ledger.figures()).toEqual(['1000000.00', '0.00', '0.00']);
    });
    it.each([1, 2, 3, 4])('frees the rest after a power cut behind step %i', async (steps) => {
      await ordered('lapse');
      ledger.cutPowerAfter(steps);
      await first('paid');
      await reopen();
      await ledger.settle();
      expect(await ledger.figures()).toEqual(['900000.00', '0.00', '100000.00']);
    });
  });
});

describe('a batch as long as it may be', () => {
  it('is stored with names of ordinary length, and frozen when every line is dropped for reasons of any length', async () => {
    const place = folder();
    const ledger = await AwardLedger.open(place.path, { follow: false });
    try {
      const project = 'GZJKQ2024科技成果转化项目';
      const lines = Array.from({ length: MAX_BATCH_LINES }, (_, index) =>
        line(index + 1, '1234567.89', {
          award: `ganzhou-etdz-2023.G13.${A}.${project}${String(index).padStart(5, '0')}`,
          payeeName: '赣州经济技术开发区先进装备制造与新材料科技股份有限公司',
          account: '中国农业发展银行股份有限公司赣州经济技术开发区支行 2036 0799 9001 0000 0000 121',
        }),
      );
      await ledger.batch('B1', { type: 'prepare', title: '第一批', lines });
      await ledger.batch('B1', { type: 'start-freeze' });
      // The dearest character there is: half of a pair, which JSON spells out.
      const detail = shortened('\ud800'.repeat(2_000));
      const dropped = lines.map((each) => ({ line: each.line, code: 'clawback-outstanding', detail }));
      await ledger.batch('B1', { type: 'freeze', dropped });
      expect(await ledger.batchLines('B1')).toEqual(lines.map(() => 'dropped'));
    } finally {
      await ledger.close();
      place.remove();
    }
  });
});
