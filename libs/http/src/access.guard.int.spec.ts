import { Body, Controller, Get, Post } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CommandContext } from '@app/event-store';
import { type PersonRole, Problem, ROLES } from '@app/kernel';
import { ProjectionsModule, Subscriptions } from '@app/projections';
import { AllowAnyRole, AllowRoles, OpenToAll } from './access.guard.js';
import { CommandDto, Context } from './command-context.js';
import { IsText } from './decorators.js';
import { HttpModule } from './http.module.js';
import { Tokens } from './tokens.js';

const clock = { now: () => new Date('2024-05-01T04:00:00Z') };

class NoteDto extends CommandDto {
  @IsText(10)
  note!: string;
}

@Controller('routes')
class Routes {
  @Get('unmarked')
  unmarked() {
    return { reached: true };
  }
  @Get('open')
  @OpenToAll()
  open() {
    return { reached: true };
  }
  @Get('any')
  @AllowAnyRole()
  any() {
    return { reached: true, revision: 3, position: 7 };
  }
  @Get('two')
  @AllowRoles('finance', 'auditor')
  two() {
    return { reached: true };
  }
  @Post('command')
  @AllowRoles('clerk')
  command(@Body() { note }: NoteDto, @Context() { actor, effectiveOn, today }: CommandContext) {
    return { note, actor, effectiveOn, today };
  }
  @Get('text')
  @AllowAnyRole()
  text() {
    return 'plain';
  }
  @Get('broken')
  @AllowAnyRole()
  broken() {
    throw new Error('a secret of the house');
  }
}

@Controller('finance')
@AllowRoles('finance')
class FinanceRoutes {
  @Get('inherited')
  inherited() {
    return { reached: true };
  }
  @Get('narrower')
  @AllowRoles('auditor')
  narrower() {
    return { reached: true };
  }
}

