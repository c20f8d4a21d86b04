import { describe, expect, it } from '@jest/globals';
import type { StandingDuty } from '@app/calendar';
import type { RecordedEvent } from '@app/event-store';
import { Problem, withCheckCharacter } from '@app/kernel';
import { type About, requireCorrects } from './correction.js';
import { DUTY_OVERDUE, findingId } from './finding.js';

const PACK = 'ganzhou-etdz-2023';
const CODE = withCheckCharacter('91360700MA35QWERT');
const OTHER = withCheckCharacter('91360700MA38ACDFG');
const AWARD = `${PACK}.G01.${CODE}.once`;

const at = (stream: string, type: string, position: number, data: object = {}, recordedAt = '2024-06-03T02:00:00.000Z') =>
  ({ stream, type, position, revision: 1, data, recordedAt, metadata: { actor: { id: 'x' } } }) as unknown as RecordedEvent;
const fault = at(`award-${AWARD}`, 'award-reviewed', 10);

/** The rule an event breaks as the correction of a finding; undefined when it corrects it. */
function broken(
  event: RecordedEvent,
  concerned: About,
  atFault: RecordedEvent | undefined,
  { id = 'amount-over-cap-0123456789abcdef', duty }: { readonly id?: string; readonly duty?: StandingDuty | undefined } = {},
) {
  try {
    requireCorrects(event, { id, concerned, atFault, duty });
    return undefined;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return problem.errors[0]?.rule;
  }
}

/** A duty that money put on a line shows done, as it stands. */
const duty = (standing: StandingDuty['standing']) =>
  ({
    duty: { policy: { pack: PACK, clause: 'Z24' }, period: '2024-Q1', fulfilledBy: { kind: 'appropriation' } },
    standing,
  }) as StandingDuty;

describe('what corrects a finding', () => {
  it.each([
    ['a revocation of the award', at(`award-${AWARD}`, 'award-revoked', 11), undefined],
    ['a fact of its enterprise', at(`enterprise-${CODE}`, 'fact-recorded', 11), undefined],
    ['what came before', at(`award-${AWARD}`, 'award-revoked', 9), 'later'],
    ['the fault itself', fault, 'later'],
    ['what auditors say of a finding', at('finding-manual-0123456789abcdef', 'finding-commented', 11), 'later'],
    ['a fact of another enterprise', at(`enterprise-${OTHER}`, 'fact-recorded', 11), 'related'],
    ['another award under the same policy', at(`award-${PACK}.G01.${OTHER}.once`, 'award-revoked', 11), 'related'],
    ['the payment that follows', at(`award-${AWARD}`, 'instalment-paid', 11, { batch: 'B' }), 'corrects'],
    ['the money that is spent on it', at(`budget-${PACK}.fund.2024`, 'budget-spent', 11, { award: AWARD, payee: CODE }), 'corrects'],
    ['a request that changed nothing of it', at('command-1', 'command-noted', 11, { stream: `award-${AWARD}` }), 'corrects'],
  ])('of an award: %s', (_, event, rule) => expect(broken(event, { award: AWARD, pack: PACK }, fault)).toBe(rule));

  it.each([
    ['an entry on a line of it', at(`budget-${PACK}.fund.2024`, 'budget-adjusted', 1), undefined],
    ['a change of its text', at(`policy-${PACK}`, 'policy-repealed', 1), undefined],
    ['an entry on a line of another', at('budget-haimen-2022.fund.2024', 'budget-adjusted', 1), 'related'],
  ])('of a policy as a whole: %s', (_, event, rule) => expect(broken(event, { pack: PACK }, undefined)).toBe(rule));

  it('of nothing in particular: anything later', () => {
    expect(broken(at(`enterprise-${OTHER}`, 'fact-recorded', 1), {}, undefined)).toBeUndefined();
  });

  const late = '2024-05-01T02:00:00.000Z';
  const early = '2024-04-30T02:00:00.000Z';
  it.each([
    ['its own record', at(`duty-${PACK}.Z24.2024-Q1`, 'duty-done', 1, {}, late), undefined],
    ['money given for it', at(`budget-${PACK}.fund.2024`, 'budget-appropriated', 1, {}, late), undefined],
    ['a record from before it was late', at(`duty-${PACK}.Z24.2024-Q1`, 'duty-done', 1, {}, early), 'later'],
    ['the duty of another period', at(`duty-${PACK}.Z24.2024-Q2`, 'duty-done', 1, {}, late), 'related'],
    ['another duty', at(`duty-${PACK}.Z25.2024-Q1`, 'duty-done', 1, {}, late), 'related'],
    ['that it was not done after all', at(`duty-${PACK}.Z24.2024-Q1`, 'duty-reopened', 1, {}, late), 'related'],
    ['an award under its policy', at(`award-${AWARD}`, 'award-granted', 1, {}, late), 'related'],
    ['a target of its policy', at(`target-${PACK}.T1.全区`, 'actual-reported', 1, {}, late), 'related'],
    ['a tier in some ladder', at('tierreview-any.2024', 'tier-review-closed', 1, { ladder: 'any', year: 2024 }, late), 'related'],
    ['an appropriation under another policy', at('budget-haimen-2022.fund.2024', 'budget-appropriated', 1, {}, late), 'related'],
    ['a request that changed nothing of it', at('command-1', 'command-noted', 1, { stream: `duty-${PACK}.Z24.2024-Q1` }, late), 'corrects'],
    ['the text that asks for it', at(`policy-${PACK}`, 'policy-amended', 1, { pack: {} }, late), 'related'],
  ])('of a duty: %s', (_, event, rule) => {
    const id = findingId(DUTY_OVERDUE.code, PACK, 'Z24', '2024-Q1');
    expect(
      broken(event, { pack: PACK, day: '2024-05-01' }, undefined, { id, duty: duty({ status: 'done-late', doneOn: '2024-05-01' }) }),
    ).toBe(rule);
  });

  it('of a duty that is still overdue: nothing, for what would show it done was taken back, or belongs to another time', () => {
    const id = findingId(DUTY_OVERDUE.code, PACK, 'Z24', '2024-Q1');
    const concerned = { pack: PACK, day: '2024-05-01' };
    for (const event of [
      at(`duty-${PACK}.Z24.2024-Q1`, 'duty-done', 1, {}, late),
      at(`budget-${PACK}.fund.2024`, 'budget-appropriated', 1, {}, late),
    ])
      expect(broken(event, concerned, undefined, { id, duty: duty({ status: 'overdue', daysOver: 1 }) })).toBe('corrects');
  });

  it('of a duty that is not asked for any more: nothing, for there is nothing to make good', () => {
    const id = findingId(DUTY_OVERDUE.code, PACK, 'Z24', '2024-Q1');
    const done = at(`duty-${PACK}.Z24.2024-Q1`, 'duty-done', 1, {}, late);
    expect(broken(done, { pack: PACK, day: '2024-05-01' }, undefined, { id })).toBe('related');
  });
});
