import { describe, expect, it } from '@jest/globals';
import { Problem, sha256 } from '@app/kernel';
import { PackError, canonicalPack, packFromCanonical, packHash, parsePack } from './load-pack.js';

const SOURCE = ['关于奖励的通知', '对认定的企业给予10万元奖励', '对高企按研发投入的10%补助，最高20万元', '分两期各5万元'].join('\n');

const YAML = `id: sample
title: 示例
issuer: 示例区
region: 示例市
source: { file: sample.txt, sha256: ${sha256(SOURCE)} }
status: in-force
force: { from: 2024-01-01, until: 2025-01-01 }
disclosure: public
publicNotice: { days: 5, basis: notice }
inputs:
  firm.kind: { type: word, label: 类别, period: none, words: { a: 甲, b: 乙 } }
  firm.large: { type: bool, label: 规模以上, period: none }
  rd.spend: { type: money, label: 研发投入, period: prior-year }
gates:
  - id: recognised
    title: 认定
    citation: { line: 2, quote: 对认定的企业 }
    when: { input: firm.kind, equals: a }
envelopes:
  - { id: fund, clause: C4, title: 资金, amount: '1000000.00', rule: exactly, period: annual }
clauses:
  - id: C1
    title: 定额奖励
    citation: { line: 2, quote: 给予10万元奖励 }
    gates: [recognised]
    shape: { kind: fixed, amount: '100000.00' }
    uniqueness: once
    excludes: [C3]
  - id: C2
    title: 研发补助
    citation: { line: [1, 3], quote: 最高20万元 }
    shape: { kind: percent, base: rd.spend, rate: 10%, cap: { by: firm.large, amounts: { true: '200000.00', false: '200000.00' } } }
    rounding: half-up-fen
    uniqueness: year
    budgetEnvelope: fund
  - id: C3
    title: 分期
    citation: { line: 4, quote: 分两期 }
    shape:
      kind: staged
      total: '100000.00'
      instalments:
        - { amount: '50000.00', citation: { line: 4, quote: 各5万元 }, when: { input: firm.large, equals: true } }
        - { amount: '50000.00', citation: { line: 4, quote: 各5万元 }, when: { input: rd.spend, atLeast: '1.00' } }
    uniqueness: once
    excludes: [C1]
  - { id: C4, title: 资金, citation: { line: 2, quote: 奖励 }, shape: { kind: budget, envelope: fund } }
  - id: C5
    title: 梯队
    citation: { line: 1, quote: 奖励 }
    shape: { kind: tier, ladder: l, tiers: [{ id: one, title: 一 }], by: firm.kind, places: { a: one } }
interpretations:
  - id: notice
    clauses: []
    question: 公示几天？
    options: [{ id: five, text: 五天 }, { id: none, text: 不公示 }]
    chosen: five
    reason: 惯例
`;

const read = (file: string) => (file === 'sample.txt' ? SOURCE : undefined);
const parse = (text: string) => parsePack(text, 'sample.yaml', read);

function faultsOf(text: string) {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof PackError) return error.faults;
    throw error;
  }
  return [];
}

/** The line on which a text first stands, counted from 1. */
const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split('\n').length;

