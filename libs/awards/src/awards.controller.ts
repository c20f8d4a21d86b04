import { Body, Controller, Get, HttpCode, Inject, Param, type PipeTransform, Post, Query as QueryString, Req } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandContext, Receipt } from '@app/event-store';
import { type BusinessDate, businessDateAt, CLOCK, type Clock, invalidField, requireNoPersonalNumber } from '@app/kernel';
import { isHistoryHidden, type Sight, sightOf } from '@app/blacklist';
import { AllowAnyRole, AllowRoles, type AuthenticatedRequest, Context, EmptyBodyPipe, type Page, WholeNumberPipe } from '@app/http';
import {
  ApplyDto,
  AwardOnDto,
  BalancesDto,
  ClawbackReceiptDto,
  ConfirmPayeeDto,
  DecideObjectionDto,
  DemandClawbackDto,
  GrantDto,
  HoldDto,
  ListAwardsDto,
  ListDueDto,
  OverrideDto,
  PubliciseDto,
  RaiseObjectionDto,
  ReasonDto,
  ReviewDto,
  RevokeDto,
  TrialBalanceDto,
  UnlockDto,
  WriteOffDto,
} from './awards.dto.js';
import { GetBalances, GetTrialBalance } from './balances/balances.query.js';
import type { AwardCommand } from './decide.js';
import { type AwardDetail, GetAward } from './detail/award-detail.query.js';
import { type DueInstalment, GetDueInstalments } from './due-instalments/due-instalments.query.js';
import { ApplyForAward } from './handlers/apply-for-award.js';
import { AssessAward } from './handlers/assess-award.js';
import { GrantAward } from './handlers/grant-award.js';
import { HoldAward } from './handlers/hold-award.js';
import { PubliciseAward } from './handlers/publicise-award.js';
import { RunAwardCommand } from './handlers/run-award-command.js';
import { UnlockInstalment } from './handlers/unlock-instalment.js';
import { type AwardSummary, ListAwards } from './list/awards.query.js';
import { personReference } from './standing.js';
import { Reconcile } from './reconciliation/reconciliation.query.js';

const AWARD_ID = /^[a-z0-9-]{1,64}\.[A-Za-z0-9][A-Za-z0-9-]{0,39}\.[0-9A-Z]{18}\.[\p{L}\p{N}]{1,80}$/u;

class AwardIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!AWARD_ID.test(value)) throw invalidField('award', 'award-id', 'must be <pack>.<clause>.<credit code>.<occasion>');
    return value;
  }
}

