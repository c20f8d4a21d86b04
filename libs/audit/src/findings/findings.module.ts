import { Module } from '@nestjs/common';

/** 疑点 */
@Module({})
export class FindingsModule {}
