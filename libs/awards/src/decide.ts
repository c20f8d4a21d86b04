import {
  addDays,
  type BusinessDate,
  contentHash,
  type Decider,
  Decimal,
  type DecisionContext,
  type Evidence,
  invalidField,
  Money,
  normalisedReference,
  type PolicyCitation,
  refused,
  requireToday,
  unreachable,
} from '@app/kernel';
import {
  type AssessmentRecord,
  type AwardEvent,
  type AwardState,
  type BudgetLineReference,
  type Clawback,
  CLAWBACK_CAUSES,
  type ClawbackCause,
  evolveAward,
  type GrantedState,
  heldBecause,
  type Hold,
  holdsOn,
  initialAward,
  type Instalment,
  isGranted,
  isSameSource,
  type Notice,
  type Occasion,
  owedOf,
  paymentOf,
  recoverableOf,
  type ReliedClearance,
  scheduleFrom,
  scheduleOf,
  shortOf,
  undemandedOf,
  unpaidOf,
  type UsedInput,
} from './award.js';
import { type FoundClearance, type FoundListing, paymentBar, requireCleared, requireNotListed } from './award-rules.js';

/** What can be asked of one award. The handlers supply what a pure decision cannot look up. */
export type AwardCommand =
  | {
      readonly type: 'apply';
      readonly pack: string;
      readonly clause: string;
      readonly payee: string;
      readonly payeeName: string;
      readonly occasion: Occasion;
      readonly agency?: string;
      readonly persons?: readonly string[];
      readonly note?: string;
      /** Black-listings in effect that day of the payee, the agency or the persons. */
      readonly listings: readonly FoundListing[];
      readonly policy: PolicyCitation;
      readonly evidence?: readonly Evidence[];
    }
  | { readonly type: 'assess'; readonly record: AssessmentRecord; readonly policy: PolicyCitation }
  | {
      readonly type: 'review';
      readonly recommended: boolean;
      readonly amount?: string;
      readonly reason?: string;
      readonly unverifiedReason?: string;
      readonly evidence?: readonly Evidence[];
    }
  | { readonly type: 'withdraw'; readonly reason: string }
  | { readonly type: 'publicise'; readonly from: string; readonly days: number; readonly minimumDays: number; readonly place?: string }
  | { readonly type: 'raise-objection'; readonly by: string; readonly reason: string; readonly evidence?: readonly Evidence[] }
  | {
      readonly type: 'decide-objection';
      readonly objection: number;
      readonly upheld: boolean;
      readonly reason: string;
      readonly evidence?: readonly Evidence[];
    }
  | {
      readonly type: 'propose-override';
      readonly amounts: readonly string[];
      readonly reason: string;
      readonly evidence?: readonly Evidence[];
    }
  | { readonly type: 'drop-override'; readonly reason: string }
  | {
      readonly type: 'start-grant';
      readonly grant: string;
      readonly budget: BudgetLineReference;
      readonly documentNo: string;
      /** Black-listings in effect that day of the payee, the agency or the persons. */
      readonly listings: readonly FoundListing[];
      /** What the dossier holds for each clearance the clause asks for. */
      readonly clearances: readonly FoundClearance[];
      readonly policy: PolicyCitation;
    }
  | { readonly type: 'complete-grant'; readonly grant: string }
  | { readonly type: 'fail-grant'; readonly grant: string; readonly code: string; readonly detail: string }
  | {
      readonly type: 'unlock';
      readonly no: number;
      readonly facts: AssessmentRecord['facts'];
      readonly used: readonly UsedInput[];
      readonly met: boolean;
      readonly needs: readonly string[];
      readonly policy: PolicyCitation;
      readonly evidence?: readonly Evidence[];
    }
  | {
      readonly type: 'order';
      readonly no: number;
      readonly batch: string;
      readonly line: number;
      readonly payer: string;
      /** Black-listings of the enterprise in effect that day. Those of an agency or a person are for an officer to judge. */
      readonly listings: readonly FoundListing[];
      /** Who recorded the account that is paid to. */
      readonly accountRecordedBy?: string;
    }
  /** A payment nobody expected turned out to have been made: the order that was at the bank all the same, or one too many. */
  | {
      readonly type: 'accept-payment';
      readonly no: number;
      readonly batch: string;
      readonly line: number;
      readonly payer: string;
      readonly on: string;
      readonly reference: string;
    }
  | { readonly type: 'cancel-order'; readonly no: number; readonly batch: string; readonly line: number; readonly reason: string }
  | {
      readonly type: 'settle';
      readonly no: number;
      readonly batch: string;
      readonly line: number;
      readonly result: 'paid' | 'returned';
      readonly on: string;
      readonly reference: string;
      readonly reason: string;
    }
  | { readonly type: 'confirm-payee'; readonly payee: string; readonly reason: string; readonly evidence?: readonly Evidence[] }
  | {
      readonly type: 'hold';
      readonly reason: string;
      /** Binds the hold to a black-listing: it ends with it, or on the day from which the listing has no effect. */
      readonly bound?: { readonly listing: string; readonly until: string } | { readonly payment: string };
      readonly evidence?: readonly Evidence[];
    }
  | {
      readonly type: 'release-hold';
      readonly reason: string;
      readonly listing?: string;
      readonly payment?: string;
      readonly evidence?: readonly Evidence[];
    }
  | { readonly type: 'lapse'; readonly reason: string; readonly evidence?: readonly Evidence[] }
  | { readonly type: 'revoke'; readonly cause: ClawbackCause; readonly reason: string; readonly evidence?: readonly Evidence[] }
  | {
      readonly type: 'demand-clawback';
      readonly cause: ClawbackCause;
      readonly principal: string;
      readonly finePercent?: string;
      readonly dueOn: string;
      readonly reason: string;
      readonly evidence?: readonly Evidence[];
    }
  | {
      readonly type: 'receive-clawback';
      readonly clawback: number;
      readonly amount: string;
      readonly on: string;
      readonly reference: string;
    }
  | {
      readonly type: 'write-off-clawback';
      readonly clawback: number;
      readonly amount: string;
      readonly reason: string;
      readonly evidence?: readonly Evidence[];
    };

