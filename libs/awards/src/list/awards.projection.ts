import type { RecordedEvent } from '@app/event-store';
import { Money } from '@app/kernel';
import { changeFrom, datedTable, type Projection, type Rows, type Since, table } from '@app/projections';
import {
  type AwardEvent,
  type AwardStatus,
  type BudgetLineReference,
  type Hold,
  type InstalmentStatus,
  isSameSource,
  lastDayOfNotice,
} from '../award.js';
import { dayOfEffect } from '../day-of-effect.js';
import { awardEvents } from '../award.codec.js';

/** One award as lists show it. Amounts in fen. */
export interface AwardRow extends Since {
  readonly award: string;
  readonly pack: string;
  readonly clause: string;
  readonly payee: string;
  readonly payee_name: string;
  readonly occasion: string;
  readonly status: AwardStatus;
  /** Outcome of the latest assessment. */
  readonly outcome: string | null;
  /** Why it was turned down, held or ended, in words. */
  readonly remark: string | null;
  /** 1 while it has a hold; one whose last hold is bound to a listing counts until `held_until`. */
  readonly held: number;
  /** First day without any hold; null when it has none, or one that nobody knows the end of. */
  readonly held_until: string | null;
  /** JSON array of its holds. */
  readonly holds: string;
  readonly agency: string | null;
  /** JSON array of references. */
  readonly persons: string;
  readonly amount_fen: number | null;
  /** What the clause computed, while an override is proposed; restored when it is dropped. */
  readonly computed_fen: number | null;
  readonly paid_fen: number;
  readonly clawback_outstanding_fen: number;
  /** Received for clawbacks so far, fines included. */
  readonly clawback_received_fen: number;
  /** Paid too much and not returned. */
  readonly overpaid_fen: number;
  readonly budget_line: string | null;
  readonly document_no: string | null;
  /** The public notice that stands, from its first day to its last, with the amount that was put on it. */
  readonly notice_from: string | null;
  readonly notice_until: string | null;
  readonly notice_place: string | null;
  readonly notice_fen: number | null;
  readonly applied_on: string;
  readonly granted_on: string | null;
  readonly revision: number;
}

/** One instalment of a granted award. */
export interface InstalmentRow extends Since {
  readonly award: string;
  readonly no: number;
  readonly pack: string;
  readonly clause: string;
  readonly payee: string;
  readonly payee_name: string;
  readonly budget_line: string;
  readonly document_no: string;
  readonly amount_fen: number;
  readonly status: InstalmentStatus['status'];
  readonly held: number;
  readonly held_until: string | null;
  /** 1 while it is owed and has not arrived: unlocked or ordered. */
  readonly is_due: number;
  /** Business date since when it has been due; kept when the bank returns it. */
  readonly due_since: string | null;
  readonly returns: number;
  readonly batch: string | null;
  readonly batch_line: number | null;
  readonly paid_on: string | null;
  /** 1 once its award has ended: what the bank sends back is due no more. */
  readonly ended: number;
}

/** Who took part in an application beside the payee: a service agency by its credit code, a person by reference. */
export interface AwardPartyRow {
  readonly kind: 'agency' | 'person';
  readonly id: string;
  readonly award: string;
  /** 0 once another application has taken the place of the one that named it. */
  readonly stands: number;
}

/** A hold bound to a listing. */
export interface AwardHoldRow {
  readonly listing: string;
  readonly award: string;
}

export interface AwardTables {
  readonly award: AwardRow;
  readonly instalment: InstalmentRow;
  readonly award_party: AwardPartyRow;
  readonly award_hold: AwardHoldRow;
}

/** Whether a row is held on a day. */
export function isHeld({ held, held_until }: Pick<AwardRow, 'held' | 'held_until'>, on: string): boolean {
  return held === 1 && (held_until === null || on < held_until);
}

const awardTable = table<AwardRow>({
  name: 'award',
  columns: {
    award: 'text',
    pack: 'text',
    clause: 'text',
    payee: 'text',
    payee_name: 'text',
    occasion: 'text',
    status: 'text',
    outcome: 'text',
    remark: 'text',
    held: 'integer',
    held_until: 'text',
    holds: 'text',
    agency: 'text',
    persons: 'text',
    amount_fen: 'integer',
    computed_fen: 'integer',
    paid_fen: 'integer',
    clawback_outstanding_fen: 'integer',
    clawback_received_fen: 'integer',
    overpaid_fen: 'integer',
    budget_line: 'text',
    document_no: 'text',
    notice_from: 'text',
    notice_until: 'text',
    notice_place: 'text',
    notice_fen: 'integer',
    applied_on: 'text',
    granted_on: 'text',
    revision: 'integer',
    from_day: 'text',
  },
  key: ['award'],
  indexes: [
    ['payee', 'award'],
    ['status', 'award'],
    ['from_day', 'award'],
  ],
});

