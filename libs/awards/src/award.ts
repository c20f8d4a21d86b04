import type { Assessment } from '@app/policies';
import { addDays, type BusinessDate, type DomainEvent, type EventContext, Money, unreachable } from '@app/kernel';

/** What makes this award a different one from another under the same clause to the same payee. */
export interface Occasion {
  readonly kind: 'once' | 'certificate' | 'year' | 'project' | 'transaction';
  /** The normalised reference that is part of the stream name; `once` for a once-only award. */
  readonly key: string;
  /** As it was written: the certificate's number, the year, the project's reference. */
  readonly reference: string;
}

/** One input an assessment took from the dossier, so that the decision can be recomputed and questioned. */
export interface UsedInput {
  readonly input: string;
  readonly value: string | boolean;
  readonly verified: boolean;
  readonly source: Readonly<Record<string, unknown>>;
}

/** A clear finding (部门核查) a grant relied on. */
export interface ReliedClearance {
  readonly clearance: string;
  readonly agency: string;
  /** Day of the finding. */
  readonly on: string;
  readonly validUntil?: string;
  readonly documentNo: string;
}

/** The budget line an award is paid from. */
export interface BudgetLineReference {
  readonly pack: string;
  readonly line: string;
  readonly period: string;
}

/** Why money is demanded back. Fraud and misuse may carry a fine (《财政违法行为处罚处分条例》第十四条). */
export const CLAWBACK_CAUSES = ['fraud', 'misuse', 'condition-broken', 'certificate-revoked', 'overpayment'] as const;
export type ClawbackCause = (typeof CLAWBACK_CAUSES)[number];

type Event<Type extends string, Data> = DomainEvent<Type, Readonly<Data>>;

/** Everything that can happen to an award (奖补). Amounts are decimal strings in yuan. */
export type AwardEvent =
  | Event<
      'award-applied',
      {
        pack: string;
        clause: string;
        payee: string;
        payeeName: string;
        occasion: Occasion;
        /** 服务机构: credit code of the agency that prepared the application. */
        agency?: string;
        /** 责任人员: references of the persons responsible for the application. */
        persons?: readonly string[];
        note?: string;
      }
    >
  | Event<
      'award-assessed',
      {
        version: number;
        packHash: string;
        on: string;
        facts: Readonly<Record<string, string | boolean>>;
        used: readonly UsedInput[];
        assessment: Assessment;
      }
    >
  | Event<'award-reviewed', { recommended: true; amount?: string; reason?: string; unverifiedReason?: string }>
  | Event<'award-rejected', { reason: string }>
  | Event<'award-withdrawn', { reason: string }>
  | Event<'award-publicised', { from: string; until: string; days: number; place?: string }>
  | Event<'award-objection-raised', { objection: number; by: string; reason: string }>
  | Event<'award-objection-decided', { objection: number; upheld: boolean; reason: string }>
  | Event<'award-override-proposed', { amounts: readonly string[]; total: string; computed: string; reason: string }>
  | Event<'award-override-dropped', { reason: string }>
  | Event<
      'award-grant-started',
      {
        grant: string;
        amount: string;
        budget: BudgetLineReference;
        documentNo: string;
        /** The findings of other agencies (部门核查) the decision relied on. */
        clearances?: readonly ReliedClearance[];
      }
    >
  | Event<'award-grant-failed', { grant: string; code: string; detail: string }>
  | Event<
      'award-granted',
      {
        grant: string;
        amount: string;
        instalments: readonly { no: number; amount: string; needs: readonly string[] }[];
        budget: BudgetLineReference;
        documentNo: string;
        /** The officer who decided; the event itself may be completed by the ledger after a crash. */
        approver: string;
        override?: { computed: string; reason: string; proposedBy: string };
      }
    >
  | Event<
      'instalment-unlocked',
      { no: number; amount: string; facts: Readonly<Record<string, string | boolean>>; used: readonly UsedInput[] }
    >
  | Event<'instalment-ordered', { no: number; amount: string; batch: string; line: number; payer: string }>
  | Event<'instalment-order-cancelled', { no: number; batch: string; line: number; reason: string }>
  | Event<'instalment-paid', { no: number; amount: string; batch: string; line: number; on: string; reference: string }>
  | Event<'instalment-returned', { no: number; amount: string; batch: string; line: number; on: string; reference: string; reason: string }>
  /** 重复拨付: a payment the bank did make of an instalment that was not to be paid again, or not at all. */
  | Event<'instalment-overpaid', { no: number; amount: string; batch: string; line: number; on: string; reference: string }>
  | Event<
      'overpayment-returned',
      { no: number; amount: string; batch: string; line: number; on: string; reference: string; reason: string }
    >
  /** 确认承继单位: the enterprise that takes a merged payee's place. */
  | Event<'award-payee-confirmed', { payee: string; reason: string }>
  /**
   * `listing`: held because of a black-listing, with which the hold ends; `until` is the first day without effect.
   * `payment`: held because the bank reports a payment nobody expects, until somebody has found out.
   */
  | Event<'award-held', { reason: string; listing?: string; until?: string; payment?: string }>
  | Event<'award-hold-released', { reason: string; listing?: string; payment?: string }>
  | Event<'award-lapsed', { reason: string; unpaid: string }>
  | Event<'award-revoked', { cause: ClawbackCause; reason: string; unpaid: string }>
  | Event<
      'clawback-demanded',
      { clawback: number; cause: ClawbackCause; principal: string; fine: string; amount: string; dueOn: string; reason: string }
    >
  | Event<'clawback-received', { clawback: number; amount: string; on: string; reference: string }>
  | Event<'clawback-written-off', { clawback: number; amount: string; reason: string }>
  | Event<'clawback-settled', { clawback: number; received: string; writtenOff: string }>;

