import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { currentVantage, EVENT_STORE, type EventStore, type Vantage } from '@app/event-store';
import { CLOCK, type Clock } from '@app/kernel';
import { pointOf } from '@app/http';
import { Subscriptions } from '@app/projections';

/** The points from which whole lists are read. */
@Injectable()
export class Vantages {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly subscriptions: Subscriptions,
  ) {}

  /** Where the request looks from; of the present, the point where the ledger stands now: what comes later is not seen. */
  async ofRequest(): Promise<Vantage> {
    const vantage = currentVantage();
    if (vantage !== undefined) return vantage;
    const position = await this.store.head();
    await this.subscriptions.seenByRunning(position);
    return { position, now: this.clock.now(), isPresent: true };
  }

  /** @throws Problem `invalid-input`, `position-ahead`. */
  at(text: string, field: string): Promise<Vantage> {
    return this.subscriptions.vantageAt(pointOf(text, field), field);
  }
}

export function showVantage(reply: FastifyReply, { position, now }: Vantage): void {
  void reply.header('ledger-as-of', String(position)).header('ledger-as-of-time', now.toISOString());
}