/**
 * Fines in percent of the sum obtained (《财政违法行为处罚处分条例》, 国务院令第427号, 第十四条):
 * 10–50% for money obtained by fraud, 10–30% for money put to another use. Other causes carry none.
 */
export const FINE_PERCENT: Readonly<
  Partial<Record<ClawbackCause, { readonly from: number; readonly to: number; readonly citation: string }>>
> = {
  fraud: { from: 10, to: 50, citation: '《财政违法行为处罚处分条例》第十四条' },
  misuse: { from: 10, to: 30, citation: '《财政违法行为处罚处分条例》第十四条' },
};

/** Decides every command on an award. @throws Problem with a stable code for each rule that says no. */
export function decideAward(command: AwardCommand, state: AwardState, context: DecisionContext): readonly AwardEvent[] {
  requireToday(context);
  switch (command.type) {
    case 'apply':
      return apply(command, state);
    case 'assess':
      requireAssessable(state);
      // Facts, version and day all as before: there is nothing new to record.
      if (state.status === 'assessed' && contentHash(state.assessed) === contentHash(command.record)) return [];
      return [{ type: 'award-assessed', data: command.record, policy: command.policy }];
    case 'review':
      return review(command, state, context);
    case 'withdraw':
      return withdraw(command, state);
    case 'publicise':
      return publicise(command, state, context);
    case 'raise-objection': {
      const { notice } = publicised(state, 'objected to');
      if (notice.objections.some(({ by, reason }) => by === command.by && reason === command.reason)) return [];
      // Someone who learns of it late is still heard: until the award is granted, an objection counts.
      return [
        event(
          'award-objection-raised',
          { objection: notice.objections.length + 1, by: command.by, reason: command.reason },
          state,
          command.evidence,
        ),
      ];
    }
    case 'decide-objection':
      return decideObjection(command, state, context);
    case 'propose-override':
      return proposeOverride(command, state, context);
    case 'drop-override':
      if (publicised(state, 'changed').override === undefined) return [];
      separateDuties(context.actorId, 'decide on the amount of', {
        'applied for': publicised(state, 'changed').appliedBy,
        reviewed: publicised(state, 'changed').review.reviewedBy,
      });
      return [event('award-override-dropped', { reason: command.reason }, state)];
    case 'start-grant':
      return startGrant(command, state, context);
    case 'complete-grant':
      return completeGrant(command, state);
    case 'fail-grant':
      if (state.status !== 'granting' || state.starting.grant !== command.grant) return [];
      return [event('award-grant-failed', { grant: command.grant, code: command.code, detail: command.detail }, state)];
    case 'unlock':
      return unlock(command, state, context);
    case 'order':
      return order(command, state, context);
    case 'accept-payment':
      return acceptPayment(command, state);
    case 'cancel-order':
      return cancelOrder(command, state);
    case 'settle':
      return settle(command, state, context);
    case 'confirm-payee': {
      const award = requireGranted(state, 'paid to a successor');
      if (award.successor === command.payee) return [];
      separateDuties(context.actorId, 'confirm the successor of', { 'applied for': award.appliedBy, paid: award.payers });
      return [event('award-payee-confirmed', { payee: command.payee, reason: command.reason }, state, command.evidence)];
    }
    case 'hold':
      return hold(command, state);
    case 'release-hold':
      return releaseHold(command, state, context);
    case 'lapse':
      if (state.status === 'ended' && state.how === 'lapsed') return [];
      return [event('award-lapsed', { reason: command.reason, unpaid: unpaidOf(endable(state)).toString() }, state, command.evidence)];
    case 'revoke':
      if (state.status === 'ended' && state.how === 'revoked') return [];
      return [
        event(
          'award-revoked',
          { cause: command.cause, reason: command.reason, unpaid: unpaidOf(endable(state)).toString() },
          state,
          command.evidence,
        ),
      ];
    case 'demand-clawback':
      return demandClawback(command, state, context);
    case 'receive-clawback':
      return receiveClawback(command, state, context);
    case 'write-off-clawback':
      return writeOffClawback(command, state, context);
    default:
      return unreachable(command);
  }
}

