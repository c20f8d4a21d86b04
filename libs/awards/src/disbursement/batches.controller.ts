import { Body, Controller, Get, HttpCode, Param, type PipeTransform, Post, Query as QueryString, StreamableFile } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandContext, Receipt } from '@app/event-store';
import { invalidField, sha256 } from '@app/kernel';
import { AllowAnyRole, AllowRoles, Context, EmptyBodyPipe, type Page, PageDto } from '@app/http';
import { BATCH_ID } from './batch.js';
import { parseBankFile } from './bank-file.js';
import { BankFileDto, CancelBatchDto, PaymentFileDto, PrepareBatchDto } from './batches.dto.js';
import { type BatchDetail, type BatchSummary, GetBatch, ListBatches } from './batches.query.js';
import { PAYMENT_FILE_TYPES, paymentFile } from './payment-file.js';
import { PrepareBatch } from './prepare-batch.js';
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
  list(@QueryString() { limit, cursor }: PageDto): Promise<Page<BatchSummary>> {
    return this.queries.execute(new ListBatches(limit, cursor));
  }

  @Get(':batch')
  @AllowAnyRole()
  detail(@Param('batch', BatchIdPipe) batch: string): Promise<BatchDetail> {
    return this.queries.execute(new GetBatch(batch));
  }

  /** 锁定批次: orders every instalment; what may no longer be paid is dropped with its reason */
  @Post(':batch/freeze')
  @HttpCode(200)
  @AllowRoles('finance')
  freeze(
    @Param('batch', BatchIdPipe) batch: string,
    @Body(EmptyBodyPipe) _body: undefined,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.commands.execute(new RunBatchCommand(batch, { type: 'start-freeze' }, context));
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

  /** 导入银行回单: all of the file or nothing; what is already known changes nothing */
  @Post(':batch/results')
  @HttpCode(200)
  @AllowRoles('finance')
  results(
    @Param('batch', BatchIdPipe) batch: string,
    @Body() { file, content }: BankFileDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    const results = parseBankFile(content, batch);
    return this.commands.execute(new RunBatchCommand(batch, { type: 'record-results', file, sha256: sha256(content), results }, context));
  }

  /** 导出拨付清单 */
  @Get(':batch/file')
  @AllowRoles('finance', 'auditor')
  async file(@Param('batch', BatchIdPipe) batch: string, @QueryString() { format }: PaymentFileDto): Promise<StreamableFile> {
    const { state } = await this.queries.execute(new GetBatch(batch));
    const content = await paymentFile(batch, state, format);
    return new StreamableFile(content, {
      type: PAYMENT_FILE_TYPES[format],
      disposition: `attachment; filename="batch-${batch}.${format}"`,
      length: content.length,
    });
  }
}
