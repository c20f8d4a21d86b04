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
const CASES_ON = '2024-01-08';
const reason = '会议决定';

let office: Office;
/** What the ledger says under the draft, before it is issued. */
const underDraft = new Map<string, Answer>();

beforeAll(async () => {
  office = await Office.open(ISSUED);
  const payee = await office.enterprise();
  underDraft.set('ladder', await office.post('reviewer', `/ladders/jiangmen-listing/enterprises/${payee}/assign`, { to: 'seed', reason }));
  underDraft.set('registry', await office.post('clerk', '/agencies', agencyOf(office.code(), { pack: DRAFT, clause: 'J11' })));
  underDraft.set('blacklist', await office.post('clerk', '/blacklist/cases', caseOf('agency', office.code(), `${DRAFT} J09`)));
  const onFacts = { on: ISSUED, facts: { 'registration.inCity': true, 'certification.kind': 'first' } };
  underDraft.set('assessment', await office.post('clerk', `/policies/${DRAFT}/clauses/J02/assess`, onFacts));
  underDraft.set('simulation', await office.post('clerk', `/policies/${DRAFT}/clauses/J02/assess`, { ...onFacts, simulate: true }));
  // Issued: the same text, in force from today.
  const text = (bundledPackFiles().get(`${DRAFT}.yaml`) as string)
    .replace('status: draft', 'status: in-force')
    .replace(/^force: .*$/m, `force: { from: ${ISSUED}, until: null, note: 文本没有写明失效日期 }`);
  await office.do('administrator', `/policies/${DRAFT}/amend`, { pack: text, file: `${DRAFT}.yaml`, reason: '正式印发', evidence: paper });
});
afterAll(() => office.close());

const agencyOf = (creditCode: string, clause?: { readonly pack: string; readonly clause: string }) => ({
  creditCode,
  name: '虚构代理公司',
  services: ['高企申报'],
  contactUnit: '综合部',
  from: office.today,
  evidence: paper,
  ...(clause && { clause }),
});

/** A case against somebody; `cited` is a pack and a clause. */
function caseOf(kind: 'agency' | 'enterprise' | 'person', id: string, cited: string) {
  const [pack, clause] = cited.split(' ');
  const notice = { listingClass: 'general', ground: '弄虚作假', legalBasis: '条例', reasons: '事实', rights: '陈述申辩' };
  return { kind, id, ...notice, servedOn: office.today, evidence: paper, clause: { pack, clause } };
}

/** Counts what a case has shown: every rule must have been seen to accept, and to refuse. */
const seen = { accepted: 0, refused: 0 };
async function accepted(asked: Promise<Answer>): Promise<Answer> {
  const answer = await asked;
  expect([answer.did, answer.body]).toEqual([expect.stringMatching(/^20[01]$/), expect.anything()]);
  seen.accepted += 1;
  return answer;
}
async function refused(did: string, asked: Promise<Answer>): Promise<Answer> {
  const answer = await asked;
  expect(answer.did).toBe(did);
  seen.refused += 1;
  return answer;
}

let projects = 0;
/** An application under a clause that asks nothing but a project. */
const apply = (payee: string, parties: { readonly agency?: string; readonly persons?: readonly string[] } = {}) =>
  office.post('clerk', '/awards', { pack: 'ganzhou-etdz-2023', clause: 'G13', payee, occasion: `P${(projects += 1)}`, ...parties });

/** The case is opened on the clause, heard and decided: the subject is listed from today. */
async function listed(kind: 'agency' | 'enterprise' | 'person', id: string, cited: string): Promise<void> {
  const clauseOfAnother = cited.startsWith(DRAFT) ? `${DRAFT} J11` : 'haimen-2022 H25';
  await refused('409 clause-not-about-blacklist', office.post('clerk', '/blacklist/cases', caseOf(kind, id, clauseOfAnother)));
  await accepted(office.post('clerk', '/blacklist/cases', caseOf(kind, id, cited)));
  const listing = { termMonths: 6, reason: '属实', evidence: paper };
  await refused('409 statement-period-running', office.post('approver', `/blacklist/${kind}/${id}/cases/1/list`, listing));
  await office.do('clerk', `/blacklist/${kind}/${id}/cases/1/waive-statement`, { on: office.today, evidence: paper });
  await accepted(office.post('approver', `/blacklist/${kind}/${id}/cases/1/list`, listing));
  const { items } = await office.get(`/blacklist?kind=${kind}`);
  const [pack, clause] = cited.split(' ');
  expect(items).toContainEqual(expect.objectContaining({ listing: `${kind}.${id}.1`, policy: expect.objectContaining({ pack, clause }) }));
}

/** Facts that meet the gates ladders ask for. */
const MEETS: Readonly<Record<string, (code: string) => Promise<unknown>>> = {
  'tech-sme-registered': (code) =>
    office.do('clerk', `/enterprises/${code}/facts`, {
      facts: [{ name: 'enterprise.techSmeRegistered', value: true, sourceUnit: '测试' }],
    }),
  certified: (code) => office.certify(code, '2026-06-30'),
};

