import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsIn, IsInt, Matches, Max, Min } from 'class-validator';
import { CommandDto, EvidenceDto, IsBusinessDay, IsCreditCode, IsEvidenceList, IsListOf, IsText, MayBeLeftOut, PageDto } from '@app/http';
import { PROPOSAL_KINDS, type ProposalKind } from './propose.js';
import { type Scope, SCOPES } from './review.js';

const ID = /^[a-z0-9][a-z0-9-]{0,79}$/;
const CLAUSE = /^[A-Za-z0-9][A-Za-z0-9-]{0,79}$/;
const CLAUSE_MESSAGE = { message: 'clause must be the id of a clause' };
const TIER_MESSAGE = { message: '$property must be the id of a tier' };
/** 不在库: where a decision says an enterprise is to stand in no tier. */
export const OUT = 'out';

export class LadderDto {
  @Matches(ID, { message: 'ladder must be the id of a ladder' })
  ladder!: string;
}

export class EnterpriseDto {
  @IsCreditCode()
  code!: string;
}

export class StandingDto extends LadderDto {
  @IsCreditCode()
  code!: string;
}

export class ReviewDto extends LadderDto {
  /** 年度 */
  @Type(() => Number)
  @IsInt()
  @Min(2000)
  @Max(2199)
  year!: number;
}

class ActDto extends CommandDto {
  /** 理由 */
  @IsText(1000)
  reason!: string;

  /** 依据材料 */
  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

/** 移出 */
export class RemoveDto extends ActDto {}

/** 入库、升级、降级 */
export class MoveDto extends ActDto {
  /** The tier it is to stand in. */
  @Matches(ID, TIER_MESSAGE)
  to!: string;

  /** 破格理由: an approver's reason to place it although not everything is met. */
  @MayBeLeftOut()
  @IsText(1000)
  override?: string;
}

/** 直接入库 */
export class EnterDto extends ActDto {
  /** The clause that places directly. */
  @Matches(CLAUSE, CLAUSE_MESSAGE)
  clause!: string;

  /** 破格理由: an approver's reason to place it on facts nobody has verified. */
  @MayBeLeftOut()
  @IsText(1000)
  override?: string;
}

/** 开始动态调整 */
export class OpenReviewDto extends CommandDto {}

/** 提出调整建议 */
export class ProposeDto extends CommandDto {
  /** `standing`: those in the ladder; `all`: with them every registered enterprise. */
  @MayBeLeftOut()
  @IsIn(SCOPES)
  scope: Scope = 'standing';

  /** With `all`: enterprises whose region begins so. */
  @MayBeLeftOut()
  @IsText(100)
  region?: string;

  /** Begins again: what is undecided is proposed anew. */
  @MayBeLeftOut()
  @IsBoolean()
  restart?: boolean;
}

export class ChoiceDto {
  @IsCreditCode()
  creditCode!: string;

  /** The tier it is to stand in, `out` for none; left out, what was proposed. */
  @MayBeLeftOut()
  @Matches(ID, TIER_MESSAGE)
  to?: string;

  /** 破格理由 */
  @MayBeLeftOut()
  @IsText(1000)
  override?: string;
}

/** 逐户决定 */
export class DecideDto extends ActDto {
  @IsListOf(() => ChoiceDto, { min: 1, max: 200 })
  decisions!: ChoiceDto[];
}

/** 批量决定 */
export class DecideAllDto extends ActDto {
  /** All undecided proposals of this kind. */
  @IsIn(PROPOSAL_KINDS)
  kind!: ProposalKind;

  /** `accept`: as proposed; `keep`: as it stands. */
  @MayBeLeftOut()
  @IsIn(['accept', 'keep'])
  decision: 'accept' | 'keep' = 'accept';
}

/** 结束动态调整 */
export class CloseReviewDto extends CommandDto {
  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

/** 终止动态调整 */
export class LapseReviewDto extends ActDto {}

/** 推荐申报 */
export class RecommendDto extends ActDto {
  /** The highest tier when left out. */
  @MayBeLeftOut()
  @Matches(ID, TIER_MESSAGE)
  tier?: string;

  /** These only; left out, all that stand in the tier. */
  @MayBeLeftOut()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(500)
  @IsCreditCode({ each: true })
  enterprises?: string[];

  /** Goes on after this enterprise: `next` of the answer before. */
  @MayBeLeftOut()
  @IsCreditCode()
  after?: string;
}

export class StandingsDto extends PageDto {
  @MayBeLeftOut()
  @Matches(ID, TIER_MESSAGE)
  tier?: string;

  /** The business day; today when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class HistoryDto extends PageDto {
  @MayBeLeftOut()
  @Matches(ID, { message: 'ladder must be the id of a ladder' })
  ladder?: string;

  /** 业务日期: changes until this day; the present when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class ProposalsDto extends PageDto {
  @MayBeLeftOut()
  @IsIn(['open', 'decided', 'failed'])
  status?: 'open' | 'decided' | 'failed';

  @MayBeLeftOut()
  @IsIn(PROPOSAL_KINDS)
  kind?: ProposalKind;

  /** 业务日期: as they stood on this day; the present when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class RostersDto {
  /** Lists of this pack only. */
  @MayBeLeftOut()
  @Matches(ID, { message: 'pack must be the id of a policy pack' })
  pack?: string;

  /** 业务日期: by the texts that apply on this day; today when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class RosterDto {
  @Matches(ID, { message: 'pack must be the id of a policy pack' })
  pack!: string;

  @Matches(CLAUSE, CLAUSE_MESSAGE)
  clause!: string;
}

export class RosterPageDto extends PageDto {
  /** The business day; today when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;

  /** Of a list by facts: `true` for those of whom it cannot be told. */
  @MayBeLeftOut()
  @IsIn(['true', 'false'])
  unknown?: 'true' | 'false';
}

export class ReviewOnDto {
  /** 业务日期: as it stood on this day; the present when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class RecommendationsDto extends PageDto {
  /** 业务日期: those recommended by this day; the present when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class LaddersDto {
  /** 业务日期: who stood where on this day; today when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class DiagnosisDto {
  /** 业务日期: as it stood on this day; today when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}
