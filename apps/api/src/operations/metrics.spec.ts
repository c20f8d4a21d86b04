import { describe, expect, it } from '@jest/globals';
import type { EventStore } from '@app/event-store';
import { Problem } from '@app/kernel';
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

  /** What is told of a ledger in which nothing waits. */
  const textOf = (metrics: Metrics, ...statuses: readonly SubscriberStatus[]) => {
    const subscriptions = { probe: async () => undefined, status: () => statuses } as unknown as Subscriptions;
    return metrics.text({ head: async () => 9 } as unknown as EventStore, subscriptions);
  };
  const valueOf = (text: string, series: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')[1],
    );

  it('tell for how long a position has not moved, which is since the start where it never has', async () => {
    const moved = (name: string, movedAt?: string): SubscriberStatus => ({
      name,
      kind: 'projection',
      position: 9,
      state: 'running',
      ...(movedAt !== undefined && { movedAt }),
    });
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
    const text = await textOf(
      new Metrics(),
      moved('long-ago', hourAgo),
      moved('never'),
      moved('by-a-clock-ahead', '2999-01-01T00:00:00.000Z'),
    );
    const ageOf = (name: string) => valueOf(text, `ledger_subscriber_checkpoint_age_seconds{name="${name}",kind="projection"}`);
    expect(ageOf('long-ago')).toBeGreaterThanOrEqual(3_600);
    expect(ageOf('long-ago')).toBeLessThan(7_200);
    expect(ageOf('never')).toBeLessThan(3_600);
    expect(ageOf('by-a-clock-ahead')).toBe(0);
  });

  it('tell what waits for the store while it waits, whom it met there, and what was decided again', async () => {
    const metrics = new Metrics();
    const command = { kind: 'command', stream: 'award' } as const;
    const append = (attempt: number) => ({ kind: 'append', stream: 'award', events: 1, attempt }) as const;
    const told = async () => {
      const text = await textOf(metrics);
      return ['ledger_commands_in_flight', 'ledger_appends_in_flight'].map((name) => valueOf(text, name));
    };
    let stored: () => void = () => undefined;
    const storing = new Promise<void>((resolve) => (stored = resolve));
    expect(await told()).toEqual([0, 0]);
    const done = [1, 2].map(() => metrics.observe(command, () => metrics.observe(append(0), () => storing)));
    expect(await told()).toEqual([2, 2]);
    stored();
    await Promise.all(done);
    expect(await told()).toEqual([0, 0]);

    const conflict = new Problem('conflict', 'wrong-revision', 'somebody else was there');
    await expect(metrics.observe(append(0), () => Promise.reject(conflict))).rejects.toBe(conflict);
    await metrics.observe(append(1), async () => undefined);
    const text = await textOf(metrics);
    const COUNTED = {
      'ledger_append_conflicts_total{stream="award"}': 1,
      'ledger_command_retries_total{stream="award"}': 1,
      'ledger_append_duration_seconds_count{outcome="conflict"}': 1,
      'ledger_append_duration_seconds_count{outcome="done"}': 3,
      'ledger_command_duration_seconds_count{stream="award",outcome="done"}': 2,
    };
    expect(Object.fromEntries(Object.keys(COUNTED).map((series) => [series, valueOf(text, series)]))).toEqual(COUNTED);
  });
});
