import { describe, expect, it } from '@jest/globals';
import type { Pack } from '@app/policies';
import { DETECTORS } from './detectors/detectors.js';
import type { FindingRow } from './findings.projection.js';
import {
  award,
  CERTIFICATE,
  certificate,
  codesIn,
  dossier,
  type Entry,
  fact,
  found,
  more,
  OTHER,
  packOf,
  PACK,
  PAYEE,
  published,
  verified,
} from './findings.fixture.js';

/** One history that a detector finds something in, and one close to it that it does not. */
interface Case {
  readonly code: string;
  readonly of: string;
  readonly fires: readonly (Entry | readonly Entry[])[];
  readonly near: readonly (Entry | readonly Entry[])[];
  /** What the one that fires says, where the case is about that too. */
  readonly says?: Partial<FindingRow>;
}

/** What is said of an award of the payee. */
const ofAward = (
  severity: string,
  clause: string,
  amount_fen: number,
  officers: readonly string[],
  detail: string,
): Partial<FindingRow> => ({
  severity,
  award: `${PACK}.${clause}.${PAYEE}.once`,
  enterprise: PAYEE,
  pack: PACK,
  clause,
  amount_fen,
  officers: JSON.stringify(officers),
  detail,
});
const containing = (text: string) => ({ detail: expect.stringContaining(text) as unknown as string });

/** What somebody enters today under a day of a quarter and a day ago. */
const old = { by: 'clerk', on: '2024-03-01', at: '2024-05-31T01:00:00.000Z' };
const policy = published();
const unnoticed = published(packOf({ publicNotice: { days: 0, basis: 'notice' } }));
const citation = { pack: PACK, version: 1, clause: 'F', hash: 'h' };
const listing = (from: string, until: string, kind = 'enterprise') => ({
  stream: `blacklist-${kind}.${PAYEE}`,
  type: 'listing-decided',
  data: { case: 1, listing: `${kind}.${PAYEE}.1`, from, until },
  by: 'decider',
  on: from,
});
const instalments = (...amounts: readonly string[]) => amounts.map((amount, index) => ({ no: index + 1, amount, needs: [] }));
const second = (accepted: boolean) => ({ 'enterprise.hnte': true, 'project.accepted': accepted });
/** The second of two instalments, unlocked and paid. */
const secondPaid = (accepted: boolean, unlocked = true) => [
  ...(unlocked
    ? [more('instalment-unlocked', { no: 2, amount: '100000.00', facts: second(accepted), used: [] }, { by: 'reviewer' }, 'S')]
    : []),
  more('instalment-paid', { no: 2, amount: '100000.00', batch: 'B2', line: 1, on: '2024-04-20', reference: 'R2' }, {}, 'S'),
];
const staged = ({ but, ...life }: NonNullable<Parameters<typeof award>[0]> = {}) =>
  award({
    ...life,
    clause: 'S',
    but: {
      start: { data: { amount: '200000.00' } },
      grant: { data: { amount: '200000.00', instalments: instalments('100000.00', '100000.00') } },
      ...but,
    },
  });
const discretionary = (payee: string, amount: string, on = '2024-04-02') =>
  award({ clause: 'D', payee, until: 'review', but: { review: { on, data: { amount, reason: '突出' } } } });
const payees = ['A', 'B', 'C'].map((last) => `91360700MA000000${last}X`);
const line = (type: string, data: object, about: Partial<Entry> = {}): Entry => ({
  stream: `budget-${PACK}.rd.2024`,
  type,
  data: { reason: '安排', ...data },
  by: 'finance',
  ...about,
});
/** Sums just under a million on three lines, the last of a pack's. */
const spread = (pack: string) =>
  [`${PACK}.a`, `${PACK}.b`, `${pack}.c`].map((each) =>
    line(
      'budget-transferred-out',
      { transfer: each, to: { pack: PACK, line: 'd', period: '2024' }, amount: '990000.00' },
      { stream: `budget-${each}.2024` },
    ),
  );
const reserve = { award: 'a', payee: PAYEE, clause: 'F', grant: {} };
const tier = (type: string, data: object, about: Partial<Entry> = {}): Entry => ({
  stream: `tier-ladder.${PAYEE}`,
  type,
  data: { ladder: 'ladder', creditCode: PAYEE, reason: '达标', restsOn: [], tier: 'pool', ...data },
  by: 'approver',
  policy: citation,
  ...about,
});
const campaign = (type: string, data: object = {}, about: Partial<Entry> = {}): Entry => ({
  stream: 'tierreview-ladder.2024',
  type,
  data: { ladder: 'ladder', year: 2024, ...data },
  by: 'reviewer',
  ...about,
});
const decidedIn = { review: { year: 2024, decidedBy: 'approver' } };
const rests = (source: object, input = 'enterprise.hnte', value: string | boolean = true) => [
  { input, value, verified: true, source: { recordedBy: 'clerk', ...source } },
];
/** What a tax office found, as it was recorded and as a decision names it. */
const RELIED = [{ clearance: 'tax', agency: '税务局', on: '2024-03-01', documentNo: '税〔2024〕1号' }];
const clearance = (by: string, code = PAYEE, more: object = {}) =>
  dossier(code, 'clearance-recorded', { ...RELIED[0], finding: 'clear', ...more }, { by });
const moved = rests({ relocation: '2024-02-01' });
const absorbedPayee = dossier(OTHER, 'enterprise-absorbed', { creditCode: PAYEE });
const leavesOf = (code: string, on: string) => dossier(code, 'departure-recorded', { no: 1, on }, { on });
const leaves = (on: string) => leavesOf(PAYEE, on);
const project = { kind: 'project', key: 'P2024' };
const ofPolicy = (type: string, data: object, about: Partial<Entry>): Entry => ({
  stream: `policy-${PACK}`,
  type,
  data,
  by: 'administrator',
  ...about,
});
const disputed = (about: Partial<Entry> = {}, factId = 'F1', code = PAYEE) =>
  dossier(code, 'fact-disputed', { factId, reason: '不实' }, { by: 'auditor', on: '2024-04-15', ...about });
const unlockedOn = (used: readonly object[]) =>
  more('instalment-unlocked', { no: 2, amount: '100000.00', facts: second(true), used }, { by: 'reviewer', on: '2024-04-14' }, 'S');
/** Assessed again for more, when the notice of the first sum was over. */
const assessedAgain = more(
  'award-assessed',
  { version: 1, packHash: 'h', on: '2024-04-07', facts: { 'rd.expenditure': '9000000.00' }, used: [], assessment: {} },
  { by: 'clerk', on: '2024-04-07' },
  'R',
);
const raised = (...before: readonly Entry[]) =>
  award({
    clause: 'R',
    amount: '400000.00',
    facts: { 'rd.expenditure': '1000000.00' },
    before: { start: before },
    but: { start: { on: '2024-04-13' }, grant: { on: '2024-04-13' } },
  });
const heldMove = rests({ relocation: '2024-02-01', certificate: CERTIFICATE }, 'certificate.validAtRelocation');
const revokedFrom = (on: string, about: Partial<Entry> = {}) =>
  dossier(PAYEE, 'certificate-revoked', { number: CERTIFICATE, on, reason: '撤销' }, { on: '2024-05-20', ...about });
const questionOf = (...clauses: readonly string[]) =>
  published(
    packOf({
      interpretations: [
        {
          ...(packOf().interpretations[0] as NonNullable<ReturnType<typeof packOf>['interpretations'][0]>),
          chosen: null,
          clauses,
        },
      ],
    }),
  );
const THIRD = '91360700MA0000002H';
const projectAward = (payee: string) => award({ clause: 'P', amount: '80000.00', occasion: project, payee });
const revoked = ([first]: readonly Entry[]): Entry => ({
  stream: first?.stream ?? '',
  type: 'award-revoked',
  data: { cause: 'fraud', reason: '造假', unpaid: '0.00' },
});
const deal = { kind: 'transaction', key: 'T2024' };
const assisted = (agency: string) => ({ apply: { data: { agency } } });
const overridden = { computed: '100000.00', reason: '核减', proposedBy: 'second' };
const registered = (creditCodeFlagged: boolean) =>
  dossier(PAYEE, 'enterprise-registered', { creditCode: PAYEE, name: '企业', creditCodeFlagged });
/** Paid for the payee to its successor. */
const paidTo = (successor: string, account = '6201') =>
  award({
    but: {
      prepare: {
        data: { lines: [{ line: 1, award: `${PACK}.F.${PAYEE}.once`, instalment: 1, amount: '100000.00', payee: successor, account }] },
      },
    },
  });
const listingEnded = (on: string, no = 1): Entry => ({
  ...listing(on, ''),
  type: 'listing-ended',
  data: { case: no, listing: `enterprise.${PAYEE}.${no}`, how: 'repaired', on },
});
/** From the year after. */
const anotherListing: Entry = {
  ...listing('2024-03-01', ''),
  data: { case: 2, listing: `enterprise.${PAYEE}.2`, from: '2025-01-01', until: '2025-06-01' },
};
const frozen = (batch: string, payer: string): Entry => ({
  stream: `batch-${batch}`,
  type: 'batch-freeze-started',
  data: { payer },
  by: payer,
});
const secondFrozen = frozen('B2', 'finance');
const secondOrdered = more(
  'instalment-ordered',
  { no: 2, amount: '100000.00', batch: 'B2', line: 1, payer: 'finance' },
  { roles: ['service'], on: '2024-04-14' },
  'S',
);
/** The first instalment paid again. */
const overpaid = (clause = 'F') =>
  more('instalment-overpaid', { no: 1, amount: '100000.00', batch: 'B9', line: 1, on: '2024-04-20', reference: 'R9' }, {}, clause);
const returned = more('instalment-returned', { no: 1, amount: '100000.00', batch: 'B', line: 1 });
/** An officer set one sum, and another was granted. */
const decidedSum = (set: string, granted: string, isLowered = false) =>
  award({
    clause: 'D',
    amount: granted,
    but: { review: { data: { amount: set } }, ...(isLowered && { grant: { data: { override: overridden } } }) },
  });
const scheduled = (amounts: readonly string[], isLowered = false) =>
  staged({ but: { grant: { data: { instalments: instalments(...amounts), ...(isLowered && { override: overridden }) } } } });
const withPersons = (payee: string, ...persons: readonly string[]) =>
  award({ clause: 'P', amount: '80000.00', occasion: project, payee, but: { apply: { data: { persons } } } });
const partyTo = (payee: string, person: string) =>
  award({ clause: 'T', amount: '80000.00', occasion: deal, payee, but: { apply: { data: { persons: [person] } } } });
const amended = ofPolicy('policy-amended', { ...published().data, version: 2, from: '2024-04-01', reason: '修订' }, { on: '2024-04-01' });
const objection = (no: number, by = 'auditor') =>
  more('award-objection-raised', { objection: no, by: '某企业', reason: '不实' }, { by, on: '2024-04-03' });
const judgement = (no: number, upheld = false, by = 'administrator') =>
  more('award-objection-decided', { objection: no, upheld, reason: '查实' }, { by, on: '2024-04-05' });
const MOVES = { 'tier-assigned': '列入pool', 'tier-promoted': '升入pool', 'tier-demoted': '降入pool', 'tier-removed': '移出old' } as const;
/** A move with the certificate that was brought along. */
const movedWith = rests({ relocation: '2024-02-01', certificate: CERTIFICATE }, 'relocation.whole');
const withoutSum = (shape: Extract<Pack['clauses'][number]['shape'], { kind: 'external' | 'unspecified' }>) =>
  published(packOf({ clauses: [...packOf().clauses, { ...(packOf().clauses[2] as Pack['clauses'][number]), id: 'E', shape }] }));

const startedBefore = (event: Entry) =>
  award({ used: rests({ certificate: CERTIFICATE }), before: { start: [event] }, but: { start: { on: '2024-04-07' } } });
/** They leave 50 yuan to hold and 50 held. */
const movements = [
  line('budget-line-opened', {}),
  line('budget-transferred-in', { amount: '200.00' }),
  line('budget-transferred-out', { amount: '100.00' }),
  line('budget-reserved', { ...reserve, amount: '100.00' }),
  line('budget-spent', { ...reserve, amount: '100.00' }),
  line('budget-spending-returned', { ...reserve, amount: '100.00' }),
  line('budget-released', { ...reserve, amount: '50.00' }),
];

