import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Decimal } from '@app/kernel';
import { assess, conditionInputs, inputsOf } from './assess.js';
import { type Assessment, type AssessmentRequest, type TraceStep } from './assessment.js';
import { assessCases } from './assess-cases.js';
import { bundledPacks } from './bundled-packs.js';
import { type InputDefinition, type Pack } from './pack.js';
import { NOT_ASSESSABLE } from './payoffs.js';

const packNamed = (id: string) => bundledPacks().find((pack) => pack.id === id) as Pack;
const zone = packNamed('ganzhou-etdz-2023');
const inForce = '2024-05-01';
const g01 = { 'certification.kind': 'first', 'enterprise.sme': true, 'enterprise.techSmeRegistered': true, 'enterprise.aboveScale': false };

const yuan = fc.bigInt({ min: 0n, max: 10n ** 12n }).map((fen) => `${fen / 100n}.${(fen % 100n).toString().padStart(2, '0')}`);
const ofInput = (definition: InputDefinition): fc.Arbitrary<string | boolean> => {
  switch (definition.type) {
    case 'money':
      return fc.oneof(yuan, fc.constantFrom('0.00', '999999.99', '1000000.00', '4000000.00', '6000000.00'));
    case 'percent':
      return fc.constantFrom('0', '2.99', '3.00', '12.5');
    case 'bool':
      return fc.boolean();
    case 'word':
      return fc.constantFrom(...Object.keys(definition.words));
    case 'text':
      return fc.constant('赣市府办字〔2022〕1号');
  }
};

/** Any assessable clause of any pack with some of its facts known, and a way to fill in the rest. */
const situation = fc
  .constantFrom(
    ...bundledPacks().flatMap((pack) =>
      pack.clauses.filter(({ shape }) => !NOT_ASSESSABLE.has(shape.kind)).map(({ id }) => ({ pack, id })),
    ),
  )
  .chain(({ pack, id }) => {
    const inputs = Object.entries(inputsOf(pack, id));
    const known = fc.record(Object.fromEntries(inputs.map(([name, definition]) => [name, ofInput(definition)])), { requiredKeys: [] });
    const full = fc.record(Object.fromEntries(inputs.map(([name, definition]) => [name, ofInput(definition)])));
    return fc.record({ pack: fc.constant(pack), id: fc.constant(id), known, full });
  });

const run = (pack: Pack, id: string, facts: AssessmentRequest['facts']) => assess(pack, id, { on: inForce, simulate: true, facts });

/** What was decided, without how it was reached. Pending stages are left out: they may settle later. */
const verdict = (assessment: Assessment) => {
  const { trace: _trace, ...rest } = assessment;
  return 'instalments' in rest ? { ...rest, instalments: undefined } : 'failed' in rest ? { outcome: rest.outcome } : rest;
};

