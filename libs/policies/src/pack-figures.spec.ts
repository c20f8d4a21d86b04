import { describe, expect, it } from '@jest/globals';
import { bundledPacks, readBundledSource } from './bundled-packs.js';
import { type Clause, type Comparison, type Pack, type Shape } from './pack.js';

/** The figures of the bundled packs, held against the documents a second time and in another way than the loader does. */
const packs = bundledPacks();
const packNamed = (id: string) => packs.find((pack) => pack.id === id) as Pack;
const linesOf = (pack: Pack) => (readBundledSource(pack.source.file) as string).split('\n');
const clauseNamed = (pack: string, id: string) => packNamed(pack).clauses.find((clause) => clause.id === id) as Clause;

function tableNamed(pack: string, id: string): Extract<Shape, { kind: 'target-table' }> {
  const { shape } = clauseNamed(pack, id);
  if (shape.kind !== 'target-table') throw new Error(`${id} is no table`);
  return shape;
}

/** The cells between two lines of the city's document; a cell that is empty or a dash is blank. */
function cells(first: number, last: number): readonly (readonly string[])[] {
  return linesOf(packNamed('ganzhou-2023'))
    .slice(first - 1, last)
    .map((line) => line.split('\t').map((cell) => cell.trim()));
}
const valueOf = (cell: string | undefined) => (cell === undefined || cell === '' || cell === '——' ? null : cell.replace('%', ''));

describe('the tables of the city plan', () => {
  it.each([
    ['Z29', '附表 1', 97, 115],
    ['Z29-industry', '附表 2', 123, 141],
  ])('%s is the whole of %s', (id, heading, first, last) => {
    const lines = linesOf(packNamed('ganzhou-2023'));
    expect(lines.slice(0, first).lastIndexOf(heading)).toBeGreaterThan(first - 8);
    const { columns, rows } = tableNamed('ganzhou-2023', id);
    const [, ...years] = (lines[first - 2] as string).split('\t');
    expect(columns).toEqual(years.map((year) => year.replace(' ', '')));
    expect(rows).toHaveLength(19);
    expect(rows.map(({ title, line, values }) => [line, title, ...values])).toEqual(
      cells(first, last).map((row, index) => [first + index, ...row]),
    );
    expect(rows.at(-1)?.title).toBe('全市');
    expect(lines[last]).toBe('');
  });

  it('keep the two counties that fall as they stand', () => {
    const row = (title: string) => tableNamed('ganzhou-2023', 'Z29-industry').rows.find((one) => one.title === title)?.values;
    expect(row('安远县')).toEqual(['2.47', '2.36', '2.0', '2.08', '2.15']);
    expect(row('寻乌县')).toEqual(['2.48', '2.0', '2.05', '2.1', '2.15']);
  });

  it('Z32 and its rates are the whole of 附表 3, and a blank is unknown', () => {
    const source = cells(151, 155);
    const { rows, unit } = tableNamed('ganzhou-2023', 'Z32');
    expect(unit).toBe('亿元');
    expect(rows.map(({ title, values }) => [title, ...values])).toEqual(
      source.map((row) => [row[1], ...[2, 3, 4, 5, 6].map((at) => valueOf(row[at]))]),
    );
    expect(rows.at(-1)?.values).toEqual([null, null, null, null, null]);
    const rates = tableNamed('ganzhou-2023', 'Z32-growth').rows;
    expect(rates.map(({ title, line, values }) => [title, line, ...values])).toEqual(
      source.map((row, index) => [row[1], 151 + index, valueOf(row[7])]),
    );
  });
});

describe('the tables of the district plan', () => {
  it.each([
    ['H34', 72],
    ['H39', 97],
  ])('%s has every town and figure of its line', (id, line) => {
    const text = linesOf(packNamed('haimen-2022'))[line - 1] as string;
    const figures = [...text.matchAll(/([^0-9，；。]+)(\d+)个/g)].map(([, towns, figure]) => [(towns as string).trim(), figure]);
    expect(tableNamed('haimen-2022', id).rows.map(({ title, values }) => [title, ...values])).toEqual(figures);
  });
});

const targets = packs.flatMap((pack) =>
  pack.clauses.flatMap((clause) =>
    clause.shape.kind === 'target' ? [{ name: `${pack.id} ${clause.id}`, pack, clause, shape: clause.shape }] : [],
  ),
);

/** What the words around a figure say; a figure with no such word is a floor. */
function comparisonOf(before: string, after: string): Comparison | 'contradictory' {
  const more = /(超过|突破|超|高于)\s*$/.test(before);
  if (/^\s*(个|家|名|项)?\s*左右/.test(after)) return 'about';
  if (more && /^\s*(%|个|家|名|项)?\s*以上/.test(after)) return 'contradictory';
  return more ? 'more-than' : 'at-least';
}

