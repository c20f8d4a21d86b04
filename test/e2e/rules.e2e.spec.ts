import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays, type BusinessDate, Decimal } from '@app/kernel';
import {
  bundledCatalogue,
  bundledPackFiles,
  bundledPacks,
  type Clause,
  type Comparison,
  coverage,
  type CoverageRow,
  type Fulfilment,
  type Pack,
  type RosterRule,
  type Shape,
} from '@app/policies';
import { type Answer, Office, paper } from '../support/office.js';

type Of<Kind extends Shape['kind']> = Clause & { readonly shape: Extract<Shape, { kind: Kind }> };
interface Rule extends CoverageRow {
  readonly held: Clause;
  /** The clauses that complete it, each with a figure of its own. */
  readonly parts: readonly Clause[];
  readonly of: Pack;
}

const rules = coverage(bundledCatalogue(), bundledPacks()).map((row): Rule => {
  const of = bundledPacks().find(({ id }) => id === row.pack) as Pack;
  const held = of.clauses.find(({ id }) => id === row.clause) as Clause;
  return { ...row, of, held, parts: of.clauses.filter(({ partOf }) => partOf === held.id) };
});
const handled = (handling: Rule['handling']) => rules.filter((row) => row.handling === handling);
const named = (rows: readonly Rule[]) => rows.map((row) => [row.id, row] as const);

const DRAFT = 'jiangmen-2021';
const ISSUED = '2022-01-10';
const ETDZ = 'ganzhou-etdz-2023';
const CULTIVATION = 'ganzhou-etdz-cultivation';
/** The first and the last day, and the days beside them. */
const FORCE = { '2023-06-29': 'not-in-force', '2023-06-30': 'payable', '2026-06-29': 'payable', '2026-06-30': 'not-in-force' };
const reason = '会议决定';

let office: Office;
/** What is refused before a text has any force, by what was asked. */
const early = new Map<string, Answer>();

beforeAll(async () => {
  office = await Office.open(ISSUED);
  const payee = await office.enterprise();
  const cited = { pack: DRAFT, clause: 'J11' };
  early.set('ladder', await office.post('reviewer', `/ladders/jiangmen-listing/enterprises/${payee}/assign`, { to: 'seed', reason }));
  early.set('registry', await office.post('clerk', '/agencies', agencyOf(office.code(), cited)));
  early.set('blacklist', await office.post('clerk', '/blacklist/cases', caseOf('agency', office.code(), `${DRAFT} J09`)));
  const facts = { 'registration.inCity': true, 'certification.kind': 'first' };
  const simulation = { on: ISSUED, facts, simulate: true };
  early.set('simulation', await office.post('clerk', `/policies/${DRAFT}/clauses/J02/assess`, simulation));
  early.set('award', await reviewed(payee, { since: ISSUED }));
  // Issued: the same text, in force from today.
  const text = (bundledPackFiles().get(`${DRAFT}.yaml`) as string)
    .replace('status: draft', 'status: in-force')
    .replace(/^force: .*$/m, `force: { from: ${ISSUED}, until: null, note: 文本没有写明失效日期 }`);
  const issue = { pack: text, file: `${DRAFT}.yaml`, reason: '正式印发' };
  await office.do('administrator', `/policies/${DRAFT}/amend`, issue);
});
afterAll(() => office.close());

const agencyOf = (creditCode: string, clause: { readonly pack: string; readonly clause: string }) => ({
  creditCode,
  name: '虚构代理公司',
  services: ['高企申报'],
  contactUnit: '综合部',
  from: office.today,
  evidence: paper,
  clause,
});

type Kind = 'agency' | 'enterprise' | 'person';
/** A case against somebody; `cited` is a pack and a clause. */
function caseOf(kind: Kind, id: string, cited: string) {
  const [pack, clause] = cited.split(' ');
  const notice = { listingClass: 'general', ground: '弄虚作假', legalBasis: '条例', reasons: '事实', rights: '陈述申辩' };
  return { kind, id, ...notice, servedOn: office.today, evidence: paper, clause: { pack, clause } };
}

let projects = 0;
/** An application under a clause that asks for nothing but a landed project. */
function apply(payee: string, parties: { readonly agency?: string; readonly persons?: readonly string[] } = {}): Promise<Answer> {
  return office.post('clerk', '/awards', { pack: ETDZ, clause: 'G13', payee, occasion: `P${(projects += 1)}`, ...parties });
}

