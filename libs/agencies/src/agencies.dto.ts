import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsNotEmptyObject, Matches, ValidateBy, ValidateNested } from 'class-validator';
import { CommandDto, EvidenceDto, IsBusinessDay, IsCreditCode, IsEvidenceList, IsText, MayBeLeftOut, PageDto } from '@app/http';
import { type Finding, FINDINGS } from './agency.js';
import { AGENCY_STATUSES, type AgencyStatus } from './register/list-agencies.query.js';

/** 依据条款: a clause of a published pack that speaks of the registry. */
export class RegistryClauseDto {
  /** 政策包 */
  @Matches(/^[a-z0-9-]{1,64}$/, { message: 'pack must be 1 to 64 lower-case letters, digits and hyphens' })
  pack!: string;

  /** 条款 */
  @Matches(/^[A-Za-z0-9._-]{1,40}$/, { message: 'clause must be the id of a clause, such as J11' })
  clause!: string;
}

/** Texts of 1 to 100 characters that are not blank. */
function AreServices(): PropertyDecorator {
  const validate = (value: unknown) =>
    typeof value === 'string' && value.length <= 100 && /[\p{L}\p{N}]/u.test(value) && !/[\p{Cc}\p{Cf}]/u.test(value);
  return ValidateBy(
    { name: 'service', validator: { validate, defaultMessage: () => 'each of services must be a text of 1 to 100 characters' } },
    { each: true },
  );
}

/** 备案 */
export class RegisterAgencyDto extends CommandDto {
  /** 统一社会信用代码, 18 characters. */
  @IsCreditCode()
  creditCode!: string;

  /** 机构名称 */
  @IsText(200)
  name!: string;

  /** 服务内容 */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @AreServices()
  services!: string[];

  /** 联系单位 */
  @IsText(200)
  contactUnit!: string;

  /** 备案日期 */
  @IsBusinessDay()
  from!: string;

  /** 有效期至: the last day; without end when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  validUntil?: string;

  /** 依据条款 of a published policy, where there is one. */
  @MayBeLeftOut()
  @IsNotEmptyObject()
  @ValidateNested()
  @Type(() => RegistryClauseDto)
  clause?: RegistryClauseDto;

  /** 佐证材料; it also answers for a credit code that fails its check character. */
  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

/** 延续备案 */
export class RenewAgencyDto extends CommandDto {
  /** 有效期至: the new last day; without end when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  validUntil?: string;

  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

/** 更名 */
export class RenameAgencyDto extends CommandDto {
  @IsText(200)
  name!: string;

  /** 更名日期 */
  @IsBusinessDay()
  on!: string;

  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

/** 监督检查 */
export class RecordInspectionDto extends CommandDto {
  /** 检查日期 */
  @IsBusinessDay()
  on!: string;

  /** 检查单位 */
  @IsText(200)
  inspector!: string;

  /** 检查结果: ok, irregular or fraud. */
  @IsIn(FINDINGS)
  finding!: Finding;

  /** 检查情况 */
  @IsText(2000)
  summary!: string;

  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

/** 注销 */
export class StrikeOffAgencyDto extends CommandDto {
  @IsText(1000)
  reason!: string;

  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

export class ListAgenciesDto extends PageDto {
  /** The beginning of a credit code or of the present name. */
  @MayBeLeftOut()
  @IsText(200)
  q?: string;

  @MayBeLeftOut()
  @IsIn(AGENCY_STATUSES)
  status?: AgencyStatus;

  /** 业务日期: as they stood on this day; today when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class FindAgencyDto {
  /** 业务日期: as it stood on this day; today when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}
