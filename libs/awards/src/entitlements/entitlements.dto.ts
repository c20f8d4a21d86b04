import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsInt, Matches, Max, Min } from 'class-validator';
import { IsBusinessDay, IsCreditCode, MayBeLeftOut } from '@app/http';
import { CLAUSE, SLUG } from '../awards.dto.js';

/** `true` or `false` as a query string has it; anything else is left for the rule to refuse. */
const asBoolean = ({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value);

export class FindEntitlementsDto {
  /** 政策包 */
  @Matches(SLUG, { message: 'pack must be a pack id such as "ganzhou-etdz-2023"' })
  pack!: string;

  /** 业务日期: the day on which one would be entitled; today when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;

  /** 条款: every paying clause when left out. */
  @MayBeLeftOut()
  @Matches(CLAUSE, { message: 'clause must be a clause id such as "G01"' })
  clause?: string;

  /** 含接近符合: also who fails a single condition or lacks few facts, or whose facts nobody has verified. */
  @MayBeLeftOut()
  @Transform(asBoolean)
  @IsBoolean()
  near: boolean = false;

  /** 最多缺几项: how many unknown inputs still count as near. */
  @MayBeLeftOut()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(20)
  maxMissing: number = 2;

  /** 模拟: computes a draft, or a day on which the policy is not in force. */
  @MayBeLeftOut()
  @Transform(asBoolean)
  @IsBoolean()
  simulate: boolean = false;

  /** Where to go on: `next` of the page before, a credit code. */
  @MayBeLeftOut()
  @IsCreditCode()
  after?: string;

  /** How many enterprises to look at, 1 to 500; 200 when left out. */
  @MayBeLeftOut()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit: number = 200;
}
