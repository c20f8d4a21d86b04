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
import { Payees } from './disbursement/payees.js';
import { PaymentsProcess } from './disbursement/payments.process.js';
import { PrepareBatchHandler } from './disbursement/prepare-batch.js';
import { RunBatchCommandHandler } from './disbursement/run-batch-command.js';
import { GetDueInstalmentsHandler } from './due-instalments/due-instalments.query.js';
import { AwardsProcess } from './granting/awards.process.js';
import { Grants } from './granting/grants.js';
import { ApplyForAwardHandler } from './handlers/apply-for-award.js';
import { AssessAwardHandler } from './handlers/assess-award.js';
import { GrantAwardHandler } from './handlers/grant-award.js';
import { PubliciseAwardHandler } from './handlers/publicise-award.js';
import { RunAwardCommandHandler } from './handlers/run-award-command.js';
import { UnlockInstalmentHandler } from './handlers/unlock-instalment.js';
import { AwardsProjection } from './list/awards.projection.js';
import { ListAwardsHandler } from './list/awards.query.js';
import { ReconcileHandler } from './reconciliation/reconciliation.query.js';

/** 奖补: awards, their instalments, payment batches, clawback and the balances over all of them. Dossiers and budgets come from their global modules. */
@Module({
  imports: [PoliciesModule],
  controllers: [AwardsController, BalancesController, BatchesController],
  providers: [
    Assessor,
    Grants,
    Payees,
    AwardsProcess,
    PaymentsProcess,
    ApplyForAwardHandler,
    AssessAwardHandler,
    PubliciseAwardHandler,
    GrantAwardHandler,
    UnlockInstalmentHandler,
    RunAwardCommandHandler,
    PrepareBatchHandler,
    RunBatchCommandHandler,
    GetAwardHandler,
    ListAwardsHandler,
    GetDueInstalmentsHandler,
    GetBalancesHandler,
    GetTrialBalanceHandler,
    ReconcileHandler,
    ListBatchesHandler,
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
