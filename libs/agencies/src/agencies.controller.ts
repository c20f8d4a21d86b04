import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandContext, Receipt } from '@app/event-store';
import { AllowAnyRole, AllowRoles, Context, type Page } from '@app/http';
import { businessDateAt, CLOCK, type Clock, creditCode } from '@app/kernel';
import {
  FindAgencyDto,
  ListAgenciesDto,
  RecordInspectionDto,
  RegisterAgencyDto,
  RenameAgencyDto,
  RenewAgencyDto,
  StrikeOffAgencyDto,
} from './agencies.dto.js';
import type { AgencyCommand } from './decide.js';
import { RunAgencyCommand } from './handlers/run-agency-command.js';
import { type AgencyView, FindAgency } from './register/find-agency.query.js';
import { type AgencySummary, ListAgencies } from './register/list-agencies.query.js';

/** 服务机构备案: the register of service agencies. */
@Controller('v1/agencies')
export class AgenciesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** 备案, also anew after it was struck off or has lapsed. */
  @Post()
  @AllowRoles('clerk')
  register(@Body() body: RegisterAgencyDto, @Context() context: CommandContext): Promise<Receipt> {
    const { effectiveOn: _day, clause, ...input } = body;
    const code = creditCode(input.creditCode);
    return this.commands.execute(new RunAgencyCommand(code, { type: 'register', ...input, creditCode: code }, context, clause));
  }

  /** 备案名录: by the beginning of a code or name. */
  @Get()
  @AllowAnyRole()
  list(@Query() search: ListAgenciesDto): Promise<Page<AgencySummary>> {
    return this.queries.execute(new ListAgencies({ ...search, today: this.today() }));
  }

  /** 机构详情 with its supervision results. */
  @Get(':code')
  @AllowAnyRole()
  find(@Param('code') code: string, @Query() { on }: FindAgencyDto): Promise<AgencyView> {
    return this.queries.execute(new FindAgency(creditCode(code, 'code'), this.today(), on));
  }

  /** 延续备案 */
  @Post(':code/renew')
  @HttpCode(200)
  @AllowRoles('clerk')
  renew(
    @Param('code') code: string,
    @Body() { validUntil, evidence }: RenewAgencyDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(code, { type: 'renew', validUntil, evidence }, context);
  }

  /** 更名 */
  @Post(':code/rename')
  @HttpCode(200)
  @AllowRoles('clerk')
  rename(
    @Param('code') code: string,
    @Body() { name, on, evidence }: RenameAgencyDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(code, { type: 'rename', name, on, evidence }, context);
  }

  /** 监督检查 */
  @Post(':code/inspections')
  @AllowRoles('clerk', 'reviewer')
  recordInspection(@Param('code') code: string, @Body() body: RecordInspectionDto, @Context() context: CommandContext): Promise<Receipt> {
    const { effectiveOn: _day, ...result } = body;
    return this.run(code, { type: 'record-inspection', ...result }, context);
  }

  /** 注销 */
  @Post(':code/strike-off')
  @HttpCode(200)
  @AllowRoles('approver')
  strikeOff(
    @Param('code') code: string,
    @Body() { reason, evidence }: StrikeOffAgencyDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(code, { type: 'strike-off', reason, evidence }, context);
  }

  private run(code: string, command: AgencyCommand, context: CommandContext): Promise<Receipt> {
    return this.commands.execute(new RunAgencyCommand(creditCode(code, 'code'), command, context));
  }

  private today(): string {
    return businessDateAt(this.clock.now());
  }
}
