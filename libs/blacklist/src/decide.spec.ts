import { describe, expect, it } from '@jest/globals';
import {
  AGENCY,
  FIRM,
  History,
  list,
  listed,
  noticed,
  objection,
  on,
  opening,
  paper,
  PERSON,
  repair,
  repaired,
  upheld,
  waive,
} from './blacklist.fixture.js';
import { type BlacklistCommand } from './decide.js';
import { listingsInEffect } from './listing.js';

const policy = { pack: 'p-2026', version: 1, clause: 'J09', hash: 'h' };
const statement = { type: 'record-statement', case: 1, on: '2026-05-03', summary: '已说明' } as const;
const declining = { type: 'decline', case: 1, reason: '情节显著轻微' } as const;
const waived = noticed.do(waive, on('2026-05-02'));
const objected = listed.do(objection, on('2026-05-20'));
const revoked = objected.do(upheld, on('2026-05-30', 'approver', 'approver-2'));
const applied = listed.do(repair, on('2027-05-10'));

describe('opening a case', () => {
  it('tells the subject what and why, and how long it may speak', () => {
    expect(History.empty.when(opening({ policy, fileReference: '经发局案卷7号' }), on('2026-05-04'))).toEqual([
      {
        type: 'blacklist-case-opened',
        data: {
          case: 1,
          subject: FIRM,
          listingClass: 'serious',
          ground: '虚报研发投入',
          legalBasis: '财政违法行为处罚处分条例第十四条',
          reasons: '经核实申报数据与事实明显不符',
          rights: '可以陈述、申辩',
          servedOn: '2026-05-01',
          statementDays: 5,
          statementLastDay: '2026-05-06',
          fileReference: '经发局案卷7号',
          terms: '2026-04-01',
        },
        policy,
        evidence: paper,
      },
    ]);
  });

  it('refuses a short statement period, a notice yet to be served, a class of later rules, and what has no document', () => {
    const { empty } = History;
    empty.refuses(opening({ statementDays: 4 }), on('2026-05-01'), 'invalid-input', { errors: [{ field: 'statementDays' }] });
    empty.refuses(opening({ servedOn: '2026-05-02' }), on('2026-05-01'), 'invalid-input', { errors: [{ field: 'servedOn' }] });
    empty.refuses(opening({ listingClass: 'minor', servedOn: '2026-03-31' }), on('2026-03-31'), 'listing-class-unknown');
    empty.refuses(opening({ evidence: [] }), on('2026-05-01'), 'invalid-input', { errors: [{ field: 'evidence' }] });
    empty.refuses(opening({ reasons: '身份证号11010519491231002X' }), on('2026-05-01'), 'personal-data', {
      errors: [{ field: 'reasons' }],
    });
    empty.refuses(opening({ fileReference: '联系人13800138000' }), on('2026-05-01'), 'personal-data', {
      errors: [{ field: 'fileReference' }],
    });
    empty.refuses(opening(), { ...on('2026-05-02'), effectiveOn: '2026-05-01' }, 'invalid-input', { errors: [{ field: 'effectiveOn' }] });
  });

  it('is one at a time on one ground, and any number on different grounds', () => {
    expect(noticed.when(opening(), on('2026-05-02'))).toEqual([]);
    noticed.refuses(opening({ reasons: '另有事实' }), on('2026-05-02'), 'blacklist-case-open', { extra: { case: 1 } });
    listed.refuses(opening({ ground: '虚报 研发投入' }), on('2028-05-09'), 'already-listed', { extra: { until: '2028-05-10' } });
    const both = listed.do(opening({ ground: '挪用奖补资金' }), on('2026-06-01')).do({ ...list, case: 2 }, on('2026-06-10', 'approver'));
    expect(listingsInEffect(both.state, '2026-06-10').map(({ listing }) => listing)).toEqual([
      `enterprise.${FIRM.id}.1`,
      `enterprise.${FIRM.id}.2`,
    ]);
    expect(both.do(opening(), on('2028-05-10')).state.cases).toMatchObject([{ no: 1 }, { no: 2 }, { no: 3, status: 'noticed' }]);
  });
});

