import { describe, expect, it } from '@jest/globals';
import { type BudgetEvent, evolve, initialState } from './budget.js';
import type { BudgetCommand } from './decide.js';
import {
  appropriated,
  AT_BANK,
  closed,
  figures,
  finance,
  financeLater,
  given,
  line,
  next,
  on,
  opened,
  paper,
  released,
  reserve,
  reserved,
  returned,
  serviceLater,
  spent,
} from './specification.fixture.js';

const exactly = { clause: 'J07', amount: '1000.00', rule: 'exactly' as const };
const other = { ...line, line: 'others' };
const plan = (envelope?: typeof exactly): BudgetEvent => ({
  type: 'budget-line-opened',
  data: { ...line, period: '2023-2025', title: '三年', ...(envelope && { envelope }) },
});

describe('open', () => {
  const open: BudgetCommand = { type: 'open', line, title: '研发奖补', envelope: exactly };
  it('opens a line with its envelope', () => given().when(open, finance).then(opened(exactly)));
  it('writes amounts in one spelling', () =>
    given()
      .when({ ...open, envelope: { ...exactly, amount: '1000' } }, finance)
      .then(opened(exactly)));
  it('is quiet on a repeat', () => given(opened(exactly)).when(open, finance).thenNothing());
  it('is refused when the line is open as something else', () =>
    given(opened()).when(open, finance).thenRefused('budget-line-exists', { openedAs: '研发奖补' }));
  it('is refused after the line was closed under another title', () =>
    given(opened(exactly), closed('0.00'))
      .when({ ...open, title: '别的' }, financeLater)
      .thenRefused('budget-line-exists'));
  it('is refused without a title', () => given().when({ type: 'open', line, title: ' ' }, finance).thenRefused('invalid-input'));
  it('is refused to anyone but finance', () =>
    given()
      .when(open, { roles: ['approver'] })
      .thenRefused('role-required'));
});

describe('appropriate', () => {
  const appropriate = (amount: string): BudgetCommand => ({ type: 'appropriate', amount, reason: '年初预算', evidence: paper });
  it('appropriates with its document', () => given(opened()).when(appropriate('600'), finance).then(appropriated('600.00')));
  it('is quiet when the same document, amount and reason come again', () =>
    given(opened(), appropriated('600.00')).when(appropriate('600.0'), finance).thenNothing());
  it('takes a second sum of the same document that says what it is for', () =>
    given(opened(), appropriated('600.00'))
      .when({ ...appropriate('600'), reason: '第二笔' } as BudgetCommand, finance)
      .then(appropriated('600.00', '第二笔')));
  it('takes the whole of an exact envelope', () => given(opened(exactly)).when(appropriate('1000'), finance).then(appropriated('1000.00')));
  it('is refused one fen above an exact envelope', () =>
    given(opened(exactly), appropriated('600.00'))
      .when(appropriate('400.01'), finance)
      .thenRefused('over-envelope', { clause: 'J07', envelope: '1000.00', appropriated: '600.00', asked: '400.01' }));
  it('may exceed an envelope that says at least', () =>
    given(opened({ ...exactly, rule: 'at-least' }))
      .when(appropriate('5000'), finance)
      .then(appropriated('5000.00')));
  it('is refused without a document', () =>
    given(opened())
      .when({ ...appropriate('1'), evidence: [] } as BudgetCommand, finance)
      .thenRefused('evidence-required'));
  it('is refused for nothing', () => given(opened()).when(appropriate('0.00'), finance).thenRefused('amount-not-positive'));
  it('is refused for a negative amount', () => given(opened()).when(appropriate('-1.00'), finance).thenRefused('money-malformed'));
  it('is refused on a line nobody opened', () => given().when(appropriate('1'), finance).thenRefused('budget-line-unknown'));
  it('is refused on a closed line', () =>
    given(opened(), closed('0.00')).when(appropriate('1'), financeLater).thenRefused('budget-line-closed'));
  it('is refused beyond what a line can carry', () =>
    given(opened(), appropriated('999999999999.00'))
      .when(appropriate('1.00'), finance)
      .thenRefused('budget-line-too-large', { asked: '1.00' }));

  const bound = [opened(exactly)];
  const lastDay = { ...finance, ...on('2024-12-31') };
  const newYear = { ...finance, ...on('2025-01-01') };
  it('takes in what a clause sets aside until the last day of its years', () => {
    given(...bound)
      .when(appropriate('600'), lastDay)
      .then(appropriated('600.00'));
    given(...bound)
      .when(appropriate('600'), newYear)
      .thenRefused('period-over', { until: '2024-12-31' });
    given(opened({ ...exactly, rule: 'at-least' }))
      .when(appropriate('600'), newYear)
      .thenRefused('period-over');
    given(plan(exactly))
      .when(appropriate('600'), { ...finance, ...on('2025-12-31') })
      .then(appropriated('600.00'));
    given(plan(exactly))
      .when(appropriate('600'), { ...finance, ...on('2026-01-01') })
      .thenRefused('period-over', { until: '2025-12-31' });
  });
  it('is not dated back into the years that are over', () =>
    given(...bound)
      .when(appropriate('600'), { ...newYear, effectiveOn: '2024-12-31' })
      .thenRefused('period-over'));
  it('is quiet on a repeat after the year', () =>
    given(...bound, appropriated('600.00'))
      .when(appropriate('600'), newYear)
      .thenNothing());
  it('is taken in late by a line of no clause', () => given(opened()).when(appropriate('600'), newYear).then(appropriated('600.00')));
  it('may be passed in the year before, and not earlier', () => {
    given(opened())
      .when(appropriate('600'), { ...finance, effectiveOn: '2023-01-01' })
      .then(appropriated('600.00'));
    given(opened())
      .when(appropriate('600'), { ...finance, effectiveOn: '2022-12-31' })
      .thenInvalid('effectiveOn');
    given(plan())
      .when(appropriate('600'), { ...finance, effectiveOn: '2022-01-01' })
      .then(appropriated('600.00'));
    given(plan())
      .when(appropriate('600'), { ...finance, effectiveOn: '2021-12-31' })
      .thenInvalid('effectiveOn');
  });
});

