import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { problemOf } from '../award.fixture.js';
import { type BatchCommand, batchDecider, type BatchState, batchTotal, MAX_BATCH_LINES } from './batch.js';
import { draft, freezing, frozen, line, on, prepare, results, type Row, row, then } from './batch.fixture.js';

const { decide, evolve, initialState } = batchDecider;
const today = on('2024-06-30');
const refusal = (...decision: Parameters<typeof decide>) => problemOf(() => decide(...decision)).code;
const linesOf = (state: BatchState) => (state.status === 'none' ? [] : state.lines);
const statuses = (state: BatchState) => linesOf(state).map(({ status }) => status);

describe('prepare', () => {
  it('lists each payment once', () => {
    expect(decide(prepare(line(1), line(2)), initialState, today)).toEqual([
      { type: 'batch-prepared', data: { title: '第一批', lines: [line(1), line(2)] } },
    ]);
    expect(refusal(prepare(line(1), line(2, '1.00', { award: line(1).award })), initialState, today)).toBe('batch-duplicate');
    expect(decide(prepare(line(1), line(2, '1.00', { award: line(1).award, instalment: 2 })), initialState, today)).toHaveLength(1);
  });
  it('has between one line and the most a batch may have, and happens once', () => {
    const full = Array.from({ length: MAX_BATCH_LINES }, (_, index) => line(index + 1));
    expect(decide(prepare(...full), initialState, today)).toHaveLength(1);
    expect(refusal(prepare(...full, line(MAX_BATCH_LINES + 1)), initialState, today)).toBe('batch-too-long');
    expect(refusal(prepare(), initialState, today)).toBe('batch-empty');
    expect(refusal(prepare(line(1)), draft(line(1)), today)).toBe('batch-exists');
    expect(refusal(prepare(line(1, '9999999999999.99'), line(2, '0.01')), initialState, today)).toBe('money-too-large');
  });
});

describe('freeze', () => {
  it('starts once, by the payer', () => {
    expect(decide({ type: 'start-freeze' }, draft(line(1)), on('2024-05-10', 'payer-9'))).toEqual([
      { type: 'batch-freeze-started', data: { payer: 'payer-9' } },
    ]);
    expect(decide({ type: 'start-freeze' }, freezing(line(1)), today)).toEqual([]);
    expect(decide({ type: 'start-freeze' }, frozen([line(1)]), today)).toEqual([]);
    expect(refusal({ type: 'start-freeze' }, initialState, today)).toBe('batch-unknown');
    expect(refusal({ type: 'start-freeze' }, then(draft(line(1)), { type: 'cancel', reason: '有误' }, today), today)).toBe('batch-status');
  });
  it('ends with the total of what goes to the bank', () => {
    const dropped = [{ line: 2, code: 'award-held', detail: '暂缓' }];
    expect(decide({ type: 'freeze', dropped }, freezing(line(1), line(2), line(3, '0.50')), today)).toEqual([
      { type: 'batch-frozen', data: { dropped, total: '100000.50' } },
    ]);
    expect(decide({ type: 'freeze', dropped }, frozen([line(1), line(2)], 2), today)).toEqual([]);
    expect(refusal({ type: 'freeze', dropped }, draft(line(1)), today)).toBe('batch-status');
    expect(batchTotal(linesOf(frozen([line(1), line(2)], 2))).toString()).toBe('100000.00');
    expect(statuses(frozen([line(1), line(2)], 2))).toEqual(['pending', 'dropped']);
  });
  it('cancels a batch that loses every line, with the reasons; quiet on a repeat', () => {
    const dropped = [1, 2].map((number) => ({ line: number, code: 'instalment-not-due', detail: '已在他批' }));
    const freeze = { type: 'freeze', dropped } as const;
    expect(decide(freeze, freezing(line(1), line(2)), today)).toEqual([
      { type: 'batch-cancelled', data: { reason: expect.stringMatching(/^冻结时/), dropped } },
    ]);
    const empty = then(freezing(line(1), line(2)), freeze, on('2024-05-10', 'ledger'));
    expect(empty).toMatchObject({ status: 'cancelled', cancelledBy: 'ledger', lines: [{ status: 'dropped', dropped: dropped[0] }, {}] });
    expect(decide({ type: 'cancel', reason: '有误' }, empty, today)).toEqual([]);
    expect(refusal(results(row(1, 'paid', '2024-05-12')), empty, today)).toBe('batch-status');
  });
});

