import { Global, Module } from '@nestjs/common';
import { PoliciesModule } from '@app/policies';
import { Subscriptions } from '@app/projections';
import { Blacklist } from './blacklist.js';
import { BlacklistController } from './blacklist.controller.js';
import { OpenBlacklistCaseHandler, RunBlacklistCommandHandler } from './handlers/run-blacklist-command.js';
import { CasesProjection } from './standing/cases.projection.js';
import { FindSubjectHandler } from './standing/find-subject.query.js';
import { ListCasesHandler } from './standing/list-cases.query.js';
import { ListListingsHandler } from './standing/list-listings.query.js';

/** 黑名单: notice, statement, decision, objection, credit repair. */
@Global()
@Module({
  imports: [PoliciesModule],
  controllers: [BlacklistController],
  providers: [Blacklist, RunBlacklistCommandHandler, OpenBlacklistCaseHandler, ListListingsHandler, ListCasesHandler, FindSubjectHandler],
  exports: [Blacklist],
})
export class BlacklistModule {
  constructor(subscriptions: Subscriptions) {
    subscriptions.addProjection(new CasesProjection());
  }
}