const CASES: readonly Case[] = [
  {
    code: 'paid-while-listed',
    of: 'ordered while the enterprise is listed',
    fires: [policy, listing('2024-04-09', '2024-10-01'), award()],
    near: [policy, listing('2023-04-09', '2024-04-09'), award()],
  },
  {
    code: 'paid-while-listed',
    of: 'listed as an agency; a listing that was repaired before counts no more',
    fires: [policy, listing('2024-03-01', '2024-10-01', 'agency'), award()],
    near: [
      policy,
      listing('2024-03-01', '2024-10-01'),
      {
        ...listing('2024-04-01', ''),
        type: 'listing-ended',
        data: { case: 1, listing: `enterprise.${PAYEE}.1`, how: 'repaired', on: '2024-04-01' },
      },
      award(),
    ],
  },
  {
    code: 'instalment-out-of-order',
    of: 'the second instalment before the first was ever due',
    fires: [policy, staged({ but: { unlock: null, order: null, pay: null } }), secondPaid(true)],
    near: [policy, staged(), secondPaid(true, false)],
  },
  {
    code: 'instalment-unproven',
    of: 'paid without ever having been unlocked',
    says: ofAward('high', 'F', 10_000_000, ['finance'], '第1期10万元：付款前没有条件成就的记录'),
    fires: [policy, award({ but: { unlock: null } })],
    near: [policy, award()],
  },
  {
    code: 'instalment-unproven',
    of: 'unlocked on facts that do not meet its condition',
    says: containing('第2期10万元：按解锁时所依据的事实复核，条款规定的条件并未成就'),
    fires: [policy, staged(), secondPaid(false)],
    near: [policy, staged(), secondPaid(true)],
  },
  {
    code: 'amount-over-cap',
    of: 'more than the cap was granted',
    says: ofAward('high', 'R', 40_000_001, ['approver', 'reviewer'], '批准400,000.01元，条款上限为40万元，超出0.01元'),
    fires: [policy, award({ clause: 'R', facts: { 'rd.expenditure': '9000000.00' }, amount: '400000.01' })],
    near: [policy, award({ clause: 'R', facts: { 'rd.expenditure': '9000000.00' }, amount: '400000.00' })],
  },
  {
    code: 'amount-over-cap',
    of: 'more than the ceiling was granted',
    fires: [policy, award({ clause: 'D', amount: '300000.01', but: { review: { data: { amount: '300000.01' } } } })],
    near: [policy, award({ clause: 'D', amount: '300000.00', but: { review: { data: { amount: '300000.00' } } } })],
  },
  {
    code: 'amount-over-cap',
    of: 'paid a second time; a payment that the bank returned in between is none',
    fires: [policy, award(), award().slice(-1)],
    near: [policy, award(), more('instalment-returned', { no: 1, amount: '100000.00', batch: 'B', line: 1 }), award().slice(-1)],
  },
  {
    code: 'amount-differs',
    of: 'less than what the clause gives, and nobody has lowered it',
    fires: [policy, award({ but: { grant: { data: { amount: '90000.00', instalments: instalments('90000.00') } } } })],
    near: [policy, award({ but: { grant: { data: { amount: '90000.00', instalments: instalments('90000.00'), override: overridden } } } })],
  },
  {
    code: 'amount-differs',
    of: 'granted although a gate fails',
    says: containing('按所存事实和第1版复算的结果是不符合条件'),
    fires: [policy, award({ facts: { 'enterprise.hnte': false } })],
    near: [policy, award({ facts: { 'enterprise.hnte': true } })],
  },
  {
    code: 'amount-differs',
    of: 'another sum than the officer set',
    fires: [policy, award({ clause: 'D', amount: '200000.00', but: { review: { data: { amount: '100000.00' } } } })],
    near: [policy, award({ clause: 'D', amount: '200000.00', but: { review: { data: { amount: '200000.00' } } } })],
  },
  {
    code: 'awards-do-not-stack',
    of: 'a clause that excludes the first, which was revoked in the other case',
    fires: [policy, award(), award({ clause: 'X', amount: '50000.00' })],
    near: [
      policy,
      award(),
      more('award-revoked', { cause: 'fraud', reason: '造假', unpaid: '0.00' }),
      award({ clause: 'X', amount: '50000.00' }),
    ],
  },
  {
    code: 'awards-do-not-stack',
    of: 'the same clause for an enterprise that was absorbed',
    fires: [policy, award({ payee: OTHER }), dossier(PAYEE, 'enterprise-absorbed', { creditCode: OTHER }), award()],
    near: [policy, award({ payee: OTHER }), award()],
  },
  {
    code: 'related-occasion',
    of: 'one project of two enterprises',
    fires: [
      policy,
      award({ clause: 'P', amount: '80000.00', occasion: project }),
      award({ clause: 'P', amount: '80000.00', occasion: project, payee: OTHER }),
    ],
    near: [
      policy,
      award({ clause: 'P', amount: '80000.00', occasion: project }),
      award({ clause: 'P', amount: '80000.00', occasion: { ...project, key: 'P2025' }, payee: OTHER }),
    ],
  },
  {
    code: 'related-occasion',
    of: 'both sides of a transaction with one agency between them',
    fires: [OTHER, PAYEE].map((payee) => award({ clause: 'T', amount: '80000.00', occasion: deal, payee, but: assisted('agency') })),
    near: [OTHER, PAYEE].map((payee) =>
      award({ clause: 'T', amount: '80000.00', occasion: deal, payee, but: assisted(`agency of ${payee}`) }),
    ),
  },
  {
    code: 'related-occasion',
    of: 'one project of two enterprises, the award of the first of which was revoked in the other case',
    fires: [policy, projectAward(OTHER), projectAward(PAYEE)],
    near: [policy, projectAward(OTHER), revoked(projectAward(OTHER)), projectAward(PAYEE)],
  },
  {
    code: 'related-occasion',
    of: 'the second of two enterprises still has it when the award of the first was revoked',
    fires: [policy, projectAward(OTHER), revoked(projectAward(OTHER)), projectAward(PAYEE), projectAward(THIRD)],
    near: [
      policy,
      projectAward(OTHER),
      revoked(projectAward(OTHER)),
      projectAward(PAYEE),
      revoked(projectAward(PAYEE)),
      projectAward(THIRD),
    ],
  },
  {
    code: 'shared-account',
    of: 'two enterprises paid to one account, spelt in two ways; one has absorbed the other in the other case',
    fires: [policy, award({ account: '示例银行6200' }), award({ payee: OTHER, account: '示例银行 6200' })],
    near: [
      policy,
      award({ account: '示例银行 6200' }),
      dossier(OTHER, 'enterprise-absorbed', { creditCode: PAYEE }),
      award({ payee: OTHER, account: '示例银行6200' }),
    ],
  },
  {
    code: 'shared-account',
    of: 'the enterprise that was paid first has absorbed the other in the other case',
    fires: [policy, award({ account: '示例银行6200' }), award({ payee: OTHER, account: '示例银行6200' })],
    near: [
      policy,
      award({ account: '示例银行6200' }),
      dossier(PAYEE, 'enterprise-absorbed', { creditCode: OTHER }),
      award({ payee: OTHER, account: '示例银行6200' }),
    ],
  },
  {
    code: 'outside-force',
    of: 'granted on the first day after the end',
    says: ofAward('high', 'F', 10_000_000, ['approver'], `2025-01-01批准10万元：当日政策${PACK}不在施行期内`),
    fires: [policy, award({ but: { start: { on: '2025-01-01' } } })],
    near: [policy, award({ but: { start: { on: '2024-12-31' } } })],
  },
  {
    code: 'outside-force',
    of: 'placed in a tier before the beginning',
    fires: [policy, campaign('tier-review-opened'), tier('tier-assigned', decidedIn, { on: '2023-12-31' })],
    near: [policy, campaign('tier-review-opened'), tier('tier-assigned', decidedIn, { on: '2024-01-01' })],
  },
  {
    code: 'budget-overdrawn',
    of: 'more reserved than there is',
    fires: [line('budget-appropriated', { amount: '100.00' }), line('budget-reserved', { ...reserve, amount: '100.01' })],
    near: [line('budget-appropriated', { amount: '100.00' }), line('budget-reserved', { ...reserve, amount: '100.00' })],
  },
  {
    code: 'budget-overdrawn',
    of: 'more spent than was reserved',
    fires: [
      line('budget-appropriated', { amount: '300.00' }),
      line('budget-reserved', { ...reserve, amount: '100.00' }),
      line('budget-spent', { ...reserve, amount: '100.01', instalment: 1, payment: 'p' }),
    ],
    near: [
      line('budget-appropriated', { amount: '300.00' }),
      line('budget-reserved', { ...reserve, amount: '100.00' }),
      line('budget-spent', { ...reserve, amount: '100.00', instalment: 1, payment: 'p' }),
    ],
  },
  {
    code: 'public-notice',
    of: 'no notice at all',
    fires: [policy, award({ but: { publicise: null } })],
    near: [policy, award()],
  },
  {
    code: 'public-notice',
    of: 'assessed again for more after the notice; publicised again in the other case',
    fires: [policy, raised(assessedAgain)],
    near: [
      policy,
      raised(
        assessedAgain,
        more('award-publicised', { from: '2024-04-08', until: '2024-04-12', days: 5 }, { by: 'clerk', on: '2024-04-08' }, 'R'),
      ),
    ],
  },
  {
    code: 'public-notice',
    of: 'a day short, whatever the event says of its length',
    fires: [policy, award({ but: { publicise: { data: { from: '2024-04-02', until: '2024-04-05', days: 5 } } } })],
    near: [policy, award({ but: { publicise: { data: { from: '2024-04-02', until: '2024-04-06', days: 5 } } } })],
  },
  {
    code: 'public-notice',
    of: 'granted on its last day',
    fires: [policy, award({ but: { start: { on: '2024-04-06' } } })],
    near: [policy, award({ but: { start: { on: '2024-04-07' } } })],
  },
  {
    code: 'public-notice',
    of: 'granted over an open objection',
    fires: [
      policy,
      award({ before: { start: [more('award-objection-raised', { objection: 1, by: '某企业', reason: '不实' }, { by: 'auditor' })] } }),
    ],
    near: [
      policy,
      award({
        before: {
          start: [
            more('award-objection-raised', { objection: 1, by: '某企业', reason: '不实' }, { by: 'auditor' }),
            more('award-objection-decided', { objection: 1, upheld: false, reason: '不属实' }, { by: 'administrator' }),
          ],
        },
      }),
    ],
  },
  {
    code: 'back-dated',
    of: 'a fact of 91 days ago',
    fires: [{ ...fact(), on: '2024-03-01', at: '2024-05-31T01:00:00.000Z' }],
    near: [{ ...fact(), on: '2024-03-01', at: '2024-05-30T01:00:00.000Z' }],
  },
  {
    code: 'back-dated',
    of: 'money put on a line in the year that has ended; a fact may be told of a few days later',
    says: { severity: 'high', line: `${PACK}.rd.2024`, detail: '2025-01-02登记，业务日期填为2024-12-31，倒填2天，跨年度' },
    fires: [line('budget-appropriated', { amount: '1.00' }, { on: '2024-12-31', at: '2025-01-02T01:00:00.000Z' })],
    near: [{ ...fact(), on: '2024-12-31', at: '2025-01-02T01:00:00.000Z' }],
  },
  ...(
    [
      ['enterprise-merged', { survivor: OTHER, creditCodes: [PAYEE], reason: '合并' }],
      ['enterprise-renamed', { name: '新名' }],
      ['enterprise-registered', { creditCode: PAYEE, name: '企业', creditCodeFlagged: false }],
      ['fact-disputed', { factId: 'F1', reason: '不实' }],
      ['certificate-revoked', { number: CERTIFICATE, on: '2024-02-01', reason: '撤销' }],
    ] as const
  ).map(([type, data]) => ({
    code: 'back-dated',
    of: `${type} of 91 days ago`,
    fires: [dossier(PAYEE, type, data, { on: '2024-03-01', at: '2024-05-31T01:00:00.000Z' })],
    near: [dossier(PAYEE, type, data, { on: '2024-03-01', at: '2024-05-30T01:00:00.000Z' })],
  })),
  ...(
    [
      ['policy-amended', { ...published().data, version: 2, reason: '修订' }],
      ['policy-expired', { on: '2024-12-31', reason: '期满' }],
      ['policy-repealed', { on: '2024-12-31', reason: '废止' }],
      ['interpretation-settled', { version: 1, interpretation: 'notice', chosen: 'five', reason: '明确' }],
    ] as const
  ).map(([type, data]) => ({
    code: 'back-dated',
    of: `${type} of 91 days ago`,
    fires: [policy, ofPolicy(type, data, { on: '2024-03-01', at: '2024-05-31T01:00:00.000Z' })],
    near: [policy, ofPolicy(type, data, { on: '2024-03-01', at: '2024-05-30T01:00:00.000Z' })],
  })),
  {
    code: 'back-dated',
    of: 'a policy published 91 days back; that its text has long been in force is no back-dating',
    fires: [{ ...published(), roles: [], by: 'administrator', on: '2024-03-01', at: '2024-05-31T01:00:00.000Z' }],
    near: [{ ...published(), roles: [], by: 'administrator', on: '2024-05-31' }],
  },
  {
    code: 'back-dated',
    of: 'said today that a policy was repealed 91 days ago',
    fires: [policy, ofPolicy('policy-repealed', { on: '2024-03-01', reason: '废止' }, { on: '2024-05-31' })],
    near: [policy, ofPolicy('policy-repealed', { on: '2024-03-02', reason: '废止' }, { on: '2024-05-31' })],
  },
  ...(
    [
      [`agency-${OTHER}`, 'agency-inspected', (on: string) => ({ inspection: 1, on, inspector: '科技局', finding: 'ok', summary: '正常' })],
      [`blacklist-enterprise.${PAYEE}`, 'statement-recorded', (on: string) => ({ case: 1, on, summary: '申辩' })],
      ['batch-B1', 'batch-results-recorded', (on: string) => ({ file: 'f', sha256: 's', results: [{ line: 1, result: 'paid', on }] })],
      [`enterprise-${PAYEE}`, 'departure-recorded', (on: string) => ({ no: 1, on })],
    ] as const
  ).map(([stream, type, data]) => ({
    code: 'back-dated',
    of: `${type} today, said to be of 91 days ago`,
    says: { officers: '["clerk"]', detail: '2024-05-31登记，所记事项的日期填为2024-03-01（业务日期2024-05-31），倒填91天' },
    fires: [{ stream, type, data: data('2024-03-01'), by: 'clerk', on: '2024-05-31' }],
    near: [{ stream, type, data: data('2024-03-02'), by: 'clerk', on: '2024-05-31' }],
  })),
  {
    code: 'back-dated',
    of: 'whatever the type of the event; not a request that changed nothing',
    says: { officers: '["clerk"]' },
    fires: [{ ...old, stream: `target-${PACK}.T.全区`, type: 'actual-verified', data: { unit: '', report: 1 } }],
    near: [{ ...old, stream: 'command-c', type: 'command-noted', data: { stream: `target-${PACK}.T.全区`, revision: 1, position: 1 } }],
  },
  {
    code: 'tier-outside-campaign',
    of: 'a change by hand',
    fires: [policy, tier('tier-promoted', { from: 'pool', outsideReview: true })],
    near: [policy, campaign('tier-review-opened'), tier('tier-promoted', { from: 'pool', ...decidedIn }, { roles: ['service'] })],
  },
  {
    code: 'tier-outside-campaign',
    of: 'a change in the name of a review that had been closed',
    fires: [
      policy,
      campaign('tier-review-opened'),
      campaign('tier-review-closed', { on: '2024-04-30' }),
      tier('tier-promoted', { from: 'pool', ...decidedIn }),
    ],
    near: [
      policy,
      campaign('tier-review-opened'),
      campaign('tier-review-closed', { on: '2024-05-01' }),
      tier('tier-promoted', { from: 'pool', ...decidedIn }),
    ],
  },
  {
    code: 'tier-outside-campaign',
    of: 'a change of the day before its review was opened; of that very day in the other case',
    says: { severity: 'high', officers: '["approver"]', ...containing('引用2024年度动态调整，而该次调整于2024-05-02才开展') },
    fires: [policy, campaign('tier-review-opened', {}, { on: '2024-05-02' }), tier('tier-promoted', { from: 'pool', ...decidedIn })],
    near: [policy, campaign('tier-review-opened', {}, { on: '2024-05-01' }), tier('tier-promoted', { from: 'pool', ...decidedIn })],
  },
  {
    code: 'tier-outside-campaign',
    of: 'a change of the day before its review was opened, told once that is over; of that very day in the other case',
    fires: [
      policy,
      campaign('tier-review-opened', {}, { on: '2024-05-02' }),
      campaign('tier-review-closed', { on: '2024-05-03' }),
      tier('tier-promoted', { from: 'pool', ...decidedIn }),
    ],
    near: [
      policy,
      campaign('tier-review-opened', {}, { on: '2024-05-01' }),
      campaign('tier-review-closed', { on: '2024-05-03' }),
      tier('tier-promoted', { from: 'pool', ...decidedIn }),
    ],
  },
  {
    code: 'moved-out-early',
    of: 'gone on the last day of three years',
    fires: [policy, award({ used: moved }), leaves('2027-02-01')],
    near: [policy, award({ used: moved }), leaves('2027-02-02')],
  },
  {
    code: 'moved-out-early',
    of: 'the enterprise that has absorbed it is gone, and has absorbed another one in the other case',
    fires: [policy, award({ used: moved }), absorbedPayee, leavesOf(OTHER, '2025-02-01')],
    near: [policy, award({ used: moved }), dossier(OTHER, 'enterprise-absorbed', { creditCode: THIRD }), leavesOf(OTHER, '2025-02-01')],
  },
  {
    code: 'moved-out-early',
    of: 'gone before the certificate it had brought along ran out',
    fires: [
      policy,
      certificate({ expiresOn: '2025-06-30' }),
      award({ used: rests({ relocation: '2024-02-01', certificate: CERTIFICATE }) }),
      leaves('2025-06-30'),
    ],
    near: [
      policy,
      certificate({ expiresOn: '2025-06-30' }),
      award({ used: rests({ relocation: '2024-02-01', certificate: CERTIFICATE }) }),
      leaves('2025-07-01'),
    ],
  },
  {
    code: 'moved-out-early',
    of: 'gone between the assessment and the grant; a departure before the arrival in the other case',
    fires: [policy, award({ used: moved, before: { review: [leaves('2024-04-02')] } })],
    near: [policy, award({ used: moved, before: { review: [leaves('2024-01-20')] } })],
  },
  {
    code: 'moved-out-early',
    of: 'entered before the grant as of before the assessment; of an enterprise that was not paid for moving in the other case',
    fires: [policy, award({ used: moved, before: { grant: [leaves('2024-03-20')] } })],
    near: [policy, award({ before: { grant: [leaves('2024-03-20')] } })],
  },
  {
    code: 'unverified-fact-paid',
    of: 'a fact that was disputed between two instalments, and verified again by the second in the other case',
    fires: [policy, fact(), verified(), staged({ used: rests({ factId: 'F1' }) }), disputed(), secondPaid(true)],
    near: [
      policy,
      fact(),
      verified(),
      staged({ used: rests({ factId: 'F1' }) }),
      disputed(),
      { ...verified(), on: '2024-04-16' },
      secondPaid(true),
    ],
  },
  {
    code: 'unverified-fact-paid',
    of: 'a fact that unlocked the second instalment and was disputed before it was paid; the fact of another enterprise in the other case',
    fires: [policy, staged(), fact('F9'), verified('F9'), unlockedOn(rests({ factId: 'F9' })), disputed({}, 'F9'), secondPaid(true, false)],
    near: [
      policy,
      staged(),
      fact('F9'),
      verified('F9'),
      unlockedOn(rests({ factId: 'F9' })),
      disputed({}, 'F9', OTHER),
      secondPaid(true, false),
    ],
  },
  {
    code: 'unverified-fact-paid',
    of: 'of the dossier of the successor who is paid',
    fires: [
      policy,
      staged(),
      ...[PAYEE, OTHER].flatMap((code) => [fact('F9', code), verified('F9', 'reviewer', code)]),
      more('award-payee-confirmed', { payee: OTHER, reason: '合并' }, { by: 'second' }, 'S'),
      unlockedOn(rests({ factId: 'F9' })),
      disputed({}, 'F9', OTHER),
      secondPaid(true, false),
    ],
    near: [
      policy,
      staged(),
      ...[PAYEE, OTHER].flatMap((code) => [fact('F9', code), verified('F9', 'reviewer', code)]),
      more('award-payee-confirmed', { payee: OTHER, reason: '合并' }, { by: 'second' }, 'S'),
      unlockedOn(rests({ factId: 'F9' })),
      disputed({}, 'F9', PAYEE),
      secondPaid(true, false),
    ],
  },
  {
    code: 'unverified-fact-paid',
    of: 'told of once, however many instalments are paid on it',
    fires: [policy, fact(), staged({ used: rests({ factId: 'F1' }) }), secondPaid(true)],
    near: [policy, fact(), verified(), staged({ used: rests({ factId: 'F1' }) }), secondPaid(true)],
  },
  {
    code: 'unverified-fact-paid',
    of: 'a fact nobody has verified by the payment',
    says: ofAward('medium', 'F', 10_000_000, ['reviewer'], '拨付第1期10万元时，所依据的高新技术企业（F1）尚未核实或有异议'),
    fires: [policy, fact(), award({ used: rests({ factId: 'F1' }) })],
    near: [policy, fact(), award({ used: rests({ factId: 'F1' }), before: { pay: [verified()] } })],
  },
  {
    code: 'unverified-fact-paid',
    of: 'a fact that was disputed after it had been verified',
    fires: [
      policy,
      fact(),
      verified(),
      dossier(PAYEE, 'fact-disputed', { factId: 'F1', reason: '不实' }),
      award({ used: rests({ factId: 'F1' }) }),
    ],
    near: [
      policy,
      fact(),
      dossier(PAYEE, 'fact-disputed', { factId: 'F1', reason: '不实' }),
      verified(),
      award({ used: rests({ factId: 'F1' }) }),
    ],
  },
  {
    code: 'certificate-invalid',
    of: 'a certificate that had run out the day before',
    fires: [policy, certificate({ expiresOn: '2024-03-31' }), award({ used: rests({ certificate: CERTIFICATE }) })],
    near: [policy, certificate({ expiresOn: '2024-04-01' }), award({ used: rests({ certificate: CERTIFICATE }) })],
  },
  {
    code: 'certificate-invalid',
    of: 'a certificate that had been revoked; that one has expired is no fault of an input that says so',
    fires: [
      policy,
      certificate(),
      dossier(PAYEE, 'certificate-revoked', { number: CERTIFICATE, on: '2024-04-01', reason: '撤销' }),
      award({ used: rests({ certificate: CERTIFICATE }) }),
    ],
    near: [policy, certificate({ expiresOn: '2024-03-31' }), award({ used: rests({ certificate: CERTIFICATE }, 'certificate.expired') })],
  },
  {
    code: 'certificate-invalid',
    of: 'revoked after the grant, from the day of the assessment; the award had been revoked in the other case',
    says: containing('不晚于认定日2024-04-01'),
    fires: [policy, certificate(), award({ used: rests({ certificate: CERTIFICATE }) }), revokedFrom('2024-04-01')],
    near: [
      policy,
      certificate(),
      award({ used: rests({ certificate: CERTIFICATE }) }),
      more('award-revoked', { cause: 'certificate-revoked', reason: '撤销', unpaid: '0.00' }),
      revokedFrom('2024-04-01'),
    ],
  },
  {
    code: 'certificate-invalid',
    of: 'revoked after the grant, from the day of the grant or the day after it',
    fires: [policy, certificate(), award({ used: heldMove }), revokedFrom('2024-04-08')],
    near: [policy, certificate(), award({ used: heldMove }), revokedFrom('2024-04-09')],
  },
  {
    code: 'certificate-invalid',
    of: 'revoked between the assessment and the grant; nothing says that it is held in the other case',
    fires: [
      policy,
      certificate(),
      award({ used: rests({ certificate: CERTIFICATE }), before: { start: [revokedFrom('2024-04-08', { on: '2024-04-08' })] } }),
    ],
    near: [
      policy,
      certificate(),
      award({
        used: rests({ certificate: CERTIFICATE }, 'certificate.expired', false),
        before: { start: [revokedFrom('2024-04-08', { on: '2024-04-08' })] },
      }),
    ],
  },
  {
    code: 'unresolved-question-paid',
    of: 'told of once, however many instalments are paid over it; one of another clause in the other case',
    fires: [questionOf('S'), staged(), secondPaid(true)],
    near: [questionOf('F'), staged(), secondPaid(true)],
  },
  {
    code: 'unresolved-question-paid',
    of: 'the reading of the clause is open; settled before the payment in the other case',
    fires: [questionOf('F'), award()],
    near: [
      questionOf('F'),
      award({
        before: {
          pay: [
            {
              stream: `policy-${PACK}`,
              type: 'interpretation-settled',
              data: { version: 1, interpretation: 'notice', chosen: 'five', reason: '明确' },
              roles: ['service'],
            },
          ],
        },
      }),
    ],
  },
  {
    code: 'manual-override',
    of: 'an amount lowered by hand',
    says: ofAward('medium', 'F', 10_000_000, ['second', 'approver'], '测算10万元，人工调整为10万元，理由：核减'),
    fires: [policy, award({ but: { grant: { data: { override: overridden } } } })],
    near: [policy, award()],
  },
  {
    code: 'manual-override',
    of: 'a tier although something is not met',
    fires: [
      policy,
      campaign('tier-review-opened'),
      tier('tier-assigned', { ...decidedIn, override: { failed: ['g'], unknown: [], reason: '潜力', by: 'approver' } }),
    ],
    near: [policy, campaign('tier-review-opened'), tier('tier-assigned', decidedIn)],
  },
  {
    code: 'manual-override',
    of: 'a credit code that fails its check',
    says: { severity: 'low', enterprise: PAYEE, officers: '["clerk"]', detail: `企业的信用代码${PAYEE}校验不符，凭材料收录` },
    fires: [registered(true)],
    near: [registered(false)],
  },
  {
    code: 'just-under-threshold',
    of: 'three sums of one officer just under the ceiling within a week',
    fires: [policy, payees.map((payee) => discretionary(payee, '290000.00')).flat()],
    near: [policy, payees.map((payee, index) => discretionary(payee, index === 2 ? '300000.00' : '290000.00')).flat()],
  },
  {
    code: 'just-under-threshold',
    of: 'three appropriations just under a million; spread over eight days in the other case',
    fires: [['2024-05-01', '2024-05-04', '2024-05-07'].map((on) => line('budget-appropriated', { amount: '990000.00' }, { on }))],
    near: [['2024-05-01', '2024-05-04', '2024-05-08'].map((on) => line('budget-appropriated', { amount: '990000.00' }, { on }))],
  },
  {
    code: 'just-under-threshold',
    of: 'three transfers out of different lines of one policy; one of another policy in the other case',
    fires: [spread(PACK)],
    near: [spread('another-pack')],
  },
  {
    code: 'just-under-threshold',
    of: 'three appropriations entered from the last day to the first; spread over eight days in the other case',
    fires: [['2024-05-07', '2024-05-04', '2024-05-01'].map((on) => line('budget-appropriated', { amount: '990000.00' }, { on }))],
    near: [['2024-05-08', '2024-05-04', '2024-05-01'].map((on) => line('budget-appropriated', { amount: '990000.00' }, { on }))],
  },
  {
    code: 'just-under-threshold',
    of: 'the middle of three entered last, after sums of other weeks',
    fires: [
      ['2024-05-01', '2024-05-07', '2024-06-20', '2024-03-01', '2024-05-05'].map((on) =>
        line('budget-appropriated', { amount: '990000.00' }, { on }),
      ),
    ],
    near: [
      ['2024-05-01', '2024-05-07', '2024-06-20', '2024-03-01', '2024-05-08'].map((on) =>
        line('budget-appropriated', { amount: '990000.00' }, { on }),
      ),
    ],
  },
  {
    code: 'clock-backwards',
    of: 'a minute earlier than the last of several events within one minute',
    fires: ['02:00:00', '02:00:59', '01:59:59'].map((time, index) => ({ ...fact(`F${index}`), at: `2024-05-01T${time}.000Z` })),
    near: ['02:00:00', '02:00:59', '02:00:00'].map((time, index) => ({ ...fact(`F${index}`), at: `2024-05-01T${time}.000Z` })),
  },
  {
    code: 'clock-backwards',
    of: 'set back in small steps, and told of once',
    fires: ['02:02:00', '02:01:30', '02:01:00', '02:00:30'].map((time, index) => ({
      ...fact(`F${index}`),
      at: `2024-05-01T${time}.000Z`,
    })),
    near: ['02:02:00', '02:01:30', '02:02:10', '02:01:30'].map((time, index) => ({
      ...fact(`F${index}`),
      at: `2024-05-01T${time}.000Z`,
    })),
  },
  {
    code: 'clock-backwards',
    of: 'two minutes earlier than the event before',
    fires: [
      { ...fact('F1'), at: '2024-05-01T02:02:00.000Z' },
      { ...fact('F2'), at: '2024-05-01T02:00:00.000Z' },
    ],
    near: [
      { ...fact('F1'), at: '2024-05-01T02:00:50.000Z' },
      { ...fact('F2'), at: '2024-05-01T02:00:00.000Z' },
    ],
  },
  {
    code: 'paid-while-listed',
    of: 'the successor who is paid is listed; the payee, which it has not absorbed, is in the other case',
    says: { ...containing('2024-04-09列入拨付'), enterprise: OTHER },
    fires: [policy, { ...listing('2024-04-09', '2024-10-01'), stream: `blacklist-enterprise.${OTHER}` }, paidTo(OTHER)],
    near: [policy, listing('2024-04-09', '2024-10-01'), paidTo(OTHER)],
  },
  {
    code: 'paid-while-listed',
    of: 'the successor has absorbed a payee that is listed; whose listing has run out by the order in the other case',
    says: { ...containing('2024-04-09列入拨付'), enterprise: OTHER },
    fires: [policy, listing('2024-04-01', '2024-10-01'), absorbedPayee, paidTo(OTHER)],
    near: [policy, listing('2023-04-09', '2024-04-09'), absorbedPayee, paidTo(OTHER)],
  },
  {
    code: 'paid-while-listed',
    of: 'repaired the day after the order; on the day of the order, and found wrong later on, in the other case',
    fires: [policy, listing('2024-03-01', '2024-10-01'), listingEnded('2024-04-10'), award()],
    near: [policy, listing('2024-03-01', '2024-10-01'), listingEnded('2024-04-09'), listingEnded('2024-05-01'), award()],
  },
  {
    code: 'paid-while-listed',
    of: 'one of two listings, the other of which has ended',
    fires: [policy, listing('2024-03-01', '2024-10-01'), anotherListing, listingEnded('2024-04-01', 2), award()],
    near: [policy, listing('2024-03-01', '2024-10-01'), anotherListing, listingEnded('2024-04-01', 1), award()],
  },
  {
    code: 'paid-while-listed',
    of: 'the second instalment ordered while it is listed; listed between its order and its payment in the other case',
    says: ofAward('high', 'S', 10_000_000, ['finance'], '第2期10万元于2024-04-14列入拨付，当日企业在失信名单内'),
    fires: [policy, listing('2024-04-13', '2024-04-15'), staged(), secondFrozen, secondOrdered, secondPaid(true)],
    near: [policy, listing('2024-04-15', '2024-04-20'), staged(), secondFrozen, secondOrdered, secondPaid(true)],
  },
  {
    code: 'paid-while-listed',
    of: 'paid too much while it is listed',
    says: ofAward('high', 'F', 10_000_000, ['second'], '第1期10万元于2024-04-20付出，当日企业在失信名单内'),
    fires: [policy, award(), listing('2024-04-20', '2024-10-01'), frozen('B9', 'second'), overpaid()],
    near: [policy, award(), listing('2024-04-21', '2024-10-01'), frozen('B9', 'second'), overpaid()],
  },
  {
    code: 'instalment-out-of-order',
    of: 'nothing was to be paid first in the other case',
    says: ofAward('high', 'S', 10_000_000, ['reviewer', 'finance'], '第2期10万元已付，而第1期（10万元）的条件从未成就'),
    fires: [policy, staged({ but: { unlock: null, order: null, pay: null } }), secondFrozen, secondPaid(true)],
    near: [
      policy,
      staged({ but: { unlock: null, order: null, pay: null, grant: { data: { instalments: instalments('0.00', '100000.00') } } } }),
      secondPaid(true),
    ],
  },
  {
    code: 'amount-over-cap',
    of: 'paid although the instalment was not due any more; the payment after it is not blamed',
    says: ofAward('high', 'S', 10_000_000, ['second'], '第1期已不应付，又付出10万元'),
    fires: [policy, staged(), frozen('B9', 'second'), overpaid('S'), secondPaid(true)],
    near: [policy, staged(), secondPaid(true)],
  },
  {
    code: 'amount-over-cap',
    of: 'more of an instalment than was granted for it, though less than the whole',
    says: ofAward('high', 'S', 10_000_001, ['finance'], '第1期付出100,000.01元后累计100,000.01元，该期批准金额为10万元，多付0.01元'),
    fires: [policy, staged({ but: { pay: { data: { amount: '100000.01' } } } })],
    near: [policy, staged({ but: { pay: { data: { amount: '100000.00' } } } })],
  },
  {
    code: 'amount-over-cap',
    of: 'paid a second time, after a return that the bank had reported before any payment',
    fires: [policy, award({ but: { pay: null } }), returned, award().slice(-1), award().slice(-1)],
    near: [policy, award({ but: { pay: null } }), returned, award().slice(-1)],
  },
  {
    code: 'amount-over-cap',
    of: 'paid without ever having been granted',
    says: ofAward('high', 'F', 10_000_000, ['finance'], '第1期付出10万元，而该项奖补从未批准'),
    fires: [policy, award({ but: { grant: null } })],
    near: [policy, award()],
  },
  {
    code: 'amount-over-cap',
    of: 'a payment nobody expected, without ever having been granted',
    says: containing('而该项奖补从未批准'),
    fires: [policy, award({ until: 'publicise' }), overpaid()],
    near: [policy, award({ until: 'publicise' })],
  },
  {
    code: 'amount-differs',
    of: 'granted without an assessment',
    says: ofAward('high', 'F', 10_000_000, ['approver', 'reviewer'], '批准10万元，但没有测算记录'),
    fires: [policy, award({ but: { assess: null } })],
    near: [policy, award()],
  },
  {
    code: 'amount-differs',
    of: 'under a text that was never published',
    says: containing('该版本未发布'),
    fires: [award()],
    near: [policy, award()],
  },
  {
    code: 'amount-differs',
    of: 'a fact is missing; other detectors tell of what is out of force',
    says: containing('所需事实不全'),
    fires: [policy, award({ facts: {} })],
    near: [policy, award({ but: { assess: { data: { on: '2025-01-01' } } } })],
  },
  {
    code: 'amount-differs',
    of: 'a fact that is no such value; other detectors tell of open questions',
    says: containing('所存事实有误'),
    fires: [policy, award({ facts: { 'enterprise.hnte': 'perhaps' } })],
    near: [questionOf('F'), award()],
  },
  {
    code: 'amount-differs',
    of: 'an approver raised what the officer set, and lowered it in the other case',
    fires: [policy, decidedSum('200000.00', '200000.01', true)],
    near: [policy, decidedSum('200000.00', '150000.00', true)],
  },
  {
    code: 'amount-differs',
    of: 'less than the officer set, and nobody has lowered it',
    says: containing('批准15万元，审核确定的金额为20万元'),
    fires: [policy, decidedSum('200000.00', '150000.00')],
    near: [policy, decidedSum('200000.00', '200000.00')],
  },
  {
    code: 'amount-differs',
    of: 'no officer has set a sum',
    says: containing('审核确定的金额为（无）'),
    fires: [policy, award({ clause: 'D', amount: '200000.00' })],
    near: [policy, decidedSum('200000.00', '200000.00')],
  },
  {
    code: 'amount-differs',
    of: 'as much as the cap in all, but not by instalments; what is over the cap is told as that',
    fires: [
      policy,
      award({
        clause: 'R',
        facts: { 'rd.expenditure': '9000000.00' },
        amount: '400000.00',
        but: { grant: { data: { instalments: instalments('300000.00') } } },
      }),
    ],
    near: [policy, award({ clause: 'R', facts: { 'rd.expenditure': '9000000.00' }, amount: '400000.01' })],
  },
  {
    code: 'amount-differs',
    of: 'one of two instalments is another, and nobody has lowered it',
    says: containing('批准10万元＋9万元，按所存事实和第1版复算为10万元＋10万元'),
    fires: [policy, scheduled(['100000.00', '90000.00'])],
    near: [policy, scheduled(['100000.00', '90000.00'], true)],
  },
  {
    code: 'amount-differs',
    of: 'one of two instalments was raised',
    fires: [policy, scheduled(['90000.00', '100000.01'], true)],
    near: [policy, scheduled(['90000.00', '100000.00'], true)],
  },
  {
    code: 'amount-differs',
    of: 'one of two instalments was left out',
    fires: [policy, scheduled(['100000.00'])],
    near: [policy, scheduled(['100000.00', '100000.00'])],
  },
  {
    code: 'awards-do-not-stack',
    of: 'the first of two enterprises that were absorbed',
    says: containing('与已并入的企业M的'),
    fires: [
      policy,
      award({ payee: OTHER }),
      ...[OTHER, THIRD].map((creditCode) => dossier(PAYEE, 'enterprise-absorbed', { creditCode })),
      award(),
    ],
    near: [policy, award({ payee: OTHER }), dossier(PAYEE, 'enterprise-absorbed', { creditCode: THIRD }), award()],
  },
  {
    code: 'related-occasion',
    of: 'one certificate; what two enterprises may each have once is no thing in common',
    says: {
      severity: 'medium',
      officers: '["approver","reviewer"]',
      detail: expect.stringMatching(/出自同一证书（C1）$/) as unknown as string,
    },
    fires: [OTHER, PAYEE].map((payee) => award({ occasion: { kind: 'certificate', key: 'C1' }, payee })),
    near: [OTHER, PAYEE].map((payee) => award({ payee })),
  },
  {
    code: 'related-occasion',
    of: 'one project with a person in common, whose enterprise was absorbed in the other case',
    says: {
      severity: 'high',
      amount_fen: 8_000_000,
      award: `${PACK}.P.${PAYEE}.P2024`,
      ...containing('同一项目（P2024），且有同一责任人员乙'),
    },
    fires: [withPersons(OTHER, '甲', '乙'), dossier(PAYEE, 'enterprise-absorbed', { creditCode: THIRD }), withPersons(PAYEE, '乙', '丙')],
    near: [withPersons(OTHER, '甲', '乙'), dossier(PAYEE, 'enterprise-absorbed', { creditCode: OTHER }), withPersons(PAYEE, '乙', '丙')],
  },
  {
    code: 'related-occasion',
    of: 'both sides of a transaction with one person between them; neither has an agency',
    says: { severity: 'high', ...containing('同一交易（T2024）') },
    fires: [OTHER, PAYEE].map((payee) => partyTo(payee, '甲')),
    near: [OTHER, PAYEE].map((payee) => partyTo(payee, payee)),
  },
  {
    code: 'related-occasion',
    of: 'two others have it, one of which absorbed the other; one has it under two clauses in the other case',
    says: containing(OTHER),
    fires: [policy, projectAward(OTHER), dossier(THIRD, 'enterprise-absorbed', { creditCode: OTHER }), ...[THIRD, PAYEE].map(projectAward)],
    near: [policy, projectAward(PAYEE), award({ clause: 'F', occasion: project })],
  },
  {
    code: 'shared-account',
    of: 'the first to be paid to it keeps it; it is the same enterprise in the other case',
    says: {
      ...ofAward('high', 'F', 10_000_000, ['finance', 'keeper'], `第1期10万元付入的账户曾为新名（${PACK}.F.${PAYEE}.once）收款`),
      award: `${PACK}.F.${OTHER}.once`,
      enterprise: OTHER,
    },
    fires: [
      registered(false),
      dossier(PAYEE, 'enterprise-renamed', { name: '新名' }),
      { ...fact('F9', OTHER, 'payment.account'), by: 'keeper' },
      award({ account: '6200' }),
      award({ payee: OTHER, account: '6200' }),
      award({ clause: 'X', account: '6200' }),
    ],
    near: [award({ account: '6200' }), award({ clause: 'X', account: '6200' })],
  },
  {
    code: 'shared-account',
    of: 'paid to the account of the payee for its successor; of another successor in the other case',
    fires: [paidTo(THIRD, '6200'), award({ payee: OTHER, account: '6200' })],
    near: [paidTo(OTHER, '6200'), award({ payee: OTHER, account: '6200' })],
  },
  {
    code: 'outside-force',
    of: 'granted with no start on record',
    fires: [policy, award({ but: { start: null, grant: { on: '2025-01-01' } } })],
    near: [policy, award({ but: { start: null, grant: { on: '2024-12-31' } } })],
  },
  {
    code: 'outside-force',
    of: 'under a version that had been replaced by then',
    says: containing('所引为第1版，当日有效的是第2版'),
    fires: [policy, amended, award()],
    near: [policy, amended, award({ but: { assess: { data: { version: 2 } } } })],
  },
  {
    code: 'outside-force',
    of: 'without an assessment that says of what version it is',
    says: containing('所引为第？版'),
    fires: [policy, award({ but: { assess: null } })],
    near: [policy, award()],
  },
  {
    code: 'outside-force',
    of: 'decided in a review, and carried out by the ledger before the beginning',
    says: { severity: 'high', officers: '["approver"]' },
    fires: [policy, tier('tier-promoted', { from: 'pool', ...decidedIn }, { on: '2023-12-31', by: 'ledger', roles: ['service'] })],
    near: [policy, tier('tier-promoted', { from: 'pool', ...decidedIn }, { on: '2024-01-01', by: 'ledger', roles: ['service'] })],
  },
  ...(['tier-assigned', 'tier-entered-directly', 'tier-promoted', 'tier-demoted'] as const).map((type) => ({
    code: 'outside-force',
    of: `${type} by hand; leaving is possible at any time`,
    says: { enterprise: PAYEE, pack: PACK, clause: 'F', officers: '["hand"]', ...containing('2023-12-31在ladder的梯次变动') },
    fires: [policy, tier(type, { from: 'pool' }, { on: '2023-12-31', by: 'hand' })],
    near: [policy, tier('tier-removed', { from: 'pool' }, { on: '2023-12-31', by: 'hand' })],
  })),
  ...(
    [
      ['budget-adjusted', { amount: '-100.01' }, { amount: '-100.00' }],
      ['budget-transferred-out', { amount: '100.01' }, { amount: '100.00' }],
      ['budget-closed', { carriedOver: '100.01' }, { carriedOver: '100.00' }],
      ['budget-reserved', { ...reserve, amount: '100.01' }, { ...reserve, amount: '100.00' }],
    ] as const
  ).map(([type, tooMuch, all]) => ({
    code: 'budget-overdrawn',
    of: `${type}: more than there is`,
    says: {
      severity: 'high',
      line: `${PACK}.rd.2024`,
      pack: PACK,
      award: 'award' in tooMuch ? 'a' : null,
      amount_fen: 10_001,
      officers: '["finance"]',
      detail: `科目${PACK}.rd.2024可用指标降至负0.01元`,
    },
    fires: [line('budget-appropriated', { amount: '100.00' }), line(type, tooMuch)],
    near: [line('budget-appropriated', { amount: '100.00' }), line(type, all)],
  })),
  ...(
    [
      ['budget-transferred-out', { amount: '60.00' }],
      ['budget-closed', { carriedOver: '60.00' }],
      ['budget-adjusted', { amount: '-60.00' }],
    ] as const
  ).map(([type, data]) => ({
    code: 'budget-overdrawn',
    of: `what is gone by ${type} is not there to hold`,
    fires: [line('budget-appropriated', { amount: '100.00' }), line(type, data), line('budget-reserved', { ...reserve, amount: '40.01' })],
    near: [line('budget-appropriated', { amount: '100.00' }), line(type, data), line('budget-reserved', { ...reserve, amount: '40.00' })],
  })),
  {
    code: 'budget-overdrawn',
    of: 'a fen reserved on a line that was given nothing',
    says: containing('可用指标降至负0.01元'),
    fires: [line('budget-reserved', { ...reserve, amount: '0.01' })],
    near: [line('budget-line-opened', {})],
  },
  {
    code: 'budget-overdrawn',
    of: 'after all kinds of movements, a fen more spent than is held',
    says: containing('支出或释放超过占用指标0.01元'),
    fires: [...movements, line('budget-spent', { ...reserve, amount: '50.01' })],
    near: [...movements, line('budget-spent', { ...reserve, amount: '50.00' })],
  },
  {
    code: 'budget-overdrawn',
    of: 'after all kinds of movements, a fen more held than is available',
    says: containing('可用指标降至负0.01元'),
    fires: [...movements, line('budget-reserved', { ...reserve, amount: '50.01' })],
    near: [...movements, line('budget-reserved', { ...reserve, amount: '50.00' })],
  },
  {
    code: 'budget-overdrawn',
    of: 'more released than was reserved; what was released can be reserved again in the other case',
    says: { amount_fen: 10_001, ...containing('支出或释放超过占用指标0.01元') },
    fires: [
      line('budget-appropriated', { amount: '100.00' }),
      line('budget-reserved', { ...reserve, amount: '100.00' }),
      line('budget-released', { ...reserve, amount: '100.01' }),
    ],
    near: [
      line('budget-appropriated', { amount: '100.00' }),
      ...['budget-reserved', 'budget-released', 'budget-reserved'].map((type) => line(type, { ...reserve, amount: '100.00' })),
    ],
  },
  {
    code: 'budget-overdrawn',
    of: 'what follows on a line without money is not the cause; what came from another line is money',
    fires: [
      line('budget-appropriated', { amount: '100.00' }),
      line('budget-reserved', { ...reserve, amount: '100.01' }),
      line('budget-spent', { ...reserve, amount: '100.01' }),
    ],
    near: [
      line('budget-line-opened', {}),
      line('budget-transferred-in', { amount: '100.00' }),
      line('budget-reserved', { ...reserve, amount: '100.00' }),
      line('budget-spent', { ...reserve, amount: '100.00' }),
    ],
  },
  {
    code: 'budget-overdrawn',
    of: 'what is reserved where too much was spent is not the cause; what the bank returned can be spent again',
    fires: [
      line('budget-appropriated', { amount: '300.00' }),
      line('budget-spent', { ...reserve, amount: '100.00' }),
      line('budget-reserved', { ...reserve, amount: '50.00' }),
    ],
    near: [
      line('budget-appropriated', { amount: '300.00' }),
      ...['budget-reserved', 'budget-spent', 'budget-spending-returned', 'budget-spent'].map((type) =>
        line(type, { ...reserve, amount: '100.00' }),
      ),
    ],
  },
  {
    code: 'public-notice',
    of: 'granted on its last day, with no start on record',
    says: ofAward('high', 'F', 10_000_000, ['approver'], '2024-04-06批准10万元：公示至2024-04-06，尚未期满'),
    fires: [policy, award({ but: { start: null, grant: { on: '2024-04-06' } } })],
    near: [policy, award({ but: { start: null, grant: { on: '2024-04-07' } } })],
  },
  {
    code: 'public-notice',
    of: 'granted before the one day on which it is told of, where the policy asks for no notice; on that day in the other case',
    says: containing('公示至2024-04-08，尚未期满'),
    fires: [
      unnoticed,
      award({ but: { publicise: { data: { from: '2024-04-08', until: '2024-04-08', days: 0 } }, start: { on: '2024-04-07' } } }),
    ],
    near: [
      unnoticed,
      award({ but: { publicise: { data: { from: '2024-04-08', until: '2024-04-08', days: 0 } }, start: { on: '2024-04-08' } } }),
    ],
  },
  {
    code: 'public-notice',
    of: 'one of two objections is still open',
    says: containing('异议1尚未处理'),
    fires: [policy, award({ before: { start: [objection(1), objection(2), judgement(2)] } })],
    near: [policy, award({ before: { start: [objection(1), objection(2), judgement(2), judgement(1)] } })],
  },
  {
    code: 'public-notice',
    of: 'not publicised again after an objection was upheld',
    says: containing('没有公示记录'),
    fires: [policy, award({ before: { start: [objection(1), judgement(1, true)] } })],
    near: [
      policy,
      award({
        before: {
          start: [objection(1), judgement(1, true), more('award-publicised', { from: '2024-04-02', until: '2024-04-06', days: 5 })],
        },
      }),
    ],
  },
  ...(
    [
      [`enterprise-${PAYEE}`, 'fact-verified', { factId: 'F1' }, { enterprise: PAYEE, pack: null, line: null }],
      [`enterprise-${PAYEE}`, 'certificate-recorded', certificate().data, { enterprise: PAYEE }],
      [`enterprise-${PAYEE}`, 'relocation-recorded', { no: 1, on: '2024-03-01' }, { enterprise: PAYEE }],
      [`enterprise-${PAYEE}`, 'departure-recorded', { no: 1, on: '2024-03-01' }, { enterprise: PAYEE }],
      [`enterprise-${PAYEE}`, 'clearance-recorded', {}, { enterprise: PAYEE }],
      [`enterprise-${PAYEE}`, 'title-awarded', {}, { enterprise: PAYEE }],
      [`enterprise-${PAYEE}`, 'title-withdrawn', {}, { enterprise: PAYEE }],
      [`budget-${PACK}.rd.2024`, 'budget-adjusted', { amount: '1.00' }, { enterprise: null, line: `${PACK}.rd.2024` }],
      [`budget-${PACK}.rd.2024`, 'budget-transferred-out', { amount: '0.00' }, { line: `${PACK}.rd.2024` }],
      [
        `policy-${PACK}`,
        'interpretation-settled',
        { version: 1, interpretation: 'notice', chosen: 'five', reason: '明确' },
        { pack: PACK },
      ],
      [`award-${PACK}.F.${PAYEE}.once`, 'award-grant-started', {}, {}],
      [`blacklist-enterprise.${PAYEE}`, 'listing-decided', { case: 1 }, {}],
      [`tierreview-ladder.2024`, 'tier-proposals-decided', { ladder: 'ladder', year: 2024, decisions: [] }, {}],
      ...['tier-assigned', 'tier-promoted', 'tier-demoted', 'tier-removed'].map(
        (type) => [`tier-ladder.${PAYEE}`, type, tier(type, { from: 'pool' }).data, {}] as const,
      ),
    ] as const
  ).map(([stream, type, data, where]) => ({
    code: 'back-dated',
    of: `${type} by a person, 91 days ago; by the ledger itself in the other case`,
    says: { severity: 'medium', officers: '["someone"]', detail: '2024-05-31登记，业务日期填为2024-03-01，倒填91天', ...where },
    fires: [policy, { stream, type, data, by: 'someone', on: '2024-03-01', at: '2024-05-31T01:00:00.000Z' }],
    near: [policy, { stream, type, data, roles: ['service'], on: '2024-03-01', at: '2024-05-31T01:00:00.000Z' }],
  })),
  {
    code: 'back-dated',
    of: 'said today that a policy expired 91 days ago',
    fires: [policy, ofPolicy('policy-expired', { on: '2024-03-01', reason: '期满' }, { on: '2024-05-31' })],
    near: [policy, ofPolicy('policy-expired', { on: '2024-03-02', reason: '期满' }, { on: '2024-05-31' })],
  },
  {
    code: 'back-dated',
    of: 'a fact of the year before weighs what any does',
    says: { severity: 'medium', ...containing('倒填91天，跨年度') },
    fires: [{ ...fact(), on: '2023-12-01', at: '2024-03-01T01:00:00.000Z' }],
    near: [{ ...fact(), on: '2023-12-02', at: '2024-03-01T01:00:00.000Z' }],
  },
  ...(['tier-assigned', 'tier-promoted', 'tier-demoted', 'tier-removed'] as const).map((type) => ({
    code: 'tier-outside-campaign',
    of: `${type} by a person; by the ledger, which carries on a merger, in the other case`,
    says: {
      severity: 'low',
      enterprise: PAYEE,
      pack: PACK,
      clause: 'F',
      officers: '["approver"]',
      detail: `2024-05-01${MOVES[type]}（ladder），未经动态调整决定，理由：达标`,
    },
    fires: [policy, tier(type, { from: 'old' })],
    near: [policy, tier(type, { from: 'old' }, { roles: ['service'] })],
  })),
  {
    code: 'tier-outside-campaign',
    of: 'a change in the name of a review that never was',
    says: { severity: 'high', officers: '["approver"]', enterprise: PAYEE, ...containing('引用2024年度动态调整，而该次调整从未开展') },
    fires: [policy, tier('tier-promoted', { from: 'pool', ...decidedIn }, { roles: ['service'] })],
    near: [policy, campaign('tier-review-opened'), tier('tier-promoted', { from: 'pool', ...decidedIn }, { roles: ['service'] })],
  },
  {
    code: 'tier-outside-campaign',
    of: 'a change in the name of a review that ended without ever having been opened',
    says: containing('而该次调整从未开展'),
    fires: [policy, campaign('tier-review-closed', { on: '2024-05-01' }), tier('tier-promoted', { from: 'pool', ...decidedIn })],
    near: [
      policy,
      campaign('tier-review-opened'),
      campaign('tier-review-closed', { on: '2024-05-01' }),
      tier('tier-promoted', { from: 'pool', ...decidedIn }),
    ],
  },
  {
    code: 'tier-outside-campaign',
    of: 'a change in the name of a review that has lapsed',
    says: containing('已于2024-05-01结束'),
    fires: [
      policy,
      campaign('tier-review-opened'),
      campaign('tier-review-lapsed', { on: '2024-05-01' }),
      tier('tier-promoted', { from: 'pool', ...decidedIn }),
    ],
    near: [policy, campaign('tier-review-opened'), tier('tier-promoted', { from: 'pool', ...decidedIn })],
  },
  {
    code: 'moved-out-early',
    of: 'gone on the day it came; gone the day before, with another move, in the other case',
    says: ofAward('high', 'F', 10_000_000, ['clerk'], '2024-02-01迁入，2024-02-01迁出，期限至2027-02-01；已就迁入批准10万元'),
    fires: [policy, award({ used: moved }), leaves('2024-02-01')],
    near: [policy, award({ used: moved }), leaves('2024-01-31')],
  },
  {
    code: 'moved-out-early',
    of: 'the award was revoked before in the other case',
    fires: [policy, award({ used: moved }), leaves('2024-06-01')],
    near: [policy, award({ used: moved }), revoked(award()), leaves('2024-06-01')],
  },
  {
    code: 'moved-out-early',
    of: 'gone before the grant, on the last day of its term; or on the day it came, which may have been before',
    says: ofAward(
      'high',
      'F',
      10_000_000,
      ['approver', 'reviewer'],
      `2024-02-01迁入，2024-04-05已迁出，迁入时的证书${CERTIFICATE}有效至2024-04-05；仍就迁入批准10万元`,
    ),
    fires: [policy, certificate({ expiresOn: '2024-04-05' }), award({ used: movedWith, before: { grant: [leaves('2024-04-05')] } })],
    near: [
      policy,
      certificate({ expiresOn: '2024-04-05' }),
      award({ used: movedWith, before: { grant: [leaves('2024-02-01'), leaves('2024-04-06')] } }),
    ],
  },
  {
    code: 'moved-out-early',
    of: 'the move is one of several inputs, and its certificate with another one of them',
    says: containing(`迁入时的证书${CERTIFICATE}有效至2025-06-30`),
    fires: [
      policy,
      certificate({ expiresOn: '2025-06-30' }),
      award({ used: [...rests({ factId: 'F1' }), ...moved, ...movedWith] }),
      leaves('2025-06-30'),
    ],
    near: [
      policy,
      certificate({ expiresOn: '2025-06-30' }),
      award({ used: [...rests({ factId: 'F1' }), ...moved, ...movedWith] }),
      leaves('2025-07-01'),
    ],
  },
  {
    code: 'moved-out-early',
    of: 'a certificate that is not in the dossier sets no term',
    says: containing('期限至2027-02-01'),
    fires: [policy, award({ used: movedWith }), leaves('2027-02-01')],
    near: [policy, award({ used: movedWith }), leaves('2027-02-02')],
  },
  {
    code: 'certificate-invalid',
    of: 'it is not in the dossier',
    says: ofAward('high', 'F', 10_000_000, ['approver', 'reviewer'], `批准10万元所依据的证书${CERTIFICATE}不在企业档案内`),
    fires: [policy, award({ used: rests({ certificate: CERTIFICATE }) })],
    near: [policy, certificate(), award({ used: rests({ certificate: CERTIFICATE }) })],
  },
  {
    code: 'certificate-invalid',
    of: 'issued the day after',
    says: containing(`证书${CERTIFICATE}2024-04-02才颁发，所认定的日期为2024-04-01`),
    fires: [
      policy,
      certificate({ issuedOn: '2024-04-02' }),
      award({ used: rests({ certificate: CERTIFICATE }, 'certification.kind', 'first') }),
    ],
    near: [
      policy,
      certificate({ issuedOn: '2024-04-01' }),
      award({ used: rests({ certificate: CERTIFICATE }, 'certification.kind', 'first') }),
    ],
  },
  {
    code: 'certificate-invalid',
    of: 'run out the day before the move, which is the day that counts',
    fires: [policy, certificate({ expiresOn: '2024-01-31' }), award({ used: heldMove })],
    near: [policy, certificate({ expiresOn: '2024-02-01' }), award({ used: heldMove })],
  },
  {
    code: 'certificate-invalid',
    of: 'run out, and said to be held; said not to be held in the other case',
    fires: [policy, certificate({ expiresOn: '2024-03-31' }), award({ used: rests({ certificate: CERTIFICATE }) })],
    near: [
      policy,
      certificate({ expiresOn: '2024-03-31' }),
      award({ used: rests({ certificate: CERTIFICATE }, 'enterprise.hnte', false) }),
    ],
  },
  {
    code: 'certificate-invalid',
    of: 'revoked from the day of the grant; of the day after it, known of before, in the other case',
    says: containing(`证书${CERTIFICATE}已于2024-04-08撤销`),
    fires: [policy, certificate(), award({ used: heldMove, before: { start: [revokedFrom('2024-04-08')] } })],
    near: [policy, certificate(), award({ used: heldMove, before: { start: [revokedFrom('2024-04-09')] } })],
  },
  {
    code: 'certificate-invalid',
    of: 'revoked from the day of the start of the grant; from the day after it, on which the ledger carried it on, in the other case',
    fires: [policy, certificate(), startedBefore(revokedFrom('2024-04-07'))],
    near: [policy, certificate(), startedBefore(revokedFrom('2024-04-08'))],
  },
  {
    code: 'certificate-invalid',
    of: 'issued after the move: of an input that speaks of the day of the move; of another one in the other case',
    fires: [policy, certificate({ issuedOn: '2024-03-01' }), award({ used: heldMove })],
    near: [policy, certificate({ issuedOn: '2024-03-01' }), award({ used: rests({ relocation: '2024-02-01', certificate: CERTIFICATE }) })],
  },
  {
    code: 'certificate-invalid',
    of: 'revoked after the grant, from the day after the assessment; granted before that day in the other case',
    says: ofAward(
      'high',
      'F',
      10_000_000,
      ['approver', 'reviewer'],
      `所依据的证书${CERTIFICATE}后经撤销，自2024-04-02起无效，不晚于批准日2024-04-08；已批准10万元`,
    ),
    fires: [policy, certificate(), award({ used: rests({ certificate: CERTIFICATE }) }), revokedFrom('2024-04-02')],
    near: [
      policy,
      certificate(),
      award({ used: rests({ certificate: CERTIFICATE }), but: { start: { on: '2024-04-07' } } }),
      revokedFrom('2024-04-08'),
    ],
  },
  {
    code: 'unresolved-question-paid',
    of: 'a question of the whole text; of the instalment before in the other case',
    says: ofAward('high', 'F', 10_000_000, ['reviewer'], '拨付第1期10万元时释义待定：公示几天？'),
    fires: [questionOf(), award()],
    near: [questionOf('S'), award()],
  },
  ...[{ kind: 'external', refersTo: '实施细则' } as const, { kind: 'unspecified', wording: '另行规定' } as const].map((shape) => ({
    code: 'unresolved-question-paid',
    of: `a clause whose sum is ${shape.kind}`,
    says: containing('条款未写明金额，须先关联实施细则'),
    fires: [withoutSum(shape), award({ clause: 'E' })],
    near: [withoutSum(shape), award()],
  })),
  {
    code: 'manual-override',
    of: 'everything that is lacking is named',
    says: {
      severity: 'medium',
      enterprise: PAYEE,
      pack: PACK,
      clause: 'F',
      officers: '["second"]',
      detail: '破格列入pool（ladder），不满足高新技术企业；尚缺研发投入；未核实项目通过验收；测算应为other，理由：潜力',
    },
    fires: [
      policy,
      tier('tier-promoted', {
        ...decidedIn,
        override: {
          failed: ['hnte'],
          unknown: ['rd.expenditure'],
          unverified: ['project.accepted'],
          assessedTier: 'other',
          reason: '潜力',
          by: 'second',
        },
      }),
    ],
    near: [policy, tier('tier-promoted', decidedIn)],
  },
  ...(['tier-assigned', 'tier-entered-directly', 'tier-promoted', 'tier-demoted'] as const).map((type) => ({
    code: 'manual-override',
    of: `${type} although nothing that is said is lacking`,
    says: { officers: '["second"]', detail: '破格列入pool（ladder），理由：潜力' },
    fires: [policy, tier(type, { ...decidedIn, override: { failed: [], unknown: [], reason: '潜力', by: 'second' } })],
    near: [policy, tier(type, decidedIn)],
  })),
  ...(
    [
      ['500000.00', '450000.00', '449999.99'],
      ['1000000.00', '999999.99', '1000000.00'],
      ['5000000.00', '4500000.00', '5000000.00'],
    ] as const
  ).map(([threshold, just, not]) => ({
    code: 'just-under-threshold',
    of: `three adjustments of ${just}, for a threshold of ${threshold}; one of ${not} in the other case`,
    fires: [[just, just, just].map((amount) => line('budget-adjusted', { amount }))],
    near: [[just, just, not].map((amount) => line('budget-adjusted', { amount }))],
  })),
  {
    code: 'just-under-threshold',
    of: 'entered from the last day to the first; by the ledger itself in the other case',
    says: {
      severity: 'medium',
      line: `${PACK}.rd.2024`,
      amount_fen: 297_000_000,
      officers: '["finance"]',
      detail: '自2024-05-01起3笔（99万元、99万元、99万元），均紧贴限额100万元，合计297万元',
    },
    fires: [['2024-05-07', '2024-05-04', '2024-05-01'].map((on) => line('budget-appropriated', { amount: '990000.00' }, { on }))],
    near: [
      ['2024-05-07', '2024-05-04', '2024-05-01'].map((on) =>
        line('budget-appropriated', { amount: '990000.00' }, { on, roles: ['service'] }),
      ),
    ],
  },
  {
    code: 'just-under-threshold',
    of: 'sums of one officer; one is another officer’s in the other case',
    says: {
      award: `${PACK}.D.${payees[2] ?? ''}.once`,
      enterprise: payees[2] ?? '',
      pack: PACK,
      clause: 'D',
      amount_fen: 87_000_000,
      officers: '["reviewer"]',
    },
    fires: [policy, payees.map((payee) => discretionary(payee, '290000.00')).flat()],
    near: [
      policy,
      payees.map((payee) => discretionary(payee, '290000.00').map((one) => (payee === payees[2] ? { ...one, by: 'second' } : one))).flat(),
    ],
  },
  ...(
    [
      ['2024-05-01T02:00:00.000Z', '2024-05-01T01:00:01.000Z', '59分钟'],
      ['2024-05-01T02:00:00.000Z', '2024-05-01T01:00:00.000Z', '1小时'],
      ['2024-05-02T02:00:00.000Z', '2024-05-01T02:00:01.000Z', '23小时'],
      ['2024-05-04T02:00:00.000Z', '2024-05-01T02:00:01.000Z', '2天'],
      ['2024-05-02T02:00:00.000Z', '2024-05-01T02:00:00.000Z', '1天'],
    ] as const
  ).map(([first, then, back]) => ({
    code: 'clock-backwards',
    of: `set back by ${back}; at one instant in the other case`,
    says: { severity: 'high', detail: `此前最晚时点为${first}，本条记录为${then}，倒退${back}`, officers: '[]' },
    fires: [first, then].map((at, index) => ({ ...fact(`F${index}`), at })),
    near: [first, first].map((at, index) => ({ ...fact(`F${index}`), at })),
  })),
];