describe('a statement', () => {
  it('is recorded or waived, once', () => {
    expect(noticed.when(statement, on('2026-05-04', 'reviewer'))).toEqual([
      { type: 'statement-recorded', data: { case: 1, on: '2026-05-03', summary: '已说明' }, evidence: [] },
    ]);
    expect(noticed.do(statement, on('2026-05-04')).when(statement, on('2026-05-05'))).toEqual([]);
    expect(waived.past.at(-1)).toEqual({ type: 'statement-waived', data: { case: 1, on: '2026-05-02' }, evidence: paper });
    expect(waived.when(waive, on('2026-05-03'))).toEqual([]);
    waived.refuses({ ...waive, on: '2026-05-03' }, on('2026-05-03'), 'statement-waived');
  });

  it('is refused before the notice, in the future, without the waiver in writing, and after the decision', () => {
    for (const command of [
      { ...statement, on: '2026-04-30' },
      { ...statement, on: '2026-05-05' },
      { ...waive, on: '2026-04-30' },
    ]) {
      noticed.refuses(command, on('2026-05-04'), 'invalid-input', { errors: [{ field: 'on' }] });
    }
    noticed.refuses({ ...waive, evidence: [] }, on('2026-05-04'), 'invalid-input', { errors: [{ field: 'evidence' }] });
    listed.refuses(statement, on('2026-05-10'), 'blacklist-case-decided');
    noticed.refuses({ ...statement, case: 2 }, on('2026-05-04'), 'blacklist-case-unknown');
  });
});

describe('the decision', () => {
  it('lists from its day for a term of the class, under the rules of its day and the clause of the notice', () => {
    const history = History.empty.do(opening({ policy }), on('2026-05-01')).do(waive, on('2026-05-02'));
    expect(history.when({ ...list, termMonths: 12 }, on('2026-05-02', 'approver'))).toEqual([
      {
        type: 'listing-decided',
        data: {
          case: 1,
          listing: `enterprise.${FIRM.id}.1`,
          listingClass: 'serious',
          from: '2026-05-02',
          until: '2027-05-02',
          reason: '事实清楚',
          termMonths: 12,
          published: true,
          objectionLastDay: '2026-07-01',
          repairFrom: '2027-05-02',
          terms: '2026-04-01',
        },
        policy,
        evidence: paper,
      },
    ]);
  });

  it('takes the rules of its own day, not of the notice', () => {
    const old = History.empty.do(opening({ listingClass: 'general', servedOn: '2026-03-20' }), on('2026-03-20'));
    expect(old.when({ ...list, termMonths: 36 }, on('2026-03-31', 'approver'))).toMatchObject([{ data: { terms: '2023-05-01' } }]);
    old.refuses({ ...list, termMonths: 36 }, on('2026-04-01', 'approver'), 'term-out-of-range', {
      extra: { minimumMonths: 3, maximumMonths: 12 },
    });
  });

  it.each([
    ['minor', 1, '2026-05-10', false],
    ['minor', 3, '2026-05-10', false],
    ['general', 3, '2026-08-10', true],
    ['general', 12, '2026-08-10', true],
    ['serious', 12, '2027-05-10', true],
    ['serious', 36, '2027-05-10', true],
  ] as const)('of class %s may say %i months; repair from %s on', (listingClass, termMonths, repairFrom, published) => {
    expect(noticed.when({ ...list, listingClass, termMonths }, on('2026-05-10', 'approver'))).toMatchObject([
      { data: { listingClass, termMonths, repairFrom, published } },
    ]);
  });

  it.each([
    ['minor', 4],
    ['general', 2],
    ['general', 13],
    ['serious', 11],
    ['serious', 37],
    ['serious', 12.5],
  ] as const)('of class %s may not say %d months', (listingClass, termMonths) =>
    noticed.refuses({ ...list, listingClass, termMonths }, on('2026-05-10', 'approver'), 'term-out-of-range'),
  );

  it('waits until the statement period is over, unless the subject has spoken or will not', () => {
    for (const command of [list, declining]) {
      noticed.refuses(command, on('2026-05-06', 'approver'), 'statement-period-running', { extra: { lastDay: '2026-05-06' } });
      expect(noticed.when(command, on('2026-05-07', 'approver'))).toHaveLength(1);
      expect(noticed.do(statement, on('2026-05-04')).when(command, on('2026-05-04', 'approver'))).toHaveLength(1);
    }
  });

  it('is an approver’s, who did not open the case, and is no graver than the notice said', () => {
    for (const command of [list, declining]) {
      noticed.refuses(command, on('2026-05-10', 'reviewer'), 'role-required');
      noticed.refuses(command, on('2026-05-10', 'approver', 'clerk-1'), 'duties-not-separated');
    }
    for (const heard of [noticed.do(statement, on('2026-05-03', 'reviewer')), noticed.do(waive, on('2026-05-03', 'reviewer'))]) {
      for (const command of [list, declining]) {
        heard.refuses(command, on('2026-05-10', 'approver', 'reviewer-1'), 'duties-not-separated', { extra: { by: 'reviewer-1' } });
        expect(heard.when(command, on('2026-05-10', 'approver'))).toHaveLength(1);
      }
    }
    const milder = History.empty.do(opening({ listingClass: 'general' }), on('2026-05-01'));
    milder.refuses({ ...list, listingClass: 'serious' }, on('2026-05-10', 'approver'), 'class-graver-than-noticed');
    noticed.refuses({ ...list, evidence: [] }, on('2026-05-10', 'approver'), 'invalid-input', { errors: [{ field: 'evidence' }] });
  });

  it('is taken once', () => {
    const declined = noticed.do(declining, on('2026-05-10', 'approver'));
    expect(declined.past.at(-1)).toEqual({ type: 'listing-declined', data: { case: 1, reason: '情节显著轻微' }, evidence: [] });
    expect(declined.when(declining, on('2026-05-11', 'approver'))).toEqual([]);
    expect(listed.when(list, on('2026-05-11', 'approver'))).toEqual([]);
    listed.refuses({ ...list, termMonths: 12 }, on('2026-05-11', 'approver'), 'blacklist-case-decided');
    listed.refuses(declining, on('2026-05-11', 'approver'), 'blacklist-case-decided');
    declined.refuses(list, on('2026-05-11', 'approver'), 'blacklist-case-decided');
    declined.refuses(objection, on('2026-05-20'), 'not-listed');
  });
});

