import { Controller, Get, HttpCode, Param, Post, Query, Req, StreamableFile } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiProduces } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { CommandContext } from '@app/event-store';
import { AllowAnyRole, AllowRoles, type AuthenticatedRequest, Context, PresentOnly } from '@app/http';
import { type Actor, contentHash, invalidField } from '@app/kernel';
import type { ImportKindName } from './import-kind.js';
import type { ImportReport } from './import-report.js';
import { Imports } from './imports.js';
import { StartImportDto, TemplateDto } from './imports.dto.js';
import { type ImportSummary, KeptReports } from './kept-reports.js';
import { SHEET_TYPES } from './sheet/open-sheet.js';
import { template } from './templates.js';
import { receive } from './upload.js';

/** 批量导入: XLSX and CSV files. */
@Controller('v1/imports')
@PresentOnly()
export class ImportsController {
  constructor(
    private readonly imports: Imports,
    private readonly reports: KeptReports,
  ) {}

  /** 导入文件: the file is the body; it is worked on in the background, and sent again it changes nothing. */
  @Post(':kind')
  @HttpCode(202)
  @AllowRoles('clerk', 'reviewer', 'approver', 'administrator')
  @ApiConsumes(...Object.values(SHEET_TYPES))
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  async start(
    @Param('kind') kind: string,
    @Query() { mode = 'all-or-nothing', dryRun, effectiveOn }: StartImportDto,
    @Context() given: CommandContext,
    @Req() request: FastifyRequest,
  ): Promise<ImportReport> {
    const asked = { mode, dryRun: dryRun === 'true' };
    this.imports.require(kind, given.actor);
    if (effectiveOn !== undefined && effectiveOn > given.today)
      throw invalidField('effectiveOn', 'not-in-the-future', `must not be later than today, ${given.today}`);
    const context = { ...given, effectiveOn: effectiveOn ?? given.today };
    const { file, bytes, sha256 } = await receive(request, () => this.imports.room());
    try {
      const content = contentHash({ kind, ...asked, effectiveOn: effectiveOn ?? null, sha256 });
      return await this.imports.start({ kind: kind as ImportKindName, ...asked, context, file, bytes, content });
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** 我的导入: an auditor's or administrator's list holds everybody's. Kept for a time. */
  @Get()
  @AllowAnyRole()
  async list(@Req() request: AuthenticatedRequest): Promise<{ readonly items: readonly ImportSummary[] }> {
    return { items: await this.reports.list(request.actor as Actor) };
  }

  /** 导入模板 */
  @Get('templates/:kind')
  @AllowAnyRole()
  @ApiProduces(...Object.values(SHEET_TYPES))
  async template(@Param('kind') name: string, @Query() { format = 'xlsx' }: TemplateDto): Promise<StreamableFile> {
    const { title, columns } = this.imports.kind(name);
    const content = await template(title, columns, format);
    return new StreamableFile(content, {
      type: SHEET_TYPES[format],
      disposition: `attachment; filename*=UTF-8''${encodeURIComponent(`${title}.${format}`)}`,
    });
  }

  /** 导入进度与结果 */
  @Get(':id')
  @AllowAnyRole()
  find(@Param('id') id: string, @Req() request: AuthenticatedRequest): Promise<ImportReport> {
    return this.reports.find(id, request.actor as Actor);
  }
}
