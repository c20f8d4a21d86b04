import { timingSafeEqual } from 'node:crypto';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EventStore, Observer, Step } from '@app/event-store';
import { Problem } from '@app/kernel';
import type { Subscriptions } from '@app/projections';
import { answers, within } from './health.js';
import type { Settings } from './settings.js';

/** Seconds: from what an embedded append takes to what a distant store may. */
const WORK_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10];
/** Behind by more than this, a subscriber's lag is told as this much: counting on would read the ledger at every scrape. */
const COUNTED_EVENTS = 5_000;
/** How long one scrape waits for a store. */
const SCRAPE_MS = 2_000;

/** What Prometheus is told of one process: counts, times and names of subscribers and routes, nothing from the ledger. */
export class Metrics implements Observer {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  private readonly registry = new Registry();

  private readonly storeUp = this.gauge('ledger_event_store_up', '1 when the event store answers');
  private readonly readModelsUp = this.gauge('ledger_read_models_up', '1 when the read models answer');
  private readonly draining = this.gauge('ledger_draining', '1 once the process has been told to stop');
  private readonly head = this.gauge('ledger_head_position', 'Position of the last event');
  private readonly position = this.gauge(
    'ledger_subscriber_position',
    'Position up to which a subscriber has applied events',
    'name',
    'kind',
  );
  private readonly lagEvents = this.gauge(
    'ledger_subscriber_lag_events',
    `Events a subscriber has still to apply, counted up to ${COUNTED_EVENTS}`,
    'name',
    'kind',
  );
  private readonly lagSeconds = this.gauge(
    'ledger_subscriber_lag_seconds',
    'For how long the oldest event a subscriber has still to apply has been recorded',
    'name',
    'kind',
  );
  private readonly checkpointAge = this.gauge(
    'ledger_subscriber_checkpoint_age_seconds',
    'Time since the position of a subscriber last moved, or since the start',
    'name',
    'kind',
  );
  private readonly stopped = this.gauge(
    'ledger_subscriber_stopped',
    '1 when a subscriber has stopped at an event it cannot apply',
    'name',
    'kind',
  );
  private readonly building = this.gauge('ledger_subscriber_building', '1 while queries wait for a read model to be built', 'name', 'kind');
  private readonly beside = this.gauge(
    'ledger_projection_beside_position',
    'Position of what is built beside a projection',
    'name',
    'purpose',
  );

  private readonly commandsInFlight = this.gauge('ledger_commands_in_flight', 'Commands at work, or waiting for others on their stream');
  private readonly appendsInFlight = this.gauge(
    'ledger_appends_in_flight',
    'Appends that wait for the event store: the queue of its group commit',
  );
  private readonly commands = this.histogram(
    'ledger_command_duration_seconds',
    'Time from a command to its receipt',
    WORK_BUCKETS,
    'stream',
    'outcome',
  );
  private readonly appends = this.histogram(
    'ledger_append_duration_seconds',
    'Time until an append was durable, or refused',
    WORK_BUCKETS,
    'outcome',
  );
  private readonly conflicts = this.counter(
    'ledger_append_conflicts_total',
    'Appends that met a stream somebody else had changed',
    'stream',
  );
  private readonly retries = this.counter('ledger_command_retries_total', 'Commands decided again after a conflict', 'stream');
  private readonly pages = this.histogram('ledger_projection_page_duration_seconds', 'Time to apply a page of events', WORK_BUCKETS);
  private readonly projected = this.counter(
    'ledger_projection_events_total',
    'Events handed to projections, counted once for each projection',
  );
  private readonly requests = this.histogram(
    'ledger_http_request_duration_seconds',
    'Time from a request to the end of its answer',
    REQUEST_BUCKETS,
    'method',
    'route',
    'status',
  );
  private readonly startedMs = Date.now();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  async observe<Result>(step: Step, work: () => Promise<Result>): Promise<Result> {
    if (step.kind === 'load') return work();
    const startMs = performance.now();
    const end = (outcome: string) => this.note(step, outcome, (performance.now() - startMs) / 1_000);
    const inFlight = step.kind === 'command' ? this.commandsInFlight : step.kind === 'append' ? this.appendsInFlight : undefined;
    inFlight?.inc();
    try {
      const result = await work();
      end('done');
      return result;
    } catch (error) {
      end(outcomeOf(error));
      throw error;
    } finally {
      inFlight?.dec();
    }
  }

  private note(step: Step, outcome: string, seconds: number): void {
    switch (step.kind) {
      case 'command':
        this.commands.observe({ stream: step.stream, outcome }, seconds);
        return;
      case 'append':
        this.appends.observe({ outcome }, seconds);
        if (outcome === 'conflict') this.conflicts.inc({ stream: step.stream });
        if (step.attempt > 0) this.retries.inc({ stream: step.stream });
        return;
      case 'projection-page':
        this.pages.observe(seconds);
        this.projected.inc(step.events * step.projections);
        return;
      case 'load':
    }
  }

