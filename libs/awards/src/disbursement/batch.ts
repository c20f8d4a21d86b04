import { requireToday } from '../award-rules.js';
import {
  type Decider,
  type DecisionContext,
  type DomainEvent,
  type EventContext,
  invalidField,
  Money,
  type PolicyCitation,
  refused,
  unreachable,
} from '@app/kernel';

/** One payment of a batch: who is paid, how much, where to, and on what ground. */
export interface BatchLine {
  /** Number in the batch, from 1; with the batch it names the payment for ever. */
  readonly line: number;
  readonly award: string;
  readonly instalment: number;
  readonly amount: string;
  readonly payee: string;
  readonly payeeName: string;
  /** Where the money goes: the account reference on record for the payee when the batch was prepared. */
  readonly account: string;
  readonly documentNo: string;
  readonly policy: PolicyCitation;
}

export interface DroppedLine {
  readonly line: number;
  readonly code: string;
  /** Why, shortened; the award has the whole of it. */
  readonly detail: string;
}

/** What the bank says of one line. */
export interface LineResult {
  readonly line: number;
  readonly result: 'paid' | 'returned';
  readonly on: string;
  readonly reference: string;
  readonly reason: string;
}

type Event<Type extends string, Data> = DomainEvent<Type, Readonly<Data>>;

/** Everything that can happen to a payment batch (拨付批次). */
export type BatchEvent =
  | Event<'batch-prepared', { title: string; lines: readonly BatchLine[] }>
  | Event<'batch-freeze-started', { payer: string }>
  | Event<'batch-frozen', { dropped: readonly DroppedLine[]; total: string }>
  | Event<'batch-cancelled', { reason: string }>
  | Event<'batch-results-recorded', { file: string; sha256: string; results: readonly LineResult[] }>
  /** The bank reports on a batch that had been cancelled after it was frozen: it must have had it all the same. */
  | Event<'batch-unexpected-results', { file: string; sha256: string; results: readonly LineResult[] }>;

export type BatchLineState = BatchLine & {
  readonly status: 'pending' | 'paid' | 'returned' | 'dropped';
  readonly paid?: LineResult;
  readonly returned?: LineResult;
  readonly dropped?: DroppedLine;
};

export type BatchState =
  | { readonly status: 'none' }
  | {
      readonly status: 'draft' | 'freezing' | 'frozen' | 'cancelled';
      readonly title: string;
      readonly payer?: string;
      readonly frozenOn?: string;
      readonly lines: readonly BatchLineState[];
      /** Hashes of the bank's files that came for it after it was cancelled. */
      readonly unexpected?: readonly string[];
    };

/** A batch at least drafted. */
export type ExistingBatch = Exclude<BatchState, { status: 'none' }>;

/** A batch is one event: 1 000 lines of ordinary length take up about half of what one append may hold. */
export const MAX_BATCH_LINES = 1_000;
/** What the lines of a batch may take up as JSON, when names and accounts are longer than ordinary ones. */
export const MAX_BATCH_BYTES = 900_000;

const LONGEST_DETAIL = 120;

/** A reason as a batch bears it, of which there may be one for every line: people write up to 2 000 characters. */
export function shortened(detail: string): string {
  const characters = [...detail];
  return characters.length <= LONGEST_DETAIL ? detail : `${characters.slice(0, LONGEST_DETAIL - 1).join('')}…`;
}

/** One spelling, so that two batches cannot differ by the case of a letter. */
export const BATCH_ID = /^[A-Z0-9][A-Z0-9-]{0,39}$/;

export type BatchCommand =
  | { readonly type: 'prepare'; readonly title: string; readonly lines: readonly BatchLine[] }
  | { readonly type: 'start-freeze' }
  | { readonly type: 'freeze'; readonly dropped: readonly DroppedLine[] }
  | { readonly type: 'cancel'; readonly reason: string }
  | {
      readonly type: 'record-results';
      readonly file: string;
      readonly sha256: string;
      readonly results: readonly (LineResult & { readonly amount: string })[];
    };

export function batchStream(batch: string): string {
  return `batch-${batch}`;
}

function existing(state: BatchState): ExistingBatch {
  if (state.status === 'none') throw refused('batch-unknown', 'there is no such payment batch');
  return state;
}

