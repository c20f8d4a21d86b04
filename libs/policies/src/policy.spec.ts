import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Problem } from '@app/kernel';
import { assess } from './assess.js';
import { bundledPacks } from './bundled-packs.js';
import { packHash } from './load-pack.js';
import { type Pack } from './pack.js';
import {
  type PolicyCommand,
  type PolicyEvent,
  type PolicyState,
  latestVersion,
  policyDecider,
  versionFor,
  versionInForce,
  versionNumbered,
} from './policy.js';

const zone = bundledPacks().find(({ id }) => id === 'ganzhou-etdz-2023') as Pack;
const draft = bundledPacks().find(({ id }) => id === 'jiangmen-2021') as Pack;
const dated = (pack: Pack, from: string | null, until: string | null): Pack => ({
  ...pack,
  status: 'in-force',
  force: { from, until, note: '测试' },
});
const amended = dated(zone, '2024-07-01', '2025-07-01');
const opened: Pack = {
  ...zone,
  interpretations: zone.interpretations.map((one) =>
    one.id === 'rd-year' ? { ...one, chosen: null, simulatedAs: 'year-before-certificate' } : one,
  ),
};

const context = { actorId: 'a1', roles: ['administrator'], effectiveOn: '2024-05-01', today: '2024-05-01' };
const at = { actorId: 'a1', effectiveOn: '2024-05-01', recordedAt: '2024-05-01T00:00:00Z' };
const folded = (events: readonly PolicyEvent[], from: PolicyState = policyDecider.initialState) =>
  events.reduce((state, event) => policyDecider.evolve(state, event, at), from);

/** The history that these commands leave behind. */
function history(...commands: PolicyCommand[]): PolicyEvent[] {
  const events: PolicyEvent[] = [];
  for (const command of commands) events.push(...policyDecider.decide(command, folded(events), context));
  return events;
}

const given = (...past: PolicyCommand[]) => ({
  when: (command: PolicyCommand) => {
    const decide = () => policyDecider.decide(command, folded(history(...past)), context);
    return {
      then: (...types: string[]) => expect(decide().map(({ type }) => type)).toEqual(types),
      thenRefused: (code: string) => {
        try {
          decide();
        } catch (error) {
          if (error instanceof Problem) return expect(error.code).toBe(code);
          throw error;
        }
        throw new Error('it was not refused');
      },
    };
  },
});

const evidence = [{ title: '文件' }];
const publish = (pack: Pack): PolicyCommand => ({ type: 'publish', pack, evidence });
const amend = (pack: Pack): PolicyCommand => ({ type: 'amend', pack, reason: '修订', evidence });
const expire = (on: string): PolicyCommand => ({ type: 'expire', on, reason: '期满', evidence });
const repeal = (on: string): PolicyCommand => ({ type: 'repeal', on, reason: '废止', evidence });
/** The same command without its documents. */
const bare = ({ evidence: _evidence, ...command }: PolicyCommand & { evidence?: unknown }) => command;
const settle = (chosen = 'year-before-certificate'): PolicyCommand => ({
  type: 'settle',
  interpretation: 'rd-year',
  chosen,
  reason: '会议纪要',
});

describe('publishing', () => {
  it('stores the whole pack and its hash', () => {
    const [event] = history(publish(zone));
    expect(event).toMatchObject({
      type: 'policy-published',
      data: { hash: packHash(zone), version: 1, from: '2023-06-30', until: '2026-06-30', status: 'in-force' },
    });
    expect(event?.data).toHaveProperty('pack.clauses.0.citation.quote');
  });
  it('is quiet on a repeat', () => given(publish(zone)).when(publish(zone)).then());
  it('is quiet on a repeat after an amendment', () => given(publish(zone), amend(amended)).when(publish(zone)).then());
  it('refuses another text', () => given(publish(zone)).when(publish(amended)).thenRefused('policy-published'));
});

describe('amending', () => {
  it('adds a version', () => given(publish(zone)).when(amend(amended)).then('policy-amended'));
  it('is quiet on a repeat', () => given(publish(zone), amend(amended)).when(amend(amended)).then());
  it('needs a published policy', () => given().when(amend(zone)).thenRefused('policy-not-published'));
  it('needs a later start', () =>
    given(publish(zone))
      .when(amend(dated(zone, '2023-06-30', '2027-01-01')))
      .thenRefused('amendment-not-later'));
  it('needs a stated start', () =>
    given(publish(zone))
      .when(amend(dated(zone, null, null)))
      .thenRefused('amendment-not-later'));
  it('refuses another policy', () =>
    given(publish(zone))
      .when(amend(dated(draft, '2024-07-01', null)))
      .thenRefused('another-policy'));
  it('refuses a draft in place of a text in force', () =>
    given(publish(zone))
      .when(amend({ ...zone, status: 'draft' }))
      .thenRefused('draft-amends-nothing'));
  it('refuses an ended policy', () => given(publish(zone), repeal('2024-01-01')).when(amend(amended)).thenRefused('policy-ended'));
  it('adopts a draft', () =>
    given(publish(draft))
      .when(amend(dated(draft, '2021-12-01', '2024-01-01')))
      .then('policy-amended'));
  it('revises a draft', () =>
    given(publish(draft))
      .when(amend({ ...draft, title: '二次征求意见稿' }))
      .then('policy-amended'));
  it('may end an undated text', () =>
    given(publish(dated(zone, null, null)))
      .when(amend(amended))
      .then('policy-amended'));
});

