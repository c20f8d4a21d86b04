import { BadRequestException, ForbiddenException, NotFoundException, ServiceUnavailableException } from '@nestjs/common';
import { describe, expect, it, jest } from '@jest/globals';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem, type ProblemKind } from '@app/kernel';
import { PROBLEM_TITLES } from './problem-titles.js';
import { problemDocument, sendProblem } from './problem.filter.js';

describe('a problem document', () => {
  it.each<[ProblemKind, number]>([
    ['invalid', 400],
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['not-found', 404],
    ['refused', 409],
    ['conflict', 409],
    ['precondition-failed', 412],
    ['unavailable', 503],
  ])('of the kind %s has the status %i', (kind, status) => {
    expect(problemDocument(new Problem(kind, 'some-code', '说明'), '/v1/x')).toEqual({
      type: 'urn:policy-ledger:problem:some-code',
      title: 'some code',
      status,
      code: 'some-code',
      detail: '说明',
      instance: '/v1/x',
    });
  });
  it('names fields and adds what the problem adds, without letting it replace a member of the standard', () => {
    const errors = [{ field: 'amount', rule: 'money', message: '须为金额' }];
    const extra = { status: 200, code: 'fine', title: 'fine', type: 'x', detail: 'x', instance: 'x', available: '1.00' };
    expect(problemDocument(new Problem('refused', 'budget-exhausted', '指标不足', errors, extra), '/v1/x')).toEqual({
      type: 'urn:policy-ledger:problem:budget-exhausted',
      title: PROBLEM_TITLES['budget-exhausted'],
      status: 409,
      code: 'budget-exhausted',
      detail: '指标不足',
      instance: '/v1/x',
      errors,
      available: '1.00',
    });
  });
  it.each([
    [new BadRequestException('bad'), 400, 'malformed-request'],
    [new ForbiddenException('no'), 403, 'forbidden'],
    [new NotFoundException('Cannot GET /x'), 404, 'route-not-found'],
    [Object.assign(new Error('too large'), { statusCode: 413, code: 'FST_ERR_CTP_BODY_TOO_LARGE' }), 413, 'body-too-large'],
    [Object.assign(new Error('media'), { statusCode: 415 }), 415, 'media-type-not-supported'],
    [Object.assign(new Error('teapot'), { statusCode: 418 }), 418, 'request-refused'],
  ])('of %s has its status', (error, status, code) => {
    expect(problemDocument(error, '/')).toMatchObject({ status, code });
  });
  it.each([
    ['an error', new Error('secret path')],
    ['an error of the server', Object.assign(new Error('secret'), { statusCode: 500 })],
    ['a status below the errors', Object.assign(new Error('secret'), { statusCode: 302 })],
    ['a text', 'secret'],
    ['a number', 42],
    ['nothing', undefined],
    ['null', null],
  ])('tells nothing of %s', (_, error) => {
    const problem = problemDocument(error, '/v1/x');
    expect(problem).toMatchObject({ status: 500, code: 'internal-error', instance: '/v1/x' });
    expect(JSON.stringify(problem)).not.toContain('secret');
  });
});

describe('sending a problem', () => {
  function send(error: unknown, url = '/v1/x?token=t') {
    const headers: Record<string, string> = {};
    const sent: { status?: number; body?: Record<string, unknown> } = {};
    const reply = {
      header: (name: string, value: string) => Object.assign(headers, { [name]: value }) && reply,
      status: (status: number) => Object.assign(sent, { status }) && reply,
      send: (body: string) => Object.assign(sent, { body: JSON.parse(body) as unknown }) && reply,
    };
    const log = jest.fn<(message: unknown) => void>();
    sendProblem(error, { url } as FastifyRequest, reply as unknown as FastifyReply, { error: log });
    return { ...sent, headers, logged: log.mock.calls.map(([message]) => String(message)) };
  }
  it('says what it is, without the query', () => {
    expect(send(new Problem('refused', 'award-exists', '已有'))).toMatchObject({
      status: 409,
      headers: { 'content-type': 'application/problem+json; charset=utf-8' },
      body: { status: 409, instance: '/v1/x' },
      logged: [],
    });
  });
  it('asks for a token, and for patience', () => {
    expect(send(new Problem('unauthenticated', 'token-missing', '无')).headers).toMatchObject({
      'www-authenticate': 'Bearer realm="policy-ledger"',
    });
    expect(send(new Problem('unavailable', 'store-busy', '忙')).headers).toMatchObject({ 'retry-after': '1' });
    expect(send(new Problem('invalid', 'x', 'x')).headers).not.toHaveProperty('retry-after');
  });
  it('logs whole what it does not tell', () => {
    expect(send(new Error('secret')).logged[0]).toContain('secret');
    expect(send('secret').logged).toEqual(['secret']);
    expect(send(null)).toMatchObject({ status: 500, logged: ['null'] });
    expect(send(new ServiceUnavailableException('away')).logged).toHaveLength(1);
  });
});

describe('the titles', () => {
  it('are in Chinese', () => {
    for (const [code, title] of Object.entries(PROBLEM_TITLES))
      expect({ code, isChinese: /\p{Script=Han}/u.test(title) }).toEqual({ code, isChinese: true });
  });
});
