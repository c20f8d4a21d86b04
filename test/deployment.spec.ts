import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { parse as parseYaml } from 'yaml';
import type { EventStore } from '@app/event-store';
import type { Subscriptions } from '@app/projections';
import { Metrics } from '../apps/api/src/operations/metrics.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const { parse: parseDockerfile } = createRequire(import.meta.url)('docker-file-parser') as {
  parse: (text: string) => { name: string; args: unknown; error?: string }[];
};

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: object;
  readonly build?: object;
  readonly restart?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly deploy?: { readonly resources?: { readonly limits?: { readonly memory?: string; readonly cpus?: string } } };
}
interface Compose {
  readonly name?: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, { readonly file: string }>>;
}
const COMPOSE = ['docker/compose.yaml', 'docker/compose.cluster.yaml'];
const composeOf = (path: string) => parseYaml(read(path), { merge: true }) as Compose;
const DOCS = ['docs/operations.md', 'docs/operations.zh-CN.md'];

/** Settings of other programs that the files also name. */
const FOREIGN = /^(EVENTSTORE|POSTGRES|NODE)_/;
/** For tests and measurements, and the password the file of the cluster takes from its operator. */
const NOT_FOR_OPERATORS = /^LEDGER_(TEST|BENCH|HISTORY)_/;

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* sources(path);
    else if (/\.ts$/.test(path) && !/\.(spec|fixture|conformance)\.ts$/.test(path)) yield path;
  }
}
/** Every setting the program's code names in quotes or takes apart by name. */
function settingsInCode(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const folder of ['apps', 'libs'])
    for (const path of sources(folder)) {
      const code = read(path)
        .replaceAll(/\/\*[\s\S]*?\*\//g, '')
        .replaceAll(/^\s*\/\/.*$/gm, '');
      for (const [, name] of code.matchAll(/['`]((?:LEDGER|OTEL)_[A-Z_]+)['`]/g)) found.add(name as string);
      for (const [, name] of code.matchAll(/\b((?:LEDGER)_[A-Z_]+):/g)) found.add(name as string);
      // Settings that may stand in a file besides.
      const inFiles = /const IN_FILES = \[([^\]]*)\]/.exec(code)?.[1] ?? '';
      for (const [, name] of inFiles.matchAll(/'([A-Z_]+)'/g)) found.add(`${name}_FILE`);
    }
  // Symbols that are no settings.
  found.delete('LEDGER_ACTOR');
  return found;
}
const namesIn = (text: string, pattern: RegExp) => new Set([...text.matchAll(pattern)].map(([name]) => name));

describe('the files for running it in containers', () => {
  // Written for an earlier draft: names of parts are of no use to references by path.
  const schema = JSON.parse(read('test/fixtures/compose-spec.json'), (key, value: unknown) =>
    (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
  ) as { properties: Record<string, unknown> };
  // The stored specification is older than the name of a project.
  schema.properties['name'] = { type: 'string' };
  const validate = new Ajv2019({ strict: false, formats: { ports: true, expose: true, duration: true, subnet_ip_address: true } }).compile(
    schema,
  );

  it.each(COMPOSE)('%s follows the compose specification', (path) => {
    expect([validate(composeOf(path)), validate.errors]).toEqual([true, null]);
    expect(validate({ services: { one: { imagee: 'x' } } })).toBe(false);
  });

  it.each(COMPOSE)('%s pins images, limits every service, and mounts only what it declares', (path) => {
    const { services, volumes = {}, secrets = {} } = composeOf(path);
    for (const [name, service] of Object.entries(services)) {
      expect(service.image).toMatch(/^[a-z0-9./-]+:\d[\w.-]*$/);
      expect({ name, ...service.deploy?.resources?.limits }).toEqual({ name, cpus: expect.any(String), memory: expect.any(String) });
      // Our image brings a check of its own.
      const isOnce = Object.values(services).some((other) => other.depends_on?.[name]?.condition === 'service_completed_successfully');
      if (!isOnce)
        expect({ name, isChecked: service.healthcheck !== undefined || service.build !== undefined }).toEqual({ name, isChecked: true });
      for (const secret of service.secrets ?? []) expect(Object.keys(secrets)).toContain(secret);
      for (const volume of service.volumes ?? [])
        if (!volume.startsWith('./')) expect(Object.keys(volumes)).toContain(volume.split(':')[0]);
      for (const dependency of Object.keys(service.depends_on ?? {})) expect(Object.keys(services)).toContain(dependency);
    }
  });

  it('holds no password, and its script makes every secret it asks for', () => {
    const cluster = read('docker/compose.cluster.yaml');
    for (const [, setting] of cluster.matchAll(/(\w*PASSWORD\w*): (?!\S*_FILE)/g))
      expect(cluster).toMatch(new RegExp(`${setting}: .*(\\$\\{\\w+:\\?|/run/secrets/)`));
    const script = read('docker/make-secrets.sh');
    for (const { file } of Object.values(composeOf('docker/compose.cluster.yaml').secrets ?? {}))
      expect(script).toContain(file.replace('./', ''));
    for (const [, required] of cluster.matchAll(/\$\{(\w+):\?/g)) expect(script).toMatch(new RegExp(`^${required}=`, 'm'));
    const ignored = read('.gitignore').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['docker/.env', 'docker/secrets/']));
  });

  it('lets people reach what still answers while a store is away, and nothing that is for operators', () => {
    const balancer = read('docker/haproxy.cfg');
    const backends = new Map(
      balancer
        .split(/^backend /m)
        .slice(1)
        .map((text) => [text.split('\n')[0] as string, text]),
    );
    const replicas = Object.keys(composeOf('docker/compose.cluster.yaml').services).filter((name) => name.startsWith('api-'));
    expect(replicas.length).toBeGreaterThan(1);
    for (const [backend, check] of [
      ['apis', '/health/ready'],
      ['living', '/health/live'],
    ] as const) {
      expect(backends.get(backend)).toContain(`option httpchk GET ${check}\n`);
      // Nobody is kept on one of them.
      expect(backends.get(backend)).toContain('balance leastconn\n');
      expect(backends.get(backend)).not.toMatch(/cookie|stick/);
      for (const replica of replicas) expect(backends.get(backend)).toContain(`server ${replica} ${replica}:8080\n`);
    }
    expect(balancer).toMatch(/use_backend apis if \{ nbsrv\(apis\) gt 0 \}\n\s+default_backend living\n/);
    // %68ealth is /health to whoever answers.
    expect(balancer).toContain('deny deny_status 404 if { path,url_dec -m beg /metrics /health }');
  });

  it('builds an image of one Node in two stages, without tools, that runs as nobody in particular', () => {
    const steps = parseDockerfile(read('docker/Dockerfile'));
    expect(steps.filter(({ error }) => error !== undefined)).toEqual([]);
    const froms = steps.filter(({ name }) => name === 'FROM').map(({ args }) => String(args).split(' ')[0]);
    expect(new Set(froms).size).toBe(1);
    expect(froms).toHaveLength(2);
    expect(froms[0]).toMatch(/^node:24\.\d+\.\d+-[a-z-]+$/);
    const last = steps.slice(steps.map(({ name }) => name).lastIndexOf('FROM'));
    expect(JSON.stringify(last.filter(({ name }) => name === 'RUN'))).not.toMatch(/apt-get|npm (ci|install)/);
    expect(last.find(({ name }) => name === 'USER')?.args).toBe('ledger');
    expect(last.map(({ name }) => name)).toEqual(expect.arrayContaining(['HEALTHCHECK', 'VOLUME', 'CMD', 'STOPSIGNAL']));
    for (const { name, args } of steps) {
      const copied = name === 'COPY' ? (args as readonly string[]).filter((one) => !one.startsWith('--')).slice(0, -1) : [];
      for (const path of copied)
        if (!path.startsWith('/') && path !== '.') expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
    }
  });
});

describe('the settings', () => {
  const inCode = settingsInCode();

  it('are found in the code at all', () =>
    expect([...inCode]).toEqual(expect.arrayContaining(['LEDGER_ROLE', 'LEDGER_ESDB_URL_FILE', 'LEDGER_TOKEN'])));

  it.each(DOCS)('of the code are all in %s', (path) => {
    const documented = namesIn(read(path), /(?<=^\| `)(LEDGER|OTEL)_[A-Z_]+(?=`)/gm);
    expect([...inCode].filter((name) => !NOT_FOR_OPERATORS.test(name) && !documented.has(name))).toEqual([]);
    expect([...documented].filter((name) => !inCode.has(name))).toEqual([]);
  });

  it.each([...COMPOSE, 'docker/Dockerfile', 'docker/prepare-store.mjs'])('named in %s are known to the code', (path) => {
    const own = new Set(['LEDGER_UID', 'LEDGER_GID', 'LEDGER_PUBLISHED_ADDRESS']);
    const named = [...namesIn(read(path), /\b[A-Z]+(_[A-Z]+)+\b/g)].filter((name) => /^(LEDGER|OTEL)_/.test(name) && !FOREIGN.test(name));
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !inCode.has(name) && !own.has(name))).toEqual([]);
  });
});

describe('metrics and alarms', () => {
  const METRIC = /\b(ledger|process|nodejs)_[a-z0-9_]+\b/g;
  const alerts = (
    parseYaml(read('docker/prometheus/alerts.yaml')) as { groups: { rules: { alert: string; expr: string }[] }[] }
  ).groups.flatMap(({ rules }) => rules);

  it('speak of metrics that there are', async () => {
    const store = { head: async () => 0 } as unknown as EventStore;
    const subscriptions = { probe: async () => undefined, status: () => [] } as unknown as Subscriptions;
    const text = await new Metrics().text(store, subscriptions);
    const families = namesIn(text, /(?<=^# TYPE )\S+/gm);
    const known = (name: string) => families.has(name) || families.has(name.replace(/_(bucket|count|sum)$/, ''));
    for (const { alert, expr } of alerts)
      for (const name of namesIn(expr, METRIC)) expect([alert, name, known(name)]).toEqual([alert, name, true]);
    for (const path of DOCS) {
      const documented = namesIn(read(path), /(?<=`)(ledger|process|nodejs)_[a-z0-9_]+(?=`)/g);
      expect([...documented].filter((name) => !known(name))).toEqual([]);
      expect([...families].filter((name) => name.startsWith('ledger_') && !documented.has(name))).toEqual([]);
    }
  });

  it.each(DOCS)('have a runbook for each alarm in %s', (path) => {
    const runbooks = namesIn(read(path), /(?<=^### )Ledger\w+$/gm);
    expect([...runbooks]).toEqual(alerts.map(({ alert }) => alert));
  });

  it('are told alike in both languages', () => {
    const [english, chinese] = DOCS.map(read) as [string, string];
    const shape = (text: string) =>
      text
        .split('\n')
        .filter((line) => /^#{2,3} /.test(line))
        .map((line) => line.split(' ')[0]);
    expect(shape(chinese)).toEqual(shape(english));
    const rows = (text: string) => text.split('\n').filter((line) => line.startsWith('|')).length;
    expect(rows(chinese)).toBe(rows(english));
  });
});
