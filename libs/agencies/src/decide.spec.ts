import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { creditCode, type DecisionContext, Problem, withCheckCharacter } from '@app/kernel';
import { type AgencyEvent, type AgencyState, isRegisteredOn, nameOn, unknownAgency } from './agency.js';
import { type AgencyCommand, agencyDecider } from './decide.js';

const CODE = withCheckCharacter('91440700MA35QWERT');
const paper = [{ title: '备案表' }];
const register = {
  type: 'register',
  creditCode: CODE,
  name: '甲科技服务公司',
  services: ['高企申报咨询'],
  contactUnit: '市科技局高新科',
  from: '2026-01-10',
  evidence: paper,
} as const;
const inspection = {
  type: 'record-inspection',
  on: '2026-03-01',
  inspector: '市科技局',
  finding: 'fraud',
  summary: '代编数据',
  evidence: paper,
} as const;
const strikeOff = { type: 'strike-off', reason: '不再从事服务', evidence: paper } as const;

function on(today: string, role = 'clerk', actorId = `${role}-1`): DecisionContext {
  return { actorId, roles: [role], effectiveOn: today, today };
}

/** The state after some commands, and what a further one does to it. */
function given(...steps: readonly (readonly [AgencyCommand, DecisionContext])[]) {
  const state = steps.reduce<AgencyState>(
    (before, [command, context]) =>
      agencyDecider.decide(command, before, context).reduce((folded, event) => agencyDecider.evolve(folded, event, context), before),
    unknownAgency,
  );
  const when = (command: AgencyCommand, context: DecisionContext): readonly AgencyEvent[] => agencyDecider.decide(command, state, context);
  return {
    get agency() {
      if (state.status === 'unknown') throw new Error('not registered');
      return state;
    },
    when,
    refuses(command: AgencyCommand, context: DecisionContext, code: string, more: object = {}) {
      const problem = problemOf(() => when(command, context));
      expect({ code: problem.code, errors: problem.errors, extra: problem.extra }).toMatchObject({ code, ...more });
    },
  };
}

function problemOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('was not refused');
}

const first = [register, on('2026-01-12')] as const;
const limited = [{ ...register, validUntil: '2026-12-31' }, on('2026-01-12')] as const;
const gone = [strikeOff, on('2026-06-01', 'approver')] as const;