export interface Application {
  readonly pack: string;
  readonly clause: string;
  readonly payee: string;
  readonly payeeName: string;
  readonly occasion: Occasion;
  readonly agency?: string;
  readonly persons?: readonly string[];
  readonly appliedBy: string;
}

export interface AssessmentRecord {
  readonly version: number;
  readonly packHash: string;
  readonly on: string;
  readonly facts: Readonly<Record<string, string | boolean>>;
  readonly used: readonly UsedInput[];
  readonly assessment: Assessment;
}

export interface Review {
  readonly reviewedBy: string;
  /** What is to be granted, instalment by instalment. */
  readonly schedule: readonly ScheduledInstalment[];
}

export interface ScheduledInstalment {
  readonly no: number;
  readonly amount: Money;
  readonly needs: readonly string[];
  /** Met at the time of the assessment: payable as soon as the award is granted. */
  readonly met: boolean;
}

export interface Objection {
  readonly objection: number;
  readonly by: string;
  readonly reason: string;
  readonly recordedBy: string;
  readonly decided?: { readonly upheld: boolean; readonly reason: string; readonly by: string };
}

export interface Notice {
  readonly from: string;
  /** The last day of it: the first one where the policy asks for no notice, and the award is told of on that day alone. */
  readonly until: string;
  /** The first day on which the award may be granted: the day after the notice, or its own where the policy asks for none. */
  readonly overOn: string;
  readonly objections: readonly Objection[];
}

/** The last day of a notice. Earlier programs recorded the day before the first for one of no days. */
export const lastDayOfNotice = ({ from, until }: Pick<Notice, 'from' | 'until'>): string => (until < from ? from : until);

export interface Override {
  readonly amounts: readonly Money[];
  readonly total: Money;
  readonly computed: Money;
  readonly reason: string;
  readonly proposedBy: string;
}

/** 暂缓: why nothing more is paid for now. There is one of an officer at most, one for each listing and one for each unexpected payment. */
export interface Hold {
  readonly reason: string;
  /** Business date since when. */
  readonly since: string;
  /** The black-listing it is bound to; an officer's own hold has none. */
  readonly listing?: string;
  /** The unexpected payment it is bound to, as `paymentOf` names it. */
  readonly payment?: string;
  /** First day on which it has no effect any more. */
  readonly until?: string;
}

/** Whether two holds have one source: the officer, the same listing or the same payment. */
export function isSameSource(one: Pick<Hold, 'listing' | 'payment'>, other: Pick<Hold, 'listing' | 'payment'>): boolean {
  return one.listing === other.listing && one.payment === other.payment;
}

