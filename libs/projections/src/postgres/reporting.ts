import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import pg from 'pg';
import { Problem } from '@app/kernel';
import { problemOf } from './connections.js';
import type { PostgresSettings } from './settings.js';

/** Where operators read what has been done to what others have made over the read models. */
const readModelsLog = new Logger('read-models');

/** The role that reporting tools are given: it reads `reporting` and nothing else. It has no password and cannot log in by itself. */
export const REPORTING_ROLE = 'ledger_reporting';

export type GuideLanguage = 'english' | 'chinese';

/** One column of a view. */
export interface ReportingColumn {
  /** What stands for it in SQL. */
  readonly sql: string;
  readonly meaning: Readonly<Record<GuideLanguage, string>>;
  /** The words it may hold, each with its Chinese term, where these are the ledger's own. */
  readonly words?: Readonly<Record<string, string>>;
}

/** A view for reporting tools, over the tables queries see. What it does not name nobody sees there. */
export interface ReportingView {
  /** In the schema `reporting`. */
  readonly name: string;
  /** What one row is. */
  readonly title: Readonly<Record<GuideLanguage, string>>;
  /** The tables it reads. */
  readonly reads: readonly string[];
  readonly columns: Readonly<Record<string, ReportingColumn>>;
  /** After FROM; the only table of `reads` when left out. */
  readonly from?: string;
  readonly where?: string;
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** What a column means, with the words it may hold, as guides and the database say it. */
export function meaningIn(language: GuideLanguage, { meaning, words }: ReportingColumn): string {
  if (words === undefined) return meaning[language];
  const [open, close, comma, colon] = language === 'english' ? [' (', ')', ', ', ': '] : ['（', '）', '、', '：'];
  const told = Object.entries(words).map(([word, term]) => `${word}${open}${term}${close}`);
  return `${meaning[language]}${colon}${told.join(comma)}`;
}

/**
 * Keeps others from changing the views until the transaction ends. To be taken before any view they may stand over is replaced:
 * whoever replaces one first and waits here then holds what the other one, who looks at it, is waiting for.
 */
export async function aloneInReporting(client: pg.ClientBase): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('policy-ledger reporting', 0))`);
}

/** Makes the views whose tables are there, unless they are as they should be. For whoever holds the schema. */
export async function ensureReporting(client: pg.ClientBase, views: readonly ReportingView[]): Promise<void> {
  if (views.length === 0) return;
  await aloneInReporting(client);
  await client.query('CREATE SCHEMA IF NOT EXISTS reporting');
  const { rows: roles } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [REPORTING_ROLE]);
  for (const view of views) {
    const { rows } = await client.query<{ there: number; is: string | null }>(
      `SELECT (SELECT count(*)::integer FROM unnest($1::text[]) AS name WHERE to_regclass('ledger.' || quote_ident(name)) IS NOT NULL) AS there,
              obj_description(to_regclass('reporting.' || quote_ident($2)), 'pg_class') AS is`,
      [view.reads, view.name],
    );
    const name = `reporting."${view.name}"`;
    const select = selectOf(view);
    const title = `${view.title.chinese} · ${view.title.english}`;
    const comments = Object.entries(view.columns).map(
      ([column, one]) =>
        `COMMENT ON COLUMN ${name}."${column}" IS ${literal(`${meaningIn('chinese', one)} · ${meaningIn('english', one)}`)}`,
    );
    // Also of the words: a better one has to reach a database whose views are right otherwise.
    const hash = createHash('sha256').update([select, title, ...comments].join('\0'));
    const comment = `${title} (${hash.digest('hex').slice(0, 12)})`;
    if (rows[0]?.there !== view.reads.length || rows[0].is === comment) continue;
    await replaceView(client, name, select);
    await client.query(
      [
        `COMMENT ON VIEW ${name} IS ${literal(comment)}`,
        ...comments,
        ...(roles.length > 0 ? [`GRANT SELECT ON ${name} TO ${REPORTING_ROLE}`] : []),
      ].join('; '),
    );
  }
}

/**
 * Puts a view in the place of the one there is, in a transaction. Where it keeps its columns, or adds some at the end, whatever
 * others have made over it stays; otherwise that goes with it, and the log says what has gone.
 */
export async function replaceView(client: pg.ClientBase, name: string, select: string): Promise<void> {
  const gone: string[] = [];
  const hear = ({ message, detail }: { readonly message?: string | undefined; readonly detail?: string | undefined }) =>
    gone.push(detail ?? message ?? '');
  client.on('notice', hear);
  try {
    await client.query(
      `SET LOCAL client_min_messages = notice;
       DO $do$ BEGIN CREATE OR REPLACE VIEW ${name} AS ${select};
       EXCEPTION WHEN invalid_table_definition THEN DROP VIEW ${name} CASCADE; CREATE VIEW ${name} AS ${select}; END $do$`,
    );
  } finally {
    client.off('notice', hear);
  }
  if (gone.length > 0)
    readModelsLog.warn(
      `view ${name} has other columns than before; what stood over it has gone (the ledger makes its own anew): ${gone.join('; ')}`,
    );
}

function selectOf({ columns, from, reads, where }: ReportingView): string {
  const selected = Object.entries(columns).map(([column, { sql }]) => `${sql} AS "${column}"`);
  return `SELECT ${selected.join(', ')} FROM ${from ?? `ledger."${reads[0] ?? ''}"`}${where === undefined ? '' : ` WHERE ${where}`}`;
}

/**
 * Makes the role for reporting tools, and lets it read the views there are. Needs a user that may create roles,
 * unless it is there; doing it again changes nothing.
 * @throws Problem `read-models-unavailable`, `read-models-refused`, or `reporting-role` (refused) when the user may not.
 */
export async function prepareReportingRole({ url }: PostgresSettings): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'policy-ledger' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [REPORTING_ROLE]);
    if (rows.length === 0) await client.query(`CREATE ROLE ${REPORTING_ROLE} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE`);
    await client.query(
      [
        'BEGIN',
        'CREATE SCHEMA IF NOT EXISTS reporting',
        `GRANT USAGE ON SCHEMA reporting TO ${REPORTING_ROLE}`,
        `GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO ${REPORTING_ROLE}`,
        'COMMIT',
      ].join('; '),
    );
  } catch (error) {
    if ((error as { code?: unknown }).code === '42501')
      throw new Problem(
        'refused',
        'reporting-role',
        `this user of the database may not create the role ${REPORTING_ROLE} or grant it anything`,
      );
    throw problemOf(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}
