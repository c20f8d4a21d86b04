import { describe, expect, it } from '@jest/globals';
import { MISSING } from '../unit-of-work.js';
import { RowCache } from './row-cache.js';

const row = (id: string) => ({ row: { id }, since: 1 });

describe('RowCache', () => {
  it('knows nothing of a table that others may have filled', () => {
    const cache = new RowCache(10);
    expect(cache.of('award').get('a')).toBe(MISSING);
    cache.of('award').set('a', row('a'));
    cache.of('award').set('b', undefined);
    expect(cache.of('award').get('a')).toEqual(row('a'));
    expect(cache.of('award').get('b')).toBeUndefined();
  });

  it('knows of a table it saw begin what is not there, also when rows had to be let go', () => {
    const cache = new RowCache(10);
    cache.begun('award');
    const table = cache.of('award');
    for (let no = 0; no < 100; no += 1) table.set(`old ${no}`, row(`old ${no}`));
    expect(table.get('old 3')).toBe(MISSING);
    expect(table.get('old 99')).toEqual(row('old 99'));
    expect(table.get('new')).toBeUndefined();
  });

  it('keeps rows that are used while others come', () => {
    const cache = new RowCache(10);
    const table = cache.of('award');
    table.set('hot', row('hot'));
    for (let no = 0; no < 100; no += 1) {
      table.set(`cold ${no}`, row('cold'));
      expect(table.get('hot')).toEqual(row('hot'));
    }
  });

  it('keeps no more than twice as many as it is told, of all tables together', () => {
    const cache = new RowCache(10);
    const ids = Array.from({ length: 100 }, (_, no) => String(no));
    for (const id of ids) cache.of(`table ${Number(id) % 3}`).set(id, row(id));
    const kept = ids.filter((id) => cache.of(`table ${Number(id) % 3}`).get(id) !== MISSING);
    expect(kept.length).toBeGreaterThanOrEqual(10);
    expect(kept.length).toBeLessThanOrEqual(20);
    expect(kept).toContain('99');
  });

  it('knows of a row that was removed and comes again', () => {
    const cache = new RowCache(10);
    cache.begun('award');
    cache.of('award').set('a', row('a'));
    cache.of('award').set('a', undefined);
    expect(cache.of('award').get('a')).toBeUndefined();
    cache.of('award').set('a', row('a'));
    expect(cache.of('award').get('a')).toEqual(row('a'));
  });

  it('forgets tables that somebody else may have written: nothing is known of what is not there either', () => {
    const cache = new RowCache(10);
    cache.begun('award');
    cache.of('award').set('a', row('a'));
    cache.forget(['award']);
    expect(cache.of('award').get('a')).toBe(MISSING);
    expect(cache.of('award').get('b')).toBe(MISSING);
  });
});
