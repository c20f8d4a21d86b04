import { describe, expect, it } from '@jest/globals';
import { bundledPacks, type Pack } from '@app/policies';
import { citationOfTier, dueDay, ladderIn, type LadderText } from './ladder.js';
import { ladderInputs, openInputs, propose, type Situation, unmetIn } from './propose.js';

const packOf = (id: string) => bundledPacks().find((pack) => pack.id === id) as Pack;
const textOf = (pack: string, ladder: string) => ladderIn({ version: 1, hash: 'h', pack: packOf(pack) }, ladder) as LadderText;
const baiyun = textOf('baiyun-2022', 'baiyun-cultivation');
const haimen = textOf('haimen-2022', 'haimen-cultivation');
const pool = textOf('ganzhou-etdz-2023', 'ganzhou-etdz-cultivation');
const listing = textOf('jiangmen-2021', 'jiangmen-listing');
const NATIONAL = packOf('national-hnte-2016');

const look = (
  text: LadderText,
  standing: string | undefined,
  facts: Record<string, string | boolean> = {},
  more: Partial<Situation> = {},
) => propose(text, { on: '2024-04-15', standing, facts, listings: [], ...more });

describe('a ladder', () => {
  it('stands lowest first, whatever the text begins with', () => {
    expect(baiyun.tiers.map(({ id }) => id)).toEqual(['third', 'second', 'first']);
    expect(haimen.tiers.map(({ id }) => id)).toEqual(['tech-sme', 'rising', 'high-tech']);
  });
  it('is due when its deadline says, at the end of the year where none does', () => {
    expect(dueDay(baiyun, 'tier-review', 2025)).toEqual({ on: '2025-04-30', clause: 'B04' });
    expect(dueDay(baiyun, 'recommendation', 2025)).toEqual({ on: '2025-05-25', clause: 'B05' });
    expect(dueDay(haimen, 'tier-review', 2025)).toEqual({ on: '2025-12-31' });
  });
  it('cites the clause that names a tier, and reads the inputs of gates and clauses', () => {
    expect(citationOfTier(pool, 'cultivation-pool')).toEqual({ pack: 'ganzhou-etdz-2023', version: 1, clause: 'G05', hash: 'h' });
    expect(Object.keys(ladderInputs(haimen)).sort()).toEqual(['enterprise.hnte', 'enterprise.techSmeRegistered']);
    expect(Object.keys(ladderInputs(baiyun)).sort()).toEqual(['candidate.assessment', 'candidate.inField']);
  });
});

describe('a ladder that goes by an assessment', () => {
  const facts = (assessment: string) => ({ 'candidate.inField': true, 'candidate.assessment': assessment });
  it.each([
    [undefined, 'meets', 'enter', 'first'],
    ['second', 'meets', 'promote', 'first'],
    ['second', 'slightly-short', 'keep', 'second'],
    ['second', 'far-short', 'demote', 'third'],
  ] as const)('from %s assessed %s proposes to %s %s', (standing, assessment, kind, to) =>
    expect(look(baiyun, standing, facts(assessment))).toMatchObject({ kind, to, missing: [] }),
  );
  it('invents no tier without the assessment, and says what is missing', () => {
    const found = look(baiyun, 'second', { 'candidate.inField': true });
    expect(found).toMatchObject({ kind: 'undetermined', missing: ['candidate.assessment'] });
    expect(found.to).toBeUndefined();
    expect(found.reason).toContain('评估结果');
  });
  it('takes out what does not belong to the field, assessed or not', () => {
    const outOfField = { 'candidate.inField': false };
    expect(look(baiyun, 'first', outOfField)).toMatchObject({ kind: 'remove', to: null, reason: '不符合：属于高新技术企业申报领域' });
    expect(look(baiyun, undefined, outOfField)).toMatchObject({ kind: 'stay-out', to: null });
  });
  it('is open where the assessment is, and settled once a gate has failed', () => {
    const open = (given: Record<string, string | boolean>) => openInputs(baiyun, 'first', given, '2024-04-15');
    expect(open({})).toEqual(['candidate.assessment', 'candidate.inField']);
    expect(open({ 'candidate.inField': true })).toEqual(['candidate.assessment']);
    expect(open(facts('meets'))).toEqual([]);
    expect(open({ 'candidate.inField': false })).toEqual([]);
    expect(openInputs(haimen, 'high-tech', {}, '2024-04-15')).toEqual(['enterprise.hnte']);
  });
  it('holds a placing against the assessment', () => {
    expect(unmetIn(baiyun, 'first', facts('far-short'), '2024-04-15')).toEqual({ failed: [], unknown: [], assessedTier: 'third' });
    expect(unmetIn(baiyun, 'third', facts('far-short'), '2024-04-15')).toEqual({ failed: [], unknown: [] });
    expect(unmetIn(baiyun, 'first', { 'candidate.inField': false }, '2024-04-15').failed).toEqual(['in-field']);
  });
  it('says what is lacking for certification, as the other pack words it', () => {
    const diagnosed = { pack: NATIONAL, version: 3, clause: 'certification', facts: { 'ip.core': true, 'staff.technicalRatio': '9.99' } };
    const { outlook } = look(baiyun, 'second', facts('slightly-short'), { diagnosis: diagnosed });
    expect(outlook.next).toEqual({ tier: 'first', gates: [] });
    expect(outlook.clause).toMatchObject({ pack: 'national-hnte-2016', clause: 'certification', version: 3 });
    const verdicts = Object.fromEntries((outlook.clause?.gates ?? []).map(({ gate, ...rest }) => [gate, rest]));
    expect(verdicts).toMatchObject({
      'intellectual-property': { holds: true },
      staff: { holds: false },
      'one-year': { holds: null, unknown: ['registration.oneYear'] },
    });
    expect(look(baiyun, 'first', facts('meets')).outlook).toEqual({});
  });
});

