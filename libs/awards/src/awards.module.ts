import { Module } from '@nestjs/common';
import { PoliciesModule } from '@app/policies';
import { Subscriptions } from '@app/projections';
import { Assessor } from './assessor.js';
import { AwardsController, BalancesController } from './awards.controller.js';
import { BalancesProjection } from './balances/balances.projection.js';
import { GetBalancesHandler, GetTrialBalanceHandler } from './balances/balances.query.js';
import { GetAwardHandler } from './detail/award-detail.query.js';
import { BatchesController } from './disbursement/batches.controller.js';
import { BatchesProjection } from './disbursement/batches.projection.js';
import { GetBatchHandler, ListBatchesHandler } from './disbursement/batches.query.js';
import { ExportBatchHandler } from './disbursement/export-batch.js';
import { FreezeBatchHandler } from './disbursement/freeze-batch.js';
import { Payees } from './disbursement/payees.js';
import { PaymentsProcess } from './disbursement/payments.process.js';
import { PrepareBatchHandler } from './disbursement/prepare-batch.js';
import { RecordResultsHandler } from './disbursement/record-results.js';
import { ResolveUnexpectedHandler } from './disbursement/resolve-unexpected.js';
import { RunBatchCommandHandler } from './disbursement/run-batch-command.js';
import { CountPayableAfterHandler, GetDueInstalmentsHandler } from './due-instalments/due-instalments.query.js';
import { EntitlementsController } from './entitlements/entitlements.controller.js';
import { FindEntitlementsHandler } from './entitlements/find-entitlements.query.js';
import { AwardsProcess } from './granting/awards.process.js';
import { Grants } from './granting/grants.js';
import { ApplyForAwardHandler } from './handlers/apply-for-award.js';
import { AssessAwardHandler } from './handlers/assess-award.js';
import { GrantAwardHandler } from './handlers/grant-award.js';
import { HoldAwardHandler } from './handlers/hold-award.js';
import { PubliciseAwardHandler } from './handlers/publicise-award.js';
import { RunAwardCommandHandler } from './handlers/run-award-command.js';
import { UnlockInstalmentHandler } from './handlers/unlock-instalment.js';
import { AwardsProjection } from './list/awards.projection.js';
import { ListAwardsHandler } from './list/awards.query.js';
import { ListingsProcess } from './listings/listings.process.js';
import { RelatedAwardsController } from './listings/related-awards.controller.js';
import { ListRelatedAwardsHandler } from './listings/related-awards.query.js';
import { NoticesController } from './notices/notices.controller.js';
import { ListPublicNoticesHandler } from './notices/notices.query.js';
import { PrintNoticeHandler } from './notices/print-notice.query.js';
import { ReconcileHandler } from './reconciliation/reconciliation.query.js';
import { Standing } from './standing.js';

/** 奖补: awards, their instalments, payment batches, clawback and the balances over all of them. Dossiers, budgets, blacklist and agencies come from their global modules. */
@Module({
  imports: [PoliciesModule],
  controllers: [
    AwardsController,
    RelatedAwardsController,
    EntitlementsController,
    BalancesController,
    BatchesController,
    NoticesController,
  ],
  providers: [
    Assessor,
    Standing,
    Grants,
    Payees,
    AwardsProcess,
    PaymentsProcess,
    ListingsProcess,
    ApplyForAwardHandler,
    AssessAwardHandler,
    PubliciseAwardHandler,
    GrantAwardHandler,
    UnlockInstalmentHandler,
    HoldAwardHandler,
    RunAwardCommandHandler,
    PrepareBatchHandler,
    RunBatchCommandHandler,
    FreezeBatchHandler,
    RecordResultsHandler,
    ResolveUnexpectedHandler,
    ExportBatchHandler,
    GetAwardHandler,
    ListAwardsHandler,
    ListRelatedAwardsHandler,
    FindEntitlementsHandler,
    GetDueInstalmentsHandler,
    CountPayableAfterHandler,
    GetBalancesHandler,
    GetTrialBalanceHandler,
    ReconcileHandler,
    ListBatchesHandler,
    ListPublicNoticesHandler,
    PrintNoticeHandler,
    GetBatchHandler,
  ],
})
export class AwardsModule {
  constructor(subscriptions: Subscriptions) {
    subscriptions.addProjection(new AwardsProjection());
    subscriptions.addProjection(new BalancesProjection());
    subscriptions.addProjection(new BatchesProjection());
  }
}
