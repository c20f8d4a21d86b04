import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandContext, Receipt } from '@app/event-store';
import { AllowAnyRole, AllowRoles, Context, type Page } from '@app/http';
import { derivedId, type Evidence } from '@app/kernel';
import {
  AdjustmentDto,
  AppropriationDto,
  BudgetLinesDto,
  CloseLineDto,
  LineDto,
  LineOnDto,
  OpenLineDto,
  ReservationsDto,
  TransferDto,
} from './budget.dto.js';
import type { BudgetCommand } from './decide.js';
import { RunBudgetCommand } from './handlers/run-budget-command.js';
import { budgetStream, type LineRef } from './line.js';
import { type BudgetLineView, GetBudgetLine, ListBudgetLines, ListReservations, type ReservationView } from './lines/budget-lines.query.js';

/** Budget lines (预算): finance opens, funds, moves and closes them; reserving and spending belong to awards and have no route. */
@Controller('v1/budgets')
export class BudgetsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  /** Opens a line (设立预算科目). The envelope its pack declares for it is applied. */
  @Post()
  @AllowRoles('finance')
  open(@Body() { pack, line, period, title }: OpenLineDto, @Context() context: CommandContext): Promise<Receipt> {
    const opened = { pack, line, period };
    return this.run(opened, { type: 'open', line: opened, ...(title !== undefined && { title }) }, context);
  }

  /** Enters an appropriation (拨款) with its document. */
  @Post(':pack/:line/:period/appropriations')
  @AllowRoles('finance')
  @HttpCode(200)
  appropriate(@Param() line: LineDto, @Body() body: AppropriationDto, @Context() context: CommandContext): Promise<Receipt> {
    const { amount, reason } = body;
    return this.run(line, { type: 'appropriate', amount, reason, evidence: documents(body.evidence) }, context);
  }

  /** Enters an adjustment (预算调整), up or down, with its document. */
  @Post(':pack/:line/:period/adjustments')
  @AllowRoles('finance')
  @HttpCode(200)
  adjust(@Param() line: LineDto, @Body() body: AdjustmentDto, @Context() context: CommandContext): Promise<Receipt> {
    const { amount, reason } = body;
    return this.run(line, { type: 'adjust', amount, reason, evidence: documents(body.evidence) }, context);
  }

  /** Moves money to another open line (调剂); it arrives there a moment later. */
  @Post(':pack/:line/:period/transfers')
  @AllowRoles('finance')
  @HttpCode(200)
  transfer(@Param() line: LineDto, @Body() body: TransferDto, @Context() context: CommandContext): Promise<Receipt> {
    const { to, amount, reason, evidence } = body;
    const transfer = derivedId('budget-transfer', context.commandId);
    return this.run(line, { type: 'transfer-out', transfer, to: reference(to), amount, reason, evidence: documents(evidence) }, context);
  }

  /** Closes a line after its period (年终结转) and carries the balance over; again, for what was released since. */
  @Post(':pack/:line/:period/close')
  @AllowRoles('finance')
  @HttpCode(200)
  close(@Param() line: LineDto, @Body() { to, evidence }: CloseLineDto, @Context() context: CommandContext): Promise<Receipt> {
    return this.run(line, { type: 'close', ...(to && { to: reference(to) }), ...(evidence && { evidence: documents(evidence) }) }, context);
  }

  /** Lists lines with their figures. */
  @Get()
  @AllowAnyRole()
  list(@Query() filter: BudgetLinesDto): Promise<Page<BudgetLineView>> {
    return this.queries.execute(new ListBudgetLines(filter));
  }

  /** One line with its figures. */
  @Get(':pack/:line/:period')
  @AllowAnyRole()
  get(@Param() line: LineDto, @Query() { on }: LineOnDto): Promise<BudgetLineView> {
    return this.queries.execute(new GetBudgetLine(line, on));
  }

  /** For which awards a line holds money. */
  @Get(':pack/:line/:period/reservations')
  @AllowAnyRole()
  reservations(@Param() line: LineDto, @Query() filter: ReservationsDto): Promise<Page<ReservationView>> {
    return this.queries.execute(new ListReservations(line, filter));
  }

  private run(line: LineRef, command: BudgetCommand, context: CommandContext): Promise<Receipt> {
    return this.commands.execute(new RunBudgetCommand(budgetStream(line), command, context));
  }
}

function reference({ pack, line, period }: LineDto): LineRef {
  return { pack, line, period };
}

function documents(evidence: readonly Evidence[]): readonly Evidence[] {
  return evidence.map(({ title, documentNo, sha256 }) => ({
    title,
    ...(documentNo !== undefined && { documentNo }),
    ...(sha256 !== undefined && { sha256 }),
  }));
}
