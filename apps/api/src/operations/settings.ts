import { readFileSync } from 'node:fs';
import { Problem } from '@app/kernel';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a process does of the ledger's work: all of it, the answering of requests, or what follows the ledger. */
export const PROCESS_ROLES = ['all', 'api', 'worker'] as const;
export type ProcessRole = (typeof PROCESS_ROLES)[number];

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How one process runs. */
export interface Settings {
  readonly role: ProcessRole;
  readonly port: number;
  readonly host: string;
  readonly dataFolder: string;
  readonly publishBundledPolicies: boolean;
  /** How long requests under way may take to finish once the process is told to stop, in milliseconds. */
  readonly drainMs: number;
  readonly logLevel: LogLevel;
  /** One JSON object a line, or lines for people. */
  readonly logFormat: 'json' | 'text';
  /** Who may read /metrics: everyone, whoever shows the token, or nobody. */
  readonly metrics: 'open' | 'closed' | { readonly token: string };
  /** Tokens are signed and checked with this key, and not with one in the data folder. */
  readonly tokenKeyFile?: string;
}

/** Settings that hold a password, which may stand in a file that `<name>_FILE` names. */
const IN_FILES = ['LEDGER_ESDB_URL', 'LEDGER_ESDB_ADMIN_URL', 'LEDGER_READ_MODELS_URL'];
/** Where traces go. The exporter reads them itself, and takes one it cannot read for another place. */
const COLLECTORS = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;
const SECRET = /^[\x21-\x7e]{16,256}$/;

/**
 * The environment with those settings filled in that are kept in files of their own.
 * @throws Problem `setting` (invalid) for a file that cannot be read, or where both are given; it quotes no secret.
 */
export function readEnvironment(environment: Environment = process.env): Environment {
  const read: Record<string, string> = {};
  for (const name of IN_FILES) {
    const file = environment[`${name}_FILE`] ?? '';
    if (file === '') continue;
    if ((environment[name] ?? '') !== '') throw bad(`${name}_FILE`, `stands beside ${name}; give one of the two`);
    read[name] = contentOf(`${name}_FILE`, file);
  }
  return { ...environment, ...read };
}

/** @throws Problem `setting` (invalid), which names the setting. */
export function settingsOf(environment: Environment, isTerminal: boolean): Settings {
  const host = text(environment, 'LEDGER_HOST', '127.0.0.1');
  const tokenKeyFile = text(environment, 'LEDGER_TOKEN_KEY_FILE', '');
  for (const name of COLLECTORS) requireHttp(environment, name);
  return {
    role: oneOf(environment, 'LEDGER_ROLE', PROCESS_ROLES, 'all'),
    port: whole(environment, 'LEDGER_PORT', 8_080, 65_535),
    host,
    dataFolder: text(environment, 'LEDGER_DATA', './data'),
    publishBundledPolicies: oneOf(environment, 'LEDGER_BUNDLED_POLICIES', ['publish', 'none'], 'publish') === 'publish',
    drainMs: whole(environment, 'LEDGER_DRAIN_SECONDS', 20, 600) * 1_000,
    logLevel: oneOf(environment, 'LEDGER_LOG_LEVEL', LOG_LEVELS, 'info'),
    logFormat: oneOf(environment, 'LEDGER_LOG_FORMAT', ['json', 'text'], isTerminal ? 'text' : 'json'),
    metrics: metricsOf(environment, host),
    ...(tokenKeyFile !== '' && { tokenKeyFile }),
  };
}

/** Open where nobody but this machine reaches them; elsewhere for whoever shows the token, and without one for nobody. */
function metricsOf(environment: Environment, host: string): Settings['metrics'] {
  const file = text(environment, 'LEDGER_METRICS_TOKEN_FILE', '');
  if (file === '') return LOOPBACK.test(host) ? 'open' : 'closed';
  const token = contentOf('LEDGER_METRICS_TOKEN_FILE', file);
  if (!SECRET.test(token)) throw bad('LEDGER_METRICS_TOKEN_FILE', 'must hold a token of 16 to 256 visible ASCII characters');
  return { token };
}

function contentOf(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw bad(name, `names a file that cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

/** An empty setting counts as left out, as it does in a compose file. */
function text(environment: Environment, name: string, otherwise: string): string {
  const value = environment[name] ?? '';
  return value === '' ? otherwise : value;
}

function oneOf<Value extends string>(environment: Environment, name: string, values: readonly Value[], otherwise: Value): Value {
  const value = text(environment, name, otherwise);
  const known = values.find((one) => one === value);
  if (known === undefined) throw bad(name, `must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}, not ${value}`);
  return known;
}

/** Quotes nothing: an address may hold a password. */
function requireHttp(environment: Environment, name: string): void {
  const value = text(environment, name, '');
  if (value !== '' && !(URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)))
    throw bad(name, 'must be an address such as http://collector:4318');
}

function whole(environment: Environment, name: string, otherwise: number, largest: number): number {
  const value = text(environment, name, String(otherwise));
  if (!/^\d{1,9}$/.test(value) || Number(value) > largest) throw bad(name, `must be a whole number up to ${largest}, not ${value}`);
  return Number(value);
}

function bad(name: string, message: string): Problem {
  return new Problem('invalid', 'setting', `${name} ${message}`, [{ field: name, rule: 'setting', message }]);
}
