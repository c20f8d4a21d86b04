import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { EVENT_STORE, type EventStore } from '@app/event-store';
import { OpenToAll } from '@app/http';
import { type SubscriberStatus, Subscriptions } from '@app/projections';

export interface Health {
  readonly status: 'ok' | 'degraded';
  /** Position of the ledger's last event. */
  readonly position: number;
  /** Everything that follows the ledger; why one has stopped is told to administrators and auditors at /v1/subscribers. */
  readonly subscribers: readonly Omit<SubscriberStatus, 'error'>[];
}

/** 健康检查 */
@Controller()
export class HealthController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly subscriptions: Subscriptions,
  ) {}

  /** 200 while everything that follows the ledger runs; 503 with the reason when a projection or process manager has stopped. */
  @Get('health')
  @OpenToAll()
  async health(@Res({ passthrough: true }) reply: FastifyReply): Promise<Health> {
    const subscribers = this.subscriptions.status().map(({ error: _told, beside, ...status }) => ({
      ...status,
      ...(beside && { beside: { purpose: beside.purpose, position: beside.position } }),
    }));
    const status = subscribers.some(({ state }) => state === 'stopped') ? 'degraded' : 'ok';
    if (status === 'degraded') void reply.status(503);
    return { status, position: await this.store.head(), subscribers };
  }
}
