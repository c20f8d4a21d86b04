import { Module } from '@nestjs/common';

/** 时间线 */
@Module({})
export class TimelineModule {}