const instalmentTable = table<InstalmentRow>({
  name: 'instalment',
  columns: {
    award: 'text',
    no: 'integer',
    pack: 'text',
    clause: 'text',
    payee: 'text',
    payee_name: 'text',
    budget_line: 'text',
    document_no: 'text',
    amount_fen: 'integer',
    status: 'text',
    held: 'integer',
    held_until: 'text',
    is_due: 'integer',
    due_since: 'text',
    returns: 'integer',
    batch: 'text',
    batch_line: 'integer',
    paid_on: 'text',
    ended: 'integer',
    from_day: 'text',
  },
  key: ['award', 'no'],
  indexes: [
    ['is_due', 'due_since', 'award', 'no'],
    ['payee', 'award'],
  ],
});

/** Awards by business day. */
export const awards = datedTable(awardTable, { cut: 'all', indexes: [['until_day', 'award', 'from_day', 'status']] });

/** Instalments by business day: of those that were due on a day in the past, the ends lie within a month of it. */
export const instalments = datedTable(instalmentTable, {
  cut: ({ is_due }) => is_due === 1,
  indexes: [['is_due', 'until_day']],
});

/** The statuses in which an instalment is owed and has not arrived. */
const DUE: readonly string[] = ['unlocked', 'ordered'];

const partyTable = table<AwardPartyRow>({
  name: 'award_party',
  columns: { kind: 'text', id: 'text', award: 'text', stands: 'integer' },
  key: ['kind', 'id', 'award'],
});

const holdTable = table<AwardHoldRow>({
  name: 'award_hold',
  columns: { listing: 'text', award: 'text' },
  key: ['listing', 'award'],
});

const markedDue = (row: InstalmentRow): InstalmentRow => ({ ...row, is_due: DUE.includes(row.status) ? 1 : 0 });

const fen = (amount: string) => Money.parse(amount).toFen();

/** Awards and their instalments, as lists and payment batches need them, for every day. */
export class AwardsProjection implements Projection {
  readonly name = 'awards';
  readonly version = 9;
  readonly tables = [awards.now, awards.past, instalments.now, instalments.past, partyTable, holdTable] as never[];
  readonly handles = new Set(Object.keys(awardEvents));

  apply(recorded: RecordedEvent, rows: Rows): void {
    const event = recorded as RecordedEvent & AwardEvent;
    const award = event.stream.slice('award-'.length);
    const before = rows.get(awardTable, award);
    if (before === undefined && event.type !== 'award-applied') throw new Error(`${event.type} on ${award}, which was never applied for`);
    const day = dayOfEffect(event);
    const wasPaid = event.type === 'instalment-returned' && rows.get(instalmentTable, award, event.data.no)?.status === 'paid';
    changeFrom(rows, awards, [award], day, (row) => {
      const after = awardAfter(event, award, row, wasPaid);
      return after && { ...after, revision: event.revision };
    });
    if (event.type === 'award-applied') nameParties(rows, award, before, event.data);
    if (before !== undefined) this.followUp(event, before, day, rows);
  }

