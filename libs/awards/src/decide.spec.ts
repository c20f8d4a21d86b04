import { describe, expect, it } from '@jest/globals';
import { type ClawbackCause, shortOf, undemandedOf } from './award.js';
import {
  apply,
  applied,
  approver,
  assess,
  assessed,
  budget,
  by,
  clerk,
  completeGrant,
  demand,
  discretionary,
  granted,
  granting,
  Life,
  oneOff,
  order,
  ordered,
  paid,
  paper,
  PAYEE,
  payer,
  policy,
  problemOf,
  publicise,
  publicised,
  receive,
  recommend,
  record,
  reviewed,
  reviewer,
  settle,
  staged,
  startGrant,
  unlock,
  unverified,
  verified,
  writeOff,
} from './award.fixture.js';
import { type AwardCommand, decideAward } from './decide.js';

const ledger = by('ledger', '2024-05-20');
const objection: AwardCommand = { type: 'raise-objection', by: '某企业', reason: '数据不实' };
const judge = (upheld: boolean, no = 1): AwardCommand => ({ type: 'decide-objection', objection: no, upheld, reason: '经核查' });
const lower = (...amounts: readonly string[]): AwardCommand => ({ type: 'propose-override', amounts, reason: '部分费用不予认可' });
const lapse: AwardCommand = { type: 'lapse', reason: '逾期未办' };
const revoke = (cause: ClawbackCause = 'fraud'): AwardCommand => ({ type: 'revoke', cause, reason: '虚假申报' });
const hold: AwardCommand = { type: 'hold', reason: '列入黑名单' };
const release: AwardCommand = { type: 'release-hold', reason: '信用修复' };
const drop: AwardCommand = { type: 'drop-override', reason: '恢复原额' };

describe('apply', () => {
  it('opens an award that cites its clause', () => {
    expect(Life.none.when({ ...apply, note: '首次' } as AwardCommand, by(clerk))).toEqual([
      {
        type: 'award-applied',
        data: {
          pack: 'test-2024',
          clause: 'T1',
          payee: PAYEE,
          payeeName: '赣州甲科技有限公司',
          occasion: { kind: 'once', key: 'once', reference: 'once' },
          note: '首次',
        },
        policy,
      },
    ]);
  });
  it('keeps the documents it rests on', () => {
    expect(Life.none.when({ ...apply, evidence: paper } as AwardCommand, by(clerk))).toMatchObject([{ evidence: paper }]);
  });
  it('refuses a second award for the occasion, naming the first', () => {
    const problem = problemOf(() => granted().when(apply, by('clerk-2')));
    expect(problem).toMatchObject({ code: 'award-exists', extra: { award: `test-2024.T1.${PAYEE}.once`, status: 'granted' } });
    expect(problem.detail).toContain(clerk);
    expect(applied.refusal(apply, by(clerk))).toBe('award-exists');
  });
  it('is open again after a rejection or a withdrawal, and after nothing else', () => {
    const rejected = assessed().do({ type: 'review', recommended: false, reason: '材料不全' }, by(reviewer));
    const again = rejected.do(apply, by('clerk-2'));
    expect(again.state).toMatchObject({ status: 'applied', appliedBy: 'clerk-2' });
    expect(applied.do({ type: 'withdraw', reason: '撤回' }, by(clerk)).do(apply, by(clerk)).state.status).toBe('applied');
    expect(granted().do(lapse, by(approver)).refusal(apply, by(clerk))).toBe('award-exists');
    expect(paid().do(revoke(), by(approver)).refusal(apply, by(clerk))).toBe('award-exists');
  });
});

describe('assess', () => {
  it('records facts, version and trace, and may be done again until the review', () => {
    expect(applied.when(assess(), by(clerk))).toEqual([{ type: 'award-assessed', data: oneOff, policy }]);
    const again = assessed().do(assess(staged), by(clerk));
    expect(again.state).toMatchObject({ status: 'assessed', assessed: staged });
  });
  it('is quiet when nothing has changed since', () => {
    expect(assessed().when(assess({ ...oneOff }), by(clerk))).toEqual([]);
  });
  it.each([
    ['none', Life.none, 'award-not-applied'],
    ['reviewed', reviewed(), 'award-status'],
    ['granted', granted(), 'award-status'],
  ] as const)('is refused when %s', (_, life, code) => {
    expect(life.refusal(assess(), by(clerk))).toBe(code);
  });
});

describe('review', () => {
  it('recommends what was computed', () => {
    const policyOfAssessment = { ...policy };
    expect(assessed().when({ type: 'review', recommended: true, reason: '符合', evidence: paper }, by(reviewer))).toEqual([
      { type: 'award-reviewed', data: { recommended: true, reason: '符合' }, policy: policyOfAssessment, evidence: paper },
    ]);
  });
  it('rejects with a reason only', () => {
    expect(assessed().when({ type: 'review', recommended: false, reason: '材料不全' }, by(reviewer))).toMatchObject([
      { type: 'award-rejected', data: { reason: '材料不全' } },
    ]);
    expect(assessed().refusal({ type: 'review', recommended: false }, by(reviewer))).toBe('invalid-input');
    expect(assessed().refusal({ type: 'review', recommended: false, reason: '  ' }, by(reviewer))).toBe('invalid-input');
  });
  it('is never done by the one who applied', () => {
    expect(problemOf(() => assessed().when(recommend, by(clerk)))).toMatchObject({
      code: 'duties-not-separated',
      extra: { duty: 'review', did: 'applied for' },
    });
  });
  it.each([
    [{ outcome: 'refused', failed: ['G19'] }, 'assessment-not-payable'],
    [{ outcome: 'missing', missing: ['rd.expenditure'] }, 'assessment-not-payable'],
    [{ outcome: 'unresolved', waits: '实施细则' }, 'assessment-not-payable'],
    [{ outcome: 'not-in-force' }, 'assessment-not-payable'],
    [{ outcome: 'passed' }, 'assessment-not-payable'],
    [{ outcome: 'payable', amount: '0.00' }, 'nothing-to-grant'],
  ] as const)('recommends nothing on %j', (outcome, code) => {
    expect(assessed(record(outcome)).refusal(recommend, by(reviewer))).toBe(code);
  });
  it('recommends nothing on a simulated assessment', () => {
    const simulated = record({ outcome: 'payable', amount: '200000.00' }, { simulated: true });
    expect(assessed(simulated).refusal(recommend, by(reviewer))).toBe('assessment-simulated');
  });
  it('takes unverified facts only with a reason', () => {
    const what = record({ outcome: 'payable', amount: '200000.00' }, { used: [verified, unverified] });
    expect(problemOf(() => assessed(what).when(recommend, by(reviewer)))).toMatchObject({
      code: 'facts-unverified',
      extra: { unverified: ['rd.expenditure'] },
    });
    expect(assessed(what).refusal({ type: 'review', recommended: true, unverifiedReason: ' ' }, by(reviewer))).toBe('facts-unverified');
    expect(assessed(what).when({ type: 'review', recommended: true, unverifiedReason: '税务数据同口径' }, by(reviewer))).toMatchObject([
      { data: { recommended: true, unverifiedReason: '税务数据同口径' } },
    ]);
  });
  it('sets a sum under a discretionary clause only, within the ceiling, with a reason', () => {
    const set = (amount: string | undefined, reason?: string): AwardCommand => ({
      type: 'review',
      recommended: true,
      ...(amount !== undefined && { amount }),
      ...(reason !== undefined && { reason }),
    });
    const life = assessed(discretionary);
    expect(life.when(set('1000000.00', '成效突出'), by(reviewer))).toMatchObject([
      { type: 'award-reviewed', data: { amount: '1000000.00' } },
    ]);
    expect(life.refusal(set('1000000.01', '成效突出'), by(reviewer))).toBe('over-ceiling');
    expect(life.refusal(set('0.00', '成效突出'), by(reviewer))).toBe('nothing-to-grant');
    expect(life.refusal(set('500000.00'), by(reviewer))).toBe('invalid-input');
    expect(life.refusal(set(undefined, '成效突出'), by(reviewer))).toBe('invalid-input');
    expect(life.refusal(set('1e5', '成效突出'), by(reviewer))).toBe('money-malformed');
    expect(assessed().refusal(set('100.00', '少给些'), by(reviewer))).toBe('invalid-input');
  });
  it('cannot be repeated', () => {
    expect(reviewed().refusal(recommend, by(reviewer))).toBe('award-status');
  });
});

