import { Module } from '@nestjs/common';
import { Subscriptions } from '@app/projections';
import { GetEventHandler } from './event.query.js';
import { Links } from './links.js';
import { TimelineController } from './timeline.controller.js';
import { TimelineProjection } from './timeline.projection.js';
import { GetTimelineHandler } from './timeline.query.js';

/** 时间线: who did what when, and what came of it. */
@Module({ controllers: [TimelineController], providers: [Links, GetTimelineHandler, GetEventHandler], exports: [Links] })
export class TimelineModule {
  constructor(subscriptions: Subscriptions) {
    subscriptions.addProjection(new TimelineProjection());
  }
}
