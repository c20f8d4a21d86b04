import { describe, expect, it } from '@jest/globals';
import { SideBySide } from './side-by-side.js';

/** Workers that go on when told. */
function held() {
  const waiting: (() => void)[] = [];
  return { wait: () => new Promise<void>((go) => waiting.push(go)), go: () => waiting.shift()?.() };
}

const turn = () => new Promise(setImmediate);

describe('SideBySide', () => {
  it('gives every worker every page in order, the quick not waiting for the slow', async () => {
    const slow = held();
    const seen: string[] = [];
    const groups = new SideBySide<number>(
      [
        async (page) => void seen.push(`quick ${page}`),
        async (page) => {
          await slow.wait();
          seen.push(`slow ${page}`);
        },
      ],
      2,
      2,
    );
    await groups.give(1);
    await groups.give(2);
    await turn();
    expect(seen).toEqual(['quick 1', 'quick 2']);
    const taken = groups.taken();
    for (let no = 0; no < 2; no += 1) {
      slow.go();
      await turn();
    }
    await taken;
    expect(seen).toEqual(['quick 1', 'quick 2', 'slow 1', 'slow 2']);
  });

  it('holds the next page back while somebody is too far behind', async () => {
    const slow = held();
    const groups = new SideBySide<number>([() => slow.wait(), async () => undefined], 2, 1);
    await groups.give(1);
    let given = false;
    const second = groups.give(2).then(() => (given = true));
    await turn();
    expect(given).toBe(false);
    slow.go();
    await second;
    await turn();
    slow.go();
    await groups.ended();
  });

  it('has no more at work than it may, and lets those that wait come in their order', async () => {
    const slow = held();
    const seen: string[] = [];
    const worker = (name: string) => async (page: number) => {
      seen.push(`${name}${page}`);
      await slow.wait();
    };
    const groups = new SideBySide<number>(['a', 'b', 'c'].map(worker), 2, 2);
    await groups.give(1);
    await groups.give(2);
    await turn();
    expect(seen).toEqual(['a1', 'b1']);
    for (let no = 0; no < 6; no += 1) {
      slow.go();
      await turn();
    }
    await groups.taken();
    expect(seen).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'c2']);
  });

  it('tells what a worker threw, gives it no more pages, and has ended when all have', async () => {
    const slow = held();
    const seen: number[] = [];
    let ended = false;
    const groups = new SideBySide<number>(
      [
        async (page) => {
          seen.push(page);
          throw new Error(`fault at ${page}`);
        },
        () => slow.wait(),
      ],
      2,
      1,
    );
    await groups.give(1);
    await expect(groups.give(2)).rejects.toThrow('fault at 1');
    const end = groups.ended().then(() => (ended = true));
    await turn();
    expect(ended).toBe(false);
    slow.go();
    await turn();
    slow.go();
    await end;
    expect(seen).toEqual([1]);
  });
});
