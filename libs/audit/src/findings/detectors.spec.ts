import { describe, expect, it } from '@jest/globals';
import { DETECTORS } from './detectors/detectors.js';
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
}

const policy = published();
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
const moved = rests({ relocation: '2024-02-01' });
const leaves = (on: string) => dossier(PAYEE, 'departure-recorded', { no: 1, on }, { on });
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
const questionOf = (clause: string) =>
  published(
    packOf({
      interpretations: [
        {
          ...(packOf().interpretations[0] as NonNullable<ReturnType<typeof packOf>['interpretations'][0]>),
          chosen: null,
          clauses: [clause],
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
    near: [policy, staged(), secondPaid(true)],
  },
  {
    code: 'instalment-unproven',
    of: 'paid without ever having been unlocked',
    fires: [policy, award({ but: { unlock: null } })],
    near: [policy, award()],
  },
  {
    code: 'instalment-unproven',
    of: 'unlocked on facts that do not meet its condition',
    fires: [policy, staged(), secondPaid(false)],
    near: [policy, staged(), secondPaid(true)],
  },
  {
    code: 'amount-over-cap',
    of: 'more than the cap was granted',
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
    code: 'moved-out-early',
    of: 'gone on the last day of three years',
    fires: [policy, award({ used: moved }), leaves('2027-02-01')],
    near: [policy, award({ used: moved }), leaves('2027-02-02')],
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
  { code: 'manual-override', of: 'a credit code that fails its check', fires: [registered(true)], near: [registered(false)] },
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
];

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

  it.each(CASES)('$code: $of', ({ code, fires, near }) => {
    expect(codesIn(...fires).filter((one) => one === code)).toEqual([code]);
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