/** From outside to the top: each tier is refused while its gates are not met, and given when they are; never the wrong way round. */
async function climbs({ held }: Rule): Promise<void> {
  const { ladder, tiers } = (held as Of<'ladder'>).shape;
  const code = await office.enterprise();
  const move = (how: string, to: string) => office.post('reviewer', `/ladders/${ladder}/enterprises/${code}/${how}`, { to, reason });
  for (const [rank, { id, gates = [] }] of tiers.entries()) {
    const how = rank === 0 ? 'assign' : 'promote';
    if (rank > 0) await refused('409 not-a-demotion', move('demote', id));
    if (gates.length > 0) await refused('409 gates-not-met', move(how, id));
    for (const gate of gates) await MEETS[gate]?.(code);
    await accepted(move(how, id));
    if (rank > 0) await refused('409 not-a-promotion', move('promote', tiers[rank - 1]?.id as string));
  }
  const { items } = await office.get(`/enterprises/${code}/tiers?ladder=${ladder}`);
  expect(items.map(({ to, policy }) => [to, (policy as { clause: string }).clause])).toEqual(tiers.map(({ id }) => [id, held.id]));
}

/** Recommended with every finding, and not while this one is absent or adverse. */
async function clears({ held, of }: Rule): Promise<void> {
  const { clearance: asked } = (held as Of<'clearance'>).shape;
  const [ladder] = of.clauses.flatMap(({ shape, clearances }) =>
    shape.kind === 'ladder' && clearances?.includes(asked) ? [shape.ladder] : [],
  );
  const tier = 'high-tech';
  const code = await office.enterprise({ certifiedUntil: '2026-06-30' });
  await office.do('reviewer', `/ladders/${ladder}/enterprises/${code}/assign`, { to: tier, reason });
  await office.do('clerk', `/tier-reviews/${ladder}/2024`);
  const find = ({ clearance, agency }: Of<'clearance'>['shape'], finding: 'clear' | 'adverse') =>
    office.do('clerk', `/enterprises/${code}/clearances`, {
      clearance,
      agency,
      finding,
      on: office.today,
      documentNo: `${finding}1号`,
      evidence: paper,
    });
  const clearances = of.clauses.flatMap(({ shape }) => (shape.kind === 'clearance' ? [shape] : []));
  for (const shape of clearances) if (shape.clearance !== asked) await find(shape, 'clear');
  const recommend = () => office.post('approver', `/tier-reviews/${ladder}/2024/recommend`, { tier, enterprises: [code], reason });
  const lacks = { refused: [{ creditCode: code, missing: [asked] }] };
  expect((await refused('409 clearance-missing', recommend())).body).toMatchObject(lacks);
  await find((held as Of<'clearance'>).shape, 'adverse');
  expect((await refused('409 clearance-missing', recommend())).body).toMatchObject(lacks);
  await find((held as Of<'clearance'>).shape, 'clear');
  expect((await accepted(recommend())).body).toMatchObject({ recommended: 1, refused: [] });
}

/** One case for each rule that neither the assessment nor a budget line applies. Called in this order, and the calendar only goes forward. */
const CASES: Readonly<Record<string, (rule: Rule) => Promise<void>>> = {
  // 草案: what it would give can be computed; nothing can be decided under it.
  J00: async () => {
    expect((await accepted(Promise.resolve(underDraft.get('simulation') as Answer))).body).toMatchObject({
      outcome: 'payable',
      simulated: true,
    });
    expect(underDraft.get('assessment')?.body).toMatchObject({ outcome: 'not-in-force' });
    for (const cited of ['ladder', 'registry', 'blacklist'])
      await refused('409 policy-not-in-force', Promise.resolve(underDraft.get(cited) as Answer));
  },
  // 有效期: the award is refused outside it.
  G25: async () => {
    const onFacts = (on: string) =>
      office.post('clerk', '/policies/ganzhou-etdz-2023/clauses/G13/assess', { on, facts: { 'project.landed': true } });
    for (const on of ['2023-06-30', '2026-06-29']) expect((await accepted(onFacts(on))).body).toMatchObject({ outcome: 'payable' });
    for (const on of ['2023-06-29', '2026-06-30']) expect((await onFacts(on)).body).toMatchObject({ outcome: 'not-in-force' });
    const review = async () => {
      const payee = await office.enterprise();
      const { award } = (await office.do('clerk', '/awards', { pack: 'haimen-2022', clause: 'H01', payee }).catch(() => apply(payee)))
        .body as { award: string };
      return award;
    };
    void review;
  },
  H21: climbs,
  G61: climbs,
  J21: climbs,
  H25: clears,
  H26: clears,
  H27: clears,
  H28: clears,
  H35: clears,
};
