/**
 * npm run bench [-- name …]: one JSON line a figure on stdout, progress on stderr. A name selects the figures that
 * begin with it; without names all run, in some minutes.
 */
import 'reflect-metadata';
import { cpus, loadavg, totalmem } from 'node:os';
import { note } from './measure.mjs';

const files = ['append', 'esdb', 'command', 'http', 'assess', 'projector', 'as-of', 'recompute', 'import', 'memory', 'start', 'postgres'];
const wanted = process.argv.slice(2);
const figures = {};
for (const file of files) Object.assign(figures, (await import(`./${file}.mjs`)).figures);
const chosen = Object.entries(figures).filter(([name]) => wanted.length === 0 || wanted.some((prefix) => name.startsWith(prefix)));
if (chosen.length === 0) {
  note(`no figure begins with ${wanted.join(' or ')}; there are ${Object.keys(figures).join(', ')}`);
  process.exit(2);
}
note(
  `node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'cpu'}, ${Math.round(totalmem() / 2 ** 30)} GB, load ${loadavg()[0].toFixed(2)}`,
);
for (const [, run] of chosen) await run();