describe('withdraw', () => {
  const withdraw: AwardCommand = { type: 'withdraw', reason: '企业撤回' };
  it.each([
    ['applied', applied],
    ['assessed', assessed()],
    ['reviewed', reviewed()],
    ['publicised', publicised()],
  ] as const)('closes an award that is %s, and is quiet on a repeat', (_, life) => {
    const closed = life.do(withdraw, by(clerk));
    expect(closed.state).toMatchObject({ status: 'closed', how: 'withdrawn', reason: '企业撤回' });
    expect(closed.when(withdraw, by(clerk))).toEqual([]);
  });
  it('is refused once a grant is under way, and for a rejected award', () => {
    expect(granting().refusal(withdraw, by(clerk))).toBe('award-status');
    expect(granted().refusal(withdraw, by(clerk))).toBe('award-status');
    expect(Life.none.refusal(withdraw, by(clerk))).toBe('award-not-applied');
    expect(assessed().do({ type: 'review', recommended: false, reason: '否' }, by(reviewer)).refusal(withdraw, by(clerk))).toBe(
      'award-status',
    );
  });
});

describe('publicise', () => {
  it('counts the first and the last day', () => {
    expect(
      reviewed().when({ type: 'publicise', from: '2024-02-27', days: 5, minimumDays: 5, place: '官网' }, by(clerk, '2024-02-27')),
    ).toMatchObject([{ type: 'award-publicised', data: { from: '2024-02-27', until: '2024-03-02', days: 5, place: '官网' } }]);
  });
  it('is neither back-dated nor too short, nor repeated', () => {
    expect(reviewed().refusal({ type: 'publicise', from: '2024-04-30', days: 5, minimumDays: 5 }, by(clerk, '2024-05-01'))).toBe(
      'invalid-input',
    );
    expect(reviewed().refusal({ type: 'publicise', from: '2024-05-01', days: 4, minimumDays: 5 }, by(clerk))).toBe('notice-too-short');
    expect(publicised().refusal(publicise, by(clerk))).toBe('award-status');
    expect(assessed().refusal(publicise, by(clerk))).toBe('award-status');
  });
  it('is of its first day alone where the policy asks for none, and the grant may follow at once, not before', () => {
    const none: AwardCommand = { type: 'publicise', from: '2024-05-02', days: 0, minimumDays: 0 };
    expect(reviewed().when(none, by(clerk, '2024-05-01'))).toMatchObject([{ data: { from: '2024-05-02', until: '2024-05-02', days: 0 } }]);
    const told = reviewed().do(none, by(clerk, '2024-05-01'));
    expect(told.refusal(startGrant(), by(approver, '2024-05-01'))).toBe('notice-running');
    expect(told.when(startGrant(), by(approver, '2024-05-02'))).toHaveLength(1);
    // One of a day is chosen, and is waited for.
    const one = reviewed().do({ ...none, days: 1 }, by(clerk, '2024-05-01'));
    expect(one.refusal(startGrant(), by(approver, '2024-05-02'))).toBe('notice-running');
  });
  it('cannot evade the ban on back-dating by an earlier effective day', () => {
    expect(
      reviewed().refusal({ type: 'publicise', from: '2024-05-01', days: 5, minimumDays: 5 }, by(clerk, '2024-05-01', '2024-05-03')),
    ).toBe('invalid-input');
  });
});

describe('objections', () => {
  it('are numbered, and heard until the grant', () => {
    const life = publicised().do(objection, by('auditor'));
    expect(life.when({ ...objection, by: '另一企业' }, by('auditor', '2024-05-20'))).toMatchObject([
      { type: 'award-objection-raised', data: { objection: 2, by: '另一企业', reason: '数据不实' } },
    ]);
    expect(granted().refusal(objection, by('auditor'))).toBe('award-status');
    expect(granting().refusal(objection, by('auditor'))).toBe('award-status');
  });
  it('are quiet on a repeat', () => {
    expect(publicised().do(objection, by('auditor')).when(objection, by('auditor'))).toEqual([]);
  });
  it('stop the grant until they are decided', () => {
    const life = publicised().do(objection, by('auditor'));
    expect(problemOf(() => life.when(startGrant(), by(approver, '2024-05-06')))).toMatchObject({
      code: 'objections-open',
      extra: { objections: [1] },
    });
    expect(life.do(judge(false), by('administrator')).when(startGrant(), by(approver, '2024-05-06'))).toHaveLength(1);
  });
  it('dismissed, are quiet on a repeat and cannot be turned round', () => {
    const life = publicised().do(objection, by('auditor')).do(judge(false), by('administrator'));
    expect(life.when(judge(false), by('administrator'))).toEqual([]);
    expect(life.refusal(judge(true), by('administrator'))).toBe('objection-decided');
    expect(life.when(objection, by('auditor'))).toEqual([]);
  });
  it('upheld, send the award back to be assessed, reviewed and publicised again', () => {
    const life = publicised().do(objection, by('auditor')).do(lower('100000.00'), by(approver)).do(judge(true), by('administrator'));
    expect(life.state).toEqual({ ...(applied.state as object) });
    expect(life.refusal(startGrant(), by(approver, '2024-05-06'))).toBe('award-status');
    expect(life.do(assess(), by(clerk)).do(recommend, by(reviewer)).do(publicise, by(clerk)).state).toMatchObject({
      status: 'publicised',
      notice: { objections: [] },
    });
  });
  it('are not judged by the one who applied, nor when unknown', () => {
    const life = publicised().do(objection, by('auditor'));
    expect(life.refusal(judge(false), by(clerk))).toBe('duties-not-separated');
    expect(life.refusal(judge(false, 2), by('administrator'))).toBe('objection-unknown');
    expect(applied.refusal(judge(false), by('administrator'))).toBe('award-status');
  });
});

