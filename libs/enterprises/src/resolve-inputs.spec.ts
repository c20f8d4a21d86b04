import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { certificate, CODE, History, landed, on, paper, rd, registered, relocation, sme, title, withdrawal } from './enterprise.fixture.js';
import { type Occasion, type ResolvableInput, resolveInputs } from './resolve-inputs.js';

const input = (name: string, period: ResolvableInput['period'] = 'none', label = name): ResolvableInput => ({ name, label, period });
const once: Occasion = { kind: 'once' };

function resolve(history: History, one: ResolvableInput, day: string, occasion: Occasion = once) {
  const { facts, unknown } = resolveInputs(history.dossier, [one], { on: day, occasion });
  return unknown.length > 0 ? unknown[0]?.reason : facts[one.name];
}

describe('which year counts', () => {
  const figures = registered
    .do(rd('22.00', '2022'), on('2024-01-02'))
    .do(rd('23.00', '2023'), on('2024-01-02'))
    .do(rd('24.00', '2024'), on('2024-01-02'))
    .do(rd('25.00', '2025'), on('2025-12-30'));

  it('the year before the certificate’s, by the certificate the award names or else the latest', () => {
    const asked = input('rd.expenditure', 'year-before-certificate');
    expect(resolve(figures, asked, '2026-01-01')).toBe('no-certificate');
    const held = figures
      .do(certificate, on('2024-01-02'))
      .do({ ...certificate, number: 'GR2', certification: 'renewal', issuedOn: '2025-11-01', expiresOn: '2028-10-31' }, on('2025-12-01'));
    expect(resolve(held, asked, '2026-01-01')).toBe('24.00');
    expect(resolve(held, asked, '2026-01-01', { kind: 'certificate', reference: 'gr2023-36000001' })).toBe('22.00');
    expect(resolve(held, asked, '2025-10-31')).toBe('22.00');
    expect(resolve(held, asked, '2026-01-01', { kind: 'certificate', reference: 'GR9' })).toBe('no-certificate');
  });

  it('the prior year and the occasion’s own year, by the year the award is for or else the business date', () => {
    expect(resolve(figures, input('rd.expenditure', 'prior-year'), '2024-05-01')).toBe('23.00');
    expect(resolve(figures, input('rd.expenditure', 'occasion-year'), '2024-05-01')).toBe('24.00');
    expect(resolve(figures, input('rd.expenditure', 'prior-year'), '2024-05-01', { kind: 'year', reference: '2023' })).toBe('22.00');
    expect(resolve(figures, input('rd.expenditure', 'occasion-year'), '2024-05-01', { kind: 'once', year: 2022 })).toBe('22.00');
    expect(resolve(figures, input('rd.expenditure', 'prior-year'), '2022-05-01')).toBe('not-recorded');
  });

  it('shows what it took', () => {
    const { sources, used } = resolveInputs(figures.dossier, [input('rd.expenditure', 'prior-year', '研发投入')], {
      on: '2024-05-01',
      occasion: once,
    });
    const source = {
      factId: 'F2',
      unit: '区税务局',
      period: '2023',
      verified: false,
      recordedBy: 'clerk-1',
      effectiveOn: '2024-01-02',
      label: '研发投入（2023年度）：区税务局，申报，F2',
    };
    expect(sources).toEqual({ 'rd.expenditure': source });
    expect(used).toEqual([{ input: 'rd.expenditure', factId: 'F2', value: '23.00', verified: false, effectiveOn: '2024-01-02', source }]);
  });
});

