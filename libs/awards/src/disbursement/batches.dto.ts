import { Type } from 'class-transformer';
import { IsIn, IsInt, IsString, Matches, Max, MaxLength, Min, ValidateNested, IsObject } from 'class-validator';
import { IsCreditCode, IsListOf, IsText, MayBeLeftOut } from '@app/http';
import { BATCH_ID, MAX_BATCH_LINES } from './batch.js';

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

  /** The CSV text: columns batch, line, amount, result, date, reference, reason. */
  @IsString()
  @MaxLength(900_000)
  content!: string;
}

export class PaymentFileDto {
  @MayBeLeftOut()
  @IsIn(['csv', 'xlsx'])
  format: 'csv' | 'xlsx' = 'csv';
}
