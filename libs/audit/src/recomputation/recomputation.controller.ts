import { Controller, Get, Inject, Query as QueryString, Req, type StreamableFile } from '@nestjs/common';
import { EVENT_STORE, type EventStore } from '@app/event-store';
import { AllowRoles, type AuthenticatedRequest } from '@app/http';
import { invalidField, isBusinessDate, startOf } from '@app/kernel';
import { Subscriptions } from '@app/projections';
import { jsonLines } from '../json-lines.js';
import { RecomputationDto } from './recomputation.dto.js';
import { Recompute } from './recompute.js';

/** 复算 */
@Controller('v1/audit/recomputation')
export class RecomputationController {
  constructor(
    private readonly recompute: Recompute,
    private readonly subscriptions: Subscriptions,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  /** 复算: every award computed again and held against what was granted and paid; JSON Lines of progress, differences and a summary */
  @Get()
  @AllowRoles('auditor', 'administrator', 'finance')
  async run(
    @QueryString() { since, pack, facts = 'stored', from = 'records' }: RecomputationDto,
    @Req() request: AuthenticatedRequest,
  ): Promise<StreamableFile> {
    const position = since === undefined ? undefined : await this.positionOf(since);
    const options = {
      facts,
      thorough: from === 'ledger',
      ...(pack !== undefined && { pack }),
      ...(position !== undefined && { since: position }),
    };
    return jsonLines((emit) => this.recompute.run(options, emit), request.url.split('?')[0] ?? '');
  }

  /** The last position before a day, or the one that is named. */
  private async positionOf(since: string): Promise<number> {
    if (!since.includes('-')) {
      const head = await this.store.head();
      // Nothing was recorded after the end: a slip would read as a clean audit.
      if (Number(since) > head) throw invalidField('since', 'position', `must not be after the end of the ledger, ${head}`);
      return Number(since);
    }
    if (!isBusinessDate(since)) throw invalidField('since', 'date', 'must be an existing day written YYYY-MM-DD, or a position');
    const { position } = await this.subscriptions.vantageAt(new Date(startOf(since).getTime() - 1), 'since');
    return position;
  }
}