describe('override', () => {
  it('lowers a sum, and a second approver grants it', () => {
    const life = publicised().do(lower('150000.00'), by(approver));
    expect(life.past.at(-1)?.event).toMatchObject({
      type: 'award-override-proposed',
      data: { amounts: ['150000.00'], total: '150000.00', computed: '200000.00', reason: '部分费用不予认可' },
    });
    expect(life.refusal(startGrant(), by(approver, '2024-05-06'))).toBe('second-approver-required');
    const done = life.do(startGrant(), by('approver-2', '2024-05-06')).do(completeGrant(), ledger);
    expect(done.granted.grant.amount.toString()).toBe('150000.00');
    expect(done.past.find(({ event }) => event.type === 'award-granted')?.event.data).toMatchObject({
      amount: '150000.00',
      approver: 'approver-2',
      override: { computed: '200000.00', reason: '部分费用不予认可', proposedBy: approver },
    });
  });
  it('never raises any part, and never leaves nothing', () => {
    const life = publicised(staged);
    expect(life.refusal(lower('100000.01', '50000.00'), by(approver))).toBe('override-upward');
    expect(life.refusal(lower('100000.00', '100000.00'), by(approver))).toBe('override-upward');
    expect(life.refusal(lower('0.00', '0.00'), by(approver))).toBe('override-to-zero');
    expect(life.refusal(lower('100000.00'), by(approver))).toBe('invalid-input');
    expect(life.refusal(lower('100000.00', '-1.00'), by(approver))).toBe('money-malformed');
    expect(life.refusal({ type: 'propose-override', amounts: ['1.00', '1.00'], reason: ' ' }, by(approver))).toBe('invalid-input');
  });
  it('is proposed neither by the applicant nor by the reviewer', () => {
    expect(publicised().refusal(lower('1.00'), by(clerk))).toBe('duties-not-separated');
    expect(publicised().refusal(lower('1.00'), by(reviewer))).toBe('duties-not-separated');
    expect(granted().refusal(lower('1.00'), by(approver))).toBe('award-status');
  });
  it('is quiet on a repeat, and another proposal replaces it', () => {
    const life = publicised().do(lower('150000.00'), by(approver));
    expect(life.when(lower('150000'), by(approver))).toEqual([]);
    expect(life.do(lower('120000.00'), by('approver-2')).state).toMatchObject({ override: { proposedBy: 'approver-2' } });
    expect(life.when(lower('150000.00'), by('approver-2'))).toHaveLength(1);
  });
  it('is dropped, after which the computed sum stands; quiet on a repeat', () => {
    const life = publicised().do(lower('150000.00'), by(approver)).do(drop, by(approver));
    expect(life.when(drop, by(approver))).toEqual([]);
    expect(life.do(startGrant(), by(approver, '2024-05-06')).past.at(-1)?.event.data).toMatchObject({ amount: '200000.00' });
    expect(applied.refusal(drop, by(approver))).toBe('award-status');
  });
  it('leaves an instalment of nothing locked for good', () => {
    const life = publicised(staged)
      .do(lower('100000.00', '0.00'), by(approver))
      .do(startGrant(), by('approver-2', '2024-05-06'))
      .do(completeGrant(), ledger);
    expect(life.granted.instalments.map(({ status }) => status)).toEqual(['unlocked', 'locked']);
    expect(life.refusal(unlock(2), by(clerk))).toBe('nothing-to-pay');
  });
});

describe('grant', () => {
  it('starts with the approver, the line and the sum', () => {
    expect(publicised().when(startGrant(), by(approver, '2024-05-06'))).toMatchObject([
      { type: 'award-grant-started', data: { grant: 'g1', amount: '200000.00', budget, documentNo: '虚构财〔2024〕3号' }, policy },
    ]);
  });
  it('waits for the day after the notice', () => {
    expect(problemOf(() => publicised().when(startGrant(), by(approver, '2024-05-05')))).toMatchObject({
      code: 'notice-running',
      extra: { until: '2024-05-05' },
    });
    expect(publicised().refusal(startGrant(), by(approver, '2024-05-05', '2024-05-30'))).toBe('invalid-input');
    expect(publicised().when(startGrant(), by(approver, '2024-05-06'))).toHaveLength(1);
  });
  it('is refused when the policy in force has changed since the assessment', () => {
    const changed = (more: object): AwardCommand => ({ ...startGrant(), policy: { ...policy, ...more } }) as AwardCommand;
    expect(publicised().refusal(changed({ version: 2 }), by(approver, '2024-05-06'))).toBe('policy-changed');
    expect(publicised().refusal(changed({ hash: 'b'.repeat(64) }), by(approver, '2024-05-06'))).toBe('policy-changed');
  });
  it('is quiet when this same grant is under way, and refused to another', () => {
    expect(granting().when(startGrant(), by(approver, '2024-05-06'))).toEqual([]);
    expect(granting().refusal(startGrant('g2'), by('approver-2', '2024-05-06'))).toBe('award-status');
    expect(granted().refusal(startGrant('g2'), by('approver-2', '2024-05-06'))).toBe('award-status');
    expect(reviewed().refusal(startGrant(), by(approver, '2024-05-06'))).toBe('award-status');
  });
  it('completes with every instalment, and unlocks what is met', () => {
    const events = granting(staged).when(completeGrant(), ledger);
    expect(events).toEqual([
      {
        type: 'award-granted',
        data: {
          grant: 'g1',
          amount: '200000.00',
          instalments: [
            { no: 1, amount: '100000.00', needs: [] },
            { no: 2, amount: '100000.00', needs: ['project.accepted'] },
          ],
          budget,
          documentNo: '虚构财〔2024〕3号',
          approver,
        },
        policy,
      },
      { type: 'instalment-unlocked', data: { no: 1, amount: '100000.00', facts: staged.facts, used: staged.used }, policy },
    ]);
  });
  it('completes once: quiet on a repeat, refused for another grant', () => {
    expect(granted().when(completeGrant(), ledger)).toEqual([]);
    expect(granted().refusal(completeGrant('g2'), ledger)).toBe('award-status');
    expect(granting().refusal(completeGrant('g2'), ledger)).toBe('award-status');
    expect(publicised().refusal(completeGrant(), ledger)).toBe('award-status');
  });
  it('fails, and can be granted from another line', () => {
    const fail: AwardCommand = { type: 'fail-grant', grant: 'g1', code: 'budget-exhausted', detail: '不足' };
    const failed = granting().do(fail, ledger);
    expect(failed.state).toMatchObject({ status: 'publicised', failedGrant: { grant: 'g1', code: 'budget-exhausted' } });
    expect(failed.when(fail, ledger)).toEqual([]);
    expect(failed.refusal(completeGrant(), ledger)).toBe('award-status');
    const other: AwardCommand = { ...startGrant('g2'), budget: { ...budget, line: 'reserve' } } as AwardCommand;
    const done = failed.do(other, by(approver, '2024-05-07')).do(completeGrant('g2'), ledger);
    expect(done.granted.grant).toMatchObject({ id: 'g2', budget: { line: 'reserve' } });
    expect(done.state).not.toHaveProperty('failedGrant');
  });
  it('cannot fail once it is complete, nor for another grant', () => {
    const fail = (grant: string): AwardCommand => ({ type: 'fail-grant', grant, code: 'budget-exhausted', detail: '不足' });
    expect(granted().when(fail('g1'), ledger)).toEqual([]);
    expect(granting().when(fail('g2'), ledger)).toEqual([]);
  });
});

