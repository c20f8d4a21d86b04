import { withCheckCharacter } from '@app/kernel';
import { bundledPackFiles } from '@app/policies';
import type { Outcome, Succession } from './succession.js';

export const PACK = 'ganzhou-etdz-2023';
const paper = [{ title: '佐证材料' }];
const reason = '会议决定';

/** The day of the applications, and the day on which their notices are over and everything else happens. */
export const APPLIED = '2024-03-04';
export const TODAY = '2024-03-18';

const LADDER = 'ganzhou-etdz-cultivation';
/** Every run's: a ladder has one a year. */
const REVIEW = `/tier-reviews/${LADDER}/2024`;

/** What no line may hold more than. */
const FULL = '999999999999.99';
const LINES = { awards: '90000000.00', poor: '4999.99', others: '0.01' } as const;

/** An enterprise with an award that may be granted. */
export interface Subject {
  readonly code: string;
  readonly award: string;
  /** Who prepared its application. */
  readonly person: string;
}

export const subjectOf = (n: number): Subject => {
  const code = withCheckCharacter(`91360799MAXA${String(n).padStart(5, '0')}`);
  return { code, award: `${PACK}.G13.${code}.P1`, person: `P-${n}` };
};

/** Money, and subjects whose notice begins. */
export async function prepareSubjects(ledger: Succession, subjects: number): Promise<void> {
  let keys = 0;
  const act = (actor: string, path: string, body: object = {}) => ledger.do(actor, `t${(keys += 1)}`, path, body);
  for (const id of [PACK, 'national-hnte-2016']) {
    const file = `${id}.yaml`;
    await act('administrator', '/policies', { pack: bundledPackFiles().get(file), file, evidence: paper });
  }
  for (const [line, amount] of Object.entries(LINES)) {
    await act('finance', '/budgets', { pack: PACK, line, period: '2024', title: line });
    await act('finance', `/budgets/${PACK}/${line}/2024/appropriations`, { amount, reason, evidence: paper });
  }
  const prepare = async (n: number) => {
    const { code, award, person } = subjectOf(n);
    await act('clerk', '/enterprises', { creditCode: code, name: `测试企业${n}` });
    const facts = [
      { name: 'payment.account', value: `账户${n}`, sourceUnit: '测试' },
      { name: 'project.landed', value: true, subject: 'P1', sourceUnit: '测试' },
    ];
    await act('clerk', `/enterprises/${code}/facts`, { facts });
    for (const no of [1, 2]) await act('reviewer2', `/enterprises/${code}/facts/F${no}/verify`, { evidence: paper });
    await act('clerk', '/awards', { pack: PACK, clause: 'G13', payee: code, occasion: 'P1', persons: [person] });
    await act('clerk', `/awards/${award}/assess`);
    await act('reviewer', `/awards/${award}/review`, { recommended: true });
    await act('clerk', `/awards/${award}/publicise`);
  };
  // Some at once, for one commit a group.
  for (let n = 0; n < subjects; n += 20) await Promise.all(Array.from({ length: Math.min(20, subjects - n) }, (_, i) => prepare(n + i)));
}

/** One carrying of a saga: `do` sends a command that must succeed, `send` one that may be refused. */
export class Act {
  readonly outcomes: Outcome[] = [];

  constructor(
    readonly ledger: Succession,
    /** Tells the commands, batches and listings of one run from those of another. */
    readonly name: string,
    private readonly part: string,
  ) {}

  async send(actor: string, path: string, body: object = {}): Promise<Outcome> {
    const outcome = await this.ledger.send(actor, `${this.name}.${this.part}.${this.outcomes.length}`, path, body);
    this.outcomes.push(outcome);
    return outcome;
  }

  async do(actor: string, path: string, body: object = {}): Promise<Outcome> {
    const outcome = await this.send(actor, path, body);
    if (outcome.refused !== undefined) throw new Error(`${path} ${JSON.stringify(body)} is refused: ${outcome.refused}`);
    return outcome;
  }

  settle(): Promise<void> {
    return this.ledger.settle();
  }
}

/** Something that concerns more than one stream. */
export interface Saga {
  readonly name: string;
  readonly subjects: 1 | 2 | 3;
  /** What comes before it. */
  before?(act: Act, ...subjects: readonly Subject[]): Promise<void>;
  run(act: Act, ...subjects: readonly Subject[]): Promise<void>;
  readonly meanwhile?: Meanwhile;
  /** What must have come of it: types of events in the order of the ledger, a subset of them. */
  readonly leaves: readonly string[];
}

