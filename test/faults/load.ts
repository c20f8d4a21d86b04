import { setTimeout as sleep } from 'node:timers/promises';
import { businessDateAt, withCheckCharacter } from '@app/kernel';
import { insist, type ServedLedger } from '../support/served-ledger.js';

export const PACK = 'ganzhou-etdz-2023';
export const LINE = { pack: PACK, line: 'awards', period: '2024' } as const;
const LINE_PATH = `/v1/budgets/${PACK}/${LINE.line}/${LINE.period}`;

type Officer = 'clerk' | 'reviewer' | 'approver' | 'finance';

/** A command the server answered with success: it must be found again whatever happens later. */
export interface Acknowledged {
  readonly actor: string;
  readonly key: string;
  readonly path: string;
  readonly stream: string;
  readonly revision: number;
}

/**
 * Offices at work: clerks, reviewers and approvers take awards through their life, finance pays them in batches and
 * hands in the bank's answers, some of them returns. Everything goes on across crashes of the server.
 */
export class OfficeLoad {
  readonly acknowledged: Acknowledged[] = [];
  readonly unexpected: string[] = [];
  private over = false;
  private readonly workers: Promise<void>[] = [];

  constructor(
    private readonly served: ServedLedger,
    private readonly random: () => number,
  ) {}

  /** Opens a budget line that bears `awards` awards of 5000 yuan. */
  async prepare(awards: number): Promise<void> {
    await this.must('finance', 'open', '/v1/budgets', { ...LINE, title: '测试科目' });
    const evidence = [{ title: '预算批复' }];
    await this.must('finance', 'appropriate', `${LINE_PATH}/appropriations`, {
      amount: `${awards * 5_000}.00`,
      reason: '年初预算',
      evidence,
    });
  }

  start(lives: number): void {
    for (let life = 0; life < lives; life += 1) this.workers.push(this.live(life));
    this.workers.push(this.pay());
  }

  /** Lets every worker finish the command it is at. */
  async finish(): Promise<void> {
    this.over = true;
    await Promise.all(this.workers);
  }

  private async live(life: number): Promise<void> {
    const code = withCheckCharacter(`91360799MAXY${String(life).padStart(5, '0')}`);
    await this.must('clerk', `r${life}`, '/v1/enterprises', { creditCode: code, name: `测试企业${life}` });
    await this.fact(code, life, 1, { name: 'payment.account', value: `账户${life}` });
    for (let project = 0; !this.over; project += 1) {
      await this.fact(code, life, project + 2, { name: 'project.landed', value: true, subject: `P-${project}` });
      await this.award(code, life, project);
    }
  }

  /** The n-th fact of an enterprise, recorded by the clerk and verified by the reviewer. */
  private async fact(code: string, life: number, no: number, fact: object): Promise<void> {
    const path = `/v1/enterprises/${code}/facts`;
    await this.must('clerk', `f${life}.${no}`, path, { facts: [{ ...fact, sourceUnit: '测试' }] });
    await this.must('reviewer', `v${life}.${no}`, `${path}/F${no}/verify`, { evidence: [{ title: '核实' }] });
  }

  private async award(code: string, life: number, project: number): Promise<void> {
    const award = `${PACK}.G13.${code}.P${project}`;
    const path = `/v1/awards/${award}`;
    const key = `a${life}.${project}`;
    await this.must('clerk', `${key}.apply`, '/v1/awards', { pack: PACK, clause: 'G13', payee: code, occasion: `P-${project}` });
    await this.must('clerk', `${key}.assess`, `${path}/assess`, {});
    await this.must('reviewer', `${key}.review`, `${path}/review`, { recommended: true });
    await this.must('clerk', `${key}.publicise`, `${path}/publicise`, {});
    for (let attempt = 0; !this.over; attempt += 1) {
      const grant = { line: LINE.line, period: LINE.period, documentNo: `文号${life}-${project}` };
      const code = await this.send('approver', `${key}.grant${attempt}`, `${path}/grant`, grant);
      if (code !== 'notice-running') {
        if (code !== undefined && code !== 'budget-exhausted') this.unexpected.push(`${path}/grant: ${code}`);
        return;
      }
      await sleep(500);
    }
  }

  private async pay(): Promise<void> {
    for (let number = 0; !this.over; number += 1) {
      const batch = `B${number}`;
      const path = `/v1/payment-batches/${batch}`;
      if ((await this.send('finance', `${batch}.prepare`, '/v1/payment-batches', { batch, title: '测试批次' })) !== undefined) {
        await sleep(300);
        continue;
      }
      if ((await this.send('finance', `${batch}.freeze`, `${path}/freeze`, {})) !== undefined) continue;
      await this.bankAnswers(batch, path);
    }
  }

  private async bankAnswers(batch: string, path: string): Promise<void> {
    let lines: readonly { line: number; amount: string; status: string }[] | undefined;
    while (!this.over && lines === undefined) {
      try {
        const response = await fetch(this.served.url + path, { headers: { authorization: `Bearer ${await this.token('finance')}` } });
        const { state } = (await response.json()) as {
          state?: { status: string; lines: { line: number; amount: string; status: string }[] };
        };
        // Cancelled by itself, it has lost every line.
        if (state?.status === 'frozen' || state?.status === 'cancelled') lines = state.lines;
      } catch {
        // killed just now
      }
      if (lines === undefined) await sleep(50);
    }
    if (lines === undefined) return;
    const today = businessDateAt(this.served.now());
    const rows = lines
      .filter(({ status }) => status !== 'dropped')
      .map(({ line, amount }) => [batch, line, amount, this.random() < 0.25 ? 'returned' : 'paid', today, `${batch}-${line}`].join(','));
    if (rows.length === 0) return;
    const content = ['batch,line,amount,result,date,reference', ...rows].join('\n');
    await this.must('finance', `${batch}.results`, `${path}/results`, { file: `${batch}.csv`, content });
    // The same file again under another key: banks do that. It must change nothing.
    if (this.random() < 0.5) await this.must('finance', `${batch}.again`, `${path}/results`, { file: `${batch}.csv`, content });
  }

  /** A new one each time: on a slow machine the load outlives any. */
  private token(actor: Officer): Promise<string> {
    return this.served.token(actor, actor);
  }

  private async must(actor: Officer, key: string, path: string, body: unknown): Promise<void> {
    const code = await this.send(actor, key, path, body);
    if (code !== undefined) this.unexpected.push(`${path} (${key}): ${code}`);
  }

  /** Undefined when it was done (or the load is over), else the code of the refusal. */
  private async send(actor: Officer, key: string, path: string, body: unknown): Promise<string | undefined> {
    const answer = await insist(this.served.url, await this.token(actor), path, body, key, () => this.over);
    if (answer === undefined) return undefined;
    if (answer.status >= 400) return String(answer.body['code']);
    const { stream, revision } = answer.body as { stream: string; revision: number };
    this.acknowledged.push({ actor, key, path, stream, revision });
    return undefined;
  }
}
