import { Module } from '@nestjs/common';
import { PoliciesModule } from '@app/policies';
import { DifferencesController } from './differences.controller.js';
import { Disclosures } from './disclosures.js';
import { Differences } from './differences.js';
import { Exporter } from './exporter.js';
import { ExportsController } from './exports.controller.js';
import { InnerRoutes } from './inner.js';
import { Vantages } from './vantages.js';

/** 导出: lists as files, and what differs between two points. */
@Module({
  imports: [PoliciesModule],
  controllers: [ExportsController, DifferencesController],
  providers: [InnerRoutes, Disclosures, Vantages, Exporter, Differences],
})
export class ExportsModule {}
