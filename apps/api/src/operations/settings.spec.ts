import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Problem } from '@app/kernel';
import { type Environment, readEnvironment, settingsOf } from './settings.js';

const folder = mkdtempSync(join(tmpdir(), 'ledger-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));
function fileOf(content: string): string {
  const file = join(folder, `${content.length}`);
  writeFileSync(file, content);
  return file;
}
const refusalOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('was not refused');
};
const settings = (environment: Environment) => settingsOf(environment, false);

describe('the settings of a process', () => {
  it('are those of the embedded ledger when nothing is set, or everything is set to nothing', () => {
    const embedded = {
      role: 'all',
      port: 8080,
      host: '127.0.0.1',
      dataFolder: './data',
      publishBundledPolicies: true,
      drainMs: 20_000,
      logLevel: 'info',
      logFormat: 'json',
      metrics: 'open',
    };
    expect(settings({})).toEqual(embedded);
    expect(settings({ LEDGER_ROLE: '', LEDGER_PORT: '', LEDGER_HOST: '', LEDGER_TOKEN_KEY_FILE: '' })).toEqual(embedded);
    expect(settingsOf({}, true).logFormat).toBe('text');
  });
  it.each([
    ['LEDGER_ROLE', 'replica'],
    ['LEDGER_PORT', '65536'],
    ['LEDGER_PORT', '-1'],
    ['LEDGER_PORT', '8e3'],
    ['LEDGER_DRAIN_SECONDS', '601'],
    ['LEDGER_DRAIN_SECONDS', '1.5'],
    ['LEDGER_BUNDLED_POLICIES', 'yes'],
    ['LEDGER_LOG_LEVEL', 'verbose'],
    ['LEDGER_LOG_FORMAT', 'xml'],
    ['LEDGER_METRICS_TOKEN_FILE', join(folder, 'missing')],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'collector'],
  ])('refuse %s=%s and say so', (name, value) => {
    const problem = refusalOf(() => settings({ [name]: value }));
    expect(problem).toMatchObject({ kind: 'invalid', code: 'setting', errors: [{ field: name }] });
  });
  it.each([
    ['127.0.0.1', 'open'],
    ['localhost', 'open'],
    ['::1', 'open'],
    ['0.0.0.0', 'closed'],
    ['::', 'closed'],
    ['127.0.0.1.example.org', 'closed'],
  ])('keep metrics on %s %s when there is no token', (host, metrics) => expect(settings({ LEDGER_HOST: host }).metrics).toBe(metrics));
  it('ask for the token wherever there is one', () => {
    const file = fileOf(' a-token-of-some-length \n');
    for (const LEDGER_HOST of ['127.0.0.1', '0.0.0.0'])
      expect(settings({ LEDGER_HOST, LEDGER_METRICS_TOKEN_FILE: file }).metrics).toEqual({ token: 'a-token-of-some-length' });
    for (const weak of ['', 'short', 'with spaces between words'])
      expect(refusalOf(() => settings({ LEDGER_METRICS_TOKEN_FILE: fileOf(weak) })).code).toBe('setting');
  });
});

describe('settings with passwords', () => {
  it('may stand in files', () => {
    const file = fileOf('esdb://ledger:secret@node:2113\n');
    expect(readEnvironment({ LEDGER_ESDB_URL_FILE: file, LEDGER_PORT: '1' })).toMatchObject({
      LEDGER_ESDB_URL: 'esdb://ledger:secret@node:2113',
      LEDGER_PORT: '1',
    });
  });
  it('stand in one place alone, and are not quoted', () => {
    const both = refusalOf(() => readEnvironment({ LEDGER_ESDB_URL_FILE: fileOf('x'), LEDGER_ESDB_URL: 'esdb://u:secret@n' }));
    expect(both.errors).toMatchObject([{ field: 'LEDGER_ESDB_URL_FILE' }]);
    expect(both.detail).not.toContain('secret');
    expect(refusalOf(() => readEnvironment({ LEDGER_READ_MODELS_URL_FILE: join(folder, 'none') })).detail).toContain('ENOENT');
  });
});