/** 奖补: the life of an award from application to clawback. */
@Controller('v1/awards')
export class AwardsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** 申报 */
  @Post()
  @AllowRoles('clerk')
  apply(@Body() application: ApplyDto, @Context() context: CommandContext) {
    return this.commands.execute(new ApplyForAward(application, context));
  }

  /** 奖补列表 */
  @Get()
  @AllowAnyRole()
  list(
    @QueryString() { limit, cursor, person, on, ...filter }: ListAwardsDto,
    @Req() { actor }: AuthenticatedRequest,
  ): Promise<Page<AwardSummary>> {
    const named = person === undefined ? {} : { person: personReference(person, 'person') };
    const hidesListings = hidesListingsOf(actor, on, this.clock);
    return this.queries.execute(new ListAwards({ ...filter, ...named }, limit, cursor, on, hidesListings));
  }

  /** 奖补详情: state, facts used, explanation and history; a listing is named to those who may see it */
  @Get(':award')
  @AllowAnyRole()
  detail(
    @Param('award', AwardIdPipe) award: string,
    @QueryString() { on }: AwardOnDto,
    @Req() { actor }: AuthenticatedRequest,
  ): Promise<AwardDetail> {
    const hidesListings = hidesListingsOf(actor, on, this.clock);
    const sight: Sight = hidesListings ? 'published' : sightOf(actor);
    return this.queries.execute(new GetAward(award, sight, on, hidesListings));
  }

  /** 测算: computes what the clause grants from the dossier */
  @Post(':award/assess')
  @HttpCode(200)
  @AllowRoles('clerk', 'reviewer')
  assess(@Param('award', AwardIdPipe) award: string, @Body(EmptyBodyPipe) _body: undefined, @Context() context: CommandContext) {
    return this.commands.execute(new AssessAward(award, context));
  }

  /** 审核 */
  @Post(':award/review')
  @HttpCode(200)
  @AllowRoles('reviewer')
  review(@Param('award', AwardIdPipe) award: string, @Body() input: ReviewDto, @Context() context: CommandContext) {
    return this.run(award, { type: 'review', ...input }, context);
  }

  /** 撤回申报 */
  @Post(':award/withdraw')
  @HttpCode(200)
  @AllowRoles('clerk')
  withdraw(@Param('award', AwardIdPipe) award: string, @Body() { reason }: ReasonDto, @Context() context: CommandContext) {
    return this.run(award, { type: 'withdraw', reason }, context);
  }

  /** 公示 */
  @Post(':award/publicise')
  @HttpCode(200)
  @AllowRoles('clerk', 'reviewer', 'administrator')
  publicise(@Param('award', AwardIdPipe) award: string, @Body() input: PubliciseDto, @Context() context: CommandContext) {
    requireNoPersonalNumber(input);
    return this.commands.execute(new PubliciseAward(award, input, context));
  }

  /** 提出异议 */
  @Post(':award/objections')
  @HttpCode(200)
  @AllowRoles('clerk', 'reviewer', 'auditor', 'administrator')
  object(@Param('award', AwardIdPipe) award: string, @Body() input: RaiseObjectionDto, @Context() context: CommandContext) {
    return this.run(award, { type: 'raise-objection', ...input }, context);
  }

  /** 处理异议 */
  @Post(':award/objections/:objection/decide')
  @HttpCode(200)
  @AllowRoles('reviewer', 'administrator')
  decideObjection(
    @Param('award', AwardIdPipe) award: string,
    @Param('objection', WholeNumberPipe) objection: number,
    @Body() input: DecideObjectionDto,
    @Context() context: CommandContext,
  ) {
    return this.run(award, { type: 'decide-objection', objection, ...input }, context);
  }

  /** 提议调减金额: to be granted by a second approver */
  @Post(':award/override')
  @HttpCode(200)
  @AllowRoles('approver')
  override(@Param('award', AwardIdPipe) award: string, @Body() input: OverrideDto, @Context() context: CommandContext) {
    return this.run(award, { type: 'propose-override', ...input }, context);
  }

  /** 取消调减 */
  @Post(':award/override/drop')
  @HttpCode(200)
  @AllowRoles('approver')
  dropOverride(@Param('award', AwardIdPipe) award: string, @Body() { reason }: ReasonDto, @Context() context: CommandContext) {
    return this.run(award, { type: 'drop-override', reason }, context);
  }

  /** 批准: reserves the budget and grants */
  @Post(':award/grant')
  @HttpCode(200)
  @AllowRoles('approver')
  grant(
    @Param('award', AwardIdPipe) award: string,
    @Body() { line, period, documentNo }: GrantDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.commands.execute(new GrantAward(award, { line, period, documentNo }, context));
  }

  /** 解锁分期: when the facts of the dossier meet the instalment's condition */
  @Post(':award/instalments/:no/unlock')
  @HttpCode(200)
  @AllowRoles('clerk', 'reviewer')
  unlock(
    @Param('award', AwardIdPipe) award: string,
    @Param('no', WholeNumberPipe) no: number,
    @Body() { evidence = [] }: UnlockDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.commands.execute(new UnlockInstalment(award, no, evidence, context));
  }

  /** 确认承继单位: pays a merged payee's successor from now on */
  @Post(':award/payee')
  @HttpCode(200)
  @AllowRoles('approver')
  confirmPayee(@Param('award', AwardIdPipe) award: string, @Body() input: ConfirmPayeeDto, @Context() context: CommandContext) {
    return this.run(award, { type: 'confirm-payee', ...input }, context);
  }

  /** 暂缓拨付: until an officer releases it, or, bound to a listing, until that ends */
  @Post(':award/hold')
  @HttpCode(200)
  @AllowRoles('reviewer', 'approver', 'administrator')
  hold(@Param('award', AwardIdPipe) award: string, @Body() input: HoldDto, @Context() context: CommandContext) {
    requireNoPersonalNumber(input);
    return this.commands.execute(new HoldAward(award, input, context));
  }

  /** 解除暂缓: an officer's hold; those of listings end with their listings */
  @Post(':award/hold/release')
  @HttpCode(200)
  @AllowRoles('approver')
  releaseHold(@Param('award', AwardIdPipe) award: string, @Body() input: ReasonDto, @Context() context: CommandContext) {
    return this.run(award, { type: 'release-hold', ...input }, context);
  }

  /** 失效: what is not paid lapses, its budget is free again */
  @Post(':award/lapse')
  @HttpCode(200)
  @AllowRoles('approver')
  lapse(@Param('award', AwardIdPipe) award: string, @Body() input: ReasonDto, @Context() context: CommandContext) {
    return this.run(award, { type: 'lapse', ...input }, context);
  }

  /** 撤销 */
  @Post(':award/revoke')
  @HttpCode(200)
  @AllowRoles('approver')
  revoke(@Param('award', AwardIdPipe) award: string, @Body() input: RevokeDto, @Context() context: CommandContext) {
    return this.run(award, { type: 'revoke', ...input }, context);
  }

  /** 追缴 */
  @Post(':award/clawbacks')
  @HttpCode(200)
  @AllowRoles('approver')
  demandClawback(@Param('award', AwardIdPipe) award: string, @Body() input: DemandClawbackDto, @Context() context: CommandContext) {
    return this.run(award, { type: 'demand-clawback', ...input }, context);
  }

  /** 追缴到账 */
  @Post(':award/clawbacks/:clawback/receipts')
  @HttpCode(200)
  @AllowRoles('finance')
  receiveClawback(
    @Param('award', AwardIdPipe) award: string,
    @Param('clawback', WholeNumberPipe) clawback: number,
    @Body() input: ClawbackReceiptDto,
    @Context() context: CommandContext,
  ) {
    return this.run(award, { type: 'receive-clawback', clawback, ...input }, context);
  }

  /** 核销 */
  @Post(':award/clawbacks/:clawback/write-off')
  @HttpCode(200)
  @AllowRoles('approver')
  writeOff(
    @Param('award', AwardIdPipe) award: string,
    @Param('clawback', WholeNumberPipe) clawback: number,
    @Body() input: WriteOffDto,
    @Context() context: CommandContext,
  ) {
    return this.run(award, { type: 'write-off-clawback', clawback, ...input }, context);
  }

  private run(award: string, command: AwardCommand, context: CommandContext): Promise<Receipt> {
    requireNoPersonalNumber(command);
    return this.commands.execute(new RunAwardCommand(award, command, context));
  }
}

