import { asDomainEvent, type RecordedEvent } from '@app/event-store';
import { addDays, type BusinessDate, unreachable } from '@app/kernel';
import { changeFrom, datedTable, type Projection, type Rows, type Since, type Table, table } from '@app/projections';
import { blacklistEvents } from '../listing.codec.js';
import type { BlacklistEvent, HowEnded } from '../listing.js';
import { subjectOfStream } from '../subject.js';
import { termsFrom } from '../terms.js';

export type StoredStatus = 'noticed' | 'listed' | 'declined' | HowEnded;

/** One row a case, with its listing where it led to one. A listing has effect while effect_from <= day < effect_until and day < ended_on. */
export interface BlacklistCaseRow extends Since {
  readonly kind: string;
  readonly id: string;
  readonly case_no: number;
  readonly status: StoredStatus;
  readonly ground: string;
  readonly listing_class: string;
  readonly legal_basis: string;
  readonly file_reference: string | null;
  /** JSON of the clause cited. */
  readonly policy: string | null;
  readonly opened_by: string;
  readonly opened_on: string;
  readonly statement_last_day: string;
  /** The first day on which the statement was made or waived. */
  readonly heard_on: string | null;
  readonly effect_from: string | null;
  readonly effect_until: string | null;
  readonly reason: string | null;
  readonly published: number | null;
  readonly decided_by: string | null;
  readonly decided_on: string | null;
  readonly objection_last_day: string | null;
  readonly repair_from: string | null;
  /** The version of the rules applied last. */
  readonly terms: string;
  readonly ended_on: string | null;
  /** By when an objection is to be decided, while one waits. */
  readonly objection_due: string | null;
  /** By when an application for credit repair is to be decided, while one waits. */
  readonly repair_due: string | null;
  readonly revision: number;
  readonly position: number;
}

/** The tables, by name, as queries read them. */
export interface BlacklistTables {
  readonly blacklist_case: BlacklistCaseRow;
}

export const caseTable = table<BlacklistCaseRow>({
  name: 'blacklist_case',
  columns: {
    kind: 'text',
    id: 'text',
    case_no: 'integer',
    status: 'text',
    ground: 'text',
    listing_class: 'text',
    legal_basis: 'text',
    file_reference: 'text',
    policy: 'text',
    opened_by: 'text',
    opened_on: 'text',
    statement_last_day: 'text',
    heard_on: 'text',
    effect_from: 'text',
    effect_until: 'text',
    reason: 'text',
    published: 'integer',
    decided_by: 'text',
    decided_on: 'text',
    objection_last_day: 'text',
    repair_from: 'text',
    terms: 'text',
    ended_on: 'text',
    objection_due: 'text',
    repair_due: 'text',
    revision: 'integer',
    position: 'integer',
    from_day: 'text',
  },
  key: ['kind', 'id', 'case_no'],
  indexes: [['effect_until'], ['status']],
});

/** Cases by business day. */
export const cases = datedTable(caseTable);

/** The cases of all subjects, with what they wait for. */
export class CasesProjection implements Projection {
  readonly name = 'blacklist';
  readonly version = 2;
  readonly tables = [cases.now, cases.past] as unknown as readonly Table<never>[];
  readonly handles: ReadonlySet<string> = new Set(Object.keys(blacklistEvents));

  apply(recorded: RecordedEvent, rows: Rows): void {
    const event = asDomainEvent<BlacklistEvent>(recorded);
    const { kind, id } = subjectOfStream(recorded.stream);
    const { revision, position, metadata } = recorded;
    const key = [kind, id, event.data.case];
    if (event.type === 'blacklist-case-opened') return changeFrom(rows, cases, key, metadata.effectiveOn, () => openedRow(event, recorded));
    if (rows.get(caseTable, ...key) === undefined)
      throw new Error(`${event.type} in case ${event.data.case} of ${recorded.stream}, which was never opened`);
    changeFrom(rows, cases, key, metadata.effectiveOn, (row) => row && { ...row, ...changesOf(event, row, recorded), revision, position });
  }
}

function openedRow(
  event: Extract<BlacklistEvent, { type: 'blacklist-case-opened' }>,
  recorded: RecordedEvent,
): Omit<BlacklistCaseRow, keyof Since> {
  const { case: case_no, subject, ground, listingClass, legalBasis, fileReference = null, statementLastDay, terms } = event.data;
  const { revision, position, metadata } = recorded;
  return {
    ...subject,
    case_no,
    status: 'noticed',
    ground,
    listing_class: listingClass,
    legal_basis: legalBasis,
    file_reference: fileReference,
    policy: event.policy === undefined ? null : JSON.stringify(event.policy),
    opened_by: metadata.actor.id,
    opened_on: metadata.effectiveOn,
    statement_last_day: statementLastDay,
    heard_on: null,
    effect_from: null,
    effect_until: null,
    reason: null,
    published: null,
    decided_by: null,
    decided_on: null,
    objection_last_day: null,
    repair_from: null,
    terms,
    ended_on: null,
    objection_due: null,
    repair_due: null,
    revision,
    position,
  };
}

function changesOf(
  event: Exclude<BlacklistEvent, { type: 'blacklist-case-opened' }>,
  known: BlacklistCaseRow,
  { metadata: { actor, effectiveOn } }: RecordedEvent,
): Partial<BlacklistCaseRow> {
  const decided = { decided_by: actor.id, decided_on: effectiveOn };
  switch (event.type) {
    case 'statement-recorded':
    case 'statement-waived': {
      const { on } = event.data;
      return { heard_on: known.heard_on === null || on < known.heard_on ? on : known.heard_on };
    }
    case 'listing-decided': {
      const { listingClass, from, until, reason, published, objectionLastDay, repairFrom, terms } = event.data;
      return {
        status: 'listed',
        listing_class: listingClass,
        effect_from: from,
        effect_until: until,
        reason,
        published: published ? 1 : 0,
        objection_last_day: objectionLastDay,
        repair_from: repairFrom,
        terms,
        ...decided,
      };
    }
    case 'listing-declined':
      return { status: 'declined', reason: event.data.reason, ...decided };
    case 'listing-objection-raised': {
      const { objectionDecisionDays } = termsFrom(known.terms);
      return { objection_due: addDays(event.data.on as BusinessDate, objectionDecisionDays) };
    }
    case 'listing-objection-decided':
      return { objection_due: null };
    case 'credit-repair-applied':
      return { repair_due: event.data.decisionDue };
    case 'credit-repair-refused':
      return { repair_due: null };
    case 'listing-ended':
      // A listing found wrong after its repair had no effect since the repair.
      return { status: event.data.how, ended_on: known.ended_on ?? event.data.on, repair_due: null };
    default:
      return unreachable(event);
  }
}