describe('which fact counts', () => {
  it('the latest by the day since which it holds, never one that takes effect later', () => {
    const history = registered
      .do(sme(false), on('2024-06-01'))
      .do(sme(true, { period: '2022-03-01' }), on('2024-01-01'))
      .do(sme(true, { period: '2026-01-01' }), on('2024-07-01'));
    expect(resolve(history, input('enterprise.sme'), '2023-12-31')).toBe('not-recorded');
    expect(resolve(history, input('enterprise.sme'), '2024-05-31')).toBe(true);
    expect(resolve(history, input('enterprise.sme'), '2024-06-01')).toBe(false);
    expect(resolve(history, input('enterprise.sme'), '2025-12-31')).toBe(false);
    expect(resolve(history, input('enterprise.sme'), '2026-01-01')).toBe(true);
  });

  it('what is known to be wrong is unknown until its correction has effect', () => {
    const history = registered.do(rd('5.00', '2023'), on('2024-01-02')).do(rd('8.00', '2023', { correctsFactId: 'F1' }), on('2024-06-01'));
    const asked = input('rd.expenditure', 'prior-year');
    expect(resolve(history, asked, '2024-05-31')).toBe('corrected-later');
    expect(resolve(history, asked, '2024-06-01')).toBe('8.00');
  });

  it('a fact corrected to another year leaves its own year without one', () => {
    const history = registered.do(rd('5.00', '2023'), on('2024-01-02')).do(rd('5.00', '2022', { correctsFactId: 'F1' }), on('2024-06-01'));
    expect(resolve(history, input('rd.expenditure', 'prior-year'), '2024-07-01')).toBe('not-recorded');
    expect(resolve(history, input('rd.expenditure', 'prior-year'), '2024-07-01', { kind: 'year', reference: '2023' })).toBe('5.00');
  });

  it('a disputed fact is unknown, whatever stood before it', () => {
    const history = registered
      .do(sme(true), on('2023-01-02'))
      .do(sme(false), on('2024-01-02'))
      .do({ type: 'dispute-fact', factId: 'F2', reason: '存疑' }, on('2024-02-01', 'reviewer-1'));
    expect(resolve(history, input('enterprise.sme'), '2024-03-01')).toBe('disputed');
    expect(resolve(history, input('enterprise.sme'), '2023-03-01')).toBe(true);
  });

  it('carries whether it was verified', () => {
    const history = registered
      .do(sme(true), on('2023-01-02'))
      .do({ type: 'verify-fact', factId: 'F1', evidence: [{ title: '名录' }] }, on('2023-01-03', 'clerk-2'));
    expect(resolveInputs(history.dossier, [input('enterprise.sme')], { on: '2024-01-01', occasion: once }).used).toEqual([
      expect.objectContaining({ verified: true, source: expect.objectContaining({ recordedBy: 'clerk-1', verifiedBy: 'clerk-2' }) }),
    ]);
  });

  it('never one that takes effect after the day', () => {
    const days = fc
      .integer({ min: 0, max: 1200 })
      .map((offset) => new Date(Date.UTC(2022, 0, 1) + offset * 86_400_000).toISOString().slice(0, 10));
    const recording = fc.record({
      day: days,
      since: fc.option(days, { nil: undefined }),
      value: fc.boolean(),
      corrects: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(recording, { maxLength: 12 }), days, (recordings, day) => {
        let history = registered;
        for (const { day: effective, since, value, corrects } of recordings) {
          const command = sme(value, { ...(since && { period: since }), ...(corrects && { correctsFactId: `F${corrects}` }) });
          try {
            history = history.do(command, on(effective));
          } catch {
            // a correction of a fact that is not there; the property is about what was recorded
          }
        }
        const { facts, used } = resolveInputs(history.dossier, [input('enterprise.sme')], { on: day, occasion: once });
        for (const one of used) {
          const fact = history.dossier.facts.find(({ factId }) => factId === one.factId);
          expect(one.effectiveOn <= day).toBe(true);
          expect((fact?.period ?? fact?.effectiveOn ?? '9') <= day).toBe(true);
          expect(fact?.correctedBy).toBeUndefined();
          expect(facts['enterprise.sme']).toBe(fact?.value);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a fact about a project', () => {
  const asked: ResolvableInput = { ...input('project.landed', 'none', '项目落地'), about: 'occasion' };
  const history = registered.do(landed('P-1'), on('2024-01-02'));
  const project = (reference: string): Occasion => ({ kind: 'project', reference });

  it('counts for that project only, however its reference is spelt', () => {
    for (const reference of ['P-1', 'p 1', 'Ｐ1']) expect(resolve(history, asked, '2024-05-01', project(reference))).toBe(true);
    expect(resolve(history, asked, '2024-05-01', { kind: 'transaction', reference: 'P1' })).toBe(true);
    const { unknown } = resolveInputs(history.dossier, [asked], { on: '2024-05-01', occasion: project('P-2') });
    expect(unknown).toEqual([{ input: 'project.landed', reason: 'not-recorded', detail: '项目落地：“P-2”没有记录' }]);
  });

  it('is named in what was taken', () => {
    expect(resolveInputs(history.dossier, [asked], { on: '2024-05-01', occasion: project('p1') }).sources).toEqual({
      'project.landed': expect.objectContaining({ subject: 'P-1', label: '项目落地“P-1”：区科技局，申报，F1' }),
    });
  });

  it('may be about a certificate, and counts for no occasion without a name', () => {
    const certified = registered.do(landed(certificate.number), on('2024-01-02'));
    expect(resolve(certified, asked, '2024-05-01', { kind: 'certificate', reference: certificate.number })).toBe(true);
    for (const occasion of [once, { kind: 'once', reference: 'P-1' }, { kind: 'year', reference: '2024' }]) {
      expect(resolve(history, asked, '2024-05-01', occasion)).toBe('not-recorded');
    }
  });

  it('says nothing about the enterprise, and a fact about the enterprise nothing about it', () => {
    expect(resolve(history, input('project.landed'), '2024-05-01', project('P-1'))).toBe('not-recorded');
    const plain = registered.do(sme(true), on('2024-01-02'));
    expect(resolve(plain, { ...input('enterprise.sme'), about: 'occasion' }, '2024-05-01', project('P-1'))).toBe('not-recorded');
    expect(resolve(plain, input('enterprise.sme'), '2024-05-01', project('P-1'))).toBe(true);
  });

  it('that was moved to another project leaves the first without one', () => {
    const moved = history.do(landed('P-2', true, { correctsFactId: 'F1' }), on('2024-03-01'));
    expect(resolve(moved, asked, '2024-05-01', project('P-1'))).toBe('not-recorded');
    expect(resolve(moved, asked, '2024-05-01', project('P-2'))).toBe(true);
  });
});

describe('what the records say of certificates and moves', () => {
  const held = registered.do(certificate, on('2024-01-02'));
  const moved = held.do(relocation, on('2024-02-02'));
  const revoked = moved.do(
    { type: 'revoke-certificate', number: certificate.number, on: '2025-03-01', reason: '虚假申报', evidence: paper },
    on('2025-03-05'),
  );
  const loose = (name: string, value: string | boolean) => sme(true, { name, value });

  it('nothing when there is no record: a loose fact may say it, and no fact is not false', () => {
    for (const name of [
      'certification.kind',
      'certificate.validAtRelocation',
      'certificate.expired',
      'relocation.origin',
      'relocation.whole',
    ]) {
      expect(resolve(registered, input(name), '2025-01-01')).toBe('not-recorded');
    }
    expect(resolve(registered.do(loose('relocation.whole', true), on('2024-01-01')), input('relocation.whole'), '2025-01-01')).toBe(true);
  });

  it('the kind of certification, not of a certificate that was revoked or came later', () => {
    expect(resolve(held, input('certification.kind'), '2024-05-01')).toBe('first');
    expect(resolve(held, input('certification.kind'), '2023-11-21')).toBe('not-recorded');
    expect(resolve(revoked, input('certification.kind'), '2025-02-28')).toBe('first');
    expect(resolve(revoked, input('certification.kind'), '2025-03-01')).toBe('revoked');
    expect(resolve(held.do(loose('certification.kind', 'renewal'), on('2024-01-01')), input('certification.kind'), '2024-05-01')).toBe(
      'first',
    );
  });

  it('whether the certificate was valid at the move', () => {
    const asked = input('certificate.validAtRelocation');
    expect(resolve(moved, asked, '2024-05-01')).toBe(true);
    expect(resolve(moved, asked, '2024-01-31')).toBe('not-recorded');
    expect(resolve(revoked, asked, '2025-02-28')).toBe(true);
    expect(resolve(revoked, asked, '2025-03-05')).toBe(false);
    const lapsed = registered
      .do({ ...certificate, issuedOn: '2020-11-22', expiresOn: '2023-11-21' }, on('2024-01-02'))
      .do(relocation, on('2024-02-02'));
    expect(resolve(lapsed, asked, '2024-05-01')).toBe(false);
    const renewedAfter = registered
      .do({ ...certificate, certification: 'renewal', issuedOn: '2024-11-22' }, on('2024-12-02'))
      .do(relocation, on('2024-12-02'));
    expect(resolve(renewedAfter, asked, '2025-05-01')).toBe('not-recorded');
    const firstAfter = registered.do({ ...certificate, issuedOn: '2024-11-22' }, on('2024-12-02')).do(relocation, on('2024-12-02'));
    expect(resolve(firstAfter, asked, '2025-05-01')).toBe(false);
    expect(resolve(moved, asked, '2024-05-01', { kind: 'certificate', reference: 'GR9' })).toBe('not-recorded');
  });

  it('whether the certificate held at the move has expired, though a new one may be in force', () => {
    const asked = input('certificate.expired');
    expect(resolve(moved, asked, '2026-11-21')).toBe(false);
    expect(resolve(moved, asked, '2026-11-22')).toBe(true);
    expect(resolve(revoked, asked, '2027-01-01')).toBe(false);
    const older = { ...certificate, number: 'GR1', issuedOn: '2021-11-22', expiresOn: '2024-11-21' } as const;
    const renewed = registered
      .do(older, on('2024-01-02'))
      .do(relocation, on('2024-02-02'))
      .do({ ...certificate, issuedOn: '2024-12-01', certification: 'renewal' }, on('2025-01-02'));
    expect(resolve(renewed, asked, '2025-02-01')).toBe(true);
    expect(resolve(renewed, asked, '2025-02-01', { kind: 'certificate', reference: certificate.number })).toBe(false);
  });

  it('where it moved in from, until it moves out again', () => {
    const away = moved.do({ type: 'record-departure', on: '2025-01-01', evidence: paper }, on('2025-01-02'));
    expect(resolve(away, input('relocation.origin'), '2024-12-31')).toBe('in-province');
    expect(resolve(away, input('relocation.whole'), '2025-01-01')).toBe('moved-out');
    expect(resolve(away, input('certificate.validAtRelocation'), '2025-01-01')).toBe('moved-out');
    const back = away.do({ ...relocation, origin: 'out-of-province', on: '2025-06-01' }, on('2025-06-02'));
    expect(resolve(back, input('relocation.origin'), '2025-06-01')).toBe('out-of-province');
  });

  it('a certificate in force shows a high-tech enterprise; none shows nothing', () => {
    expect(resolve(held, input('enterprise.hnte'), '2024-05-01')).toBe(true);
    expect(resolve(held, input('enterprise.hnte'), '2026-12-01')).toBe('not-recorded');
  });

  it('says which record it took', () => {
    expect(
      resolveInputs(moved.dossier, [input('certificate.validAtRelocation'), input('relocation.origin')], {
        on: '2024-05-01',
        occasion: once,
      }).used,
    ).toEqual([
      expect.objectContaining({
        certificate: 'GR202336000001',
        relocation: '2024-02-01',
        value: true,
        verified: true,
        effectiveOn: '2024-02-01',
      }),
      expect.objectContaining({ relocation: '2024-02-01', value: 'in-province' }),
    ]);
  });

  it('says who recorded each record it took', () => {
    const history = registered.do(certificate, on('2024-01-02', 'clerk-3')).do(relocation, on('2024-02-02', 'clerk-4'));
    const inputs = [input('certificate.validAtRelocation'), input('relocation.origin'), input('certification.kind')];
    expect(resolveInputs(history.dossier, inputs, { on: '2024-05-01', occasion: once }).sources).toEqual({
      'certificate.validAtRelocation': expect.objectContaining({ recordedBy: 'clerk-3', relocationRecordedBy: 'clerk-4' }),
      'relocation.origin': expect.objectContaining({ recordedBy: 'clerk-4' }),
      'certification.kind': expect.objectContaining({ recordedBy: 'clerk-3' }),
    });
  });
});

describe('the age of an enterprise', () => {
  const aged = (registeredOn?: string) =>
    History.empty
      .do({ type: 'register', creditCode: CODE, name: '甲', ...(registeredOn !== undefined && { registeredOn }) }, on('2024-03-02'))
      .do(
        { type: 'record-facts', facts: [{ name: 'enterprise.sme', value: true, sourceUnit: '区经发局', evidence: paper }] },
        on('2024-03-02'),
      );
  const answers = (name: string, ...days: readonly string[]) => days.map((day) => resolve(aged('2023-02-28'), input(name), day));

  it('follows from its registration', () => {
    expect(answers('registration.oneYear', '2024-02-27', '2024-02-28')).toEqual([false, true]);
    expect(answers('enterprise.underThreeYears', '2026-02-27', '2026-02-28')).toEqual([true, false]);
    const { sources } = resolveInputs(aged('2023-02-28').dossier, [input('registration.oneYear')], { on: '2024-03-01', occasion: once });
    expect(sources['registration.oneYear']).toMatchObject({ label: '成立日期 2023-02-28', verified: false, recordedBy: 'clerk-1' });
    const another = History.empty.do(
      { type: 'register', creditCode: CODE, name: '甲', registeredOn: '2023-02-28', evidence: paper },
      on('2024-03-02', 'clerk-2'),
    );
    const inputs = [input('registration.oneYear'), input('enterprise.underThreeYears')];
    const { used } = resolveInputs(another.dossier, inputs, { on: '2024-03-05', occasion: once });
    expect(used.map(({ source }) => [source.verified, source.recordedBy])).toEqual([
      [true, 'clerk-2'],
      [true, 'clerk-2'],
    ]);
  });

  it('is unknown where the registration has no day', () => {
    expect(resolve(aged(), input('registration.oneYear'), '2026-03-01')).toBe('not-recorded');
  });
});

describe('the grade of a title', () => {
  const graded = { ...input('ip.grade'), fromTitle: 'ip-benchmark' };
  const stated = { name: 'ip.grade', value: '1A', period: '2023', sourceUnit: '区知识产权局', evidence: paper };
  const history = registered
    .do({ type: 'record-facts', facts: [stated] }, on('2024-01-02'))
    .do(title, on('2025-02-01'))
    .do({ ...title, year: 2025, grade: '1A', on: '2025-12-20' }, on('2026-01-05'));

  it('is that of the latest title held, or of the year the award is for', () => {
    expect(resolve(history, graded, '2025-06-01')).toBe('2A');
    expect(resolve(history, graded, '2026-02-01')).toBe('1A');
    expect(resolve(history, graded, '2026-02-01', { kind: 'year', reference: '2024' })).toBe('2A');
    expect(resolveInputs(history.dossier, [graded], { on: '2025-06-01', occasion: once }).used).toMatchObject([
      { title: 'ip-benchmark', value: '2A', verified: true, source: { period: '2024', recordedBy: 'clerk-1' } },
    ]);
  });

  it('is a loose fact where no title is held', () => {
    expect(resolve(history, graded, '2025-01-19')).toBe('1A');
    expect(resolve(history, input('ip.grade'), '2026-02-01')).toBe('1A');
  });

  it('is unknown from the day on which it is withdrawn, whatever fact or older title there is', () => {
    const withdrawn = history.do({ ...withdrawal, year: 2025, on: '2026-01-20' }, on('2026-01-20'));
    expect(resolve(withdrawn, graded, '2026-01-19')).toBe('1A');
    expect(resolve(withdrawn, graded, '2026-01-20')).toBe('revoked');
    const years = ['2023', '2024', '2025', '2026'].map((reference) =>
      resolve(withdrawn, graded, '2026-02-01', { kind: 'year', reference }),
    );
    expect(years).toEqual(['1A', '2A', 'revoked', 'revoked']);
    expect(resolveInputs(withdrawn.dossier, [graded], { on: '2026-02-01', occasion: once }).unknown).toEqual([
      { input: 'ip.grade', reason: 'revoked', period: '2025', detail: '称号 知识产权示范企业标杆（2025年度）已于 2026-01-20 撤销' },
    ]);
  });
});
