import { Controller, Get, Inject, Query as QueryString, Req, type StreamableFile } from '@nestjs/common';
import { isHistoryHidden } from '@app/blacklist';
import { AllowAnyRole, type AuthenticatedRequest } from '@app/http';
import { type BusinessDate, businessDateAt, CLOCK, type Clock, invalidField } from '@app/kernel';
import { jsonLines } from '../json-lines.js';
import { Forecast } from './forecast.js';
import { ForecastDto } from './forecast.dto.js';

/** 支出预测 */
@Controller('v1/audit/forecast')
export class ForecastController {
  constructor(
    private readonly forecast: Forecast,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** 支出预测: what granted awards still have to be paid, by quarter and budget line; JSON Lines of progress, instalments and a summary */
  @Get()
  @AllowAnyRole()
  run(@QueryString() { on }: ForecastDto, @Req() request: AuthenticatedRequest): StreamableFile {
    const [day, hidesEnds] = [this.dayOf(on), this.hidesEnds(request)];
    return jsonLines((emit) => this.forecast.run(day, hidesEnds, emit), pathOf(request));
  }

  /** 支出预测汇总: the same added up, by budget line and quarter; JSON Lines of progress, sums and the summary */
  @Get('totals')
  @AllowAnyRole()
  totals(@QueryString() { on }: ForecastDto, @Req() request: AuthenticatedRequest): StreamableFile {
    const [day, hidesEnds] = [this.dayOf(on), this.hidesEnds(request)];
    return jsonLines((emit) => this.forecast.runTotals(day, hidesEnds, emit), pathOf(request));
  }

  /** Looking back, until when an award was held would tell of a listing, as it would in the list of awards. */
  private hidesEnds({ actor }: AuthenticatedRequest): boolean {
    return isHistoryHidden(actor, undefined, businessDateAt(this.clock.now()));
  }

  private dayOf(asked: string | undefined): BusinessDate {
    const today = businessDateAt(this.clock.now());
    const on = asked ?? today;
    // What was granted and paid is known as of today: seen from an earlier day, it would be told before it happened.
    if (on < today) throw invalidField('on', 'not-in-the-past', 'must not lie before today; asOf looks ahead from an earlier day');
    return on as BusinessDate;
  }
}

const pathOf = ({ url }: AuthenticatedRequest) => url.split('?')[0] ?? '';
