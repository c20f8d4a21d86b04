import { Type } from 'class-transformer';
import { IsIn, IsInt, IsString, Matches, Max, MaxLength, Min, ValidateNested, IsObject } from 'class-validator';
import { EvidenceDto, IsBusinessDay, IsCreditCode, IsEvidenceList, IsListOf, IsText, MayBeLeftOut, PageDto } from '@app/http';
import { BATCH_ID, MAX_BATCH_LINES, UNEXPECTED_OUTCOMES, type UnexpectedOutcome } from './batch.js';

export class InstalmentReferenceDto {
  @IsText(250)
  award!: string;

  @IsInt()
  @Min(1)
  @Max(100)
  instalment!: number;
}

export class DueFilterDto {
  @MayBeLeftOut()
  @Matches(/^[a-z0-9-]{1,64}$/)
  pack?: string;

  @MayBeLeftOut()
  @IsCreditCode()
  payee?: string;

  /** `<pack>.<line>.<period>` */
  @MayBeLeftOut()
  @IsText(150)
  budgetLine?: string;

  @MayBeLeftOut()
  @IsInt()
  @Min(0)
  @Max(36_500)
  minimumAgeDays?: number;
}

/** Which due instalments: named ones, or the payable ones that match, the oldest first. A batch has at most 1 000 lines. */
export class PrepareBatchDto {
  /** 批次号 */
  @Matches(BATCH_ID, { message: 'batch must be 1 to 40 capital letters, digits or hyphens' })
  batch!: string;

  /** 批次名称 */
  @IsText(200)
  title!: string;

  @MayBeLeftOut()
  @IsListOf(() => InstalmentReferenceDto, { min: 1, max: MAX_BATCH_LINES })
  instalments?: InstalmentReferenceDto[];

  @MayBeLeftOut()
  @IsObject()
  @ValidateNested()
  @Type(() => DueFilterDto)
  filter?: DueFilterDto;
}

export class CancelBatchDto {
  @IsText(2000)
  reason!: string;
}

/** 银行回单 */
export class BankFileDto {
  /** 文件名 */
  @IsText(200)
  file!: string;

  /** The CSV text: columns batch, line, amount, result, date, reference, reason; days as 2026-11-23 or 2026/11/23, amounts as 123456.79 or 123,456.79. */
  @IsString()
  @MaxLength(900_000)
  content!: string;
}

/** 意外支付处理 */
export class ResolveUnexpectedDto extends CancelBatchDto {
  /** accepted 确已支付，予以入账; not-made 银行确认未支付或已退回 (evidence is required) */
  @IsIn(UNEXPECTED_OUTCOMES)
  outcome!: UnexpectedOutcome;

  /** 依据: the bank's confirmation */
  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

export class ListBatchesDto extends PageDto {
  /** 业务日期: as they stood on this day; the present when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class BatchOnDto {
  /** 业务日期: as it stood on this day, the bank's results by the bank's own days; the present when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class PaymentFileDto {
  /** csv: exact, for the bank's system. xlsx: for people; a spreadsheet shortens accounts of many digits when it opens a CSV. */
  @MayBeLeftOut()
  @IsIn(['csv', 'xlsx'])
  format: 'csv' | 'xlsx' = 'csv';
}
