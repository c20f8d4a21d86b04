import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays, type BusinessDate } from '@app/kernel';
import { Office, paper } from '../support/office.js';
import { onOurClock, STORE } from '../support/store-under-test.js';
import { seededRandom } from '../support/random.js';

const PACK = 'ganzhou-etdz-2023';
const LADDER = 'baiyun-cultivation';
const SEED = 20_240_506;
const FIRST = '2024-05-06' as BusinessDate;
const reason = '会议决定';
const documentNo = '测财〔2024〕1号';

/** Read routes that no point in time is asked of, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  '/health': 'how the program is',
  '/health/live': 'how the program is',
  '/health/ready': 'how the program is',
  '/metrics': 'how the program is',
  '/v1/subscribers': 'how the program is',
  '/v1/subscribers/verifications': 'how the program is',
  '/v1/imports': 'reports of uploads, which the program keeps beside the ledger',
  '/v1/imports/{id}': 'reports of uploads, which the program keeps beside the ledger',
  '/v1/imports/templates/{kind}': 'empty forms',
  '/v1/payment-batches/{batch}/file': 'the list that makes the bank pay; what it is made of is compared',
  '/v1/public-notices/file': 'a print of a list that is compared',
  '/v1/exports/{path}': 'files of lists that are compared',
  '/v1/differences/{path}': 'two answers of a list that is compared',
  '/v1/audit/recomputation': 'JSON Lines with progress by time taken',
  '/v1/audit/forecast': 'JSON Lines with progress by time taken',
  '/v1/audit/forecast/totals': 'JSON Lines with progress by time taken',
};

/** Read routes that are not shown as of a business date: the records themselves, what is true of a text or a listing on any day, the check of the books. */
const WITHOUT_DAY = [
  '/v1/audit/detectors',
  '/v1/audit/events/{position}',
  '/v1/audit/findings',
  '/v1/audit/findings/summary',
  '/v1/audit/findings/{id}',
  '/v1/audit/timeline/{kind}/{id}',
  '/v1/balances/reconciliation',
  '/v1/blacklist-reviews/{listing}/awards',
  '/v1/policies/open-questions',
];

/** Read routes whose day says something else: when a text had force, whenever it was published; the day of a clearance; on which a notice was on view. */
const OTHER_DAY = [
  '/v1/policies',
  '/v1/policies/{pack}',
  '/v1/audit/reliance/{kind}/{id}',
  '/v1/audit/reliance/{kind}/{of}/{id}',
  '/v1/public-notices',
];

type Send = readonly [actor: string, url: string, body?: object];
/** What is sent together, in one day. It is tried again in the next round until it is accepted. */
type Step = readonly Send[];

let office: Office;
beforeAll(async () => {
  office = await Office.open(FIRST, onOurClock(STORE));
});
afterAll(() => office.close());

const award = (payee: string, project: string) => `${PACK}.G13.${payee}.${project}`;
const at = (payee: string, project: string) => `/awards/${award(payee, project)}`;
const apply = (payee: string, occasion: string, more: object = {}): Step => [
  ['clerk', '/awards', { pack: PACK, clause: 'G13', payee, occasion, ...more }],
];
const toNotice = (payee: string, project: string): readonly Step[] => [
  [['clerk', `${at(payee, project)}/assess`]],
  [['reviewer', `${at(payee, project)}/review`, { recommended: true }]],
  [['clerk', `${at(payee, project)}/publicise`]],
];
const grant = (payee: string, project: string, line = 'awards'): Step => [
  ['approver', `${at(payee, project)}/grant`, { line, period: '2024', documentNo }],
];
const order = (batch: string, payee: string, project: string): Step => [
  ['finance', '/payment-batches', { batch, title: batch, instalments: [{ award: award(payee, project), instalment: 1 }] }],
  ['finance', `/payment-batches/${batch}/freeze`],
];
const bank = (batch: string, result: 'paid' | 'returned'): (() => Step) => {
  return () => {
    const content = [
      'batch,line,amount,result,date,reference',
      [batch, 1, '5000.00', result, office.today, `${batch}-${result}`].join(','),
    ].join('\n');
    return [['finance', `/payment-batches/${batch}/results`, { file: `${batch}.csv`, content }]];
  };
};

