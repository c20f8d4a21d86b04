import { IsBusinessDay, MayBeLeftOut } from '@app/http';

export class ForecastDto {
  /** 业务日期 from which on: today, when left out, or later. With `asOf`, today is the day of that point. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}
