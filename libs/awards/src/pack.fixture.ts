import { type Pack, packFromCanonical } from '@app/policies';

export const PACK = 'test-2024';
const cited = { line: 1, quote: '奖补' };

/** A small policy of the year 2024 with one clause of each kind awards have to deal with. */
export function testPack(more: Partial<Pack> = {}): Pack {
  return packFromCanonical({
    id: PACK,
    title: '高新技术企业奖补办法',
    issuer: '虚构市科技局',
    region: '虚构市',
    source: { file: 'fictional.txt', sha256: '0'.repeat(64) },
    status: 'in-force',
    force: { from: '2024-01-01', until: '2025-01-01' },
    disclosure: 'public',
    publicNotice: { days: 5, basis: 'notice' },
    inputs: {
      'enterprise.sme': { type: 'bool', label: '中小企业', period: 'none' },
      'project.accepted': { type: 'bool', label: '项目通过验收', period: 'none' },
      'rd.expenditure': { type: 'money', label: '研发投入', period: 'occasion-year' },
      'project.grant': { type: 'money', label: '项目立项资助', period: 'none', about: 'occasion' },
      'certification.kind': { type: 'word', label: '认定类别', period: 'none', words: { first: '首次认定', renewal: '重新认定' } },
    },
    gates: [{ id: 'sme', title: '中小企业', citation: cited, when: { input: 'enterprise.sme', equals: true } }],
    envelopes: [],
    clauses: [
      { id: 'T1', title: '一次性奖补', citation: cited, gates: ['sme'], shape: { kind: 'fixed', amount: '200000.00' }, uniqueness: 'once' },
      {
        id: 'T2',
        title: '分期奖补',
        citation: cited,
        shape: {
          kind: 'staged',
          total: '200000.00',
          instalments: [
            { amount: '100000.00', citation: cited, when: { input: 'enterprise.sme', equals: true } },
            { amount: '100000.00', citation: cited, when: { input: 'project.accepted', equals: true } },
          ],
        },
        uniqueness: 'once',
      },
      {
        id: 'T3',
        title: '酌定补助',
        citation: cited,
        shape: { kind: 'discretionary', ceiling: { amount: '1000000.00' } },
        uniqueness: 'once',
      },
      {
        id: 'T4',
        title: '研发补助',
        citation: cited,
        shape: { kind: 'percent', base: 'rd.expenditure', rate: '10%', cap: { amount: '400000.00' } },
        rounding: 'half-up-fen',
        uniqueness: 'year',
      },
      {
        id: 'K2',
        title: '认定奖补',
        citation: cited,
        shape: { kind: 'level-table', by: 'certification.kind', amounts: { first: '300000.00', renewal: '100000.00' } },
        uniqueness: 'certificate',
        excludes: ['K3'],
      },
      {
        id: 'K3',
        title: '人才岛认定奖补',
        citation: cited,
        shape: { kind: 'level-table', by: 'certification.kind', amounts: { first: '500000.00', renewal: '200000.00' } },
        uniqueness: 'certificate',
        excludes: ['K2'],
      },
      {
        id: 'P1',
        title: '项目配套',
        citation: cited,
        gates: ['sme'],
        shape: { kind: 'match', base: 'project.grant', ratio: '1' },
        rounding: 'half-up-fen',
        uniqueness: 'project',
      },
      {
        id: 'C1',
        title: '核查后奖补',
        citation: cited,
        shape: { kind: 'fixed', amount: '50000.00' },
        uniqueness: 'once',
        clearances: ['tax'],
      },
      { id: 'C2', title: '税务核查', citation: cited, shape: { kind: 'clearance', clearance: 'tax', agency: '区税务局' } },
      { id: 'N1', title: '说明', citation: cited, shape: { kind: 'note', about: 'registry' } },
    ],
    interpretations: [
      {
        id: 'notice',
        clauses: [],
        question: '公示几天？',
        options: [
          { id: 'five', text: '5天' },
          { id: 'none', text: '不公示' },
        ],
        chosen: 'five',
        reason: '惯例',
      },
    ],
    ...more,
  });
}
