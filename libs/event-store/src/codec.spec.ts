import { describe, expect, it } from '@jest/globals';
import { EventCodec, type EventDefinitions } from './codec.js';

/** Payloads as they were written by earlier releases, letter for letter. */
const WRITTEN_BY_RELEASE_1 = '{"payee":"91350100M000100Y43","sum":"400000.00"}';
const WRITTEN_BY_RELEASE_2 = '{"payee":"91350100M000100Y43","amount":"400000.00"}';
const WRITTEN_BY_RELEASE_3 = '{"payee":"91350100M000100Y43","instalments":[{"number":1,"amount":"400000.00"}]}';

type SampleEvent = { readonly type: 'grant-made'; readonly data: unknown } | { readonly type: 'grant-revoked'; readonly data: unknown };

const definitions: EventDefinitions<SampleEvent> = {
  'grant-made': {
    version: 3,
    upcasters: {
      1: ({ sum, ...rest }: { sum: string; payee: string }) => ({ ...rest, amount: sum }),
      2: ({ amount, ...rest }: { amount: string; payee: string }) => ({ ...rest, instalments: [{ number: 1, amount }] }),
    },
  },
  'grant-revoked': { version: 1 },
};

const codec = new EventCodec(definitions);

describe('storedName', () => {
  it('is the domain name with its current version', () => {
    expect(codec.storedName('grant-made')).toBe('grant-made.v3');
    expect(codec.storedName('grant-revoked')).toBe('grant-revoked.v1');
    expect(codec.storedNames('grant-made')).toEqual(['grant-made.v1', 'grant-made.v2', 'grant-made.v3']);
  });

  it.each(['grant-paid', 'grant-made.v3', '', 'constructor', '__proto__'])('refuses %j, which no feature has defined', (type) => {
    expect(() => codec.storedName(type)).toThrow('not defined');
    expect(() => codec.storedNames(type)).toThrow('not defined');
  });
});

describe('decode', () => {
  it.each([
    ['grant-made.v1', WRITTEN_BY_RELEASE_1],
    ['grant-made.v2', WRITTEN_BY_RELEASE_2],
    ['grant-made.v3', WRITTEN_BY_RELEASE_3],
  ])('lifts a literal payload of %s to the current version', (storedName, written) => {
    expect(codec.decode(storedName, JSON.parse(written))).toEqual({ type: 'grant-made', data: JSON.parse(WRITTEN_BY_RELEASE_3) });
  });

  it('leaves a current payload as it is', () => {
    const data = { reason: 'other' };
    expect(codec.decode('grant-revoked.v1', data)).toEqual({ type: 'grant-revoked', data });
  });

  it('runs each step once, in order, from the version that was stored', () => {
    const steps = (version: number) => ({
      version,
      upcasters: Object.fromEntries(
        Array.from({ length: version - 1 }, (_, index) => [index + 1, (seen: number[]) => [...seen, index + 1]]),
      ),
    });
    const traced = new EventCodec({ traced: steps(5) });
    expect(traced.decode('traced.v1', []).data).toEqual([1, 2, 3, 4]);
    expect(traced.decode('traced.v3', []).data).toEqual([3, 4]);
    expect(traced.decode('traced.v5', []).data).toEqual([]);
  });

  it.each(['grant-made.v4', 'grant-made.v0', 'grant-made', 'grant-paid.v1', 'grant-made.v03', '', 'toString'])(
    'stops at %j, which it does not know',
    (name) => {
      expect(() => codec.decode(name, {})).toThrow('unknown event type');
    },
  );
});

describe('definitions', () => {
  it.each([
    ['the first step', { 2: (data: unknown) => data }],
    ['the last step', { 1: (data: unknown) => data }],
    ['every step', undefined],
  ])('are refused at start when an upcaster is missing: %s', (_which, upcasters) => {
    expect(() => new EventCodec({ 'grant-made': { version: 3, upcasters } })).toThrow(/grant-made has no upcaster from version [12]/);
  });

  it.each([0, -1, 1.5, Number.NaN])('are refused with version %p', (version) => {
    expect(() => new EventCodec({ 'grant-made': { version } })).toThrow('bad event definition');
  });

  it.each(['GrantMade', 'grant made', '', '1grant', 'grant-made.v1', '-grant'])('are refused with the name %j', (type) => {
    expect(() => new EventCodec({ [type]: { version: 1 } })).toThrow('bad event definition');
  });
});
