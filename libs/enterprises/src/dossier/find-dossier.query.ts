import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { businessDateAt, CLOCK, type Clock, type CreditCode, type Evidence, normalisedReference, notFound } from '@app/kernel';
import { ReadModels } from '@app/projections';
import { type FactValue, standingOn } from '../enterprise.js';
import type {
  DossierTables,
  EnterpriseCertificateRow,
  EnterpriseClearanceRow,
  EnterpriseFactRow,
  EnterpriseMoveRow,
  EnterpriseNameRow,
  EnterpriseRow,
  EnterpriseTitleRow,
} from './dossier.tables.js';

/**
 * The dossier of one enterprise; with `on`, what was true on that business date according to what is known now: names and
 * facts by the day since which they hold, certificates, moves, findings and titles by their own days. Corrections, checks
 * and disputes are knowledge, and say of a fact on any day what is known of it: what was known when, a position tells.
 */
export class FindDossier extends Query<DossierView> {
  constructor(
    readonly creditCode: CreditCode,
    readonly on?: string,
  ) {
    super();
  }
}

export interface FactView {
  readonly factId: string;
  readonly name: string;
  readonly value: FactValue;
  readonly period?: string;
  readonly subject?: string;
  readonly sourceUnit: string;
  readonly verification: string;
  /**
   * Whether this is the fact that stands on the day asked about, else today, as an assessment reads it: for its name and
   * subject, and where it is about a year for that year.
   */
  readonly current: boolean;
  readonly corrects?: string;
  readonly correctedBy?: string;
  readonly checked?: { readonly by: string; readonly on: string; readonly evidence: readonly Evidence[] };
  readonly dispute?: { readonly reason: string; readonly by: string; readonly on: string };
  readonly recordedBy: string;
  readonly recordedAt: string;
  readonly effectiveOn: string;
  readonly evidence: readonly Evidence[];
}

export interface CertificateView {
  readonly number: string;
  readonly kind: string;
  readonly certification: string;
  readonly issuedOn: string;
  readonly expiresOn: string;
  readonly issuer: string;
  readonly revoked?: { readonly on: string; readonly reason: string };
  /** How often its particulars were corrected; the history is in the events. */
  readonly corrections: number;
  readonly recordedBy: string;
  readonly evidence: readonly Evidence[];
}

export interface RelocationView {
  readonly from: string;
  readonly origin: string;
  readonly whole: boolean;
  readonly on: string;
  /** When it moved out again. */
  readonly departedOn?: string;
  readonly evidence: readonly Evidence[];
}

export interface ClearanceView {
  readonly clearance: string;
  readonly agency: string;
  readonly finding: string;
  readonly on: string;
  readonly validUntil?: string;
  readonly documentNo: string;
  readonly note?: string;
  readonly recordedBy: string;
  readonly evidence: readonly Evidence[];
}

export interface TitleView {
  readonly title: string;
  readonly name: string;
  readonly grade?: string;
  readonly year: number;
  readonly on: string;
  readonly documentNo: string;
  readonly withdrawn?: { readonly on: string; readonly reason: string };
  readonly recordedBy: string;
  readonly evidence: readonly Evidence[];
}

export interface DossierView {
  readonly creditCode: string;
  readonly name: string;
  readonly region?: string;
  readonly registeredOn?: string;
  readonly creditCodeFlagged: boolean;
  readonly status: string;
  readonly survivor?: string;
  readonly mergedOn?: string;
  readonly absorbed: readonly string[];
  readonly names: readonly {
    readonly name: string;
    readonly from: string;
    readonly recordedBy: string;
    readonly evidence: readonly Evidence[];
  }[];
  readonly facts: readonly FactView[];
  readonly certificates: readonly CertificateView[];
  /** 部门核查意见 by the day of the finding; of one kind the last counts. */
  readonly clearances: readonly ClearanceView[];
  /** 称号 by year. */
  readonly titles: readonly TitleView[];
  /** The relocation that stands, absent when it never moved in or has moved out again. */
  readonly relocation?: RelocationView;
  readonly relocations: readonly RelocationView[];
  /** When it moved out, unless it has come back. */
  readonly departedOn?: string;
  readonly disputedFacts: number;
  readonly revision: number;
  readonly position: number;
}

