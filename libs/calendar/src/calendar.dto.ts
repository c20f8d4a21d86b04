import { IsIn, Matches } from 'class-validator';
import { CommandDto, EvidenceDto, IsBusinessDay, IsEvidenceList, IsText, MayBeLeftOut, PageDto } from '@app/http';
import { type DutyStatus, STATUSES } from './duty.js';
import { PERIOD } from './instances.js';

const PACK = /^[a-z0-9][a-z0-9-]{0,63}$/;
const PACK_MESSAGE = 'pack must be a pack id such as "ganzhou-2023"';

export class FindingsDto extends PageDto {
  /** 业务日期; today when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;

  /** 政策包 */
  @MayBeLeftOut()
  @Matches(PACK, { message: PACK_MESSAGE })
  pack?: string;
}

export class AgendaDto extends FindingsDto {
  /** Duties due from this day on, and older ones still open; the first day of the year when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  from?: string;

  /** Duties due by this day; the last of the year when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  until?: string;

  /** 状态 */
  @MayBeLeftOut()
  @IsIn(STATUSES)
  status?: DutyStatus['status'];

  /** 只看逾期: the same as `status=overdue`. */
  @MayBeLeftOut()
  @IsIn(['true', 'false'])
  overdue?: 'true' | 'false';
}

/** Which duty, in the path. */
export class DutyPathDto {
  /** 政策包 */
  @Matches(PACK, { message: PACK_MESSAGE })
  pack!: string;

  /** 条款 */
  @Matches(/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, { message: 'clause must be the id of a clause such as "B04"' })
  clause!: string;

  /** 期间 */
  @Matches(PERIOD, { message: 'period must be a year, half-year or quarter such as "2024", "2024-H1" or "2024-Q3"' })
  period!: string;
}

/** 办结 */
export class DoDutyDto extends CommandDto {
  /** 办结日期: the day it was done. */
  @IsBusinessDay()
  on!: string;

  /** 说明 */
  @MayBeLeftOut()
  @IsText(1000)
  note?: string;

  /** 佐证材料: what shows that it was done. */
  @IsEvidenceList({ min: 1 })
  evidence!: EvidenceDto[];
}

/** 重新打开 */
export class ReopenDutyDto extends CommandDto {
  /** 理由 */
  @IsText(1000)
  reason!: string;
}
