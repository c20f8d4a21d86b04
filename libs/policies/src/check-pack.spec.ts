import { describe, expect, it } from '@jest/globals';
import { bundledPacks, readBundledSource } from './bundled-packs.js';
import { checkPack } from './check-pack.js';
import { canonicalPack, packFromCanonical } from './load-pack.js';
import { type Pack, type Shape } from './pack.js';

/** What is checked of clauses that grant nothing: targets, tables, deadlines, ladders and parts. */
const city = bundledPacks().find(({ id }) => id === 'ganzhou-2023') as Pack;
const district = bundledPacks().find(({ id }) => id === 'haimen-2022') as Pack;
const county = bundledPacks().find(({ id }) => id === 'baiyun-2022') as Pack;

/** The faults of a pack in which one clause is changed, as `code at path`. */
function faultsOf(pack: Pack, id: string, change: object, withSource = true): string[] {
  const index = pack.clauses.findIndex((clause) => clause.id === id);
  const clauses = pack.clauses.map((clause) => (clause.id === id ? { ...clause, ...change } : clause));
  const source = withSource ? readBundledSource(pack.source.file) : undefined;
  return checkPack({ ...pack, clauses }, source).map(({ code, path }) => `${code} at ${path.join('.').replace(`clauses.${index}.`, '')}`);
}
const shapeOf = (pack: Pack, id: string, change: object) => ({
  shape: { ...pack.clauses.find((clause) => clause.id === id)?.shape, ...change },
});
const table = city.clauses.find(({ id }) => id === 'Z29')?.shape as Extract<Shape, { kind: 'target-table' }>;
const withRow = (change: object) =>
  shapeOf(city, 'Z29', { rows: table.rows.map((row, index) => (index === 7 ? { ...row, ...change } : row)) });

