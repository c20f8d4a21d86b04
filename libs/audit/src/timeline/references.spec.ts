import { describe, expect, it } from '@jest/globals';
import { type ReferringEvent, referencesOf } from './references.js';

const PAYEE = '91360700MA35QWERT7';
const OTHER = '91360700MA35QWERT0';
const AWARD = `etdz.T1.${PAYEE}.2024`;
const LINE = { pack: 'etdz', line: 'rd', period: '2024' };
const ON_AWARD = [`award ${AWARD}`, `enterprise ${PAYEE}`, 'officer wang'];
const SHA = 'a1'.repeat(32);

type Evidence = ReferringEvent['metadata']['evidence'];
function about(
  type: string,
  stream: string,
  data: unknown,
  { actor = 'wang', evidence = [] }: { actor?: string; evidence?: Evidence } = {},
) {
  const metadata = { actor: { id: actor, unit: '科技局', roles: [] }, evidence };
  return referencesOf({ type, stream, data, metadata }).map(({ kind, id }) => `${kind} ${id}`);
}

describe('what an event is about', () => {
  it.each([
    ['fact-recorded', `enterprise-${PAYEE}`, {}, [`enterprise ${PAYEE}`, 'officer wang']],
    ['award-assessed', `award-${AWARD}`, {}, ON_AWARD],
    ['budget-appropriated', 'budget-etdz.rd.2024', {}, ['budget-line etdz.rd.2024', 'officer wang']],
    ['agency-renamed', `agency-${OTHER}`, {}, [`agency ${OTHER}`, 'officer wang']],
    ['actual-reported', 'target-etdz.Z1.章贡区', {}, ['target etdz.Z1.章贡区', 'officer wang']],
    ['duty-done', 'duty-etdz.G51.2024', {}, ['duty etdz.G51.2024', 'officer wang']],
    ['policy-repealed', 'policy-etdz', {}, ['policy etdz', 'officer wang']],
    ['tier-review-closed', 'tierreview-pool.2024', {}, ['tier-review pool.2024', 'ladder pool', 'officer wang']],
    ['tier-assigned', `tier-pool.${PAYEE}`, { ladder: 'pool' }, [`enterprise ${PAYEE}`, 'ladder pool', 'officer wang']],
    ['finding-commented', 'finding-paid-early-01', {}, ['finding paid-early-01', 'officer wang']],
    ['statement-waived', 'blacklist-person.P-1', { case: 2 }, ['person P-1', 'officer wang', 'listing person.P-1.2']],
    ['listing-ended', `blacklist-agency.${OTHER}`, { case: 1 }, [`agency ${OTHER}`, 'officer wang', `listing agency.${OTHER}.1`]],
  ])('is the subject of its stream, and who did it: %s', (type, stream, data, expected) => {
    expect(about(type, stream, data)).toEqual(expected);
  });

  it.each([
    ['budget-reserved', 'budget-etdz.rd.2024', { award: AWARD, payee: PAYEE }, [`award ${AWARD}`, `enterprise ${PAYEE}`]],
    ['budget-transferred-out', 'budget-etdz.x.2024', { to: LINE }, ['budget-line etdz.rd.2024']],
    ['budget-transferred-in', 'budget-etdz.x.2024', { from: LINE }, ['budget-line etdz.rd.2024']],
    ['budget-closed', 'budget-etdz.rd.2023', { to: LINE }, ['budget-line etdz.rd.2024']],
    ['award-applied', `award-${AWARD}`, { agency: OTHER, persons: ['P-1', 'P-2'] }, [`agency ${OTHER}`, 'person P-1', 'person P-2']],
    [
      'award-grant-started',
      `award-${AWARD}`,
      { budget: LINE, documentNo: '财〔2024〕3号', clearances: [{ documentNo: '环函1' }] },
      ['budget-line etdz.rd.2024', 'document 财20243号', 'document 环函1'],
    ],
    [
      'award-granted',
      `award-${AWARD}`,
      { budget: LINE, documentNo: '财〔2024〕3号', approver: 'chen', override: { proposedBy: 'zhao' } },
      ['budget-line etdz.rd.2024', 'document 财20243号', 'officer chen', 'officer zhao'],
    ],
    ['instalment-ordered', `award-${AWARD}`, { batch: 'B1', payer: 'sun' }, ['batch B1', 'officer sun']],
    ['instalment-paid', `award-${AWARD}`, { batch: 'B1' }, ['batch B1']],
    ['award-payee-confirmed', `award-${AWARD}`, { payee: OTHER }, [`enterprise ${OTHER}`]],
    ['award-held', `award-${AWARD}`, { listing: `enterprise.${PAYEE}.1` }, [`listing enterprise.${PAYEE}.1`]],
    ['enterprise-merged', `enterprise-${PAYEE}`, { survivor: OTHER, creditCodes: [PAYEE] }, [`enterprise ${OTHER}`]],
    ['absorption-announced', `enterprise-${OTHER}`, { creditCode: PAYEE }, [`enterprise ${PAYEE}`]],
    ['enterprise-absorbed', `enterprise-${OTHER}`, { creditCode: PAYEE }, [`enterprise ${PAYEE}`]],
    ['clearance-recorded', `enterprise-${PAYEE}`, { documentNo: '环函（2024）1号' }, ['document 环函20241号']],
    ['policy-published', 'policy-etdz', { pack: { source: { sha256: SHA } } }, [`document ${SHA.toUpperCase()}`]],
    ['batch-results-recorded', 'batch-B1', { sha256: SHA }, [`document ${SHA.toUpperCase()}`]],
    ['plan-set', 'target-etdz.Z1.区', { document: '赣府发1号' }, ['document 赣府发1号']],
    [
      'tier-promoted',
      `tier-pool.${PAYEE}`,
      { ladder: 'pool', review: { year: 2024, decidedBy: 'chen' }, override: { by: 'zhao' } },
      ['officer chen', 'tier-review pool.2024', 'officer zhao'],
    ],
    ['tier-proposals-made', 'tierreview-pool.2024', { proposals: [{ creditCode: PAYEE }] }, [`enterprise ${PAYEE}`]],
    ['tier-proposals-decided', 'tierreview-pool.2024', { decisions: [{ creditCode: PAYEE }] }, [`enterprise ${PAYEE}`]],
    ['tier-decision-failed', 'tierreview-pool.2024', { creditCode: PAYEE }, [`enterprise ${PAYEE}`]],
    [
      'tier-recommended',
      'tierreview-pool.2024',
      {
        recommended: [{ creditCode: PAYEE, clearances: [{ documentNo: '环函1' }] }],
        refused: [{ creditCode: OTHER, code: 'black-listed', missing: [`enterprise.${OTHER}.1`] }],
      },
      [`enterprise ${PAYEE}`, `enterprise ${OTHER}`, 'document 环函1', `listing enterprise.${OTHER}.1`],
    ],
    [
      'finding-opened',
      'finding-f-1',
      { award: AWARD, enterprise: PAYEE, line: 'etdz.rd.2024', officers: ['chen'] },
      [`award ${AWARD}`, `enterprise ${PAYEE}`, 'budget-line etdz.rd.2024', 'officer chen'],
    ],
    ['finding-assigned', 'finding-f-1', { to: 'zhou' }, ['officer zhou']],
    ['command-noted', 'command-1', { stream: `award-${AWARD}` }, [`award ${AWARD}`, `enterprise ${PAYEE}`]],
  ])('is what its data names beside: %s', (type, stream, data, expected) => {
    const all = about(type, stream, data);
    const known = about('award-lapsed', stream, {});
    expect(all.filter((one) => !known.includes(one)).sort()).toEqual(expected.filter((one) => !known.includes(one)).sort());
    expect(all).toEqual(expect.arrayContaining(expected));
  });

  it('is every document it rests on, in one spelling, once', () => {
    const evidence = [
      { title: '批复', documentNo: '财〔2024〕3号', sha256: SHA },
      { title: '再附', documentNo: '财[2024]3号' },
      { title: '口头' },
    ];
    expect(about('budget-adjusted', 'budget-etdz.rd.2024', {}, { evidence }).slice(2)).toEqual([
      'document 财20243号',
      `document ${SHA.toUpperCase()}`,
    ]);
  });

  it('is each award and payee of a batch once', () => {
    const lines = [1, 2].map((instalment) => ({ award: AWARD, payee: PAYEE, documentNo: '财3', instalment }));
    expect(about('batch-prepared', 'batch-B1', { lines })).toEqual([
      'batch B1',
      'officer wang',
      `award ${AWARD}`,
      `enterprise ${PAYEE}`,
      'document 财3',
    ]);
  });

  it('is never the ledger as an officer', () => {
    expect(
      about('award-granted', `award-${AWARD}`, { budget: LINE, documentNo: '3', approver: 'chen' }, { actor: 'ledger' }),
    ).not.toContain('officer ledger');
  });

  it('must have been said of every event and stream', () => {
    expect(() => about('award-sung', `award-${AWARD}`, {})).toThrow('nobody has said what award-sung is about');
    expect(() => about('toString', `award-${AWARD}`, {})).toThrow('nobody has said');
    expect(() => about('award-lapsed', 'song-1', {})).toThrow('is the stream of nothing');
  });
});
