import { Controller, Get, Inject, Query, Req } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { sightOn } from '@app/blacklist';
import { AllowAnyRole, type AuthenticatedRequest } from '@app/http';
import { businessDateAt, CLOCK, type Clock } from '@app/kernel';
import { FindEntitlementsDto } from './entitlements.dto.js';
import { type EntitlementPage, FindEntitlements } from './find-entitlements.query.js';

/** 免申即享 */
@Controller('v1/entitlements')
export class EntitlementsController {
  constructor(
    private readonly queries: QueryBus,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * 免申即享名单: who is entitled to what and has no award for it, a page of enterprises at a time. The black-listed are
   * shown to those who see listings, and for a day gone by, which would tell of listings that have ended, to auditors and
   * administrators alone.
   */
  @Get()
  @AllowAnyRole()
  find(@Query() { on, ...search }: FindEntitlementsDto, @Req() { actor }: AuthenticatedRequest): Promise<EntitlementPage> {
    const today = businessDateAt(this.clock.now());
    const sight = sightOn(actor, on, today);
    return this.queries.execute(new FindEntitlements({ ...search, on: on ?? today, showsListed: sight !== 'published' }));
  }
}
