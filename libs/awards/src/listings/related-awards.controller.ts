import { Controller, Get, Inject, Param, type PipeTransform, Query, Req } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { sightOn } from '@app/blacklist';
import { AllowRoles, type AuthenticatedRequest, type Page, PageDto } from '@app/http';
import { businessDateAt, CLOCK, type Clock, invalidField } from '@app/kernel';
import { LISTING } from '../awards.dto.js';
import { ListRelatedAwards, type RelatedAward } from './related-awards.query.js';

class ListingIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!LISTING.test(value)) throw invalidField('listing', 'listing-id', 'must be <kind>.<id>.<number>');
    return value;
  }
}

/** 关联奖补复核: what a black-listing gives reason to look at again. */
@Controller('v1/blacklist-reviews')
export class RelatedAwardsController {
  constructor(
    private readonly queries: QueryBus,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** 关联奖补: awards of the listed enterprise, or that name the listed agency or person; of an ended listing for audit alone */
  @Get(':listing/awards')
  @AllowRoles('clerk', 'reviewer', 'approver', 'auditor', 'administrator')
  awards(
    @Param('listing', ListingIdPipe) listing: string,
    @Query() { limit, cursor }: PageDto,
    @Req() { actor }: AuthenticatedRequest,
  ): Promise<Page<RelatedAward>> {
    const today = businessDateAt(this.clock.now());
    return this.queries.execute(new ListRelatedAwards(listing, today, sightOn(actor, undefined, today) === 'history', limit, cursor));
  }
}
