import { IsIn, Matches } from 'class-validator';
import { IsBusinessDay, MayBeLeftOut, PageDto } from '@app/http';
import { CLAUSE, SLUG } from '../awards.dto.js';

export class ListNoticesDto extends PageDto {
  @MayBeLeftOut()
  @Matches(SLUG)
  pack?: string;

  @MayBeLeftOut()
  @Matches(CLAUSE)
  clause?: string;

  /** On view on this day. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;

  /** First day of the notice. */
  @MayBeLeftOut()
  @IsBusinessDay()
  from?: string;
}

export class NoticeTableDto {
  @Matches(SLUG)
  pack!: string;

  @MayBeLeftOut()
  @Matches(CLAUSE)
  clause?: string;

  /** First day of the notice; the latest when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  from?: string;

  @MayBeLeftOut()
  @IsIn(['xlsx', 'csv'])
  format: 'xlsx' | 'csv' = 'xlsx';
}
