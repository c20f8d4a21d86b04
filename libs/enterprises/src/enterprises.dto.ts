import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, Matches, Max, Min, ValidateBy } from 'class-validator';
import { CommandDto, EvidenceDto, IsBusinessDay, IsCreditCode, IsEvidenceList, IsListOf, IsText, MayBeLeftOut, PageDto } from '@app/http';
import {
  type Certification,
  CERTIFICATIONS,
  type FactValue,
  type Finding,
  FINDINGS,
  RELOCATION_ORIGINS,
  type RelocationOrigin,
} from './enterprise.js';

const FACT_ID = /^F[1-9]\d{0,8}$/;

/** Its type is checked against the fact's definition; here only that it is one of the two forms and bounded. */
function IsFactValue(): PropertyDecorator {
  const validate = (value: unknown) => typeof value === 'boolean' || (typeof value === 'string' && value.length <= 500);
  return ValidateBy({
    name: 'factValue',
    validator: { validate, defaultMessage: () => 'value must be true, false or a text of at most 500 characters' },
  });
}

/** 企业登记 */
export class RegisterEnterpriseDto extends CommandDto {
  /** 统一社会信用代码, 18 characters. */
  @IsCreditCode()
  creditCode!: string;

  /** 企业名称 */
  @IsText(200)
  name!: string;

  /** 所在区域 */
  @MayBeLeftOut()
  @IsText(100)
  region?: string;

  /** 成立日期: when it was registered with the authority. */
  @MayBeLeftOut()
  @IsBusinessDay()
  registeredOn?: string;

  /** 佐证材料: needed when the credit code fails its check character. */
  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

/** 更名 */
export class RenameEnterpriseDto extends CommandDto {
  @IsText(200)
  name!: string;

  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

/** One dated fact. */
export class NewFactDto {
  /** 事实名称, as the policies' inputs name it, such as `rd.expenditure`. */
  @IsText(100)
  name!: string;

  /** 事实值: money and percentages as decimal strings. */
  @ApiProperty({ oneOf: [{ type: 'string' }, { type: 'boolean' }] })
  @IsFactValue()
  value!: FactValue;

  /** 所属期: a year ("2023") where the fact is about a year, otherwise the day since which it holds. */
  @MayBeLeftOut()
  @Matches(/^\d{4}(-\d{2}-\d{2})?$/, { message: 'period must be a year YYYY or a day YYYY-MM-DD' })
  period?: string;

  /** 所属项目: the reference of the project, transaction or certificate, where the fact is about one. */
  @MayBeLeftOut()
  @IsText(100)
  subject?: string;

  /** 来源单位 */
  @IsText(100)
  sourceUnit!: string;

  /** 佐证材料 */
  @IsEvidenceList({ max: 10 })
  evidence: EvidenceDto[] = [];

  /** The fact this one puts right, such as `F3`. */
  @MayBeLeftOut()
  @Matches(FACT_ID, { message: 'correctsFactId must be the id of a fact, such as F3' })
  correctsFactId?: string;
}

/** Facts recorded together: all or none. */
export class RecordFactsDto extends CommandDto {
  @IsListOf(() => NewFactDto, { min: 1, max: 200 })
  facts!: NewFactDto[];
}

/** 核实 */
export class VerifyFactDto extends CommandDto {
  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

/** 异议 */
export class DisputeFactDto extends CommandDto {
  @IsText(1000)
  reason!: string;
}

/** 证书 */
export class RecordCertificateDto extends CommandDto {
  /** 证书编号 */
  @IsText(100)
  number!: string;

  /** 证书种类: `hnte` is 高新技术企业证书. */
  @Matches(/^[a-z][a-z0-9-]{0,39}$/, { message: 'kind must be a word in small letters, such as hnte' })
  kind!: string;

  /** 首次认定 or 重新认定 */
  @IsIn(CERTIFICATIONS)
  certification!: Certification;

  /** 发证日期 */
  @IsBusinessDay()
  issuedOn!: string;

