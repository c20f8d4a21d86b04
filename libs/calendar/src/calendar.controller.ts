import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandContext, Receipt } from '@app/event-store';
import { AllowAnyRole, AllowRoles, Context, type Page } from '@app/http';
import { businessDateAt, CLOCK, type Clock, invalidField } from '@app/kernel';
import { type DutyFinding, type DutyView, GetAgenda, GetDutyFindings } from './agenda/agenda.query.js';
import { AgendaDto, DoDutyDto, DutyPathDto, FindingsDto, ReopenDutyDto } from './calendar.dto.js';
import type { DutyCommand } from './decide.js';
import { RunDutyCommand } from './handlers/run-duty-command.js';

/** 履职日历: the duties that recur under the published packs. */
@Controller('v1')
export class CalendarController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** 履职日历: what is due, done and overdue on a day. */
  @Get('calendar')
  @AllowAnyRole()
  agenda(@Query() { on = this.today(), overdue, status, ...filter }: AgendaDto): Promise<Page<DutyView>> {
    if (overdue === 'true' && status !== undefined && status !== 'overdue')
      throw invalidField('overdue', 'one-status', `cannot go with status=${status}`);
    const asked = overdue === 'true' ? 'overdue' : status;
    return this.queries.execute(new GetAgenda({ ...filter, on, ...(asked !== undefined && { status: asked }) }));
  }

  /** 逾期事项: overdue duties as findings of an inspection. */
  @Get('calendar/findings')
  @AllowAnyRole()
  findings(@Query() { on = this.today(), ...filter }: FindingsDto): Promise<Page<DutyFinding>> {
    return this.queries.execute(new GetDutyFindings({ ...filter, on }));
  }

  /** 办结: with what shows it. */
  @Post('duties/:pack/:clause/:period/done')
  @HttpCode(200)
  @AllowRoles('clerk')
  done(@Param() duty: DutyPathDto, @Body() { on, note, evidence }: DoDutyDto, @Context() context: CommandContext): Promise<Receipt> {
    const documents = evidence.map(({ title, documentNo, sha256 }) => ({
      title,
      ...(documentNo !== undefined && { documentNo }),
      ...(sha256 !== undefined && { sha256 }),
    }));
    return this.run(duty, { type: 'do', on, ...(note !== undefined && { note }), evidence: documents }, context);
  }

  /** 重新打开: by another person than who marked it as done. */
  @Post('duties/:pack/:clause/:period/reopen')
  @HttpCode(200)
  @AllowRoles('reviewer', 'approver', 'administrator')
  reopen(@Param() duty: DutyPathDto, @Body() { reason }: ReopenDutyDto, @Context() context: CommandContext): Promise<Receipt> {
    return this.run(duty, { type: 'reopen', reason }, context);
  }

  private run({ pack, clause, period }: DutyPathDto, command: DutyCommand, context: CommandContext): Promise<Receipt> {
    return this.commands.execute(new RunDutyCommand({ pack, clause, period }, command, context));
  }

  private today(): string {
    return businessDateAt(this.clock.now());
  }
}