describe('targets compare as the words say', () => {
  // Said in words instead of figures: 全覆盖, 倍增, 翻番, 平均水平, 提高.
  const IN_WORDS: Readonly<Record<string, readonly [RegExp, Comparison, string]>> = {
    'ganzhou-etdz-2023 G31': [/高于全省平均水平/, 'more-than', '0'],
    'ganzhou-etdz-2023 G40': [/翻番/, 'at-least', '2'],
    'jiangmen-2021 J14': [/较2020年实现倍增/, 'at-least', '2'],
    'jiangmen-2021 J17-doubled': [/实现倍增/, 'at-least', '2'],
    'haimen-2022 H10': [/全覆盖/, 'at-least', '100'],
    'haimen-2022 H11': [/全覆盖/, 'at-least', '100'],
    'haimen-2022 H42': [/全覆盖/, 'at-least', '100'],
    'haimen-2022 H43': [/全覆盖/, 'at-least', '100'],
    'ganzhou-2023 Z04': [/均达到全国/, 'at-least', '0'],
    'ganzhou-2023 Z04-province': [/全省平均水平/, 'at-least', '0'],
    'ganzhou-2023 Z04-industry': [/均达到全国/, 'at-least', '0'],
    'ganzhou-2023 Z04-industry-province': [/全省平均水平/, 'at-least', '0'],
    'ganzhou-2023 Z05': [/全覆盖/, 'at-least', '100'],
    'ganzhou-2023 Z05-spending': [/全覆盖/, 'at-least', '100'],
    'ganzhou-2023 Z34': [/提高研发经费支出/, 'more-than', '0'],
  };

  it.each(targets.map((target) => [target.name, target] as const))('%s', (name, { pack, clause, shape }) => {
    const text = [clause.citation.line]
      .flat()
      .map((line) => linesOf(pack)[line - 1])
      .join('\n');
    const { quote } = clause.citation;
    const inWords = IN_WORDS[name];
    if (inWords !== undefined) {
      const [said, comparison, value] = inWords;
      expect(text).toMatch(said);
      return expect([shape.comparison, shape.value]).toEqual([comparison, value]);
    }
    // The figure as it stands in the quoted words, or just behind them where the quote breaks off before the word that follows.
    const start = text.indexOf(quote);
    const figure = new RegExp(`(?<![\\d.])${shape.value.replace('.', '\\.')}(?![\\d.])`);
    const at = quote.search(figure);
    expect(at).toBeGreaterThanOrEqual(0);
    const end = start + at + shape.value.length;
    const said = comparisonOf(text.slice(Math.max(0, start + at - 8), start + at), text.slice(end, end + 8));
    if (said !== 'contradictory') return expect(shape.comparison).toBe(said);
    // Kept as an open question, with the reading the pack carries meanwhile.
    expect(pack.interpretations.find(({ clauses, chosen }) => clauses.includes(clause.id) && chosen === null)?.simulatedAs).toBe(
      shape.comparison,
    );
  });

  it('about names how far it reaches, and says why', () => {
    const about = targets.filter(({ shape }) => shape.comparison === 'about');
    expect(about.map(({ name, shape }) => [name, shape.tolerance])).toEqual([
      ['ganzhou-2023 Z14', '2'],
      ['ganzhou-2023 Z18', '1'],
    ]);
    for (const { pack, clause } of about)
      expect(pack.interpretations.some(({ clauses, question }) => clauses.includes(clause.id) && question.includes('左右'))).toBe(true);
  });

  it('a figure that repeats every year has its years within the plan, and a sum has its first year', () => {
    for (const { name, shape } of targets) {
      if (shape.counts === 'yearly-average') expect([name, 'since' in shape.due]).toEqual([name, true]);
      if ('eachYear' in shape.due) expect([name, shape.due.from]).toEqual([name, name.startsWith('haimen') ? 2022 : 2023]);
    }
  });
});

describe('what the documents contradict themselves in is kept', () => {
  it.each([
    ['haimen-2022', 'talents-a-year', 'H09'],
    ['haimen-2022', 'fifty-two', 'H19'],
    ['haimen-2022', 'shared-or-each', 'H34'],
    ['haimen-2022', 'unnamed-tiers', 'H21'],
    ['ganzhou-etdz-2023', 'over-140-or-more', 'G30'],
    ['ganzhou-etdz-2023', 'annexes-missing', 'G54'],
    ['ganzhou-2023', 'falling-figures', 'Z29-industry'],
  ])('%s leaves %s open', (pack, id, clause) => {
    expect(packNamed(pack).interpretations.find((one) => one.id === id)).toMatchObject({
      chosen: null,
      clauses: expect.arrayContaining([clause]),
    });
  });

  it.each([
    ['haimen-2022', 'stray-character', 'stray'],
    ['ganzhou-2023', 'blank-cells', 'unknown'],
    ['baiyun-2022', 'undated-force', 'no-limits'],
  ])('%s settles %s with its reason', (pack, id, chosen) =>
    expect(packNamed(pack).interpretations.find((one) => one.id === id)?.chosen).toBe(chosen),
  );

  it('no open question of a target blocks a clause that pays', () => {
    for (const pack of packs) {
      for (const { chosen, clauses } of pack.interpretations) {
        if (chosen !== null) continue;
        expect(clauses.length).toBeGreaterThan(0);
        for (const id of clauses)
          expect(['target', 'target-table', 'ladder', 'roster', 'note']).toContain(clauseNamed(pack.id, id).shape.kind);
      }
    }
  });

  it('each document keeps its class of disclosure', () =>
    expect(Object.fromEntries(packs.map(({ id, disclosure }) => [id, disclosure]))).toEqual({
      'baiyun-2022': 'unstated',
      'ganzhou-2023': 'on-request',
      'ganzhou-etdz-2023': 'unstated',
      'haimen-2022': 'public',
      'jiangmen-2021': 'draft',
      'national-hnte-2016': 'public',
    }));
});