describe('adjust', () => {
  const adjust = (amount: string): BudgetCommand => ({ type: 'adjust', amount, reason: '中期调整', evidence: paper });
  const adjusted = (amount: string): BudgetEvent => ({ type: 'budget-adjusted', data: { amount, reason: '中期调整' }, evidence: paper });
  it('adds', () => given(opened()).when(adjust('5'), finance).then(adjusted('5.00')));
  it('takes away down to what is reserved and spent', () =>
    given(opened(), appropriated('100.00'), reserved('a', '60.00'), spent('a', 1, '20.00', 'p1'))
      .when(adjust('-40'), finance)
      .then(adjusted('-40.00')));
  it('is refused below that', () =>
    given(opened(), appropriated('100.00'), reserved('a', '60.00'), spent('a', 1, '20.00', 'p1'))
      .when(adjust('-40.01'), finance)
      .thenRefused('budget-exhausted', { available: '40.00', asked: '40.01', reserved: '40.00', spent: '20.00' }));
  it('does not get round an exact envelope', () =>
    given(opened(exactly), appropriated('1000.00')).when(adjust('0.01'), finance).thenRefused('over-envelope'));
  it('is quiet on a repeat, even when there would be no room for it twice', () =>
    given(opened(), appropriated('100.00'), adjusted('-100.00')).when(adjust('-100'), finance).thenNothing());
  it('is refused for nothing', () => given(opened()).when(adjust('-0.00'), finance).thenRefused('amount-not-positive'));
  it('is refused for what is no amount', () => given(opened()).when(adjust('--1'), finance).thenRefused('money-malformed'));
  it('is refused without a document', () =>
    given(opened())
      .when({ ...adjust('1'), evidence: [] } as BudgetCommand, finance)
      .thenRefused('evidence-required'));
  it('is refused on a closed line', () =>
    given(opened(), closed('0.00')).when(adjust('1'), financeLater).thenRefused('budget-line-closed'));
  it('adds to what a clause sets aside until the last day of its years, and takes away later too', () => {
    given(opened(exactly))
      .when(adjust('5'), { ...finance, ...on('2024-12-31') })
      .then(adjusted('5.00'));
    given(opened(exactly))
      .when(adjust('5'), { ...finance, ...on('2025-01-01') })
      .thenRefused('period-over', { until: '2024-12-31' });
    given(opened(exactly))
      .when(adjust('5'), { ...finance, today: '2025-01-01' })
      .thenRefused('period-over');
    given(opened()).when(adjust('5'), financeLater).then(adjusted('5.00'));
    given(opened(exactly), appropriated('5.00')).when(adjust('-5'), financeLater).then(adjusted('-5.00'));
    given(opened(exactly), adjusted('5.00')).when(adjust('5'), financeLater).thenNothing();
  });
  it.each(['5', '-5'])('by %s is dated into the year before at the earliest', (amount) => {
    const earliest = { ...finance, effectiveOn: '2023-01-01' };
    given(opened(), appropriated('5.00'))
      .when(adjust(amount), earliest)
      .then(adjusted(`${amount}.00`));
    given(opened(), appropriated('5.00'))
      .when(adjust(amount), { ...earliest, effectiveOn: '2022-12-31' })
      .thenInvalid('effectiveOn');
  });
});