/** One course of events after another: each goes on by itself, and all of them side by side. */
function lives(payees: readonly string[], agency: string, other: string, newcomer: string): readonly (readonly (Step | (() => Step))[])[] {
  const [a, b, c, d] = payees as [string, string, string, string];
  const today = () => office.today;
  const on = () => ({ on: today(), evidence: paper });
  return [
    [
      apply(a, 'P1'),
      ...toNotice(a, 'P1'),
      grant(a, 'P1'),
      order('A1', a, 'P1'),
      bank('A1', 'paid'),
      bank('A1', 'returned'),
      order('A2', a, 'P1'),
      bank('A2', 'paid'),
    ],
    [
      apply(b, 'P1', { agency, persons: ['P-2024-001'] }),
      ...toNotice(b, 'P1'),
      grant(b, 'P1'),
      [['reviewer', `${at(b, 'P1')}/hold`, { reason: '核查' }]],
      [['approver', `${at(b, 'P1')}/hold/release`, { reason: '查清' }]],
      order('B1', b, 'P1'),
      bank('B1', 'paid'),
      () => [
        [
          'approver',
          `${at(b, 'P1')}/clawbacks`,
          { cause: 'misuse', principal: '3000.00', dueOn: addDays(today() as BusinessDate, 60), reason },
        ],
      ],
      () => [['finance', `${at(b, 'P1')}/clawbacks/1/receipts`, { amount: '1000.00', on: today(), reference: 'R1' }]],
      [['approver2', `${at(b, 'P1')}/clawbacks/1/write-off`, { amount: '2000.00', reason: '破产终结' }]],
    ],
    [
      apply(c, 'P1', { agency }),
      [['clerk', `${at(c, 'P1')}/withdraw`, { reason: '补充材料' }]],
      apply(c, 'P1', { persons: ['P-2024-002'] }),
      ...toNotice(c, 'P1'),
      [['auditor', `${at(c, 'P1')}/objections`, { by: '某企业', reason: '不实' }]],
      [['administrator', `${at(c, 'P1')}/objections/1/decide`, { upheld: true, reason: '属实' }]],
      ...toNotice(c, 'P1'),
      grant(c, 'P1', 'reserve'),
      [['approver', `${at(c, 'P1')}/lapse`, { reason: '企业放弃' }]],
    ],
    [
      apply(d, 'P1'),
      ...toNotice(d, 'P1'),
      grant(d, 'P1'),
      () => [
        [
          'clerk',
          '/blacklist/cases',
          {
            kind: 'enterprise',
            id: d,
            listingClass: 'general',
            ground: '虚报',
            legalBasis: '条例',
            reasons: '事实',
            rights: '陈述申辩',
            servedOn: today(),
            evidence: paper,
          },
        ],
        ['reviewer', `/blacklist/enterprise/${d}/cases/1/waive-statement`, on()],
      ],
      [['approver', `/blacklist/enterprise/${d}/cases/1/list`, { termMonths: 3, reason, evidence: paper }]],
      () => [['clerk', `/blacklist/enterprise/${d}/cases/1/objections`, { on: today(), reasons: '数据有误' }]],
      [['approver2', `/blacklist/enterprise/${d}/cases/1/objections/1/decide`, { upheld: true, reason, evidence: paper }]],
      [['approver', `${at(d, 'P1')}/revoke`, { cause: 'fraud', reason: '骗补' }]],
    ],
    [
      [['finance', `/budgets/${PACK}/awards/2024/adjustments`, { amount: '-100.00', reason: '压减', evidence: paper }]],
      [
        [
          'finance',
          `/budgets/${PACK}/awards/2024/transfers`,
          { to: { pack: PACK, line: 'reserve', period: '2024' }, amount: '200.00', reason: '调剂', evidence: paper },
        ],
      ],
      [['finance', `/budgets/${PACK}/reserve/2024/appropriations`, { amount: '700.00', reason: '追加', evidence: paper }]],
    ],
    [
      [['reviewer', `/ladders/${LADDER}/enterprises/${a}/assign`, { to: 'third', reason, override: '试点' }]].map(
        () => ['approver', `/ladders/${LADDER}/enterprises/${a}/assign`, { to: 'third', reason, override: '试点' }] as Send,
      ),
      [['clerk', `/tier-reviews/${LADDER}/2024`]],
      [['clerk', `/tier-reviews/${LADDER}/2024/propose`, { scope: 'standing' }]],
      [['approver', `/tier-reviews/${LADDER}/2024/decide`, { decisions: [{ creditCode: a, to: 'out' }], reason }]],
      [['approver', `/tier-reviews/${LADDER}/2024/close`, {}]],
      // Late enough that some have looked before it was there.
      [
        [
          'administrator',
          '/policies',
          {
            pack: readFileSync('docs/tour/tour-2020.yaml', 'utf8'),
            file: 'tour-2020.yaml',
            source: readFileSync('docs/tour/source.txt', 'utf8'),
            evidence: paper,
          },
        ],
      ],
      () => [['administrator', '/policies/tour-2020/expire', { on: today(), reason: '期满' }]],
    ],
    [
      [['clerk', '/enterprises', { creditCode: newcomer, name: '后来者', region: '经开区' }]],
      () => [
        [
          'clerk',
          `/enterprises/${newcomer}/certificates`,
          {
            number: 'GR1',
            kind: 'hnte',
            certification: 'first',
            issuedOn: today(),
            expiresOn: '2027-05-05',
            issuer: '认定机构',
            evidence: paper,
          },
        ],
        ['clerk', `/enterprises/${newcomer}/relocation`, { from: '南昌市', origin: 'in-province', whole: true, ...on() }],
      ],
      [['clerk', `/enterprises/${newcomer}/rename`, { name: '后来者科技', evidence: paper }]],
      () => [['clerk', `/enterprises/${newcomer}/titles`, { title: 'pacesetter', year: 2024, documentNo, ...on() }]],
      () => [['clerk', `/enterprises/${newcomer}/titles/withdraw`, { title: 'pacesetter', year: 2024, reason: '失信', ...on() }]],
      () => [['clerk', `/enterprises/${newcomer}/departure`, on()]],
      [['administrator', `/enterprises/${newcomer}/merge`, { survivor: a, reason: '吸收合并', evidence: paper }]],
    ],
    [
      () => [['clerk', '/targets/haimen-2022/H07/actuals', { period: '2024-Q1', value: '12', sourceUnit: '统计局', asOf: today() }]],
      [['reviewer', '/targets/haimen-2022/H07/actuals/1/verify', { evidence: paper }]],
      () => [
        [
          'clerk',
          '/targets/haimen-2022/H07/actuals',
          { period: '2024-Q1', value: '11', sourceUnit: '统计局', asOf: today(), corrects: 1, evidence: paper },
        ],
      ],
    ],
    [
      () => [['clerk', '/duties/ganzhou-2023/Z24/2024-Q2/done', on()]],
      [['reviewer', '/duties/ganzhou-2023/Z24/2024-Q2/reopen', { reason: '材料不全' }]],
    ],
    [
      () => [
        [
          'clerk',
          `/agencies/${other}/inspections`,
          { on: today(), inspector: '科技局', finding: 'fraud', summary: '弄虚作假', evidence: paper },
        ],
      ],
      [['approver', `/agencies/${other}/strike-off`, { reason, evidence: paper }]],
    ],
  ];
}

