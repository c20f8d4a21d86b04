import { Type } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { CommandDto, EvidenceDto, IsBusinessDay, IsEvidenceList, IsText, MayBeLeftOut, PageDto } from '@app/http';
import { PERIOD, VALUE } from './target.js';

const EARLIEST_YEAR = 1949;
const LATEST_YEAR = 9997;
const MOST_FIGURES = 1_000_000;
const VALUE_MESSAGE = 'value must be a decimal string with at most 13 whole digits and six decimals, such as "2.6"';

/** 单位: a row of the table, or an administrative unit or sector; the pack's region when left out. */
class UnitDto extends CommandDto {
  /** 单位 */
  @MayBeLeftOut()
  @IsText(100)
  unit?: string;
}

/** 实际数 */
export class ReportActualDto extends UnitDto {
  /** 所属期: "2024", "2024-H1", "2024-Q3" or "2024-09", as of whose last day the figure is. */
  @Matches(PERIOD, { message: 'period must be a year, half-year, quarter or month such as "2024", "2024-H1", "2024-Q3" or "2024-09"' })
  period!: string;

  /** 数值, in the clause's unit of measure; year-to-date where it counts within a year. */
  @Matches(VALUE, { message: VALUE_MESSAGE })
  value!: string;

  /** 来源单位 */
  @IsText(100)
  sourceUnit!: string;

  /** 统计日期: the day the source stated it. */
  @IsBusinessDay()
  asOf!: string;

  /** The report this one puts right. */
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(MOST_FIGURES)
  corrects?: number;

  /** 佐证材料 */
  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

/** 核实 */
export class VerifyActualDto extends UnitDto {
  /** 佐证材料: what the figure was checked against. */
  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

/** 分解指标 */
export class SetPlanDto extends UnitDto {
  /** 年度 */
  @IsInt()
  @Min(EARLIEST_YEAR)
  @Max(LATEST_YEAR)
  year!: number;

  /** 计划数 */
  @Matches(VALUE, { message: VALUE_MESSAGE })
  value!: string;

  /** 分解文件: the document that sets it. */
  @IsText(200)
  document!: string;

  /** The plan this one takes the place of. */
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(MOST_FIGURES)
  corrects?: number;

  /** 佐证材料 */
  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

/** 基数 */
export class ReportBaselineDto extends UnitDto {
  /** The year judged against it; left out, it is the base of every year. */
  @MayBeLeftOut()
  @IsInt()
  @Min(EARLIEST_YEAR)
  @Max(LATEST_YEAR)
  year?: number;

  /** 基数 */
  @Matches(VALUE, { message: VALUE_MESSAGE })
  value!: string;

  /** 来源单位 */
  @IsText(100)
  sourceUnit!: string;

  /** 统计日期 */
  @IsBusinessDay()
  asOf!: string;

  /** The base figure this one puts right. */
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(MOST_FIGURES)
  corrects?: number;

  /** 佐证材料 */
  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

/** Which target, in the path. */
export class TargetPathDto {
  /** 政策包 */
  @Matches(/^[a-z0-9][a-z0-9-]{0,63}$/, { message: 'pack must be a pack id such as "ganzhou-2023"' })
  pack!: string;

  /** 条款 */
  @Matches(/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, { message: 'clause must be the id of a clause such as "Z29"' })
  clause!: string;
}

/** Which report, in the path. */
export class ReportPathDto extends TargetPathDto {
  /** 报告编号 */
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MOST_FIGURES)
  report!: number;
}

/** Year and day of a question. */
export class TargetQueryDto {
  /** 年度; the one the day lies in, or the nearest of the target's own, when left out. */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(EARLIEST_YEAR)
  @Max(LATEST_YEAR)
  year?: number;

  /** 业务日期: by what was on record on that day; today when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class ListTargetsDto extends PageDto {
  /** 政策包 */
  @MayBeLeftOut()
  @Matches(/^[a-z0-9][a-z0-9-]{0,63}$/, { message: 'pack must be a pack id such as "ganzhou-2023"' })
  pack?: string;

  /** 年度 */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(EARLIEST_YEAR)
  @Max(LATEST_YEAR)
  year?: number;

  /** 业务日期 */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class ListEntriesDto extends PageDto {
  /** 单位 */
  @MayBeLeftOut()
  @IsText(100)
  unit?: string;

  /** 业务日期: what was on record by this day; today when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}
