import { describe, expect, it } from '@jest/globals';
import type { EventStore } from '@app/event-store';
import type { SubscriberStatus, Subscriptions } from '@app/projections';
import { HealthChecks } from './health.js';

type Told = Pick<SubscriberStatus, 'kind' | 'state'>;
const projection = (state: Told['state']): Told => ({ kind: 'projection', state });
const manager = (state: Told['state']): Told => ({ kind: 'process-manager', state });

/** What is said of a process whose stores answer, by how those stand that follow the ledger. */
async function said(...told: readonly Told[]) {
  const status = () => told.map((one) => ({ name: 'one', position: 7, error: 'of nobody’s business', ...one }));
  const checks = new HealthChecks(
    { head: () => Promise.resolve(7) } as unknown as EventStore,
    { probe: () => Promise.resolve(), status } as unknown as Subscriptions,
  );
  const [health, readiness] = [await checks.health(), await checks.readiness()];
  expect(JSON.stringify(health)).not.toContain('nobody');
  return [health.status, readiness.status, ...readiness.failed];
}

describe('the health of a process', () => {
  it.each([
    [
      'everything goes on, be it that it is still being built',
      [projection('running'), projection('building'), manager('running')],
      ['ok', 'ready'],
    ],
    ['a projection has stopped', [projection('running'), projection('stopped')], ['degraded', 'not-ready', 'stopped']],
    ['a projection cannot go on just now', [projection('running'), projection('retrying')], ['degraded', 'not-ready', 'retrying']],
    ['of two each is so', [projection('stopped'), projection('retrying')], ['degraded', 'not-ready', 'retrying', 'stopped']],
    ['a process manager does not go on, which holds up no question', [manager('stopped'), manager('retrying')], ['degraded', 'ready']],
  ])('Given %s', async (_, told, expected) => {
    expect(await said(...told)).toEqual(expected);
  });

  it('speaks against requests from the moment it is told to end, and says what else does', async () => {
    const silent = new Error('silent');
    const checks = new HealthChecks(
      { head: () => Promise.reject(silent) } as unknown as EventStore,
      { probe: () => Promise.reject(silent), status: () => [] } as unknown as Subscriptions,
    );
    expect(await checks.readiness()).toEqual({ status: 'not-ready', failed: ['event-store', 'read-models'] });
    checks.drain();
    expect(await checks.readiness()).toEqual({ status: 'not-ready', failed: ['draining', 'event-store', 'read-models'] });
  });
});
