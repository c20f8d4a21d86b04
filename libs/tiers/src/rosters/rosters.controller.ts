import { Controller, Get, Param, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { AllowAnyRole, type Page } from '@app/http';
import { RosterDto, RosterPageDto, RostersDto } from '../tiers.dto.js';
import { FindRoster, ListRosters, type RosterPage, type RosterSummary } from './rosters.query.js';

/** 名单: the lists the policies speak of, read off the ledger's own records. */
@Controller('v1/rosters')
export class RostersController {
  constructor(private readonly queries: QueryBus) {}

  /** 名单一览 */
  @Get()
  @AllowAnyRole()
  list(@Query() { pack, on }: RostersDto): Promise<Page<RosterSummary>> {
    return this.queries.execute(new ListRosters(pack, on));
  }

  /** 一份名单 */
  @Get(':pack/:clause')
  @AllowAnyRole()
  find(@Param() { pack, clause }: RosterDto, @Query() { on, unknown, limit, cursor }: RosterPageDto): Promise<RosterPage> {
    return this.queries.execute(new FindRoster(pack, clause, { on, unknown: unknown === 'true', limit, cursor }));
  }
}
