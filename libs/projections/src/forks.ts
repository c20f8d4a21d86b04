/**
 * A relational interval tree (Kriegel, Pötke, Seidl: Managing Intervals Efficiently in Object-Relational Databases, VLDB 2000)
 * over positions. Each former row held from one position to another; it is filed under the one number of that span which
 * is divisible by the highest power of two. Whatever held at a position is filed under one of a few dozen numbers that
 * the position tells, so that a row with a hundred thousand former versions is found as quickly as one with two.
 */

/** The number under which what held in `[since, until)` is filed. `since < until`. */
export function forkNode(since: number, until: number): number {
  const last = until - 1;
  if (last === since) return since;
  // The lowest power of two at which both ends fall together; half of it tells them apart, and its multiple lies between.
  let power = 2;
  while (Math.floor(since / power) !== Math.floor(last / power)) power *= 2;
  const half = power / 2;
  return Math.floor(last / half) * half;
}

/**
 * Every number under which something that held at a position may be filed, when nothing is filed under one beyond `end`.
 * As many numbers for every position, so that questions about any of them are one statement with other parameters.
 */
export function nodesAt(position: number, end: number): readonly number[] {
  const nodes = [position];
  for (let power = 1; power <= end; power *= 2) {
    const block = Math.floor(position / power);
    nodes.push((block % 2 === 1 ? block : block + 1) * power);
  }
  return nodes;
}
