import { Global, Module } from '@nestjs/common';
import { PoliciesModule } from '@app/policies';
import { Subscriptions } from '@app/projections';
import { Agencies } from './agencies.js';
import { AgenciesController } from './agencies.controller.js';
import { RunAgencyCommandHandler } from './handlers/run-agency-command.js';
import { AgenciesProjection } from './register/agencies.projection.js';
import { FindAgencyHandler } from './register/find-agency.query.js';
import { ListAgenciesHandler } from './register/list-agencies.query.js';

/** 服务机构备案: registrations of service agencies and what inspections of them found. */
@Global()
@Module({
  imports: [PoliciesModule],
  controllers: [AgenciesController],
  providers: [Agencies, RunAgencyCommandHandler, ListAgenciesHandler, FindAgencyHandler],
  exports: [Agencies],
})
export class AgenciesModule {
  constructor(subscriptions: Subscriptions) {
    subscriptions.addProjection(new AgenciesProjection());
  }
}