describe('transfer out', () => {
  const send = (amount: string, extra: object = {}): BudgetCommand => ({
    type: 'transfer-out',
    transfer: 't1',
    to: other,
    amount,
    reason: '调剂',
    evidence: paper,
    targetStatus: 'open',
    ...extra,
  });
  const sent: BudgetEvent = {
    type: 'budget-transferred-out',
    data: { transfer: 't1', to: other, amount: '40.00', reason: '调剂' },
    evidence: paper,
  };
  it('sends to an open line', () => given(opened(), appropriated('40.00')).when(send('40'), finance).then(sent));
  it('is quiet on a repeat, even after the target closed', () =>
    given(opened(), appropriated('40.00'), sent)
      .when(send('40', { targetStatus: 'closed' }), finance)
      .thenNothing());
  it('is refused when the id was used for another sum', () =>
    given(opened(), appropriated('80.00'), sent).when(send('41'), finance).thenRefused('transfer-differs', { amount: '40.00' }));
  it.each(['none', 'closed', undefined])('is refused when the target is %s', (targetStatus) =>
    given(opened(), appropriated('40.00')).when(send('40', { targetStatus }), finance).thenRefused('target-line-not-open', { to: other }),
  );
  it('is refused to the line itself', () =>
    given(opened(), appropriated('40.00'))
      .when(send('40', { to: line }), finance)
      .thenRefused('transfer-to-itself'));
  it('is refused beyond what is available', () =>
    given(opened(), appropriated('40.00'), reserved('a', '1.00'))
      .when(send('40'), finance)
      .thenRefused('budget-exhausted', { available: '39.00', asked: '40.00' }));
  it('is refused without a document', () =>
    given(opened(), appropriated('40.00'))
      .when(send('40', { evidence: [] }), finance)
      .thenRefused('evidence-required', { amount: '40.00' }));
  it('is refused when it could not be taken back', () => {
    const most = '999999999999.99';
    given(opened(), appropriated(most)).when(send('0.01'), finance).thenRefused('budget-line-too-large', { present: most, asked: '0.01' });
    const lowered: BudgetEvent = { type: 'budget-adjusted', data: { amount: '-900000000000.00', reason: '压减' }, evidence: paper };
    given(opened(), appropriated(most), lowered).when(send('0.01'), finance).thenRefused('budget-line-too-large');
    given(opened(), appropriated('40.00')).when(send('40'), finance).then(sent);
  });
  it('is refused for nothing', () => given(opened()).when(send('0'), finance).thenRefused('amount-not-positive'));
  it('is sent until the last day of the other line’s years', () => {
    given(opened(), appropriated('40.00'))
      .when(send('40'), { ...finance, ...on('2024-12-31') })
      .then(sent);
    given(opened(), appropriated('40.00'))
      .when(send('40'), { ...finance, ...on('2025-01-01') })
      .thenRefused('period-over', { until: '2024-12-31' });
    given(opened(), appropriated('40.00'))
      .when(send('40'), { ...finance, today: '2025-01-01' })
      .thenRefused('period-over');
    given(opened(), appropriated('40.00'), sent).when(send('40'), financeLater).thenNothing();
  });
  it('is sent to a later line after the year', () =>
    given(opened(), appropriated('40.00'))
      .when(send('40', { to: next }), financeLater)
      .then({ ...sent, data: { ...sent.data, to: next } }));
  it('is dated into the year before at the earliest', () => {
    given(opened(), appropriated('40.00'))
      .when(send('40'), { ...finance, effectiveOn: '2023-01-01' })
      .then(sent);
    given(opened(), appropriated('40.00'))
      .when(send('40'), { ...finance, effectiveOn: '2022-12-31' })
      .thenInvalid('effectiveOn');
  });
  it('is refused on a closed line', () => given(opened(), closed('0.00')).when(send('1'), financeLater).thenRefused('budget-line-closed'));

  const back: BudgetCommand = { type: 'take-back-transfer', transfer: 't1', from: other, amount: '40.00', reason: '退回' };
  const cameBack: BudgetEvent = { type: 'budget-transferred-in', data: { transfer: 't1', from: other, amount: '40.00', reason: '退回' } };
  it('is taken back', () => given(opened(), appropriated('40.00'), sent).when(back).then(cameBack));
  it('is taken back by a line that has closed since', () =>
    given(opened(), appropriated('40.00'), sent, closed('0.00')).when(back, serviceLater).then(cameBack));
  it('is taken back after the year, whatever the clause sets aside', () =>
    given(opened(exactly), appropriated('1000.00'), sent).when(back, serviceLater).then(cameBack));
  it('is taken back once', () => given(opened(), appropriated('40.00'), sent, cameBack).when(back).thenNothing());
  it('is not taken back in another amount', () =>
    given(opened(), appropriated('40.00'), sent)
      .when({ ...back, amount: '41.00' })
      .thenRefused('transfer-unknown'));
  it('is not taken back when it was never sent', () => given(opened(), appropriated('40.00')).when(back).thenRefused('transfer-unknown'));
  it('is taken back by the ledger only', () =>
    given(opened(), appropriated('40.00'), sent).when(back, finance).thenRefused('role-required'));
});