  /** What an event does to instalments, and to the holds of listings. */
  private followUp(event: RecordedEvent & AwardEvent, before: AwardRow, day: string, rows: Rows): void {
    const { award } = before;
    const change = (no: number, to: (row: InstalmentRow) => InstalmentRow) => {
      if (rows.get(instalmentTable, award, no) === undefined) throw new Error(`${award} has no instalment ${no}`);
      changeFrom(rows, instalments, [award, no], day, (row) => row && markedDue(to(row)));
    };
    const changeAll = (to: (row: InstalmentRow) => InstalmentRow) => {
      for (let no = 1; rows.get(instalmentTable, award, no) !== undefined; no += 1) change(no, to);
    };
    switch (event.type) {
      case 'award-granted': {
        const { budget, documentNo } = event.data;
        const { pack, clause, payee, payee_name } = before;
        for (const { no, amount } of event.data.instalments) {
          changeFrom(rows, instalments, [award, no], day, () => ({
            award,
            no,
            pack,
            clause,
            payee,
            payee_name,
            budget_line: lineOf(budget),
            document_no: documentNo,
            amount_fen: fen(amount),
            status: 'locked',
            ...UNHELD,
            is_due: 0,
            due_since: null,
            returns: 0,
            batch: null,
            batch_line: null,
            paid_on: null,
            ended: 0,
          }));
        }
        return;
      }
      case 'instalment-unlocked':
        return change(event.data.no, (row) => ({ ...row, status: 'unlocked', due_since: day }));
      case 'instalment-ordered': {
        const { batch, line } = event.data;
        return change(event.data.no, (row) => ({ ...row, status: 'ordered', batch, batch_line: line }));
      }
      case 'instalment-order-cancelled':
        return change(event.data.no, (row) => backFromBank(row, 0));
      case 'instalment-paid':
        return change(event.data.no, (row) => ({ ...row, status: 'paid', paid_on: event.data.on }));
      case 'instalment-returned':
        return change(event.data.no, (row) => backFromBank(row, 1));
      case 'award-held':
      case 'award-hold-released': {
        const { listing } = event.data;
        if (listing !== undefined && event.type === 'award-held') rows.put(holdTable, { listing, award });
        if (listing !== undefined && event.type === 'award-hold-released') rows.remove(holdTable, listing, award);
        const held = heldBy(holdsAfter(before, event));
        return changeAll((row) => ({ ...row, ...held }));
      }
      case 'award-lapsed':
      case 'award-revoked': {
        for (const { listing } of holdsIn(before)) if (listing !== undefined) rows.remove(holdTable, listing, award);
        return changeAll((row) => ({
          ...row,
          ...UNHELD,
          ended: 1,
          ...(row.status === 'locked' || row.status === 'unlocked' ? { status: 'lapsed' } : {}),
        }));
      }
      case 'award-applied':
      case 'award-assessed':
      case 'award-reviewed':
      case 'award-rejected':
      case 'award-withdrawn':
      case 'award-publicised':
      case 'award-objection-raised':
      case 'award-objection-decided':
      case 'award-override-proposed':
      case 'award-override-dropped':
      case 'award-grant-started':
      case 'award-grant-failed':
      case 'award-payee-confirmed':
      case 'instalment-overpaid':
      case 'overpayment-returned':
      case 'clawback-demanded':
      case 'clawback-received':
      case 'clawback-written-off':
      case 'clawback-settled':
        return;
    }
  }
}

/** An award after an event; undefined for a day before it was applied for. `wasPaid`: what the bank returns had been paid. */
function awardAfter(
  event: RecordedEvent & AwardEvent,
  award: string,
  before: AwardRow | undefined,
  wasPaid: boolean,
): Omit<AwardRow, keyof Since> | undefined {
  const on = event.metadata.effectiveOn;
  if (event.type === 'award-applied') {
    const { pack, clause, payee, payeeName, occasion, agency = null, persons = [] } = event.data;
    return {
      award,
      pack,
      clause,
      payee,
      payee_name: payeeName,
      occasion: occasion.reference,
      status: 'applied',
      outcome: null,
      remark: null,
      ...UNHELD,
      holds: '[]',
      agency,
      persons: JSON.stringify(persons),
      amount_fen: null,
      computed_fen: null,
      paid_fen: 0,
      clawback_outstanding_fen: 0,
      clawback_received_fen: 0,
      overpaid_fen: 0,
      budget_line: null,
      document_no: null,
      ...UNNOTICED,
      applied_on: on,
      granted_on: null,
      revision: event.revision,
    };
  }
  if (before === undefined) return undefined;
  switch (event.type) {
    case 'award-assessed': {
      const { assessment } = event.data;
      return {
        ...before,
        status: 'assessed',
        outcome: assessment.outcome,
        amount_fen: assessment.outcome === 'payable' ? fen(assessment.amount) : null,
      };
    }
    case 'award-reviewed':
      return { ...before, status: 'reviewed', ...(event.data.amount !== undefined && { amount_fen: fen(event.data.amount) }) };
    case 'award-rejected':
      return { ...before, status: 'rejected', remark: event.data.reason };
    case 'award-withdrawn':
      return { ...before, status: 'withdrawn', remark: event.data.reason };
    case 'award-publicised':
      return {
        ...before,
        status: 'publicised',
        notice_from: event.data.from,
        notice_until: lastDayOfNotice(event.data),
        notice_place: event.data.place ?? null,
        notice_fen: before.amount_fen,
      };
    case 'award-objection-raised':
      return before;
    case 'award-objection-decided':
      // Upheld, it has to be assessed and publicised again: what was computed no longer stands.
      return event.data.upheld
        ? {
            ...before,
            status: 'applied',
            outcome: null,
            amount_fen: null,
            computed_fen: null,
            ...UNNOTICED,
            remark: event.data.reason,
          }
        : before;
    case 'award-override-proposed':
      return { ...before, amount_fen: fen(event.data.total), computed_fen: fen(event.data.computed), remark: event.data.reason };
    case 'award-override-dropped':
      return { ...before, amount_fen: before.computed_fen, computed_fen: null, remark: event.data.reason };
    case 'award-grant-started':
      return { ...before, status: 'granting', amount_fen: fen(event.data.amount) };
    case 'award-grant-failed':
      return { ...before, status: 'publicised', remark: event.data.detail };
    case 'award-granted': {
      const { budget, documentNo, amount } = event.data;
      return {
        ...before,
        status: 'granted',
        remark: null,
        amount_fen: fen(amount),
        budget_line: lineOf(budget),
        document_no: documentNo,
        granted_on: on,
      };
    }
    case 'instalment-unlocked':
    case 'instalment-ordered':
    case 'instalment-order-cancelled':
    case 'clawback-settled':
      return before;
    case 'instalment-paid':
      return { ...before, paid_fen: before.paid_fen + fen(event.data.amount) };
    case 'instalment-returned':
      return wasPaid ? { ...before, paid_fen: before.paid_fen - fen(event.data.amount) } : before;
    case 'instalment-overpaid':
      return { ...before, overpaid_fen: before.overpaid_fen + fen(event.data.amount) };
    case 'overpayment-returned':
      return { ...before, overpaid_fen: before.overpaid_fen - fen(event.data.amount) };
    case 'award-payee-confirmed':
      return { ...before, remark: event.data.reason };
    case 'award-held':
    case 'award-hold-released': {
      const holds = holdsAfter(before, event);
      // A listing is told of as long as it holds, and by its hold: a remark would tell of it for ever.
      const remark = event.data.listing === undefined ? event.data.reason : null;
      return { ...before, ...heldBy(holds), holds: JSON.stringify(holds), remark };
    }
    case 'award-lapsed':
    case 'award-revoked': {
      const status = event.type === 'award-lapsed' ? 'lapsed' : 'revoked';
      return { ...before, ...UNHELD, holds: '[]', status, remark: event.data.reason };
    }
    case 'clawback-demanded':
      return { ...before, clawback_outstanding_fen: before.clawback_outstanding_fen + fen(event.data.amount) };
    case 'clawback-received':
    case 'clawback-written-off': {
      const amount = fen(event.data.amount);
      const received = before.clawback_received_fen + (event.type === 'clawback-received' ? amount : 0);
      return { ...before, clawback_outstanding_fen: before.clawback_outstanding_fen - amount, clawback_received_fen: received };
    }
  }
}

