import { createHash } from 'node:crypto';
import pg from 'pg';
import { Problem } from '@app/kernel';
import { problemOf } from './connections.js';
import type { PostgresSettings } from './settings.js';

/** The role that reporting tools are given: it reads `reporting` and nothing else. It has no password and cannot log in by itself. */
export const REPORTING_ROLE = 'ledger_reporting';

/** A view for reporting tools, over the tables queries see. What it does not name nobody sees there. */
export interface ReportingView {
  /** In the schema `reporting`. */
  readonly name: string;
  /** What one row is. */
  readonly title: string;
  /** The tables it reads. */
  readonly reads: readonly string[];
  /** Each column: what stands for it in SQL, and what it means. */
  readonly columns: Readonly<Record<string, readonly [sql: string, meaning: string]>>;
  /** After FROM; the only table of `reads` when left out. */
  readonly from?: string;
  readonly where?: string;
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** Makes the views whose tables are there, unless they are as they should be. For whoever holds the schema. */
export async function ensureReporting(client: pg.ClientBase, views: readonly ReportingView[]): Promise<void> {
  if (views.length === 0) return;
  await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('policy-ledger reporting', 0)); CREATE SCHEMA IF NOT EXISTS reporting`);
  const { rows: roles } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [REPORTING_ROLE]);
  for (const view of views) {
    const { rows } = await client.query<{ there: number; is: string | null }>(
      `SELECT (SELECT count(*)::integer FROM unnest($1::text[]) AS name WHERE to_regclass('ledger.' || quote_ident(name)) IS NOT NULL) AS there,
              obj_description(to_regclass('reporting.' || quote_ident($2)), 'pg_class') AS is`,
      [view.reads, view.name],
    );
    const text = selectOf(view);
    const comment = `${view.title} (${createHash('sha256').update(text).digest('hex').slice(0, 12)})`;
    if (rows[0]?.there !== view.reads.length || rows[0].is === comment) continue;
    const comments = Object.entries(view.columns).map(
      ([column, [, meaning]]) => `COMMENT ON COLUMN reporting."${view.name}"."${column}" IS ${literal(meaning)}`,
    );
    await client.query(
      [
        `DROP VIEW IF EXISTS reporting."${view.name}"`,
        `CREATE VIEW reporting."${view.name}" AS ${text}`,
        `COMMENT ON VIEW reporting."${view.name}" IS ${literal(comment)}`,
        ...comments,
        ...(roles.length > 0 ? [`GRANT SELECT ON reporting."${view.name}" TO ${REPORTING_ROLE}`] : []),
      ].join('; '),
    );
  }
}

function selectOf({ columns, from, reads, where }: ReportingView): string {
  const selected = Object.entries(columns).map(([column, [sql]]) => `${sql} AS "${column}"`);
  return `SELECT ${selected.join(', ')} FROM ${from ?? `ledger."${reads[0] ?? ''}"`}${where === undefined ? '' : ` WHERE ${where}`}`;
}

/**
 * Makes the role for reporting tools, and lets it read the views there are. Needs a user that may create roles; doing it
 * again changes nothing.
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
