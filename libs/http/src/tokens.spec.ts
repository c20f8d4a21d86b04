import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { type Actor, Problem } from '@app/kernel';
import { Tokens } from './tokens.js';

const key = new Uint8Array(32).fill(7);
const start = Date.parse('2024-05-01T04:00:00Z');
const clerk: Actor = { id: 'zhang.san', unit: '科技局', roles: ['clerk', 'reviewer'] };
const settable = (atMs = start) => ({
  atMs,
  now() {
    return new Date(this.atMs);
  },
});

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Problem) return `${error.kind} ${error.code}`;
    throw error;
  }
  return 'was not refused';
}
/** A token made by hand, right unless told otherwise. */
function handMade(claims: Readonly<Record<string, unknown>> = {}, { alg = 'HS256', signedWith = key } = {}): Promise<string> {
  const seconds = start / 1000;
  const all = {
    iss: 'policy-ledger',
    aud: 'policy-ledger',
    sub: 'zhang.san',
    iat: seconds,
    exp: seconds + 600,
    unit: '科技局',
    roles: ['clerk'],
    ...claims,
  };
  const present = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return new SignJWT(present).setProtectedHeader({ alg, typ: 'JWT' }).sign(signedWith);
}
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('tokens', () => {
  const tokens = new Tokens(key, settable());

  it('stand for the person they were issued to', async () => {
    expect(await tokens.verify(await tokens.issue(clerk, 600))).toEqual(clerk);
    expect(await tokens.verify(await handMade())).toEqual({ id: 'zhang.san', unit: '科技局', roles: ['clerk'] });
  });

  it.each([
    ['another key', () => handMade({}, { signedWith: new Uint8Array(32).fill(8) })],
    ['another algorithm', () => handMade({}, { alg: 'HS512' })],
    ['another issuer', () => handMade({ iss: 'someone' })],
    ['another audience', () => handMade({ aud: 'someone' })],
    ['no issuer', () => handMade({ iss: undefined })],
    ['no subject', () => handMade({ sub: undefined })],
    ['no end', () => handMade({ exp: undefined })],
    ['no unit', () => handMade({ unit: undefined })],
    ['a unit that is no text', () => handMade({ unit: 7 })],
    ['no roles', () => handMade({ roles: undefined })],
    ['an empty list of roles', () => handMade({ roles: [] })],
    ['roles that are no list', () => handMade({ roles: 'clerk' })],
    ['the role of the ledger itself', () => handMade({ roles: ['service'] })],
    ['roles nobody knows', () => handMade({ roles: ['root', null, 7] })],
    ['no signature', async () => `${encoded({ alg: 'none', typ: 'JWT' })}.${(await handMade()).split('.')[1]}.`],
    ['alg none and a signature', async () => `${encoded({ alg: 'none' })}.${(await handMade()).split('.').slice(1).join('.')}`],
    ['a signature cut off', async () => (await handMade()).split('.').slice(0, 2).join('.')],
    ['rubbish', async () => 'a.b.c'],
    ['nothing', async () => ''],
  ])('are not valid with %s', async (_, make) => {
    expect(await codeOf(tokens.verify(await make()))).toBe('unauthenticated token-invalid');
  });

  it('are not valid with other claims under the old signature', async () => {
    const [header, claims = '', signature] = (await tokens.issue(clerk, 600)).split('.');
    const raised = { ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), roles: ['approver', 'finance'] };
    expect(await codeOf(tokens.verify([header, encoded(raised), signature].join('.')))).toBe('unauthenticated token-invalid');
  });

  it('keep the roles that are known beside one that is not', async () => {
    expect((await tokens.verify(await handMade({ roles: ['service', 'auditor'] }))).roles).toEqual(['auditor']);
  });

  it('end with their time, also when they have been seen before', async () => {
    const clock = settable();
    const timed = new Tokens(key, clock);
    const token = await timed.issue(clerk, 600);
    clock.atMs = start + 599_000;
    expect(await timed.verify(token)).toEqual(clerk);
    clock.atMs = start + 600_000;
    expect(await codeOf(timed.verify(token))).toBe('unauthenticated token-expired');
    expect(await codeOf(new Tokens(key, clock).verify(token))).toBe('unauthenticated token-expired');
    clock.atMs = start;
    expect(await timed.verify(token)).toEqual(clerk);
  });

  it.each([
    ['no id', { ...clerk, id: '' }, 600],
    ['an id with a blank', { ...clerk, id: 'zhang san' }, 600],
    ['an id too long', { ...clerk, id: 'a'.repeat(65) }, 600],
    ['no unit', { ...clerk, unit: '' }, 600],
    ['a unit too long', { ...clerk, unit: '局'.repeat(129) }, 600],
    ['no role', { ...clerk, roles: [] }, 600],
    ['the role of the ledger itself', { ...clerk, roles: ['service'] as const }, 600],
    ['a life below a minute', clerk, 59],
    ['a life beyond a year', clerk, 366 * 86_400 + 1],
    ['half a second of life', clerk, 60.5],
  ])('are not issued for %s', async (_, actor, life) => {
    expect(await codeOf(tokens.issue(actor, life))).toBe('invalid token-request');
  });

  it('are issued for a minute and for a year', async () => {
    for (const life of [60, 366 * 86_400])
      expect(await tokens.verify(await tokens.issue({ ...clerk, id: '张三' }, life))).toMatchObject({ id: '张三' });
  });
});

describe('the key file', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tokens-'));
    file = join(folder, 'token.key');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is made once, for its owner only, and read ever after', async () => {
    const token = await Tokens.fromKeyFile(file, settable()).issue(clerk, 600);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^[0-9a-f]{64}\n$/);
    expect(await Tokens.fromKeyFile(file, settable()).verify(token)).toEqual(clerk);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(readdirSync(folder)).toEqual(['token.key']);
  });
  it('differs from folder to folder', async () => {
    const token = await Tokens.fromKeyFile(file, settable()).issue(clerk, 600);
    expect(await codeOf(Tokens.fromKeyFile(join(folder, 'other.key'), settable()).verify(token))).toBe('unauthenticated token-invalid');
  });
  it.each(['', 'short', `${'0'.repeat(63)}g`, '0'.repeat(65)])('is not replaced when it holds %j', (text) => {
    writeFileSync(file, text, { mode: 0o600 });
    expect(() => Tokens.fromKeyFile(file, settable())).toThrow(
      expect.objectContaining({ code: 'token-key-unusable', detail: expect.stringContaining('does not hold a token key') }),
    );
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
  it('is not used when others can read it', () => {
    writeFileSync(file, '0'.repeat(64));
    chmodSync(file, 0o640);
    expect(() => Tokens.fromKeyFile(file, settable())).toThrow(expect.objectContaining({ code: 'token-key-unusable' }));
  });
});
