import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { readModelSettings, shown } from './settings.js';

const URL = 'postgres://ledger:s3cret@db.example:5432/ledger';

describe('the settings of read models in PostgreSQL', () => {
  it('are a file of the data folder where no URL is given', () => {
    expect(readModelSettings({})).toBeUndefined();
    expect(readModelSettings({ LEDGER_READ_MODELS_URL: ' ', LEDGER_READ_MODELS_POOL: 'x' })).toBeUndefined();
  });

  it('have limits of their own unless others are given', () => {
    expect(readModelSettings({ LEDGER_READ_MODELS_URL: URL })).toEqual({ url: URL, pool: 10, timeoutMs: 30_000 });
    const given = { LEDGER_READ_MODELS_URL: URL, LEDGER_READ_MODELS_POOL: '3', LEDGER_READ_MODELS_TIMEOUT: '1000' };
    expect(readModelSettings(given)).toEqual({ url: URL, pool: 3, timeoutMs: 1_000 });
  });

  it.each([
    { LEDGER_READ_MODELS_URL: 'mysql://u:s3cret@h/d' },
    { LEDGER_READ_MODELS_URL: 'postgres://u:s3cret@h' },
    { LEDGER_READ_MODELS_URL: 'postgres://u:s3cret@h:99999/d' },
    { LEDGER_READ_MODELS_URL: `${URL}?sslmode=verify-full&sslrootcert=/nowhere/root.crt` },
    { LEDGER_READ_MODELS_URL: `${URL}?sslcert=%2Fnowhere%2Fledger.crt&sslkey=/` },
    { LEDGER_READ_MODELS_URL: URL, LEDGER_READ_MODELS_POOL: '0' },
    { LEDGER_READ_MODELS_URL: URL, LEDGER_READ_MODELS_POOL: '101' },
    { LEDGER_READ_MODELS_URL: URL, LEDGER_READ_MODELS_TIMEOUT: '1e4' },
  ])('are refused, without quoting the password: %j', (environment) => {
    expect(() => readModelSettings(environment)).toThrow(/^setting: LEDGER_READ_MODELS_(?!.*s3cret)/);
  });

  it('name the option whose file cannot be read, and take one that can', () => {
    const settings = (option: string, file: string) => () =>
      readModelSettings({ LEDGER_READ_MODELS_URL: `${URL}?sslmode=verify-full&${option}=${encodeURIComponent(file)}` });
    for (const option of ['sslrootcert', 'sslcert', 'sslkey']) {
      expect(settings(option, '/nowhere/file')).toThrow(`LEDGER_READ_MODELS_URL: the file that its ${option} names cannot be read`);
      expect(settings(option, fileURLToPath(import.meta.url))()).toMatchObject({ pool: 10 });
    }
  });

  it('are shown without user and password', () => expect(shown({ url: URL })).toBe('postgres://db.example:5432/ledger'));
});
