import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventCodec, SqliteEventStore } from '@app/event-store';
import { derivedId } from '@app/kernel';
import { Projector } from './projector.js';
import { positionAt, RecordingTimesProjection } from './recording-times.js';
import { SqliteReadModels } from './sqlite-read-models.js';

const START = Date.parse('2024-05-01T00:00:00Z');

describe('the position of a time', () => {
  it('is that of the last event recorded by then; a clock set back brings nothing later into view', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -1_500, max: 3_000 }), { minLength: 1, maxLength: 40 }),
        fc.array(fc.integer({ min: -2_000, max: 60_000 }), { minLength: 5, maxLength: 5 }),
        async (steps, asked) => {
          const folder = mkdtempSync(join(tmpdir(), 'times-'));
          let now = START;
          const store = new SqliteEventStore(join(folder, 'l.db'), new EventCodec({ noted: { version: 1 } }), { now: () => new Date(now) });
          const readModels = new SqliteReadModels(join(folder, 'r.db'));
          const projector = new Projector(store, readModels);
          projector.add(new RecordingTimesProjection());
          projector.start();
          const recorded: number[] = [];
          for (const [index, step] of steps.entries()) {
            now += step;
            recorded.push(now);
            await store.append('a', index - 1, [noted(index)]);
          }
          await projector.reached(steps.length, 60_000);
          // What was recorded counts as recorded at the latest time before.
          const latest = recorded.map((_, index) => Math.max(...recorded.slice(0, index + 1)));
          for (const offset of [...asked, ...recorded.map((at) => at - START), ...recorded.map((at) => at - START - 1)]) {
            const at = START + offset;
            expect(await positionAt(new Date(at), store, readModels)).toBe(latest.filter((time) => time <= at).length);
          }
          await projector.stop();
          await readModels.close();
          await store.close();
          rmSync(folder, { recursive: true, force: true });
        },
      ),
      { numRuns: 25 },
    );
  });
});

function noted(no: number) {
  const id = derivedId('times', String(no));
  const metadata = {
    effectiveOn: '2024-01-01',
    actor: { id: 'a', unit: 'u', roles: [] },
    commandId: id,
    commandHash: 'h',
    correlationId: id,
    causationId: id,
  };
  return { id, type: 'noted', data: {}, metadata };
}