describe('receive a transfer', () => {
  const receive: BudgetCommand = { type: 'receive-transfer', transfer: 't1', from: other, amount: '40.00', reason: '调剂' };
  const received: BudgetEvent = { type: 'budget-transferred-in', data: { transfer: 't1', from: other, amount: '40.00', reason: '调剂' } };
  it('adds to what is available', () => given(opened()).when(receive).then(received));
  it('arrives late when it was sent in time', () => {
    given(opened()).when(receive, serviceLater).then(received);
    given(opened(exactly), appropriated('960.00')).when(receive, serviceLater).then(received);
  });
  it('is refused above an exact envelope', () => {
    const figures = { envelope: '1000.00', appropriated: '960.01', asked: '40.00' };
    given(opened(exactly), appropriated('960.01')).when(receive).thenRefused('over-envelope', figures);
    given(opened(exactly), appropriated('960.00')).when(receive).then(received);
    given(opened(exactly), appropriated('960.00'), received)
      .when({ ...receive, transfer: 't2', amount: '0.01' })
      .thenRefused('over-envelope');
  });
  it('counts as funding for what is appropriated later', () =>
    given(opened(exactly), received)
      .when({ type: 'appropriate', amount: '960.01', reason: '年初预算', evidence: paper }, finance)
      .thenRefused('over-envelope', { appropriated: '40.00' }));
  it('is not counted when it is its own money that came back', () => {
    const out: BudgetEvent = { type: 'budget-transferred-out', data: { transfer: 't1', to: other, amount: '40.00', reason: '调剂' } };
    given(opened(exactly), appropriated('960.00'), out, received)
      .when({ ...receive, transfer: 't2' })
      .then({ ...received, data: { ...received.data, transfer: 't2' } });
  });
  it('is not bound by the envelope when it is the balance of its own earlier period', () => {
    const [earlier, later] = [{ ...line, period: '2023' }, next];
    given(opened(exactly), appropriated('1000.00'))
      .when({ ...receive, from: earlier })
      .then({ ...received, data: { ...received.data, from: earlier } });
    given(opened(exactly), appropriated('1000.00'))
      .when({ ...receive, from: later })
      .thenRefused('over-envelope');
  });
  it('is quiet on a repeat', () => given(opened(), received).when(receive).thenNothing());
  it('is quiet on a repeat after the line closed', () =>
    given(opened(), received, closed('40.00', next)).when(receive, serviceLater).thenNothing());
  it('is refused by a closed line', () => given(opened(), closed('0.00')).when(receive, serviceLater).thenRefused('budget-line-closed'));
  it('is refused by a line nobody opened', () => given().when(receive).thenRefused('budget-line-unknown'));
  it('is refused to people', () => given(opened()).when(receive, finance).thenRefused('role-required'));
});