describe('parsePack', () => {
  it('accepts the sample', () => expect(parse(YAML).clauses.map(({ id }) => id)).toEqual(['C1', 'C2', 'C3', 'C4', 'C5']));

  // What is replaced by what, the code of the fault, a part of the faulty line after the change, and the clause.
  it.each([
    ['a tampered quote', '给予10万元奖励 }', '给予11万元奖励 }', 'quote-not-found', '给予11万元奖励 }', 'C1'],
    ['a quote on another line', 'line: 2, quote: 给予10', 'line: 3, quote: 给予10', 'quote-not-found', 'quote: 给予10', 'C1'],
    [
      'a tampered instalment quote',
      'quote: 各5万元 }, when: { input: firm',
      'quote: 各6万元 }, when: { input: firm',
      'quote-not-found',
      '各6万元',
      'C3',
    ],
    ['a tampered gate quote', '对认定的企业 }', '对认定的公司 }', 'quote-not-found', '对认定的公司', undefined],
    ['a duplicate clause id', 'id: C3', 'id: C1', 'duplicate-id', 'id: C1\n    title: 分期', 'C1'],
    ['an unknown input', 'base: rd.spend', 'base: rd.spent', 'unknown-input', 'base: rd.spent', 'C2'],
    ['an unknown input of a gate', 'firm.kind, equals: a', 'firm.sort, equals: a', 'unknown-input', 'firm.sort', undefined],
    ['a base that is no money', 'base: rd.spend', 'base: firm.large', 'input-type', 'base: firm.large', 'C2'],
    ['a dangling gate', 'gates: [recognised]', 'gates: [recognized]', 'dangling-reference', 'gates: [recognized]', 'C1'],
    ['a dangling envelope', 'budgetEnvelope: fund', 'budgetEnvelope: pool', 'dangling-reference', 'budgetEnvelope: pool', 'C2'],
    ['an exclusion of nothing', 'excludes: [C3]', 'excludes: [C9]', 'dangling-reference', 'excludes: [C9]', 'C1'],
    ['a one-sided exclusion', '    excludes: [C1]\n', '', 'one-sided-exclusion', 'excludes: [C3]', 'C1'],
    ['an exclusion that never meets', 'once\n    excludes: [C1]', 'year\n    excludes: [C1]', 'uniqueness', 'excludes: [C3]', 'C1'],
    ['a pack id no address can hold', 'id: sample\n', 'id: Sample\n', 'id', 'id: Sample', undefined],
    ['an envelope no budget line can be', '{ id: fund, clause', '{ id: Fund, clause', 'id', 'id: Fund', undefined],
    ['a ladder no address can hold', 'ladder: l,', 'ladder: L,', 'id', 'ladder: L,', 'C5'],
    ['a tier no address can hold', 'id: one,', 'id: One,', 'id', 'id: One,', 'C5'],
    ['a clause with an endless id', 'id: C4', `id: C${'4'.repeat(40)}`, 'id', `id: C${'4'.repeat(40)}`, `C${'4'.repeat(40)}`],
    [
      'a grade of a title that is no word',
      'label: 规模以上, period: none',
      'label: 规模以上, period: none, fromTitle: t',
      'input-type',
      'fromTitle: t',
      undefined,
    ],
    [
      'a cap that leaves out a category',
      "true: '200000.00', false: '200000.00'",
      "true: '200000.00'",
      'table-gap',
      "true: '200000.00'",
      'C2',
    ],
    ['a category the input does not have', 'places: { a: one }', 'places: { c: one }', 'unknown-word', 'places: { c: one }', 'C5'],
    ['an unknown word in a condition', 'equals: a', 'equals: z', 'unknown-word', 'equals: z', undefined],
    ['a comparison of a bool', 'firm.large, equals: true', "firm.large, atLeast: '1'", 'input-type', 'firm.large, atLeast', 'C3'],
    ['two forms in one condition', 'equals: a', "equals: a, atLeast: '1'", 'condition', 'equals: a, atLeast', undefined],
    [
      'a condition without a form',
      'when: { input: firm.kind, equals: a }',
      'when: { input: firm.kind }',
      'condition',
      'when: { input: firm.kind }',
      undefined,
    ],
    ['an amount as a number', "kind: fixed, amount: '100000.00'", 'kind: fixed, amount: 100000.00', 'schema', 'amount: 100000.00', 'C1'],
    ['an amount with one decimal', "kind: fixed, amount: '100000.00'", "kind: fixed, amount: '100000.0'", 'schema', "'100000.0'", 'C1'],
    ['a malformed rate', 'rate: 10%', 'rate: 0.1', 'schema', 'rate: 0.1', 'C2'],
    ['an unknown field', 'uniqueness: year', 'uniqueness: year\n    unique: year', 'unknown-field', '    unique: year', 'C2'],
    ['an unknown shape', 'kind: fixed', 'kind: lump', 'unknown-kind', 'kind: lump', 'C1'],
    ['an unknown uniqueness', 'uniqueness: year', 'uniqueness: yearly', 'schema', 'uniqueness: yearly', 'C2'],
    ['a missing field', '    title: 研发补助\n', '', 'missing-field', 'id: C2', 'C2'],
    ['a paying clause without uniqueness', '    uniqueness: year\n', '', 'uniqueness', 'id: C2', 'C2'],
    ['a computed amount without rounding', '    rounding: half-up-fen\n', '', 'rounding', 'id: C2', 'C2'],
    ['instalments that miss the total', "total: '100000.00'", "total: '100000.01'", 'total', "total: '100000.01'", 'C3'],
    ['a tier that does not exist', 'places: { a: one }', 'places: { a: two }', 'dangling-reference', 'shape: { kind: tier', 'C5'],
    ['an envelope of another clause', 'id: fund, clause: C4', 'id: fund, clause: C1', 'dangling-reference', 'clause: C1', undefined],
    ['dates upside down', 'until: 2025-01-01', 'until: 2023-01-01', 'date', 'until: 2023', undefined],
    ['a day that does not exist', 'from: 2024-01-01', 'from: 2024-02-30', 'date', 'from: 2024-02-30', undefined],
    ['an undated pack without a note', 'until: 2025-01-01', 'until: null', 'date', 'force:', undefined],
    ['another source', sha256(SOURCE), sha256('else'), 'source-hash', sha256('else'), undefined],
    ['a source that is not there', 'sample.txt', 'other.txt', 'source-missing', 'other.txt', undefined],
    ['a choice among no options', 'chosen: five', 'chosen: six', 'dangling-reference', 'chosen: six', undefined],
    ['a notice period without its basis', 'basis: notice', 'basis: custom', 'dangling-reference', 'basis: custom', undefined],
    ['broken YAML', 'id: C5', 'id: [C5', 'yaml', 'shape: { kind: tier', undefined],
    ['a key given twice', 'status: in-force', 'status: in-force\nstatus: draft', 'yaml', 'status: draft', undefined],
    [
      'a key given twice further down',
      'disclosure: public',
      "disclosure: public\n'disclosure': internal",
      'yaml',
      "'disclosure'",
      undefined,
    ],
    ['a key that is a list', 'title: 示例', '? [a]\n: 1\ntitle: 示例', 'yaml', '? [a]', undefined],
    ['an alias of nothing', 'id: sample', 'id: *x', 'yaml', 'id: *x', undefined],
    ['an alias', 'title: 示例\nissuer: 示例区', 'title: &x 示例\nissuer: *x', 'yaml', 'issuer: *x', undefined],
  ])('refuses %s, naming file, line and clause', (_what, from, to, code, at, clause) => {
    expect(YAML).toContain(from);
    const text = YAML.replace(from, to);
    const fault = faultsOf(text).find((each) => each.code === code);
    expect(fault).toMatchObject({ file: 'sample.yaml', code });
    if (to !== 'id: [C5') expect(fault?.line).toBe(lineOf(text, at));
    expect(fault?.line).toBeGreaterThan(0);
    expect(fault?.clause).toBe(clause);
  });

  it('lists every fault at once, in words with their place', () => {
    const text = YAML.replace('gates: [recognised]', 'gates: [nowhere]').replace('base: rd.spend', 'base: rd.spent');
    expect(faultsOf(text)).toHaveLength(2);
    expect(() => parse(text)).toThrow(/sample\.yaml:\d+: clause C1: .*nowhere[\s\S]*sample\.yaml:\d+: clause C2: .*rd\.spent/);
    expect(() => parse(text)).toThrow(Problem);
  });

  describe('whose faults are many', () => {
    const many = (count: number, line: (index: number) => string) => Array.from({ length: count }, (_, index) => line(index)).join('\n');

    it.each([
      ['keys that mean nothing', `${YAML}${many(10_000, (index) => `key${index}: 1`)}\n`, 100],
      ['keys given twice', many(10_000, (index) => `key${index % 10}: 1`), 100],
      ['broken lines', many(10_000, () => 'x: ]'), 100],
      ['clauses that hold nothing', `clauses: [${many(1_000, () => '  {},')}]`, 100],
      ['clauses without end', YAML.replace('clauses:', `clauses:\n${many(1_001, () => '  - {}')}`), 1],
      ['inputs without end', YAML.replace('inputs:', `inputs:\n${many(1_001, (index) => `  firm.i${index}: {}`)}`), 1],
      ['dangling references', YAML.replace('gates: [recognised]', `gates: [${many(200, (index) => `        g${index},`)}]`), 100],
      ['aliases upon aliases', `a: &a [x]\n${many(200, () => 'b: [*a, *a]')}`, 100],
    ])('names a hundred at most: %s', (_what, text, count) => expect(faultsOf(text)).toHaveLength(count));
  });

  it.each(['', 'nonsense', '[]', '42', 'null'])('refuses a file that holds no pack: %j', (text) =>
    expect(faultsOf(text).length).toBeGreaterThan(0),
  );
});