describe('cancel', () => {
  const cancel = { type: 'cancel', reason: '有误' } as const;
  it('ends a draft, or a frozen batch the bank has not touched when another person asks; quiet on a repeat', () => {
    expect(decide(cancel, draft(line(1)), on('2024-05-10'))).toEqual([{ type: 'batch-cancelled', data: { reason: '有误' } }]);
    expect(refusal(cancel, frozen([line(1)]), on('2024-05-11', 'payer-1'))).toBe('duties-not-separated');
    expect(decide(cancel, frozen([line(1)]), on('2024-05-11', 'payer-2'))).toHaveLength(1);
    expect(decide(cancel, then(draft(line(1)), cancel, today), today)).toEqual([]);
  });
  it('is refused while freezing and once the bank has answered', () => {
    expect(refusal(cancel, freezing(line(1)), on('2024-05-11', 'payer-2'))).toBe('batch-status');
    for (const result of ['paid', 'returned'] as const) {
      const answered = then(frozen([line(1), line(2)]), results(row(2, result, '2024-05-12')), today);
      expect(refusal(cancel, answered, on('2024-05-13', 'payer-2'))).toBe('batch-settled');
    }
    expect(refusal(cancel, initialState, today)).toBe('batch-unknown');
  });
});

describe('the results of the bank', () => {
  const two = frozen([line(1), line(2), line(3)], 3);
  it('are recorded where they are new', () => {
    const [event] = decide(results(row(1, 'paid', '2024-05-12'), row(2, 'returned', '2024-05-13')), two, today);
    expect(event).toEqual({
      type: 'batch-results-recorded',
      data: {
        file: '回单.csv',
        sha256: 'f'.repeat(64),
        results: [
          { line: 1, result: 'paid', on: '2024-05-12', reference: 'paid-1', reason: '' },
          { line: 2, result: 'returned', on: '2024-05-13', reference: 'returned-2', reason: '账号不符' },
        ],
      },
    });
    const recorded = then(two, results(row(1, 'paid', '2024-05-12')), today);
    expect(decide(results(row(1, 'paid', '2024-05-12')), recorded, today)).toEqual([]);
    expect(decide(results(row(1, 'paid', '2024-05-12'), row(2, 'paid', '2024-05-12')), recorded, today)).toMatchObject([
      { data: { results: [{ line: 2 }] } },
    ]);
    expect(decide(results(row(1, 'paid', '2024-05-12'), row(1, 'paid', '2024-05-12')), two, today)).toMatchObject([
      { data: { results: [{ line: 1 }] } },
    ]);
  });
  it('may turn a payment into a return, never a return into a payment', () => {
    const returned = then(then(two, results(row(1, 'paid', '2024-05-12')), today), results(row(1, 'returned', '2024-05-14')), today);
    expect(statuses(returned)).toEqual(['returned', 'pending', 'dropped']);
    expect(decide(results(row(1, 'paid', '2024-05-12')), returned, today)).toEqual([]);
  });
  it('keep a payment told after its return, of which there is nothing left to book', () => {
    const returned = then(two, results(row(1, 'returned', '2024-05-14')), today);
    // Of the same day, it is the payment that came back when it bears the reference of the return.
    for (const late of [row(1, 'paid', '2024-05-12'), row(1, 'paid', '2024-05-14', { reference: 'returned-1' })]) {
      const { amount: _, ...told } = late;
      expect(decide(results(late), returned, today)).toMatchObject([
        { type: 'batch-results-recorded', data: { results: [], late: [told] } },
      ]);
      const known = then(returned, results(late), today);
      expect(statuses(known)).toEqual(['returned', 'pending', 'dropped']);
      expect(decide(results(late), known, today)).toEqual([]);
      expect(refusal(results(row(1, 'paid', '2024-05-11', { reference: 'other' })), known, today)).toBe('result-contradicts');
    }
  });
  it.each(['2024-05-14', '2024-05-15'])('never drop another payment after the return: on %s', (day) => {
    const returned = then(two, results(row(1, 'paid', '2024-05-12'), row(1, 'returned', '2024-05-14')), today);
    const again = results(row(1, 'paid', day, { reference: 'again-1' }), row(2, 'paid', day));
    expect(decide(again, returned, today)).toMatchObject([
      { type: 'batch-results-recorded', data: { results: [{ line: 2 }] } },
      { type: 'batch-unexpected-results', data: { results: [{ line: 1, reference: 'again-1', on: day }] } },
    ]);
    const told = then(returned, again, today);
    expect(statuses(told)).toEqual(['returned', 'paid', 'dropped']);
    expect(linesOf(told)[0]?.unexpected?.paid.reference).toBe('again-1');
    expect(decide(again, told, today)).toEqual([]);
    expect(refusal(results(row(1, 'paid', day, { reference: 'third-1' })), told, today)).toBe('result-contradicts');
  });
  it.each([
    ['another day for a payment', [row(1, 'paid', '2024-05-12')], row(1, 'paid', '2024-05-13')],
    ['another reference for a payment', [row(1, 'paid', '2024-05-12')], row(1, 'paid', '2024-05-12', { reference: 'other' })],
    ['another day for a return', [row(1, 'returned', '2024-05-12')], row(1, 'returned', '2024-05-13')],
    ['the same payment on a day after its return', [row(1, 'paid', '2024-05-12')], row(1, 'paid', '2024-05-14')],
    ['a return before the payment', [row(1, 'paid', '2024-05-13')], row(1, 'returned', '2024-05-12')],
  ] as const)('refuse the whole file for %s', (_, known, contradiction) => {
    const recorded = then(two, results(...known), today);
    const problem = problemOf(() => decide(results(row(2, 'paid', '2024-05-12'), contradiction), recorded, today));
    expect(problem).toMatchObject({ code: 'result-contradicts', extra: { line: 1, recorded: { on: known[0].on } } });
    expect(refusal(results(...known, contradiction), two, today)).toBe('result-contradicts');
  });
  it.each([
    ['a line the batch has not', row(9, 'paid', '2024-05-12'), 'results.1.line'],
    ['a dropped line', row(3, 'paid', '2024-05-12'), 'results.1.line'],
    ['another amount', row(2, 'paid', '2024-05-12', { amount: '100000.01' }), 'results.1.amount'],
    ['a day to come', row(2, 'paid', '2024-07-01'), 'results.1.on'],
    ['a day before the freeze', row(2, 'paid', '2024-05-09'), 'results.1.on'],
  ] as const)('refuse the whole file for %s, naming the field', (_, bad, field) => {
    const problem = problemOf(() => decide(results(row(1, 'paid', '2024-05-12'), bad), two, today));
    expect(problem.code).toBe('invalid-input');
    expect(problem.errors.map((error) => error.field)).toEqual([field]);
    const read = results({ ...row(1, 'paid', '2024-05-12'), row: 2 }, { ...bad, row: 3 });
    const named = { 'results.1.on': 'row 3.date' }[field as string] ?? field.replace('results.1', 'row 3');
    expect(problemOf(() => decide(read, two, today)).errors.map((error) => error.field)).toEqual([named]);
  });
  it('may be of the day of the freeze and of today', () => {
    expect(decide(results(row(1, 'paid', '2024-05-10'), row(2, 'paid', '2024-06-30')), two, today)).toHaveLength(1);
  });
  it.each([
    ['none', initialState, 'batch-unknown'],
    ['draft', draft(line(1)), 'batch-status'],
    ['freezing', freezing(line(1)), 'batch-status'],
    ['cancelled', then(draft(line(1)), { type: 'cancel', reason: '有误' }, today), 'batch-status'],
  ] as const)('do not belong to a batch that is %s', (_, state, code) => {
    expect(refusal(results(row(1, 'paid', '2024-05-12')), state, today)).toBe(code);
  });
});