/** An example of every read route; the answer may be that there is nothing. */
function examples(payees: readonly string[], agency: string, other: string, newcomer: string): Readonly<Record<string, readonly string[]>> {
  const [a, b, c, d] = payees as [string, string, string, string];
  const line = `/v1/budgets/${PACK}/awards/2024`;
  return {
    '/v1/agencies': ['/v1/agencies', '/v1/agencies?status=struck-off'],
    '/v1/agencies/{code}': [`/v1/agencies/${other}`],
    '/v1/policies': ['/v1/policies'],
    '/v1/policies/open-questions': ['/v1/policies/open-questions'],
    '/v1/policies/{pack}': ['/v1/policies/tour-2020'],
    '/v1/audit/reliance/{kind}/{id}': [`/v1/audit/reliance/listing/enterprise.${d}.1`],
    '/v1/audit/reliance/{kind}/{of}/{id}': [`/v1/audit/reliance/fact/${a}/F1`],
    '/v1/audit/timeline/{kind}/{id}': [`/v1/audit/timeline/enterprise/${a}`, `/v1/audit/timeline/award/${award(b, 'P1')}`],
    '/v1/audit/findings': ['/v1/audit/findings'],
    '/v1/audit/findings/summary': ['/v1/audit/findings/summary'],
    '/v1/audit/findings/{id}': ['/v1/audit/findings/none'],
    '/v1/audit/detectors': ['/v1/audit/detectors'],
    '/v1/targets': ['/v1/targets?pack=haimen-2022', '/v1/targets?pack=ganzhou-2023'],
    '/v1/targets/{pack}/{clause}': ['/v1/targets/haimen-2022/H07'],
    '/v1/target-tables/{pack}/{clause}': ['/v1/target-tables/ganzhou-2023/Z29'],
    '/v1/targets/{pack}/{clause}/entries': ['/v1/targets/haimen-2022/H07/entries'],
    '/v1/budgets': ['/v1/budgets', '/v1/budgets?period=2024&limit=1'],
    '/v1/budgets/{pack}/{line}/{period}': [line],
    '/v1/budgets/{pack}/{line}/{period}/reservations': [`${line}/reservations`, `${line}/reservations?status=released`],
    '/v1/blacklist': ['/v1/blacklist'],
    '/v1/blacklist/cases': ['/v1/blacklist/cases', '/v1/blacklist/cases?status=open'],
    '/v1/blacklist/{kind}/{id}': [`/v1/blacklist/enterprise/${d}`],
    '/v1/titles': ['/v1/titles?title=pacesetter'],
    '/v1/enterprises': ['/v1/enterprises', '/v1/enterprises?q=后来者'],
    '/v1/enterprises/{code}': [`/v1/enterprises/${a}`, `/v1/enterprises/${newcomer}`],
    '/v1/rosters': ['/v1/rosters'],
    '/v1/rosters/{pack}/{clause}': ['/v1/rosters/ganzhou-etdz-2023/G51'],
    '/v1/ladders': ['/v1/ladders'],
    '/v1/ladders/{ladder}/enterprises': [`/v1/ladders/${LADDER}/enterprises`],
    '/v1/ladders/{ladder}/diagnosis/{code}': [`/v1/ladders/${LADDER}/diagnosis/${a}`],
    '/v1/enterprises/{code}/tiers': [`/v1/enterprises/${a}/tiers`],
    '/v1/tier-reviews/{ladder}/{year}': [`/v1/tier-reviews/${LADDER}/2024`],
    '/v1/tier-reviews/{ladder}/{year}/proposals': [`/v1/tier-reviews/${LADDER}/2024/proposals`],
    '/v1/tier-reviews/{ladder}/{year}/recommendations': [`/v1/tier-reviews/${LADDER}/2024/recommendations`],
    '/v1/payment-batches': ['/v1/payment-batches'],
    '/v1/payment-batches/{batch}': ['/v1/payment-batches/A1', '/v1/payment-batches/B1'],
    '/v1/entitlements': [`/v1/entitlements?pack=${PACK}&near=true`],
    '/v1/blacklist-reviews/{listing}/awards': [`/v1/blacklist-reviews/enterprise.${d}.1/awards`],
    '/v1/public-notices': ['/v1/public-notices'],
    '/v1/awards': [
      '/v1/awards',
      `/v1/awards?payee=${c}`,
      '/v1/awards?status=granted',
      `/v1/awards?agency=${agency}`,
      '/v1/awards?person=P-2024-002',
    ],
    '/v1/awards/{award}': payees.map((payee) => `/v1/awards/${award(payee, 'P1')}`),
    '/v1/due-instalments': ['/v1/due-instalments', `/v1/due-instalments?payee=${a}`],
    '/v1/balances': ['line', 'year', 'clause', 'payee'].map((by) => `/v1/balances?by=${by}`),
    '/v1/balances/trial': ['/v1/balances/trial'],
    '/v1/balances/reconciliation': ['/v1/balances/reconciliation'],
    '/v1/calendar': ['/v1/calendar', '/v1/calendar?pack=ganzhou-2023'],
    '/v1/calendar/findings': ['/v1/calendar/findings'],
  };
}

