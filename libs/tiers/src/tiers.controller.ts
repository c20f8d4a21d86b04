import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandContext, Receipt } from '@app/event-store';
import { sightOn } from '@app/blacklist';
import { AllowAnyRole, AllowRoles, type AuthenticatedRequest, Context, type Page } from '@app/http';
import { businessDateAt, CLOCK, type Clock, creditCode } from '@app/kernel';
import type { TierAction } from './decide.js';
import { DiagnoseEnterprise, type DiagnosisView } from './diagnosis.query.js';
import { RunTierCommand } from './handlers/run-tier-command.js';
import {
  type LadderView,
  ListLadders,
  ListStanding,
  ListTierChanges,
  type StandingView,
  type TierChangeView,
} from './standings/standings.query.js';
import {
  DiagnosisDto,
  EnterDto,
  EnterpriseDto,
  HistoryDto,
  LadderDto,
  LaddersDto,
  MoveDto,
  RemoveDto,
  StandingDto,
  StandingsDto,
} from './tiers.dto.js';

const STANDING = 'ladders/:ladder/enterprises/:code';

/** 梯次培育: ladders and who stands in them. */
@Controller('v1')
export class TiersController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** 梯次一览 */
  @Get('ladders')
  @AllowAnyRole()
  ladders(@Query() { on }: LaddersDto): Promise<Page<LadderView>> {
    return this.queries.execute(new ListLadders(on));
  }

  /** 在库企业: as of a business day. */
  @Get('ladders/:ladder/enterprises')
  @AllowAnyRole()
  standing(@Param() { ladder }: LadderDto, @Query() filter: StandingsDto): Promise<Page<StandingView>> {
    return this.queries.execute(new ListStanding(ladder, filter));
  }

  /** 预诊断: how an enterprise stands today and what it lacks; of a day gone by, which may tell of listings that have ended, for auditors and administrators alone. */
  @Get('ladders/:ladder/diagnosis/:code')
  @AllowAnyRole()
  diagnosis(
    @Param() { ladder, code }: StandingDto,
    @Query() { on }: DiagnosisDto,
    @Req() { actor }: AuthenticatedRequest,
  ): Promise<DiagnosisView> {
    sightOn(actor, on, businessDateAt(this.clock.now()));
    return this.queries.execute(new DiagnoseEnterprise(ladder, creditCode(code, 'code'), on));
  }

  /** 企业梯次变动 */
  @Get('enterprises/:code/tiers')
  @AllowAnyRole()
  history(@Param() { code }: EnterpriseDto, @Query() filter: HistoryDto): Promise<Page<TierChangeView>> {
    return this.queries.execute(new ListTierChanges(creditCode(code, 'code'), filter));
  }

  /** 入库 */
  @Post(`${STANDING}/assign`)
  @HttpCode(200)
  @AllowRoles('reviewer', 'approver')
  assign(@Param() standing: StandingDto, @Body() body: MoveDto, @Context() context: CommandContext): Promise<Receipt> {
    return this.move('assign', standing, body, context);
  }

  /** 升级 */
  @Post(`${STANDING}/promote`)
  @HttpCode(200)
  @AllowRoles('reviewer', 'approver')
  promote(@Param() standing: StandingDto, @Body() body: MoveDto, @Context() context: CommandContext): Promise<Receipt> {
    return this.move('promote', standing, body, context);
  }

  /** 降级 */
  @Post(`${STANDING}/demote`)
  @HttpCode(200)
  @AllowRoles('reviewer', 'approver')
  demote(@Param() standing: StandingDto, @Body() body: MoveDto, @Context() context: CommandContext): Promise<Receipt> {
    return this.move('demote', standing, body, context);
  }

  /** 移出 */
  @Post(`${STANDING}/remove`)
  @HttpCode(200)
  @AllowRoles('reviewer', 'approver')
  remove(@Param() standing: StandingDto, @Body() { reason, evidence }: RemoveDto, @Context() context: CommandContext): Promise<Receipt> {
    return this.run(standing, { type: 'remove', reason, evidence }, context);
  }

  /** 直接入库: under a clause that places. */
  @Post(`${STANDING}/enter`)
  @HttpCode(200)
  @AllowRoles('reviewer', 'approver')
  enter(
    @Param() standing: StandingDto,
    @Body() { clause, reason, evidence, override }: EnterDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(standing, { type: 'enter', clause, reason, evidence, override }, context);
  }

  private move(
    type: 'assign' | 'promote' | 'demote',
    standing: StandingDto,
    { to, reason, evidence, override }: MoveDto,
    context: CommandContext,
  ): Promise<Receipt> {
    return this.run(standing, { type, to, reason, evidence, override }, context);
  }

  private run({ ladder, code }: StandingDto, action: TierAction, context: CommandContext): Promise<Receipt> {
    return this.commands.execute(new RunTierCommand(ladder, code, action, context));
  }
}