/** The same with everything it needs, to the review of what was assessed. */
async function reviewed(payee: string, { since }: { readonly since: string }): Promise<Answer> {
  const { award } = (await accepted(apply(payee))).body as { award: string };
  const fact = { name: 'project.landed', value: true, subject: `P${projects}`, period: since, sourceUnit: '测试' };
  await office.do('clerk', `/enterprises/${payee}/facts`, { facts: [fact] });
  await office.do('clerk', `/awards/${award}/assess`);
  return office.post('reviewer', `/awards/${award}/review`, { recommended: true, unverifiedReason: '已见原件' });
}

/** Counts what a case has shown: every rule must be seen to accept, and to refuse. */
const seen = { accepted: 0, refused: 0 };
async function accepted(asked: Promise<Answer>): Promise<Answer> {
  const answer = await asked;
  expect([answer.did, answer.body]).toEqual([expect.stringMatching(/^20[01]$/), expect.anything()]);
  seen.accepted += 1;
  return answer;
}
async function refused(did: string, asked: Promise<Answer> | Answer | undefined): Promise<Answer> {
  const answer = (await asked) as Answer;
  expect([answer.did, answer.body]).toEqual([did, expect.anything()]);
  seen.refused += 1;
  return answer;
}

/** The case is opened on the clause, heard and decided: the subject is listed from today. */
async function list(kind: Kind, id: string, cited: string): Promise<void> {
  const other = cited.startsWith(DRAFT) ? `${DRAFT} J11` : 'haimen-2022 H30';
  await refused('409 clause-not-about-blacklist', office.post('clerk', '/blacklist/cases', caseOf(kind, id, other)));
  await accepted(office.post('clerk', '/blacklist/cases', caseOf(kind, id, cited)));
  const listing = { termMonths: 6, reason: '属实', evidence: paper };
  await refused('409 statement-period-running', office.post('approver', `/blacklist/${kind}/${id}/cases/1/list`, listing));
  await office.do('clerk', `/blacklist/${kind}/${id}/cases/1/waive-statement`, { on: office.today, evidence: paper });
  await accepted(office.post('approver', `/blacklist/${kind}/${id}/cases/1/list`, listing));
}

/** Makes the gates hold that ladders ask for. */
const MEET: Readonly<Record<string, (code: string) => Promise<unknown>>> = {
  'tech-sme-registered': (code) => office.state(code, { 'enterprise.techSmeRegistered': true }),
  certified: (code) => office.certify(code, '2026-06-30'),
};

/** From outside to the top: each tier is refused while its gates are not met, and given when they are; never the wrong way round. */
async function climb({ held }: Rule): Promise<void> {
  const { ladder, tiers } = (held as Of<'ladder'>).shape;
  const code = await office.enterprise();
  const move = (how: string, to: string) => office.post('reviewer', `/ladders/${ladder}/enterprises/${code}/${how}`, { to, reason });
  for (const [rank, { id, gates = [] }] of tiers.entries()) {
    const below = tiers[rank - 1]?.id;
    const how = below === undefined ? 'assign' : 'promote';
    if (below !== undefined) await refused('409 not-a-demotion', move('demote', id));
    if (gates.length > 0) await refused('409 gates-not-met', move(how, id));
    for (const gate of gates) await MEET[gate]?.(code);
    await accepted(move(how, id));
    if (below !== undefined) await refused('409 not-a-promotion', move('promote', below));
  }
  const { items } = await office.get(`/enterprises/${code}/tiers?ladder=${ladder}`);
  expect(items.map(({ to, policy }) => [to, (policy as { clause: string }).clause])).toEqual(tiers.map(({ id }) => [id, held.id]));
}

