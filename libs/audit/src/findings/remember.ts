import type { AwardEvent } from '@app/awards';
import { contentHash, normalisedReference, secondsBetween, unreachable } from '@app/kernel';
import type { BudgetEvent } from '@app/budgets';
import { ACCOUNT_FACT } from '@app/policies';
import type { LedgerEventType } from '../ledger-event.js';
import { movedBy } from './detectors/budget-overdrawn.js';
import { saysHeld } from './detectors/certificate-invalid.js';
import { burstOf } from './detectors/just-under-threshold.js';
import { termOf } from './detectors/moved-out-early.js';
import { openAt } from './detectors/unresolved-question-paid.js';
import { factKey, unverifiedAt } from './detectors/unverified-fact-paid.js';
import { certificateId, CLOCK_TOLERANCE_SECONDS, factId, occasionId, reviewId, subjectOfStream } from './names.js';
import {
  actorOf,
  awardOfStream,
  awardRecord,
  type AwardRecord,
  blacklistCase,
  caseId,
  clearanceId,
  clearedBy,
  codeOfStream,
  fen,
  type InstalmentRecord,
  type Memories,
  type Memory,
  type OfCase,
  policyOf,
  type Recorded,
  type Rest,
  UNTOUCHED,
} from './past.js';
import { meetsCondition, recompute } from './recompute.js';

/** Occasions that name a thing two enterprises cannot both have of their own. */
const NAMED_OCCASIONS: readonly string[] = ['certificate', 'project', 'transaction'];

/** Adds an event to what is remembered. */
export function remember(event: Recorded, memory: Memory): void {
  rememberClock(event, memory);
  const burst = burstOf(event, memory);
  if (burst !== undefined) memory.put('burst', burst.id, burst.left);
  if (event.stream.startsWith('award-')) return rememberAward(event as Recorded<AwardEvent['type']>, memory);
  if (event.stream.startsWith('policy-')) return rememberPolicy(event, memory);
  if (event.stream.startsWith('budget-')) return rememberBudget(event as Recorded<BudgetEvent['type']>, memory);
  (OTHERS[event.type] as ((event: Recorded, memory: Memory) => void) | undefined)?.(event, memory);
}

/**
 * The latest time there has been: many small steps back come to a large one. One that has been told of begins anew, so that
 * it is told of once.
 */
function rememberClock({ recordedAt }: Recorded, memory: Memory): void {
  const before = memory.get('clock', '')?.recordedAt;
  if (before === undefined || before < recordedAt || secondsBetween(recordedAt, before) >= CLOCK_TOLERANCE_SECONDS)
    memory.put('clock', '', { recordedAt });
}

function rememberPolicy({ stream, type, data }: Recorded, memory: Memory): void {
  const pack = stream.slice('policy-'.length);
  const { digest, events } = memory.get('policy', pack) ?? { digest: pack, events: 0 };
  memory.put('policy-event', `${pack}/${events}`, { type, data });
  memory.put('policy', pack, { digest: contentHash([digest, type, data]), events: events + 1 });
}

function rememberBudget(event: Recorded<BudgetEvent['type']>, memory: Memory): void {
  const id = event.stream.slice('budget-'.length);
  const before = memory.get('budget', id) ?? { available: 0, reserved: 0 };
  const change = movedBy(event);
  if (change.available === 0 && change.reserved === 0) return;
  memory.put('budget', id, { available: before.available + change.available, reserved: before.reserved + change.reserved });
}

function rememberAward(event: Recorded<AwardEvent['type']>, memory: Memory): void {
  const award = awardOfStream(event.stream);
  const before = awardRecord(memory, award);
  const after = awardAfter(event, before, memory);
  if (after !== undefined) memory.put('award', award, after);
  if (event.type === 'award-granted') rememberGrant(award, before, memory);
  if (event.type === 'instalment-paid') {
    const line = memory.get('batch-line', `${event.data.batch}/${event.data.line}`);
    const account = line && normalisedReference(line.account);
    if (account !== undefined && memory.get('account', account) === undefined)
      memory.put('account', account, { payee: line?.payee ?? before.payee, award });
  }
}

