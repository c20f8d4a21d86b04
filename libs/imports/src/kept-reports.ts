import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type Expression, sql } from 'kysely';
import { type Actor, notFound, refused } from '@app/kernel';
import { ReadModels } from '@app/projections';
import type { ImportReport, ImportState, Report } from './import-report.js';
import { persevere, REPEAT } from './run-import.js';

/** How often the process that works on an import tells how it stands. */
const TELL_MS = 1_000;
/** Of whom nothing has been heard for so long, nothing more is expected: people are told that it has failed. */
const SILENCE_MS = 15_000;
/** Who has been silent for almost as long says nothing more: people may be told so before it has spoken. */
const SILENCED_MS = SILENCE_MS - 2 * TELL_MS;
const DAY_MS = 24 * 60 * 60 * 1_000;
/** How long a report can be asked for, from the upload on. */
export const KEPT_DAYS = 30;
/** Reports kept in all; the oldest goes first. */
export const MAX_KEPT = 500;

/** PostgreSQL takes no U+0000, not even to look for it. */
const ID = /^[\w-]{1,36}$/;

/** How an import stands, without what is wrong with its rows. */
export type ImportSummary = Omit<ImportReport, 'errors'>;

interface ReportRow {
  readonly id: string;
  /** Another one each time the import is begun: what an earlier one has still to tell reaches nobody. */
  readonly run: string;
  readonly uploaded_by: string;
  /** SHA-256 of the file with what was asked. */
  readonly content: string;
  readonly state: ImportState;
  /** In milliseconds, by the clock of the read models. */
  readonly begun_at: number;
  readonly told_at: number;
  readonly summary: string;
  readonly errors: string;
}

type Shown = Pick<ReportRow, 'state' | 'summary'> & { readonly silent_ms: number };

/**
 * What came of imports, for every process to ask: a table beside the read models. It is no part of the ledger; where it is
 * lost, the same file again tells the same.
 */
@Injectable()
export class KeptReports {
  constructor(private readonly readModels: ReadModels) {}

  private get tables() {
    return this.readModels.from<{ import_report: ReportRow }>();
  }

  private before(ms: number): Expression<number> {
    return sql<number>`${this.readModels.nowMs} - ${ms}`;
  }

  /**
   * Keeps the report of an import that begins. Where the same key has asked for it before its report is answered instead,
   * unless that has failed, or whoever worked on it is gone: then it is begun anew.
   * @throws Problem `idempotency-key-reused` for another file or other settings under that key.
   */
  async begin(run: string, report: Report, content: string): Promise<ImportReport | undefined> {
    await this.forget();
    const view = report.view();
    const now = this.readModels.nowMs;
    const row = { ...told(view), id: view.id, run, uploaded_by: view.uploadedBy, content, begun_at: now, told_at: now };
    const { numInsertedOrUpdatedRows } = await this.tables
      .insertInto('import_report')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .column('id')
          .doUpdateSet(row)
          .where('import_report.content', '=', content)
          .where((eb) =>
            eb.or([
              eb('import_report.state', '=', 'failed'),
              eb('import_report.state', '<>', 'finished').and('import_report.told_at', '<', this.before(SILENCE_MS)),
            ]),
          ),
      )
      .executeTakeFirstOrThrow();
    if (numInsertedOrUpdatedRows === 1n) return undefined;
    const known = await this.shown().select(['errors', 'content']).where('id', '=', view.id).executeTakeFirst();
    // Forgotten just now.
    if (known === undefined) return this.begin(run, report, content);
    if (known.content !== content) throw refused('idempotency-key-reused', 'this idempotency key was used for another import');
    return reportOf(known);
  }

  /**
   * Tells how an import stands until the work on it is over, and then what has come of it. `work` is told when nobody listens
   * any more: it was silent for too long, as when its process slept or is cut off, or was begun anew. What has been said to
   * have failed stays so.
   * @throws Problem when it cannot be told what has come of it; what could not be told before does not matter.
   */
  async follow(run: string, report: Report, work: (givenUp: AbortSignal) => Promise<void>, stopping: AbortSignal): Promise<void> {
    const [over, givenUp] = [new AbortController(), new AbortController()];
    const ended = work(givenUp.signal).finally(() => over.abort());
    const passes = () => sleep(TELL_MS, true, { signal: over.signal }).catch(() => false);
    for (let heardMs = performance.now(); await passes();) {
      const isHeard = await this.tell(run, report).catch(() => undefined);
      if (isHeard === true) heardMs = performance.now();
      if (isHeard === false || performance.now() - heardMs > SILENCED_MS) givenUp.abort();
    }
    await ended;
    await persevere(() => this.tell(run, report), stopping);
  }

  /** False when nobody listens. */
  private async tell(run: string, report: Report): Promise<boolean> {
    const view = report.view();
    const { numUpdatedRows } = await this.tables
      .updateTable('import_report')
      .set({ ...told(view), told_at: this.readModels.nowMs })
      .where('id', '=', view.id)
      .where('run', '=', run)
      .where('told_at', '>', this.before(SILENCED_MS))
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  }

  /** For who brought it in, auditors and administrators; for everybody else it does not exist. @throws Problem `import-not-found`. */
  async find(id: string, actor: Actor): Promise<ImportReport> {
    const found = ID.test(id) ? await this.visible(actor).select('errors').where('id', '=', id).executeTakeFirst() : undefined;
    if (found === undefined)
      throw notFound('import-not-found', `there is no such import; the last ${MAX_KEPT} are kept, for ${KEPT_DAYS} days`);
    return reportOf(found);
  }

  /** The latest first. */
  async list(actor: Actor): Promise<readonly ImportSummary[]> {
    const rows = await this.visible(actor).orderBy('begun_at', 'desc').orderBy('id').execute();
    return rows.map(summaryOf);
  }

  private visible({ id, roles }: Actor) {
    const kept = this.shown().where('begun_at', '>=', this.before(KEPT_DAYS * DAY_MS));
    return roles.includes('auditor') || roles.includes('administrator') ? kept : kept.where('uploaded_by', '=', id);
  }

  private shown() {
    const silence = sql<number>`${this.readModels.nowMs} - told_at`.as('silent_ms');
    return this.tables.selectFrom('import_report').select(['state', 'summary', silence]);
  }

  /** Those under way stay. */
  private async forget(): Promise<void> {
    const latest = this.tables.selectFrom('import_report').select('id').orderBy('begun_at', 'desc').limit(MAX_KEPT);
    await this.tables
      .deleteFrom('import_report')
      .where('told_at', '<', this.before(SILENCE_MS))
      .where((eb) => eb.or([eb('begun_at', '<', this.before(KEPT_DAYS * DAY_MS)), eb('id', 'not in', latest)]))
      .execute();
  }
}

function told({ errors, ...summary }: ImportReport) {
  return { state: summary.state, summary: JSON.stringify(summary), errors: JSON.stringify(errors) };
}

/** What has not ended and is not told of any more has died with the process that worked on it. */
function summaryOf({ state, summary, silent_ms: silentMs }: Shown): ImportSummary {
  const said = JSON.parse(summary) as ImportSummary;
  if (state === 'finished' || state === 'failed' || silentMs <= SILENCE_MS) return said;
  return { ...said, state: 'failed', progress: { stage: 'done', done: 0 }, note: `处理该文件的服务进程已无响应，导入中断。${REPEAT}` };
}

function reportOf(row: Shown & Pick<ReportRow, 'errors'>): ImportReport {
  return { ...summaryOf(row), errors: JSON.parse(row.errors) as ImportReport['errors'] };
}