describe('ending', () => {
  it('expires', () => given(publish(zone)).when(expire('2025-01-01')).then('policy-expired'));
  it('repeals', () => given(publish(zone)).when(repeal('2025-01-01')).then('policy-repealed'));
  it('is quiet on a repeat', () => {
    given(publish(zone), expire('2025-01-01')).when(expire('2025-01-01')).then();
    given(publish(zone), repeal('2025-01-01')).when(repeal('2025-01-01')).then();
  });
  it('happens once', () => {
    given(publish(zone), expire('2025-01-01')).when(repeal('2025-01-01')).thenRefused('policy-ended');
    given(publish(zone), repeal('2025-01-01')).when(repeal('2025-01-02')).thenRefused('policy-ended');
  });
  it('needs a published policy and an existing day', () => {
    given().when(repeal('2025-01-01')).thenRefused('policy-not-published');
    given(publish(zone)).when(expire('2025-02-30')).thenRefused('invalid-input');
  });
});

describe('what reaches back before the day it is done', () => {
  const today = dated(zone, '2024-05-01', '2025-07-01');
  const yesterday = dated(zone, '2024-04-30', '2025-07-01');

  it('needs evidence when published', () => {
    given()
      .when(bare(publish(yesterday)))
      .thenRefused('evidence-required');
    given().when({ type: 'publish', pack: yesterday, evidence: [] }).thenRefused('evidence-required');
    given()
      .when(bare(publish(dated(zone, null, null))))
      .thenRefused('evidence-required');
    given().when(publish(yesterday)).then('policy-published');
    given()
      .when(bare(publish(today)))
      .then('policy-published');
    given()
      .when(bare(publish(draft)))
      .then('policy-published');
  });
  it('needs evidence when it adopts a draft', () => {
    given(publish(draft))
      .when(bare(amend(dated(draft, '2024-04-30', null))))
      .thenRefused('evidence-required');
    given(publish(draft))
      .when(bare(amend(dated(draft, '2024-05-01', null))))
      .then('policy-amended');
  });
  it('is refused as an amendment of a text in force, documents or not', () => {
    given(publish(zone)).when(amend(yesterday)).thenRefused('amendment-retroactive');
    given(publish(zone)).when(amend(today)).then('policy-amended');
  });
  it.each([expire, repeal])('needs evidence when it ends the policy (%#)', (ending) => {
    given(publish(zone))
      .when(bare(ending('2024-04-30')))
      .thenRefused('evidence-required');
    given(publish(zone))
      .when(ending('2024-04-30'))
      .then(ending === expire ? 'policy-expired' : 'policy-repealed');
    given(publish(zone))
      .when(bare(ending('2024-05-01')))
      .then(ending === expire ? 'policy-expired' : 'policy-repealed');
  });
  it('is quiet on a repeat, whatever day it has become', () => {
    const later = { ...context, today: '2026-01-01' };
    for (const commands of [[publish(today)], [publish(zone), amend(amended)], [publish(zone), expire('2025-01-01')]]) {
      expect(policyDecider.decide(bare(commands.at(-1) as PolicyCommand), folded(history(...commands)), later)).toEqual([]);
    }
  });
  it('carries its documents and its reason in the events', () => {
    for (const event of history(publish(draft), amend(dated(draft, '2021-12-01', null)), expire('2024-04-30')))
      expect(event.evidence).toEqual(evidence);
    expect(history(publish(zone), expire('2024-04-30'))[1]?.data).toEqual({ on: '2024-04-30', reason: '期满' });
  });
});

