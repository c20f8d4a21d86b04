import { describe, expect, it } from '@jest/globals';
import { Budgets } from '@app/budgets';
import { Executor } from '@app/event-store';
import { type CreditCode, withCheckCharacter } from '@app/kernel';
import { awardStream } from '../award.js';
import { startGrant } from '../award.fixture.js';
import { awardDecider } from '../decide.js';
import { AwardLedger, ledgerForEach, LINE, refusal } from '../ledger.fixture.js';
import { PACK } from '../pack.fixture.js';

const A = withCheckCharacter('91360700MA35QWERT');
const WRITERS = 64;
const codes: readonly CreditCode[] = Array.from({ length: WRITERS }, (_, index) =>
  withCheckCharacter(`91360700MA35${String(index).padStart(5, '0')}`),
);

describe('granting', () => {
  let ledger: AwardLedger;
  let path: string;
  ledgerForEach(
    (opened, folder) => {
      ledger = opened;
      path = folder;
    },
    () => ledger,
  );

  async function reopen(options: { readonly follow?: boolean } = {}): Promise<void> {
    const { today } = ledger.calendar;
    await ledger.close();
    ledger = await AwardLedger.open(path, { today, ...options });
  }
  async function ready(amount = '1000000.00'): Promise<string> {
    await ledger.prepare(amount, A);
    const award = await ledger.apply('T1', A);
    await ledger.toNotice(award);
    ledger.calendar.today = '2024-05-10';
    await ledger.settle();
    return award;
  }
  const types = async () => (await ledger.events()).map(({ type }) => type).filter((type) => /grant|reserved|released/.test(type));

  it.each([1, 2])('is finished after a power cut behind step %i, whoever asks first', async (steps) => {
    const award = await ready();
    ledger.cutPowerAfter(steps);
    await expect(ledger.grant(award, { key: 'grant' })).rejects.toThrow('the power is cut');
    expect((await types()).length).toBe(steps);
    await reopen();
    await ledger.settle();
    expect(await types()).toEqual(['award-grant-started', 'budget-reserved', 'award-granted']);
    expect(await ledger.figures()).toEqual(['800000.00', '200000.00', '0.00']);
    expect(await ledger.grantedState(award)).toMatchObject({
      grant: { approver: 'approver-1', on: '2024-05-10' },
      instalments: [{ status: 'unlocked' }],
    });
    expect(await ledger.grant(award, { key: 'grant' })).toMatchObject({ replayed: true });
    expect(await types()).toEqual(['award-grant-started', 'budget-reserved', 'award-granted']);
  });

  it.each([1, 2])('is finished by the caller who asks again, with no process manager running: step %i', async (steps) => {
    const award = await ready();
    await reopen({ follow: false });
    ledger.cutPowerAfter(steps);
    await expect(ledger.grant(award, { key: 'grant' })).rejects.toThrow('the power is cut');
    await reopen({ follow: false });
    await ledger.grant(award, { key: 'grant' });
    expect(await types()).toEqual(['award-grant-started', 'budget-reserved', 'award-granted']);
    await reopen();
    await ledger.settle();
    expect(await types()).toEqual(['award-grant-started', 'budget-reserved', 'award-granted']);
  });

  it('records after a power cut that the line could not bear it', async () => {
    const award = await ready('199999.99');
    ledger.cutPowerAfter(1);
    await expect(ledger.grant(award, { key: 'grant' })).rejects.toThrow('the power is cut');
    await reopen();
    await ledger.settle();
    expect(await ledger.state(award)).toMatchObject({ status: 'publicised', failedGrant: { code: 'budget-exhausted' } });
    expect(await refusal(ledger.grant(award, { key: 'grant' }))).toBe('budget-exhausted');
  });

  it('gives back what was reserved for a grant that another process has recorded as failed', async () => {
    const award = await ready();
    await reopen({ follow: false });
    const executor = ledger.app.get(Executor);
    const { state } = await executor.load(awardDecider, awardStream(award));
    if (state.status !== 'publicised') throw new Error(state.status);
    const policy = { pack: PACK, clause: 'T1', version: state.assessed.version, hash: state.assessed.packHash };
    const start = { ...startGrant('g-lost'), budget: LINE, policy } as ReturnType<typeof startGrant>;
    await executor.execute(awardDecider, awardStream(award), start, ledger.context('approver-1'));
    const reservation = { award, payee: A, clause: 'T1', amount: '200000.00', exclusive: [], grant: { id: 'g-lost' } };
    await ledger.app.get(Budgets).reserve(LINE, reservation, ledger.context('ledger'));
    await executor.execute(
      awardDecider,
      awardStream(award),
      { type: 'fail-grant', grant: 'g-lost', code: 'budget-exhausted', detail: '不足' },
      ledger.context('ledger'),
    );
    expect(await ledger.figures()).toEqual(['800000.00', '200000.00', '0.00']);
    await reopen();
    await ledger.settle();
    expect(await ledger.figures()).toEqual(['1000000.00', '0.00', '0.00']);
    await ledger.grant(award);
    await ledger.settle();
    expect(await ledger.figures()).toEqual(['800000.00', '200000.00', '0.00']);
  });

  it('takes no notice of an old failed grant while a later one holds the money', async () => {
    const award = await ready('199999.99');
    expect(await refusal(ledger.grant(award, { key: 'first' }))).toBe('budget-exhausted');
    await reopen({ follow: false });
    await ledger.fund('100000.00');
    await ledger.grant(award, { key: 'second' });
    await reopen();
    await ledger.settle();
    expect(await ledger.figures()).toEqual(['99999.99', '200000.00', '0.00']);
    expect((await ledger.state(award)).status).toBe('granted');
  });

  it('never overdraws a line with 64 awards at once', async () => {
    await ledger.prepare('2000000.00', ...codes);
    const awards = await Promise.all(codes.map((code) => ledger.apply('T1', code)));
    await Promise.all(awards.map((award) => ledger.toNotice(award)));
    ledger.calendar.today = '2024-05-10';
    const outcomes = await Promise.all(awards.map((award) => refusal(ledger.grant(award))));
    await ledger.settle();
    expect(outcomes.filter((outcome) => outcome === 'was not refused')).toHaveLength(10);
    expect(outcomes.filter((outcome) => outcome === 'budget-exhausted')).toHaveLength(54);
    expect(await ledger.figures()).toEqual(['0.00', '2000000.00', '0.00']);
    const states = await Promise.all(awards.map((award) => ledger.state(award)));
    expect(states.filter(({ status }) => status === 'granted')).toHaveLength(10);
    expect(states.filter((state) => state.status === 'publicised' && state.failedGrant !== undefined)).toHaveLength(54);
  });

  it('grants an award once under 64 approvers at once', async () => {
    const award = await ready();
    const outcomes = await Promise.all(
      Array.from({ length: WRITERS }, (_, index) => refusal(ledger.grant(award, { actor: `approver-${index}` }))),
    );
    await ledger.settle();
    expect(outcomes.filter((outcome) => outcome === 'was not refused')).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set(['was not refused', 'award-status']));
    expect(await types()).toEqual(['award-grant-started', 'budget-reserved', 'award-granted']);
    expect(await ledger.figures()).toEqual(['800000.00', '200000.00', '0.00']);
  });

  it('grants an award once when one command arrives 64 times', async () => {
    const award = await ready();
    const receipts = await Promise.all(Array.from({ length: WRITERS }, () => ledger.grant(award, { key: 'same' })));
    await ledger.settle();
    expect(new Set(receipts.map(({ revision }) => revision)).size).toBe(1);
    expect(receipts.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await types()).toEqual(['award-grant-started', 'budget-reserved', 'award-granted']);
  });
});
