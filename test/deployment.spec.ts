import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
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
}
const COMPOSE = ['docker/compose.yaml', 'docker/compose.cluster.yaml'];
const mountsOf = ({ volumes = [] }: Service) =>
  volumes.map((volume) => volume.split(':') as [source: string, target: string, mode?: string]);
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
    const { services, volumes = {} } = composeOf(path);
    for (const [name, service] of Object.entries(services)) {
      expect(service.image).toMatch(/^[a-z0-9./-]+:\d[\w.-]*$/);
      expect({ name, ...service.deploy?.resources?.limits }).toEqual({ name, cpus: expect.any(String), memory: expect.any(String) });
      // Our image brings a check of its own.
      const isOnce = Object.values(services).some((other) => other.depends_on?.[name]?.condition === 'service_completed_successfully');
      if (!isOnce)
        expect({ name, isChecked: service.healthcheck !== undefined || service.build !== undefined }).toEqual({ name, isChecked: true });
      for (const [source] of mountsOf(service))
        if (source.startsWith('./')) expect([source, existsSync(join(ROOT, 'docker', source))]).toEqual([source, true]);
        else expect(Object.keys(volumes)).toContain(source);
      for (const dependency of Object.keys(service.depends_on ?? {})) expect(Object.keys(services)).toContain(dependency);
    }
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
    expect(froms[0]).toMatch(/^node:26\.\d+\.\d+-[a-z-]+$/);
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

  it('gives the builder what the build reads', () => {
    const given = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const [, configs = ''] = /const configs = \[([^\]]*)\]/.exec(read('.config/launch.mjs')) ?? [];
    const inputs = [...configs.matchAll(/'([^']+)'/g)].map(([, path]) => path);
    expect(inputs.length).toBeGreaterThan(0);
    expect(given).toEqual(expect.arrayContaining(['apps', 'libs', ...inputs]));
  });
});

