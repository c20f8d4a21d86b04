import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsNotEmptyObject, IsString, Matches, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import { CommandDto, EvidenceDto, IsBusinessDay, IsEvidenceList, IsText, MayBeLeftOut, PageDto } from '@app/http';
import { CASE_STATUSES, type CaseStatus } from './standing/list-cases.query.js';
import { SUBJECT_KINDS, type SubjectKind } from './subject.js';
import { LISTING_CLASSES, type ListingClass } from './terms.js';

/** 依据条款: a clause of a published pack that speaks of the blacklist. */
export class ClauseDto {
  /** 政策包 */
  @Matches(/^[a-z0-9-]{1,64}$/, { message: 'pack must be 1 to 64 lower-case letters, digits and hyphens' })
  pack!: string;

  /** 条款 */
  @Matches(/^[A-Za-z0-9._-]{1,40}$/, { message: 'clause must be the id of a clause, such as J09' })
  clause!: string;
}

/** 立案 with the prior notice that was served (事先告知). */
export class OpenCaseDto extends CommandDto {
  /** 对象类别 */
  @IsIn(SUBJECT_KINDS)
  kind!: SubjectKind;

  /** 对象编号: credit code, or for a person the office's own reference such as "P-2024-017"; never an identity number or a name. */
  @IsString()
  @MaxLength(64)
  id!: string;

  /** 失信类别: minor, general or serious. */
  @IsIn(LISTING_CLASSES)
  listingClass!: ListingClass;

  /** 事由: the wrong, in a line. */
  @IsText(200)
  ground!: string;

  /** 法律依据 */
  @IsText(1000)
  legalBasis!: string;

  /** 依据条款 of a published policy, where there is one. */
  @MayBeLeftOut()
  @IsNotEmptyObject()
  @ValidateNested()
  @Type(() => ClauseDto)
  clause?: ClauseDto;

  /** 事实与理由; of a person only what the office's file does not have to say. */
  @IsText(4000)
  reasons!: string;

  /** 告知的权利: statement, defence and hearing, as the notice tells them. */
  @IsText(1000)
  rights!: string;

  /** 送达日期 of the notice. */
  @IsBusinessDay()
  servedOn!: string;

  /** 陈述申辩期限（天）: not below the statutory minimum, which is taken when left out. */
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(60)
  statementDays?: number;

  /** 本单位案卷号: where the names and papers are kept. */
  @MayBeLeftOut()
  @IsText(100)
  fileReference?: string;

  /** 佐证材料: the notice, its proof of service, the findings. */
  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

/** 陈述申辩 */
export class RecordStatementDto extends CommandDto {
  /** 收到日期 */
  @IsBusinessDay()
  on!: string;

  /** 陈述申辩要点 */
  @IsText(4000)
  summary!: string;

  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

/** 放弃陈述申辩 */
export class WaiveStatementDto extends CommandDto {
  @IsBusinessDay()
  on!: string;

  /** 佐证材料: the waiver in writing. */
  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

/** 列入决定 */
export class ListSubjectDto extends CommandDto {
  /** 期限（月）, within the range of the class. */
  @IsInt()
  @Min(1)
  @Max(120)
  termMonths!: number;

  /** 失信类别: that of the notice when left out, never a graver one. */
  @MayBeLeftOut()
  @IsIn(LISTING_CLASSES)
  listingClass?: ListingClass;

  @IsText(2000)
  reason!: string;

  /** 佐证材料: the decision. */
  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

/** 不予列入 */
export class DeclineListingDto extends CommandDto {
  @IsText(2000)
  reason!: string;

  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

/** 异议 */
export class RaiseListingObjectionDto extends CommandDto {
  /** 提出日期 */
  @IsBusinessDay()
  on!: string;

  @IsText(4000)
  reasons!: string;

  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

/** 异议决定 */
export class DecideListingObjectionDto extends CommandDto {
  /** 异议是否成立: upheld, it revokes the listing. */
  @IsBoolean()
  upheld!: boolean;

  @IsText(2000)
  reason!: string;

  /** 佐证材料: needed to uphold. */
  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

/** 信用修复申请 */
export class ApplyForRepairDto extends CommandDto {
  /** 申请日期 */
  @IsBusinessDay()
  on!: string;

  /** 纠正情况 */
  @IsText(2000)
  corrected!: string;

  /** 义务履行情况 */
  @IsText(2000)
  duties!: string;

  /** 公开承诺: where and when it was made public. */
  @IsText(2000)
  commitment!: string;

  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

/** 信用修复决定 */
export class DecideRepairDto extends CommandDto {
  @IsBoolean()
  accepted!: boolean;

  @IsText(2000)
  reason!: string;

  /** 佐证材料: needed to accept. */
  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

export class ListListingsDto extends PageDto {
  /** 业务日期, today when left out; a day gone by is for auditors and administrators. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;

  @MayBeLeftOut()
  @IsIn(SUBJECT_KINDS)
  kind?: SubjectKind;

  @MayBeLeftOut()
  @IsIn(LISTING_CLASSES)
  class?: ListingClass;
}

export class ListCasesDto extends PageDto {
  /** `open`: anything waits to be decided. */
  @MayBeLeftOut()
  @IsIn(CASE_STATUSES)
  status?: CaseStatus;

  @MayBeLeftOut()
  @IsIn(SUBJECT_KINDS)
  kind?: SubjectKind;

  /** 业务日期: as they stood on this day, today when left out; a day gone by is for auditors and administrators. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class FindSubjectDto {
  /** 全部历史: for auditors and administrators, who get it unless they say false. */
  @MayBeLeftOut()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  history?: boolean;

  /** 业务日期: as it stood on this day, today when left out; a day gone by is for auditors and administrators. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}