/** Undefined where the event leaves the record as it was. */
function awardAfter(event: Recorded<AwardEvent['type']>, before: AwardRecord, memory: Memory): AwardRecord | undefined {
  const actor = actorOf(event);
  switch (event.type) {
    case 'award-applied': {
      const { pack, clause, payee, payeeName, occasion, agency, persons = [] } = event.data;
      const { kind, key, reference } = occasion;
      return {
        ...UNTOUCHED,
        pack,
        clause,
        payee,
        payeeName,
        occasion: { kind, key, reference },
        ...(agency !== undefined && { agency }),
        persons,
        appliedBy: actor,
      };
    }
    case 'award-assessed': {
      const { version, on, facts, used } = event.data;
      const computed = recompute(policyOf(memory, before.pack), { clause: before.clause, version, on, facts });
      return {
        ...before,
        assessed: { on, version, computed, rests: used.map(restOf) },
        ...(before.notice && { notice: { ...before.notice, isOutdated: true } }),
      };
    }
    case 'award-reviewed':
      return { ...before, reviewed: { by: actor, ...(event.data.amount !== undefined && { amount: event.data.amount }) } };
    case 'award-publicised': {
      const { from, until } = event.data;
      return { ...before, notice: { from, until, open: [], judges: [] } };
    }
    case 'award-objection-raised': {
      const { notice, objectors } = before;
      return {
        ...before,
        objectors: [...objectors, actor],
        ...(notice && { notice: { ...notice, open: [...notice.open, event.data.objection] } }),
      };
    }
    case 'award-objection-decided': {
      const { notice, overrideBy: _override, reviewed: _reviewed, ...rest } = before;
      // Upheld, the award is assessed, reviewed and publicised again.
      if (event.data.upheld) return { ...rest, objectors: [] };
      const open = notice?.open.filter((no) => no !== event.data.objection) ?? [];
      return { ...before, ...(notice && { notice: { ...notice, open, judges: [...notice.judges, actor] } }) };
    }
    case 'award-override-proposed':
      return { ...before, overrideBy: actor };
    case 'award-override-dropped': {
      const { overrideBy: _dropped, ...rest } = before;
      return rest;
    }
    case 'award-grant-started':
      return {
        ...before,
        starting: {
          approver: actor,
          on: event.metadata.effectiveOn,
          clearedBy: clearedBy(memory, before.payee, event.data.clearances ?? []),
        },
      };
    case 'award-grant-failed': {
      const { starting: _failed, ...rest } = before;
      return rest;
    }
    case 'award-granted': {
      const { approver, amount, instalments } = event.data;
      const on = before.starting?.on ?? event.metadata.effectiveOn;
      return {
        ...before,
        granted: { on, approver, amount, instalments: instalments.map(({ no, amount: part }) => ({ no, amount: part })) },
      };
    }
    case 'instalment-unlocked': {
      const { no, facts, used } = event.data;
      const { assessed, successor } = before;
      const asked = assessed && { clause: before.clause, version: assessed.version, on: assessed.on, facts };
      const isProven = asked !== undefined && meetsCondition(policyOf(memory, before.pack), asked, no);
      const rests = used.map((one) => ({ ...restOf(one), ...(successor && { code: successor.payee }) }));
      return withInstalment(before, no, { unlockedBy: actor, isProven, rests });
    }
    case 'instalment-ordered': {
      const { no, batch, line } = event.data;
      return withInstalment(before, no, { ordered: { batch, line, on: event.metadata.effectiveOn } });
    }
    case 'instalment-paid': {
      const { no, amount } = event.data;
      const paidOver = [...unverifiedAt(before, no, memory).map(factKey), ...openAt(before, memory).map(({ key }) => key)];
      return withInstalment({ ...before, paidOver }, no, { paid: paidOf(before, no) + fen(amount) });
    }
    case 'instalment-returned': {
      const { no, amount } = event.data;
      // Returned without ever having been reported as paid, it was not counted.
      return withInstalment(before, no, { paid: Math.max(0, paidOf(before, no) - fen(amount)) });
    }
    case 'award-payee-confirmed':
      return { ...before, successor: { payee: event.data.payee, by: actor } };
    case 'award-revoked':
      return { ...before, isRevoked: true };
    case 'clawback-demanded':
      return { ...before, demandedBy: [...before.demandedBy, actor] };
    case 'award-rejected':
    case 'award-withdrawn':
    case 'instalment-order-cancelled':
    case 'instalment-overpaid':
    case 'overpayment-returned':
    case 'award-held':
    case 'award-hold-released':
    case 'award-lapsed':
    case 'clawback-received':
    case 'clawback-written-off':
    case 'clawback-settled':
      return undefined;
    default:
      return unreachable(event);
  }
}

