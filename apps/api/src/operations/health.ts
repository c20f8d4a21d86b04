import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore } from '@app/event-store';
import { goesOn, type SubscriberStatus, type Subscriptions } from '@app/projections';

/** How long a check waits for a store. */
const CHECK_MS = 2_000;

export interface Health {
  readonly status: 'ok' | 'degraded';
  /** Position of the ledger's last event; not told while the event store is away. */
  readonly position?: number;
  /** Everything that follows the ledger; why one has stopped is told to administrators and auditors at /v1/subscribers. */
  readonly subscribers: readonly Omit<SubscriberStatus, 'error'>[];
}

/** Whether requests may be sent to a process, and each thing that speaks against it. */
export interface Readiness {
  readonly status: 'ready' | 'not-ready';
  readonly failed: readonly ('draining' | 'event-store' | 'read-models' | 'retrying' | 'stopped')[];
}

/** 健康检查: what the process says of itself. */
export class HealthChecks {
  private isDraining = false;

  constructor(
    private readonly store: EventStore,
    private readonly subscriptions: Subscriptions,
  ) {}

  /** From now on no request should come. */
  drain(): void {
    this.isDraining = true;
  }

  async health(): Promise<Health> {
    const [isReadModelThere, position] = await Promise.all([
      answers(this.subscriptions.probe()),
      within(CHECK_MS, this.store.head()).catch(() => undefined),
    ]);
    const subscribers = this.subscriptions.status().map(({ error: _told, beside, ...status }) => ({
      ...status,
      ...(beside && { beside: { purpose: beside.purpose, position: beside.position } }),
    }));
    const isDegraded = !isReadModelThere || position === undefined || !subscribers.every(goesOn);
    return { status: isDegraded ? 'degraded' : 'ok', ...(position !== undefined && { position }), subscribers };
  }

  /** Whatever cannot be found out in time counts as failed. */
  async readiness(): Promise<Readiness> {
    const failed: Readiness['failed'][number][] = [];
    if (this.isDraining) failed.push('draining');
    const [isStoreThere, isReadModelThere] = await Promise.all([answers(this.store.head()), answers(this.subscriptions.probe())]);
    if (!isStoreThere) failed.push('event-store');
    if (!isReadModelThere) failed.push('read-models');
    else {
      const states = new Set(this.subscriptions.status().flatMap(({ kind, state }) => (kind === 'projection' ? [state] : [])));
      failed.push(...(['retrying', 'stopped'] as const).filter((state) => states.has(state)));
    }
    return { status: failed.length === 0 ? 'ready' : 'not-ready', failed };
  }
}

/** Whether a check succeeds in time. */
export async function answers(check: Promise<unknown>): Promise<boolean> {
  return within(CHECK_MS, check).then(
    () => true,
    () => false,
  );
}

/** Fails when the work takes longer; what becomes of it then is nobody's business. */
export async function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  const waiting = new AbortController();
  work.catch(() => undefined);
  try {
    return await Promise.race([
      work,
      sleep(ms, undefined, { signal: waiting.signal, ref: false }).then(() => {
        throw new Error('took too long');
      }),
    ]);
  } finally {
    waiting.abort();
  }
}
