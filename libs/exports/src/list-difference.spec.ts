import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { withChanges } from './difference.fixture.js';
import { type ItemDifference, listDifference, type Matching, TooManyItems } from './list-difference.js';
import { isSame, type JsonObject } from './value.js';

async function* pagesOf(items: readonly JsonObject[], size = 2): AsyncGenerator<readonly JsonObject[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
async function differ(earlier: readonly JsonObject[], later: readonly JsonObject[], matching: Matching, most?: number) {
  const found: ItemDifference[] = [];
  for await (const one of listDifference(pagesOf(earlier), pagesOf(later), matching, most)) found.push(one);
  return found;
}

const list = fc
  .dictionary(
    fc.constantFrom('a', 'a-b', 'a.b', 'b', '乙', '𠀀', '\uFF21'),
    fc.record({ status: fc.constantFrom('open', 'closed'), ageDays: fc.nat(3) }),
  )
  .map((items) =>
    Object.entries(items)
      .map(([award, rest]): JsonObject => ({ award, ...rest }))
      .sort((one, other) => Buffer.compare(Buffer.from(one['award'] as string), Buffer.from(other['award'] as string))),
  );
const KEYED: Matching = { key: ['award'], passing: ['ageDays'] };

describe('the difference between two lists', () => {
  it('made in the earlier list, gives the later one, whether the lists have an order or not', async () => {
    await fc.assert(
      fc.asyncProperty(list, list, fc.boolean(), async (earlier, later, ordered) => {
        const items = new Map(earlier.map((item) => [item['award'], item]));
        for (const one of await differ(earlier, later, { ...KEYED, ...(ordered && { ordered }) })) {
          const { award } = one.key;
          if (one.change === 'removed') items.delete(award);
          else items.set(award, one.change === 'added' ? one.item : (withChanges(items.get(award), one.changes) as JsonObject));
        }
        const lasting = (all: Iterable<JsonObject>) => new Map([...all].map(({ award, status }) => [award, status]));
        expect(lasting(items.values())).toEqual(lasting(later));
      }),
    );
  });

  it('is the same for lists with an order, found with one item of each in hand', async () => {
    await fc.assert(
      fc.asyncProperty(list, list, async (earlier, later) => {
        const sorted = (found: readonly ItemDifference[]) => found.map((one) => JSON.stringify(one)).sort();
        expect(sorted(await differ(earlier, later, { ...KEYED, ordered: true }))).toEqual(sorted(await differ(earlier, later, KEYED)));
      }),
    );
  });

  it('is nothing where only days have passed', async () => {
    expect(await differ([{ award: 'a', ageDays: 1 }], [{ award: 'a', ageDays: 30 }], KEYED)).toEqual([]);
  });

  it('compares items nobody has named a key of by all they say, as often as they say it', async () => {
    const found = await differ([{ x: 1 }, { x: 1 }, { x: 2 }], [{ x: 2 }, { x: 1 }], {});
    expect(found).toEqual([{ change: 'removed', key: { x: 1 }, item: { x: 1 } }]);
  });

  it('holds no more than it may, and does not trust an order that is none', async () => {
    const items = ['c', 'a', 'b'].map((award): JsonObject => ({ award }));
    await expect(differ(items, [], KEYED, 2)).rejects.toThrow(TooManyItems);
    await expect(differ(items, [], { ...KEYED, ordered: true })).rejects.toThrow('not in the order of award');
    expect(isSame((await differ(items, items, KEYED)) as never, [])).toBe(true);
  });
});