describe('an objection', () => {
  it('is raised within the window, one at a time', () => {
    expect(objected.past.at(-1)).toEqual({
      type: 'listing-objection-raised',
      data: { case: 1, objection: 1, on: '2026-05-20', reasons: '数据有误' },
      evidence: [],
    });
    expect(objected.when(objection, on('2026-05-21'))).toEqual([]);
    objected.refuses({ ...objection, on: '2026-05-21' }, on('2026-05-21'), 'objections-open', { extra: { objection: 1 } });
    expect(listed.when({ ...objection, on: '2026-07-09' }, on('2026-09-01'))).toHaveLength(1);
    listed.refuses({ ...objection, on: '2026-07-10' }, on('2026-07-10'), 'objection-window-closed', { extra: { lastDay: '2026-07-09' } });
    listed.refuses({ ...objection, on: '2026-05-09' }, on('2026-05-20'), 'invalid-input', { errors: [{ field: 'on' }] });
  });

  it('upheld ends the listing that day', () => {
    expect(revoked.past.slice(-2)).toEqual([
      { type: 'listing-objection-decided', data: { case: 1, objection: 1, upheld: true, reason: '异议成立' }, evidence: paper },
      {
        type: 'listing-ended',
        data: { case: 1, listing: `enterprise.${FIRM.id}.1`, how: 'revoked', on: '2026-05-30', reason: '异议成立' },
      },
    ]);
    expect(revoked.when(upheld, on('2026-06-01', 'approver', 'approver-2'))).toEqual([]);
    revoked.refuses({ ...upheld, upheld: false }, on('2026-06-01', 'approver', 'approver-2'), 'objection-decided');
    revoked.refuses({ ...objection, on: '2026-06-01' }, on('2026-06-01'), 'listing-over', { extra: { how: 'revoked' } });
  });

  it('rejected changes nothing, and another may follow', () => {
    const rejection = { ...upheld, upheld: false, evidence: [] };
    const rejected = objected.do(rejection, on('2026-05-30', 'approver', 'approver-2'));
    expect(rejected.past.at(-1)).toMatchObject({ type: 'listing-objection-decided', data: { upheld: false } });
    expect(listingsInEffect(rejected.state, '2026-05-30')).toHaveLength(1);
    expect(rejected.when({ ...objection, on: '2026-06-01' }, on('2026-06-01'))).toMatchObject([{ data: { objection: 2 } }]);
  });

  it('is decided by neither who opened the case, nor who decided the listing, nor who recorded it, and upheld with a document', () => {
    const byAnother = listed.do(objection, on('2026-05-20', 'reviewer'));
    byAnother.refuses(upheld, on('2026-05-30', 'approver', 'reviewer-1'), 'duties-not-separated', { extra: { by: 'reviewer-1' } });
    byAnother.refuses(upheld, on('2026-05-30', 'approver', 'clerk-1'), 'duties-not-separated', { extra: { by: 'clerk-1' } });
    objected.refuses(upheld, on('2026-05-30', 'approver'), 'duties-not-separated', { extra: { by: 'approver-1' } });
    objected.refuses(upheld, on('2026-05-30', 'reviewer'), 'role-required');
    objected.refuses({ ...upheld, evidence: [] }, on('2026-05-30', 'approver', 'approver-2'), 'invalid-input');
    objected.refuses({ ...upheld, objection: 2 }, on('2026-05-30', 'approver', 'approver-2'), 'objection-unknown');
  });
});

