import { syncBuiltinESMExports } from 'node:module';
import FakeTimers from '@sinonjs/fake-timers';
import { piecesPassed } from '../stand-in/in-process.mjs';
import { seededRandom } from './random.js';

const FAKED = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'Date',
  'performance',
  'hrtime',
] as const;
/** For so many turns of the event loop nothing passes on connections within this process before they count as quiet. */
const QUIET_TURNS = 5;
/** So long nothing to wait for that is known here, and the work counts as stuck; other threads that compute are not known. */
const STUCK_MS = 30_000;

const onTurn = globalThis.setImmediate;
const realNow = performance.now.bind(performance);
const turn = () => new Promise<void>((resolve) => onTurn(resolve));

/** How much of each kind this process waits for from outside: files, other threads. Timers are not of these. */
function awaited(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo())
    if (kind !== 'Immediate' && kind !== 'Timeout') counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** The name of the function that calls whoever asks, as it stands there: source maps would have others in their stacks. */
function placeOfCaller(): string {
  const { prepareStackTrace } = Error;
  Error.prepareStackTrace = (_, [, , caller]) => caller?.getFunctionName();
  const { stack: place } = new Error();
  Error.prepareStackTrace = prepareStackTrace;
  return place ?? '';
}

/** For `Math.random`. Each place draws a sequence of its own, which nothing moves that others draw, for names of chance say. */
function randomByPlace(seed: number): () => number {
  const places = new Map<string, () => number>();
  return () => {
    const place = placeOfCaller();
    const known = places.get(place);
    if (known !== undefined) return known();
    const sequence = seededRandom([...place].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), seed));
    places.set(place, sequence);
    return sequence();
  };
}

/**
 * A time of this process's own. What is computed takes none of it; when all there is to do waits for a timer, the clock
 * jumps to the first that is due. So nobody waits, and what happens in which order follows from the work and the seed, on
 * any machine, each time the same. Only for work that waits for nobody else: over the network, or with another process,
 * order is a matter of chance. A spec needs the environment `virtual-environment.mjs` for it.
 */
export class VirtualTime {
  private readonly random = Math.random;
  private readonly before = awaited();
  // It begins now: certificates made in this time have to hold outside as well.
  private readonly clock = FakeTimers.install({ now: Date.now(), toFake: [...FAKED], shouldClearNativeTimers: true });

  private constructor(seed: number) {
    Math.random = randomByPlace(seed);
    syncBuiltinESMExports();
  }

  static begin(seed: number): VirtualTime {
    return new VirtualTime(seed);
  }

  private get isAwaited(): boolean {
    return [...awaited()].some(([kind, count]) => count > (this.before.get(kind) ?? 0));
  }

  /**
   * Time goes on while the work is done, and stands still before and after.
   * @throws Error when the work waits for something that nothing will bring about.
   */
  async while<Result>(work: () => Promise<Result>, stuckMs = STUCK_MS): Promise<Result> {
    const { clock } = this;
    let isOver = false;
    const result = work().finally(() => (isOver = true));
    // It may fail before it is waited for.
    result.catch(() => undefined);
    for (let [pieces, quiet, moved] = [0, 0, realNow()]; !isOver; await turn()) {
      if (this.isAwaited) continue;
      quiet = pieces === piecesPassed() ? quiet + 1 : 0;
      pieces = piecesPassed();
      if (quiet < QUIET_TURNS) continue;
      if (clock.countTimers() > 0) moved = realNow();
      if (realNow() - moved > stuckMs) throw new Error('the work waits for something that nothing will bring about');
      clock.next();
    }
    return result;
  }

  end(): void {
    // Dates of this time may be kept for long, and they keep the clock; what waited for it is not to be kept with it.
    this.clock.reset();
    this.clock.uninstall();
    Math.random = this.random;
    syncBuiltinESMExports();
  }
}

/** Does work in a time of its own. @throws Error when it waits for something that nothing will bring about. */
export async function inVirtualTime<Result>(work: () => Promise<Result>, seed: number, stuckMs?: number): Promise<Result> {
  const time = VirtualTime.begin(seed);
  try {
    return await time.while(work, stuckMs);
  } finally {
    time.end();
  }
}