/** What others do in the midst of it: before this is appended, or before a process manager reacts to this, for the first time. */
export interface Meanwhile {
  readonly append?: string;
  /** `enterprise-merger to enterprise-merged`. */
  readonly reaction?: string;
  run(act: Act, ...subjects: readonly Subject[]): Promise<void>;
  /** Whoever has to ask again may then ask too late: what comes of that is as good. */
  readonly mayComeFirst?: true;
}

type Each = readonly Subject[];

const grant = (act: Act, { award }: Subject, line: keyof typeof LINES = 'awards') =>
  act.send('approver', `/awards/${award}/grant`, { line, period: '2024', documentNo: '示管〔2024〕8号' });

async function granted(act: Act, ...subjects: Each): Promise<void> {
  for (const subject of subjects) await grant(act, subject);
}

async function prepared(act: Act, ...subjects: Each): Promise<void> {
  const instalments = subjects.map(({ award }) => ({ award, instalment: 1 }));
  await act.do('finance', '/payment-batches', { batch: act.name, title: '批次', instalments });
}

async function frozen(act: Act, ...subjects: Each): Promise<void> {
  await granted(act, ...subjects);
  await prepared(act, ...subjects);
  await act.do('finance', `/payment-batches/${act.name}/freeze`);
}

/** The bank's answer, one line a result. */
function answered(act: Act, results: readonly ('paid' | 'returned')[], amount = '5000.00'): Promise<Outcome> {
  const rows = results.map((result, index) => `${act.name},${index + 1},${amount},${result},${TODAY},${result}-${index + 1}`);
  const content = ['batch,line,amount,result,date,reference', ...rows].join('\n');
  return act.do('finance', `/payment-batches/${act.name}/results`, { file: 'bank.csv', content });
}

const stagedOf = (code: string): Subject => ({ code, award: `${PACK}.G03.${code}.once`, person: '' });

/** Another award of an enterprise, of which one half may be paid now and the other later; its notice is over by now as well. */
async function staged(act: Act, { code }: Subject): Promise<Subject> {
  act.ledger.clock.reach(APPLIED);
  const values = {
    'relocation.origin': 'in-province',
    'relocation.whole': true,
    'certificate.validAtRelocation': true,
    'enterprise.registeredInZone': true,
  };
  const facts = Object.entries(values).map(([name, value]) => ({ name, value, sourceUnit: '测试' }));
  await act.do('clerk', `/enterprises/${code}/facts`, { facts });
  for (const no of [3, 4, 5, 6]) await act.do('reviewer2', `/enterprises/${code}/facts/F${no}/verify`, { evidence: paper });
  await act.do('clerk', '/awards', { pack: PACK, clause: 'G03', payee: code });
  const { award } = stagedOf(code);
  await act.do('clerk', `/awards/${award}/assess`);
  await act.do('reviewer', `/awards/${award}/review`, { recommended: true });
  await act.do('clerk', `/awards/${award}/publicise`);
  act.ledger.clock.reach(TODAY);
  return stagedOf(code);
}

const HALF = '100000.00';

async function cancelled(act: Act, ...subjects: Each): Promise<void> {
  await frozen(act, ...subjects);
  await act.do('finance2', `/payment-batches/${act.name}/cancel`, { reason });
}

const revoked = (act: Act, { award }: Subject) =>
  act.do('approver2', `/awards/${award}/revoke`, { cause: 'fraud', reason, evidence: paper });

/** Lists an enterprise, or whomever the path names. */
async function listed(act: Act, { code }: Subject, path = `enterprise/${code}`): Promise<void> {
  const [kind, id] = path.split('/');
  const notice = { kind, id, listingClass: 'general', ground: act.name, legalBasis: '条例', reasons: '事实' };
  await act.do('clerk', '/blacklist/cases', { ...notice, rights: '陈述申辩', servedOn: TODAY, evidence: paper });
  await act.do('clerk', `/blacklist/${path}/cases/1/waive-statement`, { on: TODAY, evidence: paper });
  await act.do('approver3', `/blacklist/${path}/cases/1/list`, { termMonths: 6, reason, evidence: paper });
}