const UNNOTICED = { notice_from: null, notice_until: null, notice_place: null, notice_fen: null };
const UNHELD = { held: 0, held_until: null };

/** The holds of an award as its row keeps them. */
export function holdsIn({ holds }: Pick<AwardRow, 'holds'>): readonly Hold[] {
  return JSON.parse(holds) as readonly Hold[];
}

function heldBy(holds: readonly Hold[]): Pick<AwardRow, 'held' | 'held_until'> {
  if (holds.length === 0) return UNHELD;
  const ends = holds.map(({ until }) => until ?? null);
  return { held: 1, held_until: ends.includes(null) ? null : (ends as string[]).reduce((last, end) => (end > last ? end : last)) };
}

/** The holds of an award after one was placed or released. */
function holdsAfter(
  before: AwardRow,
  event: RecordedEvent & Extract<AwardEvent, { type: 'award-held' | 'award-hold-released' }>,
): readonly Hold[] {
  const others = holdsIn(before).filter((hold) => !isSameSource(hold, event.data));
  return event.type === 'award-held' ? [...others, { ...event.data, since: event.metadata.effectiveOn }] : others;
}

type Application = Extract<AwardEvent, { type: 'award-applied' }>['data'];

function nameParties(rows: Rows, award: string, before: AwardRow | undefined, { agency, persons = [] }: Application): void {
  // One that was turned down before may have had others at its side.
  for (const party of before === undefined ? [] : partiesOf(before)) rows.put(partyTable, { ...party, stands: 0 });
  const named = { award, agency: agency ?? null, persons: JSON.stringify(persons) };
  for (const party of partiesOf(named)) rows.put(partyTable, { ...party, stands: 1 });
}

function partiesOf({ award, agency, persons }: Pick<AwardRow, 'award' | 'agency' | 'persons'>): readonly Omit<AwardPartyRow, 'stands'>[] {
  return [
    ...(agency === null ? [] : [{ kind: 'agency' as const, id: agency, award }]),
    ...(JSON.parse(persons) as readonly string[]).map((id) => ({ kind: 'person' as const, id, award })),
  ];
}

const lineOf = ({ pack, line, period }: BudgetLineReference) => `${pack}.${line}.${period}`;

function backFromBank(row: InstalmentRow, returns: number): InstalmentRow {
  const status = row.ended === 1 ? 'lapsed' : 'unlocked';
  return { ...row, status, returns: row.returns + returns, batch: null, batch_line: null, paid_on: null };
}
