import { describe, expect, it } from '@jest/globals';
import { Problem } from '@app/kernel';
import type { AuthenticatedRequest } from './access.guard.js';
import { commandContext } from './command-context.js';

/** Noon of 1 May in UTC is the evening of that day in Shanghai; half past four in the afternoon UTC is already the next day there. */
const clock = (instant = '2024-05-01T12:00:00Z') => ({ now: () => new Date(instant) });
interface Asked {
  readonly actor?: string;
  readonly method?: string;
  readonly url?: string;
  readonly params?: unknown;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}
const request = ({
  actor = 'zhang.san',
  method = 'POST',
  url = '/v1/awards',
  params = {},
  body = { pack: 'p' },
  headers = {},
}: Asked = {}) =>
  ({
    id: 'request-1',
    actor: { id: actor, unit: '科技局', roles: ['clerk'] },
    method,
    routeOptions: { url },
    params,
    body,
    headers: { 'idempotency-key': 'key-1', ...headers },
  }) as unknown as AuthenticatedRequest;
const context = (asked: Asked = {}, at?: string) => commandContext(request(asked), clock(at));
function problemOf(asked: Asked, at?: string): Problem {
  try {
    context(asked, at);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('was not refused');
}
const fieldOf = (asked: Asked, at?: string) => problemOf(asked, at).errors.map(({ field, rule }) => `${field} ${rule}`);

describe('the context of a command', () => {
  it('says who asks what, when', () => {
    const one = context();
    expect(one).toMatchObject({ actor: { id: 'zhang.san' }, effectiveOn: '2024-05-01', today: '2024-05-01' });
    expect(one.commandId).toMatch(/^[0-9a-f-]{36}$/);
    expect(one.contentHash).toMatch(/^[0-9a-f]{64}$/);
    expect(one).toMatchObject({ correlationId: 'request-1', causationId: one.commandId });
    expect(one).not.toHaveProperty('expectedRevision');
    expect(context()).toEqual(one);
  });
  it('is another command for another key or another person, never for other content', () => {
    const { commandId } = context();
    expect(context({ headers: { 'idempotency-key': 'key-2' } }).commandId).not.toBe(commandId);
    expect(context({ actor: 'li.si' }).commandId).not.toBe(commandId);
    expect(context({ body: { pack: 'q' } }).commandId).toBe(commandId);
  });
  it.each([
    ['body', { body: { pack: 'q' } }],
    ['an added field', { body: { pack: 'p', note: '' } }],
    ['no body', { body: null }],
    ['route', { url: '/v1/enterprises' }],
    ['parameter', { params: { award: 'a' } }],
    ['method', { method: 'PUT' }],
  ])('has another content for another %s', (_, asked) => {
    expect(context(asked).contentHash).not.toBe(context().contentHash);
  });
  it('has the same content however the body is ordered', () => {
    expect(context({ body: { a: 1, b: [1, 2] } }).contentHash).toBe(context({ body: { b: [1, 2], a: 1 } }).contentHash);
    expect(context({ body: { b: [2, 1], a: 1 } }).contentHash).not.toBe(context({ body: { b: [1, 2], a: 1 } }).contentHash);
  });

  it('needs a key', () => {
    expect(problemOf({ headers: { 'idempotency-key': undefined } })).toMatchObject({ kind: 'invalid', code: 'idempotency-key-required' });
  });
  it.each(['', ' ', 'a b', 'a\n', '键', 'a'.repeat(201)])('takes no key such as %j', (bad) => {
    expect(fieldOf({ headers: { 'idempotency-key': bad } })).toEqual(['Idempotency-Key idempotency-key']);
  });
  it('takes keys of up to 200 characters, one of them', () => {
    expect(context({ headers: { 'idempotency-key': '!'.repeat(200) } }).commandId).toBeDefined();
    expect(fieldOf({ headers: { 'idempotency-key': ['a', 'b'] } })).toEqual(['Idempotency-Key idempotency-key']);
  });

  it('knows the day in Shanghai', () => {
    expect(context({}, '2024-05-01T15:59:59.999Z').today).toBe('2024-05-01');
    expect(context({}, '2024-05-01T16:00:00Z').today).toBe('2024-05-02');
  });
  it('takes effect on an earlier day when told so, never on a later one', () => {
    expect(context({ body: { effectiveOn: '2024-04-30' } })).toMatchObject({ effectiveOn: '2024-04-30', today: '2024-05-01' });
    expect(context({ body: { effectiveOn: '2024-05-02' } }, '2024-05-01T16:00:00Z').effectiveOn).toBe('2024-05-02');
    expect(fieldOf({ body: { effectiveOn: '2024-05-02' } })).toEqual(['effectiveOn not-in-the-future']);
  });
  it.each(['2024-02-30', '2024-5-1', '', 20240501, null, ['2024-05-01'], {}])('takes no effective day such as %j', (effectiveOn) => {
    expect(fieldOf({ body: { effectiveOn } })).toEqual(['effectiveOn date']);
  });

  it('expects the revision of If-Match', () => {
    expect(context({ headers: { 'if-match': '"3"' } }).expectedRevision).toBe(3);
    expect(context({ headers: { 'if-match': '"0"' } }).expectedRevision).toBe(0);
  });
  it.each(['3', 'W/"3"', '"3","4"', '*', '"-1"', '"a"', '""', `"${'9'.repeat(16)}"`])('takes no If-Match such as %s', (value) => {
    expect(fieldOf({ headers: { 'if-match': value } })).toEqual(['If-Match entity-tag']);
  });

  it('refuses a number no JSON can say, as the input it is', () => {
    expect(fieldOf({ body: JSON.parse('{"days":1e999}') })).toEqual(['body json-number']);
  });
});