describe('canonical packs', () => {
  const pack = parse(YAML);

  it('come back the same from the ledger', () => {
    const back = packFromCanonical(JSON.parse(JSON.stringify(canonicalPack(pack))));
    expect(JSON.stringify(back)).toBe(JSON.stringify(pack));
    expect(packHash(back)).toBe(packHash(pack));
  });

  it('have a hash that ignores layout and notices content', () => {
    expect(packHash(parse(`# a comment\n${YAML}`))).toBe(packHash(pack));
    expect(packHash(parse(YAML.replace('title: 定额奖励', 'title: 定额奖金')))).not.toBe(packHash(pack));
  });

  it('are checked again when taken back', () => {
    const stored = canonicalPack(pack) as { clauses: { gates?: string[] }[] };
    (stored.clauses[0] as { gates?: string[] }).gates = ['nowhere'];
    expect(() => packFromCanonical(stored)).toThrow(/clause C1.*nowhere/);
    expect(() => packFromCanonical({})).toThrow(PackError);
    expect(() => packFromCanonical(null)).toThrow(PackError);
  });

  it('cannot be changed in memory', () => {
    expect(Object.isFrozen(pack)).toBe(true);
    expect(Object.isFrozen(pack.clauses[0]?.citation)).toBe(true);
  });
});
