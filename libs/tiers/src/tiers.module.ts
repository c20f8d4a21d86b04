import { Global, Module } from '@nestjs/common';
import { PoliciesModule } from '@app/policies';
import { Subscriptions } from '@app/projections';
import { Advisor } from './advisor.js';
import { DiagnoseEnterpriseHandler } from './diagnosis.query.js';
import { ProposeReviewHandler } from './handlers/propose-review.js';
import { RecommendHandler } from './handlers/recommend.js';
import { RunReviewCommandHandler } from './handlers/run-review-command.js';
import { RunTierCommandHandler } from './handlers/run-tier-command.js';
import { Ladders } from './ladders.js';
import { ReviewDecisions } from './reviews/review-decisions.js';
import { ReviewProjection } from './reviews/review.projection.js';
import { ReviewsController } from './reviews/reviews.controller.js';
import { FindReviewHandler, ListProposalsHandler, ListRecommendationsHandler } from './reviews/reviews.query.js';
import { RostersController } from './rosters/rosters.controller.js';
import { FindRosterHandler, ListRostersHandler } from './rosters/rosters.query.js';
import { MergerStandings } from './standings/merger-standings.js';
import { StandingProjection } from './standings/standing.projection.js';
import { ListLaddersHandler, ListStandingHandler, ListTierChangesHandler } from './standings/standings.query.js';
import { TierChanges } from './tier-changes.js';
import { Tiers } from './tiers.js';
import { TiersController } from './tiers.controller.js';

/** 梯次培育: ladders, standings, yearly reviews, recommendations and rosters. */
@Global()
@Module({
  imports: [PoliciesModule],
  controllers: [TiersController, ReviewsController, RostersController],
  providers: [
    Ladders,
    Tiers,
    Advisor,
    TierChanges,
    ReviewDecisions,
    MergerStandings,
    RunTierCommandHandler,
    RunReviewCommandHandler,
    ProposeReviewHandler,
    RecommendHandler,
    DiagnoseEnterpriseHandler,
    ListLaddersHandler,
    ListStandingHandler,
    ListTierChangesHandler,
    FindReviewHandler,
    ListProposalsHandler,
    ListRecommendationsHandler,
    ListRostersHandler,
    FindRosterHandler,
  ],
  exports: [Tiers],
})
export class TiersModule {
  constructor(subscriptions: Subscriptions, decisions: ReviewDecisions, mergers: MergerStandings) {
    subscriptions.addProjection(new StandingProjection());
    subscriptions.addProjection(new ReviewProjection());
    subscriptions.addProcessManager(decisions);
    subscriptions.addProcessManager(mergers);
  }
}
