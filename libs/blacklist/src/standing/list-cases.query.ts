import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { cursorKey, type Page, pageOf } from '@app/http';
import type { PolicyCitation } from '@app/kernel';
import { ReadModels, trueOn } from '@app/projections';
import type { SubjectKind } from '../subject.js';
import { type BlacklistCaseRow, type BlacklistTables, cases } from './cases.projection.js';
import { type NextStep, nextStepOf } from './next-step.js';

export const CASE_STATUSES = ['open', 'noticed', 'declined', 'listed', 'expired', 'repaired', 'revoked'] as const;
/** `open`: anything waits to be decided, be it the notice, an objection or an application for repair. */
export type CaseStatus = (typeof CASE_STATUSES)[number];

/** Whether a status is that of cases which are over. */
export function isOver(status: CaseStatus): boolean {
  return status !== 'open' && status !== 'noticed' && status !== 'listed';
}

export interface CasesFilter {
  readonly today: string;
  /** The business day as of which they are shown; today when left out. */
  readonly on?: string;
  readonly status?: CaseStatus;
  readonly kind?: SubjectKind;
  /** Leaves out what is over, unless an objection to it waits. */
  readonly onlyRunning: boolean;
  readonly limit: number;
  readonly cursor?: string;
}

export interface CaseView {
  readonly kind: string;
  readonly id: string;
  readonly case: number;
  readonly status: Exclude<CaseStatus, 'open'>;
  readonly ground: string;
  readonly listingClass: string;
  readonly legalBasis: string;
  readonly fileReference?: string;
  readonly policy?: PolicyCitation;
  readonly openedBy: string;
  readonly openedOn: string;
  readonly statementLastDay: string;
  readonly from?: string;
  readonly until?: string;
  readonly objectionLastDay?: string;
  readonly repairFrom?: string;
  readonly endedOn?: string;
  readonly nextStep?: NextStep;
}

/** Cases, and what each waits for. */
export class ListCases extends Query<Page<CaseView>> {
  constructor(readonly filter: CasesFilter) {
    super();
  }
}

@QueryHandler(ListCases)
export class ListCasesHandler implements IQueryHandler<ListCases> {
  constructor(private readonly readModels: ReadModels) {}

  /** In the order of their opening. */
  async execute({ filter }: ListCases): Promise<Page<CaseView>> {
    const { on, today, status, kind, onlyRunning, limit } = { ...filter, today: filter.on ?? filter.today };
    const after = cursorKey(filter.cursor, ['string', 'string', 'string', 'number']) as [string, string, string, number] | undefined;
    const tables = this.readModels.from<BlacklistTables>();
    const from = on === undefined ? tables.selectFrom('blacklist_case') : tables.selectFrom(trueOn(cases, on).as('blacklist_case'));
    let query = from.selectAll();
    if (status === 'open') {
      query = query.where(({ or, and, eb }) =>
        or([
          eb('status', '=', 'noticed'),
          eb('objection_due', 'is not', null),
          and([eb('repair_due', 'is not', null), eb('effect_until', '>', today)]),
        ]),
      );
    } else if (status === 'listed' || status === 'expired') {
      query = query.where('status', '=', 'listed').where('effect_until', status === 'listed' ? '>' : '<=', today);
    } else if (status !== undefined) query = query.where('status', '=', status);
    if (onlyRunning) {
      query = query.where(({ or, and, eb }) =>
        or([
          eb('status', '=', 'noticed'),
          eb('objection_due', 'is not', null),
          and([eb('status', '=', 'listed'), eb('effect_until', '>', today)]),
        ]),
      );
    }
    if (kind !== undefined) query = query.where('kind', '=', kind);
    if (after !== undefined) {
      query = query.where(({ eb, refTuple, tuple }) => eb(refTuple('opened_on', 'kind', 'id', 'case_no'), '>', tuple(...after)));
    }
    const rows = await query
      .orderBy('opened_on')
      .orderBy('kind')
      .orderBy('id')
      .orderBy('case_no')
      .limit(limit + 1)
      .execute();
    const page = pageOf(rows, limit, ({ opened_on, kind: last, id, case_no }) => [opened_on, last, id, case_no]);
    return { ...page, items: page.items.map((row) => caseView(row, today)) };
  }
}

function caseView(row: BlacklistCaseRow, today: string): CaseView {
  const nextStep = nextStepOf(
    {
      isNoticed: row.status === 'noticed',
      heardOn: row.heard_on ?? undefined,
      statementLastDay: row.statement_last_day,
      objectionDue: row.objection_due ?? undefined,
      repairDue: row.repair_due !== null && row.effect_until !== null && today < row.effect_until ? row.repair_due : undefined,
    },
    today,
  );
  const columns = {
    fileReference: row.file_reference,
    from: row.effect_from,
    until: row.effect_until,
    objectionLastDay: row.objection_last_day,
    repairFrom: row.repair_from,
    endedOn: row.ended_on,
  };
  return {
    kind: row.kind,
    id: row.id,
    case: row.case_no,
    status: row.status === 'listed' && row.effect_until !== null && row.effect_until <= today ? 'expired' : row.status,
    ground: row.ground,
    listingClass: row.listing_class,
    legalBasis: row.legal_basis,
    ...(row.policy !== null && { policy: JSON.parse(row.policy) as PolicyCitation }),
    openedBy: row.opened_by,
    openedOn: row.opened_on,
    statementLastDay: row.statement_last_day,
    ...Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null)),
    ...(nextStep && { nextStep }),
  };
}
