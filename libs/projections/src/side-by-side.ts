/**
 * Gives pages to several workers, each of which takes them one after the other and does not wait for the others, so that those
 * with much to do are at it all the time. The pages that somebody has still to take are in memory: there are few of them.
 */
export class SideBySide<Page> {
  private readonly ends: Promise<void>[];
  private readonly underWay: Promise<unknown>[] = [];
  private readonly waiting: (() => void)[] = [];
  private free: number;

  /** `atOnce`: so many are at work at most. `ahead`: so many pages the first may be ahead of the last. */
  constructor(
    private readonly workers: readonly ((page: Page) => Promise<void>)[],
    atOnce: number,
    private readonly ahead: number,
  ) {
    this.ends = workers.map(() => Promise.resolve());
    this.free = atOnce;
  }

  /** Resolves when the next page may come. @throws what a worker threw: it takes no more pages. */
  async give(page: Page): Promise<void> {
    this.workers.forEach((work, index) => {
      this.ends[index] = (this.ends[index] as Promise<void>).then(() => this.inTurn(() => work(page)));
    });
    const taken = Promise.all(this.ends);
    // Told to whoever gives the next page or waits for the end.
    taken.catch(() => undefined);
    this.underWay.push(taken);
    if (this.underWay.length > this.ahead) await this.underWay.shift();
  }

  /** Resolves when all have taken every page. @throws what a worker threw. */
  async taken(): Promise<void> {
    while (this.underWay.length > 0) await this.underWay.shift();
  }

  /** Resolves when nobody is at work any more, whatever became of it. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.ends);
  }

  private async inTurn(work: () => Promise<void>): Promise<void> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((go) => this.waiting.push(go));
    try {
      await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.free += 1;
      else next();
    }
  }
}