export const awardDecider: Decider<AwardCommand, AwardEvent, AwardState> = {
  initialState: initialAward,
  decide: decideAward,
  evolve: evolveAward,
};

type Of<Type extends AwardCommand['type']> = Extract<AwardCommand, { type: Type }>;
type DataOf<Type extends AwardEvent['type']> = Extract<AwardEvent, { type: Type }>['data'];

/** Every event of an award cites the clause in the version the award was assessed under. */
function event<Type extends AwardEvent['type']>(
  type: Type,
  data: DataOf<Type>,
  state: AwardState,
  evidence?: readonly Evidence[],
): AwardEvent {
  const policy =
    'assessed' in state
      ? { pack: state.pack, clause: state.clause, version: state.assessed.version, hash: state.assessed.packHash }
      : undefined;
  return { type, data, ...(policy && { policy }), ...(evidence && evidence.length > 0 && { evidence }) } as unknown as AwardEvent;
}

function wrongStatus(state: AwardState, action: string, needed: string) {
  const status = 'how' in state ? `${state.status} (${state.how})` : state.status;
  return state.status === 'none'
    ? refused('award-not-applied', `there is no such award to be ${action}`)
    : refused('award-status', `the award is ${status}; it can be ${action} only when ${needed}`, { status: state.status });
}

/** @throws Problem `award-status` unless the award can be assessed now. */
export function requireAssessable(state: AwardState) {
  if (state.status !== 'applied' && state.status !== 'assessed') throw wrongStatus(state, 'assessed', 'applied or assessed');
  return state;
}

function publicised(state: AwardState, action: string) {
  if (state.status !== 'publicised') throw wrongStatus(state, action, 'publicised');
  return state;
}

/** @throws Problem `award-status` unless the award is granted and has not ended. */
export function requireGranted(state: AwardState, action: string): Extract<AwardState, { status: 'granted' }> {
  if (state.status !== 'granted') throw wrongStatus(state, action, 'granted');
  return state;
}

function endable(state: AwardState) {
  return requireGranted(state, 'ended');
}

function requireReason(reason: string | undefined, field = 'reason'): string {
  if (reason === undefined || reason.trim() === '') throw invalidField(field, 'required', 'a reason is required');
  return reason;
}

/** Nobody may do two of the four duties (apply, review, approve, pay) on one award. */
function separateDuties(actor: string, duty: string, others: Readonly<Record<string, string | readonly string[] | undefined>>): void {
  for (const [other, people] of Object.entries(others)) {
    if (people !== undefined && ([] as readonly string[]).concat(people).includes(actor)) {
      throw refused('duties-not-separated', `${actor} ${other} this award and may not also ${duty} it`, { actor, duty, did: other });
    }
  }
}

/** Nobody decides on what rests on facts, certificates, titles, moves or clearances that they have recorded themselves. */
function requireRecordedByOthers(actor: string, duty: string, used: readonly Pick<UsedInput, 'input' | 'source'>[]): void {
  const own = used.filter(({ source }) => [source['recordedBy'], source['relocationRecordedBy']].includes(actor)).map(({ input }) => input);
  if (own.length === 0) return;
  throw refused('duties-not-separated', `${actor} recorded ${own.join(', ')} and may not ${duty} what rests on it`, {
    actor,
    duty,
    recorded: own,
  });
}

function apply(command: Of<'apply'>, state: AwardState): readonly AwardEvent[] {
  const { pack, clause, payee, payeeName, occasion, agency, persons = [], note } = command;
  if (state.status !== 'none' && state.status !== 'closed') {
    throw refused(
      'award-exists',
      `${payeeName} already has an award under ${clause} for this occasion (${occasion.reference}), applied for by ${state.appliedBy}; it is ${state.status}`,
      {
        award: `${pack}.${clause}.${payee}.${occasion.key}`,
        status: state.status,
      },
    );
  }
  requireNotListed(command.listings);
  return [
    {
      type: 'award-applied',
      data: {
        pack,
        clause,
        payee,
        payeeName,
        occasion,
        ...(agency !== undefined && { agency }),
        ...(persons.length > 0 && { persons }),
        ...(note !== undefined && { note }),
      },
      policy: command.policy,
      ...(command.evidence && command.evidence.length > 0 && { evidence: command.evidence }),
    },
  ];
}

