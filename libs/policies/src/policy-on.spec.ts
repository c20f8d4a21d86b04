import { describe, expect, it } from '@jest/globals';
import { bundledPacks } from './bundled-packs.js';
import { canonicalPack, packHash } from './load-pack.js';
import type { Pack } from './pack.js';
import type { PolicyEvent } from './policy.js';
import { policyOn } from './policy-on.js';

const zone = bundledPacks().find(({ id }) => id === 'ganzhou-etdz-2023') as Pack;
const text = (status: Pack['status'], from: string | null): Pack => ({ ...zone, status, force: { from, until: null, note: '测试' } });
const data = (pack: Pack, version: number) => ({
  pack: canonicalPack(pack),
  hash: packHash(pack),
  version,
  from: pack.force.from,
  until: pack.force.until,
  status: pack.status,
});
const RECORDED = '2026-05-01';
const on = (day: string, ...events: readonly PolicyEvent[]) => {
  const state = policyOn(
    events.map((event) => ({ event, effectiveOn: RECORDED })),
    day,
  );
  if (state.status === 'unpublished') return state.status;
  return [state.status, ...state.versions.map(({ version }) => version)].join(' ');
};

const published: PolicyEvent = { type: 'policy-published', data: data(text('in-force', '2023-06-30'), 1) };
const amended: PolicyEvent = { type: 'policy-amended', data: { ...data(text('in-force', '2027-01-01'), 2), reason: '修订' } };
const repealed: PolicyEvent = { type: 'policy-repealed', data: { on: '2024-01-01', reason: '废止' } };

describe('a policy on a day', () => {
  it('has the texts that had begun, whenever the ledger was told of them', () => {
    expect(on('2023-06-29', published, amended)).toBe('unpublished');
    expect(on('2023-06-30', published, amended)).toBe('published 1');
    expect(on('2026-12-31', published, amended)).toBe('published 1');
    expect(on('2027-01-01', published, amended)).toBe('published 1 2');
    expect(on('1990-01-01', { type: 'policy-published', data: data(text('in-force', null), 1) })).toBe('published 1');
  });

  it('has ended from the day its end names', () => {
    expect(on('2023-12-31', published, repealed)).toBe('published 1');
    expect(on('2024-01-01', published, repealed)).toBe('ended 1');
  });

  it('has a draft since it was published, also where the text in force began before', () => {
    const draft: PolicyEvent = { type: 'policy-published', data: data(text('draft', null), 1) };
    expect(on(RECORDED, draft)).toBe('published 1');
    expect(on('2026-04-30', draft)).toBe('unpublished');
    const issued: PolicyEvent = { type: 'policy-amended', data: { ...data(text('in-force', '2022-01-10'), 2), reason: '正式印发' } };
    expect(on('2024-01-01', draft, issued)).toBe('published 2');
  });

  it('has the answer to an open question since it was given', () => {
    const reading = 'year-before-certificate';
    const open: Pack = {
      ...text('in-force', '2023-06-30'),
      interpretations: zone.interpretations.map((one) => (one.id === 'rd-year' ? { ...one, chosen: null, simulatedAs: reading } : one)),
    };
    const settled: PolicyEvent = {
      type: 'interpretation-settled',
      data: { version: 1, interpretation: 'rd-year', chosen: reading, reason: '会议' },
    };
    const chosenOn = (day: string) => {
      const events = [{ type: 'policy-published', data: data(open, 1) } as const, settled].map((event) => ({
        event,
        effectiveOn: RECORDED,
      }));
      const state = policyOn(events, day);
      return state.status === 'unpublished' ? undefined : state.versions[0].pack.interpretations.find(({ id }) => id === 'rd-year')?.chosen;
    };
    expect([chosenOn('2026-04-30'), chosenOn(RECORDED)]).toEqual([null, reading]);
  });
});
