import { expect } from '@jest/globals';
import { type DecisionContext, type EventContext, Problem, withCheckCharacter } from '@app/kernel';
import { type BlacklistCommand, blacklistDecider, type OpenCase } from './decide.js';
import { type BlacklistEvent, type BlacklistState, noCases } from './listing.js';
import type { Subject } from './subject.js';

/** Fictional. */
export const FIRM: Subject = { kind: 'enterprise', id: withCheckCharacter('91360700MA35QWERT') };
export const AGENCY: Subject = { kind: 'agency', id: withCheckCharacter('91360700MA38ACDFG') };
export const PERSON: Subject = { kind: 'person', id: 'P-2024-017' };
export const paper = [{ title: '佐证材料', documentNo: '虚构〔2026〕1号' }];

export const ROLES_OF = { clerk: 'clerk-1', reviewer: 'reviewer-1', approver: 'approver-1' } as const;
export type Officer = keyof typeof ROLES_OF;

/** An officer at work on a day; by another person of the role where one is named. */
export function on(today: string, role: Officer = 'clerk', actorId: string = ROLES_OF[role]): DecisionContext {
  return { actorId, roles: [role], effectiveOn: today, today };
}

export function opening(more: Partial<OpenCase> = {}): OpenCase {
  return {
    type: 'open-case',
    subject: FIRM,
    listingClass: 'serious',
    ground: '虚报研发投入',
    legalBasis: '财政违法行为处罚处分条例第十四条',
    reasons: '经核实申报数据与事实明显不符',
    rights: '可以陈述、申辩',
    servedOn: '2026-05-01',
    evidence: paper,
    ...more,
  };
}

export const waive = { type: 'waive-statement', case: 1, on: '2026-05-02', evidence: paper } as const;
export const list = { type: 'list', case: 1, termMonths: 24, reason: '事实清楚', evidence: paper } as const;
export const objection = { type: 'object', case: 1, on: '2026-05-20', reasons: '数据有误' } as const;
export const upheld = { type: 'decide-objection', case: 1, objection: 1, upheld: true, reason: '异议成立', evidence: paper } as const;
export const repair = {
  type: 'apply-for-repair',
  case: 1,
  on: '2027-05-10',
  corrected: '已更正申报',
  duties: '罚款已缴',
  commitment: '已在门户公开承诺',
  evidence: paper,
} as const;
export const repaired = { type: 'decide-repair', case: 1, accepted: true, reason: '符合修复条件', evidence: paper } as const;

/** The cases of a subject under construction: what was decided so far, and the state it folds to. */
export class History {
  private constructor(
    readonly past: readonly BlacklistEvent[],
    readonly state: BlacklistState,
  ) {}

  static readonly empty = new History([], noCases);

  do(command: BlacklistCommand, context: DecisionContext): History {
    return this.when(command, context).reduce<History>((history, event) => history.with(event, context), this);
  }

  private with(event: BlacklistEvent, at: EventContext): History {
    return new History([...this.past, event], blacklistDecider.evolve(this.state, event, at));
  }

  /** The events a command would cause. */
  when(command: BlacklistCommand, context: DecisionContext): readonly BlacklistEvent[] {
    return blacklistDecider.decide(command, this.state, context);
  }

  /** Expects the exact refusal. */
  refuses(command: BlacklistCommand, context: DecisionContext, code: string, more: object = {}): void {
    const problem = problemOf(() => this.when(command, context));
    expect({ ...problem, code: problem.code }).toMatchObject({ code, ...more });
  }
}

export function problemOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('was not refused');
}

export const noticed = History.empty.do(opening(), on('2026-05-01'));
/** Listed for two years from 2026-05-10 on. */
export const listed = noticed.do(list, on('2026-05-10', 'approver'));
