import { Module } from '@nestjs/common';

/** 导出 */
@Module({})
export class ExportsModule {}
