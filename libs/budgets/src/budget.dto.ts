import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsNotEmpty,
  IsNotEmptyObject,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { CommandDto, EvidenceDto, IsBusinessDay, IsMoney, MayBeLeftOut, PageDto } from '@app/http';
import { IsPeriod } from './is-period.js';
import { LINE_PATTERN, PACK_PATTERN } from './line.js';

const SIGNED_MONEY = /^-?(0|[1-9]\d{0,12})(\.\d{1,2})?$/;

/** A budget line: pack, slug and period. */
export class LineDto {
  /** 政策包: id of the pack the line pays for. */
  @Matches(PACK_PATTERN, { message: 'pack must be 1 to 64 lower-case letters, digits and hyphens' })
  pack!: string;

  /** 预算科目: slug of the line within the pack. */
  @Matches(LINE_PATTERN, { message: 'line must be 1 to 40 lower-case letters, digits and hyphens' })
  line!: string;

  /** 预算期间: a year such as "2024", or a span such as "2021-2023". */
  @IsPeriod()
  period!: string;
}

export class OpenLineDto extends CommandDto {
  /** 政策包: id of the pack the line pays for. */
  @Matches(PACK_PATTERN, { message: 'pack must be 1 to 64 lower-case letters, digits and hyphens' })
  pack!: string;

  /** 预算科目: slug of the line within the pack; where the pack declares an envelope for it, that is applied. */
  @Matches(LINE_PATTERN, { message: 'line must be 1 to 40 lower-case letters, digits and hyphens' })
  line!: string;

  /** 预算期间: a year such as "2024", or a span such as "2021-2023". */
  @IsPeriod()
  period!: string;

  /** 名称: may be left out where the pack declares an envelope, whose title is then taken. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  title?: string;
}

export class AppropriationDto extends CommandDto {
  /** 金额: yuan as a decimal string, more than zero. */
  @IsMoney()
  amount!: string;

  /** 事由 */
  @IsString()
  @IsNotEmpty()
  @MaxLength(500)
  reason!: string;

  /** 依据: the appropriation document. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsObject({ each: true }) // nested validation alone lets an array within the array pass
  @ValidateNested({ each: true })
  @Type(() => EvidenceDto)
  evidence!: EvidenceDto[];
}

export class AdjustmentDto extends CommandDto {
  /** 调整金额: signed yuan as a decimal string; a minus takes away. */
  @Matches(SIGNED_MONEY, { message: 'amount must be signed yuan as a decimal string with at most two decimals, such as "-400000.00"' })
  amount!: string;

  /** 事由 */
  @IsString()
  @IsNotEmpty()
  @MaxLength(500)
  reason!: string;

  /** 依据: the document that decides the adjustment. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsObject({ each: true }) // nested validation alone lets an array within the array pass
  @ValidateNested({ each: true })
  @Type(() => EvidenceDto)
  evidence!: EvidenceDto[];
}

export class TransferDto extends CommandDto {
  /** 调入科目: the line that receives the money; it must be open. */
  @IsNotEmptyObject()
  @ValidateNested()
  @Type(() => LineDto)
  to!: LineDto;

  /** 金额: yuan as a decimal string, more than zero. */
  @IsMoney()
  amount!: string;

  /** 事由 */
  @IsString()
  @IsNotEmpty()
  @MaxLength(500)
  reason!: string;

  /** 依据: the document that decides the transfer. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsObject({ each: true }) // nested validation alone lets an array within the array pass
  @ValidateNested({ each: true })
  @Type(() => EvidenceDto)
  evidence!: EvidenceDto[];
}

export class CloseLineDto extends CommandDto {
  /** 结转科目: the later period's line that takes the balance over; required while anything is available. */
  @IsOptional()
  @IsNotEmptyObject()
  @ValidateNested()
  @Type(() => LineDto)
  to?: LineDto;

  /** 依据 */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(20)
  @IsObject({ each: true }) // nested validation alone lets an array within the array pass
  @ValidateNested({ each: true })
  @Type(() => EvidenceDto)
  evidence?: EvidenceDto[];
}

export class BudgetLinesDto extends PageDto {
  /** Lines of this pack only. */
  @IsOptional()
  @Matches(PACK_PATTERN, { message: 'pack must be 1 to 64 lower-case letters, digits and hyphens' })
  pack?: string;

  /** Lines of exactly this period only. */
  @IsOptional()
  @IsPeriod()
  period?: string;

  /** 业务日期: as the lines stood on this day; the present when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class LineOnDto {
  /** 业务日期: as the line stood on this day; the present when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class ReservationsDto extends PageDto {
  /** Reservations that stand, or those released. */
  @IsOptional()
  @IsIn(['live', 'released'])
  status?: 'live' | 'released';

  /** 业务日期: as they stood on this day; the present when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}