/** The name of a payment the bank made that the ledger had not expected: what its hold and its booking are known by. */
export function paymentOf({ batch, line, reference }: { readonly batch: string; readonly line: number; readonly reference: string }) {
  return `${batch}/${line}/${reference}`;
}

/** 重复拨付: money the enterprise has that no instalment accounts for. */
export interface Overpayment {
  readonly no: number;
  readonly amount: Money;
  readonly batch: string;
  readonly line: number;
  readonly reference: string;
  readonly returned: boolean;
}

export type InstalmentStatus =
  | { readonly status: 'locked' }
  | { readonly status: 'unlocked'; readonly since: string; readonly returns: number }
  | { readonly status: 'ordered'; readonly since: string; readonly returns: number; readonly batch: string; readonly line: number }
  | {
      readonly status: 'paid';
      readonly since: string;
      readonly returns: number;
      readonly batch: string;
      readonly line: number;
      readonly on: string;
      readonly reference: string;
    }
  | { readonly status: 'lapsed' };

export type Instalment = InstalmentStatus & {
  readonly no: number;
  readonly amount: Money;
  readonly needs: readonly string[];
  /** Who established that its condition is met. */
  readonly unlockedBy?: string;
};

export interface Clawback {
  readonly clawback: number;
  readonly cause: ClawbackCause;
  readonly principal: Money;
  readonly fine: Money;
  readonly outstanding: Money;
  readonly received: Money;
  readonly writtenOff: Money;
  readonly dueOn: string;
  readonly reason: string;
  readonly demandedBy: string;
  readonly demandedOn: string;
  readonly receipts: readonly { readonly reference: string; readonly amount: string }[];
  readonly writeOffs: readonly { readonly amount: string; readonly reason: string }[];
}

interface Assessed extends Application {
  readonly assessed: AssessmentRecord;
}
interface Reviewed extends Assessed {
  readonly review: Review;
}
interface Publicised extends Reviewed {
  readonly notice: Notice;
  readonly override?: Override;
}
interface Granted extends Publicised {
  readonly grant: {
    readonly id: string;
    readonly on: string;
    readonly approver: string;
    readonly amount: Money;
    readonly budget: BudgetLineReference;
    readonly documentNo: string;
  };
  readonly instalments: readonly Instalment[];
  readonly payers: readonly string[];
  readonly clawbacks: readonly Clawback[];
  readonly overpayments: readonly Overpayment[];
  /** Written-off principal that rested on money the bank has returned; see `recoverableOf`. */
  readonly groundless: Money;
  /** In the order in which they were placed; `holdsOn` answers for a day. */
  readonly holds: readonly Hold[];
  /** Confirmed to be paid in a merged payee's place. */
  readonly successor?: string;
  readonly successorConfirmedBy?: string;
}

/** An award by status: what makes no sense in a status cannot be there. */
export type AwardState =
  | { readonly status: 'none' }
  | (Application & { readonly status: 'applied' })
  | (Assessed & { readonly status: 'assessed' })
  | (Application & { readonly status: 'closed'; readonly how: 'rejected' | 'withdrawn'; readonly reason: string })
  | (Reviewed & { readonly status: 'reviewed' })
  | (Publicised & {
      readonly status: 'publicised';
      readonly failedGrant?: { readonly grant: string; readonly code: string; readonly detail: string };
    })
  | (Publicised & {
      readonly status: 'granting';
      readonly starting: {
        readonly grant: string;
        readonly amount: Money;
        readonly budget: BudgetLineReference;
        readonly documentNo: string;
        readonly approver: string;
        readonly on: string;
      };
    })
  | (Granted & { readonly status: 'granted' })
  | (Granted & { readonly status: 'ended'; readonly how: 'lapsed' | 'revoked'; readonly reason: string });

/** The status of an award in one word, as lists show it. */
export type AwardStatus = Exclude<AwardState['status'], 'none' | 'closed' | 'ended'> | Extract<AwardState, { how: string }>['how'];

export type GrantedState = Extract<AwardState, { status: 'granted' | 'ended' }>;

