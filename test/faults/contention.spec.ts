import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { businessDateAt, withCheckCharacter } from '@app/kernel';
import { insist, ServedLedger } from '../support/served-ledger.js';
import { auditLedger, readEvents } from './audit.js';

const PACK = 'ganzhou-etdz-2023';
const WRITERS = 64;
const AFFORDABLE = 40;

describe(`${WRITERS} writers at once`, () => {
  let folder: string;
  let served: ServedLedger;
  const tokens = new Map<string, string>();
  let keys = 0;

  const post = async (actor: string, path: string, body: unknown = {}) => {
    const answer = await insist(served.url, tokens.get(actor) as string, path, body, `k${(keys += 1)}`, () => false);
    return { status: answer?.status ?? 0, code: answer?.body['code'] };
  };
  const must = async (actor: string, path: string, body: unknown = {}) => {
    const answer = await post(actor, path, body);
    if (answer.status >= 400) throw new Error(`${path}: ${String(answer.code)}`);
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ledger-contention-'));
    served = await ServedLedger.start(folder);
    for (const role of ['clerk', 'reviewer', 'finance'] as const) tokens.set(role, await served.token(role, role));
    for (let number = 0; number < WRITERS; number += 1) {
      tokens.set(`approver${number}`, await served.token(`approver${number}`, 'approver'));
      tokens.set(`finance${number}`, await served.token(`finance${number}`, 'finance'));
    }
    await must('finance', '/v1/budgets', { pack: PACK, line: 'awards', period: '2024', title: '测试科目' });
    await must('finance', `/v1/budgets/${PACK}/awards/2024/appropriations`, {
      amount: `${AFFORDABLE * 5_000}.00`,
      reason: '预算',
      evidence: [{ title: '批复' }],
    });
  }, 60_000);
  afterAll(async () => {
    await served.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const code = withCheckCharacter('91360799MAXX00088');
  const award = (project: number) => `/v1/awards/${PACK}.G13.${code}.P${project}`;

  it('never overdraw one budget line', async () => {
    await must('clerk', '/v1/enterprises', { creditCode: code, name: '争用测试企业' });
    const projects = Array.from({ length: WRITERS }, (_, project) => project);
    const facts = [
      { name: 'payment.account', value: '账户', sourceUnit: '测试' },
      ...projects.map((project) => ({ name: 'project.landed', value: true, subject: `P${project}`, sourceUnit: '测试' })),
    ];
    await must('clerk', `/v1/enterprises/${code}/facts`, { facts });
    for (let no = 1; no <= facts.length; no += 1)
      await must('reviewer', `/v1/enterprises/${code}/facts/F${no}/verify`, { evidence: [{ title: '核实' }] });
    await Promise.all(
      projects.map(async (project) => {
        await must('clerk', '/v1/awards', { pack: PACK, clause: 'G13', payee: code, occasion: `P${project}` });
        await must('clerk', `${award(project)}/assess`);
        await must('reviewer', `${award(project)}/review`, { recommended: true });
        await must('clerk', `${award(project)}/publicise`);
      }),
    );
    await sleep(7_000);
    const grants = await Promise.all(
      projects.map((project) =>
        post(`approver${project}`, `${award(project)}/grant`, { line: 'awards', period: '2024', documentNo: `文${project}` }),
      ),
    );
    expect(grants.filter(({ status }) => status === 200)).toHaveLength(AFFORDABLE);
    expect(grants.filter(({ code: refusal }) => refusal === 'budget-exhausted')).toHaveLength(WRITERS - AFFORDABLE);
  }, 120_000);

  it('never grant or pay one award twice', async () => {
    // More money, then 64 approvers on one of the awards that were refused.
    await must('finance', `/v1/budgets/${PACK}/awards/2024/appropriations`, {
      amount: '1000000.00',
      reason: '追加',
      evidence: [{ title: '追加批复' }],
    });
    const open = (await readEvents(folder))
      .filter(({ type }) => type === 'award-grant-failed.v1')[0]
      ?.stream.slice('award-'.length) as string;
    const approvals = await Promise.all(
      Array.from({ length: WRITERS }, (_, number) =>
        post(`approver${number}`, `/v1/awards/${open}/grant`, { line: 'awards', period: '2024', documentNo: `文${number}` }),
      ),
    );
    expect(approvals.filter(({ status }) => status === 200)).toHaveLength(1);

    // 64 finance clerks each prepare and freeze a batch of the same instalment; only one batch holds it in the end.
    await Promise.all(
      Array.from({ length: WRITERS }, async (_, number) => {
        const batch = `C${number}`;
        await post(`finance${number}`, '/v1/payment-batches', { batch, title: '争用', instalments: [{ award: open, instalment: 1 }] });
        await post(`finance${number}`, `/v1/payment-batches/${batch}/freeze`);
      }),
    );
    await served.settle();
    const today = businessDateAt(served.now());
    for (let number = 0; number < WRITERS; number += 1) {
      const content = `batch,line,amount,result,date,reference\nC${number},1,5000.00,paid,${today},R${number}`;
      await post(`finance${number}`, `/v1/payment-batches/C${number}/results`, { file: 'bank.csv', content });
    }
    await served.settle();
    const paid = (await readEvents(folder)).filter(({ type, stream }) => type === 'instalment-paid.v1' && stream === `award-${open}`);
    expect(paid).toHaveLength(1);
  }, 120_000);

  it('leaves books that add up', async () => {
    tokens.set('auditor', await served.token('auditor', 'auditor'));
    expect(await served.get('/v1/balances/reconciliation', tokens.get('auditor') as string)).toMatchObject({ reconciled: true });
    expect(await served.get('/v1/balances/trial', tokens.get('auditor') as string)).toMatchObject({ balanced: true });
    expect(await auditLedger(folder, [])).toEqual([]);
  });
});
