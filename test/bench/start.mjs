/** start.*: from spawning the server to its first healthy answer. Values in seconds; ratio = limit/value, where the limit is what is allowed. */
import { median, report, withFolder } from './measure.mjs';
import { startServer } from './server.mjs';

const ALLOWED_SECONDS = 3;
const TIMES = 5;

async function startFigure(name, { existing = false, command } = {}) {
  const times = [];
  const timed = async (folder) => {
    const server = await startServer(folder, { command });
    await server.stop();
    return server.readySeconds;
  };
  for (let time = 0; time < TIMES; time += 1) {
    await withFolder(async (folder) => {
      if (existing) await timed(folder);
      times.push(await timed(folder));
    });
  }
  const value = median(times);
  report({ name, value, unit: 's', limit: ALLOWED_SECONDS, ratio: ALLOWED_SECONDS / value, target: 1, rounds: TIMES });
}

export const figures = {
  'start.cold.empty': () => startFigure('start.cold.empty'),
  'start.cold.existing': () => startFigure('start.cold.existing', { existing: true }),
  'start.npm': () => startFigure('start.npm', { command: ['npm', 'start'] }),
};