export const initialAward: AwardState = { status: 'none' };

export function isGranted(state: AwardState): state is GrantedState {
  return state.status === 'granted' || state.status === 'ended';
}

/** The stream name: its parts are what makes "一次性" true. */
export function awardStream(award: string): string {
  return `award-${award}`;
}

/** `<pack>.<clause>.<payee>.<occasion>` */
export function awardId(pack: string, clause: string, payee: string, occasion: Occasion): string {
  return `${pack}.${clause}.${payee}.${occasion.key}`;
}

/** Money that has left: the sum of the paid instalments. */
export function paidOf(state: GrantedState): Money {
  return Money.sum(state.instalments.filter(({ status }) => status === 'paid').map(({ amount }) => amount));
}

/** Granted money neither paid nor on its way to the bank. */
export function unpaidOf(state: GrantedState): Money {
  return Money.sum(state.instalments.filter(({ status }) => status === 'locked' || status === 'unlocked').map(({ amount }) => amount));
}

/** Everything the bank has paid and not returned: paid instalments, and overpayments. */
export function standingOf(state: GrantedState): Money {
  return paidOf(state).plus(Money.sum(state.overpayments.filter(({ returned }) => !returned).map(({ amount }) => amount)));
}

/** Receipts count towards the principal first, write-offs towards the fine. */
const receivedPrincipal = ({ received, principal }: Clawback) => received.min(principal);
const writtenOffPrincipal = ({ writtenOff, fine }: Clawback) => positive(writtenOff.minus(fine));
const principalsOf = (clawbacks: readonly Clawback[]) => Money.sum(clawbacks.map(({ principal }) => principal));
const positive = (amount: Money) => (amount.isNegative ? Money.zero : amount);

/**
 * What can still be demanded back: the payments that stand, less every principal demanded so far. Only a principal that
 * was written off and had rested on a payment the bank has returned since counts no more: the next payment is a new one.
 * What was received, or is still owed, counts always.
 */
export function recoverableOf(state: GrantedState): Money {
  return positive(standingOf(state).minus(principalsOf(state.clawbacks)).plus(state.groundless));
}

/** Overpaid money nobody has demanded back: neither as an overpayment, nor by demanding more than was rightly paid. */
export function undemandedOf(state: GrantedState): Money {
  const [asOverpayment, otherwise] = [true, false].map((is) =>
    principalsOf(state.clawbacks.filter(({ cause }) => (cause === 'overpayment') === is)),
  ) as [Money, Money];
  return positive(
    standingOf(state)
      .minus(paidOf(state))
      .minus(asOverpayment)
      .minus(positive(otherwise.minus(paidOf(state)))),
  );
}

/** What an enterprise has paid back beyond what it still has: the bank has returned a payment that had been clawed back. */
export function shortOf(state: GrantedState): Money {
  return positive(Money.sum(state.clawbacks.map(receivedPrincipal)).minus(standingOf(state)));
}

/** Once money has come back, principals demanded beyond what stands have lost their ground, as far as they are written off. */
function withGroundless(state: GrantedState): GrantedState {
  const beyond = positive(principalsOf(state.clawbacks).minus(standingOf(state)));
  const groundless = Money.sum(state.clawbacks.map(writtenOffPrincipal)).min(beyond);
  return groundless.isMoreThan(state.groundless) ? { ...state, groundless } : state;
}

/** The holds that count on a day. */
export function holdsOn(state: Pick<GrantedState, 'holds'>, on: string): readonly Hold[] {
  return state.holds.filter(({ until }) => until === undefined || on < until);
}

/** Holds as they are told to whoever must not learn of listings that have ended: not why a listing held the award. */
export function withoutListingReasons(holds: readonly Hold[]): readonly Hold[] {
  return holds.map((hold) => (hold.listing === undefined ? hold : { ...hold, reason: '原因不予显示' }));
}

/** Every reason for which an award is held, as people read it; undefined when nothing holds it. */
export function heldBecause(holds: readonly Pick<Hold, 'reason'>[]): string | undefined {
  return holds.length === 0 ? undefined : holds.map(({ reason }) => reason).join('；');
}