/** Sum of the lines that go to the bank. */
export function batchTotal(lines: readonly Pick<BatchLineState, 'amount' | 'status'>[]): Money {
  return Money.sum(lines.filter(({ status }) => status !== 'dropped').map(({ amount }) => Money.parse(amount)));
}

/** Decides every command on a batch. @throws Problem with a stable code. */
export function decideBatch(command: BatchCommand, state: BatchState, context: DecisionContext): readonly BatchEvent[] {
  requireToday(context);
  switch (command.type) {
    case 'prepare':
      return prepare(command, state);
    case 'start-freeze': {
      const batch = existing(state);
      if (batch.status === 'freezing' || batch.status === 'frozen') return [];
      if (batch.status !== 'draft') throw refused('batch-status', `the batch is ${batch.status}; only a draft is frozen`);
      return [{ type: 'batch-freeze-started', data: { payer: context.actorId } }];
    }
    case 'freeze': {
      const batch = existing(state);
      if (batch.status === 'frozen') return [];
      if (batch.status !== 'freezing') throw refused('batch-status', `the batch is ${batch.status}`);
      const gone = new Set(command.dropped.map(({ line }) => line));
      const total = batchTotal(batch.lines.map(({ amount, line }) => ({ amount, status: gone.has(line) ? 'dropped' : 'pending' })));
      return [{ type: 'batch-frozen', data: { dropped: command.dropped, total: total.toString() } }];
    }
    case 'cancel': {
      const batch = existing(state);
      if (batch.status === 'cancelled') return [];
      if (batch.status === 'freezing') throw refused('batch-status', 'the batch is being frozen; try again in a moment');
      const settled = batch.lines.filter(({ status }) => status === 'paid' || status === 'returned').map(({ line }) => line);
      if (batch.status === 'frozen' && batch.payer === context.actorId) {
        throw refused(
          'duties-not-separated',
          'a frozen batch is cancelled by another person than the one who froze it, once it is certain that the bank has not got it',
        );
      }
      if (settled.length > 0)
        throw refused('batch-settled', `the bank has already dealt with lines ${settled.join(', ')}: a batch in work cannot be cancelled`);
      return [{ type: 'batch-cancelled', data: { reason: command.reason } }];
    }
    case 'record-results':
      return recordResults(command, state, context);
    default:
      return unreachable(command);
  }
}

function prepare({ title, lines }: Extract<BatchCommand, { type: 'prepare' }>, state: BatchState): readonly BatchEvent[] {
  if (state.status !== 'none') throw refused('batch-exists', 'a batch of this number exists already');
  if (lines.length === 0) throw refused('batch-empty', 'nothing that is due matches: a batch has at least one line');
  if (lines.length > MAX_BATCH_LINES) throw refused('batch-too-long', `a batch has at most ${MAX_BATCH_LINES} lines`);
  const seen = new Set<string>();
  for (const { award, instalment } of lines) {
    const payment = `${award}/${instalment}`;
    if (seen.has(payment)) throw refused('batch-duplicate', `instalment ${instalment} of ${award} is listed twice`);
    seen.add(payment);
  }
  // Refused now if it cannot be added up: the freeze must not fail on it later.
  batchTotal(lines.map(({ amount }) => ({ amount, status: 'pending' })));
  return [{ type: 'batch-prepared', data: { title, lines } }];
}

/**
 * Takes in the bank's results. For one line the bank may say `paid`, `returned`, or first one and later the other
 * (退票); files may come late, twice or in the wrong order. Only what is new changes anything; what contradicts the
 * record refuses the whole file, because then a person has to ask the bank.
 */
