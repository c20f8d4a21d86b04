import { Inject, Injectable } from '@nestjs/common';
import { awardStream } from '@app/awards';
import { creditCodeOfStream, Dossiers, enterpriseEvents } from '@app/enterprises';
import { EVENT_STORE, type EventStore } from '@app/event-store';
import { creditCode, Problem } from '@app/kernel';
import { ReadModels, Subscriptions } from '@app/projections';
import { type AwardOnRecord, type AwardRecord, bearsOnSums, foldAward, type Placed } from './award-record.js';
import { type AwardAssessmentRow, type AwardRecordTables, assessmentOf, placed, recordIn } from './award-records.projection.js';

export interface RecordFilter {
  readonly pack?: string;
  /** Only awards about which something was recorded after this position. */
  readonly since?: number;
  /** With `since`: those too whose payee's dossier has gone on after it, by credit code. */
  readonly touched?: ReadonlySet<string>;
  /** Only awards of which something granted is still to be paid. */
  readonly unpaid?: boolean;
}

/** Rows a page: few enough that requests come in between. */
const PAGE = 250;

/** Every award ever applied for, one after another: nothing of the history is kept in memory. */
@Injectable()
export class AwardRecords {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly readModels: ReadModels,
    private readonly subscriptions: Subscriptions,
    private readonly dossiers: Dossiers,
  ) {}

  /**
   * Waits until the records, and awards and budget lines beside them, hold the ledger as it stands.
   * @throws Problem `read-model-behind` when they have stopped or cannot go on just now.
   */
  async ready(): Promise<void> {
    for (const name of ['award-records', 'budget-lines', 'awards'])
      if (!(await this.subscriptions.caughtUp(name)))
        throw new Problem(
          'unavailable',
          'read-model-behind',
          `${name} does not follow the ledger just now; "ledger projections list" says why`,
        );
  }

  async count(filter: RecordFilter): Promise<number> {
    const { count } = await this.rows(filter)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return count;
  }

  /** By award, in pages. */
  async *pages(filter: RecordFilter): AsyncGenerator<readonly AwardOnRecord[]> {
    for (let after = ''; ;) {
      const rows = await this.rows(filter)
        .leftJoin('award_assessment as assessment', (join) =>
          join.onRef('assessment.award', '=', 'award_record.award').onRef('assessment.position', '=', 'award_record.assessed_at'),
        )
        .select(['award_record.award', 'award_record.record'])
        .select([
          'assessment.position',
          'assessment.version',
          'assessment.pack_hash',
          'assessment.day',
          'assessment.facts',
          'assessment.stated',
        ])
        .where('award_record.award', '>', after)
        .orderBy('award_record.award')
        .limit(PAGE)
        .execute();
      const found = rows.map((row) => ({
        record: recordIn(row),
        assessment: row.position === null ? undefined : assessmentOf(row as Omit<AwardAssessmentRow, 'award'>),
      }));
      if (rows.length > 0) yield found.filter(({ record }) => isSince(filter, record));
      if (rows.length < PAGE) return;
      after = (rows.at(-1) as { award: string }).award;
    }
  }

  /** The same read from the events alone, in the order of application: slower, and resting on nothing derived. */
  async *pagesFromLedger(filter: RecordFilter): AsyncGenerator<readonly AwardOnRecord[]> {
    const end = await this.store.head();
    for await (const page of this.store.readAll({ types: ['award-applied'] })) {
      const found: AwardOnRecord[] = [];
      for (const { stream, revision, position } of page) {
        // An award that was turned down can be applied for again: it is one all the same.
        if (revision > 0 || position > end) continue;
        const award = await this.fromLedger(stream.slice('award-'.length));
        if (award !== undefined && (filter.pack ?? award.record.pack) === award.record.pack && isSince(filter, award.record))
          found.push(award);
      }
      if (found.length > 0) yield found;
    }
  }

  /** One award folded from its own events. */
  async fromLedger(award: string): Promise<AwardOnRecord | undefined> {
    const events: Placed[] = [];
    for await (const page of this.store.readStream(awardStream(award))) events.push(...page.filter(bearsOnSums).map(placed));
    return foldAward(events);
  }

  /** Whose dossiers, or those they were merged into, have gone on after a position: by credit code. */
  async touchedAfter(position: number): Promise<ReadonlySet<string>> {
    const codes = new Set<string>();
    for await (const page of this.store.readAll({ after: position, types: Object.keys(enterpriseEvents) }))
      for (const { stream } of page) codes.add(creditCodeOfStream(stream));
    for (const code of [...codes]) for (const absorbed of (await this.dossiers.load(creditCode(code)))?.absorbed ?? []) codes.add(absorbed);
    return codes;
  }

  private rows({ pack, since, touched, unpaid }: RecordFilter) {
    let query = this.readModels.from<AwardRecordTables>().selectFrom('award_record');
    if (pack !== undefined) query = query.where('award_record.pack', '=', pack);
    // With payees beside it is left to `isSince`: they may be too many to name in a query.
    if (since !== undefined && touched === undefined) query = query.where('award_record.position', '>', since);
    if (unpaid === true) query = query.where('award_record.unpaid', '=', 1);
    return query;
  }
}

function isSince({ since, touched }: RecordFilter, { position, payee }: AwardRecord): boolean {
  return since === undefined || position > since || touched?.has(payee) === true;
}