describe('reserve', () => {
  const funded = [opened(), appropriated('100.00')];
  it('reserves the last fen', () =>
    given(...funded)
      .when(reserve('a', '100'))
      .then(reserved('a', '100.00')));
  it('keeps the grant and cites the clause', () => {
    const policy = { pack: 'jiangmen-2021', version: 1, clause: 'J07', hash: 'h' };
    given(...funded)
      .when({ ...reserve('a', '1'), policy } as BudgetCommand)
      .then({ ...reserved('a', '1.00'), policy });
    given(...funded, { ...reserved('a', '1.00'), policy })
      .when({ type: 'spend', award: 'a', instalment: 1, amount: '1.00', payment: 'p1', on: AT_BANK })
      .then({ ...spent('a', 1, '1.00', 'p1'), policy });
  });
  it('is refused one fen beyond, naming the figures', () =>
    given(...funded, reserved('a', '60.00'))
      .when(reserve('b', '40.01'))
      .thenRefused('budget-exhausted', { available: '40.00', asked: '40.01', reserved: '60.00', spent: '0.00' }));
  it('is quiet for the same award and amount', () =>
    given(...funded, reserved('a', '60.00'))
      .when(reserve('a', '60'))
      .thenNothing());
  it('is quiet on a repeat after part was spent and the line closed', () =>
    given(...funded, reserved('a', '60.00'), spent('a', 1, '30.00', 'p1'), closed('40.00', next))
      .when(reserve('a', '60'), serviceLater)
      .thenNothing());
  it('is refused for the same award with another amount', () =>
    given(...funded, reserved('a', '60.00'))
      .when(reserve('a', '40'))
      .thenRefused('reservation-differs', { reserved: '60.00', asked: '40.00' }));
  it('is refused when another live reservation holds one of its keys', () =>
    given(...funded, reserved('a', '10.00', ['k1', 'k2']))
      .when(reserve('b', '10', ['k0', 'k2']))
      .thenRefused('excluded-by-reservation', { award: 'b', other: 'a', key: 'k2' }));
  it('takes the key of a released reservation', () =>
    given(...funded, reserved('a', '10.00', ['k1']), released('a', '10.00'))
      .when(reserve('b', '10', ['k1']))
      .then(reserved('b', '10.00', ['k1'])));
  it('reserves again after a release', () =>
    given(...funded, reserved('a', '60.00'), released('a', '60.00'))
      .when(reserve('a', '70'))
      .then(reserved('a', '70.00')));
  it('is refused after a release when the award is someone else’s now', () =>
    given(...funded, reserved('a', '60.00'), released('a', '60.00'))
      .when({ ...reserve('a', '70'), payee: 'other' } as BudgetCommand)
      .thenRefused('reservation-differs'));
  it('is refused on a closed line', () =>
    given(...funded, closed('100.00', next))
      .when(reserve('a', '1'), serviceLater)
      .thenRefused('budget-line-closed'));
  it('reserves from the first day of the period, and until the line is closed', () => {
    given(...funded)
      .when(reserve('a', '1'), on('2023-12-31'))
      .thenRefused('period-not-begun', { from: '2024-01-01' });
    for (const day of ['2024-01-01', '2025-01-10'])
      given(...funded)
        .when(reserve('a', '1'), on(day))
        .then(reserved('a', '1.00'));
    given(plan(), appropriated('100.00')).when(reserve('a', '1'), on('2022-12-31')).thenRefused('period-not-begun', { from: '2023-01-01' });
    given(plan(), appropriated('100.00')).when(reserve('a', '1'), on('2023-01-01')).then(reserved('a', '1.00'));
  });
  it('is not reserved for a day before the period by a command of today', () =>
    given(...funded)
      .when(reserve('a', '1'), { effectiveOn: '2023-12-31' })
      .thenRefused('period-not-begun'));
  it('is refused for nothing', () =>
    given(...funded)
      .when(reserve('a', '0'))
      .thenRefused('amount-not-positive'));
  it('is refused to people, even finance', () =>
    given(...funded)
      .when(reserve('a', '1'), finance)
      .thenRefused('role-required'));
});

describe('release', () => {
  const held = [opened(), appropriated('100.00'), reserved('a', '60.00', ['k'])];
  const release: BudgetCommand = { type: 'release', award: 'a', reason: '失效' };
  it('gives back the unspent rest', () =>
    given(...held, spent('a', 1, '20.00', 'p1'))
      .when(release)
      .then(released('a', '40.00')));
  it('works on a closed line', () =>
    given(...held, closed('40.00', next))
      .when(release, serviceLater)
      .then(released('a', '60.00')));
  it('is quiet on a repeat', () =>
    given(...held, released('a', '60.00'))
      .when(release)
      .thenNothing());
  it('ends a reservation without a rest, so that its exclusions end', () =>
    given(...held, spent('a', 1, '60.00', 'p1'))
      .when(release)
      .then(released('a', '0.00')));
  it('gives back what a bank returned after the release', () =>
    given(...held, spent('a', 1, '20.00', 'p1'), released('a', '40.00'), returned('a', 1, '20.00', 'p1'))
      .when(release)
      .then(released('a', '20.00')));
  it('is refused for an award that reserved nothing', () =>
    given(...held)
      .when({ ...release, award: 'b' })
      .thenRefused('no-reservation'));
  it('is refused to people', () =>
    given(...held)
      .when(release, finance)
      .thenRefused('role-required'));
});

