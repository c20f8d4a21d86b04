import { type DecisionContext, type EventContext, type Evidence, type PolicyCitation, Problem, withCheckCharacter } from '@app/kernel';
import type { Assessment, Outcome } from '@app/policies';
import {
  type AssessmentRecord,
  type AwardEvent,
  type AwardState,
  evolveAward,
  type GrantedState,
  initialAward,
  isGranted,
  type Occasion,
  type UsedInput,
} from './award.js';
import { type AwardCommand, decideAward } from './decide.js';

/** A fictional enterprise. */
export const PAYEE = withCheckCharacter('91360700MA35QWERT');
export const once: Occasion = { kind: 'once', key: 'once', reference: 'once' };
export const policy: PolicyCitation = { pack: 'test-2024', version: 1, clause: 'T1', hash: 'a'.repeat(64) };
export const budget = { pack: 'test-2024', line: 'awards', period: '2024' };
export const paper: readonly Evidence[] = [{ title: '佐证材料', documentNo: '虚构〔2024〕1号' }];

/** The four people an award needs, and the ledger itself. */
export const clerk = 'clerk-1';
export const reviewer = 'reviewer-1';
export const approver = 'approver-1';
export const payer = 'payer-1';

export function by(actorId: string, on = '2024-05-01', today = on): DecisionContext {
  return { actorId, roles: [], effectiveOn: on, today };
}

export const verified: UsedInput = { input: 'enterprise.sme', value: true, verified: true, source: { factId: 'F1' } };
export const unverified: UsedInput = { ...verified, input: 'rd.expenditure', value: '1000000.00', verified: false };

export function record(
  outcome: Outcome,
  { used = [verified], ...more }: Partial<AssessmentRecord> & { readonly simulated?: true } = {},
): AssessmentRecord {
  const { simulated, ...rest } = more;
  const assessment: Assessment = {
    ...outcome,
    pack: policy.pack,
    clause: policy.clause,
    on: '2024-05-01',
    trace: [],
    ...(simulated && { simulated }),
  };
  const facts = Object.fromEntries(used.map(({ input, value }) => [input, value]));
  return { version: policy.version, packHash: policy.hash, on: '2024-05-01', facts, used, assessment, ...rest };
}

/** 20万, at once. */
export const oneOff = record({ outcome: 'payable', amount: '200000.00' });
/** 10万 and, once the project is accepted, another 10万. */
export const staged = record({
  outcome: 'payable',
  amount: '200000.00',
  instalments: [
    { no: 1, amount: '100000.00', status: 'met' },
    { no: 2, amount: '100000.00', status: 'pending', needs: ['project.accepted'] },
  ],
});
/** Up to 100万, as an officer sees fit. */
export const discretionary = record({ outcome: 'discretionary', ceiling: '1000000.00' });

export const apply: AwardCommand = {
  type: 'apply',
  pack: policy.pack,
  clause: policy.clause,
  payee: PAYEE,
  payeeName: '赣州甲科技有限公司',
  occasion: once,
  listings: [],
  policy,
};
export const assess = (what: AssessmentRecord = oneOff): AwardCommand => ({ type: 'assess', record: what, policy });
export const recommend: AwardCommand = { type: 'review', recommended: true };
export const publicise: AwardCommand = { type: 'publicise', from: '2024-05-01', days: 5, minimumDays: 5 };
export const startGrant = (grant = 'g1', more: Partial<Extract<AwardCommand, { type: 'start-grant' }>> = {}): AwardCommand => ({
  type: 'start-grant',
  grant,
  budget,
  documentNo: '虚构财〔2024〕3号',
  listings: [],
  clearances: [],
  policy,
  ...more,
});
export const completeGrant = (grant = 'g1'): AwardCommand => ({ type: 'complete-grant', grant });
export const unlock = (no: number, more: Partial<Extract<AwardCommand, { type: 'unlock' }>> = {}): AwardCommand => ({
  type: 'unlock',
  no,
  facts: { 'project.accepted': true },
  used: [{ ...verified, input: 'project.accepted' }],
  met: true,
  needs: [],
  policy,
  ...more,
});
export const order = (no = 1, batch = 'B1', line = no, by_ = payer): AwardCommand => ({
  type: 'order',
  no,
  batch,
  line,
  payer: by_,
  listings: [],
});
export const settle = (result: 'paid' | 'returned', no = 1, batch = 'B1', line = no): AwardCommand => ({
  type: 'settle',
  no,
  batch,
  line,
  result,
  on: '2024-05-20',
  reference: `${batch}-${line}-${result}`,
  reason: result === 'returned' ? '账号不符' : '',
});
export const demand = (principal: string, more: Partial<Extract<AwardCommand, { type: 'demand-clawback' }>> = {}): AwardCommand => ({
  type: 'demand-clawback',
  cause: 'condition-broken',
  principal,
  dueOn: '2024-12-31',
  reason: '企业迁出',
  ...more,
});
export const receive = (amount: string, reference: string, clawback = 1): AwardCommand => ({
  type: 'receive-clawback',
  clawback,
  amount,
  on: '2024-05-01',
  reference,
});
export const writeOff = (amount: string, reason = '破产终结', clawback = 1): AwardCommand => ({
  type: 'write-off-clawback',
  clawback,
  amount,
  reason,
});

export interface Past {
  readonly event: AwardEvent;
  readonly at: EventContext;
}

/** An award under construction: what has been decided so far, and the state it folds to. */
export class Life {
  private constructor(
    readonly past: readonly Past[],
    readonly state: AwardState,
  ) {}

  static readonly none = new Life([], initialAward);

  /** Decides a command and keeps what follows. */
  do(command: AwardCommand, context: DecisionContext): Life {
    return decideAward(command, this.state, context).reduce<Life>((life, event) => life.with(event, context), this);
  }

  with(event: AwardEvent, at: EventContext): Life {
    return new Life([...this.past, { event, at }], evolveAward(this.state, event, at));
  }

  /** The events a command would cause. */
  when(command: AwardCommand, context: DecisionContext): readonly AwardEvent[] {
    return decideAward(command, this.state, context);
  }

  /** The code with which a command is refused. */
  refusal(command: AwardCommand, context: DecisionContext): string {
    return problemOf(() => this.when(command, context)).code;
  }

  get granted(): GrantedState {
    if (!isGranted(this.state)) throw new Error(`the award is ${this.state.status}`);
    return this.state;
  }
}

export function problemOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('was not refused');
}

export const applied = Life.none.do(apply, by(clerk));
export const assessed = (what: AssessmentRecord = oneOff) => applied.do(assess(what), by(clerk));
export const reviewed = (what: AssessmentRecord = oneOff, review: AwardCommand = recommend) => assessed(what).do(review, by(reviewer));
/** The notice runs from 1 to 5 May 2024. */
export const publicised = (what?: AssessmentRecord, review?: AwardCommand) => reviewed(what, review).do(publicise, by(clerk));
export const granting = (what?: AssessmentRecord, review?: AwardCommand) =>
  publicised(what, review).do(startGrant(), by(approver, '2024-05-06'));
export const granted = (what?: AssessmentRecord, review?: AwardCommand) =>
  granting(what, review).do(completeGrant(), by('ledger', '2024-05-06'));
export const ordered = (what?: AssessmentRecord) => granted(what).do(order(), by('ledger', '2024-05-10'));
export const paid = (what?: AssessmentRecord) => ordered(what).do(settle('paid'), by('ledger', '2024-05-20'));