function review(command: Of<'review'>, state: AwardState, context: DecisionContext): readonly AwardEvent[] {
  if (state.status !== 'assessed') throw wrongStatus(state, 'reviewed', 'assessed');
  separateDuties(context.actorId, 'review', { 'applied for': state.appliedBy });
  if (!command.recommended) return [event('award-rejected', { reason: requireReason(command.reason) }, state, command.evidence)];
  const { assessment, used } = state.assessed;
  if (assessment.outcome !== 'payable' && assessment.outcome !== 'discretionary') {
    throw refused('assessment-not-payable', `the assessment says ${assessment.outcome}: it cannot be recommended`, {
      outcome: assessment.outcome,
    });
  }
  if (assessment.simulated === true) throw refused('assessment-simulated', 'a simulated assessment pays nobody');
  requireRecordedByOthers(context.actorId, 'review', used);
  const unverified = used.filter(({ verified }) => !verified).map(({ input }) => input);
  if (unverified.length > 0 && (command.unverifiedReason ?? '').trim() === '') {
    throw refused(
      'facts-unverified',
      `these facts are not verified: ${unverified.join(', ')}; verify them or say in unverifiedReason why they are accepted`,
      { unverified },
    );
  }
  const amount = assessment.outcome === 'discretionary' ? discretionaryAmount(command, assessment.ceiling) : undefined;
  if (assessment.outcome === 'payable' && command.amount !== undefined) {
    throw invalidField('amount', 'computed', 'this clause computes its amount; an officer sets one only under a discretionary clause');
  }
  if (Money.sum(scheduleFrom(assessment, amount).map((instalment) => instalment.amount)).isZero) {
    throw refused('nothing-to-grant', 'the assessed amount is zero: there is nothing to grant');
  }
  const { reason, unverifiedReason } = command;
  const data = {
    recommended: true as const,
    ...(amount !== undefined && { amount }),
    ...(reason !== undefined && { reason }),
    ...(unverifiedReason !== undefined && { unverifiedReason }),
  };
  return [event('award-reviewed', data, state, command.evidence)];
}

function discretionaryAmount(command: Of<'review'>, ceiling: string): string {
  if (command.amount === undefined) throw invalidField('amount', 'required', `set a sum of at most ${ceiling}`);
  requireReason(command.reason);
  const amount = Money.parse(command.amount, 'amount');
  if (amount.isMoreThan(Money.parse(ceiling))) {
    throw refused('over-ceiling', `${amount.toChinese()} is more than the ceiling of ${Money.parse(ceiling).toChinese()}`, {
      amount: amount.toString(),
      ceiling,
    });
  }
  return amount.toString();
}

function withdraw(command: Of<'withdraw'>, state: AwardState): readonly AwardEvent[] {
  if (state.status === 'closed' && state.how === 'withdrawn') return [];
  if (state.status === 'none' || state.status === 'closed' || state.status === 'granting' || isGranted(state))
    throw wrongStatus(state, 'withdrawn', 'not yet granted');
  if (state.status === 'publicised') requireObjectionsDecided(state.notice);
  return [event('award-withdrawn', { reason: command.reason }, state)];
}

function publicise(command: Of<'publicise'>, state: AwardState, context: DecisionContext): readonly AwardEvent[] {
  if (state.status !== 'reviewed') throw wrongStatus(state, 'publicised', 'reviewed');
  if (command.from < context.today)
    throw invalidField('from', 'not-back-dated', `a public notice cannot begin before today, ${context.today}`);
  if (command.days < command.minimumDays)
    throw refused('notice-too-short', `the notice (公示) lasts at least ${command.minimumDays} days`, { minimumDays: command.minimumDays });
  const until = addDays(command.from as BusinessDate, Math.max(command.days, 1) - 1);
  return [
    event(
      'award-publicised',
      { from: command.from, until, days: command.days, ...(command.place !== undefined && { place: command.place }) },
      state,
    ),
  ];
}

function requireObjectionsDecided({ objections }: Notice): void {
  const open = objections.filter(({ decided }) => decided === undefined).map(({ objection }) => objection);
  if (open.length > 0) throw refused('objections-open', `objections ${open.join(', ')} are not decided yet`, { objections: open });
}

function decideObjection(command: Of<'decide-objection'>, state: AwardState, context: DecisionContext): readonly AwardEvent[] {
  const { notice, appliedBy, review: reviewed } = publicised(state, 'decided on');
  const objection = notice.objections.find((each) => each.objection === command.objection);
  if (objection === undefined) throw refused('objection-unknown', `there is no objection ${command.objection}`);
  if (objection.decided !== undefined) {
    if (objection.decided.upheld === command.upheld) return [];
    throw refused('objection-decided', `objection ${command.objection} has been decided already`);
  }
  separateDuties(context.actorId, 'judge an objection to', {
    'applied for': appliedBy,
    reviewed: reviewed.reviewedBy,
    'recorded the objection to': objection.recordedBy,
  });
  const { upheld, reason } = command;
  return [event('award-objection-decided', { objection: command.objection, upheld, reason }, state, command.evidence)];
}