  /** 有效期至: the last day on which it is valid. */
  @IsBusinessDay()
  expiresOn!: string;

  /** 发证机关 */
  @IsText(100)
  issuer!: string;

  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];

  /** 更正: this puts right what was recorded under the number. */
  @MayBeLeftOut()
  @IsBoolean()
  corrects?: boolean;
}

/** 撤销证书 */
export class RevokeCertificateDto extends CommandDto {
  /** 撤销日期: from this day it is not valid. */
  @IsBusinessDay()
  on!: string;

  @IsText(1000)
  reason!: string;

  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

/** 迁入 */
export class RecordRelocationDto extends CommandDto {
  /** 原注册地 */
  @IsText(100)
  from!: string;

  /** 省内 or 省外 */
  @IsIn(RELOCATION_ORIGINS)
  origin!: RelocationOrigin;

  /** 整体迁入 */
  @IsBoolean()
  whole!: boolean;

  /** 迁入日期 */
  @IsBusinessDay()
  on!: string;

  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];

  /** 更正: this puts right the arrival recorded last. */
  @MayBeLeftOut()
  @IsBoolean()
  corrects?: boolean;
}

/** 迁出 */
export class RecordDepartureDto extends CommandDto {
  /** 迁出日期 */
  @IsBusinessDay()
  on!: string;

  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

/** 部门核查意见 */
export class RecordClearanceDto extends CommandDto {
  /** 核查事项, as a published policy names it, such as `tax`. */
  @IsText(100)
  clearance!: string;

  /** 核查部门: one the policies name for it. */
  @IsText(100)
  agency!: string;

  /** 无问题 or 有问题 */
  @IsIn(FINDINGS)
  finding!: Finding;

  /** 核查日期 */
  @IsBusinessDay()
  on!: string;

  /** 有效期至: the last day on which it counts; no later than the policy allows; left out, the policy says how long. */
  @MayBeLeftOut()
  @IsBusinessDay()
  validUntil?: string;

  /** 文号 */
  @IsText(100)
  documentNo!: string;

  /** 备注 */
  @MayBeLeftOut()
  @IsText(1000)
  note?: string;

  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

/** 授予称号 */
export class AwardTitleDto extends CommandDto {
  /** 称号, as a published policy names it, such as `pacesetter`. */
  @IsText(100)
  title!: string;

  /** 等级, where the title has grades. */
  @MayBeLeftOut()
  @IsText(100)
  grade?: string;

  /** 年度 */
  @IsInt()
  @Min(1950)
  @Max(9998)
  year!: number;

  /** 授予日期 */
  @IsBusinessDay()
  on!: string;

  /** 文号 */
  @IsText(100)
  documentNo!: string;

  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

/** 撤销称号 */
export class WithdrawTitleDto extends CommandDto {
  @IsText(100)
  title!: string;

  @IsInt()
  @Min(1950)
  @Max(9998)
  year!: number;

  /** 撤销日期: from this day it is no longer held. */
  @IsBusinessDay()
  on!: string;

  @IsText(1000)
  reason!: string;

  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

export class SearchTitlesDto extends PageDto {
  @IsText(100)
  title!: string;

  /** 年度 */
  @MayBeLeftOut()
  @Type(() => Number)
  @IsInt()
  @Min(1950)
  @Max(9998)
  year?: number;

  /** 业务日期: who held it, or had held it, on this day; the present when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

/** 合并: the enterprise of the path is absorbed by the survivor. */
export class MergeEnterpriseDto extends CommandDto {
  /** 存续企业的统一社会信用代码 */
  @IsCreditCode()
  survivor!: string;

  @IsText(1000)
  reason!: string;

  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

export class SearchEnterprisesDto extends PageDto {
  /** The beginning of a credit code, of the present name or of a former one. */
  @MayBeLeftOut()
  @IsText(200)
  q?: string;

  /** 业务日期: those registered by this day, as they stood then; the present when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class FindDossierDto {
  /** 业务日期: what was true on this day, according to what is known now. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}