describe('the door', () => {
  const tokens = new Tokens(new Uint8Array(32).fill(7), clock);
  const asked: number[] = [];
  let app: NestFastifyApplication;
  let url: string;
  beforeAll(async () => {
    const subscriptions = {
      addProjection: () => undefined,
      atLeast: async (position: number) => {
        asked.push(position);
        if (position > 100) throw new Problem('invalid', 'position-ahead', 'the ledger ends at position 100');
      },
    };
    const module = await Test.createTestingModule({
      imports: [ProjectionsModule.forRoot({ file: ':memory:' }), HttpModule.forRoot(tokens)],
      controllers: [Routes, FinanceRoutes],
    })
      .overrideProvider(Subscriptions)
      .useValue(subscriptions)
      .compile();
    app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
    app
      .getHttpAdapter()
      .getInstance()
      .decorateRequest('clock', { getter: () => clock });
    await app.listen(0, '127.0.0.1');
    url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  });
  afterAll(() => app.close());

  const tokenOf = (...roles: readonly PersonRole[]) => tokens.issue({ id: 'zhang.san', unit: '科技局', roles }, 600);
  async function ask(path: string, headers: Readonly<Record<string, string>> = {}, body?: unknown) {
    const answer = await fetch(`${url}${path}`, {
      ...(body !== undefined && { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }),
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : text,
    };
  }
  const as = async (path: string, ...roles: readonly PersonRole[]) =>
    (await ask(path, { authorization: `Bearer ${await tokenOf(...roles)}` })).status;

  it('keeps a route without a mark closed, to everyone', async () => {
    expect(await as('/routes/unmarked', ...ROLES)).toBe(403);
    expect((await ask('/routes/unmarked')).status).toBe(401);
  });
  it('opens what is open to all without a token, even beside a bad one', async () => {
    expect(await ask('/routes/open')).toMatchObject({ status: 200, body: { reached: true } });
    expect((await ask('/routes/open', { authorization: 'Bearer rubbish' })).status).toBe(200);
  });
  it.each(ROLES)('lets %s where its role is allowed', async (role) => {
    expect(await as('/routes/any', role)).toBe(200);
    expect(await as('/routes/two', role)).toBe(role === 'finance' || role === 'auditor' ? 200 : 403);
    expect(await as('/finance/inherited', role)).toBe(role === 'finance' ? 200 : 403);
    expect(await as('/finance/narrower', role)).toBe(role === 'auditor' ? 200 : 403);
  });
  it('lets in with one role of several', async () => {
    expect(await as('/routes/two', 'clerk', 'auditor')).toBe(200);
  });
  it.each([
    ['no header', {}, 'token-missing'],
    ['another scheme', { authorization: 'Basic YTpi' }, 'token-missing'],
    ['no token', { authorization: 'Bearer ' }, 'token-missing'],
    ['a token with a blank', { authorization: 'Bearer a b' }, 'token-missing'],
    ['an endless token', { authorization: `Bearer ${'a'.repeat(4_097)}` }, 'token-missing'],
    ['a rubbish token', { authorization: 'Bearer a.b.c' }, 'token-invalid'],
  ])('asks for a token on %s', async (_, headers, code) => {
    const answer = await ask('/routes/any', headers);
    expect(answer).toMatchObject({
      status: 401,
      body: { code },
      headers: { 'www-authenticate': 'Bearer realm="policy-ledger"', 'content-type': expect.stringContaining('application/problem+json') },
    });
  });
  it('says which role is needed', async () => {
    const answer = await ask('/routes/two', { authorization: `Bearer ${await tokenOf('clerk')}` });
    expect(answer).toMatchObject({ status: 403, body: { code: 'role-required', detail: 'this needs the role finance or auditor' } });
  });

  it('hands a command on with who asked', async () => {
    const headers = { authorization: `Bearer ${await tokenOf('clerk')}`, 'idempotency-key': 'k1' };
    expect(await ask('/routes/command', headers, { note: '好', effectiveOn: '2024-04-01' })).toMatchObject({
      status: 201,
      body: { note: '好', actor: { id: 'zhang.san', unit: '科技局', roles: ['clerk'] }, effectiveOn: '2024-04-01', today: '2024-05-01' },
    });
  });
  it.each([
    ['no key', {}, { note: '好' }, 'idempotency-key-required'],
    ['a field too long', { 'idempotency-key': 'k2' }, { note: '一二三四五六七八九十一' }, 'invalid-input'],
    ['a number beyond JSON', { 'idempotency-key': 'k3' }, '{"note":1e999}', 'invalid-input'],
    ['a body that is no JSON', { 'idempotency-key': 'k4' }, '{note', 'malformed-request'],
    ['a list for a body', { 'idempotency-key': 'k5' }, [], 'invalid-input'],
    ['a body that is null', { 'idempotency-key': 'k6' }, 'null', 'invalid-input'],
    ['a prototype', { 'idempotency-key': 'k7' }, '{"__proto__":{"note":"好"}}', 'malformed-request'],
  ])('answers %s as a bad request', async (_, headers, body, code) => {
    const answer = await ask('/routes/command', { authorization: `Bearer ${await tokenOf('clerk')}`, ...headers }, body);
    expect(answer).toMatchObject({ status: 400, body: { code } });
  });
  it('answers a route that is not there, and a fault of its own, as problems', async () => {
    const headers = { authorization: `Bearer ${await tokenOf('clerk')}` };
    expect(await ask('/routes/nowhere', headers)).toMatchObject({ status: 404, body: { code: 'route-not-found' } });
    const broken = await ask('/routes/broken', headers);
    expect(broken).toMatchObject({ status: 500, body: { code: 'internal-error' } });
    expect(JSON.stringify(broken)).not.toContain('secret');
  });

  it('tells revision and position of an answer in its headers', async () => {
    const headers = { authorization: `Bearer ${await tokenOf('clerk')}` };
    expect((await ask('/routes/any', headers)).headers).toMatchObject({ etag: '"3"', 'ledger-position': '7' });
    const plain = await ask('/routes/text', headers);
    expect(plain).toMatchObject({ status: 200, body: 'plain' });
    expect(plain.headers).not.toHaveProperty('ledger-position');
  });
  it.each([
    ['GET', '/routes/any'],
    ['POST', '/routes/command'],
  ])('refuses at %s %s, which takes no query, every parameter by its name', async (method, path) => {
    const headers = { authorization: `Bearer ${await tokenOf('clerk')}`, 'idempotency-key': `k-${method}` };
    const errors = ['on', 'foo'].map((field) => ({ field, rule: 'whitelistValidation', message: `${field} should not exist` }));
    const body = method === 'POST' ? { note: '好' } : undefined;
    const refused = await ask(`${path}?on=rubbish&foo=3`, headers, body);
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid-input', errors } });
    expect((await ask('/routes/open?on=rubbish', headers)).status).toBe(200);
    expect((await ask(`${path}?on=rubbish`, {}, body)).status).toBe(401);
  });
  it('waits for the position a query names', async () => {
    const headers = { authorization: `Bearer ${await tokenOf('clerk')}` };
    asked.length = 0;
    expect((await ask('/routes/any', { ...headers, 'ledger-position': '42' })).status).toBe(200);
    expect(asked).toEqual([42]);
    expect(await ask('/routes/any', { ...headers, 'ledger-position': '101' })).toMatchObject({
      status: 400,
      body: { code: 'position-ahead' },
    });
    for (const bad of ['-1', 'x', '1.5', '9'.repeat(16), '1, 2']) {
      expect(await ask('/routes/any', { ...headers, 'ledger-position': bad })).toMatchObject({
        status: 400,
        body: { errors: [{ field: 'Ledger-Position' }] },
      });
    }
  });
});
