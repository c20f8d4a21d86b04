import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { EnvelopeLookup, LineEnvelope } from './envelope-lookup.js';
import { BudgetLedger, clock } from './ledger.fixture.js';

@Injectable()
class PackEnvelopes implements EnvelopeLookup {
  async envelopeOf(_pack: string, line: string): Promise<LineEnvelope | undefined> {
    if (line === 'yearly') return { clause: 'J07', amount: '10000000.00', rule: 'exactly', title: '研发费加计扣除奖补', period: 'annual' };
    if (line === 'plan')
      return { clause: 'J05', amount: '500000000.00', rule: 'at-least', title: '培育资金', period: { from: 2021, to: 2023 } };
    return undefined;
  }
}

const evidence = [{ title: '拨款通知', documentNo: '江财〔2024〕3号' }];
const base = '/v1/budgets';
const yearly = `${base}/jiangmen-2021/yearly/2024`;

describe('/v1/budgets', () => {
  const folder = BudgetLedger.folder();
  let ledger: BudgetLedger;
  const post = (url: string, body: unknown, headers?: Record<string, string>) => ledger.request('POST', url, 'finance', body, headers);
  beforeAll(async () => {
    ledger = await BudgetLedger.open(folder.path, { envelopeLookup: PackEnvelopes });
    expect(await post(base, { pack: 'jiangmen-2021', line: 'yearly', period: '2024' })).toMatchObject({
      status: 201,
      body: { revision: 0, events: 1 },
    });
    expect(await post(base, { pack: 'jiangmen-2021', line: 'yearly', period: '2025' })).toMatchObject({ status: 201 });
  });
  afterAll(async () => {
    await ledger.close();
    folder.remove();
  });

  it('funds, moves and closes a line whose envelope the pack declares', async () => {
    expect(await post(`${yearly}/appropriations`, { amount: '10000000.01', reason: '年初预算', evidence })).toMatchObject({
      status: 409,
      body: { code: 'over-envelope', envelope: '10000000.00' },
    });
    expect(await post(`${yearly}/appropriations`, { amount: '9000000', reason: '年初预算', evidence })).toMatchObject({ status: 200 });
    const adjusted = await post(`${yearly}/adjustments`, { amount: '-1000000.00', reason: '压减', evidence }, { 'if-match': '"1"' });
    expect(adjusted).toMatchObject({ status: 200, headers: { etag: '"2"' } });
    expect(await post(`${yearly}/adjustments`, { amount: '-1.00', reason: '压减', evidence }, { 'if-match': '"1"' })).toMatchObject({
      status: 412,
    });
    const to = { pack: 'jiangmen-2021', line: 'yearly', period: '2025' };
    expect(await post(`${yearly}/transfers`, { to, amount: '8000000.01', reason: '调剂', evidence })).toMatchObject({
      status: 409,
      body: { code: 'budget-exhausted', available: '8000000.00' },
    });
    expect(await post(`${yearly}/transfers`, { to, amount: '500000', reason: '调剂', evidence })).toMatchObject({ status: 200 });
    clock.today = '2024-12-31';
    expect(await post(`${yearly}/close`, { to })).toMatchObject({ status: 409, body: { code: 'period-not-over', until: '2024-12-31' } });
    clock.today = '2025-03-01';
    expect(await post(`${yearly}/appropriations`, { amount: '1.00', reason: '迟到的预算', evidence })).toMatchObject({
      status: 409,
      body: { code: 'period-over', until: '2024-12-31' },
    });
    expect(await post(`${yearly}/close`, { to, effectiveOn: '2025-02-28' })).toMatchObject({
      status: 400,
      body: { code: 'invalid-input', errors: [{ field: 'effectiveOn' }] },
    });
    expect(await post(`${yearly}/close`, {})).toMatchObject({ status: 409, body: { code: 'carry-over-target-required' } });
    const closed = await post(`${yearly}/close`, { to });
    expect(closed).toMatchObject({ status: 200 });
    const position = closed.headers['ledger-position'] as string;
    const read = await ledger.request('GET', yearly, 'auditor', undefined, { 'ledger-position': position });
    expect(read).toMatchObject({
      status: 200,
      headers: { etag: '"4"' },
      body: {
        title: '研发费加计扣除奖补',
        status: 'closed',
        carriedOver: '7500000.00',
        transferredOut: '500000.00',
        envelope: { rule: 'exactly', unfunded: '2000000.00' },
      },
    });
    expect(await ledger.request('GET', `${yearly}/reservations?status=live`, 'clerk')).toMatchObject({ status: 200, body: { items: [] } });
    expect(await ledger.request('GET', `${base}?pack=jiangmen-2021&period=2024`, 'clerk')).toMatchObject({
      status: 200,
      body: { items: [{ line: 'yearly' }] },
    });
  });

  it('refuses a line of other years than its envelope', async () => {
    expect(await post(base, { pack: 'jiangmen-2021', line: 'plan', period: '2021' })).toMatchObject({
      status: 409,
      body: { code: 'period-not-of-envelope', wanted: '2021-2023' },
    });
    expect(await post(base, { pack: 'jiangmen-2021', line: 'yearly', period: '2021-2023' })).toMatchObject({
      status: 409,
      body: { code: 'period-not-of-envelope' },
    });
    expect(await post(base, { pack: 'jiangmen-2021', line: 'plan', period: '2021-2023' })).toMatchObject({ status: 201 });
  });

  it('answers a retry as the first time', async () => {
    const key = { 'idempotency-key': 'once' };
    const body = { pack: 'p', line: 'retry', period: '2024', title: '一' };
    const first = await post(base, body, key);
    const { revision, position } = first.body;
    expect(await post(base, body, key)).toMatchObject({ status: 201, body: { revision, position, replayed: true } });
    expect(await post(base, { ...body, title: '二' }, key)).toMatchObject({ status: 409, body: { code: 'idempotency-key-reused' } });
  });

  it.each([
    [base, { pack: 'P', line: 'l', period: '2024', title: 't' }],
    [base, { pack: 'p', line: 'l.m', period: '2024', title: 't' }],
    [base, { pack: 'p', line: 'l', period: '2024-2024', title: 't' }],
    [base, { pack: 'p', line: 'l', period: 2024, title: 't' }],
    [base, { pack: 'p', line: 'l', period: '2024' }],
    [base, { pack: 'p', line: 'l', period: '2024', title: ' ' }],
    [base, { pack: 'p', line: 'l', period: '2024', title: 't'.repeat(201) }],
    [base, { pack: 'p', line: 'l', period: '2024', title: 't', envelope: {} }],
    [base, []],
    [`${yearly}/appropriations`, { amount: 5, reason: 'r', evidence }],
    [`${yearly}/appropriations`, { amount: '-5', reason: 'r', evidence }],
    [`${yearly}/appropriations`, { amount: '0', reason: 'r', evidence }],
    [`${yearly}/appropriations`, { amount: '5.001', reason: 'r', evidence }],
    [`${yearly}/appropriations`, { amount: '5', reason: ' ', evidence }],
    [`${yearly}/appropriations`, { amount: '5', reason: 'r' }],
    [`${yearly}/appropriations`, { amount: '5', reason: 'r', evidence: [] }],
    [`${yearly}/appropriations`, { amount: '5', reason: 'r', evidence: [null] }],
    [`${yearly}/appropriations`, { amount: '5', reason: 'r', evidence: ['x'] }],
    [`${yearly}/appropriations`, { amount: '5', reason: 'r', evidence: [[]] }],
    [`${yearly}/appropriations`, { amount: '5', reason: 'r', evidence: 'x' }],
    [`${yearly}/adjustments`, { amount: '--5', reason: 'r', evidence }],
    [`${yearly}/adjustments`, { amount: null, reason: 'r', evidence }],
    [`${yearly}/transfers`, { amount: '5', reason: 'r', evidence }],
    [`${yearly}/transfers`, { to: null, amount: '5', reason: 'r', evidence }],
    [`${yearly}/transfers`, { to: [], amount: '5', reason: 'r', evidence }],
    [`${yearly}/transfers`, { to: [{ pack: 'p', line: 'l', period: '2024' }], amount: '5', reason: 'r', evidence }],
    [`${yearly}/transfers`, { to: 'p.l.2024', amount: '5', reason: 'r', evidence }],
    [`${yearly}/transfers`, { to: { pack: 'p', line: 'l' }, amount: '5', reason: 'r', evidence }],
    [`${yearly}/transfers`, { to: { pack: 'p', line: 'l', period: '2024-2020' }, amount: '5', reason: 'r', evidence }],
    [`${yearly}/transfers`, { to: { pack: 'jiangmen-2021', line: 'yearly', period: '2025' }, amount: '5', reason: 'r' }],
    [`${yearly}/transfers`, { to: { pack: 'jiangmen-2021', line: 'yearly', period: '2025' }, amount: '5', reason: 'r', evidence: [] }],
    [`${yearly}/close`, { to: {} }],
    [`${yearly}/close`, { to: [] }],
    [`${yearly}/close`, { to: 7 }],
    [`${yearly}/close`, { evidence: {} }],
    [`${yearly}/close`, { effectiveOn: '2024-02-30' }],
    [`${base}/P/l/2024/close`, {}],
    [`${base}/p/l/x/close`, {}],
    [`${base}/p/l/2024-2020/close`, {}],
  ])('answers bad input with 400: %s %j', async (url, body) => {
    const { status, body: problem } = await post(url, body);
    const [first] = (problem['errors'] ?? []) as readonly unknown[];
    expect({ status, first }).toMatchObject({ status: 400, first: { field: expect.any(String), message: expect.any(String) } });
  });

  it.each([
    `${base}?limit=0`,
    `${base}?period=x`,
    `${base}?pack[]=p`,
    `${base}?cursor=x`,
    `${base}?who=me`,
    `${base}/p/l/x`,
    `${yearly}/reservations?status=dead`,
  ])('answers a bad query with 400: %s', async (url) => expect((await ledger.request('GET', url, 'auditor')).status).toBe(400));

  it('lets finance alone write', async () => {
    for (const role of ['clerk', 'reviewer', 'approver', 'auditor', 'administrator'] as const) {
      expect(await ledger.request('POST', base, role, { pack: 'p', line: 'l', period: '2024', title: 't' })).toMatchObject({ status: 403 });
      expect(await ledger.request('POST', `${yearly}/close`, role, {})).toMatchObject({ status: 403 });
    }
    expect(await ledger.request('GET', `${base}/p/l/2030`, 'clerk')).toMatchObject({ status: 404, body: { code: 'budget-line-unknown' } });
    expect(await post(`${base}/p/l/2030/close`, {})).toMatchObject({ status: 404, body: { code: 'budget-line-unknown' } });
  });
});
