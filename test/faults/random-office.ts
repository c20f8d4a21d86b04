import { setTimeout as sleep } from 'node:timers/promises';
import { addDays, type BusinessDate, businessDateAt, withCheckCharacter } from '@app/kernel';
import { seededRandom } from '../support/random.js';
import type { Acknowledged } from './load.js';

export const PACK = 'ganzhou-etdz-2023';
const YEAR = '2024';
const paper = [{ title: '佐证材料' }];
const reason = '会议决定';

/** The way to a ledger that may be away for a while: a command is asked until it is answered. */
export interface Door {
  send(
    actor: string,
    key: string,
    path: string,
    body: object,
  ): Promise<{ readonly body: Readonly<Record<string, unknown>>; readonly refused?: string }>;
  /** What stands there as far as the read models have come; nothing where they know of nothing yet. */
  get(path: string): Promise<Readonly<Record<string, unknown>>>;
  now(): Date;
}

export interface Done extends Acknowledged {
  readonly body: object;
}

interface Award {
  readonly id: string;
  readonly payee: string;
  stage: number;
}

/** The stage of an award whose notice runs or is over. */
const GRANT = 3;

interface Batch {
  readonly name: string;
  readonly lines: number;
}

/** Every refusal of a rule is one of these: what a random officer asks for is often out of place. What is not, is a fault. */
const MALFORMED = new Set(['not-found', 'internal-error', 'forbidden', 'unauthorized', 'idempotency-key-reused']);

/**
 * Officers who do what comes to their minds: awards taken through their lives by one step or another, paid in batches, held,
 * revoked, clawed back; enterprises listed, cleared and merged; money moved about. What each of them does follows from the
 * seed, what it meets from how their ways cross.
 */
export class RandomOffice {
  /** What was answered with success, in the order of the answers. */
  readonly done: Done[] = [];
  readonly refusals = new Map<string, number>();
  /** Answers no officer should ever get. */
  readonly faults: string[] = [];
  commands = 0;
  private applications = 0;
  private readonly enterprises: string[] = [];
  private readonly awards: Award[] = [];
  private readonly batches: Batch[] = [];
  private readonly listings: string[] = [];

  constructor(
    private readonly door: Door,
    private readonly seed: number,
  ) {}

  /** Opens the lines; one of them will not do for all. */
  async open(): Promise<void> {
    for (const [line, amount] of [
      ['awards', '60000.00'],
      ['others', '10000.00'],
    ] as const) {
      await this.act('finance', `open.${line}`, '/budgets', { pack: PACK, line, period: YEAR, title: line });
      await this.act('finance', `fund.${line}`, `/budgets/${PACK}/${line}/${YEAR}/appropriations`, { amount, reason, evidence: paper });
    }
  }

  /** A round of so many officers, with so many things each. */
  async work(round: number, officers: number, each: number): Promise<void> {
    await Promise.all(
      Array.from({ length: officers }, async (_, officer) => {
        const random = seededRandom(this.seed * 1_009 + round * 31 + officer);
        for (let no = 0; no < each; no += 1) await this.something(random, `r${round}.o${officer}.${no}`);
      }),
    );
  }

