import { Module } from '@nestjs/common';
import { PoliciesModule } from '@app/policies';
import { Subscriptions } from '@app/projections';
import { TimelineModule } from '../timeline/timeline.module.js';
import { RelianceController } from './reliance.controller.js';
import { RelianceProjection } from './reliance.projection.js';
import { GetRelianceHandler } from './reliance.query.js';

/** 被引用情况: what was decided on a record that is found wrong. */
@Module({ imports: [PoliciesModule, TimelineModule], controllers: [RelianceController], providers: [GetRelianceHandler] })
export class RelianceModule {
  constructor(subscriptions: Subscriptions) {
    subscriptions.addProjection(new RelianceProjection());
  }
}