@QueryHandler(FindDossier)
export class FindDossierHandler implements IQueryHandler<FindDossier> {
  constructor(
    private readonly readModels: ReadModels,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ creditCode, on }: FindDossier): Promise<DossierView> {
    const rows = this.readModels.from<DossierTables>();
    const enterprise = await rows.selectFrom('enterprise').selectAll().where('credit_code', '=', creditCode).executeTakeFirst();
    if (enterprise === undefined) throw notFound('enterprise-unknown', `no enterprise is registered under ${creditCode}`);
    const [names, facts, certificates, moves, clearances, titles] = await Promise.all([
      rows.selectFrom('enterprise_name').selectAll().where('credit_code', '=', creditCode).execute(),
      rows.selectFrom('enterprise_fact').selectAll().where('credit_code', '=', creditCode).execute(),
      rows.selectFrom('enterprise_certificate').selectAll().where('credit_code', '=', creditCode).execute(),
      rows.selectFrom('enterprise_move').selectAll().where('credit_code', '=', creditCode).execute(),
      rows.selectFrom('enterprise_clearance').selectAll().where('credit_code', '=', creditCode).execute(),
      rows.selectFrom('enterprise_title').selectAll().where('credit_code', '=', creditCode).execute(),
    ]);
    return {
      ...dossierView(enterprise, names, facts, certificates, moves, on ?? businessDateAt(this.clock.now()), on),
      clearances: clearanceViews(clearances, on),
      titles: titleViews(titles, on),
    };
  }
}

/** Rows as people read them; with a day, only what had taken effect by then. Which facts stand is told of `day`. */
export function dossierView(
  enterprise: EnterpriseRow,
  nameRows: readonly EnterpriseNameRow[],
  factRows: readonly EnterpriseFactRow[],
  certificateRows: readonly EnterpriseCertificateRow[],
  moveRows: readonly EnterpriseMoveRow[],
  day: string,
  on = '9999-12-31',
): Omit<DossierView, 'clearances' | 'titles'> {
  const names = [...nameRows].sort((a, b) => compare(a.valid_from, b.valid_from) || a.revision - b.revision);
  const facts = factRows.filter((row) => row.effective_on <= on).sort((a, b) => a.fact_no - b.fact_no);
  const standing = standingFacts(factRows, day);
  const certificates = certificateRows
    .filter((row) => row.issued_on <= on)
    .sort((a, b) => compare(a.issued_on, b.issued_on) || compare(a.reference, b.reference));
  const moves = moveRows.filter((row) => row.moved_on <= on).sort((a, b) => a.move_no - b.move_no);
  const last = moves.at(-1);
  const relocations = relocationViews(moves);
  const relocation = last?.kind === 'arrival' ? relocations.at(-1) : undefined;
  const merged = enterprise.merged_on !== null && enterprise.merged_on <= on;
  const factViews = facts.map((row) => factView(row, standing.has(row.fact_no)));
  return {
    creditCode: enterprise.credit_code,
    name: (names.findLast(({ valid_from }) => valid_from <= on) ?? names[0])?.name ?? enterprise.name,
    ...present({ region: enterprise.region, registeredOn: enterprise.registered_on }),
    creditCodeFlagged: enterprise.credit_code_flagged === 1,
    status: merged ? enterprise.status : 'registered',
    ...(merged && present({ survivor: enterprise.survivor, mergedOn: enterprise.merged_on })),
    absorbed: absorbedBy(enterprise, on),
    names: names
      .filter(({ valid_from }) => valid_from <= on)
      .map((row) => ({ name: row.name, from: row.valid_from, recordedBy: row.recorded_by, evidence: documents(row.evidence) })),
    facts: factViews,
    certificates: certificates.map((row) => certificateView(row, on)),
    ...(relocation && { relocation }),
    relocations,
    ...(last?.kind === 'departure' && { departedOn: last.moved_on }),
    disputedFacts: factViews.filter(({ dispute, correctedBy }) => dispute !== undefined && correctedBy === undefined).length,
    revision: enterprise.revision,
    position: enterprise.position,
  };
}

function absorbedBy({ absorbed, absorbed_on }: EnterpriseRow, on: string): readonly string[] {
  const days = JSON.parse(absorbed_on) as readonly string[];
  return (JSON.parse(absorbed) as readonly string[]).filter((_, index) => (days[index] ?? '') <= on);
}

/** The numbers of the facts that stand on a day. */
function standingFacts(rows: readonly EnterpriseFactRow[], day: string): ReadonlySet<number | undefined> {
  const facts = rows.map((row) => ({
    question: [row.name, row.period?.length === 4 ? row.period : '', normalisedReference(row.subject ?? '')].join(' '),
    no: row.fact_no,
    factId: `F${row.fact_no}`,
    effectiveOn: row.effective_on,
    ...present({ period: row.period }),
    ...(row.corrected_by_no !== null && { correctedBy: `F${row.corrected_by_no}` }),
  }));
  const known = new Map(facts.map((fact) => [fact.factId, fact]));
  const questions = new Map<string, (typeof facts)[number][]>();
  for (const fact of facts) {
    const asked = questions.get(fact.question);
    if (asked === undefined) questions.set(fact.question, [fact]);
    else asked.push(fact);
  }
  return new Set([...questions.values()].map((asked) => standingOn(asked, day, (factId) => known.get(factId)).standing?.no));
}

