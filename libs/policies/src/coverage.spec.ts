import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { assess } from './assess.js';
import { type Assessment } from './assessment.js';
import { bundledCatalogue, bundledPacks, readBundledSource } from './bundled-packs.js';
import { type CatalogueRow, type CoverageRow, coverage, openQuestions, parseCatalogue } from './coverage.js';
import { type Clause, type Pack, citationOf, coveredBy, membersOf } from './pack.js';

const catalogue = bundledCatalogue();
const packs = bundledPacks();
const covered = coverage(catalogue, packs);
const rowOf = (id: string) => covered.find((row) => row.id === id) as CoverageRow;
const packOf = (id: string | null) => packs.find((pack) => pack.id === id) as Pack;
const clauseOf = ({ pack, clause }: CoverageRow) => packOf(pack).clauses.find(({ id }) => id === clause) as Clause;
const linesOf = (seed: string) => (readBundledSource(seed) as string).split('\n');

interface Case {
  readonly id: string;
  readonly pack: string;
  readonly clause: string;
  readonly on: string;
  readonly simulate?: boolean;
  readonly facts: Readonly<Record<string, unknown>>;
}
const ASSESSABLE = new Set(covered.filter(({ handling }) => handling === 'executable').map(({ pack, clause }) => `${pack} ${clause}`));
/** The worked cases, assessed anew: what the engine says now is what counts here. */
const answers: readonly { readonly one: Case; readonly answer: Assessment }[] = ['assessments.jsonl', 'boundary-cases.jsonl']
  .flatMap((name) =>
    readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => line !== ''),
  )
  .map((line) => JSON.parse(line) as Case)
  .filter(
    ({ pack, clause, on }) =>
      ASSESSABLE.has(`${pack} ${clause}`) &&
      /^\d{4}-\d\d-\d\d$/.test(on) &&
      shapeKind(pack, clause) !== 'note' &&
      shapeKind(pack, clause) !== 'budget',
  )
  .flatMap((one) => {
    try {
      return [{ one, answer: assess(packOf(one.pack), one.clause, one) }];
    } catch {
      return []; // a malformed date
    }
  });

function shapeKind(pack: string, clause: string) {
  return packOf(pack).clauses.find(({ id }) => id === clause)?.shape.kind;
}

const GIVEN = new Set(['payable', 'discretionary', 'passed', 'placed']);
const NOT_GIVEN = new Set(['refused', 'not-in-force', 'invalid']);

/** Whether an answer grants what this very rule speaks of: the clause, or the stage or tier of its own. */
function grants(row: CoverageRow, answer: Assessment): boolean | undefined {
  const clause = clauseOf(row);
  const index = membersOf(clause).findIndex(({ covers }) => covers === row.id);
  if (NOT_GIVEN.has(answer.outcome)) return false;
  if (!GIVEN.has(answer.outcome)) return undefined;
  if (index < 0) return true;
  if (answer.outcome === 'payable')
    return { met: true, unmet: false, pending: undefined }[answer.instalments?.[index]?.status ?? 'pending'];
  return answer.outcome === 'placed' && clause.shape.kind === 'tier' ? answer.tier === clause.shape.tiers[index]?.id : undefined;
}

describe('the catalogue', () => {
  it('lists 192 rules, each once', () => {
    expect(catalogue).toHaveLength(192);
    expect(new Set(catalogue.map(({ id }) => id)).size).toBe(192);
  });

  it('quotes its documents to the letter, on every line it names', () => {
    for (const { id, seed, lines, quote } of catalogue) {
      for (const line of lines) expect([id, linesOf(seed)[line - 1]?.includes(quote)]).toEqual([id, true]);
    }
  });

  it.each([
    ['no heading', 'G01\ta.txt\t1\taward\t奖励\n'],
    ['a field too few', 'id\tseed\tlines\tkind\tquote\nG01\ta.txt\t1\taward\n'],
    ['a field too many', 'id\tseed\tlines\tkind\tquote\nG01\ta.txt\t1\taward\t奖励\t更多\n'],
    ['an empty field', 'id\tseed\tlines\tkind\tquote\nG01\ta.txt\t1\t\t奖励\n'],
    ['a line that is no number', 'id\tseed\tlines\tkind\tquote\nG01\ta.txt\t1-2\taward\t奖励\n'],
  ])('is refused with %s', (_what, text) => expect(() => parseCatalogue(text)).toThrow(/catalogue/));
});

