import { Module } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { knownInQueries } from '@app/http';
import { Subscriptions } from '@app/projections';
import { BundledPolicies } from './bundled-policies.js';
import { RunPolicyCommandHandler } from './handlers/run-policy-command.js';
import { PoliciesProjection } from './list/policies.projection.js';
import { GetPolicyHandler, ListPoliciesHandler } from './list/policies.query.js';
import { PoliciesController } from './policies.controller.js';
import { Policies } from './policies.js';

/** 政策: published packs, their versions and the assessment of their clauses. */
@Module({
  controllers: [PoliciesController],
  providers: [
    Policies,
    BundledPolicies,
    RunPolicyCommandHandler,
    ListPoliciesHandler,
    GetPolicyHandler,
    {
      provide: APP_PIPE,
      inject: [Policies],
      useFactory: (policies: Policies) => knownInQueries({ pack: (pack) => policies.requirePublished(pack) }),
    },
  ],
  exports: [Policies, BundledPolicies],
})
export class PoliciesModule {
  constructor(subscriptions: Subscriptions) {
    subscriptions.addProjection(new PoliciesProjection());
  }
}
