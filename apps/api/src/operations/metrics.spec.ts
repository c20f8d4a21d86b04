import { describe, expect, it } from '@jest/globals';
import type { EventStore } from '@app/event-store';
import type { SubscriberStatus, Subscriptions } from '@app/projections';
import { Metrics } from './metrics.js';

const NAMES = ['awards', 'payments', 'persons'];

describe('metrics', () => {
  it('are whole for each of several who ask at the same time', async () => {
    const status = NAMES.map((name, index): SubscriberStatus => ({ name, kind: 'projection', position: index, state: 'running' }));
    const subscriptions = { probe: async () => undefined, status: () => status } as unknown as Subscriptions;
    /** A ledger of nine events that does not say what stands after a position before it is let. */
    const holding = (held: number) => {
      let letOn: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => (letOn = resolve));
      const store = {
        head: async () => 9,
        async *readAll({ after }: { after: number }) {
          if (after === held) await gate;
          yield Array.from({ length: 9 - after }, () => ({ recordedAt: '2024-05-01T04:00:00.000Z' }));
        },
      } as unknown as EventStore;
      return { store, letOn: () => letOn() };
    };
    const metrics = new Metrics();
    const [first, second] = [holding(2), holding(0)];
    const turns = async () => {
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    };
    // The second begins while the first has not found out all, and ends after it.
    const asked = [metrics.text(first.store, subscriptions)];
    await turns();
    asked.push(metrics.text(second.store, subscriptions));
    await turns();
    first.letOn();
    await asked[0];
    second.letOn();
    for (const text of await Promise.all(asked))
      expect(text.match(/^ledger_subscriber_lag_events\{.*$/gm)).toEqual(
        NAMES.map((name, index) => `ledger_subscriber_lag_events{name="${name}",kind="projection"} ${9 - index}`),
      );
  });
});