const lowering = (by: string) =>
  more('award-override-proposed', { amounts: ['1.00'], total: '1.00', computed: '2.00', reason: '核减' }, { by });
const ofCase = (type: string, data: object, by: string): Entry => ({
  stream: `blacklist-enterprise.${PAYEE}`,
  type,
  data: { case: 1, listing: `enterprise.${PAYEE}.1`, ...data },
  by,
});
const RAISED = [
  ofCase('listing-decided', { from: '2024-05-01', until: '2024-10-01' }, 'decider'),
  ofCase('listing-objection-raised', { objection: 1 }, 'first'),
  ofCase('listing-objection-raised', { objection: 2 }, 'second'),
];
const REPAIR = [...RAISED, ofCase('credit-repair-applied', { application: 1 }, 'repairer')];

/** Who also did what: each by one person, and by two. */
const DUTIES: readonly (readonly [string, (by: string) => readonly (Entry | readonly Entry[])[], string, string])[] = [
  ['applied and reviewed', (by) => [policy, award({ but: { review: { by } } })], 'clerk', 'reviewer'],
  [
    'recorded a fact and reviewed',
    (by) => [policy, award({ used: rests({ recordedBy: 'keeper' }), but: { review: { by } } })],
    'keeper',
    'reviewer',
  ],
  ['reviewed and approved', (by) => [policy, award({ but: { grant: { data: { approver: by } } } })], 'reviewer', 'approver'],
  [
    'proposed to lower an amount and approved',
    (by) => [policy, award({ but: { grant: { data: { approver: by, override: { ...overridden, proposedBy: 'second' } } } } })],
    'second',
    'approver',
  ],
  ['approved and paid', (by) => [policy, award({ but: { order: { data: { payer: by } } } })], 'approver', 'finance'],
  [
    'recorded the account and paid',
    (by) => [policy, { ...fact('F9', PAYEE, 'payment.account'), by: 'keeper' }, award({ but: { order: { data: { payer: by } } } })],
    'keeper',
    'finance',
  ],
  [
    'recorded an objection and judged it',
    (by) => [
      policy,
      award({
        before: {
          start: [
            more('award-objection-raised', { objection: 1, by: '某企业', reason: '不实' }, { by: 'auditor' }),
            more('award-objection-decided', { objection: 1, upheld: false, reason: '不属实' }, { by }),
          ],
        },
      }),
    ],
    'auditor',
    'administrator',
  ],
  [
    'paid and unlocked',
    (by) => [policy, staged(), more('instalment-unlocked', { no: 2, amount: '100000.00', facts: second(true), used: [] }, { by }, 'S')],
    'finance',
    'reviewer',
  ],
  [
    'applied and proposed to lower the amount',
    (by) => [
      policy,
      award({
        before: {
          start: [more('award-override-proposed', { amounts: ['1.00'], total: '1.00', computed: '2.00', reason: '核减' }, { by })],
        },
      }),
    ],
    'clerk',
    'approver',
  ],
  [
    'recorded a clearance and granted on it',
    (by) => [policy, clearance(by), award({ but: { start: { data: { clearances: RELIED } } } })],
    'approver',
    'clerk',
  ],
  [
    'recorded the finding a clearance was corrected to on its day, and granted on it',
    (by) => [policy, clearance('clerk'), clearance(by), award({ but: { start: { data: { clearances: RELIED } } } })],
    'approver',
    'keeper',
  ],
  [
    'recorded a clearance and recommended on it',
    (by) => [
      policy,
      clearance('keeper'),
      clearance('reviewer', OTHER),
      campaign('tier-recommended', { recommended: [PAYEE, OTHER].map((creditCode) => ({ creditCode, clearances: RELIED })) }, { by }),
    ],
    'keeper',
    'approver',
  ],
  [
    'applied and confirmed the successor',
    (by) => [policy, award(), more('award-payee-confirmed', { payee: OTHER, reason: '合并' }, { by })],
    'clerk',
    'approver',
  ],
  [
    'demanded a clawback and received it',
    (by) => [
      policy,
      award(),
      more('clawback-demanded', { clawback: 1, amount: '1.00' }, { by: 'approver' }),
      more('clawback-received', { clawback: 1, amount: '1.00', on: '2024-05-01', reference: 'R' }, { by }),
    ],
    'approver',
    'finance',
  ],
  [
    'demanded a clawback and wrote it off',
    (by) => [
      policy,
      award(),
      more('clawback-demanded', { clawback: 1, amount: '1.00' }, { by: 'approver' }),
      more('clawback-written-off', { clawback: 1, amount: '1.00', reason: '无力偿还' }, { by }),
    ],
    'approver',
    'second',
  ],
  [
    'froze a batch and cancelled it',
    (by) => [
      { stream: 'batch-B', type: 'batch-freeze-started', data: { payer: 'finance' }, by: 'finance' },
      { stream: 'batch-B', type: 'batch-cancelled', data: { reason: '有误' }, by },
    ],
    'finance',
    'second',
  ],
  [
    'cancelled a batch and judged what the bank did with it',
    (by) => [
      { stream: 'batch-B', type: 'batch-freeze-started', data: { payer: 'finance' }, by: 'finance' },
      { stream: 'batch-B', type: 'batch-cancelled', data: { reason: '有误' }, by: 'second' },
      { stream: 'batch-B', type: 'batch-unexpected-resolved', data: { line: 1, outcome: 'accepted', result: {}, reason: '属实' }, by },
    ],
    'second',
    'finance',
  ],
  ['recorded a fact and verified it', (by) => [fact(), verified('F1', by)], 'clerk', 'reviewer'],
  [
    'opened a case and decided it',
    (by) => [
      { stream: `blacklist-enterprise.${PAYEE}`, type: 'blacklist-case-opened', data: { case: 1 }, by: 'clerk' },
      { ...listing('2024-05-01', '2024-10-01'), by },
    ],
    'clerk',
    'approver',
  ],
  [
    'proposed tiers and decided them',
    (by) => [
      campaign('tier-review-opened'),
      campaign('tier-proposals-made', { proposals: [{ creditCode: PAYEE }] }),
      campaign('tier-proposals-decided', { decisions: [{ creditCode: PAYEE }] }, { by }),
    ],
    'reviewer',
    'approver',
  ],
  [
    'recorded a fact and decided a tier that rests on it',
    (by) => [
      policy,
      fact(),
      campaign('tier-review-opened'),
      tier('tier-assigned', {
        restsOn: [{ input: 'rd', value: true, factId: 'F1', verified: true }],
        review: { year: 2024, decidedBy: by },
      }),
    ],
    'clerk',
    'approver',
  ],
  [
    'applied and judged an objection',
    (by) => [policy, award({ before: { start: [objection(1), judgement(1, false, by)] } })],
    'clerk',
    'second',
  ],
  [
    'reviewed and judged the second objection',
    (by) => [policy, award({ before: { start: [objection(1), objection(2, 'second'), judgement(2, false, by), judgement(1)] } })],
    'reviewer',
    'auditor',
  ],
  [
    'recorded the second objection and judged it',
    (by) => [policy, award({ before: { start: [objection(1), objection(2, 'second'), judgement(2, false, by), judgement(1)] } })],
    'second',
    'auditor',
  ],
  [
    'recorded the first objection after one was upheld, and judged it',
    (by) => [policy, award({ before: { start: [objection(1), judgement(1, true), objection(1, 'second'), judgement(1, false, by)] } })],
    'second',
    'auditor',
  ],
  [
    'judged the first of two objections and approved',
    (by) => [
      policy,
      award({
        before: { start: [objection(1), objection(2), judgement(1, false, 'second'), judgement(2)] },
        but: { grant: { data: { approver: by } } },
      }),
    ],
    'second',
    'approver',
  ],
  ['reviewed and proposed to lower the amount', (by) => [policy, award({ before: { start: [lowering(by)] } })], 'reviewer', 'second'],
  ['applied and approved', (by) => [policy, award({ but: { grant: { data: { approver: by } } } })], 'clerk', 'approver'],
  [
    'recorded a fact and approved',
    (by) => [policy, award({ used: rests({ recordedBy: 'keeper' }), but: { grant: { data: { approver: by } } } })],
    'keeper',
    'approver',
  ],
  [
    'recorded a move and reviewed',
    (by) => [policy, award({ used: rests({ relocation: '2024-02-01', relocationRecordedBy: 'keeper' }), but: { review: { by } } })],
    'keeper',
    'reviewer',
  ],
  ...(
    [
      ['applied', 'clerk'],
      ['reviewed', 'reviewer'],
      ['proposed to lower the amount', 'second'],
      ['unlocked', 'opener'],
    ] as const
  ).map(
    ([did, same]) =>
      [
        `${did} and paid`,
        (by: string) => [
          policy,
          award({ before: { start: [lowering('second')] }, but: { unlock: { by: 'opener', roles: [] }, order: { data: { payer: by } } } }),
        ],
        same,
        'finance',
      ] as const,
  ),
  [
    'unlocked the second instalment and paid it',
    (by) => [
      policy,
      staged(),
      { ...unlockedOn([]), by: 'opener' },
      { ...secondOrdered, data: { no: 2, amount: '100000.00', batch: 'B2', line: 1, payer: by } },
    ],
    'opener',
    'finance',
  ],
  [
    'confirmed the successor and paid it',
    (by) => [
      policy,
      staged(),
      more('award-payee-confirmed', { payee: OTHER, reason: '合并' }, { by: 'second' }, 'S'),
      { ...secondOrdered, data: { no: 2, amount: '100000.00', batch: 'B2', line: 1, payer: by } },
    ],
    'second',
    'finance',
  ],
  [
    'paid, and confirmed the successor to be paid next',
    (by) => [policy, staged(), more('award-payee-confirmed', { payee: OTHER, reason: '合并' }, { by }, 'S')],
    'finance',
    'second',
  ],
  [
    'recorded the account of the successor and paid',
    (by) => [
      { ...fact('F8', OTHER, 'payment.account'), by: 'keeper' },
      { ...fact('F9', PAYEE, 'payment.account'), by: 'second' },
      policy,
      award({
        but: {
          prepare: { data: { lines: [{ line: 1, award: '', instalment: 1, amount: '100000.00', payee: OTHER, account: '6201' }] } },
          order: { data: { payer: by } },
        },
      }),
    ],
    'keeper',
    'second',
  ],
  [
    'demanded the second clawback and received it',
    (by) => [
      policy,
      award(),
      more('clawback-demanded', { clawback: 1, amount: '1.00' }, { by: 'second' }),
      more('clawback-demanded', { clawback: 2, amount: '1.00' }, { by: 'approver' }),
      more('clawback-received', { clawback: 2, amount: '1.00', on: '2024-05-01', reference: 'R' }, { by }),
    ],
    'approver',
    'second',
  ],
  [
    'froze a batch and judged what the bank did with it',
    (by) => [
      frozen('B', 'finance'),
      { stream: 'batch-B', type: 'batch-unexpected-resolved', data: { line: 1, outcome: 'accepted', result: {}, reason: '属实' }, by },
    ],
    'finance',
    'second',
  ],
  ['recorded a fact and verified it after a dispute', (by) => [fact(), disputed(), verified('F1', by)], 'clerk', 'auditor'],
  ...(['tier-promoted', 'tier-demoted', 'tier-entered-directly'] as const).map(
    (type) =>
      [
        `recorded a fact and had ${type} by hand`,
        (by: string) => [policy, fact(), tier(type, { restsOn: [{ input: 'rd', value: true, factId: 'F1', verified: true }] }, { by })],
        'clerk',
        'approver',
      ] as const,
  ),
  ...(
    [
      ['opened a case', 'declined a listing', 'opener', [], 'listing-declined', { reason: '不足' }],
      ['recorded a statement', 'declined a listing', 'heard', [], 'listing-declined', { reason: '不足' }],
      ['recorded a waiver', 'decided a listing', 'waived', [], 'listing-decided', { from: '2024-05-01', until: '2024-10-01' }],
      ['opened a case', 'judged an objection', 'opener', RAISED, 'listing-objection-decided', { objection: 2, upheld: false }],
      ['decided a listing', 'judged an objection', 'decider', RAISED, 'listing-objection-decided', { objection: 2, upheld: false }],
      ['recorded an objection', 'judged it', 'second', RAISED, 'listing-objection-decided', { objection: 2, upheld: false }],
      ['opened a case', 'had it repaired', 'opener', REPAIR, 'listing-ended', { how: 'repaired', on: '2024-08-01' }],
      ['recorded an application for repair', 'granted it', 'repairer', REPAIR, 'listing-ended', { how: 'repaired', on: '2024-08-01' }],
      ['recorded an application for repair', 'refused it', 'repairer', REPAIR, 'credit-repair-refused', { application: 1 }],
    ] as const
  ).map(
    ([did, then, same, before, type, data]) =>
      [
        `${did} and ${then}`,
        (by: string) => [
          ofCase('blacklist-case-opened', {}, 'opener'),
          ofCase('statement-recorded', {}, 'heard'),
          ofCase('statement-waived', {}, 'waived'),
          ...before,
          ofCase(type, data, by),
        ],
        same,
        'first',
      ] as const,
  ),
  [
    'did a duty and reopened it',
    (by) => [
      { stream: 'duty-p.c.2024', type: 'duty-done', data: { on: '2024-05-01', due: '2024-05-01' }, by: 'clerk' },
      { stream: 'duty-p.c.2024', type: 'duty-reopened', data: { reason: '未办' }, by },
    ],
    'clerk',
    'reviewer',
  ],
];