describe('the secrets of the cluster', () => {
  const { services } = composeOf('docker/compose.cluster.yaml');
  const folderOf = new Map(mountsOf(services['secrets'] as Service).map(([volume, target]) => [volume, target.replace('/secrets/', '')]));
  const consumers = Object.entries(services).filter(([name]) => name !== 'secrets');
  const work = mkdtempSync(join(tmpdir(), 'policy-ledger-secrets-'));
  const secrets = join(work, 'secrets');
  const filesIn = (folder: string) => readdirSync(join(secrets, folder)).map((name) => join(folder, name));
  const everything = () => Object.fromEntries([...readdirSync(secrets)].flatMap(filesIn).map((file) => [file, contentOf(file)]));
  const contentOf = (file: string) => readFileSync(join(secrets, file), 'utf8').trim();
  /** Runs the script as the service does, except that the owners it gives are only noted. */
  const make = (...paths: string[]) => {
    enter();
    const { status, stderr } = spawnSync('sh', [join(ROOT, 'docker/make-secrets.sh'), secrets], {
      encoding: 'utf8',
      env: { ...process.env, PATH: [...paths, join(work, 'bin'), process.env['PATH']].join(delimiter), OWNERS: join(work, 'owners') },
    });
    return { status, stderr };
  };
  /** What root may in any case. */
  const enter = () => {
    for (const folder of readdirSync(secrets)) chmodSync(join(secrets, folder), 0o700);
  };
  const remove = (file: string) => {
    enter();
    rmSync(join(secrets, file));
  };

  beforeAll(() => {
    mkdirSync(join(work, 'bin'));
    writeFileSync(join(work, 'bin', 'chown'), '#!/bin/sh\necho "$*" >> "$OWNERS"\n', { mode: 0o700 });
    for (const folder of folderOf.values()) if (!folder.startsWith('/')) mkdirSync(join(secrets, folder), { recursive: true });
    expect(make()).toMatchObject({ status: 0 });
  });
  afterAll(() => {
    enter();
    rmSync(work, { recursive: true, force: true });
  });

  it('are made by the first start, which asks for nothing before', () => {
    const cluster = read('docker/compose.cluster.yaml');
    expect(cluster).not.toMatch(/\$\{\w+:?\?/);
    for (const [, setting] of cluster.matchAll(/(\w*PASSWORD\w*)[:=]/g))
      expect(setting?.endsWith('_FILE') || cluster.includes(`${setting}=$$(cat /run/secrets/`)).toBe(true);
    const after = (name: string): readonly string[] =>
      Object.entries(services[name]?.depends_on ?? {}).flatMap(([other, { condition }]) => [`${other} ${condition}`, ...after(other)]);
    for (const [name, service] of consumers)
      if (mountsOf(service).some(([volume]) => folderOf.has(volume)))
        expect([name, ...after(name)]).toContain('secrets service_completed_successfully');
  });

  it('lie where each service looks for them, which can do no more than read its own', () => {
    const readers: Record<string, string[]> = {};
    const elsewhere: Record<string, string> = { balancer: read('docker/haproxy.cfg') };
    for (const [name, service] of consumers) {
      const mounts = mountsOf(service).filter(([volume]) => folderOf.has(volume));
      for (const [volume, , mode] of mounts) {
        (readers[folderOf.get(volume) as string] ??= []).push(name.replace(/-?\d$/, ''));
        expect([name, volume, mode]).toEqual([name, volume, 'ro']);
      }
      const text = JSON.stringify([service.environment, service.entrypoint, service.command, elsewhere[name]]);
      for (const [path, folder, file] of text.matchAll(/(\/run\/[a-z]+)\/([a-z-]+)/g)) {
        const volume = mounts.find(([, target]) => target === folder)?.[0] ?? '';
        expect([name, path, existsSync(join(secrets, folderOf.get(volume) ?? 'nowhere', file as string))]).toEqual([name, path, true]);
      }
    }
    expect(Object.fromEntries(Object.entries(readers).map(([folder, names]) => [folder, [...new Set(names)]]))).toEqual({
      administrator: ['store-setup'],
      eventstore: ['node'],
      ledger: ['store-setup', 'worker', 'api'],
      postgres: ['postgres'],
      site: ['balancer'],
    });
  });

  it('are readable by those alone who are given them', () => {
    const image = /useradd --uid (\d+)/.exec(read('docker/Dockerfile'))?.[1];
    expect(readFileSync(join(work, 'owners'), 'utf8').split('\n').slice(0, 5).sort()).toEqual(
      [`${image}:${image} ledger`, `${image}:${image} administrator`, '1000:1000 eventstore', '999:999 postgres', '0:0 site']
        .map((owner) => `-R ${owner}`)
        .sort(),
    );
    for (const folder of readdirSync(secrets)) {
      expect(statSync(join(secrets, folder)).mode & 0o777).toBe(0o500);
      for (const file of filesIn(folder)) expect([file, statSync(join(secrets, file)).mode & 0o777]).toEqual([file, 0o400]);
    }
  });

  it('are random, and agree with each other', () => {
    expect(contentOf('ledger/token-key')).toMatch(/^[0-9a-f]{64}$/);
    expect(contentOf('ledger/read-models-url')).toBe(`postgres://ledger:${contentOf('postgres/postgres-password')}@postgres:5432/ledger`);
    expect(contentOf('administrator/eventstore-admin-url')).toContain(`://admin:${contentOf('eventstore/admin-password')}@node1:2113,`);
    const random = Object.values(everything()).flatMap((text) => [...text.matchAll(/[0-9a-f]{64}/g)].map(([one]) => one));
    expect([random.length, new Set(random).size]).toEqual([9, 7]);
    expect(contentOf('site/site-certificate')).toMatch(/BEGIN PRIVATE KEY[^]*BEGIN CERTIFICATE/);
  });

  it('are never made anew, except one that is gone or empty, and not without randomness', () => {
    const before = everything();
    expect(make()).toMatchObject({ status: 0, stderr: '' });
    expect(everything()).toEqual(before);
    remove('ledger/token-key');
    const broken = join(work, 'broken');
    mkdirSync(broken);
    writeFileSync(join(broken, 'openssl'), '#!/bin/sh\nexit 1\n', { mode: 0o700 });
    expect(make(broken).status).not.toBe(0);
    expect(existsSync(join(secrets, 'ledger/token-key'))).toBe(false);
    remove('ledger/metrics-token');
    writeFileSync(join(secrets, 'ledger/metrics-token'), '');
    expect(make()).toMatchObject({ status: 0 });
    const changed = Object.entries(everything()).filter(([file, text]) => before[file] !== text);
    expect(changed).toEqual(['ledger/metrics-token', 'ledger/token-key'].map((file) => [file, expect.stringMatching(/^[0-9a-f]{64}$/)]));
  });

  it('stay out of the settings a container shows: the nodes read theirs as they start', () => {
    const { entrypoint = [], command = [] } = services['node1'] as Service;
    const program = join(work, 'program');
    writeFileSync(program, '#!/bin/sh\necho "$EVENTSTORE_DEFAULT_ADMIN_PASSWORD $EVENTSTORE_DEFAULT_OPS_PASSWORD"\n', { mode: 0o700 });
    const script = command.map((part) =>
      part
        .replaceAll('$$', '$')
        .replaceAll('/run/secrets', join(secrets, 'eventstore'))
        .replace(/\/opt\/eventstore\/\S+/, program),
    );
    const start = () => spawnSync(entrypoint[0] as string, [...entrypoint.slice(1), ...script], { encoding: 'utf8' });
    expect(start()).toMatchObject({
      status: 0,
      stdout: `${contentOf('eventstore/admin-password')} ${contentOf('eventstore/ops-password')}\n`,
    });
    remove('eventstore/ops-password');
    expect(start()).toMatchObject({ status: 1, stdout: '' });
  });

  it('include one of PostgreSQL’s superuser, which the ledger does not have: its own role is made beside, before anybody is let in', () => {
    const { environment, healthcheck } = services['postgres'] as Service & { readonly healthcheck: { readonly test: readonly string[] } };
    const { username } = new URL(contentOf('ledger/read-models-url'));
    expect(environment?.['POSTGRES_USER']).not.toBe(username);
    const secretOf = (path = '') => contentOf(path.replace('/run/secrets', 'postgres'));
    const mounted = mountsOf(services['postgres'] as Service).find(([, target]) => target.startsWith('/docker-entrypoint-initdb.d/'));
    const script = read(join('docker', mounted?.[0] ?? ''));
    expect(script).toContain(`CREATE ROLE ${username} LOGIN NOSUPERUSER `);
    const own = secretOf(/`cat (\S+)`/.exec(script)?.[1]);
    expect(new URL(contentOf('ledger/read-models-url')).password).toBe(own);
    expect(secretOf(environment?.['POSTGRES_PASSWORD_FILE'])).not.toBe(own);
    // While it is prepared, a server answers on the socket.
    expect(healthcheck.test).toContain('--host=127.0.0.1');
  });

  it('cannot be committed where an earlier release has left them', () =>
    expect(read('.gitignore').split('\n')).toEqual(expect.arrayContaining(['docker/.env', 'docker/secrets/'])));
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
    const own = new Set(['LEDGER_PUBLISHED_ADDRESS']);
    const named = [...namesIn(read(path), /\b[A-Z]+(_[A-Z]+)+\b/g)].filter((name) => /^(LEDGER|OTEL)_/.test(name) && !FOREIGN.test(name));
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !inCode.has(name) && !own.has(name))).toEqual([]);
  });
});

