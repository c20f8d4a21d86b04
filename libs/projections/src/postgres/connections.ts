import pg from 'pg';
import { Problem } from '@app/kernel';
import type { PostgresSettings } from './settings.js';

/** The schema that holds every table; `reporting` holds views for others alone. */
export const SCHEMA = 'ledger';

const CONNECT_MS = 10_000;
/** A network that swallows everything is silent for as long as TCP is patient, a quarter of an hour: nobody waits for that. */
const SILENCE_MS = 5_000;
/** So many projections are built side by side: while some wait for the server, others make their rows ready. */
export const BUILDERS = 4;
/** Beside those: live tables, a comparison, and one to spare. */
const WRITERS = BUILDERS + 3;
/** A transaction nobody goes on with for so long is ended: it would hold its locks. */
const IDLE_MS = 60_000;
const INT8 = 20;
const NUMERIC = 1700;

/** A whole number as PostgreSQL says it. @throws Error for one that JavaScript cannot hold exactly: a wrong sum is worse than none. */
export function wholeNumberOf(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`${text} is no whole number below 2^53`);
  return value;
}

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: string) =>
    oid === INT8 || oid === NUMERIC ? (wholeNumberOf as never) : (pg.types.getTypeParser(oid, format as 'text') as never),
};

function config({ url }: PostgresSettings, options: string): pg.PoolConfig {
  return {
    connectionString: url,
    types,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    application_name: 'policy-ledger',
    options: `-c search_path=${SCHEMA} ${options}`,
  };
}

/** Connections for queries: as many as are allowed, each query for as long as it may take. */
export function queryPool(settings: PostgresSettings): pg.Pool {
  const { pool: max, timeoutMs } = settings;
  const query_timeout = timeoutMs + SILENCE_MS;
  return quiet(new pg.Pool({ ...config(settings, `-c statement_timeout=${timeoutMs}`), max, query_timeout }));
}

/**
 * A short question of the ledger's own, answered soon or not at all.
 * @throws Problem as `problemOf`, or what is wrong with the question.
 */
export function ask<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  text: string,
  values: readonly unknown[] = [],
): Promise<pg.QueryResult<Row>> {
  const question: pg.QueryConfig & Pick<pg.ClientConfig, 'query_timeout'> = { text, values: [...values], query_timeout: SILENCE_MS };
  return told(pool.query<Row>(question));
}

/**
 * Connections for the projector. It finds rows by their keys alone; without statistics of tables that are just being filled
 * the planner would guess otherwise. What they have committed is on disk: tables that were set back by a crash would answer
 * from the past, and nobody would know until the next event. `name` is what the server calls them by.
 */
export function writerPool(settings: PostgresSettings, name: string): pg.Pool {
  const planner = ['seqscan', 'hashjoin', 'mergejoin'].map((way) => `-c enable_${way}=off`).join(' ');
  const idle = `-c idle_in_transaction_session_timeout=${IDLE_MS}`;
  return quiet(new pg.Pool({ ...config(settings, `${idle} ${planner}`), max: WRITERS, application_name: name }));
}

/**
 * A connection that breaks is replaced by the next that is needed, and whoever was at work on it learns of it by the query that
 * failed. The error it tells besides, idle or lent out, would end the process if nobody heard it.
 */
function quiet(pool: pg.Pool): pg.Pool {
  return pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
}

/** PostgreSQL refuses the rows themselves: classes 22 (data) and 23 (constraints). */
export function isRowFault(error: unknown): boolean {
  return /^(2[23]|21000$)/.test(codeOf(error));
}

const DRIVER_FAULT = /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client .* is not queryable$)/;

/** Whether a connection is of no more use after a fault: it may still answer the question before. */
export function hasFallenSilent(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}

/** Faults of the server reach whoever asked as problems. */
export function told<Answer>(asked: Promise<Answer>): Promise<Answer> {
  return asked.catch((error: unknown) => {
    throw problemOf(error);
  });
}

/** What PostgreSQL refuses whoever comes with these settings, by the code of its answer; `ERR_TLS…` and the like are Node's. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/^28/, 'user or password'],
  [/^3D/, 'there is no such database'],
  [/^42501$/, 'its user lacks a right'],
  [/^25006$/, 'it takes no writes: a replica?'],
  [/^file /, 'a file its address names cannot be read'],
  [/^(ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/, 'its certificate is not trusted'],
];
const NO_TLS = 'The server does not support SSL connections';

/** Something an administrator has to mend; waiting does not. The server's own words name users and are left out. */
function refusalOf(code: string, message: string): Problem | undefined {
  const reason = message === NO_TLS ? 'it speaks no TLS' : REFUSALS.find(([pattern]) => pattern.test(code))?.[1];
  if (reason === undefined) return undefined;
  const told = code === '' ? reason : `${code}: ${reason}`;
  return new Problem(
    'unavailable',
    'read-models-refused',
    `PostgreSQL refuses what the ledger asks (${told}); its administrator must look into it`,
  );
}

/** What a failed query means to whoever asked. Server faults become problems; what is wrong with the query itself stays as it is. */
export function problemOf(error: unknown): unknown {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : '';
  if (code === '42P01' && /__\d+/.test(message))
    return new Problem('unavailable', 'read-model-rebuilding', 'the read model has just been replaced; retry');
  if (code === '57014') return new Problem('unavailable', 'read-models-unavailable', 'the answer took longer than allowed; ask for less');
  // Connections (class 08, or those of the system), resources, an ending server; what the driver says of itself has no code.
  // 58 is the system below PostgreSQL: a disk that fails.
  if ((/^(08|53|57P|58|E[A-Z]{3,}$)/.test(code) && !isOfAFile(error)) || DRIVER_FAULT.test(message))
    return new Problem('unavailable', 'read-models-unavailable', 'the read models cannot be reached just now; retry');
  return refusalOf(isOfAFile(error) ? `file ${code}` : code, message) ?? error;
}

/** A certificate or key that the address names was gone or unreadable when a connection needed it. */
function isOfAFile(error: unknown): boolean {
  return (
    /^(open|read)$/.test((error as { readonly syscall?: string } | null)?.syscall ?? '') && /^(ENOENT|EACCES|EISDIR)$/.test(codeOf(error))
  );
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}
