import { Controller, Get, Inject, Query as QueryString, Req, type StreamableFile } from '@nestjs/common';
import { AllowAnyRole, type AuthenticatedRequest } from '@app/http';
import { type BusinessDate, businessDateAt, CLOCK, type Clock } from '@app/kernel';
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
  run(@QueryString() { on = businessDateAt(this.clock.now()) }: ForecastDto, @Req() request: AuthenticatedRequest): StreamableFile {
    return jsonLines((emit) => this.forecast.run(on as BusinessDate, emit), request.url.split('?')[0] ?? '');
  }
}