describe('a ladder whose tiers have gates', () => {
  const sme = 'enterprise.techSmeRegistered';
  const hnte = 'enterprise.hnte';
  it.each([
    ['enters the highest tier met', undefined, { [sme]: true }, 'enter', 'tech-sme'],
    ['passes over a tier without conditions', 'tech-sme', { [hnte]: true }, 'promote', 'high-tech'],
    ['keeps what an officer has judged', 'rising', { [sme]: true, [hnte]: false }, 'keep', 'rising'],
    ['keeps what is met while what lies above is unknown', 'tech-sme', { [sme]: true }, 'keep', 'tech-sme'],
    ['stays out where nothing is met', undefined, { [sme]: false, [hnte]: false }, 'stay-out', null],
    ['removes what meets nothing', 'tech-sme', { [sme]: false, [hnte]: false }, 'remove', null],
  ])('%s', (_, standing, facts, kind, to) => expect(look(haimen, standing, facts)).toMatchObject({ kind, to }));
  it('leaves to an officer what is not known', () => {
    expect(look(haimen, undefined, { [sme]: false })).toMatchObject({ kind: 'undetermined', missing: [hnte] });
    expect(look(haimen, 'high-tech', { [sme]: true })).toMatchObject({ kind: 'undetermined', missing: [hnte] });
  });
  it('leaves to an officer how far down, where a tier between has no conditions', () =>
    expect(look(haimen, 'high-tech', { [sme]: true, [hnte]: false })).toMatchObject({ kind: 'undetermined', missing: [] }));
});

describe('a clause that places directly', () => {
  const subsidiary = { 'subsidiary.ofOutsideHnte': true, 'subsidiary.independentLegalPerson': true, 'subsidiary.rdProduction': true };
  it('proposes entry where it is met, and not otherwise', () => {
    expect(look(pool, undefined, subsidiary)).toMatchObject({ kind: 'enter', to: 'cultivation-pool' });
    expect(look(pool, undefined, { ...subsidiary, 'subsidiary.rdProduction': false })).toMatchObject({ kind: 'stay-out' });
    expect(look(pool, undefined, { 'subsidiary.ofOutsideHnte': true })).toMatchObject({ kind: 'undetermined' });
  });
  it('says nothing against who came in another way', () =>
    expect(look(pool, 'cultivation-pool', { 'subsidiary.ofOutsideHnte': false })).toMatchObject({ kind: 'keep', to: 'cultivation-pool' }));
});

it('proposes nothing where the text has no rule', () => {
  expect(look(listing, 'seed')).toMatchObject({ kind: 'keep', to: 'seed' });
  expect(look(listing, undefined)).toMatchObject({ kind: 'stay-out', to: null });
});

it('moves a black-listed enterprise down and out, not up and in', () => {
  const facts = (assessment: string) => ({ 'candidate.inField': true, 'candidate.assessment': assessment });
  const listings = ['enterprise.X.1'];
  expect(look(baiyun, 'second', facts('meets'), { listings })).toMatchObject({ kind: 'keep', to: 'second' });
  expect(look(baiyun, undefined, facts('meets'), { listings })).toMatchObject({ kind: 'stay-out', to: null });
  expect(look(baiyun, 'second', facts('far-short'), { listings })).toMatchObject({ kind: 'demote', to: 'third' });
});

it('takes out a merged enterprise', () => {
  expect(look(haimen, 'rising', {}, { mergedInto: 'Y' })).toMatchObject({ kind: 'remove', to: null, reason: '企业已并入Y' });
  expect(look(haimen, undefined, {}, { mergedInto: 'Y' })).toMatchObject({ kind: 'stay-out' });
});
