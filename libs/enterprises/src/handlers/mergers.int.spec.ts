import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc, { type Scheduler } from 'fast-check';
import { type EventStore, Executor, EventCodec, SqliteEventStore } from '@app/event-store';
import { type CreditCode, withCheckCharacter } from '@app/kernel';
import { enterpriseDecider } from '../decide.js';
import { enterpriseEvents } from '../enterprise.codec.js';
import { paper, vocabulary } from '../enterprise.fixture.js';
import { enterpriseStream } from '../enterprise.js';
import { RunEnterpriseCommand, RunEnterpriseCommandHandler } from './run-enterprise-command.js';

/** A replica's way to the store: the scheduler decides whose call comes next. */
function scheduled(store: EventStore, scheduler: Scheduler): EventStore {
  const turn = () => scheduler.schedule(Promise.resolve());
  return {
    ...store,
    append: async (...call) => turn().then(() => store.append(...call)),
    findEvent: async (id) => turn().then(() => store.findEvent(id)),
    async *readStream(...call) {
      await turn();
      yield* store.readStream(...call);
    },
  };
}

function refused(error: unknown): void {
  expect(error).toMatchObject({ code: expect.stringMatching(/^survivor-(merged|is-absorbed)$/) });
}

describe('mergers on several replicas at once', () => {
  let folder: string;
  let store: SqliteEventStore;
  let runs = 0;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mergers-'));
    store = new SqliteEventStore(join(folder, 'ledger.db'), new EventCodec(enterpriseEvents), { now: () => new Date() });
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([2, 3])('never close a whole ring of %i, however their steps fall', async (length) => {
    const decider = enterpriseDecider(vocabulary);
    const dossier = async (code: CreditCode) => (await new Executor(store).load(decider, enterpriseStream(code))).state;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        runs += 1;
        const context = (commandId: string) => ({
          commandId: `${commandId} ${runs}`,
          contentHash: commandId,
          actor: { id: 'administrator.zhou', unit: '区经发局', roles: ['administrator'] as const },
          effectiveOn: '2026-03-01',
          today: '2026-03-01',
          correlationId: commandId,
          causationId: commandId,
        });
        const ring = Array.from({ length }, (_, index) => withCheckCharacter(`91360700MA${String(runs * 10 + index).padStart(7, '0')}`));
        for (const code of ring) {
          const register = { type: 'register', creditCode: code, name: `环${code}公司` } as const;
          await new Executor(store).execute(decider, enterpriseStream(code), register, context(`register ${code}`));
        }
        const merger = (code: CreditCode, over: EventStore) => {
          const replica = new RunEnterpriseCommandHandler(new Executor(over), vocabulary);
          const survivor = ring[(ring.indexOf(code) + 1) % length] as CreditCode;
          const command = { type: 'merge', survivor, reason: '吸收合并', evidence: paper } as const;
          return replica.execute(new RunEnterpriseCommand(code, command, context(`merge ${code}`)));
        };
        const standing = async () => {
          const dossiers = await Promise.all(ring.map(dossier));
          return dossiers.filter(({ status }) => status === 'registered').length;
        };
        const answers = await scheduler.waitFor(Promise.allSettled(ring.map((code) => merger(code, scheduled(store, scheduler)))));
        expect(await standing()).toBe(answers.filter(({ status }) => status === 'rejected').length);
        expect(await standing()).toBeGreaterThan(0);
        // In lock step they may all give up; whoever is told to retry comes to an end.
        for (const [index, code] of ring.entries()) if (answers[index]?.status === 'rejected') await merger(code, store).catch(refused);
        expect(await standing()).toBe(1);
      }),
      { numRuns: 60 },
    );
  });
});
