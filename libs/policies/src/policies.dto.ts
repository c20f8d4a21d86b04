import { IsBoolean, IsObject, IsString, Matches, MaxLength } from 'class-validator';
import { CommandDto, EvidenceDto, IsBusinessDay, IsEvidenceList, IsText, MayBeLeftOut, PageDto } from '@app/http';

/** The longest YAML text of a pack. */
export const MAX_PACK_CHARACTERS = 200_000;
/** The longest source document. */
export const MAX_SOURCE_CHARACTERS = 600_000;

export class PublishPolicyDto extends CommandDto {
  /** 政策包: the YAML text. */
  @IsString()
  @MaxLength(MAX_PACK_CHARACTERS)
  pack!: string;

  /** Its file name, for error messages. */
  @Matches(/^[\w.-]{1,100}$/, { message: 'file must be a plain file name' })
  file!: string;

  /** 政策原文: the source document the quotes are checked against; left out for a document that comes with the program. */
  @MayBeLeftOut()
  @IsString()
  @MaxLength(MAX_SOURCE_CHARACTERS)
  source?: string;

  /** 依据: needed for a text that begins before today. */
  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

export class AmendPolicyDto extends PublishPolicyDto {
  /** 修订理由 */
  @IsText(2000)
  reason!: string;
}

export class ExpirePolicyDto extends CommandDto {
  /** The first day on which it no longer applies. */
  @IsBusinessDay()
  on!: string;

  /** 理由 */
  @IsText(2000)
  reason!: string;

  /** 依据: needed for a day before today. */
  @MayBeLeftOut()
  @IsEvidenceList()
  evidence?: EvidenceDto[];
}

export class RepealPolicyDto extends ExpirePolicyDto {}

export class SettleInterpretationDto extends CommandDto {
  /** The option chosen. */
  @IsText(100)
  chosen!: string;

  /** 理由 */
  @IsText(2000)
  reason!: string;
}

/** 政策计算器 */
export class AssessDto {
  /** 业务日期 */
  @IsBusinessDay()
  on!: string;

  /** The clause's inputs by name; what is left out is unknown. */
  @IsObject()
  facts!: Record<string, unknown>;

  /** 试算: also computes drafts and what is outside its dates; never payable. */
  @MayBeLeftOut()
  @IsBoolean()
  simulate?: boolean;
}

export class ListPoliciesDto extends PageDto {
  /** 业务日期: the versions that had begun by this day, ended where they had ended by then; every published one when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class PolicyOnDto {
  /** 业务日期: the versions that had begun by this day, with what was settled by then; every published one when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}

export class OpenQuestionsDto {
  /** 政策包; every published one when left out. */
  @MayBeLeftOut()
  @Matches(/^[a-z0-9][a-z0-9-]{0,63}$/, { message: 'pack must be a pack id such as "ganzhou-etdz-2023"' })
  pack?: string;
}