describe('credit repair', () => {
  it('is applied for once the minimum period is served', () => {
    expect(applied.past.at(-1)).toEqual({
      type: 'credit-repair-applied',
      data: {
        case: 1,
        application: 1,
        on: '2027-05-10',
        corrected: '已更正申报',
        duties: '罚款已缴',
        commitment: '已在门户公开承诺',
        decisionDue: '2027-05-24',
      },
      evidence: paper,
    });
    expect(applied.when(repair, on('2027-05-11'))).toEqual([]);
    applied.refuses({ ...repair, on: '2027-05-11' }, on('2027-05-11'), 'credit-repair-open');
    listed.refuses({ ...repair, on: '2027-05-09' }, on('2027-05-10'), 'minimum-period-not-served', { extra: { repairFrom: '2027-05-10' } });
    listed.refuses({ ...repair, evidence: [] }, on('2027-05-10'), 'invalid-input', { errors: [{ field: 'evidence' }] });
    for (const claim of ['corrected', 'duties', 'commitment']) {
      listed.refuses({ ...repair, [claim]: ' ' }, on('2027-05-10'), 'invalid-input', { errors: [{ field: claim }] });
    }
  });

  it('accepted ends the listing that day', () => {
    const history = applied.do(repaired, on('2027-05-20', 'approver'));
    expect(history.past.at(-1)).toEqual({
      type: 'listing-ended',
      data: { case: 1, listing: `enterprise.${FIRM.id}.1`, how: 'repaired', on: '2027-05-20', reason: '符合修复条件' },
      evidence: paper,
    });
    expect(history.when(repaired, on('2027-05-21', 'approver'))).toEqual([]);
    expect(history.when(opening(), on('2027-05-20'))).toMatchObject([{ data: { case: 2 } }]);
    history.refuses({ ...repair, on: '2027-05-21' }, on('2027-05-21'), 'listing-over', { extra: { how: 'repaired' } });
  });

  it('leaves the objection open to whoever did no wrong, while its window is', () => {
    const minor = noticed.do({ ...list, listingClass: 'minor', termMonths: 3 }, on('2026-05-10', 'approver'));
    const mended = minor.do({ ...repair, on: '2026-05-15' }, on('2026-05-15')).do(repaired, on('2026-05-16', 'approver'));
    expect(mended.when({ ...objection, on: '2026-07-09' }, on('2026-07-09'))).toMatchObject([{ type: 'listing-objection-raised' }]);
    mended.refuses({ ...objection, on: '2026-07-10' }, on('2026-07-10'), 'objection-window-closed');
  });

  it('refused leaves the listing, and can be applied for again', () => {
    const refusal = { ...repaired, accepted: false, reason: '承诺未公开' };
    const history = applied.do(refusal, on('2027-05-20', 'approver'));
    expect(history.past.at(-1)).toMatchObject({ type: 'credit-repair-refused', data: { application: 1, reason: '承诺未公开' } });
    expect(history.when(refusal, on('2027-05-21', 'approver'))).toEqual([]);
    expect(listingsInEffect(history.state, '2027-05-21')).toHaveLength(1);
    expect(history.when({ ...repair, on: '2027-06-01' }, on('2027-06-01'))).toMatchObject([{ data: { application: 2 } }]);
  });

  it('is decided by an approver who neither recorded it nor opened the case, while the listing has effect', () => {
    const byAnother = listed.do(repair, on('2027-05-10', 'clerk', 'clerk-2'));
    byAnother.refuses(repaired, on('2027-05-20', 'approver', 'clerk-2'), 'duties-not-separated', { extra: { by: 'clerk-2' } });
    byAnother.refuses(repaired, on('2027-05-20', 'approver', 'clerk-1'), 'duties-not-separated', { extra: { by: 'clerk-1' } });
    applied.refuses(repaired, on('2027-05-20', 'clerk', 'clerk-2'), 'role-required');
    applied.refuses({ ...repaired, evidence: [] }, on('2027-05-20', 'approver'), 'invalid-input');
    applied.refuses(repaired, on('2028-05-10', 'approver'), 'listing-over', { extra: { how: 'expired' } });
    listed.refuses(repaired, on('2027-05-20', 'approver'), 'credit-repair-unknown');
    listed.refuses({ ...repair, on: '2028-05-10' }, on('2028-05-10'), 'listing-over', { extra: { how: 'expired' } });
  });

  it('of what was revoked meanwhile is not decided; what was repaired or has run out can still be found wrong', () => {
    const late = { ...objection, on: '2026-07-09' };
    const both = listed.do(late, on('2026-07-09')).do(repair, on('2027-05-10'));
    const gone = both.do(upheld, on('2027-05-20', 'approver', 'approver-2'));
    gone.refuses(repaired, on('2027-05-21', 'approver'), 'listing-over', { extra: { how: 'revoked' } });
    const mended = both.do(repaired, on('2027-05-20', 'approver'));
    const wrong = mended.do(upheld, on('2027-05-25', 'approver', 'approver-2'));
    expect(wrong.past.slice(-2)).toMatchObject([
      { type: 'listing-objection-decided', data: { upheld: true } },
      { type: 'listing-ended', data: { how: 'revoked', on: '2027-05-25', reason: '异议成立' } },
    ]);
    // Its effect ended with the repair all the same.
    expect(wrong.state.cases).toMatchObject([{ status: 'ended', ending: { how: 'revoked', on: '2027-05-20' } }]);
    expect([listingsInEffect(wrong.state, '2027-05-19'), listingsInEffect(wrong.state, '2027-05-20')]).toMatchObject([[{}], []]);
    expect(wrong.when(upheld, on('2027-05-26', 'approver', 'approver-2'))).toEqual([]);
    const expired = listed.do(late, on('2026-07-09')).do(upheld, on('2028-06-01', 'approver', 'approver-2'));
    expect(expired.state.cases).toMatchObject([{ status: 'ended', ending: { how: 'revoked', on: '2028-06-01' } }]);
    expect(listingsInEffect(expired.state, '2028-05-10')).toEqual([]);
  });
});

it('is the same for agencies and persons', () => {
  for (const subject of [AGENCY, PERSON]) {
    const history = History.empty.do(opening({ subject }), on('2026-05-01')).do(list, on('2026-05-10', 'approver'));
    expect(listingsInEffect(history.state, '2026-05-10')).toMatchObject([{ subject, listing: `${subject.kind}.${subject.id}.1` }]);
  }
});

it('repeats nothing: a command done a moment ago changes nothing when it comes again', () => {
  const steps: readonly (readonly [BlacklistCommand, ReturnType<typeof on>])[] = [
    [opening(), on('2026-05-01')],
    [statement, on('2026-05-03')],
    [waive, on('2026-05-03')],
    [list, on('2026-05-10', 'approver')],
    [objection, on('2026-05-20')],
    [{ ...upheld, upheld: false }, on('2026-05-21', 'approver', 'approver-2')],
    [repair, on('2027-05-10')],
    [repaired, on('2027-05-20', 'approver')],
  ];
  let history = History.empty;
  for (const [command, context] of steps) {
    history = history.do(command, context);
    expect(history.when(command, context)).toEqual([]);
  }
  expect(history.past).toHaveLength(steps.length);
});
