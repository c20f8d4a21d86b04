import { Module } from '@nestjs/common';

/** 复算 */
@Module({})
export class RecomputationModule {}
