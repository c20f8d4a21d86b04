import { readFileSync } from 'node:fs';
import { Problem } from '@app/kernel';

/** Where read models are kept in PostgreSQL. It holds a password: log `shown(settings)`, never the URL. */
export interface PostgresSettings {
  readonly url: string;
  /** How many connections queries may have at once; the projector has a few of its own. */
  readonly pool: number;
  /** A query that takes longer is given up. */
  readonly timeoutMs: number;
}

const DEFAULT_POOL = 10;
const DEFAULT_TIMEOUT_MS = 30_000;
/** Options of the URL that name files. */
const FILES = ['sslrootcert', 'sslcert', 'sslkey'];

/**
 * Reads LEDGER_READ_MODELS_URL, LEDGER_READ_MODELS_POOL (connections, 1 to 100) and LEDGER_READ_MODELS_TIMEOUT (milliseconds
 * a query may take, 1000 to 600000). Undefined where no URL is given: then read models are a file of the data folder.
 * Files the URL names are read here once: a missing one would seem a fault that passes.
 * @throws Problem `setting` (invalid), which quotes no part of the URL.
 */
export function readModelSettings(environment: Readonly<Record<string, string | undefined>>): PostgresSettings | undefined {
  const { LEDGER_READ_MODELS_URL: url = '', LEDGER_READ_MODELS_POOL: pool, LEDGER_READ_MODELS_TIMEOUT: timeout } = environment;
  if (url.trim() === '') return undefined;
  if (parsed(url) === undefined)
    throw bad('LEDGER_READ_MODELS_URL must look like postgres://user:password@host:5432/database (special characters percent-encoded)');
  for (const name of FILES) {
    const file = parsed(url)?.searchParams.get(name);
    if (file && !isReadable(file)) throw bad(`LEDGER_READ_MODELS_URL: the file that its ${name} names cannot be read`);
  }
  return {
    url: url.trim(),
    pool: wholeNumber('LEDGER_READ_MODELS_POOL', pool, DEFAULT_POOL, 1, 100),
    timeoutMs: wholeNumber('LEDGER_READ_MODELS_TIMEOUT', timeout, DEFAULT_TIMEOUT_MS, 1_000, 600_000),
  };
}

/** Server and database for people and logs, without user and password. */
export function shown({ url }: Pick<PostgresSettings, 'url'>): string {
  const { host, pathname } = parsed(url) ?? { host: '', pathname: '' };
  return `postgres://${host}${pathname}`;
}

function parsed(url: string): URL | undefined {
  const text = url.trim();
  if (!/^postgres(ql)?:\/\/[^/]/.test(text) || !URL.canParse(text)) return undefined;
  const parts = new URL(text);
  return /^\/[^/]+$/.test(parts.pathname) ? parts : undefined;
}

function isReadable(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}

function wholeNumber(name: string, text: string | undefined, otherwise: number, least: number, most: number): number {
  if (text === undefined || text === '') return otherwise;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) throw bad(`${name} must be a whole number from ${least} to ${most}`);
  return value;
}

function bad(detail: string): Problem {
  return new Problem('invalid', 'setting', detail);
}
