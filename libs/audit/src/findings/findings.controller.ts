import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { sightOf } from '@app/blacklist';
import type { CommandContext, Receipt } from '@app/event-store';
import { AllowAnyRole, AllowRoles, type AuthenticatedRequest, Context, type EvidenceDto, isActorId } from '@app/http';
import { businessDateAt, CLOCK, type Clock, type Evidence, invalidField } from '@app/kernel';
import { Subscriptions } from '@app/projections';
import { GetTimeline } from '../timeline/timeline.query.js';
import type { FindingAction } from './decide.js';
import {
  AssignFindingDto,
  CommentFindingDto,
  FindingPathDto,
  FindingsDto,
  OpenFindingDto,
  ReopenFindingDto,
  ResolveFindingDto,
} from './findings.dto.js';
import {
  type Asker,
  type DetectorView,
  detectorViews,
  type FindingCount,
  type FindingDetail,
  type FindingsFilter,
  type FindingsPage,
  GetFinding,
  ListFindings,
  SummariseFindings,
} from './findings.query.js';
import { OpenFinding, type OpenReceipt, RunFindingCommand } from './run-finding-command.js';

/** 疑点: what is found in the ledger, and what auditors do about it. Others see what is assigned to them. */
@Controller('v1/audit')
export class FindingsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly subscriptions: Subscriptions,
  ) {}

  /** 疑点清单: newest first. */
  @Get('findings')
  @AllowAnyRole()
  async list(@Query() { limit, cursor, ...asked }: FindingsDto, @Req() { actor }: AuthenticatedRequest): Promise<FindingsPage> {
    // Nothing found where nothing was looked at would read as a clean bill.
    await this.subscriptions.upToDate('findings');
    const filter = { ...filterOf(asked), limit, ...(cursor !== undefined && { cursor }) };
    const page: FindingsPage = await this.queries.execute(new ListFindings(filter, askerOf(actor), this.today()));
    if (page.items.length === 0 && page.assignedOnly !== true) await this.checkKnown(asked);
    return page;
  }

  /** 疑点汇总: counts by what was found, its severity and its status. */
  @Get('findings/summary')
  @AllowAnyRole()
  async summary(
    @Query() { limit: _limit, cursor: _cursor, ...asked }: FindingsDto,
    @Req() { actor }: AuthenticatedRequest,
  ): Promise<{ readonly items: readonly FindingCount[] }> {
    // Nothing found where nothing was looked at would read as a clean bill.
    await this.subscriptions.upToDate('findings');
    const summary: { readonly items: readonly FindingCount[] } = await this.queries.execute(
      new SummariseFindings(filterOf(asked), askerOf(actor), this.today()),
    );
    if (summary.items.length === 0 && askerOf(actor).seesAll) await this.checkKnown(asked);
    return summary;
  }

  /** 疑点: with its history and the event it points at. */
  @Get('findings/:id')
  @AllowAnyRole()
  find(@Param() { id }: FindingPathDto, @Req() { actor }: AuthenticatedRequest): Promise<FindingDetail> {
    return this.queries.execute(new GetFinding(id, askerOf(actor), this.today()));
  }

  /** 检查项目: what is looked for, and by which rule. */
  @Get('detectors')
  @AllowAnyRole()
  detectors(): { readonly items: readonly DetectorView[] } {
    return { items: detectorViews() };
  }

  /** 登记疑点: one of the auditor's own. */
  @Post('findings')
  @AllowRoles('auditor')
  open(@Body() { effectiveOn: _on, evidence, ...finding }: OpenFindingDto, @Context() context: CommandContext): Promise<OpenReceipt> {
    return this.commands.execute(new OpenFinding({ ...finding, evidence: documents(evidence) }, context));
  }

  /** 批注、答复: by auditors, and by whom it is assigned to. */
  @Post('findings/:id/comment')
  @HttpCode(200)
  @AllowAnyRole()
  comment(
    @Param() { id }: FindingPathDto,
    @Body() { text, evidence }: CommentFindingDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(id, { type: 'comment', text, evidence: documents(evidence) }, context);
  }

  /** 交办: to somebody who is to answer. */
  @Post('findings/:id/assign')
  @HttpCode(200)
  @AllowRoles('auditor')
  assign(@Param() { id }: FindingPathDto, @Body() { to }: AssignFindingDto, @Context() context: CommandContext): Promise<Receipt> {
    if (!isActorId(to)) throw invalidField('to', 'actor-id', 'must be the id of a person, as in their token');
    return this.run(id, { type: 'assign', to }, context);
  }

  /** 办结: never by whose act it is about. */
  @Post('findings/:id/resolve')
  @HttpCode(200)
  @AllowRoles('auditor')
  resolve(
    @Param() { id }: FindingPathDto,
    @Body() { outcome, reason, correction, evidence }: ResolveFindingDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    const action = { type: 'resolve' as const, outcome, reason, evidence: documents(evidence), ...(correction && { correction }) };
    return this.run(id, action, context);
  }

  /** 重新核查 */
  @Post('findings/:id/reopen')
  @HttpCode(200)
  @AllowRoles('auditor')
  reopen(@Param() { id }: FindingPathDto, @Body() { reason }: ReopenFindingDto, @Context() context: CommandContext): Promise<Receipt> {
    return this.run(id, { type: 'reopen', reason }, context);
  }

  private run(id: string, action: Exclude<FindingAction, { type: 'open' }>, context: CommandContext): Promise<Receipt> {
    return this.commands.execute(new RunFindingCommand(id, action, context));
  }

  /**
   * For those who see everything: others would learn from it whether a colleague has done anything.
   * @throws Problem `timeline-unknown` for an award, an enterprise or an officer of whom the ledger knows nothing.
   */
  private async checkKnown({ award, enterprise, officer }: Asked): Promise<void> {
    for (const [kind, id] of Object.entries({ award, enterprise, officer }) as ['award' | 'enterprise' | 'officer', string | undefined][])
      if (id !== undefined) await this.queries.execute(new GetTimeline({ kind, id }, { order: 'ascending' }, true, 1));
  }

  private today(): string {
    return businessDateAt(this.clock.now());
  }
}

type Asked = Omit<FindingsDto, 'limit' | 'cursor'>;

function filterOf({ open, status, ...filter }: Asked): FindingsFilter {
  if (open === 'true' && status === 'resolved') throw invalidField('open', 'one-status', 'cannot go with status=resolved');
  const asked = open === 'true' ? 'open' : status;
  return { ...filter, ...(asked !== undefined && { status: asked }) };
}

function askerOf(actor: AuthenticatedRequest['actor']): Asker {
  const sight = sightOf(actor);
  return { id: actor?.id ?? '', sight, seesAll: sight === 'history' };
}

function documents(evidence: readonly EvidenceDto[] = []): readonly Evidence[] {
  return evidence.map(({ title, documentNo, sha256 }) => ({
    title,
    ...(documentNo !== undefined && { documentNo }),
    ...(sha256 !== undefined && { sha256 }),
  }));
}