function recordResults(
  { file, sha256, results }: Extract<BatchCommand, { type: 'record-results' }>,
  state: BatchState,
  context: DecisionContext,
): readonly BatchEvent[] {
  const batch = existing(state);
  if (batch.status === 'cancelled' && batch.frozenOn !== undefined) return unexpectedResults({ file, sha256, results }, batch);
  if (batch.status !== 'frozen') throw refused('batch-status', `the batch is ${batch.status}; the bank's results belong to a frozen one`);
  const lines = new Map(batch.lines.map((line) => [line.line, line]));
  const fresh: LineResult[] = [];
  results.forEach(({ amount, ...result }, index) => {
    const line = lines.get(result.line);
    const field = `results.${index}`;
    if (line === undefined || line.status === 'dropped')
      throw invalidField(`${field}.line`, 'in-batch', `the batch has no line ${result.line}`);
    if (amount !== line.amount)
      throw invalidField(`${field}.amount`, 'same-amount', `line ${result.line} is ${line.amount}, not ${amount}`);
    if (result.on > context.today) throw invalidField(`${field}.on`, 'not-in-the-future', `must not be later than today, ${context.today}`);
    if (batch.frozenOn !== undefined && result.on < batch.frozenOn)
      throw invalidField(`${field}.on`, 'not-before-freeze', `the batch was frozen on ${batch.frozenOn}`);
    contradiction(line, result);
    const next = withResult(line, result);
    if (next !== line) fresh.push(result);
    lines.set(result.line, next);
  });
  return fresh.length === 0 ? [] : [{ type: 'batch-results-recorded', data: { file, sha256, results: fresh } }];
}

/** Kept word for word, once a file: the payments process then holds the awards, and people have to find out what the bank did. */
function unexpectedResults(
  { file, sha256, results }: Omit<Extract<BatchCommand, { type: 'record-results' }>, 'type'>,
  batch: ExistingBatch,
): readonly BatchEvent[] {
  if (batch.unexpected?.includes(sha256) === true) return [];
  const known = new Set(batch.lines.map(({ line }) => line));
  const unknown = results.find(({ line }) => !known.has(line));
  if (unknown !== undefined) throw invalidField('results', 'in-batch', `the batch has no line ${unknown.line}`);
  return [{ type: 'batch-unexpected-results', data: { file, sha256, results: results.map(({ amount: _, ...result }) => result) } }];
}

function contradiction(line: BatchLineState, result: LineResult): void {
  const known = line[result.result];
  const differs = known !== undefined && (known.on !== result.on || known.reference !== result.reference);
  const paid = result.result === 'paid' ? result : line.paid;
  const returned = result.result === 'returned' ? result : line.returned;
  const paidAfterReturn = paid !== undefined && returned !== undefined && paid.on > returned.on;
  if (differs || paidAfterReturn) {
    throw refused(
      'result-contradicts',
      `line ${line.line}: the file says ${result.result} on ${result.on} (${result.reference}), recorded is ${line.status}; nothing was changed, ask the bank`,
      {
        line: line.line,
        recorded: known ?? line.paid ?? line.returned,
      },
    );
  }
}

/** The same line when the result adds nothing: it is known, or a `paid` that a later return has overtaken. */
function withResult(line: BatchLineState, result: LineResult): BatchLineState {
  if (line[result.result] !== undefined || line.returned !== undefined) return line;
  return { ...line, status: result.result, [result.result]: result };
}

export function evolveBatch(state: BatchState, event: BatchEvent, at: EventContext): BatchState {
  switch (event.type) {
    case 'batch-prepared':
      return { status: 'draft', title: event.data.title, lines: event.data.lines.map((line) => ({ ...line, status: 'pending' })) };
    case 'batch-freeze-started':
      return { ...existing(state), status: 'freezing', payer: event.data.payer };
    case 'batch-frozen': {
      const dropped = new Map(event.data.dropped.map((line) => [line.line, line]));
      const lines = existing(state).lines.map((line): BatchLineState => {
        const why = dropped.get(line.line);
        return why === undefined ? line : { ...line, status: 'dropped', dropped: why };
      });
      return { ...existing(state), status: 'frozen', frozenOn: at.effectiveOn, lines };
    }
    case 'batch-cancelled':
      return { ...existing(state), status: 'cancelled' };
    case 'batch-results-recorded': {
      const lines = [...existing(state).lines];
      for (const result of event.data.results) {
        const index = lines.findIndex(({ line }) => line === result.line);
        lines[index] = withResult(lines[index] as BatchLineState, result);
      }
      return { ...existing(state), lines };
    }
    case 'batch-unexpected-results': {
      const batch = existing(state);
      return { ...batch, unexpected: [...(batch.unexpected ?? []), event.data.sha256] };
    }
    default:
      return unreachable(event);
  }
}

export const batchDecider: Decider<BatchCommand, BatchEvent, BatchState> = {
  initialState: { status: 'none' },
  decide: decideBatch,
  evolve: evolveBatch,
};
