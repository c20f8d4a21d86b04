import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandContext, Receipt } from '@app/event-store';
import { AllowAnyRole, AllowRoles, type AuthenticatedRequest, Context, type Page, WholeNumberPipe } from '@app/http';
import { businessDateAt, CLOCK, type Clock } from '@app/kernel';
import {
  ApplyForRepairDto,
  DeclineListingDto,
  DecideListingObjectionDto,
  DecideRepairDto,
  FindSubjectDto,
  ListCasesDto,
  ListListingsDto,
  ListSubjectDto,
  OpenCaseDto,
  RaiseListingObjectionDto,
  RecordStatementDto,
  WaiveStatementDto,
} from './blacklist.dto.js';
import type { BlacklistCommand } from './decide.js';
import { type CaseReceipt, OpenBlacklistCase, RunBlacklistCommand } from './handlers/run-blacklist-command.js';
import { type CaseView, isOver, ListCases } from './standing/list-cases.query.js';
import { ListListings, type ListingView } from './standing/list-listings.query.js';
import { FindSubject, type SubjectView } from './standing/find-subject.query.js';
import { historyRestricted, sightOn } from './sight.js';
import { subjectOf } from './subject.js';

/**
 * 黑名单: cases, listings and how subjects stand. What rules do not publish (minor listings) is shown to those who work
 * on cases or watch over them, not to others; what has ended is shown to auditors and administrators alone.
 */
@Controller('v1/blacklist')
export class BlacklistController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** 黑名单: the listings that have effect. */
  @Get()
  @AllowAnyRole()
  list(
    @Query() { on, class: listingClass, ...filter }: ListListingsDto,
    @Req() { actor }: AuthenticatedRequest,
  ): Promise<Page<ListingView>> {
    const sight = sightOn(actor, on, this.today());
    const onlyPublished = sight === 'published';
    return this.queries.execute(new ListListings({ ...filter, on: on ?? this.today(), listingClass, onlyPublished }));
  }

  /** 案件: with the step each waits for; those that are over are for auditors and administrators. */
  @Get('cases')
  @AllowRoles('clerk', 'reviewer', 'approver', 'auditor', 'administrator')
  cases(@Query() filter: ListCasesDto, @Req() { actor }: AuthenticatedRequest): Promise<Page<CaseView>> {
    const seesHistory = sightOn(actor, filter.on, this.today()) === 'history';
    if (filter.status !== undefined && isOver(filter.status) && !seesHistory) throw historyRestricted();
    return this.queries.execute(new ListCases({ ...filter, today: this.today(), onlyRunning: !seesHistory }));
  }

  /** 对象现状; to auditors and administrators the whole history too. */
  @Get(':kind/:id')
  @AllowAnyRole()
  find(
    @Param('kind') kind: string,
    @Param('id') id: string,
    @Query() { history, on }: FindSubjectDto,
    @Req() { actor }: AuthenticatedRequest,
  ): Promise<SubjectView> {
    const sight = sightOn(actor, on, this.today());
    if (history === true && sight !== 'history') throw historyRestricted();
    return this.queries.execute(
      new FindSubject(subjectOf(kind, id), this.today(), history === false && sight === 'history' ? 'running' : sight, on),
    );
  }

  /** 立案并事先告知 */
  @Post('cases')
  @AllowRoles('clerk')
  open(@Body() { effectiveOn: _day, kind, id, ...input }: OpenCaseDto, @Context() context: CommandContext): Promise<CaseReceipt> {
    return this.commands.execute(new OpenBlacklistCase({ subject: subjectOf(kind, id), ...input }, context));
  }

  /** 陈述申辩 */
  @Post(':kind/:id/cases/:case/statement')
  @HttpCode(200)
  @AllowRoles('clerk', 'reviewer')
  recordStatement(
    @Param('kind') kind: string,
    @Param('id') id: string,
    @Param('case', WholeNumberPipe) no: number,
    @Body() { on, summary, evidence }: RecordStatementDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(kind, id, { type: 'record-statement', case: no, on, summary, evidence }, context);
  }

  /** 放弃陈述申辩 */
  @Post(':kind/:id/cases/:case/waive-statement')
  @HttpCode(200)
  @AllowRoles('clerk', 'reviewer')
  waiveStatement(
    @Param('kind') kind: string,
    @Param('id') id: string,
    @Param('case', WholeNumberPipe) no: number,
    @Body() { on, evidence }: WaiveStatementDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(kind, id, { type: 'waive-statement', case: no, on, evidence }, context);
  }

  /** 列入 */
  @Post(':kind/:id/cases/:case/list')
  @HttpCode(200)
  @AllowRoles('approver')
  listSubject(
    @Param('kind') kind: string,
    @Param('id') id: string,
    @Param('case', WholeNumberPipe) no: number,
    @Body() { termMonths, listingClass, reason, evidence }: ListSubjectDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(kind, id, { type: 'list', case: no, termMonths, listingClass, reason, evidence }, context);
  }

  /** 不予列入 */
  @Post(':kind/:id/cases/:case/decline')
  @HttpCode(200)
  @AllowRoles('approver')
  decline(
    @Param('kind') kind: string,
    @Param('id') id: string,
    @Param('case', WholeNumberPipe) no: number,
    @Body() { reason, evidence }: DeclineListingDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(kind, id, { type: 'decline', case: no, reason, evidence }, context);
  }

  /** 提出异议 */
  @Post(':kind/:id/cases/:case/objections')
  @AllowRoles('clerk', 'reviewer')
  object(
    @Param('kind') kind: string,
    @Param('id') id: string,
    @Param('case', WholeNumberPipe) no: number,
    @Body() { on, reasons, evidence }: RaiseListingObjectionDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(kind, id, { type: 'object', case: no, on, reasons, evidence }, context);
  }

  /** 处理异议: upheld, it revokes the listing. */
  @Post(':kind/:id/cases/:case/objections/:objection/decide')
  @HttpCode(200)
  @AllowRoles('approver')
  decideObjection(
    @Param('kind') kind: string,
    @Param('id') id: string,
    @Param('case', WholeNumberPipe) no: number,
    @Param('objection', WholeNumberPipe) objection: number,
    @Body() { upheld, reason, evidence }: DecideListingObjectionDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(kind, id, { type: 'decide-objection', case: no, objection, upheld, reason, evidence }, context);
  }

  /** 申请信用修复 */
  @Post(':kind/:id/cases/:case/repair')
  @AllowRoles('clerk')
  applyForRepair(
    @Param('kind') kind: string,
    @Param('id') id: string,
    @Param('case', WholeNumberPipe) no: number,
    @Body() { effectiveOn: _day, ...application }: ApplyForRepairDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(kind, id, { type: 'apply-for-repair', case: no, ...application }, context);
  }

  /** 信用修复决定: accepted, it ends the listing. */
  @Post(':kind/:id/cases/:case/repair/decide')
  @HttpCode(200)
  @AllowRoles('approver')
  decideRepair(
    @Param('kind') kind: string,
    @Param('id') id: string,
    @Param('case', WholeNumberPipe) no: number,
    @Body() { accepted, reason, evidence }: DecideRepairDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(kind, id, { type: 'decide-repair', case: no, accepted, reason, evidence }, context);
  }

  private run(kind: string, id: string, command: BlacklistCommand, context: CommandContext): Promise<Receipt> {
    return this.commands.execute(new RunBlacklistCommand(subjectOf(kind, id), command, context));
  }

  private today(): string {
    return businessDateAt(this.clock.now());
  }
}