describe('a registration', () => {
  it('is made under its clause and with its evidence', () => {
    const policy = { pack: 'p-2026', version: 1, clause: 'J11', hash: 'h' };
    const { type: _type, evidence: _evidence, ...data } = register;
    expect(given().when({ ...register, services: ['高企申报咨询', ' 高企申报咨询 '], policy }, on('2026-01-12'))).toEqual([
      { type: 'agency-registered', data: { ...data, registration: 1, creditCodeFlagged: false }, policy, evidence: paper },
    ]);
  });

  it('flags a code that fails its check', () => {
    const odd = creditCode(CODE.slice(0, 17) + (CODE.endsWith('0') ? '1' : '0'));
    expect(given().when({ ...register, creditCode: odd }, on('2026-01-12'))).toMatchObject([{ data: { creditCodeFlagged: true } }]);
    given().refuses({ ...register, creditCode: odd, evidence: [] }, on('2026-01-12'), 'invalid-input', { errors: [{ field: 'evidence' }] });
  });

  it('holds nobody’s number', () => {
    given().refuses({ ...register, contactUnit: '综合部13800138000' }, on('2026-01-12'), 'personal-data', {
      errors: [{ field: 'contactUnit' }],
    });
    given(first).refuses({ ...inspection, summary: '经办人11010519491231002X代编' }, on('2026-03-02'), 'personal-data', {
      errors: [{ field: 'summary' }],
    });
  });

  it.each([
    [{ creditCode: 'x' }, 'creditCode'],
    [{ name: ' ' }, 'name'],
    [{ services: [] }, 'services'],
    [{ from: '2026-01-13' }, 'from'],
    [{ validUntil: '2026-01-09' }, 'validUntil'],
  ])('with %j is refused', (more, field) =>
    given().refuses({ ...register, ...more }, on('2026-01-12'), 'invalid-input', { errors: [{ field }] }),
  );

  it('stands once at a time, and can be made again after it was struck off or has lapsed', () => {
    expect(given(first).when(register, on('2026-01-13'))).toEqual([]);
    given(first).refuses({ ...register, contactUnit: '其他' }, on('2026-01-13'), 'agency-exists');
    const again = { ...register, from: '2026-07-01', name: '乙科技服务公司' };
    const twice = given(first, gone, [again, on('2026-07-01')]);
    expect(twice.agency.registrations).toMatchObject([
      { no: 1, struckOff: { on: '2026-06-01' } },
      { no: 2, from: '2026-07-01' },
    ]);
    expect(nameOn(twice.agency, '2026-06-30')).toBe('甲科技服务公司');
    expect(nameOn(twice.agency, '2026-07-01')).toBe('乙科技服务公司');
    given(first, gone).refuses({ ...again, from: '2026-05-31' }, on('2026-07-01'), 'invalid-input', { errors: [{ field: 'from' }] });
    given(limited).refuses({ ...again, from: '2026-12-31' }, on('2027-01-05'), 'invalid-input', { errors: [{ field: 'from' }] });
    expect(given(limited).when({ ...again, from: '2027-01-01' }, on('2027-01-05'))).toMatchObject([{ data: { registration: 2 } }]);
    given(limited).refuses({ ...again, from: '2026-12-31' }, on('2026-12-31'), 'agency-exists');
  });

  it('is renewed while it stands, to a later day or without end', () => {
    const renew = { type: 'renew', validUntil: '2027-12-31', evidence: paper } as const;
    expect(given(limited).when(renew, on('2026-12-31'))).toEqual([
      { type: 'agency-renewed', data: { registration: 1, validUntil: '2027-12-31' }, evidence: paper },
    ]);
    expect(given(limited, [renew, on('2026-12-31')]).when(renew, on('2027-01-01'))).toEqual([]);
    const endless = given(limited, [{ type: 'renew', evidence: paper }, on('2026-12-01')]);
    expect(isRegisteredOn(endless.agency, '2099-01-01')).toBe(true);
    endless.refuses(renew, on('2026-12-02'), 'invalid-input', { errors: [{ field: 'validUntil' }] });
    given(limited).refuses(renew, on('2027-01-01'), 'agency-not-registered');
    given(limited).refuses({ ...renew, validUntil: '2026-12-30' }, on('2026-12-01'), 'invalid-input', {
      errors: [{ field: 'validUntil' }],
    });
    given(first, gone).refuses({ type: 'renew', evidence: paper }, on('2026-06-01'), 'agency-not-registered');
  });

  it('is renamed from a day on', () => {
    const rename = { type: 'rename', name: '丙科技服务公司', on: '2026-02-01', evidence: paper } as const;
    const renamed = given(first, [rename, on('2026-02-10')]);
    expect([nameOn(renamed.agency, '2026-01-31'), nameOn(renamed.agency, '2026-02-01')]).toEqual(['甲科技服务公司', '丙科技服务公司']);
    expect(renamed.when(rename, on('2026-02-11'))).toEqual([]);
    given(first).refuses({ ...rename, on: '2026-01-09' }, on('2026-02-10'), 'invalid-input', { errors: [{ field: 'on' }] });
    given(first).refuses({ ...rename, on: '2026-02-11' }, on('2026-02-10'), 'invalid-input', { errors: [{ field: 'on' }] });
    given(first, gone).refuses(rename, on('2026-06-02'), 'agency-not-registered');
  });

  it('is struck off by an approver who did not record it', () => {
    expect(given(first).when(...gone)).toEqual([
      { type: 'agency-struck-off', data: { registration: 1, on: '2026-06-01', reason: '不再从事服务' }, evidence: paper },
    ]);
    expect(given(first, gone).when(strikeOff, on('2026-06-02', 'approver'))).toEqual([]);
    given(first).refuses(strikeOff, on('2026-06-01', 'approver', 'clerk-1'), 'duties-not-separated');
    given(first).refuses(strikeOff, on('2026-06-01', 'reviewer'), 'role-required');
    given(first, gone).refuses({ ...strikeOff, reason: '另有原因' }, on('2026-06-02', 'approver'), 'agency-not-registered');
    given(first).refuses({ ...strikeOff, evidence: [] }, on('2026-06-01', 'approver'), 'invalid-input');
  });

  it('of nobody can be changed, and nothing is decided for another day', () => {
    given().refuses(strikeOff, on('2026-06-01', 'approver'), 'agency-unknown');
    given(first).refuses(strikeOff, { ...on('2026-06-01', 'approver'), effectiveOn: '2026-05-01' }, 'invalid-input', {
      errors: [{ field: 'effectiveOn' }],
    });
  });
});

