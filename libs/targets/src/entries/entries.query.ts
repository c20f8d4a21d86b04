import { Injectable } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { Evidence, PolicyCitation } from '@app/kernel';
import { cursorKey, type Page, pageOf } from '@app/http';
import { ReadModels } from '@app/projections';
import { PublishedTargets } from '../published-targets.js';
import { type TargetRecord, targetStream, unitOf } from '../target.js';
import { recordOfRows, type TargetEntryRow, type TargetTables } from './entries.projection.js';

/** What is recorded for the units of a clause. */
@Injectable()
export class TargetRecords {
  constructor(private readonly readModels: ReadModels) {}

  /** The records of all units of some clauses, by stream. */
  async ofClauses(
    clauses: readonly ClauseOfPack[],
  ): Promise<ReadonlyMap<string, { readonly unit: string; readonly record: TargetRecord }>> {
    const rows = await this.readModels
      .from<TargetTables>()
      .selectFrom('target_entry')
      .selectAll()
      .where('pack', 'in', [...new Set(clauses.map(({ pack }) => pack))])
      .where('clause', 'in', [...new Set(clauses.map(({ clause }) => clause))])
      .orderBy('stream')
      .orderBy('kind')
      .orderBy('no')
      .execute();
    const streams = new Map<string, TargetEntryRow[]>();
    for (const row of rows) {
      const known = streams.get(row.stream);
      if (known === undefined) streams.set(row.stream, [row]);
      else known.push(row);
    }
    return new Map(
      [...streams].map(([stream, entries]) => [stream, { unit: (entries.at(-1) as TargetEntryRow).unit, record: recordOfRows(entries) }]),
    );
  }

  ofClause(pack: string, clause: string) {
    return this.ofClauses([{ pack, clause }]);
  }
}

type ClauseOfPack = Pick<PolicyCitation, 'pack' | 'clause'>;

/** One figure as it was entered. */
export interface EntryView {
  readonly kind: TargetEntryRow['kind'];
  readonly no: number;
  readonly unit: string;
  readonly year?: number;
  readonly period?: string;
  readonly value: string;
  readonly sourceUnit?: string;
  readonly asOf?: string;
  readonly document?: string;
  readonly corrects?: number;
  readonly correctedBy?: number;
  readonly recordedBy: string;
  readonly recordedOn: string;
  readonly verifiedBy?: string;
  readonly verifiedOn?: string;
  readonly evidence: readonly Evidence[];
}

/** Everything entered under a clause, for one unit or for all. */
export class ListTargetEntries extends Query<Page<EntryView>> {
  constructor(
    readonly pack: string,
    readonly clause: string,
    /** `on`: what was on record by that business day, with what is known of it then. */
    readonly filter: { readonly unit?: string; readonly on: string; readonly limit: number; readonly cursor?: string },
  ) {
    super();
  }
}

@QueryHandler(ListTargetEntries)
export class ListTargetEntriesHandler implements IQueryHandler<ListTargetEntries> {
  constructor(
    private readonly readModels: ReadModels,
    private readonly targets: PublishedTargets,
  ) {}

  async execute({ pack, clause, filter: { unit, on, limit, cursor } }: ListTargetEntries): Promise<Page<EntryView>> {
    const { terms } = await this.targets.target(pack, clause, on);
    let query = this.readModels
      .from<TargetTables>()
      .selectFrom('target_entry')
      .selectAll()
      .where('pack', '=', pack)
      .where('clause', '=', clause)
      .where('recorded_on', '<=', on)
      .orderBy('stream')
      .orderBy('kind')
      .orderBy('no')
      .limit(limit + 1);
    if (unit !== undefined) query = query.where('stream', '=', targetStream(pack, clause, unitOf(terms, unit)));
    const after = cursorKey(cursor, ['string', 'string', 'number']);
    if (after !== undefined) {
      const [stream, kind, no] = after as readonly [string, TargetEntryRow['kind'], number];
      query = query.where(({ eb, refTuple, tuple }) => eb(refTuple('stream', 'kind', 'no'), '>', tuple(stream, kind, no)));
    }
    const page = pageOf(await query.execute(), limit, (row) => [row.stream, row.kind, row.no]);
    return { ...page, items: page.items.map((row) => entryView(row, on)) };
  }
}

function entryView(row: TargetEntryRow, on: string): EntryView {
  const corrected = row.corrected_on !== null && row.corrected_on <= on;
  const verified = row.verified_on !== null && row.verified_on <= on;
  return {
    kind: row.kind,
    no: row.no,
    unit: row.unit,
    ...(row.year !== null && { year: row.year }),
    ...(row.period !== null && { period: row.period }),
    value: row.value,
    ...(row.source_unit !== null && { sourceUnit: row.source_unit }),
    ...(row.as_of !== null && { asOf: row.as_of }),
    ...(row.document !== null && { document: row.document }),
    ...(row.corrects_no !== null && { corrects: row.corrects_no }),
    ...(corrected && row.corrected_by_no !== null && { correctedBy: row.corrected_by_no }),
    recordedBy: row.recorded_by,
    recordedOn: row.recorded_on,
    ...(verified && row.verified_by !== null && { verifiedBy: row.verified_by, verifiedOn: row.verified_on }),
    evidence: JSON.parse(row.evidence) as readonly Evidence[],
  };
}