/** Recommended with every finding, and not while this one is absent or adverse. */
async function clear({ held, of }: Rule): Promise<void> {
  const own = (held as Of<'clearance'>).shape;
  const asking = of.clauses.find(({ clearances, shape }) => shape.kind === 'ladder' && clearances?.includes(own.clearance));
  const { ladder, tiers } = (asking as Of<'ladder'>).shape;
  const tier = tiers.at(-1)?.id;
  const code = await office.enterprise({ certifiedUntil: '2026-06-30' });
  await office.do('reviewer', `/ladders/${ladder}/enterprises/${code}/assign`, { to: tier, reason });
  const review = `/tier-reviews/${ladder}/${office.today.slice(0, 4)}`;
  await office.do('clerk', review);
  const find = (found: Of<'clearance'>['shape'], finding: 'clear' | 'adverse') => {
    const { clearance, agency } = found;
    const document = { on: office.today, documentNo: `${finding}1号`, evidence: paper };
    return office.do('clerk', `/enterprises/${code}/clearances`, { clearance, agency, finding, ...document });
  };
  for (const { shape } of of.clauses) if (shape.kind === 'clearance' && shape !== own) await find(shape, 'clear');
  const recommend = () => office.post('approver', `${review}/recommend`, { enterprises: [code], reason });
  const lacks = { refused: [{ creditCode: code, missing: [own.clearance] }] };
  expect((await refused('409 clearance-missing', recommend())).body).toMatchObject(lacks);
  await find(own, 'adverse');
  expect((await refused('409 clearance-missing', recommend())).body).toMatchObject(lacks);
  await find(own, 'clear');
  expect((await accepted(recommend())).body).toMatchObject({ recommended: 1, refused: [] });
}

/**
 * One case for each rule that neither an assessment nor a budget line applies. They are called in this order, and the
 * calendar only goes forward.
 */
const CASES: Readonly<Record<string, (rule: Rule) => Promise<void>>> = {
  // 草案: what it would give can be computed, and nothing can be decided under it.
  J00: async () => {
    const simulation = await accepted(Promise.resolve(early.get('simulation') as Answer));
    expect(simulation.body).toMatchObject({ outcome: 'payable', simulated: true });
    for (const asked of ['ladder', 'registry', 'blacklist']) await refused('409 policy-not-in-force', early.get(asked));
  },
  // 施行日期与有效期: an application made before is assessed as not in force, and goes no further.
  G25: async () => {
    expect((await refused('409 assessment-not-payable', early.get('award'))).body).toMatchObject({ outcome: 'not-in-force' });
    await accepted(reviewed(await office.enterprise(), { since: office.today }));
    for (const [on, outcome] of Object.entries(FORCE)) {
      const { body } = await office.do('clerk', `/policies/${ETDZ}/clauses/G13/assess`, { on, facts: { 'project.landed': true } });
      expect([on, body['outcome']]).toEqual([on, outcome]);
    }
  },
  H21: climb,
  G61: climb,
  J21: climb,
  H25: clear,
  H26: clear,
  H27: clear,
  H28: clear,
  H35: clear,
  // 培育库的动态调整: not closed while anything is undecided, and carried out once.
  G49: async () => {
    const code = await office.enterprise();
    const standing = async () => (await office.get(`/ladders/${CULTIVATION}/enterprises`)).items.map(({ creditCode }) => creditCode);
    await office.do('reviewer', `/ladders/${CULTIVATION}/enterprises/${code}/assign`, { to: 'cultivation-pool', reason });
    expect(await standing()).toContain(code);
    const review = `/tier-reviews/${CULTIVATION}/2024`;
    await accepted(office.post('clerk', review));
    await refused('409 proposals-incomplete', office.post('approver', `${review}/close`));
    await accepted(office.post('clerk', `${review}/propose`));
    await refused('409 proposals-undecided', office.post('approver', `${review}/close`));
    const removal = { decisions: [{ creditCode: code, to: 'out' }], reason };
    await accepted(office.post('approver', `${review}/decide`, removal));
    await accepted(office.post('approver', `${review}/close`));
    expect(await standing()).not.toContain(code);
    await refused('409 tier-review-closed', office.post('clerk', review));
  },
  J11: async () => {
    const [payee, agency] = [await office.enterprise(), office.code()];
    await refused('409 agency-not-registered', apply(payee, { agency }));
    const other = { pack: DRAFT, clause: 'J09' };
    await refused('409 clause-not-about-registry', office.post('clerk', '/agencies', agencyOf(agency, other)));
    await accepted(office.post('clerk', '/agencies', agencyOf(agency, { pack: DRAFT, clause: 'J11' })));
    await accepted(apply(payee, { agency }));
  },
  J09: async () => {
    const [payee, agency] = [await office.enterprise(), office.code()];
    await office.do('clerk', '/agencies', agencyOf(agency, { pack: DRAFT, clause: 'J11' }));
    await accepted(apply(payee, { agency }));
    await list('agency', agency, `${DRAFT} J09`);
    await refused('409 black-listed', apply(payee, { agency }));
    await accepted(apply(payee));
  },
  J10: async () => {
    const payee = await office.enterprise();
    await accepted(apply(payee, { persons: ['P-2024-001'] }));
    await list('person', 'P-2024-001', `${DRAFT} J10`);
    await refused('409 black-listed', apply(payee, { persons: ['P-2024-001'] }));
    await accepted(apply(payee, { persons: ['P-2024-002'] }));
  },
  // 联合惩戒: listed in one district, refused by another policy and by a ladder.
  H24: async () => {
    const code = await office.enterprise({ facts: { 'enterprise.techSmeRegistered': true } });
    await accepted(apply(code));
    await list('enterprise', code, 'haimen-2022 H24');
    await refused('409 black-listed', apply(code));
    const assign = { to: 'tech-sme', reason };
    await refused('409 black-listed', office.post('reviewer', `/ladders/ganzhou-etdz-echelon/enterprises/${code}/assign`, assign));
  },
  // 信用修复: not before the shortest period has been served; then the way is open again.
  H29: async () => {
    const code = await office.enterprise();
    await list('enterprise', code, 'haimen-2022 H29');
    const repair = `/blacklist/enterprise/${code}/cases/1/repair`;
    const ask = () => {
      const claims = { corrected: '已纠正', duties: '已履行', commitment: '已公开承诺' };
      return office.post('clerk', repair, { on: office.today, ...claims, evidence: paper });
    };
    office.reach('2024-04-07');
    await refused('409 minimum-period-not-served', ask());
    office.reach('2024-04-08');
    await accepted(ask());
    await refused('409 black-listed', apply(code));
    await accepted(office.post('approver', `${repair}/decide`, { accepted: true, reason: '已纠正', evidence: paper }));
    await accepted(apply(code));
  },
};