function proposeOverride(command: Of<'propose-override'>, state: AwardState, context: DecisionContext): readonly AwardEvent[] {
  const { review: reviewed, appliedBy, override } = publicised(state, 'overridden');
  separateDuties(context.actorId, 'override', { 'applied for': appliedBy, reviewed: reviewed.reviewedBy });
  const reason = requireReason(command.reason);
  if (command.amounts.length !== reviewed.schedule.length) {
    throw invalidField('amounts', 'one-each', `give one amount for each of the ${reviewed.schedule.length} instalments`);
  }
  const amounts = command.amounts.map((amount, index) => Money.parse(amount, `amounts.${index}`));
  const computed = Money.sum(reviewed.schedule.map((instalment) => instalment.amount));
  const total = Money.sum(amounts);
  const raised = amounts.some((amount, index) => amount.isMoreThan(reviewed.schedule[index]?.amount ?? Money.zero));
  if (raised || !total.isLessThan(computed))
    throw refused('override-upward', `an override only lowers an amount; computed were ${computed.toChinese()}`, {
      computed: computed.toString(),
    });
  if (total.isZero) throw refused('override-to-zero', 'an award of nothing is a rejection: withdraw or reject it instead');
  const same =
    override?.proposedBy === context.actorId &&
    override.reason === reason &&
    override.amounts.every((amount, index) => amounts[index]?.equals(amount));
  if (same) return [];
  const data = { amounts: amounts.map(String), total: total.toString(), computed: computed.toString(), reason };
  return [event('award-override-proposed', data, state, command.evidence)];
}

function startGrant(command: Of<'start-grant'>, state: AwardState, context: DecisionContext): readonly AwardEvent[] {
  if (state.status === 'granting' && state.starting.grant === command.grant) return [];
  const { review: reviewed, appliedBy, notice, override, assessed } = publicised(state, 'granted');
  const judges = notice.objections.flatMap(({ decided }) => decided?.by ?? []);
  separateDuties(context.actorId, 'approve', { 'applied for': appliedBy, reviewed: reviewed.reviewedBy, 'judged an objection to': judges });
  const cleared = command.clearances.map((found) => ({ input: found.clearance, source: { ...found } }));
  requireRecordedByOthers(context.actorId, 'approve', [...assessed.used, ...cleared]);
  if (override?.proposedBy === context.actorId)
    throw refused('second-approver-required', 'an overridden amount is granted by another approver than the one who proposed it');
  if (context.effectiveOn < notice.overOn)
    throw refused('notice-running', `the public notice (公示) runs until ${notice.until}; grant from ${notice.overOn}`, {
      until: notice.until,
    });
  requireObjectionsDecided(notice);
  if (command.policy.version !== assessed.version || command.policy.hash !== assessed.packHash) {
    throw refused(
      'policy-changed',
      `the award was assessed under version ${assessed.version}, in force now is version ${command.policy.version}: assess it again`,
    );
  }
  requireNotListed(command.listings);
  const clearances: readonly ReliedClearance[] = requireCleared(command.clearances);
  const amount = Money.sum(scheduleOf(publicised(state, 'granted')).map((instalment) => instalment.amount)).toString();
  const { grant, budget, documentNo } = command;
  const data = { grant, amount, budget, documentNo, ...(clearances.length > 0 && { clearances }) };
  return [event('award-grant-started', data, state)];
}

function completeGrant(command: Of<'complete-grant'>, state: AwardState): readonly AwardEvent[] {
  if (isGranted(state) && state.grant.id === command.grant) return [];
  if (state.status !== 'granting' || state.starting.grant !== command.grant)
    throw wrongStatus(state, 'completed', 'its grant has been started');
  const { starting, override, assessed } = state;
  const schedule = scheduleOf(state);
  const data: DataOf<'award-granted'> = {
    grant: starting.grant,
    amount: starting.amount.toString(),
    instalments: schedule.map(({ no, amount, needs }) => ({ no, amount: amount.toString(), needs })),
    budget: starting.budget,
    documentNo: starting.documentNo,
    approver: starting.approver,
    ...(override && { override: { computed: override.computed.toString(), reason: override.reason, proposedBy: override.proposedBy } }),
  };
  const unlocked = schedule.filter(({ met, amount }) => met && !amount.isZero);
  return [
    event('award-granted', data, state),
    ...unlocked.map(({ no, amount }) =>
      event('instalment-unlocked', { no, amount: amount.toString(), facts: assessed.facts, used: assessed.used }, state),
    ),
  ];
}

function instalmentOf(state: GrantedState, no: number): Instalment {
  const instalment = state.instalments.find((each) => each.no === no);
  if (instalment === undefined) throw refused('instalment-unknown', `the award has no instalment ${no}`, { no });
  return instalment;
}

