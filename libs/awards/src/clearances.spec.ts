import { describe, expect, it } from '@jest/globals';
import { type Dossier, type EnterpriseCommand, enterpriseDecider, resolveInputs, vocabularyOf } from '@app/enterprises';
import { type Clause, clauseOf, inputsOf, type Pack } from '@app/policies';
import { approver, assessed, by, clerk, PAYEE, paper, publicised, recommend, record, reviewer, startGrant } from './award.fixture.js';
import { clearancesFound } from './clearances.js';
import { testPack } from './pack.fixture.js';

const cited = { line: 1, quote: '奖补' };
const small = testPack();
const clearanceClause = (id: string, agency: string): Clause => ({
  id,
  title: '税务核查',
  citation: cited,
  shape: { kind: 'clearance', clearance: 'tax', agency },
});
/** Another policy that asks another agency for the same clearance. */
const other: Pack = { ...small, id: 'other-2024', clauses: [clearanceClause('C2', '市税务局')] };
const graded: Pack = {
  ...small,
  id: 'graded-2024',
  inputs: {
    'ip.grade': { type: 'word', label: '等级', period: 'none', words: { '1A': '1A' }, fromTitle: 'star' },
    'registration.oneYear': { type: 'bool', label: '注册满一年', period: 'none' },
  },
  gates: [{ id: 'year', title: '注册满一年', citation: cited, when: { input: 'registration.oneYear', equals: true } }],
  clauses: [
    {
      id: 'G1',
      title: '称号奖补',
      citation: cited,
      gates: ['year'],
      shape: { kind: 'level-table', by: 'ip.grade', amounts: { '1A': '200000.00' } },
      uniqueness: 'once',
    },
    { id: 'G2', title: '称号', citation: cited, shape: { kind: 'title', title: 'star', name: '标杆企业', grades: { '1A': '1A' } } },
  ],
};
const decider = enterpriseDecider(vocabularyOf([small, other, graded]));

/** A dossier of what each of these people recorded. */
function dossierOf(...recorded: readonly (readonly [by: string, command: EnterpriseCommand])[]): Dossier {
  const register = { type: 'register', creditCode: PAYEE, name: '甲', registeredOn: '2022-01-01', evidence: paper } as const;
  let state = decider.initialState;
  for (const [actorId, command] of [['registrar', register], ...recorded] as const) {
    const context = { actorId, roles: [], effectiveOn: '2024-05-01', today: '2024-05-01' };
    for (const event of decider.decide(command, state, context)) state = decider.evolve(state, event, context);
  }
  if (state.status === 'unregistered') throw new Error('not registered');
  return state;
}

describe('the clearances found for a clause', () => {
  const tax = { type: 'record-clearance', clearance: 'tax', documentNo: '税核1号', evidence: paper } as const;
  const clear = { ...tax, agency: '区税务局', finding: 'clear', on: '2024-04-01' } as const;
  const adverse = { ...clear, finding: 'adverse', on: '2024-04-02' } as const;
  const elsewhere = { ...clear, agency: '市税务局', on: '2024-04-03' } as const;
  const find = (dossier: Dossier, pack = small) => clearancesFound(pack, clauseOf(small, 'C1'), dossier, '2024-05-01');

  it('say who recorded them', () => {
    expect(find(dossierOf([clerk, clear]))).toEqual([
      { finding: 'clear', clearance: 'tax', agency: '区税务局', on: '2024-04-01', documentNo: '税核1号', recordedBy: clerk },
    ]);
  });
  it('are those of the agency this policy names, whatever another has found', () => {
    expect(find(dossierOf([clerk, adverse], [clerk, elsewhere]))).toMatchObject([{ agency: '区税务局', finding: 'adverse' }]);
    expect(find(dossierOf([clerk, elsewhere]))).toMatchObject([{ agency: '区税务局', finding: 'absent' }]);
  });
  it('are those of every agency it names for one clearance', () => {
    const both = { ...small, clauses: [...small.clauses, clearanceClause('C3', '市税务局')] };
    expect(find(dossierOf([clerk, adverse], [clerk, elsewhere]), both).map(({ finding }) => finding)).toEqual(['adverse', 'clear']);
  });
  it('are absent where it names none', () => {
    expect(find(dossierOf([clerk, clear]), { ...small, clauses: [] })).toEqual([{ clearance: 'tax', agency: '', finding: 'absent' }]);
  });
});

describe('what rests on a title and on the registration', () => {
  const titled = (holder: string) =>
    dossierOf([
      holder,
      { type: 'award-title', title: 'star', grade: '1A', year: 2023, on: '2024-01-10', documentNo: '1号', evidence: paper },
    ]);
  const resting = (dossier: Dossier) => {
    const inputs = Object.entries(inputsOf(graded, 'G1')).map(([name, input]) => ({ name, ...input }));
    const { used } = resolveInputs(dossier, inputs, { on: '2024-05-01', occasion: { kind: 'once' } });
    expect(used.map(({ input, verified }) => [input, verified]).sort()).toEqual([
      ['ip.grade', true],
      ['registration.oneYear', true],
    ]);
    return record({ outcome: 'payable', amount: '200000.00' }, { used });
  };

  it('is neither reviewed nor granted by who recorded them', () => {
    expect(assessed(resting(titled(reviewer))).refusal(recommend, by(reviewer))).toBe('duties-not-separated');
    expect(assessed(resting(titled(clerk))).refusal(recommend, by('registrar'))).toBe('duties-not-separated');
    const noticed = publicised(resting(titled(approver)));
    expect(noticed.refusal(startGrant(), by(approver, '2024-05-06'))).toBe('duties-not-separated');
    expect(noticed.refusal(startGrant(), by('registrar', '2024-05-06'))).toBe('duties-not-separated');
    expect(noticed.when(startGrant(), by('approver-2', '2024-05-06'))).toHaveLength(1);
  });
});