describe('an executable rule that is neither assessed nor a sum set aside', () => {
  // Those are proved in libs/policies/src/coverage.spec.ts and test/envelope-ceilings.spec.ts; the classes of disclosure that
  // exports respect, in test/e2e/exports.e2e.spec.ts.
  const rows = handled('executable').filter(
    ({ id, held }) => ['ladder', 'clearance', 'note'].includes(held.shape.kind) && !['H36', 'Z25'].includes(id),
  );
  beforeAll(() => office.reach('2024-01-08'));

  it('has a case each, and every other one is of a shape proved elsewhere', () => {
    expect(rows.map(({ id }) => id).sort()).toEqual(Object.keys(CASES).sort());
    const others = new Set(handled('executable').flatMap((row) => (rows.includes(row) ? [] : [row.held.shape.kind])));
    const proved = ['budget', 'discretionary', 'fixed', 'gate', 'level-table', 'match', 'note', 'percent', 'staged', 'tier'];
    expect([...others].sort()).toEqual(proved);
  });

  it.each(Object.entries(CASES))('%s accepts, and refuses', async (id, show) => {
    Object.assign(seen, { accepted: 0, refused: 0 });
    await show(rows.find((row) => row.id === id) as Rule);
    expect([seen.accepted > 0, seen.refused > 0]).toEqual([true, true]);
  });
});

describe('a registered rule', () => {
  it.each(named(handled('registered')))('%s is an open question, and pays nobody', async (_id, { held, of, note }) => {
    const open = await office.get(`/policies/open-questions?pack=${of.id}`);
    const [question] = open.items.filter(({ clause, kind }) => clause === held.id && kind === 'registered');
    expect(question).toMatchObject({ title: held.title, citation: held.citation });
    expect(note.startsWith(question?.['reason'] as string)).toBe(true);

    const payee = await office.enterprise();
    const certificate = await office.certify(payee, '2026-06-30');
    const occasion = { once: undefined, year: '2024', project: 'P1', transaction: 'T1', certificate }[held.uniqueness ?? 'once'];
    const application = { pack: of.id, clause: held.id, payee, ...(occasion !== undefined && { occasion }) };
    const answer = await office.post('clerk', '/awards', application);
    if (held.uniqueness === undefined) return expect(answer.did).toBe('409 clause-grants-nothing');
    const award = `/awards/${answer.body['award'] as string}`;
    await office.do('clerk', `${award}/assess`);
    const review = await office.post('reviewer', `${award}/review`, { recommended: true, unverifiedReason: '已见原件' });
    expect([review.did, review.body['outcome']]).toEqual(['409 assessment-not-payable', 'unresolved']);
  });
});

const later = (day: string, days: number): string => addDays(day as BusinessDate, days);