async function unlisted(act: Act, { code }: Subject, path = `enterprise/${code}`): Promise<void> {
  const objections = `/blacklist/${path}/cases/1/objections`;
  await act.do('clerk', objections, { on: TODAY, reasons: '有误' });
  await act.do('approver2', `${objections}/1/decide`, { upheld: true, reason, evidence: paper });
}

/** The bank reports a payment although its batch was cancelled, and people find out what there is to it. */
async function resolved(act: Act, outcome: 'accepted' | 'not-made'): Promise<void> {
  await answered(act, ['paid']);
  await act.settle();
  await act.do('finance3', `/payment-batches/${act.name}/lines/1/resolve-unexpected`, { outcome, reason, evidence: paper });
}

const placed = (act: Act, { code }: Subject) =>
  act.do('reviewer', `/ladders/${LADDER}/enterprises/${code}/assign`, { to: 'cultivation-pool', reason });

async function merged(act: Act, one?: Subject, survivor?: Subject): Promise<void> {
  await act.do('administrator', `/enterprises/${one?.code}/merge`, { survivor: survivor?.code, reason, evidence: paper });
}

export const SAGAS: readonly Saga[] = [
  {
    name: 'reserve and grant',
    subjects: 1,
    run: granted,
    leaves: ['award-grant-started', 'budget-reserved', 'award-granted'],
  },
  {
    name: 'a grant the line cannot bear',
    subjects: 1,
    run: async (act, subject) => {
      await grant(act, subject, 'poor');
    },
    leaves: ['award-grant-started', 'award-grant-failed'],
  },
  {
    name: 'revoking, and the budget that is free again',
    subjects: 1,
    before: granted,
    run: async (act, subject) => {
      await revoked(act, subject);
    },
    leaves: ['award-revoked', 'budget-released'],
  },
  {
    name: 'an award that lapses, and the budget that is free again',
    subjects: 1,
    before: granted,
    run: async (act, { award }) => {
      await act.do('approver2', `/awards/${award}/lapse`, { reason, evidence: paper });
    },
    leaves: ['award-lapsed', 'budget-released'],
  },
  {
    name: 'revoking what is at the bank, which then pays it',
    subjects: 1,
    before: frozen,
    run: async (act, subject) => {
      await revoked(act, subject);
      await answered(act, ['paid']);
    },
    leaves: ['award-revoked', 'batch-results-recorded', 'budget-spent', 'instalment-paid', 'budget-released'],
  },
  {
    name: 'revoking one half at the bank, which then pays it, and the other half that is free again',
    subjects: 1,
    before: async (act, subject) => frozen(act, await staged(act, subject)),
    run: async (act, { code }) => {
      await revoked(act, stagedOf(code));
      await answered(act, ['paid'], HALF);
    },
    leaves: ['award-revoked', 'batch-results-recorded', 'budget-spent', 'instalment-paid', 'budget-released'],
  },
  {
    name: 'revoking what is ordered, whose batch is then cancelled',
    subjects: 1,
    before: frozen,
    run: async (act, subject) => {
      await revoked(act, subject);
      await act.do('finance2', `/payment-batches/${act.name}/cancel`, { reason });
    },
    leaves: ['award-revoked', 'batch-cancelled', 'instalment-order-cancelled', 'budget-released'],
  },
  {
    name: 'revoking what is at the bank, which then returns it',
    subjects: 1,
    before: frozen,
    run: async (act, subject) => {
      await revoked(act, subject);
      await answered(act, ['returned']);
    },
    leaves: ['award-revoked', 'batch-results-recorded', 'instalment-returned', 'budget-released'],
  },
  {
    name: 'clawing back what was paid',
    subjects: 1,
    before: async (act, ...subjects) => {
      await frozen(act, ...subjects);
      await answered(act, ['paid']);
    },
    run: async (act, subject) => {
      const award = `/awards/${subject?.award}`;
      await revoked(act, subject);
      await act.do('approver2', `${award}/clawbacks`, { cause: 'fraud', principal: '5000.00', dueOn: '2024-06-30', reason });
      await act.do('finance', `${award}/clawbacks/1/receipts`, { amount: '2000.00', on: TODAY, reference: 'R1' });
      await act.do('finance', `${award}/clawbacks/1/receipts`, { amount: '3000.00', on: TODAY, reference: 'R2' });
    },
    leaves: ['award-revoked', 'clawback-demanded', 'clawback-received', 'clawback-received'],
  },
  {
    name: 'a listing, and the holds it brings',
    subjects: 1,
    before: granted,
    run: (act, subject) => listed(act, subject),
    leaves: ['listing-decided', 'award-held'],
  },
  {
    name: 'a listing that ends, and the holds it releases',
    subjects: 1,
    before: async (act, subject) => {
      await granted(act, subject);
      await listed(act, subject);
    },
    run: (act, subject) => unlisted(act, subject),
    leaves: ['listing-ended', 'award-hold-released'],
  },
  {
    name: 'a grant to one who is listed meanwhile',
    subjects: 1,
    run: granted,
    meanwhile: { append: 'award-granted', run: (act, subject) => listed(act, subject) },
    leaves: ['award-grant-started', 'budget-reserved', 'listing-decided', 'award-granted', 'award-held'],
  },
  {
    name: 'a hold for a listing of a person that ends meanwhile',
    subjects: 1,
    before: async (act, subject) => {
      await granted(act, subject);
      await listed(act, subject, `person/${subject.person}`);
    },
    run: async (act, { award, person }) => {
      await act.send('approver2', `/awards/${award}/hold`, { reason, listing: `person.${person}.1` });
    },
    meanwhile: { append: 'award-held', run: (act, subject) => unlisted(act, subject, `person/${subject.person}`), mayComeFirst: true },
    leaves: ['listing-ended', 'award-held', 'award-hold-released'],
  },
  {
    name: 'freezing a batch',
    subjects: 2,
    before: granted,
    run: async (act, ...subjects) => {
      await prepared(act, ...subjects);
      await act.do('finance', `/payment-batches/${act.name}/freeze`);
    },
    leaves: ['batch-freeze-started', 'instalment-ordered', 'instalment-ordered', 'batch-frozen'],
  },
  {
    name: 'freezing a batch one of whose awards is held meanwhile',
    subjects: 2,
    before: async (act, ...subjects) => {
      await granted(act, ...subjects);
      await prepared(act, ...subjects);
      await act.do('approver2', `/awards/${subjects[0]?.award}/hold`, { reason });
    },
    run: async (act) => {
      await act.do('finance', `/payment-batches/${act.name}/freeze`);
    },
    leaves: ['batch-freeze-started', 'instalment-ordered', 'batch-frozen'],
  },
  {
    name: 'what the bank paid and what it returned',
    subjects: 2,
    before: frozen,
    run: async (act) => {
      await answered(act, ['paid', 'returned']);
    },
    leaves: ['batch-results-recorded', 'budget-spent', 'instalment-paid', 'instalment-returned'],
  },
  {
    name: 'a payment that comes back',
    subjects: 1,
    before: async (act, ...subjects) => {
      await frozen(act, ...subjects);
      await answered(act, ['paid']);
    },
    run: async (act) => {
      await answered(act, ['returned']);
    },
    leaves: ['batch-results-recorded', 'budget-spending-returned', 'instalment-returned'],
  },
  {
    name: 'cancelling a frozen batch',
    subjects: 2,
    before: frozen,
    run: async (act) => {
      await act.do('finance2', `/payment-batches/${act.name}/cancel`, { reason });
    },
    leaves: ['batch-cancelled', 'instalment-order-cancelled', 'instalment-order-cancelled'],
  },
  {
    name: 'a payment nobody expected, and its acceptance',
    subjects: 1,
    before: cancelled,
    run: (act) => resolved(act, 'accepted'),
    leaves: [
      'batch-unexpected-results',
      'award-held',
      'batch-unexpected-resolved',
      'budget-spent',
      'instalment-paid',
      'award-hold-released',
    ],
  },
  {
    name: 'a payment nobody expected, which was not made',
    subjects: 1,
    before: cancelled,
    run: (act) => resolved(act, 'not-made'),
    leaves: ['batch-unexpected-results', 'award-held', 'batch-unexpected-resolved', 'award-hold-released'],
  },
  {
    name: 'a payment nobody expected of what another batch has paid',
    subjects: 1,
    before: async (act, subject) => {
      await cancelled(act, subject);
      const other = new Act(act.ledger, `${act.name}B`, 'before');
      await prepared(other, subject);
      await other.do('finance', `/payment-batches/${other.name}/freeze`);
      await answered(other, ['paid']);
    },
    run: async (act, { award }) => {
      await resolved(act, 'accepted');
      await act.settle();
      await act.do('approver2', `/awards/${award}/clawbacks`, { cause: 'overpayment', principal: '5000.00', dueOn: '2024-06-30', reason });
    },
    leaves: ['batch-unexpected-results', 'award-held', 'batch-unexpected-resolved', 'instalment-overpaid', 'clawback-demanded'],
  },
  {
    name: 'moving money to another line',
    subjects: 1,
    run: async (act) => {
      const to = { pack: PACK, line: 'others', period: '2024' };
      await act.do('finance', `/budgets/${PACK}/awards/2024/transfers`, { to, amount: '1.00', reason, evidence: paper });
    },
    leaves: ['budget-transferred-out', 'budget-transferred-in'],
  },
  {
    name: 'closing a line, and what it carries over',
    subjects: 1,
    before: async (act) => {
      const line = act.name.toLowerCase();
      await act.do('finance', '/budgets', { pack: PACK, line, period: '2023', title: line });
      await act.do('finance', `/budgets/${PACK}/${line}/2023/appropriations`, { amount: '1.00', reason, evidence: paper });
    },
    run: async (act) => {
      const to = { pack: PACK, line: 'others', period: '2024' };
      await act.do('finance', `/budgets/${PACK}/${act.name.toLowerCase()}/2023/close`, { to, evidence: paper });
    },
    leaves: ['budget-closed', 'budget-transferred-in'],
  },
  {
    name: 'closing a line whose money finds no room, and its way back',
    subjects: 1,
    before: async (act) => {
      const line = act.name.toLowerCase();
      for (const [period, amount] of Object.entries({ 2023: '1.00', 2024: FULL })) {
        await act.do('finance', '/budgets', { pack: PACK, line, period, title: line });
        await act.do('finance', `/budgets/${PACK}/${line}/${period}/appropriations`, { amount, reason, evidence: paper });
      }
    },
    run: async (act) => {
      const line = act.name.toLowerCase();
      await act.do('finance', `/budgets/${PACK}/${line}/2023/close`, { to: { pack: PACK, line, period: '2024' }, evidence: paper });
    },
    leaves: ['budget-closed', 'budget-transferred-in'],
  },
  {
    name: 'a review that takes an enterprise out of its ladder',
    subjects: 1,
    before: async (act, subject) => {
      await placed(act, subject);
      await act.do('clerk', REVIEW);
      await act.settle();
      await act.do('clerk', `${REVIEW}/propose`, { restart: true });
    },
    run: async (act, subject) => {
      await act.do('approver', `${REVIEW}/decide`, { decisions: [{ creditCode: subject?.code, to: 'out' }], reason });
    },
    leaves: ['tier-proposals-decided', 'tier-removed'],
  },
  {
    name: 'a review that brings in one who is listed meanwhile, and has its decision back',
    subjects: 1,
    before: async (act) => {
      await act.do('clerk', REVIEW);
      await act.settle();
      await act.do('clerk', `${REVIEW}/propose`, { scope: 'all', restart: true });
    },
    run: async (act, { code }) => {
      const decisions = [{ creditCode: code, to: 'cultivation-pool', override: reason }];
      await act.do('approver', `${REVIEW}/decide`, { decisions, reason, evidence: paper });
    },
    meanwhile: { append: 'tier-proposals-decided', run: (act, subject) => listed(act, subject) },
    leaves: ['listing-decided', 'tier-proposals-decided', 'tier-decision-failed'],
  },
  {
    name: 'a merger into a black-listed enterprise of one that stands in a ladder',
    subjects: 2,
    before: async (act, one, other) => {
      await placed(act, one);
      await granted(act, one);
      await listed(act, other);
    },
    run: (act, one, other) => merged(act, one, other),
    leaves: ['absorption-announced', 'enterprise-merged', 'enterprise-absorbed', 'award-held', 'tier-removed'],
  },
  {
    name: 'a merger into one that is itself merged away before it absorbs, and hands on what it has absorbed',
    subjects: 3,
    run: (act, one, other) => merged(act, one, other),
    meanwhile: { reaction: 'enterprise-merger to enterprise-merged', run: (act, _one, other, third) => merged(act, other, third) },
    leaves: [
      'absorption-announced',
      'absorption-announced',
      'enterprise-merged',
      'enterprise-merged',
      ...Array<string>(3).fill('enterprise-absorbed'),
    ],
  },
];