/** What is claimed back and neither received nor written off. */
export function owedOf({ clawbacks }: GrantedState): Money {
  return Money.sum(clawbacks.map(({ outstanding }) => outstanding));
}

/** The schedule that is to be granted: the reviewed one, or the smaller one of an override. */
export function scheduleOf(state: Publicised): readonly ScheduledInstalment[] {
  const { override, review } = state;
  if (override === undefined) return review.schedule;
  return review.schedule.map((instalment, index) => ({ ...instalment, amount: override.amounts[index] as Money }));
}

function applicationOf({ pack, clause, payee, payeeName, occasion, agency, persons, appliedBy }: Application): Application {
  return { pack, clause, payee, payeeName, occasion, ...(agency !== undefined && { agency }), ...(persons && { persons }), appliedBy };
}

function expectStatus<Status extends AwardState['status']>(
  state: AwardState,
  event: AwardEvent,
  ...allowed: readonly Status[]
): Extract<AwardState, { status: Status }> {
  if (!(allowed as readonly string[]).includes(state.status)) throw new Error(`${event.type} cannot follow status ${state.status}`);
  return state as Extract<AwardState, { status: Status }>;
}

function changeInstalment(
  state: GrantedState,
  no: number,
  change: (instalment: Instalment) => InstalmentStatus & { readonly unlockedBy?: string },
): GrantedState {
  const instalments = state.instalments.map((instalment) =>
    instalment.no === no ? { ...permanent(instalment), ...change(instalment) } : instalment,
  );
  return { ...state, instalments };
}

/** What of an instalment no change of status touches. */
function permanent({ no, amount, needs, unlockedBy }: Instalment) {
  return { no, amount, needs, ...(unlockedBy !== undefined && { unlockedBy }) };
}

function changeClawback(state: GrantedState, clawback: number, change: (clawback: Clawback) => Partial<Clawback>): GrantedState {
  return { ...state, clawbacks: state.clawbacks.map((each) => (each.clawback === clawback ? { ...each, ...change(each) } : each)) };
}

const returnsOf = (instalment: Instalment) => ('returns' in instalment ? instalment.returns : 0);
/** Since when it has been due: kept through orders, payments and returns. */
const sinceOf = (instalment: Instalment, otherwise: string) => ('since' in instalment ? instalment.since : otherwise);

