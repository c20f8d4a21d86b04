import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandContext, Receipt } from '@app/event-store';
import { AllowAnyRole, AllowRoles, Context, type Page } from '@app/http';
import { businessDateAt, CLOCK, type Clock, type Evidence } from '@app/kernel';
import type { TargetCommand } from './decide.js';
import { type EntryView, ListTargetEntries } from './entries/entries.query.js';
import { RunTargetCommand } from './handlers/run-target-command.js';
import { GetIndicator, type IndicatorUnits, type IndicatorView, ListIndicators } from './indicators/indicators.query.js';
import { GetTargetTable, type TargetTableView } from './tables/target-table.query.js';
import {
  ListEntriesDto,
  ListTargetsDto,
  ReportActualDto,
  ReportBaselineDto,
  ReportPathDto,
  SetPlanDto,
  TargetPathDto,
  TargetQueryDto,
  VerifyActualDto,
} from './targets.dto.js';

/** 目标任务: the figures the published packs set, what has been reached, and by whom. */
@Controller('v1')
export class TargetsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** 目标任务一览: every indicator with its evaluation. */
  @Get('targets')
  @AllowAnyRole()
  list(@Query() { on = this.today(), ...filter }: ListTargetsDto): Promise<Page<IndicatorView>> {
    return this.queries.execute(new ListIndicators({ ...filter, on }));
  }

  /** 分单位完成情况: best first, what is unknown last. */
  @Get('targets/:pack/:clause')
  @AllowAnyRole()
  units(@Param() { pack, clause }: TargetPathDto, @Query() { on = this.today(), year }: TargetQueryDto): Promise<IndicatorUnits> {
    return this.queries.execute(new GetIndicator(pack, clause, { on, ...(year !== undefined && { year }) }));
  }

  /** 指导计划表: units by years, with actual figures and differences. */
  @Get('target-tables/:pack/:clause')
  @AllowAnyRole()
  table(@Param() { pack, clause }: TargetPathDto, @Query() { on = this.today(), year }: TargetQueryDto): Promise<TargetTableView> {
    return this.queries.execute(new GetTargetTable(pack, clause, { on, ...(year !== undefined && { year }) }));
  }

  /** 填报记录: everything entered, with what put it right. */
  @Get('targets/:pack/:clause/entries')
  @AllowAnyRole()
  entries(@Param() { pack, clause }: TargetPathDto, @Query() { on = this.today(), ...filter }: ListEntriesDto): Promise<Page<EntryView>> {
    return this.queries.execute(new ListTargetEntries(pack, clause, { ...filter, on }));
  }

  /** 填报实际数 */
  @Post('targets/:pack/:clause/actuals')
  @AllowRoles('clerk')
  report(@Param() target: TargetPathDto, @Body() body: ReportActualDto, @Context() context: CommandContext): Promise<Receipt> {
    const { unit, effectiveOn: _day, evidence, ...input } = body;
    return this.run(target, unit, { type: 'report-actual', ...input, ...documents(evidence) }, context);
  }

  /** 核实实际数: by another person than who reported it. */
  @Post('targets/:pack/:clause/actuals/:report/verify')
  @HttpCode(200)
  @AllowRoles('clerk', 'reviewer')
  verify(
    @Param() { report, ...target }: ReportPathDto,
    @Body() { unit, evidence }: VerifyActualDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(target, unit, { type: 'verify-actual', report, evidence: [], ...documents(evidence) }, context);
  }

  /** 下达分解指标: a unit's own share, where the text gives none. */
  @Post('targets/:pack/:clause/plans')
  @AllowRoles('approver', 'administrator')
  plan(@Param() target: TargetPathDto, @Body() body: SetPlanDto, @Context() context: CommandContext): Promise<Receipt> {
    const { unit, effectiveOn: _day, evidence, ...input } = body;
    return this.run(target, unit, { type: 'set-plan', ...input, ...documents(evidence) }, context);
  }

  /** 填报基数: what a difference, a growth rate or a multiple is of. */
  @Post('targets/:pack/:clause/baselines')
  @AllowRoles('clerk')
  baseline(@Param() target: TargetPathDto, @Body() body: ReportBaselineDto, @Context() context: CommandContext): Promise<Receipt> {
    const { unit, effectiveOn: _day, evidence, ...input } = body;
    return this.run(target, unit, { type: 'report-baseline', ...input, ...documents(evidence) }, context);
  }

  private run(
    { pack, clause }: TargetPathDto,
    unit: string | undefined,
    command: TargetCommand,
    context: CommandContext,
  ): Promise<Receipt> {
    return this.commands.execute(new RunTargetCommand({ pack, clause, ...(unit !== undefined && { unit }) }, command, context));
  }

  private today(): string {
    return businessDateAt(this.clock.now());
  }
}

/** Copied field by field: an event keeps plain objects. */
function documents(evidence: readonly Evidence[] | undefined): { readonly evidence?: readonly Evidence[] } {
  if (evidence === undefined) return {};
  return {
    evidence: evidence.map(({ title, documentNo, sha256 }) => ({
      title,
      ...(documentNo !== undefined && { documentNo }),
      ...(sha256 !== undefined && { sha256 }),
    })),
  };
}