describe('spend', () => {
  const held = [opened(), appropriated('100.00'), reserved('a', '60.00')];
  const spend = (instalment: number, amount: string, payment: string, at = AT_BANK): BudgetCommand => ({
    type: 'spend',
    award: 'a',
    instalment,
    amount,
    payment,
    on: at,
  });
  it('spends out of the reservation', () =>
    given(...held)
      .when(spend(1, '60', 'p1'))
      .then(spent('a', 1, '60.00', 'p1')));
  it('works on a closed line', () =>
    given(...held, closed('40.00', next))
      .when(spend(1, '60', 'p1'), serviceLater)
      .then(spent('a', 1, '60.00', 'p1')));
  it('is quiet on a repeat', () =>
    given(...held, spent('a', 1, '60.00', 'p1'))
      .when(spend(1, '60', 'p1'))
      .thenNothing());
  it('is quiet on a late repeat after the bank returned it: a payment is made once', () =>
    given(...held, spent('a', 1, '60.00', 'p1'), returned('a', 1, '60.00', 'p1'))
      .when(spend(1, '60', 'p1'))
      .thenNothing());
  it('is refused when the payment paid another sum', () =>
    given(...held, spent('a', 1, '30.00', 'p1'))
      .when(spend(1, '20', 'p1'))
      .thenRefused('payment-differs', { spent: '30.00', asked: '20.00' }));
  it('keeps the day on which the bank paid, which is known later', () =>
    given(...held)
      .when(spend(1, '60', 'p1', '2024-06-03'))
      .then(spent('a', 1, '60.00', 'p1', '2024-06-03')));
  it('is refused for another day than is on record', () =>
    given(...held, spent('a', 1, '30.00', 'p1', '2024-06-03'))
      .when(spend(1, '30', 'p1', '2024-06-04'))
      .thenRefused('payment-differs', { on: '2024-06-03', asked: '2024-06-04' }));
  it('is quiet on a repeat of what was recorded before days were kept', () =>
    given(...held, withoutDay(spent('a', 1, '60.00', 'p1')))
      .when(spend(1, '60', 'p1', '2024-06-03'))
      .thenNothing());
  it.each(['2024-07-01', '2024-06-31', ''])('is refused for the day %j: none, or not yet', (at) =>
    given(...held)
      .when(spend(1, '60', 'p1', at))
      .thenInvalid('on'),
  );
  it('is refused for an instalment paid with another payment', () =>
    given(...held, spent('a', 1, '30.00', 'p1'))
      .when(spend(1, '30', 'p2'))
      .thenRefused('instalment-already-spent', { payment: 'p1', spent: '30.00' }));
  it('pays an instalment again after the bank returned it', () =>
    given(...held, spent('a', 1, '60.00', 'p1'), returned('a', 1, '60.00', 'p1'))
      .when(spend(1, '60', 'p2'))
      .then(spent('a', 1, '60.00', 'p2')));
  it('is refused beyond the reservation, though the line has money', () =>
    given(...held, spent('a', 1, '30.00', 'p1'))
      .when(spend(2, '30.01', 'p1'))
      .thenRefused('reservation-exceeded', { reserved: '30.00', asked: '30.01' }));
  it('is refused after a release', () =>
    given(...held, released('a', '60.00'))
      .when(spend(1, '1', 'p1'))
      .thenRefused('reservation-released'));
  it('never pays an instalment twice across a release and a new reservation', () =>
    given(...held, spent('a', 1, '30.00', 'p1'), released('a', '30.00'), reserved('a', '60.00'))
      .when(spend(1, '30', 'p2'))
      .thenRefused('instalment-already-spent'));
  it('is refused without a reservation', () =>
    given(opened(), appropriated('100.00'))
      .when(spend(1, '1', 'p1'))
      .thenRefused('no-reservation'));
  it.each([0, -1, 1.5])('is refused for instalment %s', (instalment) =>
    given(...held)
      .when(spend(instalment, '1', 'p1'))
      .thenRefused('invalid-input'),
  );
  it('is refused for nothing', () =>
    given(...held)
      .when(spend(1, '0', 'p1'))
      .thenRefused('amount-not-positive'));
  it('is refused to people', () =>
    given(...held)
      .when(spend(1, '1', 'p1'), finance)
      .thenRefused('role-required'));
});