/** Makes the record that shows a duty of 2024 done. */
async function fulfil(by: Fulfilment, of: Pack): Promise<void> {
  switch (by.kind) {
    case 'tier-review': {
      const review = `/tier-reviews/${by.ladder}/2024`;
      await place(by.ladder);
      await office.do('clerk', review);
      await office.do('clerk', `${review}/propose`);
      await office.do('approver', `${review}/decide-all`, { kind: 'undetermined', decision: 'keep', reason });
      await office.do('approver', `${review}/close`);
      return;
    }
    case 'recommendation':
      await place(by.ladder);
      // Open already, or closed, where the review has been held.
      await office.post('clerk', `/tier-reviews/${by.ladder}/2024`);
      await office.do('approver', `/tier-reviews/${by.ladder}/2024/recommend`, { reason });
      return;
    case 'title': {
      const clause = of.clauses.find(({ shape }) => shape.kind === 'title' && shape.title === by.title) as Of<'title'>;
      const award = { title: by.title, ...gradeOf(clause), year: 2024, on: office.today, documentNo: '1号', evidence: paper };
      await office.do('clerk', `/enterprises/${await office.enterprise()}/titles`, award);
      return;
    }
    case 'appropriation':
      await office.do('finance', '/budgets', { pack: of.id, line: 'fund', period: '2024', title: '专项资金' });
      await office.do('finance', `/budgets/${of.id}/fund/2024/appropriations`, { amount: '1.00', reason, evidence: paper });
  }
}

/** Puts a new enterprise into the highest tier. */
async function place(ladder: string): Promise<string> {
  const { items } = await office.get('/ladders');
  const { tiers } = items.find((one) => one['ladder'] === ladder) as { tiers: { id: string }[] };
  const code = await office.enterprise();
  await office.do('approver', `/ladders/${ladder}/enterprises/${code}/assign`, { to: tiers.at(-1)?.id, reason, override: '试点企业' });
  return code;
}

const gradeOf = ({ shape: { grades } }: Of<'title'>) => (grades === undefined ? {} : { grade: Object.keys(grades)[0] });

const INSTANCES = { year: 1, 'half-year': 2, quarter: 4, once: 1 } as const;

async function deadline({ id, shape }: Of<'deadline'>, of: Pack): Promise<void> {
  const { every, by, fulfilledBy } = shape;
  const duties = async (day: string) => {
    const { items } = await office.get(`/calendar?pack=${of.id}&from=2024-01-01&until=2024-12-31&on=${day}&limit=500`);
    return items.filter(({ clause, due }) => clause === id && (due as string) >= '2024-01-01');
  };
  const known = await duties('2024-01-01');
  expect(known).toHaveLength(INSTANCES[every]);
  if (by !== 'end') expect(known).toMatchObject([{ due: `2024-${by}` }]);
  const standing = async (period: unknown, day: string) => (await duties(day)).find((duty) => duty['period'] === period);
  for (const { period, due } of known as { period: string; due: string }[]) {
    expect(await standing(period, later(due, -1))).toMatchObject({ status: 'due', daysLeft: 1 });
    expect(await standing(period, due)).toMatchObject({ status: 'due', daysLeft: 0 });
    expect(await standing(period, later(due, 1))).toMatchObject({ status: 'overdue', daysOver: 1 });
    const done = `/duties/${of.id}/${id}/${period}/done`;
    if (fulfilledBy === undefined) {
      expect((await office.post('clerk', done, { on: due, evidence: [] })).did).toBe('400 invalid-input');
      await office.do('clerk', done, { on: due, evidence: paper });
    } else await fulfil(fulfilledBy, of);
    const proof = { kind: fulfilledBy?.kind ?? 'officer' };
    expect(await standing(period, later(due, 1))).toMatchObject({ status: 'done', proof });
  }
}

/** One enterprise that is to be on the list, and one that is not. */
async function matchAndOther(rule: RosterRule): Promise<readonly [string, string]> {
  switch (rule.kind) {
    case 'expiring-certificates': {
      const last = rule.years.at(-1) as number;
      return [
        await office.enterprise({ certifiedUntil: `${last}-12-31` }),
        await office.enterprise({ certifiedUntil: `${last + 1}-01-01` }),
      ];
    }
    case 'facts': {
      const { input } = rule.when as { input: string };
      return [await office.enterprise({ facts: { [input]: true } }), await office.enterprise({ facts: { [input]: false } })];
    }
    case 'ladder':
      return [await place(rule.ladder), await office.enterprise()];
  }
}