describe('an inspection', () => {
  it('is recorded, also of an agency struck off since', () => {
    const inspected = given(first, gone, [inspection, on('2026-06-10', 'reviewer')]);
    expect(inspected.agency.inspections).toMatchObject([{ no: 1, finding: 'fraud', recordedBy: 'reviewer-1', evidence: paper }]);
    expect(inspected.when(inspection, on('2026-06-11'))).toEqual([]);
    expect(inspected.when({ ...inspection, finding: 'ok' }, on('2026-06-11'))).toMatchObject([{ data: { inspection: 2 } }]);
  });

  it('is refused before the registration, in the future and without a document', () => {
    for (const day of ['2026-01-09', '2026-03-02']) {
      given(first).refuses({ ...inspection, on: day }, on('2026-03-01'), 'invalid-input', { errors: [{ field: 'on' }] });
    }
    given(first).refuses({ ...inspection, evidence: [] }, on('2026-03-01'), 'invalid-input', { errors: [{ field: 'evidence' }] });
  });
});

it('is registered exactly within its registrations, whatever was tried', () => {
  const dayOf = (count: number) => new Date(Date.UTC(2026, 0, 1 + count)).toISOString().slice(0, 10);
  const until = fc.option(fc.integer({ min: 0, max: 15 }));
  const step = fc.oneof(
    fc.record({ kind: fc.constant('register' as const), back: fc.nat(8), until }),
    fc.record({ kind: fc.constant('renew' as const), until }),
    fc.record({ kind: fc.constant('strike-off' as const) }),
  );
  let registrations = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(59), step), { minLength: 5, maxLength: 25 }), (steps) => {
      let state: AgencyState = unknownAgency;
      // By hand: the set of days of each registration.
      const spans: { from: string; until: string; struck: string }[] = [];
      for (const [index, [count, what]] of [...steps].sort(([one], [other]) => one - other).entries()) {
        const today = dayOf(count);
        const last = what.kind === 'strike-off' || what.until === null ? undefined : dayOf(count + what.until);
        const from = what.kind === 'register' ? dayOf(count - what.back) : today;
        const command: AgencyCommand =
          what.kind === 'register'
            ? { ...register, from, ...(last !== undefined && { validUntil: last }) }
            : what.kind === 'renew'
              ? { type: 'renew', evidence: paper, ...(last !== undefined && { validUntil: last }) }
              : { ...strikeOff, reason: `第${index}次` };
        let events: readonly AgencyEvent[] = [];
        const context = on(today, what.kind === 'strike-off' ? 'approver' : 'clerk');
        try {
          events = agencyDecider.decide(command, state, context);
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
        }
        for (const event of events) {
          state = agencyDecider.evolve(state, event, context);
          const span = spans.at(-1);
          if (what.kind === 'register') spans.push({ from, until: last ?? '9999', struck: '9999' });
          else if (span !== undefined && what.kind === 'renew') span.until = last ?? '9999';
          else if (span !== undefined) span.struck = today;
        }
      }
      registrations += spans.length;
      for (let count = -9; count < 80; count += 1) {
        const each = dayOf(count);
        const held = spans.filter(({ from, until, struck }) => from <= each && each <= until && each < struck);
        expect(held.length).toBeLessThanOrEqual(1);
        expect(state.status === 'known' && isRegisteredOn(state, each)).toBe(held.length === 1);
      }
    }),
  );
  expect(registrations).toBeGreaterThan(100);
});