function unlock(command: Of<'unlock'>, state: AwardState, context: DecisionContext): readonly AwardEvent[] {
  const award = requireGranted(state, 'unlocked');
  const instalment = instalmentOf(award, command.no);
  if (instalment.status !== 'locked') return [];
  if (instalment.amount.isZero) throw refused('nothing-to-pay', `instalment ${command.no} was lowered to nothing`, { no: command.no });
  if (!command.met)
    throw refused(
      'condition-not-met',
      `the condition of instalment ${command.no} is not met${command.needs.length > 0 ? `; still unknown: ${command.needs.join(', ')}` : ''}`,
      { needs: command.needs },
    );
  const unverified = command.used.filter(({ verified }) => !verified).map(({ input }) => input);
  if (unverified.length > 0)
    throw refused('facts-unverified', `an instalment is unlocked by verified facts only: ${unverified.join(', ')}`, { unverified });
  const earlier = award.instalments.find((each) => each.no < command.no && each.status === 'locked' && !each.amount.isZero);
  if (earlier !== undefined) throw refused('instalment-order', `instalment ${earlier.no} comes first`, { first: earlier.no });
  separateDuties(context.actorId, 'unlock an instalment of', { paid: award.payers });
  const data = { no: command.no, amount: instalment.amount.toString(), facts: command.facts, used: command.used };
  return [
    {
      type: 'instalment-unlocked',
      data,
      policy: command.policy,
      ...(command.evidence && command.evidence.length > 0 && { evidence: command.evidence }),
    },
  ];
}

/** A second hold of the same source, the officer, one listing or one payment, adds nothing; a listing's term may have changed. */
function hold(command: Of<'hold'>, state: AwardState): readonly AwardEvent[] {
  const { holds } = requireGranted(state, 'held');
  const { reason, bound = {} } = command;
  const asked: Hold = { reason, since: '', ...bound };
  const known = holds.find((each) => isSameSource(each, asked));
  if (known !== undefined && known.until === asked.until) return [];
  return [event('award-held', { reason, ...bound }, state, command.evidence)];
}

/**
 * An officer releases an officer's hold. That of a listing ends with the listing, that of an unexpected payment once
 * somebody has found out about it; the ledger itself sees to both.
 */
function releaseHold(command: Of<'release-hold'>, state: AwardState, context: DecisionContext): readonly AwardEvent[] {
  const award = requireGranted(state, 'released');
  const { reason, listing, payment } = command;
  const known = award.holds.find((each) => isSameSource(each, command));
  const isNamed = listing !== undefined || payment !== undefined;
  const meant = holdsOn(award, context.today).filter((each) =>
    isNamed ? isSameSource(each, command) : known === undefined && !isSameSource(each, {}),
  );
  if (!context.roles.includes('service')) {
    const payments = meant.flatMap((each) => each.payment ?? []);
    if (payments.length > 0)
      throw refused(
        'hold-of-payment',
        `the award is held for the unexpected payment ${payments.join(', ')}; such a hold ends once that is resolved on its batch`,
        { payments },
      );
    const listings = meant.flatMap((each) => each.listing ?? []);
    if (listings.length > 0)
      throw refused(
        'hold-of-listing',
        `the award is held for the black-listing ${listings.join(', ')}; such a hold ends with its listing`,
        {
          listings,
        },
      );
  }
  if (known === undefined) return [];
  const source = { ...(listing !== undefined && { listing }), ...(payment !== undefined && { payment }) };
  return [event('award-hold-released', { reason, ...source }, state, command.evidence)];
}

function order(command: Of<'order'>, state: AwardState, context: DecisionContext): readonly AwardEvent[] {
  const award = requireGranted(state, 'ordered');
  const instalment = instalmentOf(award, command.no);
  if (instalment.status === 'ordered' && instalment.batch === command.batch && instalment.line === command.line) return [];
  const bar = paymentBar(heldBecause(holdsOn(award, context.today)), owedOf(award));
  if (bar !== undefined) throw refused(bar.code, bar.detail);
  requireNotListed(command.listings);
  if (instalment.status !== 'unlocked')
    throw refused('instalment-not-due', `instalment ${command.no} is ${instalment.status}`, { status: instalment.status });
  separateDuties(command.payer, 'pay', {
    'applied for': award.appliedBy,
    reviewed: award.review.reviewedBy,
    approved: [award.grant.approver, award.override?.proposedBy ?? ''],
    unlocked: instalment.unlockedBy,
    'confirmed the successor of': award.successorConfirmedBy,
    'recorded the account of': command.accountRecordedBy,
  });
  const { no, batch, line, payer } = command;
  return [event('instalment-ordered', { no, amount: instalment.amount.toString(), batch, line, payer }, state)];
}

/**
 * The payment is a fact, whatever now stands in the way of paying. Where the instalment is still to be paid, this is its
 * order; where it is not (paid or ordered otherwise, lapsed), the money is too much, and is to be demanded back.
 */