/** As a program recorded it that did not keep the bank's day. */
function withoutDay(event: BudgetEvent): BudgetEvent {
  const { on: _on, ...data } = event.data as { readonly on?: string };
  return { ...event, data } as BudgetEvent;
}

describe('return spending', () => {
  const paid = [opened(), appropriated('100.00'), reserved('a', '60.00'), spent('a', 1, '30.00', 'p1')];
  const back = (instalment: number, amount: string, payment: string, at = AT_BANK): BudgetCommand => ({
    type: 'return-spending',
    award: 'a',
    instalment,
    amount,
    payment,
    on: at,
  });
  it('holds the money for the award again', () => {
    given(...paid)
      .when(back(1, '30', 'p1'))
      .then(returned('a', 1, '30.00', 'p1'));
    const state = [...paid, returned('a', 1, '30.00', 'p1')].reduce(evolve, initialState);
    expect(figures(state)).toMatchObject({ available: '40.00', reserved: '60.00', spent: '0.00', returnedTurnover: '30.00' });
  });
  it('works on a closed line', () =>
    given(...paid, closed('40.00', next))
      .when(back(1, '30', 'p1'), serviceLater)
      .then(returned('a', 1, '30.00', 'p1')));
  it('is quiet on a repeat, also after the instalment was paid again', () =>
    given(...paid, returned('a', 1, '30.00', 'p1'), spent('a', 1, '30.00', 'p2'))
      .when(back(1, '30', 'p1'))
      .thenNothing());
  it('keeps the day on which the bank sent it back', () =>
    given(...paid)
      .when(back(1, '30', 'p1', '2024-06-30'))
      .then(returned('a', 1, '30.00', 'p1', '2024-06-30')));
  it.each(['2024-06-27', '2024-07-01'])('is refused for %s: before it was paid, or not yet', (at) =>
    given(...paid)
      .when(back(1, '30', 'p1', at))
      .thenInvalid('on'),
  );
  it('is refused for another day than is on record', () =>
    given(...paid, returned('a', 1, '30.00', 'p1'))
      .when(back(1, '30', 'p1', '2024-06-29'))
      .thenRefused('payment-differs', { on: AT_BANK, asked: '2024-06-29' }));
  it('takes back, and knows again, what was recorded before days were kept', () => {
    const old = [...paid.slice(0, -1), ...paid.slice(-1).map(withoutDay)];
    given(...old)
      .when(back(1, '30', 'p1', '2024-06-01'))
      .then(returned('a', 1, '30.00', 'p1', '2024-06-01'));
    given(...old, withoutDay(returned('a', 1, '30.00', 'p1')))
      .when(back(1, '30', 'p1', '2024-06-01'))
      .thenNothing();
  });
  it('is refused in another amount', () =>
    given(...paid)
      .when(back(1, '29', 'p1'))
      .thenRefused('payment-differs', { spent: '30.00', asked: '29.00' }));
  it.each([
    [1, 'p2'],
    [2, 'p1'],
  ])('is refused for what was not paid: instalment %s with %s', (instalment, payment) =>
    given(...paid)
      .when(back(instalment, '30', payment))
      .thenRefused('not-spent'),
  );
  it('is refused without a reservation', () =>
    given(opened())
      .when(back(1, '30', 'p1'))
      .thenRefused('no-reservation'));
  it('is refused to people', () =>
    given(...paid)
      .when(back(1, '30', 'p1'), finance)
      .thenRefused('role-required'));
});

