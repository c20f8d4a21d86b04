import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when a condition has come to hold, however long that takes: the time limit of the test is the only one. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}