describe('assess', () => {
  it('takes no figure and gives no amount that Money could not carry', () => {
    const uncapped = (rate: string): Pack => ({
      ...zone,
      clauses: zone.clauses.map((clause) =>
        clause.id === 'G01' && clause.shape.kind === 'percent'
          ? { ...clause, shape: { kind: 'percent', base: clause.shape.base, rate } }
          : clause,
      ),
    });
    const at = (rate: string, spend: string) => assess(uncapped(rate), 'G01', { on: inForce, facts: { ...g01, 'rd.expenditure': spend } });
    expect(at('100%', '9999999999999.99')).toMatchObject({ outcome: 'payable', amount: '9999999999999.99' });
    expect(at('200%', '5000000000000.00')).toMatchObject({
      outcome: 'invalid',
      input: 'rd.expenditure',
      errors: [{ input: 'rd.expenditure' }],
    });
    expect(at('9999%', '9999999999999.99').trace.at(-1)).toMatchObject({ step: 'result', text: expect.stringContaining('填报有误') });
    expect(at('10%', '10000000000000.00')).toMatchObject({ outcome: 'invalid', input: 'rd.expenditure' });
  });

  it('grants more or the same for more spend, never above the cap', () => {
    fc.assert(
      fc.property(yuan, yuan, fc.boolean(), (one, other, aboveScale) => {
        const amountOf = (spend: string) => {
          const result = assess(zone, 'G01', {
            on: inForce,
            facts: { ...g01, 'enterprise.aboveScale': aboveScale, 'rd.expenditure': spend },
          });
          return new Decimal('amount' in result ? result.amount : NaN);
        };
        const [less, more] = new Decimal(one).lessThan(other) ? [one, other] : [other, one];
        expect(amountOf(less).lessThanOrEqualTo(amountOf(more))).toBe(true);
        expect(amountOf(more).lessThanOrEqualTo(aboveScale ? '600000.00' : '400000.00')).toBe(true);
      }),
    );
  });

  it('keeps its verdict whatever unknown fact comes to light, unless it said that facts are missing', () => {
    fc.assert(
      fc.property(situation, ({ pack, id, known, full }) => {
        const before = run(pack, id, known);
        if (before.outcome === 'missing') return;
        expect(verdict(run(pack, id, { ...full, ...known }))).toEqual(verdict(before));
      }),
      { numRuns: 2000 },
    );
  });

  it('lists as missing only unknown facts of the clause, sorted, and knows enough once they are given', () => {
    fc.assert(
      fc.property(situation, ({ pack, id, known, full }) => {
        const before = run(pack, id, known);
        if (before.outcome !== 'missing') return;
        expect(before.missing).toEqual([...new Set(before.missing)].sort());
        for (const name of before.missing) {
          expect(known).not.toHaveProperty([name]);
          expect(Object.keys(inputsOf(pack, id))).toContain(name);
        }
        const added = Object.fromEntries(before.missing.map((name) => [name, full[name]]));
        expect(run(pack, id, { ...known, ...added }).outcome).not.toBe('missing');
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves out of the missing facts none that can change the result', () => {
    fc.assert(
      fc.property(situation, ({ pack, id, known, full }) => {
        const before = run(pack, id, known);
        if (before.outcome !== 'missing') return;
        const listed = Object.fromEntries(before.missing.map((name) => [name, full[name]]));
        const settled = { ...known, ...listed };
        expect(verdict(run(pack, id, { ...full, ...settled }))).toEqual(verdict(run(pack, id, settled)));
      }),
      { numRuns: 2000 },
    );
  });

  it('lists as missing only facts that can still decide: for each, the others can be such that it alone is missing', () => {
    for (const { pack, id, known } of fc.sample(situation, { seed: 7, numRuns: 300 })) {
      const before = run(pack, id, known);
      if (before.outcome !== 'missing') continue;
      const inputs = Object.entries(inputsOf(pack, id));
      const fillings = fc.sample(fc.record(Object.fromEntries(inputs.map(([name, definition]) => [name, ofInput(definition)]))), {
        seed: 11,
        numRuns: 200,
      });
      for (const name of before.missing) {
        const decides = fillings.some((filling) => {
          const { [name]: _left, ...others } = { ...filling, ...known };
          const result = run(pack, id, others);
          return result.outcome === 'missing' && result.missing.join() === name;
        });
        expect([id, name, decides]).toEqual([id, name, true]);
      }
    }
  });

  it('does not depend on the order of the facts', () => {
    fc.assert(
      fc.property(situation, ({ pack, id, known }) => {
        const reversed = Object.fromEntries(Object.entries(known).reverse());
        expect(run(pack, id, reversed)).toEqual(run(pack, id, known));
      }),
    );
  });

  it('splits a staged award into instalments that add up to it', () => {
    fc.assert(
      fc.property(situation, ({ pack, id, known }) => {
        const result = run(pack, id, known);
        if (result.outcome !== 'payable' || result.instalments === undefined) return;
        const sum = result.instalments.reduce((total, { amount }) => total.plus(amount), new Decimal(0));
        expect(sum.toFixed(2)).toBe(result.amount);
        for (const { status, needs, no } of result.instalments) {
          expect(needs !== undefined && needs.length > 0).toBe(status === 'pending');
          for (const need of needs ?? []) expect(conditionInputs(pack, id, no)).toContain(need);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws for what stands in the facts, and never calls a malformed fact anything but invalid', () => {
    fc.assert(
      fc.property(situation, fc.anything(), ({ pack, id, full }, junk) => {
        const [name] = Object.keys(full);
        if (name === undefined || junk === undefined || junk === null) return;
        const { outcome } = run(pack, id, { ...full, [name]: junk });
        if (typeof junk !== 'boolean' && typeof junk !== 'string') expect(outcome).toBe('invalid');
      }),
    );
  });

  it('does not call a hard gate waivable, nor a refusal with one', () => {
    const measures = packNamed('ganzhou-2023');
    const facts = { 'rd.priorYearExpenditure': '0.00', 'project.requestedFunding': '1.00' };
    expect(assess(measures, 'Z15', { on: inForce, facts })).not.toHaveProperty('waivable');
    const both = {
      ...measures,
      clauses: measures.clauses.map((clause) => (clause.id === 'Z16' ? { ...clause, gates: ['Z15', 'Z16'] } : clause)),
    };
    const refusal = assess(both, 'Z16', { on: inForce, facts });
    expect(refusal).toMatchObject({ outcome: 'refused', failed: ['Z15', 'Z16'] });
    expect(refusal).not.toHaveProperty('waivable');
  });

  it('names every malformed fact', () => {
    const result = assess(zone, 'G01', {
      on: inForce,
      facts: { 'certification.kind': 'no', 'rd.expenditure': 5, 'enterprise.sme': 'yes' },
    });
    expect(result).toMatchObject({
      outcome: 'invalid',
      errors: [{ input: 'certification.kind' }, { input: 'enterprise.sme' }, { input: 'rd.expenditure' }],
    });
  });

  it('refuses what cannot be assessed with a typed problem', () => {
    const codeOf = (clause: string, on = inForce) => {
      try {
        return assess(zone, clause, { on, facts: {} }).outcome;
      } catch (error) {
        return (error as { code?: string }).code;
      }
    };
    expect(codeOf('G99')).toBe('clause-not-found');
    expect(codeOf('G20')).toBe('clause-not-assessable');
    expect(codeOf('G01', '2024-02-30')).toBe('invalid-input');
  });
});

describe('an open interpretation', () => {
  const [first, ...rest] = zone.interpretations as readonly [Pack['interpretations'][number], ...Pack['interpretations']];
  const open: Pack = { ...zone, interpretations: [{ ...first, chosen: null, simulatedAs: first.chosen as string }, ...rest] };
  const facts = { ...g01, 'rd.expenditure': '3000000.00' };

  it('blocks payment', () => expect(assess(open, 'G01', { on: inForce, facts }).outcome).toBe('unresolved'));
  it('does not hide a refusal', () =>
    expect(assess(open, 'G01', { on: inForce, facts: { 'certification.kind': 'renewal' } }).outcome).toBe('refused'));
  it('comes before missing facts', () => expect(assess(open, 'G01', { on: inForce, facts: {} }).outcome).toBe('unresolved'));
  it('leaves other clauses alone', () =>
    expect(assess(open, 'G13', { on: inForce, facts: { 'project.landed': true } }).outcome).toBe('payable'));
  it('does not block a simulation, whose trace says so', () => {
    const result = assess(open, 'G01', { on: inForce, simulate: true, facts });
    expect(result).toMatchObject({ outcome: 'payable', simulated: true });
    expect(result.trace.find(({ interpretation }) => interpretation === first.id)).toMatchObject({
      chosen: null,
      text: expect.stringContaining('尚未确定'),
    });
  });
});

describe('the end of a policy', () => {
  const facts = { ...g01, 'rd.expenditure': '3000000.00' };
  const policy = { version: 1, hash: 'h', endedOn: '2024-06-01' };
  it('stops grants from its day on', () => expect(assess(zone, 'G01', { on: '2024-06-01', facts, policy }).outcome).toBe('not-in-force'));
  it('changes nothing of the days before, not even the trace', () =>
    expect(assess(zone, 'G01', { on: '2024-05-31', facts, policy })).toEqual(
      assess(zone, 'G01', { on: '2024-05-31', facts, policy: { version: 1, hash: 'h' } }),
    ));
});

describe('the trace', () => {
  const trace = assess(zone, 'G01', {
    on: inForce,
    policy: { version: 2, hash: 'abc' },
    facts: { ...g01, 'rd.expenditure': '4200000.05' },
    sources: {
      'rd.expenditure': { unit: '区税务局', period: '2023', factId: 'F1', verified: true },
      'enterprise.sme': { label: '企业申报' },
    },
  }).trace;
  const step = (name: TraceStep['step']) => trace.filter((one) => one.step === name);

  it('goes from force through facts and gates to the sum', () =>
    expect([...new Set(trace.map((one) => one.step))]).toEqual([
      'force',
      'interpretation',
      'input',
      'gate',
      'formula',
      'cap',
      'rounding',
      'result',
    ]));
  it('names pack, version and hash', () => expect(step('force')).toMatchObject([{ pack: 'ganzhou-etdz-2023', version: 2, hash: 'abc' }]));
  it('says from whom a figure came', () => {
    expect(step('input').find(({ input }) => input === 'rd.expenditure')?.text).toBe(
      '研发投入：4,200,000.05元（4200000.05元）（来源：区税务局，2023，F1，已核实）。',
    );
    expect(step('input').find(({ input }) => input === 'enterprise.sme')?.text).toContain('（来源：企业申报）');
    expect(step('input').find(({ input }) => input === 'enterprise.aboveScale')?.text).toContain('（未注明来源）');
  });
  it('cites the words of the clause and of each gate', () => {
    expect(step('gate')).toMatchObject([
      { gate: 'first-certification', line: 24, quote: '对首次认定为高新技术企业', holds: true },
      { gate: 'G19', holds: true },
    ]);
    expect(step('result')).toMatchObject([{ line: 24, quote: '最高一次性不超过40万元和60万元补助执行', amount: '400000.00' }]);
  });
  it('shows formula, cap and rounding with exact figures', () => {
    expect(step('formula')[0]?.text).toBe('研发投入4200000.05元 × 10% = 420000.005元。');
    expect(step('cap')[0]?.text).toContain('按上限计');
    expect(step('rounding')[0]?.text).toContain('四舍五入到分');
  });
  it('cites the interpretations', () =>
    expect(step('interpretation').map(({ interpretation }) => interpretation)).toEqual([
      'rd-year',
      'city-award-additive',
      'sme-is-not-scale',
    ]));
  it('says when an unknown category cannot matter', () => {
    const { 'enterprise.aboveScale': _unknown, ...rest } = g01;
    const result = assess(zone, 'G01', { on: inForce, facts: { ...rest, 'rd.expenditure': '3000000.00' } });
    expect(result.trace.find((one) => one.step === 'cap')?.text).toContain('不影响金额');
  });
});

describe('assessCases', () => {
  const answersTo = async (...lines: unknown[]) => {
    const answers = [];
    for await (const answer of assessCases(lines, (id) => bundledPacks().find((pack) => pack.id === id))) answers.push(answer);
    return answers;
  };
  const good = { id: 'x', pack: 'ganzhou-etdz-2023', clause: 'G13', on: inForce, facts: { 'project.landed': true } };

  it('answers parsed lines and their text alike', async () => {
    const [parsed, text] = await answersTo(good, JSON.stringify(good));
    expect(parsed).toMatchObject({ id: 'x', outcome: 'payable', amount: '5000.00' });
    expect(text).toEqual(parsed);
  });

  it.each([
    ['no JSON', '{"id":', undefined],
    ['no object', '[]', undefined],
    ['null', null, undefined],
    ['no clause', { ...good, clause: undefined }, 'clause'],
    ['an unknown pack', { ...good, pack: 'nowhere' }, 'pack'],
    ['an unknown clause', { ...good, clause: 'G99' }, undefined],
    ['facts that are a list', { ...good, facts: [] }, 'facts'],
    ['no facts', { ...good, facts: undefined }, 'facts'],
    ['a malformed date', { ...good, on: 'today' }, 'on'],
    ['simulate as a text', { ...good, simulate: 'yes' }, 'simulate'],
    ['a source that is no object', { ...good, sources: { 'project.landed': null } }, 'sources.project.landed'],
  ])('answers %s with invalid and a reason, and goes on', async (_what, line, input) => {
    const [bad, next] = await answersTo(line, good);
    expect(bad).toMatchObject({ outcome: 'invalid', reason: expect.any(String), ...(input && { input }) });
    expect(next).toMatchObject({ outcome: 'payable' });
  });

  it('numbers a case without an id by its line', async () =>
    expect(await answersTo(good, { ...good, id: undefined })).toMatchObject([{ id: 'x' }, { id: 'line-2' }]));
});