function acceptPayment(command: Of<'accept-payment'>, state: AwardState): readonly AwardEvent[] {
  if (!isGranted(state)) throw wrongStatus(state, 'paid', 'granted');
  const { no, batch, line, payer, on, reference } = command;
  const instalment = instalmentOf(state, no);
  const amount = instalment.amount.toString();
  if ('batch' in instalment && instalment.batch === batch && instalment.line === line) return [];
  if (state.overpayments.some((known) => known.batch === batch && known.line === line && known.reference === reference)) return [];
  if (state.status === 'granted' && instalment.status === 'unlocked')
    return [event('instalment-ordered', { no, amount, batch, line, payer }, state)];
  return [event('instalment-overpaid', { no, amount, batch, line, on, reference }, state)];
}

/** The holds of payments end that have no overpaid money behind them any more, all of it demanded or returned. */
function releasedPayments(after: GrantedState, reason: string): readonly AwardEvent[] {
  if (after.status !== 'granted' || !undemandedOf(after).isZero) return [];
  return after.holds
    .filter(({ payment }) => payment !== undefined && after.overpayments.some((known) => payment === paymentOf(known)))
    .map(({ payment }) => event('award-hold-released', { reason, payment }, after));
}

function cancelOrder(command: Of<'cancel-order'>, state: AwardState): readonly AwardEvent[] {
  if (!isGranted(state)) return [];
  const instalment = instalmentOf(state, command.no);
  if (instalment.status !== 'ordered' || instalment.batch !== command.batch || instalment.line !== command.line) return [];
  return [event('instalment-order-cancelled', { no: command.no, batch: command.batch, line: command.line, reason: command.reason }, state)];
}

/** What the bank did with a line of a frozen batch. The batch has already sorted out repeated and stale results. */
function settle(command: Of<'settle'>, state: AwardState, context: DecisionContext): readonly AwardEvent[] {
  if (!isGranted(state)) throw wrongStatus(state, 'paid', 'granted');
  const { no, batch, line, on, reference } = command;
  const instalment = instalmentOf(state, no);
  const here = 'batch' in instalment && instalment.batch === batch && instalment.line === line;
  const amount = instalment.amount.toString();
  if (command.result === 'paid') {
    if (here && instalment.status === 'paid') return [];
    if (here && instalment.status === 'ordered') return [event('instalment-paid', { no, amount, batch, line, on, reference }, state)];
  } else {
    const returned = { no, amount, batch, line, on, reference, reason: command.reason };
    if (here) return withShortage(event('instalment-returned', returned, state), state, context);
    const overpayment = state.overpayments.findLast((each) => each.batch === batch && each.line === line);
    if (overpayment?.returned === true) return [];
    if (overpayment !== undefined) {
      const events = withShortage(event('overpayment-returned', returned, state), state, context);
      return [...events, ...releasedPayments(evolved(state, events, context), '重复拨付的款项已由银行退回')];
    }
    if (instalment.status === 'unlocked' || instalment.status === 'lapsed') return [];
  }
  throw refused('payment-not-ordered', `instalment ${no} is ${instalment.status}, not in line ${line} of batch ${batch}`);
}

/** A payment that had been clawed back comes back from the bank: the enterprise is out of pocket until a person sees to it. */
function withShortage(returned: AwardEvent, state: GrantedState, context: DecisionContext): readonly AwardEvent[] {
  const after = evolved(state, [returned], context);
  const short = shortOf(after);
  if (short.isZero || after.status !== 'granted' || after.holds.some((each) => isSameSource(each, {}))) return [returned];
  const reason = `银行退回了已被追缴的款项，企业多缴${short.toChinese()}：须核实后再次拨付`;
  return [returned, event('award-held', { reason }, state)];
}

const evolved = (state: GrantedState, events: readonly AwardEvent[], context: DecisionContext) =>
  events.reduce<AwardState>((folded, each) => evolveAward(folded, each, context), state) as GrantedState;

function demandClawback(command: Of<'demand-clawback'>, state: AwardState, context: DecisionContext): readonly AwardEvent[] {
  if (!isGranted(state)) throw wrongStatus(state, 'clawed back', 'granted');
  if (!CLAWBACK_CAUSES.includes(command.cause)) throw invalidField('cause', 'cause', `must be one of ${CLAWBACK_CAUSES.join(', ')}`);
  const principal = Money.parse(command.principal, 'principal');
  if (principal.isZero) throw invalidField('principal', 'positive', 'must be more than zero');
  if (command.dueOn < context.effectiveOn) throw invalidField('dueOn', 'not-before-demand', 'cannot lie before the demand itself');
  const fine = fineOf(command.cause, command.finePercent, principal);
  const { cause, dueOn, reason } = command;
  const isKnown = (known: Clawback) =>
    known.cause === cause &&
    known.dueOn === dueOn &&
    known.reason === reason &&
    known.principal.equals(principal) &&
    known.fine.equals(fine);
  if (state.clawbacks.some(isKnown)) return [];
  const recoverable = recoverableOf(state);
  if (principal.isMoreThan(recoverable)) {
    throw refused('over-paid-amount', `at most ${recoverable.toChinese()} of what was paid can still be demanded back`, {
      recoverable: recoverable.toString(),
    });
  }
  const data = {
    clawback: state.clawbacks.length + 1,
    cause,
    principal: principal.toString(),
    fine: fine.toString(),
    amount: principal.plus(fine).toString(),
    dueOn,
    reason,
  };
  const demanded = event('clawback-demanded', data, state, command.evidence);
  return [demanded, ...releasedPayments(evolved(state, [demanded], context), '重复拨付的款项已列入追缴')];
}

