import { Type } from 'class-transformer';
import { IsIn, IsInt, IsObject, Matches, Max, Min, ValidateNested } from 'class-validator';
import {
  CommandDto,
  EvidenceDto,
  IsBusinessDay,
  IsCreditCode,
  IsEvidenceList,
  IsMoney,
  IsNotBefore,
  IsText,
  MayBeLeftOut,
  PageDto,
} from '@app/http';
import { DETECTORS } from './detectors/detectors.js';
import { DUTY_OVERDUE, FINDING_ID, MANUAL, type Outcome, OUTCOMES, SEVERITIES, type Severity } from './finding.js';

const PACK = /^[a-z0-9][a-z0-9-]{0,63}$/;
const PACK_MESSAGE = 'pack must be a pack id such as "ganzhou-2023"';
const CLAUSE = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;
const STREAM = /^[a-z]+-[^\s/]{1,300}$/u;
const LARGEST_REVISION = 1_000_000_000;
/** A code nobody looks for would find nothing, and read as if all were clear. */
const CODES = [...DETECTORS.map(({ code }) => code), DUTY_OVERDUE.code, MANUAL.code];

/** What findings are asked for. */
export class FindingsDto extends PageDto {
  /** 检查项目 */
  @MayBeLeftOut()
  @IsIn(CODES, { message: 'code must be that of a detector, such as "paid-while-listed", or "manual"' })
  code?: string;

  /** 轻重 */
  @MayBeLeftOut()
  @IsIn(SEVERITIES)
  severity?: Severity;

  /** 状态 */
  @MayBeLeftOut()
  @IsIn(['open', 'resolved'])
  status?: 'open' | 'resolved';

  /** 只看未结: the same as `status=open`. */
  @MayBeLeftOut()
  @IsIn(['true', 'false'])
  open?: 'true' | 'false';

  /** 奖补编号 */
  @MayBeLeftOut()
  @IsText(300)
  award?: string;

  /** 企业 */
  @MayBeLeftOut()
  @IsCreditCode()
  enterprise?: string;

  /** 经手人: whose acts it is about. */
  @MayBeLeftOut()
  @IsText(100)
  officer?: string;

  /** 政策包 */
  @MayBeLeftOut()
  @Matches(PACK, { message: PACK_MESSAGE })
  pack?: string;

  /** Came to light from this day on. */
  @MayBeLeftOut()
  @IsBusinessDay()
  from?: string;

  /** Came to light by this day. */
  @MayBeLeftOut()
  @IsBusinessDay()
  @IsNotBefore('from')
  until?: string;
}

export class FindingPathDto {
  /** 疑点编号 */
  @Matches(FINDING_ID, { message: 'id must be that of a finding, such as "manual-0123456789abcdef"' })
  id!: string;
}

/** An event, by its place. */
export class EventReferenceDto {
  /** 记录: such as "award-ganzhou-etdz-2023.G13.<code>.<occasion>" */
  @Matches(STREAM, { message: 'stream must be the name of a stream, such as "budget-tour-2020.rd-fund.2024"' })
  stream!: string;

  /** 修订号 */
  @IsInt()
  @Min(0)
  @Max(LARGEST_REVISION)
  revision!: number;
}

/** 登记疑点 */
export class OpenFindingDto extends CommandDto {
  /** 标题 */
  @IsText(100)
  title!: string;

  /** 情况说明 */
  @IsText(2000)
  detail!: string;

  /** 依据: the clause or rule at stake. */
  @IsText(300)
  rule!: string;

  /** 轻重 */
  @IsIn(SEVERITIES)
  severity!: Severity;

  /** The event it points at. */
  @MayBeLeftOut()
  @IsObject()
  @ValidateNested()
  @Type(() => EventReferenceDto)
  pointer?: EventReferenceDto;

  /** 奖补编号 */
  @MayBeLeftOut()
  @IsText(300)
  award?: string;

  /** 企业 */
  @MayBeLeftOut()
  @IsCreditCode()
  enterprise?: string;

  /** 预算科目, such as "tour-2020.rd-fund.2024" */
  @MayBeLeftOut()
  @IsText(150)
  line?: string;

  /** 政策包 */
  @MayBeLeftOut()
  @Matches(PACK, { message: PACK_MESSAGE })
  pack?: string;

  /** 条款 of the policy, in any of its versions. */
  @MayBeLeftOut()
  @Matches(CLAUSE, { message: 'clause must be the id of a clause such as "B04"' })
  clause?: string;

  /** 金额 */
  @MayBeLeftOut()
  @IsMoney()
  amount?: string;

  /** 依据材料 */
  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

/** 批注、答复 */
export class CommentFindingDto extends CommandDto {
  /** 内容 */
  @IsText(2000)
  text!: string;

  /** 依据材料 */
  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

/** 交办 */
export class AssignFindingDto extends CommandDto {
  /** 承办人: a person's id, as in their token. */
  @IsText(100)
  to!: string;
}

/** 办结 */
export class ResolveFindingDto extends CommandDto {
  /** 结论 */
  @IsIn(OUTCOMES)
  outcome!: Outcome;

  /** 理由 */
  @IsText(2000)
  reason!: string;

  /** The event that put it right; required of one that was corrected. */
  @MayBeLeftOut()
  @IsObject()
  @ValidateNested()
  @Type(() => EventReferenceDto)
  correction?: EventReferenceDto;

  /** 依据材料; required of a confirmed one. */
  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

/** 重新核查 */
export class ReopenFindingDto extends CommandDto {
  /** 理由 */
  @IsText(2000)
  reason!: string;
}