describe('close', () => {
  const close = (extra: object = {}): BudgetCommand => ({ type: 'close', ...extra });
  const toNext = close({ to: next, targetStatus: 'open' });
  const held = [opened(), appropriated('100.00'), reserved('a', '60.00')];
  it('carries the whole balance over', () =>
    given(...held)
      .when(toNext, financeLater)
      .then(closed('40.00', next)));
  it('needs no target when nothing is left', () => given(opened()).when(close(), financeLater).then(closed('0.00')));
  it('carries over what was released since', () =>
    given(...held, closed('40.00', next), released('a', '60.00'))
      .when(toNext, financeLater)
      .then(closed('60.00', next)));
  it('is quiet on a repeat', () =>
    given(...held, closed('40.00', next))
      .when(toNext, financeLater)
      .thenNothing());
  it('is refused before the period has ended', () =>
    given(...held)
      .when(toNext, { ...finance, ...on('2024-12-31') })
      .thenRefused('period-not-over', { until: '2024-12-31', on: '2024-12-31' }));
  it('is closed from the first day after it', () =>
    given(opened())
      .when(close(), { ...finance, ...on('2025-01-01') })
      .then({ type: 'budget-closed', data: { on: '2025-01-01', carriedOver: '0.00' } }));
  it.each(['2025-01-09', '2024-12-31', '2025-01-11'])('is refused for %s, which is not today', (effectiveOn) =>
    given(...held)
      .when(toNext, { ...financeLater, effectiveOn })
      .thenInvalid('effectiveOn'),
  );
  it('is quiet on a repeat that names another day', () =>
    given(...held, closed('40.00', next))
      .when(toNext, { ...financeLater, today: '2025-01-11' })
      .thenNothing());
  it('is refused before the last year of a span has ended', () => {
    given(plan())
      .when(close(), { ...finance, ...on('2025-12-31') })
      .thenRefused('period-not-over');
    given(plan())
      .when(close(), { ...finance, ...on('2026-01-01') })
      .then({ type: 'budget-closed', data: { on: '2026-01-01', carriedOver: '0.00' } });
  });
  it('is refused without a target while money is left', () =>
    given(...held)
      .when(close(), financeLater)
      .thenRefused('carry-over-target-required', { available: '40.00' }));
  it('is refused to a line whose years are over too: it would lift the balance onto a present envelope', () =>
    given(...held)
      .when(close({ to: next, targetStatus: 'open' }), { ...finance, ...on('2026-01-10') })
      .thenRefused('period-over', { until: '2025-12-31' }));
  it('is refused to the line itself', () =>
    given(...held)
      .when(close({ to: line, targetStatus: 'open' }), financeLater)
      .thenRefused('transfer-to-itself'));
  it('is refused to a line of the same period', () =>
    given(...held)
      .when(close({ to: other, targetStatus: 'open' }), financeLater)
      .thenRefused('carry-over-not-later'));
  it('is refused to a line that is not open', () =>
    given(...held)
      .when(close({ to: next, targetStatus: 'closed' }), financeLater)
      .thenRefused('target-line-not-open'));
  it('is refused on a line nobody opened', () => given().when(close(), financeLater).thenRefused('budget-line-unknown'));

  const back: BudgetCommand = { type: 'take-back-transfer', transfer: 'c1', from: next, amount: '40.00', reason: '退回' };
  const cameBack: BudgetEvent = { type: 'budget-transferred-in', data: { transfer: 'c1', from: next, amount: '40.00', reason: '退回' } };
  it('takes a balance back that the next line could not take, and carries it on to another', () => {
    const later = { ...next, period: '2026' };
    given(...held, closed('40.00', next))
      .when(back, serviceLater)
      .then(cameBack);
    given(...held, closed('40.00', next), cameBack)
      .when(close({ to: later, targetStatus: 'open' }), financeLater)
      .then(closed('40.00', later));
  });
  it('takes a balance back once, and no more than it carried over', () => {
    given(...held, closed('40.00', next), cameBack)
      .when(back, serviceLater)
      .thenNothing();
    given(...held, closed('40.00', next), cameBack)
      .when({ ...back, transfer: 'c2' }, serviceLater)
      .thenRefused('transfer-unknown');
    given(...held, closed('40.00', next))
      .when({ ...back, amount: '40.01' }, serviceLater)
      .thenRefused('transfer-unknown');
  });
});

describe('the fold', () => {
  it('stops at what cannot stand where it stands', () => {
    expect(() => evolve(initialState, appropriated('1.00'))).toThrow('never opened');
    expect(() => [opened(), opened()].reduce(evolve, initialState)).toThrow('opened twice');
    expect(() => [opened(), spent('a', 1, '1.00', 'p')].reduce(evolve, initialState)).toThrow('no reservation');
    expect(() => evolve([opened()].reduce(evolve, initialState), { type: 'budget-burnt' } as never)).toThrow('unhandled case');
  });
});