describe('separation of duties', () => {
  const roles = { clerk, reviewer, approver, payer } as const;
  const asks: readonly (readonly [string, Life, (actor: string) => AwardCommand, (actor: string) => string])[] = [
    ['review', assessed(), () => recommend, (actor) => actor],
    ['approve', publicised(), () => startGrant(), (actor) => actor],
    ['pay', granted(), (actor) => order(1, 'B1', 1, actor), () => 'ledger'],
  ];
  const forbidden: Readonly<Record<string, readonly (keyof typeof roles)[]>> = {
    review: ['clerk'],
    approve: ['clerk', 'reviewer'],
    pay: ['clerk', 'reviewer', 'approver'],
  };
  it.each(
    asks.flatMap(([duty, life, command, sender]) =>
      Object.entries(roles).map(([name, person]) => ({ duty, life, name, person, command, sender })),
    ),
  )('judges whether the $name of an award may also $duty it', ({ duty, life, name, person, command, sender }) => {
    const run = () => life.when(command(person), by(sender(person), '2024-05-06'));
    if (forbidden[duty]?.includes(name as keyof typeof roles) === true) expect(problemOf(run).code).toBe('duties-not-separated');
    else expect(run()).toHaveLength(1);
  });
  it('keeps the proposer of an override from paying', () => {
    const life = publicised()
      .do(lower('150000.00'), by(approver))
      .do(startGrant(), by('approver-2', '2024-05-06'))
      .do(completeGrant(), ledger);
    expect(life.refusal(order(1, 'B1', 1, approver), ledger)).toBe('duties-not-separated');
    expect(life.refusal(order(1, 'B1', 1, 'approver-2'), ledger)).toBe('duties-not-separated');
  });
  it('keeps a payer from unlocking what would be paid next', () => {
    expect(ordered(staged).refusal(unlock(2), by(payer))).toBe('duties-not-separated');
    expect(ordered(staged).when(unlock(2), by(clerk))).toHaveLength(1);
  });
  it('keeps the one who demanded money back from writing it off', () => {
    const life = paid().do(demand('1000.00'), by(approver));
    expect(life.refusal(writeOff('1000.00'), by(approver))).toBe('duties-not-separated');
    expect(life.when(writeOff('1000.00'), by('approver-2'))).toHaveLength(2);
  });
});

describe('duties kept apart', () => {
  const own = (person: string) =>
    record(
      { outcome: 'payable', amount: '200000.00' },
      { used: [{ ...verified, source: { recordedBy: 'clerk-2', relocationRecordedBy: person } }] },
    );
  it('whoever confirmed the successor of a merged payee does not pay it', () => {
    const life = granted().do({ type: 'confirm-payee', payee: PAYEE, reason: '吸收合并' }, by('approver-2'));
    expect(life.refusal(order(1, 'B1', 1, 'approver-2'), ledger)).toBe('duties-not-separated');
    expect(life.when(order(), ledger)).toHaveLength(1);
  });
  it('whoever recorded the account does not pay to it', () => {
    expect(granted().refusal({ ...order(), accountRecordedBy: payer } as AwardCommand, ledger)).toBe('duties-not-separated');
    expect(granted().when({ ...order(), accountRecordedBy: clerk } as AwardCommand, ledger)).toHaveLength(1);
  });
  it('whoever demanded money back does not record its receipt', () => {
    const life = paid().do(demand('1000.00'), by(approver));
    expect(life.refusal(receive('1000.00', 'R1'), by(approver))).toBe('duties-not-separated');
  });
  it('whoever recorded an objection does not decide it', () => {
    const life = publicised().do(objection, by('administrator'));
    expect(life.refusal(judge(false), by('administrator'))).toBe('duties-not-separated');
    expect(life.when(judge(false), by('administrator-2'))).toHaveLength(1);
  });
  it('whoever recorded a fact, a certificate or a move does not approve what rests on it', () => {
    expect(problemOf(() => publicised(own(approver)).when(startGrant(), by(approver, '2024-05-06')))).toMatchObject({
      code: 'duties-not-separated',
      extra: { duty: 'approve', recorded: ['enterprise.sme'] },
    });
    expect(publicised(own(approver)).when(startGrant(), by('approver-2', '2024-05-06'))).toHaveLength(1);
  });
});

describe('a payment nobody expected', () => {
  const accept = (reference = 'P1', batch = 'B9', line = 1): AwardCommand => ({
    type: 'accept-payment',
    no: 1,
    batch,
    line,
    payer,
    on: '2024-05-20',
    reference,
  });
  const service = { ...ledger, roles: ['service' as const] };
  const bound = (payment = 'B9/1/P1'): AwardCommand => ({ type: 'hold', reason: '待核实', bound: { payment } });
  const held = granted().do(bound(), service);

  it('holds the award on its own account, until the ledger releases it', () => {
    expect(held.granted.holds).toEqual([{ reason: '待核实', since: '2024-05-20', payment: 'B9/1/P1' }]);
    expect(held.when(bound(), service)).toEqual([]);
    expect(held.refusal(order(), ledger)).toBe('award-held');
    for (const command of [release, { ...release, payment: 'B9/1/P1' } as AwardCommand])
      expect(problemOf(() => held.when(command, by(approver)))).toMatchObject({
        code: 'hold-of-payment',
        extra: { payments: ['B9/1/P1'] },
      });
    const both = held.do(hold, by(reviewer)).do(release, by(approver));
    expect(both.granted.holds).toHaveLength(1);
    expect(both.do({ ...release, payment: 'B9/1/P1' }, service).granted.holds).toEqual([]);
  });
  it('is the order of an instalment still to be paid, whatever holds the award; quiet on a repeat', () => {
    const life = held.do(accept(), ledger);
    expect(life.past.at(-1)?.event).toMatchObject({ type: 'instalment-ordered', data: { batch: 'B9', line: 1, payer } });
    expect(life.when(accept(), ledger)).toEqual([]);
    expect(life.do(settle('paid', 1, 'B9', 1), ledger).when(accept(), ledger)).toEqual([]);
  });
  it.each([
    ['paid', paid()],
    ['ordered', ordered()],
    ['lapsed', granted().do(lapse, by(approver))],
  ] as const)('is too much for an instalment that is %s', (_, life) => {
    const events = life.when(accept(), ledger);
    expect(events).toMatchObject([
      { type: 'instalment-overpaid', data: { no: 1, amount: '200000.00', batch: 'B9', line: 1, reference: 'P1' } },
    ]);
    expect(life.do(accept(), ledger).when(accept(), ledger)).toEqual([]);
  });
  it('too much can be demanded back beside what was paid, which ends the hold', () => {
    const life = paid().do(bound(), service).do(accept(), ledger);
    expect(undemandedOf(life.granted).toString()).toBe('200000.00');
    const other = life.do(demand('200000.00', { cause: 'misuse' }), by(approver));
    expect(undemandedOf(other.granted).toString()).toBe('200000.00');
    expect(other.granted.holds).toHaveLength(1);
    const demanded = other.do(demand('200000.00', { cause: 'overpayment' }), by(approver));
    expect(demanded.past.at(-1)?.event).toMatchObject({ type: 'award-hold-released', data: { payment: 'B9/1/P1' } });
    expect(undemandedOf(demanded.granted).isZero).toBe(true);
    expect(demanded.refusal(demand('0.01', { reason: '其余' }), by(approver))).toBe('over-paid-amount');
  });
  it('too much that the bank returns is too much no more; quiet on a repeat', () => {
    const life = paid()
      .do(bound(), service)
      .do(accept(), ledger)
      .do(settle('returned', 1, 'B9', 1), ledger);
    expect(life.past.slice(-2).map(({ event }) => event.type)).toEqual(['overpayment-returned', 'award-hold-released']);
    expect(life.when(settle('returned', 1, 'B9', 1), ledger)).toEqual([]);
    expect(life.granted.instalments[0]?.status).toBe('paid');
  });
});