describe('detectors', () => {
  it('find nothing in a proper life of an award', () => {
    const history = [policy, certificate(), fact(), verified(), award({ used: rests({ factId: 'F1', certificate: CERTIFICATE }) })];
    expect(found(...history)).toEqual([]);
    expect(found(policy, staged(), secondPaid(true))).toEqual([]);
  });

  it.each(CASES)('$code: $of', ({ code, fires, near, says = {} }) => {
    expect(found(...fires).filter((one) => one.code === code)).toMatchObject([{ code, ...says }]);
    expect(codesIn(...near)).not.toContain(code);
  });

  it.each(DUTIES)('duties-not-separated: %s', (_, history, same, another) => {
    const signs = found(...history(same)).filter(({ code }) => code === 'duties-not-separated');
    expect(signs.map(({ officers }) => officers)).toEqual([JSON.stringify([same])]);
    expect(codesIn(...history(another))).not.toContain('duties-not-separated');
  });

  it('are all in the table of cases', () => {
    expect(
      DETECTORS.map(({ code }) => code).filter((code) => ![...CASES, { code: 'duties-not-separated' }].some((one) => one.code === code)),
    ).toEqual([]);
  });

  it('tell who did the two of what is separated, and of which award, enterprise and sum', () => {
    const signs = found(
      policy,
      award({ but: { review: { by: 'clerk' }, grant: { data: { approver: 'second' } }, order: { data: { payer: 'second' } } } }),
      fact(),
      verified('F1', 'clerk'),
      tier('tier-assigned', { restsOn: [{ input: 'rd', value: true, factId: 'F1', verified: true }] }, { by: 'clerk' }),
    ).filter(({ code }) => code === 'duties-not-separated');
    const about = { award: `${PACK}.F.${PAYEE}.once`, enterprise: PAYEE, pack: PACK, clause: 'F', severity: 'high' };
    expect(signs).toMatchObject([
      { ...about, detail: 'clerk既申报又审核', amount_fen: null },
      { ...about, detail: 'second既批准又拨付', amount_fen: 10_000_000 },
      { award: null, enterprise: PAYEE, detail: 'clerk既登记该事实又核实F1' },
      { award: null, enterprise: PAYEE, detail: 'clerk既登记所依据的事实又决定梯次' },
    ]);
  });

  it('do not hold what the ledger itself carries on against those who decided it', () => {
    expect(
      codesIn(policy, fact('F1'), tier('tier-assigned', { restsOn: [{ factId: 'F1' }] }, { by: 'clerk', roles: ['service'] })),
    ).toEqual([]);
  });

  it('do not hold a clearance of another enterprise, agency, day or document against who grants', () => {
    const granted = (...events: readonly Entry[]) =>
      codesIn(policy, ...events, award({ but: { start: { data: { clearances: RELIED } } } }));
    const others = [{ clearance: 'env' }, { agency: '环保局' }, { on: '2024-02-29' }, { documentNo: '税〔2024〕2号' }];
    expect(granted(clearance('approver', OTHER), ...others.map((other) => clearance('approver', PAYEE, other)))).toEqual([]);
    expect(granted(clearance('approver'))).toEqual(['duties-not-separated']);
  });

  it('tell of how many enterprises who recommends recorded the clearances', () => {
    const recommended = [PAYEE, OTHER, payees[0]].map((creditCode) => ({ creditCode, clearances: RELIED }));
    const own = [clearance('keeper'), clearance('keeper', OTHER), clearance('clerk', payees[0])];
    expect(found(policy, ...own, campaign('tier-recommended', { recommended }, { by: 'keeper' }))).toMatchObject([
      { code: 'duties-not-separated', detail: 'keeper既登记2户的部门核查意见又推荐申报', officers: '["keeper"]' },
    ]);
  });

  it('do not hold a fact of another name for the account', () => {
    expect(codesIn(policy, { ...fact('F9'), by: 'finance' }, award())).not.toContain('duties-not-separated');
  });

  it('forget who proposed to lower an amount once that was dropped, or an objection was upheld, and who started a grant that failed', () => {
    const dropped = (...events: readonly Entry[]) =>
      codesIn(policy, award({ before: { start: [lowering('second'), ...events] }, but: { order: { data: { payer: 'second' } } } }));
    expect(dropped()).toContain('duties-not-separated');
    expect(dropped(more('award-override-dropped', { reason: '撤回' }))).not.toContain('duties-not-separated');
    expect(dropped(objection(1), judgement(1, true))).not.toContain('duties-not-separated');
    const failed = more('award-grant-failed', { grant: 'g0', code: 'c', detail: 'd' });
    const early = more('award-grant-started', { grant: 'g0' }, { by: 'approver', on: '2024-04-05' });
    const again = (...events: readonly Entry[]) => codesIn(policy, award({ before: { start: events }, but: { start: null } }));
    expect(again(early)).toContain('public-notice');
    expect(again(early, failed)).not.toContain('public-notice');
  });

  it('tell of each of several awards on its own', () => {
    const standing = found(
      policy,
      award(),
      award({ payee: OTHER }),
      dossier(PAYEE, 'enterprise-absorbed', { creditCode: OTHER }),
      award({ clause: 'X', amount: '50000.00' }),
    ).filter(({ code }) => code === 'awards-do-not-stack');
    expect(standing).toMatchObject([
      ofAward('high', 'X', 5_000_000, ['approver'], standing[0]?.detail ?? ''),
      ofAward('high', 'X', 5_000_000, ['approver'], standing[1]?.detail ?? ''),
    ]);
    expect(standing.map(({ detail }) => detail)).toEqual([
      `5万元（X）与同一企业的${PACK}.F.${PAYEE}.once（F，10万元）属同一事项（once），不得同时享受`,
      `5万元（X）与已并入的企业M的${PACK}.F.${OTHER}.once（F，10万元）属同一事项（once），不得同时享受`,
    ]);
    const two = [
      award({ used: movedWith }),
      award({ clause: 'P', amount: '80000.00', used: [...movedWith, ...heldMove] }),
      award({ clause: 'T', amount: '80000.00', used: [...moved, ...heldMove] }),
    ];
    const awards = (code: string, ...after: readonly Entry[]) =>
      found(policy, certificate(), ...two, after).flatMap((one) => (one.code === code ? [one.award] : []));
    expect(awards('moved-out-early', leaves('2024-06-01'))).toEqual(['F', 'P', 'T'].map((clause) => `${PACK}.${clause}.${PAYEE}.once`));
    expect(awards('certificate-invalid', revokedFrom('2024-04-01'))).toEqual(['P', 'T'].map((clause) => `${PACK}.${clause}.${PAYEE}.once`));
  });

  it('take an award that nobody applied for by its name, and forget nothing that happens to it', () => {
    const but = { apply: null };
    const absorbed = dossier(PAYEE, 'enterprise-absorbed', { creditCode: OTHER });
    const second = award({ clause: 'X', amount: '50000.00', but });
    const stacked = found(policy, absorbed, award({ payee: OTHER, but }), second).filter(({ code }) => code === 'awards-do-not-stack');
    const detail = `5万元（X）与已并入的${OTHER}的${PACK}.F.${OTHER}.once（F，10万元）属同一事项（once），不得同时享受`;
    expect(stacked).toMatchObject([ofAward('high', 'X', 5_000_000, ['approver'], detail)]);
    const demanded = more('clawback-demanded', { clawback: 1, amount: '1.00' }, { by: 'second' });
    const received = more('clawback-received', { clawback: 1, amount: '1.00', on: '2024-05-01', reference: 'R' }, { by: 'second' });
    const objected = award({ but, before: { start: [objection(1, 'first'), judgement(1, false, 'first')] } });
    expect(codesIn(policy, objected, demanded, received)).toEqual(['duties-not-separated', 'duties-not-separated']);
  });

  it('tell the cases of a subject, and those of two subjects, apart', () => {
    const opened = (no: number, by: string) => ofCase('blacklist-case-opened', { case: no }, by);
    const declined = (no: number, by: string) => ofCase('listing-declined', { case: no, reason: '不足' }, by);
    const person = { stream: 'blacklist-person.p1' };
    const officersOf = (...history: readonly Entry[]) => found(...history).map(({ officers }) => officers);
    expect(officersOf(opened(1, 'first'), opened(2, 'second'), declined(2, 'first'), declined(1, 'second'))).toEqual([]);
    expect(officersOf(opened(1, 'first'), opened(2, 'second'), declined(1, 'first'), declined(2, 'second'))).toEqual([
      '["first"]',
      '["second"]',
    ]);
    expect(officersOf(opened(1, 'first'), { ...opened(1, 'second'), ...person }, declined(1, 'second'))).toEqual([]);
    expect(officersOf(opened(1, 'first'), { ...opened(1, 'second'), ...person }, declined(1, 'first'))).toEqual(['["first"]']);
  });

  it('point at the event, the award, the people and the sum', () => {
    const sign = found(policy, listing('2024-03-09', '2024-10-01'), award()).at(-1);
    expect(sign).toMatchObject({
      stream: `award-${PACK}.F.${PAYEE}.once`,
      revision: 8,
      award: `${PACK}.F.${PAYEE}.once`,
      enterprise: PAYEE,
      pack: PACK,
      clause: 'F',
      amount_fen: 10_000_000,
      officers: '["finance"]',
      listing: `enterprise.${PAYEE}.1`,
      severity: 'high',
      status: 'open',
    });
  });

  it('tell of an enterprise that was listed after the order as a lesser matter', () => {
    const [sign] = found(policy, award({ before: { pay: [listing('2024-04-10', '2024-10-01')] } }));
    expect(sign).toMatchObject({ code: 'paid-while-listed', severity: 'medium' });
  });

  it('tell once of what one command back-dates, and of a burst once', () => {
    const old = { on: '2024-03-01', at: '2024-09-01T01:00:00.000Z', command: 'one' };
    expect(codesIn({ ...fact('F1'), ...old }, { ...fact('F2'), ...old })).toEqual(['back-dated']);
    const days = ['2024-05-01', '2024-05-02', '2024-05-03', '2024-05-04', '2024-05-05'];
    expect(codesIn(days.map((on) => line('budget-appropriated', { amount: '990000.00' }, { on })))).toEqual(['just-under-threshold']);
  });

  it('may be mended: what auditors did about a finding that is no longer found stays, with what its id says', () => {
    const history = [policy, { ...listing('2024-04-09', '2024-10-01'), on: '2024-04-01' }, award()];
    const [{ id } = { id: '' }] = found(...history);
    const acts = [
      { stream: `finding-${id}`, type: 'finding-assigned', data: { to: 'clerk' }, by: 'auditor', on: '2024-05-02' },
      {
        stream: `finding-${id}`,
        type: 'finding-resolved',
        data: { outcome: 'unfounded', reason: '误报' },
        by: 'auditor',
        on: '2024-05-03',
      },
    ];
    const unlisted = [policy, award()];
    expect(found(...history, acts)).toMatchObject([{ id, severity: 'high', status: 'resolved', day: '2024-04-10' }]);
    const kept = { id, code: 'paid-while-listed', title: '列入失信名单期间拨付', severity: 'low', day: '2024-05-02' };
    expect(found(...unlisted, acts)).toMatchObject([
      { ...kept, stream: null, status: 'resolved', outcome: 'unfounded', assignee: 'clerk' },
    ]);
    // The projection goes on, and a detector that is gone altogether leaves its code.
    const gone = { ...acts[0], stream: 'finding-gone-since-0123456789abcdef', on: '2024-01-01' } as Entry;
    expect(found(policy, gone, ...history.slice(1))).toMatchObject([{ code: 'gone-since', title: 'gone-since' }, { id }]);
  });

  it('tell at a later instalment what is new since an earlier one: another fact, the same one disputed anew', () => {
    const first = staged({ used: rests({ factId: 'F1' }), before: { pay: [disputed({ on: '2024-04-09' })] } });
    const paid = secondPaid(true, false)[0] as Entry;
    const told = (...history: (Entry | readonly Entry[])[]) =>
      found(...history)
        .filter(({ code }) => code === 'unverified-fact-paid')
        .map(({ detail }) => detail);
    const facts = [policy, fact(), verified(), fact('F9'), verified('F9')];
    const open = [...facts, first, unlockedOn(rests({ factId: 'F9' }, 'project.accepted'))];
    expect(told(...open, disputed({}, 'F9'), paid)).toEqual([
      '拨付第1期10万元时，所依据的高新技术企业（F1）尚未核实或有异议',
      '拨付第2期10万元时，所依据的项目通过验收（F9）尚未核实或有异议',
    ]);
    expect(told(...open, paid)).toHaveLength(1);
    const third = { ...paid, data: { ...paid.data, no: 3 } };
    expect(told(...open, verified(), paid, disputed({ on: '2024-04-21' }), third)).toHaveLength(2);
  });

  it('keep their memory in rows: a history that is applied anew finds the same under the same ids', () => {
    const history = [policy, listing('2024-04-09', '2024-10-01'), award(), award({ clause: 'X', amount: '50000.00' })];
    const once = found(...history);
    expect(once.length).toBeGreaterThan(1);
    expect(found(...history)).toEqual(once);
  });
});
