import { Module, type NestModule } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { Decisions } from './decisions.js';
import { Imports } from './imports.js';
import { ImportsController } from './imports.controller.js';
import { KeptReports } from './kept-reports.js';
import { acceptSheets } from './upload.js';

/** 批量导入. The features whose records it brings in have to be there: enterprises, tiers, targets. */
@Module({
  controllers: [ImportsController],
  providers: [Imports, KeptReports, Decisions],
})
export class ImportsModule implements NestModule {
  constructor(private readonly host: HttpAdapterHost) {}

  /** Called just before the application registers its routes. */
  configure(): void {
    acceptSheets(this.host.httpAdapter.getInstance<FastifyInstance>());
  }
}