async function roster({ id, shape }: Of<'roster'>, of: Pack): Promise<void> {
  expect((await office.get('/rosters')).items).toContainEqual(expect.objectContaining({ pack: of.id, clause: id }));
  const [matching, other] = await matchAndOther(shape.of);
  const { items } = await office.get(`/rosters/${of.id}/${id}?limit=500`);
  const codes = items.map(({ creditCode }) => creditCode);
  expect(codes).toContain(matching);
  expect(codes).not.toContain(other);
}

async function title(clause: Of<'title'>): Promise<void> {
  const { shape } = clause;
  const [code, other] = [await office.enterprise(), await office.enterprise()];
  const given = { title: shape.title, year: 2023, on: office.today, evidence: paper };
  const award = (more: object) => office.post('clerk', `/enterprises/${code}/titles`, { ...given, documentNo: '2号', ...more });
  if (shape.grades !== undefined) expect((await award({})).did).toBe('400 invalid-input');
  expect((await award(gradeOf(clause))).did).toBe('201');
  const holders = async () => (await office.get(`/titles?title=${shape.title}&year=2023`)).items;
  const held = { creditCode: code, name: shape.name, year: 2023, ...gradeOf(clause) };
  expect(await holders()).toMatchObject([held]);
  expect(await holders()).not.toContainEqual(expect.objectContaining({ creditCode: other }));
  expect((await holders())[0]).not.toHaveProperty('withdrawnOn');
  await office.do('clerk', `/enterprises/${code}/titles/withdraw`, { ...given, reason: '不再符合' });
  expect(await holders()).toMatchObject([{ ...held, withdrawnOn: office.today, withdrawalReason: '不再符合' }]);
}

/** A floor: what is missing to it is shown, and more than it is not refused. */
async function floor({ shape }: Of<'budget'>, { id: pack, envelopes }: Pack): Promise<void> {
  const { id: line, amount } = envelopes.find(({ id }) => id === shape.envelope) as Pack['envelopes'][number];
  await office.do('finance', '/budgets', { pack, line, period: '2024' });
  const funded = async (sum: string) => {
    await office.do('finance', `/budgets/${pack}/${line}/2024/appropriations`, { amount: sum, reason, evidence: paper });
    return (await office.get(`/budgets/${pack}/${line}/2024`)).body['envelope'];
  };
  const envelope = { rule: 'at-least', amount };
  const rest = new Decimal(amount).minus('0.01').toFixed(2);
  expect(await funded('0.01')).toMatchObject({ ...envelope, unfunded: rest });
  expect(await funded(rest)).toMatchObject({ ...envelope, unfunded: '0.00' });
  expect(await funded('0.01')).toMatchObject({ ...envelope, unfunded: '0.00' });
}

type Said = 'yes' | 'no';
/** What is said of a figure a step below the plan, at it, and a step above; with 左右, a step beyond the tolerance, and within. */
const SAID: Readonly<Record<Comparison, readonly [below: Said, at: Said, above: Said]>> = {
  'at-least': ['no', 'yes', 'yes'],
  'more-than': ['no', 'no', 'yes'],
  'at-most': ['yes', 'yes', 'no'],
  'less-than': ['yes', 'no', 'no'],
  exactly: ['no', 'yes', 'no'],
  about: ['no', 'yes', 'no'],
};
/** Both sides of a threshold: differences from the plan, with what is said of each. */
function sides(comparison: Comparison, step: string, tolerance = '0'): ReadonlyMap<string, Said> {
  const [below, at, above] = SAID[comparison];
  const [edge, beyond] = [new Decimal(tolerance), new Decimal(tolerance).plus(step)];
  const said = [
    [beyond.negated(), below],
    [edge.negated(), at],
    [new Decimal(0), at],
    [edge, at],
    [beyond, above],
  ] as const;
  return new Map(said.map(([difference, answer]) => [difference.toFixed(), answer]));
}
/** Things come whole; shares, sums and areas in hundredths. */
const stepOf = (unit: string) => (/^[家个名项件条]$/.test(unit) ? '1' : '0.01');
const BASE = '100';
/** The figure whose difference from, growth over or multiple of the base is this. */
function figureOf({ unit, baseline }: Of<'target'>['shape'], value: Decimal): Decimal {
  if (baseline === undefined) return value;
  return unit === '倍' ? value.times(BASE) : value.plus(BASE);
}

interface Evaluation {
  readonly actual?: { readonly value: string };
  readonly achieved: string;
}

