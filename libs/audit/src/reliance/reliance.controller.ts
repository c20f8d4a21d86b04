import { Controller, Get, Param, Query, Req } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { historyRestricted, sightOf } from '@app/blacklist';
import { AllowAnyRole, type AuthenticatedRequest } from '@app/http';
import { RelianceDto, subjectOfOne, subjectOfTwo } from './reliance.dto.js';
import { GetReliance, type RelianceAnswer, type Subject } from './reliance.query.js';

/**
 * 被引用情况: what rests on a record that is found wrong. Whoever puts a record right has to see what it has done, so that
 * every role reads it; what rests on a listing is for those who see the black-list's history.
 */
@Controller('v1/audit/reliance')
export class RelianceController {
  constructor(private readonly queries: QueryBus) {}

  /** 引用某一登记信息、失信名单记录或文件的决定 */
  @Get(':kind/:id')
  @AllowAnyRole()
  ofOne(
    @Param('kind') kind: string,
    @Param('id') id: string,
    @Query() page: RelianceDto,
    @Req() request: AuthenticatedRequest,
  ): Promise<RelianceAnswer> {
    return this.ask(subjectOfOne(kind, id), page, request);
  }

  /** 引用某企业的数据、证书、迁入、称号、部门核查意见，或某政策的口径的决定 */
  @Get(':kind/:of/:id')
  @AllowAnyRole()
  ofTwo(
    @Param('kind') kind: string,
    @Param('of') of: string,
    @Param('id') id: string,
    @Query() page: RelianceDto,
    @Req() request: AuthenticatedRequest,
  ): Promise<RelianceAnswer> {
    return this.ask(subjectOfTwo(kind, of, id, page), page, request);
  }

  private ask(subject: Subject, { limit, cursor }: RelianceDto, { actor }: AuthenticatedRequest): Promise<RelianceAnswer> {
    const seesAll = sightOf(actor) === 'history';
    if (subject.kind === 'listing' && !seesAll) throw historyRestricted();
    return this.queries.execute(new GetReliance(subject, seesAll, limit, cursor));
  }
}