function paidOf({ granted }: AwardRecord, no: number): number {
  return granted?.instalments.find((one) => one.no === no)?.paid ?? 0;
}

function withInstalment(before: AwardRecord, no: number, change: Partial<InstalmentRecord>): AwardRecord {
  const { granted } = before;
  if (granted === undefined) return before;
  const instalments = granted.instalments.map((one) => (one.no === no ? { ...one, ...change } : one));
  return { ...before, granted: { ...granted, instalments } };
}

function restOf({ input, value, source }: { readonly input: string; readonly value: string | boolean; readonly source: object }): Rest {
  const { factId, certificate, relocation, recordedBy, relocationRecordedBy } = source as Readonly<Record<string, string | undefined>>;
  return {
    input,
    value,
    ...(factId !== undefined && { factId }),
    ...(certificate !== undefined && { certificate }),
    ...(relocation !== undefined && { relocation }),
    recordedBy: [recordedBy, relocationRecordedBy].filter((one) => one !== undefined),
  };
}

/** What other awards and later moves are measured against. */
function rememberGrant(award: string, record: AwardRecord, memory: Memory): void {
  const { payee, occasion, agency, persons, assessed } = record;
  if (NAMED_OCCASIONS.includes(occasion.kind)) {
    const id = occasionId(record);
    const others = (memory.get('occasion', id) ?? []).filter((one) => one.award !== award);
    memory.put('occasion', id, [...others, { award, payee, ...(agency !== undefined && { agency }), persons }]);
  }
  for (const { certificate } of (assessed?.rests ?? []).filter(saysHeld)) {
    const id = certificateId(payee, certificate);
    const awards = memory.get('certificate-awards', id) ?? [];
    if (!awards.includes(award)) memory.put('certificate-awards', id, [...awards, award]);
  }
  const term = termOf(award, record, memory);
  if (term === undefined) return;
  const enterprise = memory.get('enterprise', payee) ?? unknownEnterprise(record.payeeName);
  memory.put('enterprise', payee, { ...enterprise, relocationAwards: [...enterprise.relocationAwards, term] });
}

const unknownEnterprise = (name: string): Memories['enterprise'] => ({ name, absorbed: [], relocationAwards: [], departures: [] });

type Rememberers = { readonly [Type in LedgerEventType]?: (event: Recorded<Type>, memory: Memory) => void };