  /** `route` is the template, never the address itself: that names enterprises. */
  request(method: string, route: string, status: number, seconds: number): void {
    this.requests.observe({ method, route, status: `${Math.floor(status / 100)}xx` }, seconds);
  }

  drain(): void {
    this.draining.set(1);
  }

  /** Everything in Prometheus's text format. What cannot be found out now is left out; it never fails. */
  async text(store: EventStore, subscriptions: Subscriptions): Promise<string> {
    const isReadModelThere = await answers(subscriptions.probe());
    this.readModelsUp.set(isReadModelThere ? 1 : 0);
    const head = await within(SCRAPE_MS, store.head()).catch(() => undefined);
    this.storeUp.set(head === undefined ? 0 : 1);
    if (head === undefined) this.head.remove();
    else this.head.set(head);
    const nowMs = Date.now();
    const lags = new Map<number, Promise<Lag | undefined>>();
    const lagOf = (position: number) => {
      if (head === undefined) return undefined;
      const known = lags.get(position) ?? lagAfter(store, position, head);
      lags.set(position, known);
      return known;
    };
    const statuses = isReadModelThere ? subscriptions.status() : [];
    const told = await Promise.all(statuses.map(async (status) => ({ ...status, lag: await lagOf(status.position) })));
    // From here on without a pause: another who asks at the same time must not find half of it.
    const own = [this.position, this.lagEvents, this.lagSeconds, this.checkpointAge, this.stopped, this.building, this.beside];
    for (const gauge of own) gauge.reset();
    for (const { name, kind, position, state, movedAt, beside, lag } of told) {
      this.position.set({ name, kind }, position);
      this.stopped.set({ name, kind }, state === 'stopped' ? 1 : 0);
      this.building.set({ name, kind }, state === 'building' ? 1 : 0);
      const movedMs = movedAt === undefined ? this.startedMs : Date.parse(movedAt);
      this.checkpointAge.set({ name, kind }, Math.max(0, (nowMs - movedMs) / 1_000));
      if (beside !== undefined) this.beside.set({ name, purpose: beside.purpose }, beside.position);
      if (lag === undefined) continue;
      this.lagEvents.set({ name, kind }, lag.events);
      this.lagSeconds.set({ name, kind }, lag.oldestMs === undefined ? 0 : Math.max(0, (nowMs - lag.oldestMs) / 1_000));
    }
    return this.registry.metrics();
  }

  private gauge(name: string, help: string, ...labelNames: string[]): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  private counter(name: string, help: string, ...labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private histogram(name: string, help: string, buckets: number[], ...labelNames: string[]): Histogram {
    return new Histogram({ name, help, buckets, labelNames, registers: [this.registry] });
  }
}

interface Lag {
  readonly events: number;
  readonly oldestMs?: number;
}

/** What stands after a position; undefined when it cannot be read. Positions may have gaps, so events are counted. */
async function lagAfter(store: EventStore, after: number, head: number): Promise<Lag | undefined> {
  if (after >= head) return { events: 0 };
  const count = async (): Promise<Lag> => {
    let events = 0;
    let oldestMs: number | undefined;
    for await (const page of store.readAll({ after, limit: COUNTED_EVENTS })) {
      events += page.length;
      oldestMs ??= Date.parse(page[0]?.recordedAt ?? '');
    }
    return { events, ...(oldestMs !== undefined && { oldestMs }) };
  };
  return within(SCRAPE_MS, count()).catch(() => undefined);
}

function outcomeOf(error: unknown): string {
  if (!(error instanceof Problem)) return 'failed';
  if (error.code === 'wrong-revision') return 'conflict';
  return error.kind === 'unavailable' ? 'unavailable' : 'refused';
}

/**
 * Lets only those read metrics who may.
 * @throws Problem `metrics-closed` (forbidden), `metrics-token` (unauthenticated).
 */
export function requireMetricsAccess(access: Settings['metrics'], authorization: string | undefined): void {
  if (access === 'open') return;
  if (access === 'closed')
    throw new Problem('forbidden', 'metrics-closed', 'metrics are for this machine alone, unless LEDGER_METRICS_TOKEN_FILE names a token');
  const shown = Buffer.from(authorization ?? '');
  const wanted = Buffer.from(`Bearer ${access.token}`);
  if (shown.length !== wanted.length || !timingSafeEqual(shown, wanted))
    throw new Problem('unauthenticated', 'metrics-token', 'metrics need Authorization: Bearer <the token of LEDGER_METRICS_TOKEN_FILE>');
}
