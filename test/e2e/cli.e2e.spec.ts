import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENT_STORE, type EventStore, NO_STREAM } from '@app/event-store';
import { derivedId, withCheckCharacter } from '@app/kernel';
import { Subscriptions } from '@app/projections';
import { createLedger } from '../../apps/api/src/create-ledger.js';
import { GROUPS } from '../stand-in/secured.mjs';
import { comparePastWithFold } from '../support/fold.js';
import { ServedLedger } from '../support/served-ledger.js';
import { deliveredNode, HAS_ADMINISTRATOR, StoreUnderTest } from '../support/store-under-test.js';

const CLI = fileURLToPath(new URL('../../dist/programs/ledger.js', import.meta.url));
const CASES = fileURLToPath(new URL('../../libs/policies/src/fixtures/assessments.jsonl', import.meta.url));
const PACK = fileURLToPath(new URL('../../libs/policies/packs/ganzhou-etdz-2023.yaml', import.meta.url));
const CODE = withCheckCharacter('91360799MAXX00077');

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line as a person would. */
function ledger(args: readonly string[], environment: Record<string, string> = {}): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      env: { ...process.env, LEDGER_STORE: 'sqlite', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe('ledger on the command line', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledger-cli-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, content: unknown) => {
    const path = join(folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const tokenFor = async (role: string, actor: string, data: string) =>
    (await ledger(['token', '--role', role, '--actor', actor, '--data', data])).stdout.trim();

  it('answers every case of a file, one JSON line each, and nothing else on stdout', async () => {
    const { code, stdout } = await ledger(['policy', 'assess', '--cases', CASES, '--json']);
    expect(code).toBe(0);
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const cases = readFileSync(CASES, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; expect: Record<string, unknown> });
    expect(answers.map(({ id }) => id)).toEqual(cases.map(({ id }) => id));
    answers.forEach((answer, index) => expect(answer).toMatchObject(cases[index]?.expect ?? {}));
  }, 60_000);

  it('says no with 1, wrong input with 2, and explains aloud', async () => {
    const facts = {
      'certification.kind': 'first',
      'enterprise.sme': true,
      'enterprise.techSmeRegistered': true,
      'enterprise.aboveScale': false,
      'rd.expenditure': '5000000.00',
    };
    const assess = (content: unknown) =>
      ledger([
        'policy',
        'assess',
        '--pack',
        'ganzhou-etdz-2023',
        '--clause',
        'G01',
        '--on',
        '2024-05-01',
        '--facts',
        file('facts.json', content),
      ]);
    const payable = await assess(facts);
    expect(payable.code).toBe(0);
    expect(payable.stdout).toContain('最高40万元');
    expect((await assess({ ...facts, 'enterprise.techSmeRegistered': false })).code).toBe(1);
    expect((await assess({ ...facts, 'rd.expenditure': '1e5' })).code).toBe(2);
    expect((await assess('not json')).code).toBe(2);
    expect((await ledger(['policy', 'assess', '--clause', 'G01'])).code).toBe(2);
    expect((await ledger(['no-such-command'])).code).toBe(2);
    expect((await ledger(['policy', 'assess', '--cases', join(folder, 'missing.jsonl')])).code).toBe(2);
    expect((await ledger(['--help'])).code).toBe(0);
  }, 90_000);

  it('checks a pack and names line and clause of what is wrong', async () => {
    expect((await ledger(['policy', 'check', PACK])).code).toBe(0);
    const tampered = readFileSync(PACK, 'utf8').replace('最高一次性不超过40万元', '最高一次性不超过90万元');
    const { code, stderr } = await ledger(['policy', 'check', file('tampered.yaml', tampered)]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/tampered\.yaml:\d+: clause G01/);
  }, 60_000);

  it('makes no key of its own where servers share one: none of them would know the token', async () => {
    const key = join(folder, 'shared.key');
    const asked = ['token', '--role', 'clerk', '--actor', 'wang', '--data', join(folder, 'shared')];
    const { code, stdout, stderr } = await ledger(asked, { LEDGER_TOKEN_KEY_FILE: key });
    expect([code, stdout, stderr]).toEqual([3, '', expect.stringContaining('token-key-missing')]);
    expect(existsSync(key)).toBe(false);
  }, 60_000);

  it('makes no ledger where a folder is named by mistake: a list of nothing would look like an answer', async () => {
    const token = await tokenFor('auditor', 'wang', join(folder, 'meant'));
    const mistyped = join(folder, 'ment');
    const { code, stdout, stderr } = await ledger(['award', 'list', '--data', mistyped], { LEDGER_TOKEN: token });
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining('no-ledger')]);
    expect(existsSync(mistyped)).toBe(false);
    expect(await ledger(['health', '--data', mistyped])).toMatchObject({ code: 2, stderr: expect.stringContaining(mistyped) });
    const elsewhere = await ledger(['award', 'list', '--data', mistyped], {
      LEDGER_TOKEN: token,
      LEDGER_STORE: 'esdb',
      LEDGER_ESDB_URL: 'esdb://127.0.0.1:1?tls=false',
    });
    expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringContaining('token-key-missing') });
    expect(existsSync(mistyped)).toBe(false);
  }, 60_000);

  it('makes none either where the key is kept elsewhere, which a token is signed with wherever the ledger is', async () => {
    const meant = join(folder, 'begun');
    await tokenFor('auditor', 'wang', meant);
    const shared = { LEDGER_TOKEN_KEY_FILE: join(meant, 'token.key') };
    const mistyped = join(folder, 'begunn');
    const signed = await ledger(['token', '--role', 'auditor', '--actor', 'wang', '--data', mistyped], shared);
    const list = (data: string) => ledger(['award', 'list', '--data', data], { ...shared, LEDGER_TOKEN: signed.stdout.trim() });
    expect([signed.code, existsSync(mistyped)]).toEqual([0, false]);
    expect(await list(mistyped)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(mistyped) });
    expect(existsSync(mistyped)).toBe(false);
  }, 60_000);

  it('goes to the ledger of a folder whose key is elsewhere, or is not to be used', async () => {
    const data = join(folder, 'keyless');
    const token = await tokenFor('auditor', 'wang', data);
    const store = await StoreUnderTest.start(data);
    const list = () => ledger(['award', 'list', '--data', data], { ...store.environment, LEDGER_TOKEN: token });
    chmodSync(join(data, 'token.key'), 0o644);
    expect(await list()).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('token-key-unusable') });
    // Nothing is opened beside such a key, which nobody would close.
    expect(readdirSync(data).filter((name) => /^(ledger|claims|read-models)\.db/.test(name))).toEqual([]);
    chmodSync(join(data, 'token.key'), 0o600);
    expect(await list()).toMatchObject({ code: 0 });
    renameSync(join(data, 'token.key'), join(data, 'elsewhere.key'));
    expect(await list()).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('token-invalid') });
    await store.close();
  }, 60_000);

  it('works on a data folder of its own, and through the server that holds it', async () => {
    const data = join(folder, 'own');
    const token = await tokenFor('clerk', 'wang', data);
    const store = await StoreUnderTest.start(data);
    const own = (args: readonly string[]) => ledger(args, store.environment);
    const register = [
      'enterprise',
      'register',
      '--code',
      CODE,
      '--name',
      '命令行企业',
      '--key',
      'register-1',
      '--data',
      data,
      '--token',
      token,
      '--json',
    ];
    const first = await own(register);
    expect([first.code, JSON.parse(first.stdout)]).toMatchObject([0, { revision: 0, replayed: false }]);
    expect(JSON.parse((await own(register)).stdout)).toMatchObject({ revision: 0, replayed: true });
    expect((await own(['enterprise', 'list', '--data', data, '--token', token])).stdout).toContain('命令行企业');

    expect((await own(['enterprise', 'list', '--data', data])).code).toBe(2);
    const finance = await own([
      'budget',
      'open',
      '--pack',
      'ganzhou-etdz-2023',
      '--line',
      'x',
      '--period',
      '2024',
      '--data',
      data,
      '--token',
      token,
    ]);
    expect([finance.code, finance.stderr]).toEqual([1, expect.stringContaining('role-required')]);
    expect((await own(['award', 'show', `ganzhou-etdz-2023.G01.${CODE}.once`, '--data', data, '--token', token])).code).toBe(1);
    expect((await ledger(['enterprise', 'list', '--server', 'http://127.0.0.1:9', '--token', token])).code).toBe(3);

    const served = await ServedLedger.start(data, store);
    try {
      const through = await ledger([
        '--server',
        served.url,
        'enterprise',
        'show',
        CODE,
        '--json',
        '--token',
        await served.token('li', 'reviewer'),
      ]);
      expect(JSON.parse(through.stdout)).toMatchObject({ creditCode: CODE, name: '命令行企业' });
      // The folder is taken, and this server has not said where it listens: that must be told, not worked around.
      const blocked = await ledger(['enterprise', 'list', '--data', data, '--token', token]);
      expect([blocked.code, blocked.stderr]).toEqual([3, expect.stringContaining('data-folder-in-use')]);
    } finally {
      await served.stop();
      await store.close();
    }
  }, 120_000);

  it('answers no of what has stopped, whether it is listed, verified or resumed', async () => {
    const data = join(folder, 'stopped');
    const token = await tokenFor('administrator', 'tang', data);
    const store = await StoreUnderTest.start(data);
    const projections = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await ledger(['projections', ...args, '--data', data, '--token', token], {
        ...store.environment,
        LEDGER_BUNDLED_POLICIES: 'none',
      });
      return [code, stdout + stderr];
    };
    expect(await projections('list')).toEqual([0, expect.any(String)]);
    const opened = await createLedger({ dataFolder: data, logger: false, publishBundledPolicies: false, esdb: store.setting });
    // Reviewed and never applied for: no read model of awards can make anything of it.
    await opened.app.get<EventStore>(EVENT_STORE).append('award-nobody-asked', NO_STREAM, [
      {
        id: derivedId('cli', 'reviewed'),
        type: 'award-reviewed',
        data: { recommended: true },
        metadata: {
          effectiveOn: '2024-05-01',
          actor: { id: 'chen', unit: '测试', roles: ['reviewer'] },
          commandId: derivedId('cli', 'review'),
          commandHash: 'a'.repeat(64),
          correlationId: derivedId('cli', 'review'),
          causationId: derivedId('cli', 'review'),
        },
      },
    ]);
    await opened.close();
    expect(await projections('list')).toEqual([1, expect.stringContaining('已停止')]);
    expect(await projections('resume', 'awards')).toEqual([1, expect.stringContaining('已停止')]);
    expect(await projections('verify', 'awards')).toEqual([1, expect.stringContaining('其后未核对')]);
    expect(await projections('verify', 'policies')).toEqual([0, expect.stringContaining('一致')]);
    await store.close();
  }, 60_000);

  const preparing = 'prepares a node that has certificates and finds nothing unsafe in it then; refused, it tells no secret';
  const untried = `${preparing} (LEDGER_TEST_ESDB_ADMIN_URL does not say who prepares the real one)`;
  (HAS_ADMINISTRATOR ? it : it.skip)(
    HAS_ADMINISTRATOR ? preparing : untried,
    async () => {
      const node = await deliveredNode();
      const store = (command: string, administrator = node.administrator) =>
        ledger(['store', command, '--role', GROUPS.service, '--reader-role', GROUPS.projector, '--json'], {
          ...{ LEDGER_STORE: 'esdb', LEDGER_ESDB_URL: node.service, LEDGER_ESDB_ADMIN_URL: administrator },
        });
      const passwordIn = (url: string) => /:([^:@/]+)@/.exec(url)?.[1] as string;
      const passwords = [node.service, node.administrator].map(passwordIn);
      try {
        // When the support of a release ends depends on the day.
        const codesIn = ({ code, stdout }: { code: number | null; stdout: string }) => {
          const { findings } = JSON.parse(stdout) as { findings: { code: string }[] };
          expect(code).toBe(findings.length === 0 ? 0 : 1);
          return findings.map((finding) => finding.code).filter((each) => !each.startsWith('version-'));
        };
        const delivered = await store('doctor');
        expect(codesIn(delivered)).toEqual(['acl-default']);
        const prepared = await store('setup');
        expect([prepared.code, JSON.parse(prepared.stdout)]).toMatchObject([0, { changed: ['$settings', '$$$all'] }]);
        const examined = await store('doctor');
        expect(codesIn(examined)).toEqual([]);
        const guessed = await store('setup', node.administrator.replace(passwordIn(node.administrator), 'gu3ss'));
        const unentitled = await store('setup', node.service);
        expect([guessed.code, JSON.parse(guessed.stdout)]).toMatchObject([3, { code: 'store-refused' }]);
        expect([guessed.stderr, unentitled.stderr]).toEqual([
          expect.stringContaining('refuses what the ledger asks: user or password'),
          expect.stringContaining('refuses what the ledger asks: access-denied'),
        ]);
        const told = [delivered, prepared, examined, guessed, unentitled].map(({ stdout, stderr }) => stdout + stderr).join('');
        for (const secret of [...passwords, ...passwords.map(decodeURIComponent), 'gu3ss']) expect(told).not.toContain(secret);
      } finally {
        await node.stop();
      }
    },
    60_000,
  );

  it('plays the demonstration year and reports it', async () => {
    const into = join(folder, 'demo');
    const { code, stdout } = await ledger(['demo', '--into', into, '--json']);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as {
      awards: { clause: string; payeeName: string; status: string; amount: string; paid: string }[];
      trial: object;
      due: unknown[];
      refusals: { code: string }[];
    };
    const award = (clause: string, name: string) => report.awards.find((each) => each.clause === clause && each.payeeName.includes(name));
    expect(award('G01', '微电子')).toMatchObject({ status: 'granted', amount: '400000.00', paid: '400000.00' });
    expect(award('G01', '新能源汽车')).toMatchObject({ amount: '600000.00', paid: '600000.00' });
    expect(award('G01', '检测服务')).toMatchObject({ status: 'rejected', paid: '0.00' });
    expect(award('G03', '装备')).toMatchObject({ amount: '200000.00', paid: '200000.00' });
    expect(award('G04', '材料')).toMatchObject({ amount: '400000.00', paid: '400000.00' });
    expect(award('G17', '生物')).toMatchObject({ amount: '600000.00' });
    expect(award('G18', '智能制造')).toMatchObject({ paid: '100000.00' });
    expect(award('G02', '环保')).toMatchObject({ status: 'revoked', clawbackOutstanding: '80000.00' });
    expect(report.refusals.map((refusal) => refusal.code)).toContain('budget-exhausted');
    expect(report.due.length).toBeGreaterThan(0);
    expect(report.trial).toMatchObject({ balanced: true, difference: '0.00' });
    expect((await ledger(['demo', '--into', into])).code).toBe(2);
    const auditor = await tokenFor('auditor', 'zhao', into);
    // The year is played in its folder, whatever store is under test.
    const store = await StoreUnderTest.holding(into);
    expect((await ledger(['reconcile', '--data', into, '--token', auditor], store.environment)).code).toBe(0);
    // Half of all types of events are in it; of every tenth position the read models say what a fold from scratch says.
    const opened = await createLedger({ dataFolder: into, logger: false, publishBundledPolicies: false, esdb: store.setting });
    try {
      expect(await opened.app.get(Subscriptions).settled(60_000)).toBe(true);
      const { differences, compared } = await comparePastWithFold(opened, 10);
      expect(differences).toEqual([]);
      expect(compared).toBeGreaterThan(1_000);
    } finally {
      await opened.close();
      await store.close();
    }
  }, 120_000);
});
