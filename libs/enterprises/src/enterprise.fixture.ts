import { creditCode, type DecisionContext, type EventContext, Problem, withCheckCharacter } from '@app/kernel';
import { type EnterpriseCommand, enterpriseDecider, type NewFact } from './decide.js';
import type { Dossier, EnterpriseEvent, EnterpriseState } from './enterprise.js';
import type { ClearanceDefinition, FactDefinition, FactVocabulary, TitleDefinition } from './vocabulary.js';

/** A fictional enterprise. */
export const CODE = withCheckCharacter('91360700MA35QWERT');
export const OTHER = withCheckCharacter('91360700MA38ACDFG');
export const THIRD = withCheckCharacter('91360700MA39HXCBN');
/** Well formed, but its check character does not agree. */
export const ODD = creditCode(CODE.slice(0, 17) + (CODE.endsWith('0') ? '1' : '0'));

const definitions: readonly FactDefinition[] = [
  { name: 'rd.expenditure', type: 'money', label: '研发投入', period: 'year' },
  { name: 'rd.priorYearIntensity', type: 'percent', label: '上年度研发投入强度', period: 'year' },
  { name: 'enterprise.sme', type: 'bool', label: '中小企业', period: 'day' },
  { name: 'enterprise.aboveScale', type: 'bool', label: '规模以上', period: 'either' },
  { name: 'ip.grade', type: 'word', label: '知识产权等级', words: { '1A': '1A', '2A': '2A' }, period: 'year' },
  { name: 'project.landed', type: 'bool', label: '项目落地', period: 'day', about: 'occasion' },
  { name: 'certification.kind', type: 'word', label: '认定类型', words: { first: '首次认定', renewal: '重新认定' }, period: 'day' },
  { name: 'certificate.validAtRelocation', type: 'bool', label: '迁入时证书有效', period: 'day' },
  { name: 'certificate.expired', type: 'bool', label: '证书已到期', period: 'day' },
  {
    name: 'relocation.origin',
    type: 'word',
    label: '迁入来源',
    words: { 'in-province': '省内', 'out-of-province': '省外' },
    period: 'day',
  },
  { name: 'relocation.whole', type: 'bool', label: '整体迁入', period: 'day' },
];
const titles: readonly TitleDefinition[] = [
  { title: 'ip-benchmark', name: '知识产权示范企业标杆', grades: { '1A': '1A', '2A': '2A' } },
  { title: 'pacesetter', name: '创新标兵' },
];
export const vocabulary: FactVocabulary = {
  definitionOf: (name) => definitions.find((definition) => definition.name === name),
  titleOf: (id) => titles.find(({ title }) => title === id),
  clearanceOf: (clearance): ClearanceDefinition | undefined => {
    if (clearance === 'tax') return { clearance, agencies: { 区税务局: { validMonths: 6 }, 市税务局: {} } };
    return clearance === 'safety' ? { clearance, agencies: { 区应急管理局: {} } } : undefined;
  },
};
export const decider = enterpriseDecider(vocabulary);

export const paper = [{ title: '佐证材料', documentNo: '虚构〔2024〕1号' }];

export function on(effectiveOn: string, actorId = 'clerk-1'): DecisionContext {
  return { actorId, roles: ['clerk'], effectiveOn, today: '2026-03-01' };
}

export interface Past {
  readonly event: EnterpriseEvent;
  readonly at: EventContext;
}

/** A dossier under construction: what was decided so far, and the state it folds to. */
export class History {
  private constructor(
    readonly past: readonly Past[],
    readonly state: EnterpriseState,
  ) {}

  static readonly empty = new History([], decider.initialState);

  /** Decides a command and keeps what follows. */
  do(command: EnterpriseCommand, context: DecisionContext): History {
    return decider.decide(command, this.state, context).reduce<History>((history, event) => history.with(event, context), this);
  }

  private with(event: EnterpriseEvent, at: EventContext): History {
    return new History([...this.past, { event, at }], decider.evolve(this.state, event, at));
  }

  /** The events a command would cause. */
  when(command: EnterpriseCommand, context: DecisionContext): readonly EnterpriseEvent[] {
    return decider.decide(command, this.state, context);
  }

  get dossier(): Dossier {
    if (this.state.status === 'unregistered') throw new Error('not registered');
    return this.state;
  }
}

export const registered = History.empty.do({ type: 'register', creditCode: CODE, name: '赣州甲科技有限公司' }, on('2022-01-10'));

/** The code of the refusal, for exact expectations. */
export function refusal(decision: () => unknown): string {
  try {
    decision();
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
  return 'was not refused';
}

export function rd(value: string, period: string, more: Partial<NewFact> = {}): EnterpriseCommand {
  return {
    type: 'record-facts',
    facts: [{ name: 'rd.expenditure', value, period, sourceUnit: '区税务局', evidence: paper, ...more }],
  };
}

/** A fact about one project. */
export function landed(subject: string | undefined, value = true, more: Partial<NewFact> = {}): EnterpriseCommand {
  const fact = { name: 'project.landed', value, ...(subject !== undefined && { subject }), sourceUnit: '区科技局', evidence: paper };
  return { type: 'record-facts', facts: [{ ...fact, ...more }] };
}

export function sme(value: boolean, more: Partial<NewFact> = {}): EnterpriseCommand {
  return {
    type: 'record-facts',
    facts: [{ name: 'enterprise.sme', value, sourceUnit: '区经发局', evidence: paper, ...more }],
  };
}

export const certificate = {
  type: 'record-certificate',
  number: 'GR202336000001',
  kind: 'hnte',
  certification: 'first',
  issuedOn: '2023-11-22',
  expiresOn: '2026-11-21',
  issuer: '江西省科学技术厅',
  evidence: paper,
} as const;

export const clearance = {
  type: 'record-clearance',
  clearance: 'tax',
  agency: '区税务局',
  finding: 'clear',
  on: '2025-08-31',
  documentNo: '税函〔2025〕8号',
  evidence: paper,
} as const;

export const title = {
  type: 'award-title',
  title: 'ip-benchmark',
  grade: '2A',
  year: 2024,
  on: '2025-01-20',
  documentNo: '区知〔2025〕2号',
  evidence: paper,
} as const;

export const withdrawal = {
  type: 'withdraw-title',
  title: 'ip-benchmark',
  year: 2024,
  on: '2025-06-01',
  reason: '失信',
  evidence: paper,
} as const;

export const relocation = {
  type: 'record-relocation',
  from: '南昌市',
  origin: 'in-province',
  whole: true,
  on: '2024-02-01',
  evidence: paper,
} as const;