/** What is kept of the other events; those that are not here leave nothing behind. */
const OTHERS: Rememberers = {
  'enterprise-registered': ({ stream, data }, memory) => memory.put('enterprise', codeOfStream(stream), unknownEnterprise(data.name)),
  'enterprise-renamed': ({ stream, data }, memory) => changeEnterprise(stream, memory, (before) => ({ ...before, name: data.name })),
  'enterprise-absorbed': ({ stream, data }, memory) =>
    changeEnterprise(stream, memory, (before) => ({ ...before, absorbed: [...before.absorbed, data.creditCode] })),
  'departure-recorded': ({ stream, data }, memory) =>
    changeEnterprise(stream, memory, (before) => ({ ...before, departures: [...before.departures, data.on] })),
  'fact-recorded': (event, memory) => {
    const { factId: fact, name } = event.data;
    memory.put('fact', factId(codeOfStream(event.stream), fact), { recordedBy: actorOf(event), isVerified: false });
    if (name === ACCOUNT_FACT) changeEnterprise(event.stream, memory, (before) => ({ ...before, accountRecordedBy: actorOf(event) }));
  },
  'fact-verified': (event, memory) => rememberFact(event, memory, true),
  'fact-disputed': (event, memory) => rememberFact(event, memory, false),
  'clearance-recorded': (event, memory) =>
    memory.put('clearance', clearanceId(codeOfStream(event.stream), event.data), { recordedBy: actorOf(event) }),
  'certificate-recorded': ({ stream, data: { number, issuedOn, expiresOn } }, memory) =>
    memory.put('certificate', certificateId(codeOfStream(stream), number), { issuedOn, expiresOn }),
  'certificate-revoked': ({ stream, data }, memory) => {
    const id = certificateId(codeOfStream(stream), data.number);
    const known = memory.get('certificate', id);
    if (known !== undefined) memory.put('certificate', id, { ...known, revokedOn: data.on });
  },
  'blacklist-case-opened': (event, memory) => changeCase(event, memory, () => ({ openedBy: actorOf(event) })),
  'statement-recorded': (event, memory) => changeCase(event, memory, ({ heardBy }) => ({ heardBy: [...heardBy, actorOf(event)] })),
  'statement-waived': (event, memory) => changeCase(event, memory, ({ heardBy }) => ({ heardBy: [...heardBy, actorOf(event)] })),
  'listing-objection-raised': (event, memory) =>
    changeCase(event, memory, ({ objectors }) => ({ objectors: [...objectors, actorOf(event)] })),
  'credit-repair-applied': (event, memory) => changeCase(event, memory, () => ({ repairBy: actorOf(event) })),
  'listing-decided': (event, memory) => {
    changeCase(event, memory, () => ({ decidedBy: actorOf(event) }));
    const { listing, from, until } = event.data;
    const subject = subjectOfStream(event.stream);
    memory.put('listings', subject, [...(memory.get('listings', subject) ?? []), { listing, from, until }]);
  },
  'listing-ended': ({ stream, data: { listing, on } }, memory) => {
    const subject = subjectOfStream(stream);
    // One that was found wrong after its repair keeps the day of its repair.
    const ended = (memory.get('listings', subject) ?? []).map((one) =>
      one.listing === listing ? { ...one, endedOn: one.endedOn ?? on } : one,
    );
    memory.put('listings', subject, ended);
  },
  'batch-prepared': ({ stream, data: { lines } }, memory) => {
    const batch = stream.slice('batch-'.length);
    for (const { line, award, payee, account } of lines) memory.put('batch-line', `${batch}/${line}`, { award, payee, account });
  },
  'batch-freeze-started': ({ stream, data: { payer } }, memory) => memory.put('batch', stream, { payer }),
  'batch-cancelled': (event, memory) =>
    memory.put('batch', event.stream, { ...memory.get('batch', event.stream), cancelledBy: actorOf(event) }),
  'tier-review-opened': ({ data: { ladder, year }, metadata }, memory) =>
    memory.put('review', reviewId(ladder, year), { openedOn: metadata.effectiveOn }),
  'tier-review-closed': (event, memory) => endReview(event, 'closed', memory),
  'tier-review-lapsed': (event, memory) => endReview(event, 'lapsed', memory),
  'tier-proposals-made': (event, memory) => {
    const { ladder, year, proposals } = event.data;
    for (const { creditCode } of proposals) memory.put('proposals', `${reviewId(ladder, year)}/${creditCode}`, { by: actorOf(event) });
  },
  'duty-done': (event, memory) => memory.put('duty', event.stream, { doneBy: actorOf(event) }),
};

function rememberFact(event: Recorded<'fact-verified' | 'fact-disputed'>, memory: Memory, isVerified: boolean): void {
  const id = factId(codeOfStream(event.stream), event.data.factId);
  memory.put('fact', id, { recordedBy: memory.get('fact', id)?.recordedBy ?? '', isVerified });
}

function endReview({ data }: Recorded<'tier-review-closed' | 'tier-review-lapsed'>, as: 'closed' | 'lapsed', memory: Memory): void {
  const id = reviewId(data.ladder, data.year);
  const review = memory.get('review', id);
  if (review !== undefined) memory.put('review', id, { ...review, ended: { on: data.on, as } });
}

/** What is remembered of the case an event is about, changed in part. */
function changeCase(
  event: Recorded & OfCase,
  memory: Memory,
  change: (before: Memories['blacklist-case']) => Partial<Memories['blacklist-case']>,
): void {
  const before = blacklistCase(memory, event);
  memory.put('blacklist-case', caseId(event), { ...before, ...change(before) });
}

function changeEnterprise(stream: string, memory: Memory, change: (before: Memories['enterprise']) => Memories['enterprise']): void {
  const code = codeOfStream(stream);
  memory.put('enterprise', code, change(memory.get('enterprise', code) ?? unknownEnterprise(code)));
}