describe('coverage', () => {
  it('has every rule of the catalogue exactly once, in its order, each in a pack', () => {
    expect(covered.map(({ id }) => id)).toEqual(catalogue.map(({ id }) => id));
    expect(covered.filter(({ pack, clause, handling, note }) => !pack || !clause || !handling || note === '')).toEqual([]);
  });

  it.each(catalogue.map((row) => [row.id, row] as const))(
    '%s stands in one clause, with the words and lines of the catalogue',
    (id, row) => {
      const holders = packs.flatMap((pack) =>
        pack.clauses.filter((clause) => coveredBy(clause).includes(id)).map((clause) => ({ pack, clause })),
      );
      expect(holders).toHaveLength(1);
      const [{ pack, clause }] = holders as [{ pack: Pack; clause: Clause }];
      const { line, quote } = citationOf(clause, id);
      expect([pack.source.file, [line].flat(), quote]).toEqual([row.seed, row.lines, row.quote]);
      expect(rowOf(id)).toMatchObject({ pack: pack.id, clause: clause.id });
    },
  );

  it('names no rule the catalogue does not list, beyond clauses that hold several', () => {
    const known = new Set(catalogue.map(({ id }) => id));
    expect(packs.flatMap((pack) => pack.clauses.flatMap(coveredBy)).filter((id) => !known.has(id))).toEqual([
      'cultivation-chain',
      'certification',
    ]);
  });

  it('says what is done with a rule today', () => {
    const count = (handling: string) => covered.filter((row) => row.handling === handling).length;
    expect([count('executable'), count('tracked'), count('registered')]).toEqual([55, 97, 40]);
    for (const { id, handling, note } of covered)
      if (handling === 'registered') expect([id, note]).toEqual([id, expect.stringMatching(/尚无|没有|不在|暂不能/)]);
  });

  it('pays nothing under a rule it only registers, and follows nothing it calls executable', () => {
    const kindsOf = (handling: string) =>
      [...new Set(covered.filter((row) => row.handling === handling).map((row) => clauseOf(row).shape.kind))].sort();
    expect(kindsOf('executable')).toEqual([
      'budget',
      'clearance',
      'discretionary',
      'fixed',
      'gate',
      'ladder',
      'level-table',
      'match',
      'note',
      'percent',
      'staged',
      'tier',
    ]);
    expect(kindsOf('tracked')).toEqual(['budget', 'deadline', 'roster', 'target', 'target-table', 'title']);
    expect(kindsOf('registered')).toEqual(['external', 'note', 'unspecified']);
  });

  it('describes a rule in words', () => {
    expect(rowOf('J12').note).toBe(
      '目标：全市高企数量超过2200家，存量，2023年底到期；按统计口径登记完成数，核对是否达到，并与台账自行统计的证书在有效期内的企业数对照。另含：高企净增。',
    );
    expect(rowOf('Z14').note).toContain('约20个（上下2个），当年数，2023年至2025年每年');
    expect(rowOf('Z32').note).toContain('5格未填，作未知处理');
    expect(rowOf('H21').note).toContain('文本称5级，写明3级');
    expect(rowOf('G30').note).toContain('待定：“超过140家以上”自相矛盾');
    expect(rowOf('J02').note).toContain('草案尚未施行，只作测算');
    expect(rowOf('Z16').note).toContain('豁免');
    expect(rowOf('Z15').note).not.toContain('豁免');
  });

  it('reports a rule without a clause, or with other words, as in no pack', () => {
    const [first] = catalogue as readonly [CatalogueRow];
    const unheld = { pack: null, clause: null, handling: null };
    expect(coverage([{ ...first, id: 'G99' }], packs)).toMatchObject([{ id: 'G99', ...unheld }]);
    expect(coverage([first], [])).toMatchObject([{ id: first.id, ...unheld }]);
    expect(coverage([{ ...first, quote: '最高' }], packs)).toMatchObject([unheld]);
    expect(coverage([{ ...first, lines: [25] }], packs)).toMatchObject([unheld]);
    expect(coverage([{ ...first, seed: '001_33c4d3663ad753f6.txt' }], packs)).toMatchObject([unheld]);
  });
});