describe('unlock', () => {
  it('needs the condition to be met on verified facts', () => {
    expect(granted(staged).when(unlock(2, { evidence: paper }), by(clerk))).toEqual([
      {
        type: 'instalment-unlocked',
        data: { no: 2, amount: '100000.00', facts: { 'project.accepted': true }, used: [{ ...verified, input: 'project.accepted' }] },
        policy,
        evidence: paper,
      },
    ]);
    expect(problemOf(() => granted(staged).when(unlock(2, { met: false, needs: ['project.accepted'] }), by(clerk)))).toMatchObject({
      code: 'condition-not-met',
      extra: { needs: ['project.accepted'] },
    });
    expect(granted(staged).refusal(unlock(2, { used: [unverified] }), by(clerk))).toBe('facts-unverified');
  });
  it('keeps the order of the instalments', () => {
    const pending = { status: 'pending', needs: ['x'] } as const;
    const both = record({
      outcome: 'payable',
      amount: '2.00',
      instalments: [
        { no: 1, amount: '1.00', ...pending },
        { no: 2, amount: '1.00', ...pending },
      ],
    });
    expect(problemOf(() => granted(both).when(unlock(2), by(clerk)))).toMatchObject({ code: 'instalment-order', extra: { first: 1 } });
    expect(granted(both).do(unlock(1), by(clerk)).when(unlock(2), by(clerk))).toHaveLength(1);
  });
  it('is quiet on a repeat and refused where there is nothing to unlock', () => {
    expect(granted(staged).when(unlock(1), by(clerk))).toEqual([]);
    expect(granted(staged).refusal(unlock(3), by(clerk))).toBe('instalment-unknown');
    expect(publicised(staged).refusal(unlock(2), by(clerk))).toBe('award-status');
    expect(granted(staged).do(lapse, by(approver)).refusal(unlock(2), by(clerk))).toBe('award-status');
  });
});

describe('order and settle', () => {
  it('orders what is due, once', () => {
    expect(granted().when(order(), ledger)).toMatchObject([
      { type: 'instalment-ordered', data: { no: 1, amount: '200000.00', batch: 'B1', line: 1, payer } },
    ]);
    expect(ordered().when(order(), ledger)).toEqual([]);
    expect(ordered().refusal(order(1, 'B2', 1), ledger)).toBe('instalment-not-due');
    expect(ordered().refusal(order(1, 'B1', 2), ledger)).toBe('instalment-not-due');
    expect(granted(staged).refusal(order(2), ledger)).toBe('instalment-not-due');
    expect(granted().refusal(order(9), ledger)).toBe('instalment-unknown');
    expect(paid().refusal(order(1, 'B2', 1), ledger)).toBe('instalment-not-due');
    expect(publicised().refusal(order(), ledger)).toBe('award-status');
  });
  it('pays what was ordered there, once', () => {
    expect(ordered().when(settle('paid'), ledger)).toMatchObject([
      { type: 'instalment-paid', data: { no: 1, amount: '200000.00', batch: 'B1', line: 1, on: '2024-05-20', reference: 'B1-1-paid' } },
    ]);
    expect(paid().when(settle('paid'), ledger)).toEqual([]);
    expect(ordered().refusal(settle('paid', 1, 'B2', 1), ledger)).toBe('payment-not-ordered');
    expect(granted().refusal(settle('paid'), ledger)).toBe('payment-not-ordered');
    expect(applied.refusal(settle('paid'), ledger)).toBe('award-status');
  });
  it('takes a return before or after the payment, counts it, and keeps since when it is due', () => {
    for (const life of [ordered(), paid()]) {
      const back = life.do(settle('returned'), ledger);
      expect(back.granted.instalments[0]).toMatchObject({ no: 1, status: 'unlocked', since: '2024-05-06', returns: 1 });
      expect(back.when(settle('returned'), ledger)).toEqual([]);
      const again = back.do(order(1, 'B2', 1), ledger).do(settle('paid', 1, 'B2', 1), ledger);
      expect(again.granted.instalments[0]).toMatchObject({ status: 'paid', batch: 'B2', returns: 1 });
    }
  });
  it('gives an order back when its batch is cancelled', () => {
    const cancel: AwardCommand = { type: 'cancel-order', no: 1, batch: 'B1', line: 1, reason: '批次作废' };
    const back = ordered().do(cancel, ledger);
    expect(back.granted.instalments[0]).toMatchObject({ status: 'unlocked', since: '2024-05-06', returns: 0 });
    expect(back.when(cancel, ledger)).toEqual([]);
    expect(ordered().when({ ...cancel, batch: 'B2' }, ledger)).toEqual([]);
    expect(paid().when(cancel, ledger)).toEqual([]);
    expect(applied.when(cancel, ledger)).toEqual([]);
  });
});

describe('hold', () => {
  it('stops new orders until it is released; quiet on a repeat', () => {
    const held = granted().do(hold, by(reviewer, '2024-05-09'));
    expect(held.granted.holds).toEqual([{ reason: '列入黑名单', since: '2024-05-09' }]);
    expect(held.when(hold, by(reviewer))).toEqual([]);
    expect(held.refusal(order(), ledger)).toBe('award-held');
    const free = held.do(release, by(approver));
    expect(free.when(release, by(approver))).toEqual([]);
    expect(free.when(order(), ledger)).toHaveLength(1);
  });
  it('does not undo an order already with the bank', () => {
    const held = ordered().do(hold, by(reviewer));
    expect(held.when(order(), ledger)).toEqual([]);
    expect(held.when(settle('paid'), ledger)).toHaveLength(1);
  });
  it.each([
    ['publicised', publicised()],
    ['ended', granted().do(lapse, by(approver))],
  ] as const)('is refused for an award that is %s', (_, life) => {
    expect(life.refusal(hold, by(reviewer))).toBe('award-status');
    expect(life.refusal(release, by(approver))).toBe('award-status');
  });

  const service = (on: string) => ({ ...by('ledger', on), roles: ['service'] });
  const bound = (listing: string, until = '2024-06-01'): AwardCommand => ({
    type: 'hold',
    reason: `失信 ${listing}`,
    bound: { listing, until },
  });
  const releaseOf = (listing: string): AwardCommand => ({ type: 'release-hold', reason: '终止', listing });

  it('of an officer and of each listing stand side by side, each released alone', () => {
    const held = granted().do(hold, by(reviewer)).do(bound('L1'), service('2024-05-09')).do(bound('L2'), service('2024-05-09'));
    expect(held.past.at(-1)?.event.data).toEqual({ reason: '失信 L2', listing: 'L2', until: '2024-06-01' });
    expect(held.when(bound('L1'), by(reviewer))).toEqual([]);
    const officerGone = held.do(release, by(approver, '2024-05-10'));
    expect(officerGone.granted.holds.map(({ listing }) => listing)).toEqual(['L1', 'L2']);
    expect(problemOf(() => officerGone.when(order(), ledger))).toMatchObject({
      code: 'award-held',
      detail: expect.stringContaining('失信 L1；失信 L2'),
    });
    const oneGone = officerGone.do(releaseOf('L1'), service('2024-05-11'));
    expect(oneGone.when(releaseOf('L1'), service('2024-05-11'))).toEqual([]);
    expect(oneGone.refusal(order(), ledger)).toBe('award-held');
    expect(oneGone.do(releaseOf('L2'), service('2024-05-12')).when(order(), ledger)).toHaveLength(1);
  });
  it('of a listing is released by nobody but the ledger while it stands', () => {
    const held = granted().do(bound('L1'), by(reviewer, '2024-05-09'));
    for (const command of [release, releaseOf('L1')]) {
      expect(problemOf(() => held.when(command, by(approver, '2024-05-31')))).toMatchObject({
        code: 'hold-of-listing',
        extra: { listings: ['L1'] },
      });
    }
    expect(held.when(releaseOf('L1'), by(approver, '2024-06-01'))).toHaveLength(1);
  });
  it('of a listing counts on the days before its end alone, and takes a new end', () => {
    const held = granted().do(bound('L1'), service('2024-05-09'));
    expect(held.refusal(order(), by('ledger', '2024-05-31'))).toBe('award-held');
    expect(held.when(order(), by('ledger', '2024-06-01'))).toHaveLength(1);
    const longer = held.do(bound('L1', '2024-07-01'), service('2024-05-20'));
    expect(longer.granted.holds).toMatchObject([{ listing: 'L1', until: '2024-07-01' }]);
    expect(longer.refusal(order(), by('ledger', '2024-06-30'))).toBe('award-held');
  });
  it('reads what was recorded before holds had listings', () => {
    const old = granted().with({ type: 'award-held', data: { reason: '列入黑名单' } }, by(reviewer));
    expect(old.refusal(order(), ledger)).toBe('award-held');
    expect(old.with({ type: 'award-hold-released', data: { reason: '解除' } }, by(approver)).when(order(), ledger)).toHaveLength(1);
  });
});