/** Of what had effect then, much has ended since: looking back, no listing is told of but to those who see the history. */
function hidesListingsOf(actor: AuthenticatedRequest['actor'], on: string | undefined, clock: Clock): boolean {
  return isHistoryHidden(actor, on, businessDateAt(clock.now()));
}

/** 余额与应付: what the finance bureau reads. */
@Controller('v1')
export class BalancesController {
  constructor(
    private readonly queries: QueryBus,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** 应付分期: due and unpaid, oldest first */
  @Get('due-instalments')
  @AllowAnyRole()
  due(@QueryString() { limit, cursor, on, ...filter }: ListDueDto, @Req() { actor }: AuthenticatedRequest): Promise<Page<DueInstalment>> {
    const day = (on ?? businessDateAt(this.clock.now())) as BusinessDate;
    return this.queries.execute(new GetDueInstalments(day, filter, limit, cursor, hidesListingsOf(actor, on, this.clock)));
  }

  /** 余额表 */
  @Get('balances')
  @AllowAnyRole()
  balances(@QueryString() { by, on, ...filter }: BalancesDto) {
    return this.queries.execute(new GetBalances(by, filter, on));
  }

  /** 试算平衡 */
  @Get('balances/trial')
  @AllowAnyRole()
  trial(@QueryString() { on }: TrialBalanceDto) {
    return this.queries.execute(new GetTrialBalance(on));
  }

  /** 对账: awards against budget lines, budget lines against the accounts */
  @Get('balances/reconciliation')
  @AllowAnyRole()
  reconcile() {
    return this.queries.execute(new Reconcile());
  }
}
