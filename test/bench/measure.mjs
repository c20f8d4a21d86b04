/** What every figure shares: fair pairs of runs, one JSON line a figure, temporary folders that go away. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

export const note = (text) => process.stderr.write(`${text}\n`);

/**
 * Prints one figure. `ratio` is always the larger the better: value/limit for a rate, limit/value for seconds and
 * megabytes; `target` is the ratio to reach.
 */
export function report({ name, value, unit, limit, ratio, target, ...rest }) {
  const line = { name, value: rounded(value), unit, limit: rounded(limit), ratio: Number(ratio.toPrecision(3)), target, ...rest };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  note(
    `${target === undefined || line.ratio >= target ? '  ok  ' : '  LOW '} ${name}: ${line.value} of ${line.limit} ${unit}, ratio ${line.ratio}${target === undefined ? '' : ` (target ${target})`}`,
  );
}

const rounded = (value) => Number(value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/**
 * Measures ours against the bare machine in many short turns, so that whatever else runs here burdens both: disks and
 * neighbours change from second to second. Each side does its next slice of work and answers with its operations a
 * second. Reported is the turn with the median ratio: the two numbers of one pair.
 */
export async function duel({ name, unit, target, rounds, ...rest }, ours, bare) {
  const pairs = [];
  for (let round = 0; round < rounds; round += 1) {
    const pair = {};
    for (const side of round % 2 === 0 ? ['ours', 'bare'] : ['bare', 'ours']) {
      globalThis.gc?.();
      pair[side] = await (side === 'ours' ? ours : bare)(round);
    }
    pairs.push(pair);
  }
  const ratioOf = ({ ours: value, bare: limit }) => value / limit;
  note(
    `  ${name}: ratios ${pairs
      .map(ratioOf)
      .sort((a, b) => a - b)
      .map((ratio) => ratio.toFixed(2))
      .join(' ')}`,
  );
  const middle = median(pairs, ratioOf);
  report({ name, value: middle.ours, unit, limit: middle.bare, ratio: ratioOf(middle), target, rounds, ...rest });
}

export function median(items, by = (item) => item) {
  return [...items].sort((a, b) => by(a) - by(b))[Math.floor(items.length / 2)];
}

/** Seconds that a piece of work takes. */
export async function seconds(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Runs work with a folder of its own, on the disk of TMPDIR, and removes it afterwards. */
export async function withFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `clients` workers that take numbers from 0 to `count` until none is left. */
export async function concurrently(clients, count, work) {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: clients }, worker));
}
