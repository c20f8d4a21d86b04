import { Module } from '@nestjs/common';
import { PoliciesModule } from '@app/policies';
import { RecomputationModule } from '../recomputation/recomputation.module.js';
import { ForecastController } from './forecast.controller.js';
import { Forecast } from './forecast.js';

/** 支出预测 */
@Module({ imports: [PoliciesModule, RecomputationModule], controllers: [ForecastController], providers: [Forecast] })
export class ForecastModule {}
