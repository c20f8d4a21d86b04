import { describe, expect, it } from '@jest/globals';
import { fold, Problem } from '@app/kernel';
import { type FindingAction, type FindingCommand, findingDecider } from './decide.js';
import type { FindingEvent, FindingState, OpenedData } from './finding.js';

const TODAY = '2024-05-10';
const by = (actorId: string, ...roles: readonly string[]) => ({ actorId, roles, effectiveOn: TODAY, today: TODAY });
const auditor = by('auditor', 'auditor');
const officer = by('officer', 'finance');
const evidence = [{ title: '核查记录' }];

const command = (action: FindingAction, more: Partial<FindingCommand> = {}): FindingCommand => ({ action, officers: ['culprit'], ...more });
const comment = (text: string) => command({ type: 'comment', text });
const assign = (to: string) => command({ type: 'assign', to });
const resolve = (more: Partial<Extract<FindingAction, { type: 'resolve' }>> = {}) =>
  command({ type: 'resolve', outcome: 'unfounded', reason: '查无此事', ...more });
const reopen = (reason = '有新线索') => command({ type: 'reopen', reason });

const given = (...events: readonly FindingEvent[]): FindingState =>
  fold(
    findingDecider,
    events.map((event) => ({ event, at: { actorId: 'auditor', effectiveOn: TODAY } })),
  );
const assigned: FindingEvent = { type: 'finding-assigned', data: { to: 'officer' } };
const resolved: FindingEvent = { type: 'finding-resolved', data: { outcome: 'unfounded', reason: '查无此事' } };
const reopened: FindingEvent = { type: 'finding-reopened', data: { reason: '有新线索' } };
const unrecorded: OpenedData = {
  code: 'manual',
  severity: 'high',
  title: '线索',
  rule: '第三条',
  detail: '群众反映',
  officers: ['culprit'],
};

const decided = (asked: FindingCommand, state: FindingState, context = auditor) => findingDecider.decide(asked, state, context);
function refusal(asked: FindingCommand, state: FindingState, context = auditor): string {
  try {
    decided(asked, state, context);
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('the life of a finding', () => {
  it('is commented on, assigned, resolved and reopened', () => {
    expect(decided(comment('请说明'), given())).toEqual([{ type: 'finding-commented', data: { text: '请说明' } }]);
    expect(decided(assign('officer'), given())).toEqual([assigned]);
    expect(decided(resolve(), given(assigned))).toEqual([resolved]);
    expect(decided(reopen(), given(resolved))).toEqual([reopened]);
    expect(decided(resolve(), given(resolved, reopened))).toEqual([resolved]);
  });

  it('takes down first what nothing keeps a record of, once', () => {
    const opened = { type: 'finding-opened', data: unrecorded };
    expect(decided(command({ type: 'open' }, { unrecorded, openedOn: evidence }), given())).toEqual([{ ...opened, evidence }]);
    expect(decided(command({ type: 'assign', to: 'officer' }, { unrecorded }), given())).toEqual([opened, assigned]);
    expect(decided(command({ type: 'comment', text: '催办' }, { unrecorded }), given(assigned))).toEqual([
      { type: 'finding-commented', data: { text: '催办' } },
    ]);
  });

  it('asks for a document that a confirmation rests on, and for the event that put it right', () => {
    expect(refusal(resolve({ outcome: 'confirmed' }), given())).toBe('evidence-required');
    expect(refusal(resolve({ outcome: 'corrected' }), given())).toBe('invalid-input');
    expect(decided(resolve({ outcome: 'confirmed', evidence }), given())).toHaveLength(1);
    const correction = { stream: 'award-x', revision: 3 };
    expect(decided(resolve({ outcome: 'corrected', correction }), given())).toEqual([
      { type: 'finding-resolved', data: { outcome: 'corrected', reason: '查无此事', correction } },
    ]);
  });

  it.each([
    ['another than an auditor assigns', assign('x'), given(), officer, 'role-required'],
    ['another than an auditor resolves, be it assigned to them', resolve(), given(assigned), officer, 'role-required'],
    ['somebody comments to whom it is not assigned', comment('说明'), given(), officer, 'role-required'],
    ['whose act it is about resolves it', resolve(), given(), by('culprit', 'auditor'), 'duties-not-separated'],
    ['a resolved one is resolved otherwise', resolve({ reason: '另一理由' }), given(resolved), auditor, 'finding-resolved'],
    ['a resolved one is assigned', assign('x'), given(resolved), auditor, 'finding-resolved'],
    ['an open one is reopened', reopen(), given(), auditor, 'finding-not-resolved'],
    ['it is dated back', comment('说明'), given(), { ...auditor, effectiveOn: '2024-05-09' }, 'invalid-input'],
    ['words hold a telephone number', comment('联系 13800138000'), given(), auditor, 'personal-data'],
  ] as const)('refuses when %s', (_, asked, state, context, code) => {
    expect(refusal(asked, state, context)).toBe(code);
  });

  it('lets whom it is assigned to answer, also after it was resolved', () => {
    expect(decided(comment('已更正'), given(assigned), officer)).toHaveLength(1);
    expect(decided(comment('已更正'), given(assigned, resolved), officer)).toHaveLength(1);
  });

  it('records nothing twice', () => {
    expect(decided(assign('officer'), given(assigned))).toEqual([]);
    expect(decided(resolve(), given(resolved))).toEqual([]);
    expect(decided(reopen(), given(resolved, reopened))).toEqual([]);
    expect(decided(comment('说明'), given({ type: 'finding-commented', data: { text: '说明' } }))).toEqual([]);
  });
});
