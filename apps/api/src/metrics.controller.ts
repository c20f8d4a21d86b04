import { Controller, Get, Header, Inject } from '@nestjs/common';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { EVENT_STORE, type EventStore } from '@app/event-store';
import { OpenToAll } from '@app/http';
import { Subscriptions } from '@app/projections';

/** 监控指标 in Prometheus's text format: numbers and names of subscribers alone, nothing from the ledger. */
@Controller()
export class MetricsController {
  private readonly registry = new Registry();
  private readonly head = this.gauge('ledger_head_position', 'Position of the last event');
  private readonly position = this.gauge(
    'ledger_subscriber_position',
    'Position up to which a subscriber has applied events',
    'name',
    'kind',
  );
  private readonly lag = this.gauge('ledger_subscriber_lag_events', 'Events a subscriber has still to apply', 'name', 'kind');
  private readonly stopped = this.gauge(
    'ledger_subscriber_stopped',
    '1 when a subscriber has stopped at an event it cannot apply',
    'name',
    'kind',
  );
  private readonly beside = this.gauge(
    'ledger_projection_beside_position',
    'Position of what is built beside a projection',
    'name',
    'purpose',
  );

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly subscriptions: Subscriptions,
  ) {
    collectDefaultMetrics({ register: this.registry });
  }

  @Get('metrics')
  @OpenToAll()
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  async metrics(): Promise<string> {
    const head = await this.store.head();
    this.head.set(head);
    for (const gauge of [this.position, this.lag, this.stopped, this.beside]) gauge.reset();
    for (const { name, kind, position, state, beside } of this.subscriptions.status()) {
      this.position.set({ name, kind }, position);
      this.lag.set({ name, kind }, Math.max(0, head - position));
      this.stopped.set({ name, kind }, state === 'stopped' ? 1 : 0);
      if (beside !== undefined) this.beside.set({ name, purpose: beside.purpose }, beside.position);
    }
    return this.registry.metrics();
  }

  private gauge(name: string, help: string, ...labelNames: string[]): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}