describe('settling an interpretation', () => {
  it('records the reading', () => given(publish(opened)).when(settle()).then('interpretation-settled'));
  it('is quiet on a repeat', () => given(publish(opened), settle()).when(settle()).then());
  it('refuses another reading once settled', () =>
    given(publish(opened), settle()).when(settle('certificate-year')).thenRefused('interpretation-settled'));
  it('refuses a reading the clauses do not compute', () =>
    given(publish(opened)).when(settle('certificate-year')).thenRefused('reading-not-computed'));
  it('refuses an unknown option or question', () => {
    given(publish(opened)).when(settle('never')).thenRefused('option-not-found');
    given(publish(opened))
      .when({ type: 'settle', interpretation: 'what', chosen: 'x', reason: 'r' })
      .thenRefused('interpretation-not-found');
  });
  it('unblocks payment for decisions after it, under the published hash', () => {
    const facts = {
      'certification.kind': 'first',
      'enterprise.sme': false,
      'enterprise.aboveScale': false,
      'rd.expenditure': '3000000.00',
    };
    const outcomeUnder = (...commands: PolicyCommand[]) => {
      const version = versionInForce(folded(history(...commands)), '2024-05-01');
      expect(version?.hash).toBe(packHash(opened));
      return version && assess(version.pack, 'G01', { on: '2024-05-01', facts, policy: version }).outcome;
    };
    expect(outcomeUnder(publish(opened))).toBe('unresolved');
    expect(outcomeUnder(publish(opened), settle())).toBe('payable');
  });
});

describe('the version for a day', () => {
  const inForceOn = (on: string, ...commands: PolicyCommand[]) => versionInForce(folded(history(...commands)), on)?.version;

  it.each([
    ['2023-06-29', undefined],
    ['2023-06-30', 1],
    ['2024-06-30', 1],
    ['2024-07-01', 2],
    ['2025-06-30', 2],
    ['2025-07-01', undefined], // the first version does not come back
  ])('on %s is %s', (on, version) => expect(inForceOn(on, publish(zone), amend(amended))).toBe(version));

  it('is none once the policy has ended', () => {
    expect(inForceOn('2024-12-31', publish(zone), repeal('2025-01-01'))).toBe(1);
    expect(inForceOn('2025-01-01', publish(zone), repeal('2025-01-01'))).toBeUndefined();
    expect(inForceOn('2025-01-01', publish(zone), expire('2025-01-01'))).toBeUndefined();
  });

  it('is never a draft, but an adopted one counts from its own day', () => {
    const adopted = dated(draft, '2021-12-01', '2024-01-01');
    expect(inForceOn('2022-05-01', publish(draft))).toBeUndefined();
    expect(inForceOn('2022-05-01', publish(draft), amend(adopted))).toBe(2);
    expect(inForceOn('2021-11-30', publish(draft), amend(adopted))).toBeUndefined();
  });

  it('can be judged by when none is in force', () => {
    const state = folded(history(publish(zone), amend(amended), repeal('2025-01-01')));
    expect(versionFor(state, '2020-01-01')?.version).toBe(1);
    expect(versionFor(state, '2030-01-01')).toMatchObject({ version: 2, endedOn: '2025-01-01' });
    expect(versionFor(folded(history(publish(draft))), '2022-01-01')?.version).toBe(1);
    expect(versionFor(policyDecider.initialState, '2022-01-01')).toBeUndefined();
    expect([versionNumbered(state, 1)?.version, versionNumbered(state, 3), latestVersion(state)?.version]).toEqual([1, undefined, 2]);
  });

  it('has no limits where the text states none', () => expect(inForceOn('1999-01-01', publish(dated(zone, null, null)))).toBe(1));
});

describe('the stored pack', () => {
  it('must have the hash stored with it', () => {
    const [event] = history(publish({ ...zone, title: '另一标题' }));
    const data = { ...(event as Extract<PolicyEvent, { type: 'policy-published' }>).data, hash: '0'.repeat(64) };
    expect(() => folded([{ type: 'policy-published', data }])).toThrow(/hash/);
  });
  it('survives its way through JSON', () => {
    const events = JSON.parse(JSON.stringify(history(publish(zone), amend(amended), repeal('2025-01-01')))) as PolicyEvent[];
    expect(folded(events)).toEqual(folded(history(publish(zone), amend(amended), repeal('2025-01-01'))));
  });
});

it('any command applied a second time is quiet or refused, never doubled', () => {
  const command = fc.constantFrom(
    publish(zone),
    publish(opened),
    amend(amended),
    amend(dated(zone, '2025-01-01', null)),
    expire('2025-01-01'),
    repeal('2025-02-01'),
    settle(),
  );
  const attempt = (events: readonly PolicyEvent[], one: PolicyCommand): readonly PolicyEvent[] => {
    try {
      return policyDecider.decide(one, folded(events), context);
    } catch (error) {
      if (error instanceof Problem) return [];
      throw error;
    }
  };
  fc.assert(
    fc.property(fc.array(command, { maxLength: 6 }), (commands) => {
      let events: readonly PolicyEvent[] = [];
      for (const one of commands) {
        events = [...events, ...attempt(events, one)];
        expect(attempt(events, one)).toEqual([]);
      }
    }),
    { numRuns: 60 },
  );
});