  private async something(random: () => number, key: string): Promise<void> {
    const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random() * items.length)];
    const draw = random();
    const award = pick(this.awards.slice(-12));
    const batch = pick(this.batches.slice(-4));
    const enterprise = pick(this.enterprises);
    if (enterprise === undefined || draw < 0.06) return this.register(key);
    if (award === undefined || draw < 0.2) return this.apply(key, enterprise);
    if (draw < 0.45) return this.takeFurther(key, pick(this.awards.filter(({ stage }) => stage === GRANT)) ?? award);
    if (draw < 0.6) return this.prepare(key, random);
    if (draw < 0.81 && batch !== undefined) return this.payOut(key, batch, random);
    if (draw < 0.83) return this.moveMoney(key, random);
    if (draw < 0.85) return this.list(key, enterprise);
    if (draw < 0.88) return this.clear(key, pick(this.listings));
    if (draw < 0.89) return this.merge(key, enterprise, pick(this.enterprises));
    return this.disturb(key, pick(this.awards.filter(({ stage }) => stage > GRANT)) ?? award, random);
  }

  private async register(key: string): Promise<void> {
    const no = this.enterprises.length;
    const code = withCheckCharacter(`91360799MAXR${String(this.seed % 1_000).padStart(3, '0')}${String(no).padStart(2, '0')}`);
    this.enterprises.push(code);
    await this.act('clerk', `${key}.register`, '/enterprises', { creditCode: code, name: `测试企业${no}` });
    await this.fact(key, code, { name: 'payment.account', value: `账户${no}` });
  }

  private async fact(key: string, code: string, fact: object): Promise<void> {
    const facts = [{ ...fact, sourceUnit: '测试' }];
    const body = await this.act('clerk', `${key}.fact`, `/enterprises/${code}/facts`, { facts });
    if (body === undefined) return;
    const { facts: known } = (await this.door.get(`/enterprises/${code}`)) as { facts?: { factId: string; verification: string }[] };
    for (const { factId } of (known ?? []).filter(({ verification }) => verification === 'reported').slice(0, 3))
      await this.act('reviewer2', `${key}.verify.${factId}`, `/enterprises/${code}/facts/${factId}/verify`, { evidence: paper });
  }

  private async apply(key: string, payee: string): Promise<void> {
    const occasion = `P-${this.applications}`;
    const award: Award = { id: `${PACK}.G13.${payee}.${occasion.replace('-', '')}`, payee, stage: 0 };
    this.applications += 1;
    await this.fact(key, payee, { name: 'project.landed', value: true, subject: occasion });
    if ((await this.act('clerk', `${key}.apply`, '/awards', { pack: PACK, clause: 'G13', payee, occasion })) === undefined) return;
    this.awards.push(award);
    for (let step = 0; step < 3; step += 1) await this.takeFurther(`${key}.${step}`, award);
  }

  private async takeFurther(key: string, award: Award): Promise<void> {
    const path = `/awards/${award.id}`;
    const steps = [
      () => this.act('clerk', `${key}.assess`, `${path}/assess`, {}),
      () => this.act('reviewer', `${key}.review`, `${path}/review`, { recommended: true, unverifiedReason: '已见原件' }),
      () => this.act('clerk', `${key}.publicise`, `${path}/publicise`, {}),
      () => this.act('approver', `${key}.grant`, `${path}/grant`, { line: 'awards', period: YEAR, documentNo: `文号${key}` }),
    ];
    const done = await steps[Math.min(award.stage, steps.length - 1)]?.();
    if (done !== undefined) award.stage += 1;
  }

  private async prepare(key: string, random: () => number): Promise<void> {
    const name = `B${key.replaceAll(/\W/g, '-').toUpperCase()}`;
    const body = await this.act('finance', `${key}.prepare`, '/payment-batches', { batch: name, title: '批次' });
    if (body === undefined) return;
    this.batches.push({ name, lines: 9 });
    if (random() < 0.8) await this.act('finance', `${key}.freeze`, `/payment-batches/${name}/freeze`, {});
  }

  private async payOut(key: string, { name }: Batch, random: () => number): Promise<void> {
    const path = `/payment-batches/${name}`;
    const draw = random();
    if (draw < 0.15) await this.act('finance', `${key}.freeze`, `${path}/freeze`, {});
    else if (draw < 0.25) await this.act('finance2', `${key}.cancel`, `${path}/cancel`, { reason });
    else if (draw < 0.35) {
      const outcome = random() < 0.5 ? 'accepted' : 'not-made';
      await this.act('finance3', `${key}.resolve`, `${path}/lines/1/resolve-unexpected`, { outcome, reason, evidence: paper });
    } else await this.bankAnswers(key, path, name, random);
  }

  /** The bank answers for some lines, now and then with something else than the last time. */
  private async bankAnswers(key: string, path: string, name: string, random: () => number): Promise<void> {
    const { state } = (await this.door.get(path)) as { state?: { lines?: { line: number; amount: string; status: string }[] } };
    const on = this.today();
    const rows = (state?.lines ?? [])
      .filter(() => random() < 0.8)
      .map(({ line, amount }) => {
        const result = random() < 0.3 ? 'returned' : 'paid';
        return [name, line, amount, result, on, `${result}-${name}-${line}`].join(',');
      });
    if (rows.length === 0) return;
    const content = ['batch,line,amount,result,date,reference', ...rows].join('\n');
    await this.act('finance', `${key}.results`, `${path}/results`, { file: 'bank.csv', content });
  }

  private async moveMoney(key: string, random: () => number): Promise<void> {
    const [from, to] = random() < 0.5 ? ['awards', 'others'] : ['others', 'awards'];
    const body = { to: { pack: PACK, line: to, period: YEAR }, amount: '5000.00', reason, evidence: paper };
    await this.act('finance', `${key}.move`, `/budgets/${PACK}/${from}/${YEAR}/transfers`, body);
  }

  private async list(key: string, code: string): Promise<void> {
    const notice = { kind: 'enterprise', id: code, listingClass: 'general', ground: `失信${key}`, legalBasis: '条例', reasons: '事实' };
    const on = this.today();
    const opened = await this.act('clerk', `${key}.case`, '/blacklist/cases', { ...notice, rights: '申辩', servedOn: on, evidence: paper });
    if (opened === undefined) return;
    const path = `/blacklist/enterprise/${code}/cases/${Number(opened['case'])}`;
    this.listings.push(path);
    await this.act('clerk', `${key}.waive`, `${path}/waive-statement`, { on, evidence: paper });
    await this.act('approver3', `${key}.list`, `${path}/list`, { termMonths: 6, reason, evidence: paper });
  }

  private async clear(key: string, path: string | undefined): Promise<void> {
    if (path === undefined) return;
    const body = { upheld: true, reason, evidence: paper };
    await this.act('clerk', `${key}.object`, `${path}/objections`, { on: this.today(), reasons: '有误' });
    await this.act('approver2', `${key}.uphold`, `${path}/objections/1/decide`, body);
  }

  private async merge(key: string, code: string, survivor: string | undefined): Promise<void> {
    if (survivor === undefined || survivor === code) return;
    await this.act('administrator', `${key}.merge`, `/enterprises/${code}/merge`, { survivor, reason, evidence: paper });
  }

  private async disturb(key: string, { id }: Award, random: () => number): Promise<void> {
    const path = `/awards/${id}`;
    const draw = random();
    if (draw < 0.25) await this.act('approver2', `${key}.hold`, `${path}/hold`, { reason });
    else if (draw < 0.55) await this.act('approver2', `${key}.release`, `${path}/hold/release`, { reason });
    else if (draw < 0.7) await this.act('approver2', `${key}.revoke`, `${path}/revoke`, { cause: 'fraud', reason, evidence: paper });
    else if (draw < 0.78) await this.act('approver2', `${key}.lapse`, `${path}/lapse`, { reason, evidence: paper });
    else {
      const dueOn = addDays(this.today(), 30);
      const demand = { cause: 'fraud', principal: '5000.00', dueOn, reason };
      if ((await this.act('approver2', `${key}.demand`, `${path}/clawbacks`, demand)) === undefined) return;
      const receipt = { amount: '2000.00', on: this.today(), reference: key };
      await this.act('finance', `${key}.receipt`, `${path}/clawbacks/1/receipts`, receipt);
    }
  }

  private today(): BusinessDate {
    return businessDateAt(this.door.now());
  }

  /** The body of the answer; undefined when it is refused. */
  private async act(actor: string, key: string, path: string, body: object): Promise<Readonly<Record<string, unknown>> | undefined> {
    this.commands += 1;
    const { body: answer, refused } = await this.door.send(actor, key, path, body);
    // Others get a turn between one thing and the next.
    await sleep(0);
    if (refused !== undefined) {
      this.refusals.set(refused, (this.refusals.get(refused) ?? 0) + 1);
      if (MALFORMED.has(refused)) this.faults.push(`${path} (${key}) ${JSON.stringify(body)}: ${refused}`);
      return undefined;
    }
    const { stream, revision, events } = answer as { stream: string; revision: number; events: number };
    // Somebody else has verified it a moment before: whoever finds that done leaves nothing behind.
    if (events === 0 && path.endsWith('/verify')) return answer;
    this.done.push({ actor, key, path, body, stream, revision });
    return answer;
  }
}
