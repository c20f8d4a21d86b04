import { Module } from '@nestjs/common';
import { PoliciesModule } from '@app/policies';
import { RecomputationModule } from '../recomputation/recomputation.module.js';
import { WhatIfController } from './what-if.controller.js';
import { WhatIf } from './what-if.js';

/** 假设测算 */
@Module({ imports: [PoliciesModule, RecomputationModule], controllers: [WhatIfController], providers: [WhatIf] })
export class WhatIfModule {}
