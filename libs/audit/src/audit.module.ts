import { Module } from '@nestjs/common';
import { FindingsModule } from './findings/findings.module.js';
import { ForecastModule } from './forecast/forecast.module.js';
import { RecomputationModule } from './recomputation/recomputation.module.js';
import { RelianceModule } from './reliance/reliance.module.js';
import { TimelineModule } from './timeline/timeline.module.js';
import { WhatIfModule } from './what-if/what-if.module.js';

/** 监督检查: what happened and who did it, whether it was right, and what would have been otherwise. */
@Module({ imports: [TimelineModule, RelianceModule, RecomputationModule, WhatIfModule, ForecastModule, FindingsModule] })
export class AuditModule {}
