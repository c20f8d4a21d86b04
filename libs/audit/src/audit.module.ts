import { Module } from '@nestjs/common';
import { FindingsModule } from './findings/findings.module.js';
import { RecomputationModule } from './recomputation/recomputation.module.js';
import { RelianceModule } from './reliance/reliance.module.js';
import { TimelineModule } from './timeline/timeline.module.js';

/** 监督检查: what happened and who did it, whether it was right, and what would have been otherwise. */
@Module({ imports: [TimelineModule, RelianceModule, RecomputationModule, FindingsModule] })
export class AuditModule {}