describe('the black-listed', () => {
  const listed = (kind: string, until = '2025-05-01') => ({ listing: `${kind}.X.1`, subject: { kind, id: 'X' }, until });
  it.each(['enterprise', 'agency', 'person'])('%s stops an application and a grant, named with listing and end', (kind) => {
    const listings = [listed('enterprise', '2024-07-01'), listed(kind)];
    const refusal = {
      code: 'black-listed',
      extra: { listing: `${kind}.X.1`, subject: { kind, id: 'X' }, until: '2025-05-01', listings: ['enterprise.X.1', `${kind}.X.1`] },
    };
    expect(problemOf(() => Life.none.when({ ...apply, listings } as AwardCommand, by(clerk)))).toMatchObject(refusal);
    expect(problemOf(() => publicised().when(startGrant('g1', { listings }), by(approver, '2024-05-06')))).toMatchObject(refusal);
  });
  it('enterprise is paid nothing more, whether or not its award is held yet; an order that stands is not undone', () => {
    const listings = [listed('enterprise')];
    expect(granted().refusal({ ...order(), listings } as AwardCommand, ledger)).toBe('black-listed');
    expect(ordered().when({ ...order(), listings } as AwardCommand, ledger)).toEqual([]);
  });
});

describe('parties to an application', () => {
  const named = { ...apply, agency: 'AGENCY', persons: ['P-2024-017'] } as AwardCommand;
  it('are recorded and stay with the award; an empty list of persons is none', () => {
    const life = Life.none.do(named, by(clerk));
    expect(life.past[0]?.event.data).toMatchObject({ agency: 'AGENCY', persons: ['P-2024-017'] });
    expect(life.do({ type: 'withdraw', reason: '撤回' }, by(clerk)).state).toMatchObject({ agency: 'AGENCY', persons: ['P-2024-017'] });
    expect(Life.none.when({ ...apply, persons: [] } as AwardCommand, by(clerk))[0]?.data).not.toHaveProperty('persons');
  });
});

describe('clearances', () => {
  const found = { finding: 'clear' as const, clearance: 'tax', agency: '区税务局', on: '2024-04-01', documentNo: '税〔2024〕1号' };
  const clear = { ...found, recordedBy: clerk };
  const on = by(approver, '2024-05-06');
  it('relied on are kept with the grant', () => {
    const [event] = publicised().when(startGrant('g1', { clearances: [clear] }), on);
    const { finding: _clear, ...relied } = found;
    expect(event?.data).toHaveProperty('clearances', [relied]);
    expect(publicised().when(startGrant(), on)[0]?.data).not.toHaveProperty('clearances');
  });
  it('are recorded by somebody else than who approves; the applicant may', () => {
    const own = startGrant('g1', { clearances: [clear, { ...clear, clearance: 'safety', recordedBy: approver }] });
    expect(problemOf(() => publicised().when(own, on))).toMatchObject({
      code: 'duties-not-separated',
      extra: { duty: 'approve', recorded: ['safety'] },
    });
    expect(publicised().when(own, by('approver-2', '2024-05-06'))).toHaveLength(1);
  });
  it('that are adverse or absent refuse it, each named', () => {
    const clearances = [
      clear,
      { finding: 'adverse' as const, clearance: 'safety', agency: '区应急管理局' },
      { finding: 'absent' as const, clearance: 'quality', agency: '' },
    ];
    expect(problemOf(() => publicised().when(startGrant('g1', { clearances }), on))).toMatchObject({
      code: 'clearance-missing',
      extra: {
        missing: [
          { clearance: 'safety', agency: '区应急管理局', finding: 'adverse' },
          { clearance: 'quality', agency: '', finding: 'absent' },
        ],
      },
    });
  });
});

describe('lapse and revoke', () => {
  it('end what is unpaid, keep what is paid', () => {
    const life = paid(staged).do(hold, by(reviewer)).do(lapse, by(approver));
    expect(life.past.at(-1)?.event).toMatchObject({ type: 'award-lapsed', data: { unpaid: '100000.00' } });
    expect(life.granted.holds).toEqual([]);
    expect(life.granted.instalments.map(({ status }) => status)).toEqual(['paid', 'lapsed']);
  });
  it('leave what is at the bank, which lapses when it comes back and counts when it is paid', () => {
    const life = ordered(staged).do(revoke(), by(approver));
    expect(life.past.at(-1)?.event).toMatchObject({ type: 'award-revoked', data: { cause: 'fraud', unpaid: '100000.00' } });
    expect(life.granted.instalments.map(({ status }) => status)).toEqual(['ordered', 'lapsed']);
    const back = life.do(settle('returned'), ledger);
    expect(back.granted.instalments[0]?.status).toBe('lapsed');
    expect(back.when(settle('returned'), ledger)).toEqual([]);
    expect(life.do(settle('paid'), ledger).granted.instalments[0]?.status).toBe('paid');
  });
  it('are quiet on a repeat, and final', () => {
    const lapsed = granted().do(lapse, by(approver));
    const revoked = granted().do(revoke(), by(approver));
    expect(lapsed.when(lapse, by(approver))).toEqual([]);
    expect(revoked.when(revoke(), by(approver))).toEqual([]);
    expect(lapsed.refusal(revoke(), by(approver))).toBe('award-status');
    expect(revoked.refusal(lapse, by(approver))).toBe('award-status');
    expect(publicised().refusal(lapse, by(approver))).toBe('award-status');
    expect(publicised().refusal(revoke(), by(approver))).toBe('award-status');
    expect(lapsed.refusal(order(), ledger)).toBe('award-status');
  });
});

