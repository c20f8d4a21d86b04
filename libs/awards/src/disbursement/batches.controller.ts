import { Body, Controller, Get, HttpCode, Param, type PipeTransform, Post, Query as QueryString, StreamableFile } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandContext, Receipt } from '@app/event-store';
import { invalidField, sha256 } from '@app/kernel';
import { AllowAnyRole, AllowRoles, Context, EmptyBodyPipe, type Page, WholeNumberPipe } from '@app/http';
import { BATCH_ID } from './batch.js';
import { parseBankFile } from './bank-file.js';
import {
  BankFileDto,
  BatchOnDto,
  CancelBatchDto,
  ListBatchesDto,
  PaymentFileDto,
  PrepareBatchDto,
  ResolveUnexpectedDto,
} from './batches.dto.js';
import { type BatchDetail, type BatchSummary, GetBatch, ListBatches } from './batches.query.js';
import { ExportBatch } from './export-batch.js';
import { FreezeBatch, type FrozenBatch } from './freeze-batch.js';
import { PAYMENT_FILE_TYPES } from './payment-file.js';
import { PrepareBatch } from './prepare-batch.js';
import { type RecordedResults, RecordResults } from './record-results.js';
import { ResolveUnexpected } from './resolve-unexpected.js';
import { RunBatchCommand } from './run-batch-command.js';

class BatchIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!BATCH_ID.test(value)) throw invalidField('batch', 'batch-id', 'must be 1 to 40 capital letters, digits or hyphens');
    return value;
  }
}

/** 拨付批次 */
@Controller('v1/payment-batches')
export class BatchesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  /** 编制批次: lists due instalments, the oldest first, at most 1 000; what cannot be paid is named with its reason, `left` counts what is due beyond them */
  @Post()
  @AllowRoles('finance')
  prepare(@Body() { batch, title, instalments, filter }: PrepareBatchDto, @Context() context: CommandContext) {
    if (instalments !== undefined && filter !== undefined) throw invalidField('filter', 'one-of', 'name instalments or a filter, not both');
    return this.commands.execute(
      new PrepareBatch(batch, title, { ...(instalments && { instalments }), ...(filter && { filter }) }, context),
    );
  }

  @Get()
  @AllowAnyRole()
  list(@QueryString() { limit, cursor, on }: ListBatchesDto): Promise<Page<BatchSummary>> {
    return this.queries.execute(new ListBatches(limit, cursor, on));
  }

  @Get(':batch')
  @AllowAnyRole()
  detail(@Param('batch', BatchIdPipe) batch: string, @QueryString() { on }: BatchOnDto): Promise<BatchDetail> {
    return this.queries.execute(new GetBatch(batch, on));
  }

  /** 锁定批次: orders every instalment; what may no longer be paid is dropped with its reason, and a batch left without any line is cancelled */
  @Post(':batch/freeze')
  @HttpCode(200)
  @AllowRoles('finance')
  freeze(
    @Param('batch', BatchIdPipe) batch: string,
    @Body(EmptyBodyPipe) _body: undefined,
    @Context() context: CommandContext,
  ): Promise<FrozenBatch> {
    return this.commands.execute(new FreezeBatch(batch, context));
  }

  /** 作废批次 */
  @Post(':batch/cancel')
  @HttpCode(200)
  @AllowRoles('finance')
  cancel(
    @Param('batch', BatchIdPipe) batch: string,
    @Body() { reason }: CancelBatchDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.commands.execute(new RunBatchCommand(batch, { type: 'cancel', reason }, context));
  }

  /** 导入银行回单: all of the file or nothing; what is already known changes nothing. `unexpected` names payments nobody expected: nothing of them is booked, their awards are held */
  @Post(':batch/results')
  @HttpCode(200)
  @AllowRoles('finance')
  results(
    @Param('batch', BatchIdPipe) batch: string,
    @Body() { file, content }: BankFileDto,
    @Context() context: CommandContext,
  ): Promise<RecordedResults> {
    const results = parseBankFile(content, batch);
    return this.commands.execute(new RecordResults(batch, { file, sha256: sha256(content), results }, context));
  }

  /** 处理意外支付: says, after asking the bank, whether a payment nobody expected was made (it is then booked) or not; by another person than the one who cancelled the batch */
  @Post(':batch/lines/:line/resolve-unexpected')
  @HttpCode(200)
  @AllowRoles('finance')
  resolveUnexpected(
    @Param('batch', BatchIdPipe) batch: string,
    @Param('line', WholeNumberPipe) line: number,
    @Body() input: ResolveUnexpectedDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.commands.execute(new ResolveUnexpected(batch, line, input, context));
  }

  /** 导出拨付清单: refused while a line's award is held, has ended or has an unexpected payment. CSV is for the bank's system and exact; open XLSX in a spreadsheet, which would shorten the digits of accounts in a CSV */
  @Get(':batch/file')
  @AllowRoles('finance', 'auditor')
  async file(@Param('batch', BatchIdPipe) batch: string, @QueryString() { format }: PaymentFileDto): Promise<StreamableFile> {
    const content = await this.queries.execute(new ExportBatch(batch, format));
    return new StreamableFile(content, {
      type: PAYMENT_FILE_TYPES[format],
      disposition: `attachment; filename="batch-${batch}.${format}"`,
      length: content.length,
    });
  }
}