describe('an executable rule', () => {
  // Controls outside the engine are proved where they stand: test/envelope-ceilings.spec.ts and test/e2e/rules.e2e.spec.ts.
  const ASSESSED = new Set(['fixed', 'percent', 'level-table', 'match', 'staged', 'discretionary', 'gate', 'tier']);
  const rows = covered.filter((row) => row.handling === 'executable' && ASSESSED.has(clauseOf(row).shape.kind));

  it.each(rows.map((row) => [row.id, row] as const))('%s accepts, and refuses', (_id, row) => {
    const said = answers.filter(({ one }) => one.pack === row.pack && one.clause === row.clause).map(({ answer }) => grants(row, answer));
    expect(said).toContain(true);
    expect(said).toContain(false);
  });

  it('G25 lets the policy apply within its dates and not a day beyond', () => {
    const outcomeOn = (on: string) => assess(packOf('ganzhou-etdz-2023'), 'G13', { on, facts: { 'project.landed': true } }).outcome;
    expect(['2023-06-29', '2023-06-30', '2026-06-29', '2026-06-30'].map(outcomeOn)).toEqual([
      'not-in-force',
      'payable',
      'payable',
      'not-in-force',
    ]);
  });

  it('J00 keeps a draft to simulation', () => {
    const request = { on: '2022-05-01', facts: { 'registration.inCity': true, 'certification.kind': 'first' } };
    expect(assess(packOf('jiangmen-2021'), 'J02', request).outcome).toBe('not-in-force');
    expect(assess(packOf('jiangmen-2021'), 'J02', { ...request, simulate: true })).toMatchObject({ outcome: 'payable', simulated: true });
  });

  it('is not among what waits for another document', () => {
    for (const row of covered.filter(({ handling }) => handling === 'registered')) {
      const { kind } = clauseOf(row).shape;
      if (kind !== 'external' && kind !== 'unspecified') continue;
      const force = packOf(row.pack).force.from ?? '2024-05-01';
      expect([row.id, assess(packOf(row.pack), row.clause as string, { on: force, facts: {} }).outcome]).toEqual([row.id, 'unresolved']);
    }
  });
});

describe('the register of open questions', () => {
  const open = packs.flatMap(openQuestions);

  it('holds every rule that is only registered, with its reason', () => {
    const registered = covered.filter(({ handling }) => handling === 'registered').map(({ pack, clause }) => `${pack} ${clause}`);
    const held = open.filter(({ kind }) => kind === 'registered').map(({ pack, clause }) => `${pack} ${clause}`);
    expect(held).toEqual(expect.arrayContaining([...new Set(registered)]));
    for (const { reason } of open) expect(reason).toMatch(/。$/);
  });

  it('holds each reading nobody has chosen, under each clause it bears on', () => {
    const held = open.filter(({ kind }) => kind === 'interpretation').map(({ clause, interpretation }) => `${clause} ${interpretation}`);
    expect(held).toEqual(expect.arrayContaining(['H21 unnamed-tiers', 'H08 talents-a-year', 'H09 talents-a-year']));
    expect(held).not.toContain('G01 rd-year');
  });
});