async function target({ id, shape }: Of<'target'>, of: Pack): Promise<void> {
  const { due, value, comparison, tolerance, unit, baseline, metric, counts } = shape;
  const year = 'date' in due ? Number(due.date.slice(0, 4)) : 'year' in due ? due.year : (due.from as number);
  const dueOn = 'date' in due ? due.date : `${year}-12-31`;
  const period = 'date' in due ? due.date.slice(0, 7) : String(year);
  const url = `/targets/${of.id}/${id}`;
  const stands = async () => {
    const { body } = await office.get(`${url}?year=${year}`);
    const units = body['units'] as { unit: string; evaluation: Evaluation }[];
    return { body, ...(units.find((one) => one.unit === of.region)?.evaluation as Evaluation) };
  };
  let no = 0;
  const report = async (figure: Decimal | string, corrects?: number, reported = period) => {
    const source = { sourceUnit: '统计局', asOf: office.today, ...(corrects !== undefined && { corrects }) };
    await office.do('clerk', `${url}/actuals`, { period: reported, value: new Decimal(figure).toFixed(), ...source });
    return (no += 1);
  };

  const listed = await office.get(`/targets?pack=${of.id}&year=${year}&limit=500`);
  const plan = { value, comparison, year, dueOn, from: 'pack', ...(tolerance !== undefined && { tolerance }) };
  const open = { plan, achieved: 'unknown', unknown: 'no-actual' };
  expect(listed.items.find(({ clause }) => clause === id)).toMatchObject({ indicator: shape.indicator, measure: unit, ...open });
  expect(await stands()).toMatchObject(open);

  const since = 'since' in due ? due.since : undefined;
  const before =
    since !== undefined && (counts === 'cumulative' || counts === 'yearly-average')
      ? Array.from({ length: year - since }, (_, index) => since + index)
      : [];
  let standing = await report('0');
  if (before.length > 0) expect(await stands()).toMatchObject({ achieved: 'unknown', unknown: 'years-missing', missingYears: before });
  const isAverage = counts === 'yearly-average';
  const earlier = new Decimal(isAverage ? value : 1);
  for (const one of before) await report(earlier, undefined, String(one));
  if (baseline !== undefined) {
    expect(await stands()).toMatchObject({ achieved: 'unknown', unknown: 'no-baseline' });
    await office.do('clerk', `${url}/baselines`, { value: BASE, sourceUnit: '统计局', asOf: office.today });
  }
  expect((await stands()).achieved).not.toBe('unknown');
  for (const [difference, achieved] of sides(comparison, stepOf(unit), tolerance)) {
    const wanted = figureOf(shape, new Decimal(value).plus(difference)).times(isAverage ? before.length + 1 : 1);
    standing = await report(wanted.minus(earlier.times(before.length)), standing);
    expect(await stands()).toMatchObject({ achieved, difference, final: true });
  }
  if (metric === undefined) return;
  // The ledger counts the one enterprise of this region that meets everything.
  const { body, actual } = await stands();
  expect(body['counted']).toMatchObject({ metric, value: '1', difference: new Decimal(actual?.value ?? '').minus(1).toFixed() });
}

interface Table {
  readonly columns: readonly { readonly title: string; readonly year: number }[];
  readonly rows: readonly { readonly unit: string; readonly cells: readonly { readonly plan: string | null; readonly year: number }[] }[];
}

