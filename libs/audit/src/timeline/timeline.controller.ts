import { Controller, Get, Param, Query, Req } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { historyRestricted, sightOf } from '@app/blacklist';
import { AllowAnyRole, type AuthenticatedRequest, type Page, WholeNumberPipe } from '@app/http';
import { forbidden } from '@app/kernel';
import { type EventView, GetEvent } from './event.query.js';
import type { Reference } from './references.js';
import { referenceOf, TimelineDto } from './timeline.dto.js';
import { GetTimeline, type TimelineEntry } from './timeline.query.js';

/**
 * 时间线: what happened, who did it, on what ground, and what came of it. Every role reads what every role may read
 * elsewhere, put in order of time. The black-list's own events, whatever names a listing, and the findings of auditors are
 * for auditors and administrators, and so is what a colleague has done.
 */
@Controller('v1/audit')
export class TimelineController {
  constructor(private readonly queries: QueryBus) {}

  /** 时间线: of an enterprise, an award, an officer, a budget line, a document … */
  @Get('timeline/:kind/:id')
  @AllowAnyRole()
  timeline(
    @Param('kind') kind: string,
    @Param('id') id: string,
    @Query() { limit, cursor, ...filter }: TimelineDto,
    @Req() { actor }: AuthenticatedRequest,
  ): Promise<Page<TimelineEntry>> {
    const about = referenceOf(kind, id);
    const seesAll = sightOf(actor) === 'history';
    if (!seesAll) requireOpen(about, actor?.id);
    return this.queries.execute(new GetTimeline(about, filter, seesAll, limit, cursor));
  }

  /** 事项: one event, what led to it and everything it led to */
  @Get('events/:position')
  @AllowAnyRole()
  event(@Param('position', WholeNumberPipe) position: number, @Req() { actor }: AuthenticatedRequest): Promise<EventView> {
    return this.queries.execute(new GetEvent(position, sightOf(actor) === 'history'));
  }
}

/** @throws Problem `history-restricted`, `role-required`. */
function requireOpen({ kind, id }: Reference, actor: string | undefined): void {
  if (kind === 'listing' || kind === 'person') throw historyRestricted();
  if (kind === 'finding' || (kind === 'officer' && id !== actor))
    throw forbidden('role-required', 'findings, and what somebody else has done, are shown to auditors and administrators alone');
}