interface Snapshot {
  readonly position: number;
  readonly day: string;
  readonly answers: ReadonlyMap<string, unknown>;
}

async function answer(path: string): Promise<unknown> {
  const [status, text] = await office.text(encodeURI(path));
  const body: unknown = text === '' ? null : JSON.parse(text);
  return { status, body };
}

async function answers(paths: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
  const answered = new Map<string, unknown>();
  for (const path of paths) answered.set(path, await answer(path));
  return answered;
}

const withQuery = (path: string, query: string) => `${path}${path.includes('?') ? '&' : '?'}${query}`;

describe('a ledger that is looked at later', () => {
  let routes: readonly string[];
  let shown: Readonly<Record<string, readonly string[]>>;
  const snapshots: Snapshot[] = [];

  /** Every read route the ledger describes. */
  async function readRoutes(): Promise<readonly string[]> {
    const { body } = (await answer('/openapi.json')) as { body: { paths: Record<string, { get?: object }> } };
    return Object.entries(body.paths).flatMap(([path, { get }]) => (get === undefined ? [] : [path]));
  }

  /** Whether a route takes a business date: what is no day is then found fault with, and not that there is one. */
  async function takesDay(path: string): Promise<boolean> {
    const { body } = (await answer(withQuery(path, 'on=someday'))) as { body: { errors?: readonly { field: string; rule: string }[] } };
    return body.errors?.some(({ field, rule }) => field === 'on' && rule !== 'whitelistValidation') === true;
  }

  async function look(): Promise<void> {
    // A position stands on the day on which its event was recorded.
    await office.do('finance', `/budgets/${PACK}/reserve/2024/appropriations`, {
      amount: '1.00',
      reason: `${office.today}追加`,
      evidence: paper,
    });
    await office.settle();
    const { body } = (await answer('/health')) as { body: { position: number } };
    snapshots.push({ position: body.position, day: office.today, answers: await answers(Object.values(shown).flat()) });
  }

  beforeAll(async () => {
    const random = seededRandom(SEED);
    for (const line of ['awards', 'reserve']) {
      await office.do('finance', '/budgets', { pack: PACK, line, period: '2024', title: line });
      await office.do('finance', `/budgets/${PACK}/${line}/2024/appropriations`, {
        amount: '50000.00',
        reason: '年初预算',
        evidence: paper,
      });
    }
    const payees: string[] = [];
    for (let number = 0; number < 4; number += 1) {
      const payee = await office.enterprise({ facts: { 'payment.account': `账户${number}` } });
      await office.do('clerk', `/enterprises/${payee}/facts`, {
        facts: [{ name: 'project.landed', value: true, subject: 'P1', sourceUnit: '测试' }],
      });
      await office.do('reviewer2', `/enterprises/${payee}/facts/F2/verify`, { evidence: paper });
      payees.push(payee);
    }
    const [agency, other, newcomer] = [office.code(), office.code(), office.code()];
    for (const creditCode of [agency, other])
      await office.do('clerk', '/agencies', {
        creditCode,
        name: '虚构代理公司',
        services: ['申报'],
        contactUnit: '综合部',
        from: office.today,
        evidence: paper,
      });
    routes = await readRoutes();
    const [, , third] = await office.positions();
    shown = { ...examples(payees, agency, other, newcomer), '/v1/audit/events/{position}': [`/v1/audit/events/${third}`] };

    const going = lives(payees, agency, other, newcomer).map((steps) => [...steps]);
    const refused = new Map<string, string>();
    for (let round = 0; going.some(({ length }) => length > 0); round += 1) {
      if (round > 60) throw new Error(`these were never accepted: ${JSON.stringify([...refused.values()])}`);
      for (const life of going.filter(({ length }) => length > 0)) {
        if (random() < 0.35) continue;
        const next = life[0] as Step | (() => Step);
        const step = typeof next === 'function' ? next() : next;
        await office.settle();
        let isDone = true;
        for (const [actor, url, body] of step) {
          const { did, body: problem } = await office.post(actor, url, body);
          const isAccepted = /^20[01]$/.test(did);
          isDone = isDone && isAccepted;
          if (isAccepted) refused.delete(url);
          else refused.set(url, `${url}: ${did} ${String(problem['detail'])}`);
        }
        if (isDone) life.shift();
      }
      if (round % 6 === 3) await look();
      office.reach(addDays(office.today as BusinessDate, 1 + Math.floor(random() * 4)));
    }
    await look();
    office.reach(addDays(office.today as BusinessDate, 90));
  }, 240_000);

  it('has an example of every read route, or a reason for none', () => {
    const known = [...Object.keys(shown), ...Object.keys(LEFT_OUT)].sort();
    expect([...routes].sort()).toEqual(known);
    // An example that never showed anything would say nothing.
    const last = snapshots.at(-1)?.answers ?? new Map<string, { status: number }>();
    const empty = [...last].filter(([path, one]) => (one as { status: number }).status !== 200 && !path.endsWith('/none'));
    expect(empty).toEqual([]);
    expect(snapshots.length).toBeGreaterThanOrEqual(3);
  });

  it('answers as of a position what it answered there', async () => {
    for (const { position, answers: then } of snapshots) {
      for (const [path, answered] of then) {
        const now = await answer(withQuery(path, `asOf=${position}`));
        expect({ path, position, ...(now as object) }).toEqual({ path, position, ...(answered as object) });
      }
    }
  }, 120_000);

  it('answers for a business day what it answered on that day, where nothing was dated back', async () => {
    const dated: string[] = [];
    for (const [route, paths] of Object.entries(shown)) if (await takesDay(paths[0] as string)) dated.push(route);
    expect(dated.filter((route) => WITHOUT_DAY.includes(route))).toEqual([]);
    expect(Object.keys(shown).filter((route) => ![...dated, ...WITHOUT_DAY].includes(route))).toEqual([]);
    const paths = dated.filter((one) => !OTHER_DAY.includes(one)).flatMap((one) => shown[one] ?? []);
    // From the end, and once from between: what was true on the first day by what was known at the second position.
    const asked = snapshots.map(({ day, answers: then }) => ({ query: `on=${day}`, then }));
    const [first, second] = snapshots as [Snapshot, Snapshot];
    asked.push({ query: `on=${first.day}&asOf=${second.position}`, then: first.answers });
    for (const { query, then } of asked) {
      for (const path of paths) {
        const [now, answered] = [await answer(withQuery(path, query)), then.get(path)];
        expect({ path, query, ...comparable(path, now) }).toEqual({ path, query, ...comparable(path, answered) });
      }
    }
  }, 120_000);
});

/** Leaves out what a later day knows besides: until when a standing lasted, names taken since, and how many enterprises there are by now. */
function comparable(path: string, answered: unknown): object {
  const { status, body } = answered as { status: number; body: Record<string, unknown> };
  // What is not there yet is said so with the day.
  if (status === 404) return { status, code: body['code'] };
  if (path.startsWith(`/v1/ladders/${LADDER}/enterprises`) || path.includes('/rosters/')) {
    const items = (body['items'] as readonly Record<string, unknown>[]).map(({ until: _until, ...standing }) => standing);
    return { status, body: { ...body, items } };
  }
  // Of the whole dossier, by what is known of it now.
  if (/^\/v1\/enterprises\/\w+$/.test(path)) return { status, body: { ...body, revision: null, position: null } };
  if (path.startsWith('/v1/agencies/')) return { status, body: { ...body, names: null } };
  if (path.startsWith('/v1/entitlements')) return { status, body: { ...body, progress: null } };
  return { status, body };
}
