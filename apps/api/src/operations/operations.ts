import type { EventStore } from '@app/event-store';
import type { Subscriptions } from '@app/projections';
import { type Health, HealthChecks, type Readiness } from './health.js';
import { type Metrics, requireMetricsAccess } from './metrics.js';
import type { Settings } from './settings.js';

/** Injection token of `Operations`. */
export const OPERATIONS = Symbol('Operations');

/** How one process is doing, for operators and their tools. */
export class Operations {
  private readonly checks: HealthChecks;

  constructor(
    private readonly store: EventStore,
    private readonly subscriptions: Subscriptions,
    private readonly measured: Metrics,
    private readonly access: Settings['metrics'],
  ) {
    this.checks = new HealthChecks(store, subscriptions);
  }

  health(): Promise<Health> {
    return this.checks.health();
  }

  readiness(): Promise<Readiness> {
    return this.checks.readiness();
  }

  /** @throws Problem as `requireMetricsAccess`. */
  async metrics(authorization: string | undefined): Promise<string> {
    requireMetricsAccess(this.access, authorization);
    return this.measured.text(this.store, this.subscriptions);
  }

  /** From now on it is not ready. */
  drain(): void {
    this.checks.drain();
    this.measured.drain();
  }
}
