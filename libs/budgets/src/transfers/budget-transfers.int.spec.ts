import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '@app/event-store';
import { BudgetLedger, clock, MIDYEAR } from '../ledger.fixture.js';
import { figures, line, next } from '../specification.fixture.js';
import { BudgetTransfers } from './budget-transfers.js';

const other = { ...line, line: 'others' };
const send = (amount: string) => ({
  type: 'transfer-out' as const,
  transfer: 't1',
  to: other,
  amount,
  reason: '调剂',
  evidence: [{ title: '决定' }],
});

describe('budget transfers', () => {
  let folder: ReturnType<typeof BudgetLedger.folder>;
  let ledger: BudgetLedger;
  beforeEach(async () => {
    clock.today = MIDYEAR;
    folder = BudgetLedger.folder();
    // Nothing follows the ledger yet, as if it had crashed right after each command.
    ledger = await BudgetLedger.open(folder.path, { follow: false });
    await ledger.fund(line, '100.00');
  });
  afterEach(async () => {
    await ledger.close();
    folder.remove();
  });

  const endYear = () => {
    clock.today = '2025-03-01';
  };
  async function restart(): Promise<void> {
    await ledger.close();
    ledger = await BudgetLedger.open(folder.path);
    expect(await ledger.subscriptions.settled(5_000)).toBe(true);
    expect(ledger.subscriptions.status().filter(({ state }) => state !== 'running')).toEqual([]);
  }
  const open = (where: typeof line) =>
    ledger.run(where, { type: 'open', line: where, title: where.line }, `open ${where.line} ${where.period}`);
  const total = async (...lines: (typeof line)[]) =>
    Promise.all(lines.map(async (where) => figures(await ledger.state(where))['available']));

  it('arrive after a crash between the two halves', async () => {
    await open(other);
    await ledger.run(line, send('40.00'), 'send');
    expect(await total(line, other)).toEqual(['60.00', '0.00']);
    await restart();
    expect(await total(line, other)).toEqual(['60.00', '40.00']);
    expect((await ledger.events()).at(-1)).toMatchObject({
      type: 'budget-transferred-in',
      data: { transfer: 't1', from: line },
      metadata: { actor: { id: 'ledger' } },
    });
  });

  it('arrive once, however often they are brought', async () => {
    await open(other);
    await ledger.run(line, send('40.00'), 'send');
    await restart();
    await ledger.run(other, { type: 'close', to: next }, 'close too early').catch(() => undefined);
    await bringAgain('budget-transferred-out');
    expect(await total(line, other)).toEqual(['60.00', '40.00']);
  });

  it('arrive after the year when they were sent in it, and none is sent any more', async () => {
    await open(other);
    await open(next);
    clock.today = '2024-12-31';
    await ledger.run(line, send('40.00'), 'send');
    clock.today = '2025-01-01';
    await restart();
    expect(await total(line, other)).toEqual(['60.00', '40.00']);
    const late = ledger.run(line, { ...send('1.00'), transfer: 't2' }, 'send late');
    await expect(late).rejects.toMatchObject({ code: 'period-over' });
    for (const where of [line, other]) await ledger.run(where, { type: 'close', to: next }, `close ${where.line}`);
    expect(await ledger.subscriptions.settled(5_000)).toBe(true);
    expect(await total(line, other, next)).toEqual(['0.00', '0.00', '100.00']);
  });

  it('go back when the target closed in between, once', async () => {
    await open(other);
    await ledger.run(line, send('40.00'), 'send');
    endYear();
    await ledger.run(other, { type: 'close' }, 'close target');
    await restart();
    await bringAgain('budget-transferred-out');
    expect(await total(line, other)).toEqual(['100.00', '0.00']);
    expect((await ledger.events()).filter(({ type }) => type === 'budget-transferred-in')).toMatchObject([
      { data: { transfer: 't1', from: other, amount: '40.00' } },
    ]);
  });

  it('go back to a source that has closed too, which carries them on', async () => {
    await open(other);
    await open(next);
    await ledger.run(line, send('40.00'), 'send');
    endYear();
    await ledger.run(other, { type: 'close' }, 'close target');
    await ledger.run(line, { type: 'close', to: next }, 'close source');
    await restart();
    expect(await total(line, other, next)).toEqual(['40.00', '0.00', '60.00']);
    await ledger.run(line, { type: 'close', to: next }, 'close source again');
    expect(await ledger.subscriptions.settled(5_000)).toBe(true);
    expect(await total(line, other, next)).toEqual(['0.00', '0.00', '100.00']);
  });

  it('carry a closed line’s balance to the next period', async () => {
    await open(next);
    endYear();
    await ledger.run(line, { type: 'close', to: next }, 'close');
    await restart();
    await bringAgain('budget-closed');
    expect(await total(line, next)).toEqual(['0.00', '100.00']);
    expect(figures(await ledger.state(next))).toMatchObject({ transferredIn: '100.00', appropriated: '0.00' });
  });

  it('bring a carried balance back when the next line cannot take it, and the line closes again', async () => {
    const small = { ...next, line: 'full' };
    await ledger.run(small, { type: 'open', line: small, title: 'full' }, 'open full');
    endYear();
    await ledger.run(line, { type: 'close', to: small }, 'close');
    await ledger.run(small, { type: 'appropriate', amount: '999999999999.00', reason: '满', evidence: [{ title: '满' }] }, 'fill');
    await restart();
    expect(await total(line)).toEqual(['100.00']);
    // Room again would not make the same money move a second time.
    await ledger.run(small, { type: 'adjust', amount: '-999999999999.00', reason: '空', evidence: [{ title: '空' }] }, 'empty');
    await bringAgain('budget-closed');
    expect(await total(line, small)).toEqual(['100.00', '0.00']);
    await open(next);
    await ledger.run(line, { type: 'close', to: next }, 'close again');
    expect(await ledger.subscriptions.settled(5_000)).toBe(true);
    expect(await total(line, next)).toEqual(['0.00', '100.00']);
  });

  it('between full lines are refused rather than stop what brings them back', async () => {
    const full = { type: 'appropriate' as const, amount: '999999999899.99', reason: '满', evidence: [{ title: '满' }] };
    await open(other);
    await ledger.run(line, full, 'fill source');
    await ledger.run(other, full, 'fill target');
    await ledger.run(other, { ...full, amount: '100.00' }, 'fill target whole');
    await expect(ledger.run(line, send('40.00'), 'send')).rejects.toMatchObject({ code: 'budget-line-too-large' });
    await restart();
    expect(await total(line, other)).toEqual(['999999999999.99', '999999999999.99']);
  });

  it('go back when the target’s envelope has been used up in the meantime', async () => {
    const bound = { ...next, line: 'bound' };
    const envelope = { clause: 'J07', amount: '50.00', rule: 'exactly' as const };
    await ledger.run(bound, { type: 'open', line: bound, title: '定额', envelope }, 'open bound');
    const fund = { type: 'appropriate' as const, amount: '20.00', reason: '预算', evidence: [{ title: '预算' }] };
    await expect(ledger.run(line, { ...send('50.01'), to: bound }, 'too much')).rejects.toMatchObject({ code: 'over-envelope' });
    await ledger.run(line, { ...send('40.00'), to: bound }, 'send');
    await ledger.run(bound, fund, 'fund');
    await restart();
    expect(await total(line, bound)).toEqual(['100.00', '20.00']);
  });

  it('are refused at once when the target is not open', async () => {
    await expect(ledger.run(line, send('40.00'), 'send')).rejects.toMatchObject({ code: 'target-line-not-open' });
    await open(other);
    // What a caller claims about the target is not believed.
    await ledger.run(line, { ...send('40.00'), targetStatus: 'closed' }, 'send again');
    expect(await total(line)).toEqual(['60.00']);
    endYear();
    await expect(ledger.run(line, { type: 'close', to: next }, 'close')).rejects.toMatchObject({ code: 'target-line-not-open' });
  });

  it('are answered as before on a retry, though the target has closed', async () => {
    await open(other);
    const first = await ledger.run(line, send('40.00'), 'send');
    endYear();
    await ledger.run(other, { type: 'close' }, 'close target');
    expect(await ledger.run(line, send('40.00'), 'send')).toMatchObject({
      revision: first.revision,
      position: first.position,
      replayed: true,
    });
  });

  async function bringAgain(type: string): Promise<void> {
    const manager = new BudgetTransfers(ledger.executor);
    const before = await ledger.store.head();
    for (const event of (await ledger.events()).filter((one: RecordedEvent) => one.type === type)) await manager.react(event);
    expect(await ledger.store.head()).toBe(before);
  }
});