function factView(row: EnterpriseFactRow, current: boolean): FactView {
  const { checked_by: by, checked_on: on, dispute_reason: reason, disputed_by: disputedBy, disputed_on: disputedOn } = row;
  return {
    factId: `F${row.fact_no}`,
    name: row.name,
    value: JSON.parse(row.value) as FactValue,
    ...present({ period: row.period, subject: row.subject }),
    sourceUnit: row.source_unit,
    verification: row.verification,
    current,
    ...(row.corrects_no !== null && { corrects: `F${row.corrects_no}` }),
    ...(row.corrected_by_no !== null && { correctedBy: `F${row.corrected_by_no}` }),
    ...(by !== null && on !== null && { checked: { by, on, evidence: documents(row.checked_evidence) } }),
    ...(reason !== null && disputedBy !== null && disputedOn !== null && { dispute: { reason, by: disputedBy, on: disputedOn } }),
    recordedBy: row.recorded_by,
    recordedAt: row.recorded_at,
    effectiveOn: row.effective_on,
    evidence: documents(row.evidence),
  };
}

function certificateView(row: EnterpriseCertificateRow, day: string): CertificateView {
  const { revoked_on: on, revocation_reason: reason } = row;
  return {
    number: row.number,
    kind: row.kind,
    certification: row.certification,
    issuedOn: row.issued_on,
    expiresOn: row.expires_on,
    issuer: row.issuer,
    ...(on !== null && reason !== null && on <= day && { revoked: { on, reason } }),
    corrections: row.corrections,
    recordedBy: row.recorded_by,
    evidence: documents(row.evidence),
  };
}

function clearanceViews(rows: readonly EnterpriseClearanceRow[], day = '9999-12-31'): readonly ClearanceView[] {
  return rows
    .filter((row) => row.found_on <= day)
    .sort((a, b) => compare(a.found_on, b.found_on) || a.revision - b.revision)
    .map((row) => ({
      clearance: row.clearance,
      agency: row.agency,
      finding: row.finding,
      on: row.found_on,
      ...present({ validUntil: row.valid_until }),
      documentNo: row.document_no,
      ...present({ note: row.note }),
      recordedBy: row.recorded_by,
      evidence: documents(row.evidence),
    }));
}

function titleViews(rows: readonly EnterpriseTitleRow[], day = '9999-12-31'): readonly TitleView[] {
  return rows
    .filter((row) => row.awarded_on <= day)
    .sort((a, b) => a.year - b.year || compare(a.title, b.title))
    .map((row) => ({ ...titleView(row, day), evidence: documents(row.evidence) }));
}

/** A title as of a day, without the documents. */
export function titleView(row: EnterpriseTitleRow, day: string): Omit<TitleView, 'evidence'> {
  const { withdrawn_on: on, withdrawal_reason: reason } = row;
  return {
    title: row.title,
    name: row.name,
    ...present({ grade: row.grade }),
    year: row.year,
    on: row.awarded_on,
    documentNo: row.document_no,
    ...(on !== null && reason !== null && on <= day && { withdrawn: { on, reason } }),
    recordedBy: row.recorded_by,
  };
}

/** Each arrival with the departure that ended it; a departure without one is only the enterprise leaving. */
function relocationViews(moves: readonly EnterpriseMoveRow[]): readonly RelocationView[] {
  return moves.flatMap((move, index) => {
    if (move.kind !== 'arrival') return [];
    const next = moves[index + 1];
    return [
      {
        from: move.moved_from ?? '',
        origin: move.origin ?? '',
        whole: move.whole === 1,
        on: move.moved_on,
        ...(next && { departedOn: next.moved_on }),
        evidence: documents(move.evidence),
      },
    ];
  });
}

function documents(json: string | null): readonly Evidence[] {
  return json === null ? [] : (JSON.parse(json) as readonly Evidence[]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The columns that hold something. */
function present<Columns extends Readonly<Record<string, string | null>>>(
  columns: Columns,
): { readonly [Column in keyof Columns]?: string } {
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null)) as { [Column in keyof Columns]?: string };
}