describe('results of a batch that was cancelled after it was frozen', () => {
  const cancel = { type: 'cancel', reason: '银行未收到' } as const;
  const cancelled = then(frozen([line(1), line(2), line(3)], 3), cancel, on('2024-05-11', 'payer-2'));
  const file = results(row(1, 'paid', '2024-05-12'));
  const known = then(cancelled, file, today);
  const paper = [{ title: '银行查询回复' }];
  const resolve = (outcome: 'accepted' | 'not-made', evidence = outcome === 'not-made' ? paper : []): BatchCommand => ({
    type: 'resolve-unexpected',
    line: 1,
    outcome,
    reason: '经银行查询',
    evidence,
  });
  const asked = on('2024-06-30', 'payer-1');

  it('are kept word for word, once', () => {
    expect(decide(file, cancelled, today)).toMatchObject([
      {
        type: 'batch-unexpected-results',
        data: { file: '回单.csv', results: [{ line: 1, result: 'paid', reference: 'paid-1' }] },
      },
    ]);
    expect(decide(file, known, today)).toEqual([]);
    expect(statuses(known)).toEqual(statuses(cancelled));
  });
  it.each([
    ['a line the batch never had', row(9, 'paid', '2024-05-12'), 'results.0.line'],
    ['another amount', row(1, 'paid', '2024-05-12', { amount: '1.00' }), 'results.0.amount'],
    ['a day to come', row(1, 'paid', '2024-07-01'), 'results.0.on'],
    ['a day before the freeze', row(1, 'paid', '2024-05-09'), 'results.0.on'],
  ] as const)('are refused for %s', (_, bad, field) => {
    expect(problemOf(() => decide(results(bad), cancelled, today)).errors.map((error) => error.field)).toEqual([field]);
  });
  it('leave out lines that had been dropped', () => {
    expect(decide(results(row(3, 'paid', '2024-05-12')), cancelled, today)).toEqual([]);
  });
  it('are accepted by another person than the one who cancelled; quiet on a repeat', () => {
    const [event] = decide(resolve('accepted'), known, asked);
    expect(event).toMatchObject({
      type: 'batch-unexpected-resolved',
      data: { line: 1, outcome: 'accepted', result: { reference: 'paid-1' }, reason: '经银行查询' },
    });
    expect(refusal(resolve('accepted'), known, on('2024-06-30', 'payer-2'))).toBe('duties-not-separated');
    const accepted = then(known, resolve('accepted'), asked);
    expect(statuses(accepted)).toEqual(['paid', 'pending', 'dropped']);
    expect(decide(resolve('accepted'), accepted, asked)).toEqual([]);
    expect(refusal(resolve('not-made'), accepted, asked)).toBe('nothing-unexpected');
    expect(decide(file, accepted, today)).toEqual([]);
    expect(decide(results(row(1, 'returned', '2024-05-14')), accepted, today)).toMatchObject([{ type: 'batch-results-recorded' }]);
  });
  it('are not made only on a document of the bank; told again, they change nothing', () => {
    expect(problemOf(() => decide(resolve('not-made', []), known, asked)).errors).toMatchObject([{ field: 'evidence' }]);
    expect(decide(resolve('not-made'), known, asked)).toMatchObject([{ evidence: paper }]);
    const dismissed = then(known, resolve('not-made'), asked);
    expect(statuses(dismissed)).toEqual(['pending', 'pending', 'dropped']);
    expect(decide(file, dismissed, today)).toEqual([]);
    const another = results(row(1, 'paid', '2024-05-13', { reference: 'paid-1b' }));
    expect(decide(another, dismissed, today)).toMatchObject([{ type: 'batch-unexpected-results' }]);
  });
  it('are not accepted once the bank has told of the return as well, whoever told of it first', () => {
    const back = then(known, results(row(1, 'returned', '2024-05-14')), today);
    expect(refusal(resolve('accepted'), back, asked)).toBe('result-contradicts');
    expect(decide(resolve('not-made'), back, asked)).toHaveLength(1);
    expect(refusal(results(row(1, 'returned', '2024-05-11')), known, today)).toBe('result-contradicts');
    const returnedFirst = then(cancelled, results(row(1, 'returned', '2024-05-14')), today);
    expect(decide(file, returnedFirst, today)).toMatchObject([
      { type: 'batch-results-recorded', data: { results: [], late: [{ line: 1 }] } },
    ]);
  });
  it('are resolved only where there are any, on a line the batch has', () => {
    expect(refusal(resolve('accepted'), cancelled, asked)).toBe('nothing-unexpected');
    expect(refusal({ ...resolve('accepted'), line: 9 } as BatchCommand, known, asked)).toBe('invalid-input');
    expect(refusal(resolve('accepted'), initialState, asked)).toBe('batch-unknown');
  });
  it('of a payment after the return of a frozen batch are judged by another than the one who froze it, and may come back again', () => {
    const returned = then(frozen([line(1)]), results(row(1, 'returned', '2024-05-14', { reference: 'back-1' })), today);
    const told = then(returned, results(row(1, 'paid', '2024-05-14', { reference: 'again-1' })), today);
    expect(refusal(resolve('accepted'), told, on('2024-06-30', 'payer-1'))).toBe('duties-not-separated');
    const accepted = then(told, resolve('accepted'), on('2024-06-30', 'payer-2'));
    expect(linesOf(accepted)[0]).toMatchObject({ status: 'paid', paid: { reference: 'again-1' }, past: [{ reference: 'back-1' }] });
    // The old return, told again, is not the return of the new payment.
    expect(decide(results(row(1, 'returned', '2024-05-14', { reference: 'back-1' })), accepted, today)).toEqual([]);
    expect(statuses(then(accepted, results(row(1, 'returned', '2024-05-15', { reference: 'back-2' })), today))).toEqual(['returned']);
  });
});

