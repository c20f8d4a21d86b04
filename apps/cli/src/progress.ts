import { SingleBar } from 'cli-progress';
import { note } from './output.js';

const EVERY_MS = 5_000;

export interface Progress {
  (what: string, done: number, total: number): void;
  stop(): void;
}

/** Tells on stderr how far long work has come: a bar where somebody watches, a line now and then where it is kept. */
export function showProgress(): Progress {
  const bar = process.stderr.isTTY ? new SingleBar({ format: '{what} [{bar}] {value}/{total}', stream: process.stderr }) : undefined;
  let told = performance.now();
  let doing: string | undefined;
  const progress = (what: string, done: number, total: number) => {
    if (bar !== undefined) {
      if (doing !== what) bar.start(total, done, { what });
      else bar.update(done);
    } else if (doing !== what || performance.now() - told > EVERY_MS) {
      told = performance.now();
      note(`${what} ${done}/${total}`);
    }
    doing = what;
  };
  return Object.assign(progress, { stop: () => bar?.stop() });
}
