import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandContext, Receipt } from '@app/event-store';
import { AllowAnyRole, AllowRoles, Context, type Page } from '@app/http';
import { creditCode, invalidField } from '@app/kernel';
import type { EnterpriseCommand } from './decide.js';
import { type DossierView, FindDossier } from './dossier/find-dossier.query.js';
import { type EnterpriseSummary, ListEnterprises } from './dossier/list-enterprises.query.js';
import {
  AwardTitleDto,
  DisputeFactDto,
  FindDossierDto,
  MergeEnterpriseDto,
  RecordCertificateDto,
  RecordClearanceDto,
  RecordDepartureDto,
  RecordFactsDto,
  RecordRelocationDto,
  RegisterEnterpriseDto,
  RenameEnterpriseDto,
  RevokeCertificateDto,
  SearchEnterprisesDto,
  VerifyFactDto,
  WithdrawTitleDto,
} from './enterprises.dto.js';
import { RunEnterpriseCommand } from './handlers/run-enterprise-command.js';

/** 企业档案: dossiers by credit code. */
@Controller('v1/enterprises')
export class EnterprisesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  /** 登记企业 */
  @Post()
  @AllowRoles('clerk')
  register(@Body() body: RegisterEnterpriseDto, @Context() context: CommandContext): Promise<Receipt> {
    const { effectiveOn: _day, ...input } = body;
    return this.run(body.creditCode, { type: 'register', ...input }, context, 'creditCode');
  }

  /** 查找企业: by the beginning of a code or name. */
  @Get()
  @AllowAnyRole()
  list(@Query() search: SearchEnterprisesDto): Promise<Page<EnterpriseSummary>> {
    return this.queries.execute(new ListEnterprises(search));
  }

  /** 一企一档 */
  @Get(':code')
  @AllowAnyRole()
  find(@Param('code') code: string, @Query() { on }: FindDossierDto): Promise<DossierView> {
    return this.queries.execute(new FindDossier(creditCode(code, 'code'), on));
  }

  /** 更名 */
  @Post(':code/rename')
  @HttpCode(200)
  @AllowRoles('clerk')
  rename(
    @Param('code') code: string,
    @Body() { name, evidence }: RenameEnterpriseDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(code, { type: 'rename', name, evidence }, context);
  }

  /** 记录事实: all or none. */
  @Post(':code/facts')
  @AllowRoles('clerk')
  recordFacts(@Param('code') code: string, @Body() { facts }: RecordFactsDto, @Context() context: CommandContext): Promise<Receipt> {
    return this.run(code, { type: 'record-facts', facts }, context);
  }

  /** 核实事实: by another person than who recorded it. */
  @Post(':code/facts/:factId/verify')
  @HttpCode(200)
  @AllowRoles('clerk', 'reviewer')
  verifyFact(
    @Param('code') code: string,
    @Param('factId') factId: string,
    @Body() { evidence }: VerifyFactDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(code, { type: 'verify-fact', factId: checkedFactId(factId), evidence }, context);
  }

  /** 对事实提出异议: it counts as unknown until verified or corrected. */
  @Post(':code/facts/:factId/dispute')
  @HttpCode(200)
  @AllowRoles('clerk', 'reviewer', 'auditor')
  disputeFact(
    @Param('code') code: string,
    @Param('factId') factId: string,
    @Body() { reason }: DisputeFactDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(code, { type: 'dispute-fact', factId: checkedFactId(factId), reason }, context);
  }

  /** 记录证书 */
  @Post(':code/certificates')
  @AllowRoles('clerk')
  recordCertificate(@Param('code') code: string, @Body() body: RecordCertificateDto, @Context() context: CommandContext): Promise<Receipt> {
    const { effectiveOn: _day, ...certificate } = body;
    return this.run(code, { type: 'record-certificate', ...certificate }, context);
  }

  /** 撤销证书 */
  @Post(':code/certificates/:number/revoke')
  @HttpCode(200)
  @AllowRoles('clerk')
  revokeCertificate(
    @Param('code') code: string,
    @Param('number') number: string,
    @Body() { on, reason, evidence }: RevokeCertificateDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    if (number.length > 100) throw invalidField('number', 'max-length', 'must have at most 100 characters');
    return this.run(code, { type: 'revoke-certificate', number, on, reason, evidence }, context);
  }

  /** 记录迁入 */
  @Post(':code/relocation')
  @AllowRoles('clerk')
  recordRelocation(@Param('code') code: string, @Body() body: RecordRelocationDto, @Context() context: CommandContext): Promise<Receipt> {
    const { effectiveOn: _day, ...relocation } = body;
    return this.run(code, { type: 'record-relocation', ...relocation }, context);
  }

  /** 记录迁出 */
  @Post(':code/departure')
  @AllowRoles('clerk')
  recordDeparture(
    @Param('code') code: string,
    @Body() { on, evidence }: RecordDepartureDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(code, { type: 'record-departure', on, evidence }, context);
  }

  /** 记录部门核查意见 */
  @Post(':code/clearances')
  @AllowRoles('clerk')
  recordClearance(@Param('code') code: string, @Body() body: RecordClearanceDto, @Context() context: CommandContext): Promise<Receipt> {
    const { effectiveOn: _day, ...clearance } = body;
    return this.run(code, { type: 'record-clearance', ...clearance }, context);
  }

  /** 授予称号 */
  @Post(':code/titles')
  @AllowRoles('clerk')
  awardTitle(@Param('code') code: string, @Body() body: AwardTitleDto, @Context() context: CommandContext): Promise<Receipt> {
    const { effectiveOn: _day, ...title } = body;
    return this.run(code, { type: 'award-title', ...title }, context);
  }

  /** 撤销称号 */
  @Post(':code/titles/withdraw')
  @HttpCode(200)
  @AllowRoles('clerk')
  withdrawTitle(@Param('code') code: string, @Body() body: WithdrawTitleDto, @Context() context: CommandContext): Promise<Receipt> {
    const { effectiveOn: _day, ...title } = body;
    return this.run(code, { type: 'withdraw-title', ...title }, context);
  }

  /** 合并: this enterprise is absorbed by the survivor. */
  @Post(':code/merge')
  @HttpCode(200)
  @AllowRoles('administrator')
  merge(@Param('code') code: string, @Body() body: MergeEnterpriseDto, @Context() context: CommandContext): Promise<Receipt> {
    const { survivor, reason, evidence } = body;
    return this.run(code, { type: 'merge', survivor, reason, evidence }, context);
  }

  private run(code: string, command: EnterpriseCommand, context: CommandContext, field = 'code'): Promise<Receipt> {
    return this.commands.execute(new RunEnterpriseCommand(creditCode(code, field), command, context));
  }
}

function checkedFactId(factId: string): string {
  if (!/^F[1-9]\d{0,8}$/.test(factId)) throw invalidField('factId', 'fact-id', 'must be the id of a fact, such as F3');
  return factId;
}
