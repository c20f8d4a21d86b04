import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsIn, IsInt, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { IsPeriod, LINE_PATTERN } from '@app/budgets';
import { IsBusinessDay, IsCreditCode, IsEvidenceList, IsMoney, IsText, MayBeLeftOut, PageDto, type EvidenceDto } from '@app/http';
import { type AwardStatus, CLAWBACK_CAUSES, type ClawbackCause } from './award.js';

export const SLUG = /^[a-z0-9][a-z0-9-]{0,63}$/;
export const CLAUSE = /^[A-Za-z0-9][A-Za-z0-9-]{0,39}$/;
/** `<kind>.<id>.<no>` */
export const LISTING = /^(enterprise|agency|person)\.[0-9A-Z-]{1,40}\.[1-9]\d{0,5}$/;

/** A command that gives its reason. */
export class ReasonDto {
  /** 理由 */
  @IsText(2000)
  reason!: string;

  /** 依据材料 */
  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

export class ApplyDto {
  /** 政策包 */
  @Matches(SLUG, { message: 'pack must be a pack id such as "ganzhou-etdz-2023"' })
  pack!: string;

  /** 条款 */
  @Matches(CLAUSE, { message: 'clause must be a clause id such as "G01"' })
  clause!: string;

  /** 申报企业统一社会信用代码 */
  @IsCreditCode()
  payee!: string;

  /** 申报事项: certificate number, year, project or transaction reference, as the clause asks; nothing for a once-only award. */
  @MayBeLeftOut()
  @IsText(100)
  occasion?: string;

  /** 服务机构统一社会信用代码: the agency that prepared the application, where there is one. */
  @MayBeLeftOut()
  @IsCreditCode()
  agency?: string;

  /** 责任人员: the office's own references of the persons responsible, such as "P-2024-017"; never names. */
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(20)
  @IsString({ each: true })
  @MaxLength(64, { each: true })
  persons?: string[];

  /** 备注 */
  @MayBeLeftOut()
  @IsText(2000)
  note?: string;

  /** 申报材料 */
  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

export class HoldDto extends ReasonDto {
  /** 失信名单记录: a listing in effect of somebody the award involves. The hold ends with it. */
  @MayBeLeftOut()
  @Matches(LISTING, { message: 'listing must be the id of a listing such as "agency.91360700MA35QWERT7.1"' })
  listing?: string;
}

export class ReviewDto {
  /** true 建议给予奖补; false 不予通过 (a reason is required) */
  @IsBoolean()
  recommended!: boolean;

  /** 核定金额: only under a discretionary clause, within its ceiling. */
  @MayBeLeftOut()
  @IsMoney()
  amount?: string;

  /** 审核意见 */
  @MayBeLeftOut()
  @IsText(2000)
  reason?: string;

  /** 采信未核实数据的理由: required when the assessment used facts nobody has verified. */
  @MayBeLeftOut()
  @IsText(2000)
  unverifiedReason?: string;

  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

export class PubliciseDto {
  /** 公示起始日: today when left out, or later. */
  @MayBeLeftOut()
  @IsBusinessDay()
  from?: string;

  /** 公示天数: at least what the policy asks, which is also the default. */
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(365)
  days?: number;

  /** 公示地点或网址 */
  @MayBeLeftOut()
  @IsText(500)
  place?: string;
}

export class RaiseObjectionDto extends ReasonDto {
  /** 异议人 */
  @IsText(200)
  by!: string;
}

export class DecideObjectionDto extends ReasonDto {
  /** true 异议成立: the award goes back to be assessed again */
  @IsBoolean()
  upheld!: boolean;
}

export class OverrideDto extends ReasonDto {
  /** One amount for each instalment, none above the computed one, together less. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsMoney({ each: true })
  amounts!: string[];
}

export class GrantDto {
  /** 预算科目 of the award's own policy */
  @Matches(LINE_PATTERN, { message: 'line must be a budget line id such as "hnte-awards"' })
  line!: string;

  /** 预算期间: a year such as "2024", or a span such as "2021-2023" */
  @IsPeriod()
  period!: string;

  /** 批准文号 */
  @IsText(100)
  documentNo!: string;
}

export class UnlockDto {
  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

export class ConfirmPayeeDto extends ReasonDto {
  /** 承继单位统一社会信用代码 */
  @IsCreditCode()
  payee!: string;
}

export class RevokeDto extends ReasonDto {
  /** 撤销原因 */
  @IsIn(CLAWBACK_CAUSES)
  cause!: ClawbackCause;
}

export class DemandClawbackDto extends RevokeDto {
  /** 追缴本金: at most what was paid and is not demanded yet */
  @IsMoney()
  principal!: string;

  /** 罚款比例 in percent of the principal, where the cause allows one */
  @MayBeLeftOut()
  @Matches(/^\d{1,2}(\.\d{1,2})?$/, { message: 'finePercent must be a decimal string such as "10"' })
  finePercent?: string;

  /** 缴款期限 */
  @IsBusinessDay()
  dueOn!: string;
}

export class ClawbackReceiptDto {
  @IsMoney()
  amount!: string;

  /** 到账日期 */
  @IsBusinessDay()
  on!: string;

  /** 凭证号: a receipt counts once */
  @IsText(100)
  reference!: string;
}

export class WriteOffDto extends ReasonDto {
  @IsMoney()
  amount!: string;
}

export class ListAwardsDto extends PageDto {
  @MayBeLeftOut()
  @Matches(SLUG)
  pack?: string;

  @MayBeLeftOut()
  @Matches(CLAUSE)
  clause?: string;

  @MayBeLeftOut()
  @IsCreditCode()
  payee?: string;

  @MayBeLeftOut()
  @IsIn(['applied', 'assessed', 'reviewed', 'publicised', 'granting', 'granted', 'rejected', 'withdrawn', 'lapsed', 'revoked'])
  status?: AwardStatus;

  /** 服务机构 */
  @MayBeLeftOut()
  @IsCreditCode()
  agency?: string;

  /** 责任人员 */
  @MayBeLeftOut()
  @IsString()
  @MaxLength(64)
  person?: string;

  /** 业务日期: as they stood on this day; today when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class AwardOnDto {
  /** 业务日期: what had taken effect by this day; everything when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class ListDueDto extends PageDto {
  /** 业务日期: what was due and unpaid on this day, with its age then; today when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;

  @MayBeLeftOut()
  @Matches(SLUG)
  pack?: string;

  @MayBeLeftOut()
  @IsCreditCode()
  payee?: string;

  /** `<pack>.<line>.<period>` */
  @MayBeLeftOut()
  @MaxLength(150)
  budgetLine?: string;

  @MayBeLeftOut()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(36_500)
  minimumAgeDays?: number;
}

export class BalancesDto {
  /** 汇总口径 */
  @MayBeLeftOut()
  @IsIn(['line', 'year', 'clause', 'payee'])
  by: 'line' | 'year' | 'clause' | 'payee' = 'line';

  @MayBeLeftOut()
  @Matches(SLUG)
  pack?: string;

  @MayBeLeftOut()
  @Matches(SLUG)
  line?: string;

  @MayBeLeftOut()
  @IsPeriod()
  period?: string;

  @MayBeLeftOut()
  @Matches(CLAUSE)
  clause?: string;

  @MayBeLeftOut()
  @IsCreditCode()
  payee?: string;

  /** 业务日期: by what was booked until this day; the present when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class TrialBalanceDto {
  /** 业务日期: by what was booked until this day; the present when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}