function fineOf(cause: ClawbackCause, percent: string | undefined, principal: Money): Money {
  if (percent === undefined) return Money.zero;
  const range = FINE_PERCENT[cause];
  if (range === undefined) throw refused('no-fine', `no fine is provided for the cause ${cause}`);
  if (!/^\d{1,2}(\.\d{1,2})?$/.test(percent))
    throw invalidField('finePercent', 'percent', 'must be a decimal string such as "10" or "12.5"');
  const value = new Decimal(percent);
  if (value.lessThan(range.from) || value.greaterThan(range.to)) {
    throw refused('fine-out-of-range', `the fine for ${cause} lies between ${range.from}% and ${range.to}% (${range.citation})`, {
      from: range.from,
      to: range.to,
    });
  }
  return Money.roundHalfUp(principal.toDecimal().times(value).div(100));
}

function clawbackOf(state: AwardState, number: number) {
  if (!isGranted(state)) throw wrongStatus(state, 'clawed back', 'granted');
  const clawback = state.clawbacks.find((each) => each.clawback === number);
  if (clawback === undefined) throw refused('clawback-unknown', `the award has no clawback ${number}`);
  return clawback;
}

function receiveClawback(command: Of<'receive-clawback'>, state: AwardState, context: DecisionContext): readonly AwardEvent[] {
  const clawback = clawbackOf(state, command.clawback);
  if (clawback.demandedBy === context.actorId)
    throw refused('duties-not-separated', `${context.actorId} demanded this clawback and may not also record its receipt`);
  const amount = Money.parse(command.amount);
  if (command.on < clawback.demandedOn || command.on > context.today) {
    throw invalidField('on', 'since-demand', `must lie between the demand, ${clawback.demandedOn}, and today, ${context.today}`);
  }
  // A receipt is one sum of money: it cannot settle two clawbacks of the award.
  for (const { clawback: no, receipts } of isGranted(state) ? state.clawbacks : []) {
    const known = receipts.find(({ reference }) => normalisedReference(reference) === normalisedReference(command.reference));
    if (known === undefined) continue;
    if (no === clawback.clawback && known.amount === amount.toString()) return [];
    throw refused('receipt-known', `receipt ${command.reference} has been recorded with ${known.amount} for clawback ${no}`, {
      clawback: no,
    });
  }
  const data = { clawback: clawback.clawback, amount: amount.toString(), on: command.on, reference: command.reference };
  return [
    event('clawback-received', data, state),
    ...reduceClawback(clawback, amount, { received: clawback.received.plus(amount), writtenOff: clawback.writtenOff }, state),
  ];
}

function writeOffClawback(command: Of<'write-off-clawback'>, state: AwardState, context: DecisionContext): readonly AwardEvent[] {
  const clawback = clawbackOf(state, command.clawback);
  if (clawback.demandedBy === context.actorId)
    throw refused('duties-not-separated', `${context.actorId} demanded this clawback and may not also write it off`);
  const amount = Money.parse(command.amount);
  if (clawback.writeOffs.some((known) => known.amount === amount.toString() && known.reason === command.reason)) return [];
  const data = { clawback: clawback.clawback, amount: amount.toString(), reason: requireReason(command.reason) };
  return [
    event('clawback-written-off', data, state, command.evidence),
    ...reduceClawback(clawback, amount, { received: clawback.received, writtenOff: clawback.writtenOff.plus(amount) }, state),
  ];
}

function reduceClawback(
  clawback: { readonly clawback: number; readonly outstanding: Money },
  amount: Money,
  totals: { readonly received: Money; readonly writtenOff: Money },
  state: AwardState,
): readonly AwardEvent[] {
  if (amount.isZero) throw invalidField('amount', 'positive', 'must be more than zero');
  if (amount.isMoreThan(clawback.outstanding)) {
    throw refused('over-outstanding', `only ${clawback.outstanding.toChinese()} are outstanding`, {
      outstanding: clawback.outstanding.toString(),
    });
  }
  if (!amount.equals(clawback.outstanding)) return [];
  return [
    event(
      'clawback-settled',
      { clawback: clawback.clawback, received: totals.received.toString(), writtenOff: totals.writtenOff.toString() },
      state,
    ),
  ];
}