describe('checkPack', () => {
  it.each([
    [
      'a cell that is not on its line',
      city,
      'Z29',
      withRow({ values: ['1.29', '1.5', '1.67', '1.85', '2.51'] }),
      'quote-not-found at shape.rows.7.values',
    ],
    [
      'a part of a figure for a cell',
      city,
      'Z29',
      withRow({ values: ['1.2', '1.5', '1.67', '1.85', '2.15'] }),
      'quote-not-found at shape.rows.7.values',
    ],
    [
      'two cells that have changed places',
      city,
      'Z29',
      withRow({ values: ['1.29', '1.67', '1.5', '1.85', '2.15'] }),
      'quote-not-found at shape.rows.7.values',
    ],
    [
      'a row of another line',
      city,
      'Z29',
      withRow({ line: 103, values: [null, null, null, null, null] }),
      'quote-not-found at shape.rows.7.title.quote',
    ],
    ['a row that is too short', city, 'Z29', withRow({ values: ['1.29'] }), 'table-gap at shape.rows.7.values'],
    ['a tolerance of what is not about', city, 'Z08', shapeOf(city, 'Z08', { tolerance: '1' }), 'tolerance at shape'],
    ['about without a tolerance', city, 'Z08', shapeOf(city, 'Z08', { comparison: 'about' }), 'tolerance at shape'],
    ['a day that does not exist', city, 'Z08', shapeOf(city, 'Z08', { due: { date: '2023-02-29' } }), 'date at shape.due'],
    ['years upside down', city, 'Z06', shapeOf(city, 'Z06', { due: { eachYear: true, from: 2025, to: 2023 } }), 'date at shape.due'],
    [
      'a first year later than the last',
      district,
      'H06',
      shapeOf(district, 'H06', { due: { year: 2024, since: 2025 } }),
      'date at shape.due',
    ],
    [
      'a first year of what stands',
      district,
      'H01',
      shapeOf(district, 'H01', { due: { year: 2024, since: 2022 } }),
      'date at shape.due.since',
    ],
    ['a deadline on no day', county, 'B04', shapeOf(county, 'B04', { by: '04-31' }), 'date at shape.by'],
    ['a deadline on 29 February', county, 'B04', shapeOf(county, 'B04', { by: '02-29' }), 'date at shape.by'],
    ['a day for a half-yearly duty', district, 'H23', shapeOf(district, 'H23', { by: '06-30' }), 'date at shape.by'],
    ['a single duty without a date', county, 'B04', shapeOf(county, 'B04', { every: 'once', by: 'end' }), 'date at shape.by'],
    ['more tiers than the text speaks of', district, 'H21', shapeOf(district, 'H21', { size: 2 }), 'tier at shape.size'],
    [
      'two tiers of one id',
      district,
      'H21',
      shapeOf(district, 'H21', {
        tiers: [
          { id: 'a', title: '甲' },
          { id: 'a', title: '乙' },
        ],
      }),
      'duplicate-id at shape.tiers.1.id',
    ],
    ['a part of nothing', city, 'Z13-centre', { partOf: 'Z99' }, 'dangling-reference at partOf'],
    ['a part of itself', city, 'Z13-centre', { partOf: 'Z13-centre' }, 'dangling-reference at partOf'],
    ['a part of a part', city, 'Z13-centre', { partOf: 'Z13-provincial' }, 'dangling-reference at partOf'],
    ['a part that covers a rule', city, 'Z13-centre', { covers: ['Z98'] }, 'duplicate-id at covers'],
  ])('refuses %s', (_what, pack, id, change, fault) => expect(faultsOf(pack, id, change)).toEqual([fault]));

  it('refuses a tier with a rule of its own but no words for it, or wrong ones', () => {
    const tiers = (change: object) => {
      const { shape } = county.clauses.find(({ id }) => id === 'B13') as Pack['clauses'][number];
      return shape.kind === 'tier'
        ? shapeOf(county, 'B13', { tiers: shape.tiers.map((tier, index) => (index === 1 ? { ...tier, ...change } : tier)) })
        : {};
    };
    expect(faultsOf(county, 'B13', tiers({ citation: undefined }))).toEqual(['missing-field at shape.tiers.1']);
    expect(faultsOf(county, 'B13', tiers({ citation: { line: 13, quote: '第九梯队' } }))).toEqual([
      'quote-not-found at shape.tiers.1.citation.quote',
    ]);
    expect(faultsOf(county, 'B13', tiers({ covers: 'B99' }))).toEqual([expect.stringContaining('dangling-reference')]);
  });

  it('refuses a grade of a title that is no value of the input it feeds, in a text that is not published yet', () => {
    const zone = bundledPacks().find(({ id }) => id === 'ganzhou-etdz-2023') as Pack;
    const changed = { ...zone, inputs: { ...zone.inputs, 'ip.grade': { ...zone.inputs['ip.grade'], words: { '5A': '5A' } } } } as Pack;
    const faults = checkPack(changed, readBundledSource(zone.source.file)).map(({ path, message }) => [path.join('.'), message]);
    expect(faults).toContainEqual(['inputs.ip.grade.fromTitle', 'the grades 1A, 2A, 3A, 4A are no values of ip.grade']);
    expect(checkPack({ ...zone, id: 'Zone' }, readBundledSource(zone.source.file)).map(({ code }) => code)).toEqual(['id']);
    expect(checkPack({ ...zone, id: 'Zone' })).toEqual([]);
  });

  it('takes the figures of a stored pack on trust: they were compared before publication', () => {
    expect(faultsOf(city, 'Z29', withRow({ values: ['1', '2', '3', '4', '5'] }), false)).toEqual([]);
  });
});

it('a pack stored before tiers, parts and ladders were described this way is read as it was', () => {
  const stored = JSON.parse(JSON.stringify(canonicalPack(county))) as {
    clauses: { id: string; covers?: unknown; shape: { tiers?: { covers?: string; citation?: object }[] } }[];
  };
  stored.clauses = stored.clauses.filter(({ id }) => id === 'B13');
  const [only] = stored.clauses as [(typeof stored.clauses)[number]];
  delete only.covers;
  for (const tier of only.shape.tiers ?? []) {
    delete tier.covers;
    delete tier.citation;
  }
  const old = { ...stored, interpretations: county.interpretations.filter(({ clauses }) => clauses.every((id) => id === 'B13')) };
  expect(packFromCanonical(old).clauses.map(({ id }) => id)).toEqual(['B13']);
});