/** What node_exporter reads once a task has been run through docker/note-success.sh. */
function taskMetrics(task: readonly string[], exitCode = 0): Readonly<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'policy-ledger-tasks-'));
  try {
    const { status } = spawnSync('sh', [join(ROOT, 'docker/note-success.sh'), ...task], { env: { ...process.env, TEXTFILES: folder } });
    expect(status).toBe(exitCode);
    const files = readdirSync(folder);
    for (const file of files) expect([file, statSync(join(folder, file)).mode & 0o777]).toEqual([expect.stringMatching(/\.prom$/), 0o644]);
    const lines = files.flatMap((file) => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n'));
    return Object.fromEntries(lines.map((line) => line.split(' ')).map(([name, value]) => [name, Number(value)]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('metrics and alarms', () => {
  const METRIC = /\b(ledger|process|nodejs|node|probe)_[a-z0-9_]+\b/g;
  const alerts = (
    parseYaml(read('docker/prometheus/alerts.yaml')) as { groups: { rules: { alert: string; expr: string }[] }[] }
  ).groups.flatMap(({ rules }) => rules);

  it('speak of metrics that there are', async () => {
    const store = { head: async () => 0 } as unknown as EventStore;
    const subscriptions = { probe: async () => undefined, status: () => [] } as unknown as Subscriptions;
    const text = await new Metrics().text(store, subscriptions);
    const families = namesIn(text, /(?<=^# TYPE )\S+/gm);
    // What Prometheus's own exporters tell, as it was told once, and what daily tasks leave for them.
    for (const name of namesIn(read('test/fixtures/exporter-metrics.txt'), /^\w+$/gm)) families.add(name);
    families.add(Object.keys(taskMetrics(['backup', 'true']))[0]?.split('{')[0] as string);
    const known = (name: string) => families.has(name) || families.has(name.replace(/_(bucket|count|sum)$/, ''));
    for (const { alert, expr } of alerts)
      for (const name of namesIn(expr, METRIC)) expect([alert, name, known(name)]).toEqual([alert, name, true]);
    for (const path of DOCS) {
      const documented = namesIn(read(path), /(?<=`)(ledger|process|nodejs|node|probe)_[a-z0-9_]+(?=`)/g);
      expect([...documented].filter((name) => !known(name))).toEqual([]);
      expect([...families].filter((name) => name.startsWith('ledger_') && !documented.has(name))).toEqual([]);
    }
  });

  it('speak of what is scraped, the daily tasks among it', () => {
    const { scrape_configs } = parseYaml(read('docker/prometheus/prometheus.yaml')) as {
      scrape_configs: { job_name: string; params?: { module: string[] } }[];
    };
    const { modules } = parseYaml(read('docker/prometheus/blackbox.yaml')) as { modules: Record<string, unknown> };
    const jobs = scrape_configs.map(({ job_name }) => job_name);
    for (const { alert, expr } of alerts)
      for (const [, job] of expr.matchAll(/job=~?"([a-z|-]+)"/g))
        expect([alert, jobs]).toEqual([alert, expect.arrayContaining((job as string).split('|'))]);
    for (const { params } of scrape_configs) for (const module of params?.module ?? []) expect(modules).toHaveProperty(module);
    const asked = alerts.flatMap(({ expr }) => [...expr.matchAll(/absent\(\w+\{task="(\w+)"/g)].map(([, task]) => task as string));
    expect(asked).toEqual(['backup', 'reconcile']);
    for (const path of DOCS) for (const task of asked) expect(read(path)).toContain(`docker/note-success.sh ${task} `);
  });

  it('hear of a daily task only when it has ended well', () => {
    const before = Math.floor(Date.now() / 1_000);
    const told = Object.entries(taskMetrics(['backup', 'sh', '-c', 'test "$1" = "two words"', 'sh', 'two words']));
    expect(told).toEqual([['ledger_task_success_timestamp_seconds{task="backup"}', expect.any(Number)]]);
    expect(told[0]?.[1]).toBeGreaterThanOrEqual(before);
    expect(taskMetrics(['backup', 'sh', '-c', 'exit 4'], 4)).toEqual({});
    expect(taskMetrics(['backup'], 2)).toEqual({});
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
