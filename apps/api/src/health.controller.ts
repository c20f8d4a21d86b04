import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { EVENT_STORE, type EventStore } from '@app/event-store';
import { OpenToAll } from '@app/http';
import { type SubscriberStatus, Subscriptions } from '@app/projections';

export interface Health {
  readonly status: 'ok' | 'degraded';
  /** Position of the ledger's last event. */
  readonly position: number;
  readonly subscribers: readonly SubscriberStatus[];
}

/** 健康检查 */
@Controller('health')
export class HealthController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly subscriptions: Subscriptions,
  ) {}

  /** 200 while everything that follows the ledger runs; 503 with the reason when a projection or process manager has stopped. */
  @Get()
  @OpenToAll()
  async health(@Res({ passthrough: true }) reply: FastifyReply): Promise<Health> {
    const subscribers = this.subscriptions.status();
    const status = subscribers.every(({ state }) => state === 'running') ? 'ok' : 'degraded';
    if (status === 'degraded') void reply.status(503);
    return { status, position: await this.store.head(), subscribers };
  }
}
