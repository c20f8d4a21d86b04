import { IsBusinessDay, MayBeLeftOut } from '@app/http';

export class ForecastDto {
  /** 业务日期 from which on; today when left out. */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;
}