describe('clawback', () => {
  const fined = (cause: ClawbackCause, finePercent: string) => demand('100000.00', { cause, finePercent });
  it('demands what was paid, and no more', () => {
    const life = paid();
    expect(life.when(demand('200000.00', { evidence: paper }), by(approver))).toMatchObject([
      {
        type: 'clawback-demanded',
        data: { clawback: 1, cause: 'condition-broken', principal: '200000.00', fine: '0.00', amount: '200000.00', dueOn: '2024-12-31' },
        evidence: paper,
      },
    ]);
    expect(problemOf(() => life.when(demand('200000.01'), by(approver)))).toMatchObject({
      code: 'over-paid-amount',
      extra: { recoverable: '200000.00' },
    });
    expect(life.do(demand('150000.00'), by(approver)).refusal(demand('50000.01', { reason: '其余' }), by(approver))).toBe(
      'over-paid-amount',
    );
    expect(granted().refusal(demand('0.01'), by(approver))).toBe('over-paid-amount');
    expect(ordered().refusal(demand('0.01'), by(approver))).toBe('over-paid-amount');
    expect(publicised().refusal(demand('1.00'), by(approver))).toBe('award-status');
  });
  it('says zero when the bank has returned what was already demanded', () => {
    const life = paid().do(demand('200000.00'), by(approver)).do(settle('returned'), ledger);
    expect(problemOf(() => life.when(demand('1.00', { reason: '再追' }), by(approver)))).toMatchObject({
      code: 'over-paid-amount',
      extra: { recoverable: '0.00' },
    });
  });
  const again = (life: Life) => life.do(order(1, 'B2', 1), ledger).do(settle('paid', 1, 'B2', 1), ledger);
  const left = (life: Life) => problemOf(() => life.when(demand('999999.00', { reason: '再追' }), by(approver))).extra['recoverable'];
  it('does not count what was written off of money the bank has returned, before or after the return', () => {
    const demanded = paid().do(demand('200000.00'), by(approver));
    const off = (life: Life) => life.do(writeOff('200000.00'), by('approver-2'));
    const back = (life: Life) => life.do(settle('returned'), ledger);
    expect(left(off(demanded))).toBe('0.00');
    for (const life of [off(back(demanded)), back(off(demanded))]) expect([left(life), left(again(life))]).toEqual(['0.00', '200000.00']);
    const partly = back(demanded.do(receive('120000.00', 'R1'), by('f'))).do(writeOff('80000.00'), by('approver-2'));
    expect(left(again(partly.do(release, by(approver))))).toBe('80000.00');
  });
  it('holds an award whose payment the bank returns after it was clawed back, and says by how much the enterprise is short', () => {
    const received = paid()
      .do(demand('200000.00', { cause: 'fraud', finePercent: '10' }), by(approver))
      .do(receive('220000.00', 'R1'), by('f'));
    const short = received.do(settle('returned'), ledger);
    expect(short.past.slice(-2).map(({ event }) => event)).toMatchObject([
      { type: 'instalment-returned' },
      { type: 'award-held', data: { reason: expect.stringContaining('20万元') } },
    ]);
    expect(shortOf(short.granted).toString()).toBe('200000.00');
    expect(short.when(settle('returned'), ledger)).toEqual([]);
    const whole = again(short.do(release, by(approver)));
    expect([shortOf(whole.granted).toString(), left(whole)]).toEqual(['0.00', '0.00']);
    // An award that has ended cannot be held; it is short all the same.
    const ended = received.do(revoke(), by(approver)).do(settle('returned'), ledger);
    expect([ended.past.at(-1)?.event.type, shortOf(ended.granted).toString()]).toEqual(['instalment-returned', '200000.00']);
  });
  it('is quiet on a repeat', () => {
    expect(paid().do(demand('1000.00'), by(approver)).when(demand('1000'), by(approver))).toEqual([]);
    expect(
      paid()
        .do(demand('1000.00'), by(approver))
        .when(demand('1000.00', { reason: '另案' }), by(approver)),
    ).toMatchObject([{ data: { clawback: 2 } }]);
  });
  it.each([
    ['fraud', '10', '10000.00'],
    ['fraud', '50', '50000.00'],
    ['fraud', '12.5', '12500.00'],
    ['misuse', '10', '10000.00'],
    ['misuse', '30', '30000.00'],
  ] as const)('fines %s with %s%%', (cause, percent, fine) => {
    expect(paid().when(fined(cause, percent), by(approver))).toMatchObject([{ data: { fine } }]);
  });
  it.each([
    ['fraud', '9.99', 'fine-out-of-range'],
    ['fraud', '50.01', 'fine-out-of-range'],
    ['misuse', '9.99', 'fine-out-of-range'],
    ['misuse', '30.01', 'fine-out-of-range'],
    ['overpayment', '10', 'no-fine'],
    ['condition-broken', '10', 'no-fine'],
    ['certificate-revoked', '10', 'no-fine'],
    ['fraud', '1e1', 'invalid-input'],
    ['fraud', '-10', 'invalid-input'],
    ['theft', '10', 'invalid-input'],
  ] as const)('does not fine %s with %s', (cause, percent, code) => {
    expect(paid().refusal(fined(cause as ClawbackCause, percent), by(approver))).toBe(code);
  });
  it('rounds a fine half up to the fen', () => {
    expect(paid().when(demand('0.05', { cause: 'fraud', finePercent: '10' }), by(approver))).toMatchObject([
      { data: { fine: '0.01', amount: '0.06' } },
    ]);
    expect(paid().when(demand('0.04', { cause: 'fraud', finePercent: '10' }), by(approver))).toMatchObject([
      { data: { fine: '0.00', amount: '0.04' } },
    ]);
  });
  it('is neither for nothing nor due before it is made', () => {
    expect(paid().refusal(demand('0.00'), by(approver))).toBe('invalid-input');
    expect(paid().refusal(demand('1.00', { dueOn: '2024-04-30' }), by(approver, '2024-05-01'))).toBe('invalid-input');
    expect(paid().when(demand('1.00', { dueOn: '2024-05-01' }), by(approver, '2024-05-01'))).toHaveLength(1);
  });
  it('comes in in parts, is written off for the rest, and is then settled', () => {
    const life = paid()
      .do(demand('100000.00', { cause: 'fraud', finePercent: '20' }), by(approver))
      .do(receive('70000.00', 'R1'), by('f'));
    expect(life.refusal(receive('50000.01', 'R2'), by('f'))).toBe('over-outstanding');
    expect(life.refusal(writeOff('50000.01'), by('approver-2'))).toBe('over-outstanding');
    const more = life.do(receive('20000.00', 'R2'), by('f')).do(writeOff('10000.00'), by('approver-2'));
    expect(more.granted.clawbacks[0]).toMatchObject({ receipts: [{ reference: 'R1' }, { reference: 'R2' }] });
    const settledBy = more.when(receive('20000.00', 'R3'), by('f'));
    expect(settledBy).toMatchObject([
      { type: 'clawback-received', data: { clawback: 1, amount: '20000.00', on: '2024-05-01', reference: 'R3' } },
      { type: 'clawback-settled', data: { clawback: 1, received: '110000.00', writtenOff: '10000.00' } },
    ]);
    const done = more.do(receive('20000.00', 'R3'), by('f'));
    expect(done.granted.clawbacks[0]?.outstanding.isZero).toBe(true);
    expect(done.refusal(receive('0.01', 'R4'), by('f'))).toBe('over-outstanding');
  });
  it('counts a receipt once', () => {
    const life = paid().do(demand('1000.00'), by(approver)).do(receive('400.00', 'R1'), by('f'));
    expect(life.when(receive('400', 'R1'), by('f'))).toEqual([]);
    expect(life.refusal(receive('500.00', 'R1'), by('f'))).toBe('receipt-known');
    expect(life.refusal(receive('0.00', 'R2'), by('f'))).toBe('invalid-input');
    expect(life.refusal(receive('1.00', 'R2', 2), by('f'))).toBe('clawback-unknown');
    const second = life.do(demand('1000.00', { reason: '另案' }), by(approver));
    expect(problemOf(() => second.when(receive('400.00', 'r1', 2), by('f')))).toMatchObject({
      code: 'receipt-known',
      extra: { clawback: 1 },
    });
    expect(applied.refusal(receive('1.00', 'R2'), by('f'))).toBe('award-status');
  });
  it('is written off in parts with reasons, quiet on a repeat', () => {
    const life = paid().do(demand('1000.00'), by(approver)).do(writeOff('400.00', '破产清偿不足'), by('approver-2'));
    expect(life.when(writeOff('400.00', '破产清偿不足'), by('approver-2'))).toEqual([]);
    expect(life.when(writeOff('600.00', '终结执行'), by('approver-2'))).toMatchObject([
      { type: 'clawback-written-off', data: { amount: '600.00', reason: '终结执行' } },
      { type: 'clawback-settled', data: { received: '0.00', writtenOff: '1000.00' } },
    ]);
    expect(life.refusal(writeOff('1.00', ' '), by('approver-2'))).toBe('invalid-input');
    expect(life.refusal(writeOff('0.00'), by('approver-2'))).toBe('invalid-input');
    expect(life.refusal(writeOff('1.00', '核销', 2), by('approver-2'))).toBe('clawback-unknown');
  });
});

