import { Problem } from '@app/kernel';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** A connection string taken apart. It holds a password: log `shown(address)`, never the address. */
export interface EsdbAddress {
  readonly hosts: readonly Endpoint[];
  /** The hosts name a cluster whose members are asked who leads. */
  readonly discover: boolean;
  readonly tls: boolean;
  readonly credentials?: { readonly username: string; readonly password: string };
  /** Certificate of the authority that signed the node's, in PEM. */
  readonly caFile?: string;
  readonly userCertFile?: string;
  readonly userKeyFile?: string;
  /** Milliseconds, as the client counts them. */
  readonly keepAliveInterval?: number;
  readonly keepAliveTimeout?: number;
  readonly discoveryInterval?: number;
  readonly maxDiscoverAttempts?: number;
  /** Seconds. */
  readonly gossipTimeout?: number;
}

const SHAPE =
  /^esdb(?<discover>\+discover)?:\/\/(?:(?<username>[^:@/?,]+):(?<password>[^@/?]+)@)?(?<hosts>[^/?@]+)\/?(?:\?(?<options>.*))?$/;
const HOST = /^(?<address>[A-Za-z0-9._-]+)(?::(?<port>\d{1,5}))?$/;
const DEFAULT_PORT = 2113;
const FILES = { tlscafile: 'caFile', usercertfile: 'userCertFile', userkeyfile: 'userKeyFile' } as const;
const NUMBERS = {
  keepaliveinterval: 'keepAliveInterval',
  keepalivetimeout: 'keepAliveTimeout',
  discoveryinterval: 'discoveryInterval',
  maxdiscoverattempts: 'maxDiscoverAttempts',
  gossiptimeout: 'gossipTimeout',
} as const;

/**
 * Reads a connection string such as `esdb+discover://user:password@node1:2113,node2:2113?tlsCAFile=/certs/ca.crt`.
 *
 * Not left to the client: what it cannot read or does not know it prints, password and all. No message here quotes
 * any part of the text.
 * @throws Problem `store-address` (invalid).
 */
export function parseAddress(text: string): EsdbAddress {
  const parts = SHAPE.exec(text.trim())?.groups;
  if (parts === undefined) throw bad('it must look like esdb://user:password@host:2113 (special characters percent-encoded)');
  const hosts = (parts['hosts'] ?? '').split(',').map(hostIn);
  const { username, password } = parts;
  return {
    hosts,
    discover: parts['discover'] !== undefined || hosts.length > 1,
    tls: true,
    ...(username !== undefined && password !== undefined && { credentials: { username: decoded(username), password: decoded(password) } }),
    ...optionsIn(parts['options'] ?? ''),
  };
}

function hostIn(text: string): Endpoint {
  const parts = HOST.exec(text)?.groups;
  const port = Number(parts?.['port'] ?? DEFAULT_PORT);
  if (parts?.['address'] === undefined || port < 1 || port > 65_535) throw bad('a host is a name or address with an optional port');
  return { address: parts['address'], port };
}

function optionsIn(text: string): Partial<EsdbAddress> {
  let options: Partial<EsdbAddress> = {};
  for (const pair of text.split('&').filter((part) => part !== '')) {
    const [name = '', value = ''] = pair.split('=', 2);
    options = { ...options, ...optionOf(name.toLowerCase(), value) };
  }
  if ((options.userCertFile === undefined) !== (options.userKeyFile === undefined)) throw bad('userCertFile and userKeyFile go together');
  return options;
}

function optionOf(name: string, value: string): Partial<EsdbAddress> {
  if (name === 'tls') {
    if (value !== 'true' && value !== 'false') throw bad('tls must be true or false');
    return { tls: value === 'true' };
  }
  if (Object.hasOwn(FILES, name)) return { [FILES[name as keyof typeof FILES]]: decoded(value) };
  if (Object.hasOwn(NUMBERS, name)) {
    if (!/^\d{1,9}$/.test(value)) throw bad('intervals, timeouts and attempts are whole numbers');
    return { [NUMBERS[name as keyof typeof NUMBERS]]: Number(value) };
  }
  // The client ignores this one: a certificate would be refused all the same, or worse, thought to be unchecked.
  if (name === 'tlsverifycert' && value !== 'true') throw bad('tlsVerifyCert has no effect; give the authority with tlsCAFile');
  // Decided by the adapter; the default of either is the only value it can live with.
  if (name === 'tlsverifycert' || (name === 'throwonappendfailure' && value === 'true')) return {};
  if (name === 'nodepreference' && value.toLowerCase() === 'leader') return {};
  throw bad(`it may have the options tls, tlsCAFile, userCertFile, userKeyFile, ${Object.values(NUMBERS).join(', ')}`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw bad('user, password and files must be percent-encoded');
  }
}

/** An address fit for logs and problems. */
export function shown({ discover, hosts }: EsdbAddress): string {
  return `esdb${discover ? '+discover' : ''}://${hosts.map(({ address, port }) => `${address}:${port}`).join(',')}`;
}

const bad = (detail: string) => new Problem('invalid', 'store-address', `the address of the event store cannot be used: ${detail}`);