async function table({ id, shape, partOf }: Of<'target-table'>, of: Pack): Promise<void> {
  const read = async () => (await office.get(`/target-tables/${of.id}/${id}`)).body as unknown as Table;
  const { columns, rows } = await read();
  const placeOf = (column: string) => shape.columns.indexOf(column);
  expect([...new Set(columns.map(({ title: column }) => column))]).toEqual(shape.columns);
  expect(rows.map(({ unit, cells }) => [unit, cells.map(({ plan }) => plan)])).toEqual(
    shape.rows.map(({ title: unit, values }) => [unit, columns.map((column) => values[placeOf(column.title)])]),
  );
  if (partOf !== undefined) expect((await office.get(`/target-tables/${of.id}/${partOf}`)).body).toMatchObject({ parts: [{ clause: id }] });

  const cell = async (unit: string, year: number) =>
    (await read()).rows.find((row) => row.unit === unit)?.cells.find((one) => one.year === year);
  const post = (what: string, unit: string, body: object) => office.do('clerk', `/targets/${of.id}/${id}/${what}`, { unit, ...body });
  const report = (unit: string, year: number, value: string, corrects?: number) =>
    post('actuals', unit, { period: String(year), value, sourceUnit: '统计局', asOf: office.today, ...(corrects && { corrects }) });

  const year = columns[0]?.year as number;
  const [first] = rows as [Table['rows'][number]];
  const plan = first.cells[0]?.plan as string;
  expect(await cell(first.unit, year)).toMatchObject({ plan, actual: null, difference: null, achieved: 'unknown' });
  let corrected = 0;
  for (const [difference, achieved] of sides('at-least', '0.01')) {
    const actual = new Decimal(plan).plus(difference).toFixed();
    await report(first.unit, year, actual, corrected);
    corrected += 1;
    expect(await cell(first.unit, year)).toMatchObject({ plan, actual, difference, achieved });
  }

  // A blank cell is unknown, whatever is reported, until the unit is given a figure of its own.
  const blank = rows.flatMap(({ unit, cells }) => cells.flatMap((one) => (one.plan === null ? [{ unit, year: one.year }] : [])))[0];
  expect(blank === undefined).toBe(shape.rows.every(({ values }) => !values.includes(null)));
  if (blank === undefined) return;
  await report(blank.unit, blank.year, '1');
  expect(await cell(blank.unit, blank.year)).toMatchObject({ plan: null, actual: '1', difference: null, achieved: 'unknown' });
  const own = { unit: blank.unit, year: blank.year, value: '2', document: '分解表' };
  await office.do('approver', `/targets/${of.id}/${id}/plans`, own);
  expect(await cell(blank.unit, blank.year)).toMatchObject({ plan: '2', planFrom: 'unit', actual: '1', difference: '-1', achieved: 'no' });
}

/** How each shape that is followed is shown to be. */
function follow(clause: Clause, of: Pack): Promise<void> {
  switch (clause.shape.kind) {
    case 'deadline':
      return deadline(clause as Of<'deadline'>, of);
    case 'roster':
      return roster(clause as Of<'roster'>, of);
    case 'title':
      return title(clause as Of<'title'>);
    case 'budget':
      return floor(clause as Of<'budget'>, of);
    case 'target':
      return target(clause as Of<'target'>, of);
    case 'target-table':
      return table(clause as Of<'target-table'>, of);
    default:
      throw new Error(`nothing follows ${clause.id}, a ${clause.shape.kind}`);
  }
}

describe('a tracked rule', () => {
  const tracked = handled('tracked');
  const is =
    (...kinds: readonly Shape['kind'][]) =>
    ({ held }: Rule) =>
      kinds.includes(held.shape.kind);
  const byRecord = tracked.filter(({ held }) => held.shape.kind === 'deadline' && held.shape.fulfilledBy !== undefined);
  const byOfficer = tracked.filter((row) => is('deadline')(row) && !byRecord.includes(row));
  const lists = tracked.filter(is('roster', 'title', 'budget'));
  const figures = tracked.filter(is('target', 'target-table'));
  const followed = async (_id: string, { held, parts, of }: Rule) => {
    for (const clause of [held, ...parts]) await follow(clause, of);
  };

  it('is of a kind that is followed', () => expect([...byRecord, ...byOfficer, ...lists, ...figures]).toHaveLength(tracked.length));

  describe('on a day in spring', () => {
    beforeAll(() => office.reach('2024-04-20'));
    it.each(named(byRecord))('%s is due, overdue, and done by the record itself', followed);
    it.each(named(lists))('%s lists, or shows what is missing', followed);
  });

  describe('when the year is over', () => {
    beforeAll(() => office.reach('2025-01-02'));
    it.each(named(byOfficer))('%s is due, overdue, and done with evidence', followed);
  });

  describe('when the plans have run out', () => {
    beforeAll(async () => {
      office.reach('2026-01-10');
      // One enterprise in every region that everything the ledger counts itself is true of.
      const facts = { 'enterprise.aboveScale': true, 'enterprise.techSmeRegistered': true };
      for (const { region } of new Set(figures.map(({ of }) => of))) {
        const code = await office.enterprise({ region, facts, since: '2023-06-01', certifiedUntil: '2026-06-01' });
        const arrival = { from: '外省', origin: 'out-of-province', whole: true, on: '2023-07-01', evidence: paper };
        await office.do('clerk', `/enterprises/${code}/relocation`, arrival);
      }
    });
    it.each(named(figures))('%s is measured, on both sides of what it asks', followed);
  });
});
