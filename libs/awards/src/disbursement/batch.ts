import {
  type Decider,
  type DecisionContext,
  type DomainEvent,
  type EventContext,
  type Evidence,
  invalidField,
  Money,
  type PolicyCitation,
  refused,
  requireToday,
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
  /** The fact of the payee's dossier that account was read from; batches of before it was kept have none. */
  readonly accountFact?: string;
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

/** A row of the bank's file: what it says, and where it stands in the file. */
export type ReportedResult = LineResult & { readonly amount: string; readonly row?: number };

export const UNEXPECTED_OUTCOMES = ['accepted', 'not-made'] as const;
/** What came of an unexpected payment: it was made and counts, or it was not made, or came back. */
export type UnexpectedOutcome = (typeof UNEXPECTED_OUTCOMES)[number];

type Event<Type extends string, Data> = DomainEvent<Type, Readonly<Data>>;

/** Everything that can happen to a payment batch (拨付批次). */
export type BatchEvent =
  | Event<'batch-prepared', { title: string; lines: readonly BatchLine[] }>
  | Event<'batch-freeze-started', { payer: string }>
  | Event<'batch-frozen', { dropped: readonly DroppedLine[]; total: string }>
  /** `dropped`: it lost every line when it was frozen, which is why it is cancelled. */
  | Event<'batch-cancelled', { reason: string; dropped?: readonly DroppedLine[] }>
  /** `late`: payments that the bank tells of after their return. There is nothing left to book of them. */
  | Event<'batch-results-recorded', { file: string; sha256: string; results: readonly LineResult[]; late?: readonly LineResult[] }>
  /**
   * What the bank should not have to report: on a batch that had been cancelled after it was frozen (it must have had it
   * all the same), or a payment after the return of the same line. Nothing is booked until somebody has found out.
   */
  | Event<'batch-unexpected-results', { file: string; sha256: string; results: readonly LineResult[] }>
  | Event<'batch-unexpected-resolved', { line: number; outcome: UnexpectedOutcome; result: LineResult; reason: string }>;

/** A payment the bank reports and nobody expects, until it is resolved. */
export interface UnexpectedPayment {
  readonly paid: LineResult;
  /** The bank has reported its return as well. */
  readonly returned?: LineResult;
}

export interface Resolution {
  readonly outcome: UnexpectedOutcome;
  readonly result: LineResult;
  readonly reason: string;
  readonly by: string;
  readonly on: string;
}

export type BatchLineState = BatchLine & {
  readonly status: 'pending' | 'paid' | 'returned' | 'dropped';
  readonly paid?: LineResult;
  readonly returned?: LineResult;
  /** The payment that `returned` sent back, when the bank told of it afterwards only. */
  readonly late?: LineResult;
  readonly dropped?: DroppedLine;
  readonly unexpected?: UnexpectedPayment;
  readonly resolutions?: readonly Resolution[];
  /** Results that count no more since a resolution: told again, they change nothing. */
  readonly past?: readonly LineResult[];
};

export type BatchState =
  | { readonly status: 'none' }
  | {
      readonly status: 'draft' | 'freezing' | 'frozen' | 'cancelled';
      readonly title: string;
      readonly payer?: string;
      readonly frozenOn?: string;
      readonly lines: readonly BatchLineState[];
      readonly cancelledBy?: string;
      readonly cancelReason?: string;
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
      readonly results: readonly ReportedResult[];
    }
  | {
      readonly type: 'resolve-unexpected';
      readonly line: number;
      readonly outcome: UnexpectedOutcome;
      readonly reason: string;
      readonly evidence?: readonly Evidence[];
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
      // A frozen batch is one the bank gets: of nothing there is none.
      if (gone.size === batch.lines.length)
        return [{ type: 'batch-cancelled', data: { reason: '冻结时全部明细均不能拨付', dropped: command.dropped } }];
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
    case 'resolve-unexpected':
      return resolveUnexpected(command, state, context);
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
 * record refuses the whole file, because then a person has to ask the bank. A payment that nobody expects, on a
 * cancelled batch or after the line's return, is recorded and waits for a person to resolve it.
 */
function recordResults(
  { file, sha256, results }: Extract<BatchCommand, { type: 'record-results' }>,
  state: BatchState,
  context: DecisionContext,
): readonly BatchEvent[] {
  const batch = existing(state);
  if (batch.frozenOn === undefined || (batch.status !== 'frozen' && batch.status !== 'cancelled'))
    throw refused('batch-status', `the batch is ${batch.status}; the bank's results belong to a frozen one`);
  const lines = new Map(batch.lines.map((line) => [line.line, line]));
  const taken: Record<Taken, LineResult[]> = { known: [], booked: [], late: [], unexpected: [] };
  results.forEach((reported, index) => {
    const { amount: _amount, row: _row, ...result } = reported;
    const line = requireReportable(batch, lines.get(result.line), reported, index, context);
    if (line === undefined) return;
    const as = judge(line, result, batch.status === 'frozen');
    taken[as].push(result);
    if (as === 'booked') lines.set(line.line, withResult(line, result));
    if (as === 'late') lines.set(line.line, { ...line, late: result });
    if (as === 'unexpected') lines.set(line.line, withUnexpected(line, result));
  });
  const { booked, late, unexpected } = taken;
  return [
    ...(booked.length + late.length > 0
      ? [{ type: 'batch-results-recorded' as const, data: { file, sha256, results: booked, ...(late.length > 0 && { late }) } }]
      : []),
    ...(unexpected.length > 0 ? [{ type: 'batch-unexpected-results' as const, data: { file, sha256, results: unexpected } }] : []),
  ];
}

/**
 * The line a row is about; undefined for one that a cancelled batch had dropped before, of which nothing was ordered.
 * @throws Problem `invalid-input` naming row and column.
 */
function requireReportable(
  { status, frozenOn }: ExistingBatch,
  line: BatchLineState | undefined,
  { row, ...result }: ReportedResult,
  index: number,
  { today }: DecisionContext,
): BatchLineState | undefined {
  // As the parser of the file names them, where there was a file.
  const field = (name: 'line' | 'amount' | 'on') =>
    row === undefined ? `results.${index}.${name}` : `row ${row}.${name === 'on' ? 'date' : name}`;
  if (line?.status === 'dropped' && status === 'cancelled') return undefined;
  if (line === undefined || line.status === 'dropped')
    throw invalidField(field('line'), 'in-batch', `the batch has no line ${result.line}`);
  if (result.amount !== line.amount)
    throw invalidField(field('amount'), 'same-amount', `line ${result.line} is ${line.amount}, not ${result.amount}`);
  if (result.on > today) throw invalidField(field('on'), 'not-in-the-future', `must not be later than today, ${today}`);
  if (frozenOn !== undefined && result.on < frozenOn)
    throw invalidField(field('on'), 'not-before-freeze', `the batch was frozen on ${frozenOn}`);
  return line;
}

type Taken = 'known' | 'booked' | 'late' | 'unexpected';

/** What a result is to a line. @throws Problem `result-contradicts` */
function judge(line: BatchLineState, result: LineResult, isExpected: boolean): Taken {
  const { paid, returned, late, unexpected, past = [] } = line;
  const isSame = (known: LineResult | undefined) =>
    known !== undefined && known.result === result.result && known.on === result.on && known.reference === result.reference;
  if ([paid, returned, late, unexpected?.paid, unexpected?.returned, ...past].some(isSame)) return 'known';
  if (result.result === 'paid') {
    const before = paid ?? late;
    if (unexpected !== undefined) throw contradiction(line, result, unexpected.paid);
    if (before?.reference === result.reference) throw contradiction(line, result, before);
    if (returned === undefined) {
      if (before !== undefined) throw contradiction(line, result, before);
      return isExpected ? 'booked' : 'unexpected';
    }
    // A reference of its own makes it a payment of its own; the return's names the payment that came back.
    if (result.on > returned.on || (result.on === returned.on && result.reference !== returned.reference)) return 'unexpected';
    if (before !== undefined) throw contradiction(line, result, before);
    return 'late';
  }
  if (unexpected !== undefined) {
    if (unexpected.returned !== undefined || result.on < unexpected.paid.on)
      throw contradiction(line, result, unexpected.returned ?? unexpected.paid);
    return 'unexpected';
  }
  if (returned !== undefined) throw contradiction(line, result, returned);
  if (paid !== undefined && paid.on > result.on) throw contradiction(line, result, paid);
  return paid !== undefined || isExpected ? 'booked' : 'unexpected';
}

function contradiction(line: BatchLineState, result: LineResult, recorded: LineResult) {
  return refused(
    'result-contradicts',
    `line ${line.line}: the file says ${result.result} on ${result.on} (${result.reference}), recorded is ${recorded.result} on ${recorded.on} (${recorded.reference}); nothing was changed, ask the bank`,
    { line: line.line, recorded },
  );
}

/** A person has asked the bank what it did, and answers for one line. */
function resolveUnexpected(
  { line: number, outcome, reason, evidence = [] }: Extract<BatchCommand, { type: 'resolve-unexpected' }>,
  state: BatchState,
  { actorId }: DecisionContext,
): readonly BatchEvent[] {
  const batch = existing(state);
  const line = batch.lines.find((each) => each.line === number);
  if (line === undefined) throw invalidField('line', 'in-batch', `the batch has no line ${number}`);
  const { unexpected } = line;
  if (unexpected === undefined) {
    if (line.resolutions?.at(-1)?.outcome === outcome) return [];
    throw refused('nothing-unexpected', `the bank reports no unexpected payment of line ${number} that is not resolved`, { line: number });
  }
  const author = batch.status === 'cancelled' ? batch.cancelledBy : batch.payer;
  if (author === actorId)
    throw refused('duties-not-separated', `${actorId} has ${batch.status} this batch and may not judge what the bank did with it`, {
      actor: actorId,
    });
  if (outcome === 'accepted' && unexpected.returned !== undefined)
    throw refused('result-contradicts', `the bank has reported the return of this payment on ${unexpected.returned.on}`, {
      line: number,
      recorded: unexpected.returned,
    });
  if (outcome === 'not-made' && evidence.length === 0)
    throw invalidField('evidence', 'required', 'name the document in which the bank confirms that it did not pay, or that it was returned');
  const data = { line: number, outcome, result: unexpected.paid, reason };
  return [{ type: 'batch-unexpected-resolved', data, ...(evidence.length > 0 && { evidence }) }];
}

/** The line after a result that is booked. */
export function withResult(line: BatchLineState, result: LineResult): BatchLineState {
  return { ...line, status: result.result, [result.result]: result };
}

function withUnexpected(line: BatchLineState, result: LineResult): BatchLineState {
  if (result.result === 'paid') return { ...line, unexpected: { paid: result } };
  if (line.unexpected !== undefined) return { ...line, unexpected: { ...line.unexpected, returned: result } };
  return { ...line, ...(line.status === 'pending' && { status: 'returned' }), returned: result };
}

function withResolution({ unexpected, paid, returned, late, ...line }: BatchLineState, resolution: Resolution): BatchLineState {
  const { outcome, result } = resolution;
  const resolutions = [...(line.resolutions ?? []), resolution];
  const known = (...some: readonly (LineResult | undefined)[]) => [
    ...(line.past ?? []),
    ...some.filter((each): each is LineResult => each !== undefined),
  ];
  if (outcome === 'accepted') return { ...line, status: 'paid', paid: result, resolutions, past: known(paid, returned, late) };
  const before = { ...(paid && { paid }), ...(returned && { returned }), ...(late && { late }) };
  return { ...line, ...before, resolutions, past: known(unexpected?.paid, unexpected?.returned) };
}

function withDropped<Batch extends ExistingBatch>(batch: Batch, dropped: readonly DroppedLine[]): Batch {
  const reasons = new Map(dropped.map((line) => [line.line, line]));
  const lines = batch.lines.map((line): BatchLineState => {
    const why = reasons.get(line.line);
    return why === undefined ? line : { ...line, status: 'dropped', dropped: why };
  });
  return { ...batch, lines };
}

function withEach<Item extends { readonly line: number }>(
  batch: ExistingBatch,
  items: readonly Item[],
  change: (line: BatchLineState, item: Item) => BatchLineState,
): ExistingBatch {
  const lines = [...batch.lines];
  const places = new Map(lines.map(({ line }, index) => [line, index]));
  for (const item of items) {
    const place = places.get(item.line);
    if (place !== undefined) lines[place] = change(lines[place] as BatchLineState, item);
  }
  return { ...batch, lines };
}

export function evolveBatch(state: BatchState, event: BatchEvent, at: EventContext): BatchState {
  switch (event.type) {
    case 'batch-prepared':
      return { status: 'draft', title: event.data.title, lines: event.data.lines.map((line) => ({ ...line, status: 'pending' })) };
    case 'batch-freeze-started':
      return { ...existing(state), status: 'freezing', payer: event.data.payer };
    case 'batch-frozen':
      return { ...withDropped(existing(state), event.data.dropped), status: 'frozen', frozenOn: at.effectiveOn };
    case 'batch-cancelled': {
      const { reason, dropped = [] } = event.data;
      return { ...withDropped(existing(state), dropped), status: 'cancelled', cancelledBy: at.actorId, cancelReason: reason };
    }
    case 'batch-results-recorded': {
      const { results, late = [] } = event.data;
      const booked = withEach(existing(state), results, withResult);
      return withEach(booked, late, (line, result) => ({ ...line, late: result }));
    }
    case 'batch-unexpected-results':
      return withEach(existing(state), event.data.results, withUnexpected);
    case 'batch-unexpected-resolved': {
      const { line, outcome, result, reason } = event.data;
      const resolution = { outcome, result, reason, by: at.actorId, on: at.effectiveOn };
      return withEach(existing(state), [{ line }], (before) => withResolution(before, resolution));
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