/** Folds one event into the award. */
export function evolveAward(state: AwardState, event: AwardEvent, at: EventContext): AwardState {
  switch (event.type) {
    case 'award-applied': {
      return { status: 'applied', ...applicationOf({ ...event.data, appliedBy: at.actorId }) };
    }
    case 'award-assessed':
      return { ...applicationOf(expectStatus(state, event, 'applied', 'assessed')), status: 'assessed', assessed: event.data };
    case 'award-reviewed': {
      const assessed = expectStatus(state, event, 'assessed');
      return {
        ...assessed,
        status: 'reviewed',
        review: { reviewedBy: at.actorId, schedule: scheduleFrom(assessed.assessed.assessment, event.data.amount) },
      };
    }
    case 'award-rejected':
      return { ...applicationOf(state as Assessed), status: 'closed', how: 'rejected', reason: event.data.reason };
    case 'award-withdrawn':
      return { ...applicationOf(state as Application), status: 'closed', how: 'withdrawn', reason: event.data.reason };
    case 'award-publicised': {
      const reviewed = expectStatus(state, event, 'reviewed');
      const { from, days } = event.data;
      const notice = { from, until: lastDayOfNotice(event.data), overOn: addDays(from as BusinessDate, days), objections: [] };
      return { ...reviewed, status: 'publicised', notice };
    }
    case 'award-objection-raised': {
      const publicised = expectStatus(state, event, 'publicised');
      const { objection, by, reason } = event.data;
      const raised = { objection, by, reason, recordedBy: at.actorId };
      return { ...publicised, notice: { ...publicised.notice, objections: [...publicised.notice.objections, raised] } };
    }
    case 'award-objection-decided': {
      const publicised = expectStatus(state, event, 'publicised');
      const { objection, upheld, reason } = event.data;
      // An upheld objection sends the award back: it has to be assessed and reviewed again.
      if (upheld) return { ...applicationOf(publicised), status: 'applied' };
      const objections = publicised.notice.objections.map((each) =>
        each.objection === objection ? { ...each, decided: { upheld, reason, by: at.actorId } } : each,
      );
      return { ...publicised, notice: { ...publicised.notice, objections } };
    }
    case 'award-override-proposed': {
      const publicised = expectStatus(state, event, 'publicised');
      const { amounts, total, computed, reason } = event.data;
      const override = {
        amounts: amounts.map((amount) => Money.parse(amount)),
        total: Money.parse(total),
        computed: Money.parse(computed),
        reason,
        proposedBy: at.actorId,
      };
      return { ...publicised, override };
    }
    case 'award-override-dropped': {
      const { override: _dropped, ...publicised } = expectStatus(state, event, 'publicised');
      return publicised;
    }
    case 'award-grant-started': {
      const { failedGrant: _before, ...publicised } = expectStatus(state, event, 'publicised');
      const { grant, amount, budget, documentNo } = event.data;
      return {
        ...publicised,
        status: 'granting',
        starting: { grant, amount: Money.parse(amount), budget, documentNo, approver: at.actorId, on: at.effectiveOn },
      };
    }
    case 'award-grant-failed': {
      const { starting: _starting, ...publicised } = expectStatus(state, event, 'granting');
      return { ...publicised, status: 'publicised', failedGrant: event.data };
    }
    case 'award-granted': {
      const { starting: _starting, ...publicised } = expectStatus(state, event, 'granting');
      const { grant: id, approver, budget, documentNo } = event.data;
      const instalments = event.data.instalments.map(({ no, amount, needs }) => ({
        no,
        amount: Money.parse(amount),
        needs,
        status: 'locked' as const,
      }));
      const grant = { id, on: at.effectiveOn, approver, amount: Money.parse(event.data.amount), budget, documentNo };
      const nothing = { payers: [], clawbacks: [], overpayments: [], groundless: Money.zero, holds: [] };
      return { ...publicised, status: 'granted', grant, instalments, ...nothing };
    }
    case 'instalment-unlocked':
      return changeInstalment(expectStatus(state, event, 'granted', 'ended'), event.data.no, (before) => ({
        status: 'unlocked',
        since: at.effectiveOn,
        returns: returnsOf(before),
        unlockedBy: at.actorId,
      }));
    case 'instalment-ordered': {
      const granted = expectStatus(state, event, 'granted');
      const { no, batch, line, payer } = event.data;
      const payers = granted.payers.includes(payer) ? granted.payers : [...granted.payers, payer];
      return changeInstalment({ ...granted, payers }, no, (before) => ({
        status: 'ordered',
        since: sinceOf(before, at.effectiveOn),
        returns: returnsOf(before),
        batch,
        line,
      }));
    }
    case 'instalment-order-cancelled':
      return changeInstalment(expectStatus(state, event, 'granted', 'ended'), event.data.no, (before) =>
        backFromBank(state, before, at.effectiveOn, 0),
      );
    case 'instalment-paid': {
      const { no, batch, line, on, reference } = event.data;
      return changeInstalment(expectStatus(state, event, 'granted', 'ended'), no, (before) => ({
        status: 'paid',
        since: sinceOf(before, at.effectiveOn),
        returns: returnsOf(before),
        batch,
        line,
        on,
        reference,
      }));
    }
    case 'instalment-returned':
      return withGroundless(
        changeInstalment(expectStatus(state, event, 'granted', 'ended'), event.data.no, (before) =>
          backFromBank(state, before, at.effectiveOn, 1),
        ),
      );
    case 'instalment-overpaid': {
      const granted = expectStatus(state, event, 'granted', 'ended');
      const { no, batch, line, reference } = event.data;
      const overpayment = { no, amount: Money.parse(event.data.amount), batch, line, reference, returned: false };
      return { ...granted, overpayments: [...granted.overpayments, overpayment] };
    }
    case 'overpayment-returned': {
      const granted = expectStatus(state, event, 'granted', 'ended');
      const { batch, line } = event.data;
      const overpayments = granted.overpayments.map((each) =>
        each.batch === batch && each.line === line ? { ...each, returned: true } : each,
      );
      return withGroundless({ ...granted, overpayments });
    }
    case 'award-payee-confirmed':
      return { ...expectStatus(state, event, 'granted'), successor: event.data.payee, successorConfirmedBy: at.actorId };
    case 'award-held': {
      const granted = expectStatus(state, event, 'granted');
      const others = granted.holds.filter((hold) => !isSameSource(hold, event.data));
      return { ...granted, holds: [...others, { ...event.data, since: at.effectiveOn }] };
    }
    case 'award-hold-released': {
      const granted = expectStatus(state, event, 'granted');
      return { ...granted, holds: granted.holds.filter((hold) => !isSameSource(hold, event.data)) };
    }
    case 'award-lapsed':
    case 'award-revoked': {
      const granted = expectStatus(state, event, 'granted');
      const instalments = granted.instalments.map((instalment) =>
        instalment.status === 'locked' || instalment.status === 'unlocked'
          ? { ...permanent(instalment), status: 'lapsed' as const }
          : instalment,
      );
      return {
        ...granted,
        holds: [],
        status: 'ended',
        how: event.type === 'award-lapsed' ? 'lapsed' : 'revoked',
        reason: event.data.reason,
        instalments,
      };
    }
    case 'clawback-demanded': {
      const granted = expectStatus(state, event, 'granted', 'ended');
      const { clawback, cause, principal, fine, amount, dueOn, reason } = event.data;
      const demanded: Clawback = {
        clawback,
        cause,
        principal: Money.parse(principal),
        fine: Money.parse(fine),
        outstanding: Money.parse(amount),
        received: Money.zero,
        writtenOff: Money.zero,
        dueOn,
        reason,
        demandedBy: at.actorId,
        demandedOn: at.effectiveOn,
        receipts: [],
        writeOffs: [],
      };
      return { ...granted, clawbacks: [...granted.clawbacks, demanded] };
    }
    case 'clawback-received': {
      const amount = Money.parse(event.data.amount);
      return changeClawback(expectStatus(state, event, 'granted', 'ended'), event.data.clawback, (before) => ({
        outstanding: before.outstanding.minus(amount),
        received: before.received.plus(amount),
        receipts: [...before.receipts, { reference: event.data.reference, amount: event.data.amount }],
      }));
    }
    case 'clawback-written-off': {
      const amount = Money.parse(event.data.amount);
      const changed = changeClawback(expectStatus(state, event, 'granted', 'ended'), event.data.clawback, (before) => ({
        outstanding: before.outstanding.minus(amount),
        writtenOff: before.writtenOff.plus(amount),
        writeOffs: [...before.writeOffs, { amount: event.data.amount, reason: event.data.reason }],
      }));
      return withGroundless(changed);
    }
    case 'clawback-settled':
      return state;
    default:
      return unreachable(event);
  }
}

/** A payment that did not arrive is due again, unless the award has ended meanwhile. */
function backFromBank(state: AwardState, before: Instalment, on: string, returns: number): InstalmentStatus {
  if (state.status === 'ended') return { status: 'lapsed' };
  return { status: 'unlocked', since: sinceOf(before, on), returns: returnsOf(before) + returns };
}

/** The schedule a positive review rests on: the computed instalments, or the officer's sum under a discretionary clause. */
export function scheduleFrom(assessment: Assessment, discretionaryAmount: string | undefined): readonly ScheduledInstalment[] {
  if (assessment.outcome === 'discretionary') {
    return [{ no: 1, amount: Money.parse(discretionaryAmount ?? '', 'amount'), needs: [], met: true }];
  }
  if (assessment.outcome !== 'payable') throw new Error(`an assessment that is ${assessment.outcome} has no schedule`);
  if (assessment.instalments === undefined) return [{ no: 1, amount: Money.parse(assessment.amount), needs: [], met: true }];
  return assessment.instalments.map(({ no, amount, status, needs }) => ({
    no,
    amount: Money.parse(amount),
    needs: needs ?? [],
    met: status === 'met',
  }));
}
