import { Body, Controller, Get, HttpCode, Param, type PipeTransform, Post, Query as QueryString } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandContext, Receipt } from '@app/event-store';
import { type Evidence, invalidField } from '@app/kernel';
import { AllowAnyRole, AllowRoles, Context, type Page } from '@app/http';
import { assess } from './assess.js';
import { type OpenQuestion, openQuestions } from './coverage.js';
import type { Assessment } from './assessment.js';
import { readBundledSource } from './bundled-packs.js';
import { RunPolicyCommand } from './handlers/run-policy-command.js';
import { GetPolicy, ListPolicies, type PolicyDetail, type PolicyView } from './list/policies.query.js';
import { parsePack } from './load-pack.js';
import type { Pack } from './pack.js';
import {
  AmendPolicyDto,
  AssessDto,
  ExpirePolicyDto,
  ListPoliciesDto,
  OpenQuestionsDto,
  PolicyOnDto,
  PublishPolicyDto,
  RepealPolicyDto,
  SettleInterpretationDto,
} from './policies.dto.js';
import { Policies } from './policies.js';

class PackIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(value)) throw invalidField('pack', 'pack-id', 'must be a pack id such as "ganzhou-etdz-2023"');
    return value;
  }
}

/** 政策 */
@Controller('v1/policies')
export class PoliciesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly policies: Policies,
  ) {}

  /** 发布政策 */
  @Post()
  @AllowRoles('administrator')
  publish(@Body() input: PublishPolicyDto, @Context() context: CommandContext): Promise<Receipt> {
    const pack = read(input);
    return this.run(pack.id, { type: 'publish', pack, ...documents(input) }, context);
  }

  /** 政策列表 */
  @Get()
  @AllowAnyRole()
  list(@QueryString() { limit, cursor, on }: ListPoliciesDto): Promise<Page<PolicyView>> {
    return this.queries.execute(new ListPolicies(limit, cursor, on));
  }

  /** 待定事项: what the published texts leave open, with the reason; nothing is paid under it */
  @Get('open-questions')
  @AllowAnyRole()
  async openQuestions(@QueryString() { pack }: OpenQuestionsDto): Promise<readonly OpenQuestion[]> {
    return (await this.policies.published()).filter(({ id }) => pack === undefined || id === pack).flatMap(openQuestions);
  }

  /** 政策全文与各版本 */
  @Get(':pack')
  @AllowAnyRole()
  detail(@Param('pack', PackIdPipe) pack: string, @QueryString() { on }: PolicyOnDto): Promise<PolicyDetail> {
    return this.queries.execute(new GetPolicy(pack, on));
  }

  /** 修订 */
  @Post(':pack/amend')
  @HttpCode(200)
  @AllowRoles('administrator')
  amend(@Param('pack', PackIdPipe) id: string, @Body() input: AmendPolicyDto, @Context() context: CommandContext): Promise<Receipt> {
    const pack = read(input);
    if (pack.id !== id) throw invalidField('pack', 'same-pack', `the text is of ${pack.id}, not of ${id}`);
    return this.run(id, { type: 'amend', pack, reason: input.reason, ...documents(input) }, context);
  }

  /** 到期 */
  @Post(':pack/expire')
  @HttpCode(200)
  @AllowRoles('administrator')
  expire(@Param('pack', PackIdPipe) id: string, @Body() input: ExpirePolicyDto, @Context() context: CommandContext): Promise<Receipt> {
    return this.run(id, { type: 'expire', on: input.on, reason: input.reason, ...documents(input) }, context);
  }

  /** 废止 */
  @Post(':pack/repeal')
  @HttpCode(200)
  @AllowRoles('administrator')
  repeal(@Param('pack', PackIdPipe) id: string, @Body() input: RepealPolicyDto, @Context() context: CommandContext): Promise<Receipt> {
    return this.run(id, { type: 'repeal', on: input.on, reason: input.reason, ...documents(input) }, context);
  }

  /** 明确口径: settles a question the text leaves open */
  @Post(':pack/interpretations/:interpretation/settle')
  @HttpCode(200)
  @AllowRoles('administrator')
  settle(
    @Param('pack', PackIdPipe) id: string,
    @Param('interpretation') interpretation: string,
    @Body() { chosen, reason }: SettleInterpretationDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(id, { type: 'settle', interpretation, chosen, reason }, context);
  }

  /** 政策计算器: what the clause would grant on these facts; writes nothing */
  @Post(':pack/clauses/:clause/assess')
  @HttpCode(200)
  @AllowAnyRole()
  async assess(
    @Param('pack', PackIdPipe) id: string,
    @Param('clause') clause: string,
    @Body() { on, facts, simulate = false }: AssessDto,
  ): Promise<Assessment> {
    const version = await this.policies.versionFor(id, on);
    return assess(version.pack, clause, { on, facts, simulate, policy: version });
  }

  private run(pack: string, command: RunPolicyCommand['command'], context: CommandContext): Promise<Receipt> {
    return this.commands.execute(new RunPolicyCommand(pack, command, context));
  }
}

function read({ pack, file, source }: PublishPolicyDto): Pack {
  return parsePack(pack, file, (name) => source ?? readBundledSource(name));
}

/** Copied field by field: an event keeps plain objects, and nothing a body carried besides. */
function documents({ evidence }: { readonly evidence?: readonly Evidence[] }): { readonly evidence?: readonly Evidence[] } {
  if (evidence === undefined) return {};
  return {
    evidence: evidence.map(({ title, documentNo, sha256 }) => ({
      title,
      ...(documentNo !== undefined && { documentNo }),
      ...(sha256 !== undefined && { sha256 }),
    })),
  };
}