describe('confirm-payee', () => {
  const confirm = (payee = PAYEE): AwardCommand => ({ type: 'confirm-payee', payee, reason: '吸收合并', evidence: paper });
  it('names the successor who is paid; quiet on a repeat', () => {
    const life = granted().do(confirm(), by('approver-2'));
    expect(life.past.at(-1)?.event).toEqual({
      type: 'award-payee-confirmed',
      data: { payee: PAYEE, reason: '吸收合并' },
      policy,
      evidence: paper,
    });
    expect(life.when(confirm(), by('approver-2'))).toEqual([]);
    expect(life.granted.successor).toBe(PAYEE);
  });
  it('is done neither by the applicant nor by a payer, and only while something may be paid', () => {
    expect(granted().refusal(confirm(), by(clerk))).toBe('duties-not-separated');
    expect(ordered().refusal(confirm(), by(payer))).toBe('duties-not-separated');
    expect(publicised().refusal(confirm(), by('approver-2'))).toBe('award-status');
    expect(granted().do(lapse, by(approver)).refusal(confirm(), by('approver-2'))).toBe('award-status');
  });
});

describe('a decision', () => {
  it('takes effect on the day it is taken, whatever it decides', () => {
    for (const command of [
      apply,
      assess(),
      recommend,
      publicise,
      objection,
      judge(true),
      lower('1.00'),
      startGrant(),
      hold,
      lapse,
      revoke(),
      demand('1.00'),
    ]) {
      expect(problemOf(() => Life.none.when(command, by(approver, '2024-05-01', '2024-05-02')))).toMatchObject({
        code: 'invalid-input',
        errors: [{ field: 'effectiveOn' }],
      });
    }
  });
  it('on an objection is made by neither applicant nor reviewer, and its judge does not approve', () => {
    const life = publicised().do(objection, by('auditor'));
    expect(life.refusal(judge(false), by(reviewer))).toBe('duties-not-separated');
    const judged = life.do(judge(false), by(approver));
    expect(judged.refusal(startGrant(), by(approver, '2024-05-06'))).toBe('duties-not-separated');
    expect(judged.when(startGrant(), by('approver-2', '2024-05-06'))).toHaveLength(1);
  });
  it('to withdraw does not silence an objection', () => {
    const life = publicised().do(objection, by('auditor'));
    expect(life.refusal({ type: 'withdraw', reason: '撤回' }, by(clerk))).toBe('objections-open');
    expect(life.do(judge(false), by('administrator')).when({ type: 'withdraw', reason: '撤回' }, by(clerk))).toHaveLength(1);
  });
  it('to drop an override is made by neither applicant nor reviewer', () => {
    const life = publicised().do(lower('150000.00'), by(approver));
    for (const person of [clerk, reviewer]) expect(life.refusal(drop, by(person))).toBe('duties-not-separated');
  });
  it('to review rests on facts somebody else has recorded', () => {
    const own = record({ outcome: 'payable', amount: '200000.00' }, { used: [{ ...verified, source: { recordedBy: reviewer } }] });
    expect(assessed(own).refusal(recommend, by(reviewer))).toBe('duties-not-separated');
    expect(assessed(own).when(recommend, by('reviewer-2'))).toHaveLength(1);
  });
  it('to pay is not made by the one who unlocked the instalment, nor while money is demanded back', () => {
    const life = paid(staged).do(unlock(2), by('clerk-2'));
    expect(life.refusal(order(2, 'B2', 1, 'clerk-2'), ledger)).toBe('duties-not-separated');
    const owing = life.do(demand('100.00'), by(approver));
    expect(owing.refusal(order(2, 'B2', 1), ledger)).toBe('clawback-outstanding');
    expect(owing.do(receive('100.00', 'R1'), by('f')).when(order(2, 'B2', 1), ledger)).toHaveLength(1);
  });
  it('on a receipt knows it however its number is written, and only from the demand to today', () => {
    const life = paid()
      .do(demand('1000.00'), by(approver, '2024-06-01'))
      .do({ ...receive('400.00', 'R-1'), on: '2024-06-02' } as AwardCommand, by('f', '2024-06-02'));
    expect(life.when({ ...receive('400.00', 'r 1'), on: '2024-06-02' } as AwardCommand, by('f', '2024-06-03'))).toEqual([]);
    for (const day of ['2024-05-31', '2024-06-04']) {
      expect(life.refusal({ ...receive('1.00', 'R-2'), on: day } as AwardCommand, by('f', '2024-06-03'))).toBe('invalid-input');
    }
  });
});

describe('whole lives', () => {
  const kinds = (life: Life) => life.past.map(({ event }) => event.type);
  it('one-off: from application to payment', () => {
    expect(kinds(paid())).toEqual([
      'award-applied',
      'award-assessed',
      'award-reviewed',
      'award-publicised',
      'award-grant-started',
      'award-granted',
      'instalment-unlocked',
      'instalment-ordered',
      'instalment-paid',
    ]);
  });
  it('staged 10万+10万: each part on its own ground', () => {
    const life = paid(staged)
      .do(unlock(2), by(clerk, '2025-03-01'))
      .do(order(2, 'B2', 1), by('ledger', '2025-03-05'))
      .do(settle('paid', 2, 'B2', 1), by('ledger', '2025-03-06'));
    expect(life.granted.instalments).toMatchObject([
      { no: 1, status: 'paid', batch: 'B1' },
      { no: 2, status: 'paid', batch: 'B2' },
    ]);
    expect(life.granted.payers).toEqual([payer]);
  });
  it("discretionary: the officer's sum is granted, not the ceiling", () => {
    const review: AwardCommand = { type: 'review', recommended: true, amount: '350000', reason: '成效突出' };
    expect(granted(discretionary, review).granted.grant.amount.toString()).toBe('350000.00');
  });
  it('every event after the assessment cites the clause in its version', () => {
    const life = paid(staged)
      .do(hold, by(reviewer))
      .do(release, by(approver))
      .do(revoke(), by(approver))
      .do(demand('100.00'), by(approver))
      .do(receive('100.00', 'R1'), by('f'));
    expect(life.past.map(({ event }) => event.policy)).toEqual(life.past.map(() => policy));
  });
});

describe('evolve', () => {
  it('stops at an event that cannot follow', () => {
    for (const { event, at } of granted().past.slice(1)) expect(() => Life.none.with(event, at)).toThrow(/cannot follow/);
  });
  it('leaves the state it starts from untouched', () => {
    const life = paid(staged).do(demand('1000.00'), by(approver));
    const before = JSON.stringify(life.state);
    life.do(receive('10.00', 'R'), by('f')).do(revoke(), by(approver));
    expect(JSON.stringify(life.state)).toBe(before);
  });
  it('refuses a command it does not know', () => {
    expect(() => decideAward({ type: 'no-such' } as never, Life.none.state, by(clerk))).toThrow('unhandled case');
  });
});
