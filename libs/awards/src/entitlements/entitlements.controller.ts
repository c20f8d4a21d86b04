import { Controller, Get, Inject, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { AllowAnyRole } from '@app/http';
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

  /** 免申即享名单: who is entitled to what and has no award for it, a page of enterprises at a time */
  @Get()
  @AllowAnyRole()
  find(@Query() { on, ...search }: FindEntitlementsDto): Promise<EntitlementPage> {
    return this.queries.execute(new FindEntitlements({ ...search, on: on ?? businessDateAt(this.clock.now()) }));
  }
}
