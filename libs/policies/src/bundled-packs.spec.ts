import { describe, expect, it } from '@jest/globals';
import { sha256 } from '@app/kernel';
import { assess, inputsOf } from './assess.js';
import { bundledPackFiles, bundledPackIds, bundledPacks, readBundledSource } from './bundled-packs.js';
import { checkPack } from './check-pack.js';
import { factDefinitions } from './fact-values.js';
import { canonicalPack, packFromCanonical, parsePack } from './load-pack.js';
import { type Citation, type Pack, coveredBy } from './pack.js';
import { NOT_ASSESSABLE } from './payoffs.js';

const citationsOf = (pack: Pack): Citation[] => [
  ...pack.gates.map(({ citation }) => citation),
  ...pack.clauses.flatMap(({ citation, shape }) => [
    citation,
    ...(shape.kind === 'staged' ? shape.instalments.map((one) => one.citation) : []),
  ]),
];
const packNamed = (id: string) => bundledPacks().find((pack) => pack.id === id) as Pack;

describe('the bundled packs', () => {
  it('are those of the documents at hand', () =>
    expect(bundledPacks().map(({ id }) => id)).toEqual(
      expect.arrayContaining(['baiyun-2022', 'ganzhou-2023', 'ganzhou-etdz-2023', 'jiangmen-2021']),
    ));

  it.each(bundledPacks().map((pack) => [pack.id, pack] as const))('%s quotes its source to the letter', (_id, pack) => {
    const source = readBundledSource(pack.source.file) as string;
    expect(sha256(source)).toBe(pack.source.sha256);
    const lines = source.split('\n');
    for (const { line, quote } of citationsOf(pack)) expect([line].flat().some((number) => lines[number - 1]?.includes(quote))).toBe(true);
  });

  it.each([...bundledPackFiles()])('%s fails when any quote of its source is altered', (name, text) => {
    const pack = parsePack(text, name, readBundledSource);
    const source = readBundledSource(pack.source.file) as string;
    const citations = citationsOf(pack);
    for (const [index, { quote }] of citations.entries()) {
      const tampered = source.replaceAll(quote, `${quote.slice(0, 1)}※${quote.slice(1)}`);
      const other = sha256(tampered);
      const faults = checkPack({ ...pack, source: { ...pack.source, sha256: other } }, tampered);
      expect(faults.map(({ message }) => message).join()).toContain(quote);
      // Reading the file again takes much longer, and checks the same.
      if (index === 0) expect(() => parsePack(text.replace(pack.source.sha256, other), name, () => tampered)).toThrow(quote);
    }
  });

  it('stand in files of their names', () => expect(bundledPackIds()).toEqual(bundledPacks().map(({ id }) => id)));

  it('reads no file but the bundled sources', () => {
    expect(readBundledSource('../package.json')).toBeUndefined();
    expect(readBundledSource('nothing.txt')).toBeUndefined();
  });

  it('covers every award and gate of the zone and of the draft', () => {
    const covered = (id: string) => packNamed(id).clauses.flatMap(coveredBy);
    expect(covered('ganzhou-etdz-2023')).toEqual(
      expect.arrayContaining(['G01', 'G02', 'G03a', 'G03b', 'G04a', 'G04b', 'G14d', 'G18', 'G19', 'G20', 'G25']),
    );
    expect(covered('jiangmen-2021')).toEqual(expect.arrayContaining(['J00', 'J01', 'J02', 'J03', 'J04', 'J05', 'J06', 'J07', 'J08']));
  });

  it('names the inputs of each clause', () => {
    const names = (id: string, clause: string) => Object.keys(inputsOf(packNamed(id), clause)).sort();
    expect(names('ganzhou-etdz-2023', 'G01')).toEqual([
      'certification.kind',
      'enterprise.aboveScale',
      'enterprise.sme',
      'enterprise.techSmeRegistered',
      'rd.expenditure',
    ]);
    expect(names('ganzhou-etdz-2023', 'G14b')).toEqual(['platform.acceptancePassed', 'platform.assessment', 'platform.level']);
    expect(names('ganzhou-etdz-2023', 'G20')).toEqual([]);
    expect(names('ganzhou-2023', 'Z16')).toEqual(['project.requestedFunding', 'rd.priorYearExpenditure']);
    expect(inputsOf(packNamed('ganzhou-etdz-2023'), 'G01')['rd.expenditure']).toMatchObject({
      type: 'money',
      period: 'year-before-certificate',
    });
  });

  it('keeps apart what may not be paid together, and says from which envelope', () => {
    const clause = (id: string) => packNamed('jiangmen-2021').clauses.find((one) => one.id === id);
    expect(clause('J02')?.excludes).toEqual(['J03']);
    expect(clause('J03')?.excludes).toEqual(['J02']);
    const envelopes = new Map(packNamed('jiangmen-2021').envelopes.map((envelope) => [envelope.clause, envelope]));
    expect(envelopes.get('J05')).toMatchObject({ amount: '500000000.00', rule: 'exactly', period: { from: 2021, to: 2023 } });
    expect(envelopes.get('J07')).toMatchObject({ amount: '10000000.00', rule: 'exactly', period: 'annual' });
    expect(envelopes.get('J08')).toMatchObject({ amount: '2000000.00', rule: 'at-least', period: 'annual' });
  });

  it('assess the same from the ledger as from the file, trace and all', () => {
    for (const pack of bundledPacks()) {
      const stored = packFromCanonical(JSON.parse(JSON.stringify(canonicalPack(pack))));
      for (const { id, shape } of pack.clauses) {
        if (NOT_ASSESSABLE.has(shape.kind)) continue;
        const request = { on: '2024-05-01', simulate: true, facts: {} };
        expect(assess(stored, id, request)).toEqual(assess(pack, id, request));
      }
    }
  });

  it('share one vocabulary of facts', () => {
    const vocabulary = factDefinitions(bundledPacks());
    expect(vocabulary.get('certification.kind')).toMatchObject({ type: 'word', packs: ['ganzhou-etdz-2023', 'jiangmen-2021'] });
    const clash = {
      ...packNamed('jiangmen-2021'),
      id: 'clash',
      inputs: { 'rd.expenditure': { type: 'bool', label: 'x', period: 'none' } },
    } as Pack;
    expect(() => factDefinitions([...bundledPacks(), clash])).toThrow(/rd\.expenditure/);
    expect(vocabulary.get('project.landed')).toMatchObject({ about: 'occasion' });
    const general = { ...clash, inputs: { 'project.landed': { type: 'bool', label: 'x', period: 'none' } } } as Pack;
    expect(() => factDefinitions([...bundledPacks(), general])).toThrow(/project\.landed is about occasion/);
  });
});