describe('results as a join', () => {
  const numbers = [1, 2, 3, 4];
  const start = frozen(numbers.map((number) => line(number)));
  /** What the bank truly did: nothing yet, paid, returned, or paid and later returned; told in any order, any number of times. */
  const told = fc.tuple(...numbers.map(() => fc.constantFrom('nothing', 'paid', 'returned', 'both'))).chain((truth) => {
    const rows = truth.flatMap((what, index) => {
      const paidRow = row(index + 1, 'paid', '2024-05-12');
      const returnedRow = row(index + 1, 'returned', '2024-05-14');
      return what === 'nothing' ? [] : what === 'paid' ? [paidRow] : what === 'returned' ? [returnedRow] : [paidRow, returnedRow];
    });
    const repeated = fc.shuffledSubarray([...rows, ...rows, ...rows], { minLength: 0 }).map((some) => [...some, ...rows]);
    const shuffled = repeated.chain((all) => fc.shuffledSubarray(all, { minLength: all.length }));
    const files = shuffled.chain((all) => fc.array(fc.nat(all.length), { maxLength: 5 }).map((cuts) => cut(all, cuts)));
    return fc.record({ truth: fc.constant(truth), one: files, other: files });
  });
  function cut(rows: readonly Row[], at: readonly number[]): readonly (readonly Row[])[] {
    const edges = [0, ...[...at].sort((a, b) => a - b), rows.length];
    return edges.slice(1).map((edge, index) => rows.slice(edges[index], edge));
  }
  const take = (files: readonly (readonly Row[])[]) => files.reduce((state, rows) => then(state, results(...rows), today), start);
  /** What counts of a line: how it stands, and for a return which one. */
  const standing = (state: BatchState) => linesOf(state).map(({ status, returned }) => ({ status, returned: returned?.reference }));

  it('gives the same standing for any order and repetition of what the bank truly did', () => {
    fc.assert(
      fc.property(told, ({ truth, one, other }) => {
        const expected = truth.map((what, index) =>
          what === 'nothing'
            ? { status: 'pending', returned: undefined }
            : what === 'paid'
              ? { status: 'paid', returned: undefined }
              : { status: 'returned', returned: `returned-${index + 1}` },
        );
        expect(standing(take(one))).toEqual(expected);
        expect(standing(take(other))).toEqual(expected);
      }),
    );
  });
  it('adds nothing once everything is known', () => {
    fc.assert(
      fc.property(told, ({ one, other }) => {
        const known = take(one);
        for (const rows of other) expect(decide(results(...rows), known, today)).toEqual([]);
      }),
    );
  });
});

describe('evolve', () => {
  it('leaves the state it starts from untouched', () => {
    const state = frozen([line(1)]);
    const before = JSON.stringify(state);
    then(state, results(row(1, 'paid', '2024-05-12')), today);
    expect(JSON.stringify(state)).toBe(before);
  });
  it('stops at an event without a batch and at one it does not know', () => {
    expect(() => evolve(initialState, { type: 'batch-cancelled', data: { reason: 'x' } }, today)).toThrow('no such payment batch');
    expect(() => evolve(initialState, { type: 'no-such' } as never, today)).toThrow('unhandled case');
    expect(() => decide({ type: 'no-such' } as never, initialState, today)).toThrow('unhandled case');
  });
});
