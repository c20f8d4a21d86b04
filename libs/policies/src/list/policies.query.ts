import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Executor } from '@app/event-store';
import { notFound } from '@app/kernel';
import { cursorKey, type Page, pageOf } from '@app/http';
import { ReadModels } from '@app/projections';
import { policyStream } from '../policies.js';
import { policyDecider, type PolicyState } from '../policy.js';
import type { PolicyRow, PolicyTables } from './policies.projection.js';

export class ListPolicies extends Query<Page<PolicyRow>> {
  constructor(
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

@QueryHandler(ListPolicies)
export class ListPoliciesHandler implements IQueryHandler<ListPolicies> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ limit, cursor }: ListPolicies): Promise<Page<PolicyRow>> {
    let query = this.readModels
      .from<PolicyTables>()
      .selectFrom('policy')
      .selectAll()
      .orderBy('pack')
      .orderBy('version')
      .limit(limit + 1);
    const after = cursorKey(cursor, ['string', 'number']);
    if (after !== undefined) {
      const [pack, version] = after as readonly [string, number];
      query = query.where(({ eb, refTuple, tuple }) => eb(refTuple('pack', 'version'), '>', tuple(pack, version)));
    }
    return pageOf(await query.execute(), limit, ({ pack, version }) => [pack, version]);
  }
}

/** A policy with the whole text of every version. */
export interface PolicyDetail {
  readonly pack: string;
  readonly revision: number;
  readonly state: Exclude<PolicyState, { status: 'unpublished' }>;
}

export class GetPolicy extends Query<PolicyDetail> {
  constructor(readonly pack: string) {
    super();
  }
}

@QueryHandler(GetPolicy)
export class GetPolicyHandler implements IQueryHandler<GetPolicy> {
  constructor(private readonly executor: Executor) {}

  async execute({ pack }: GetPolicy): Promise<PolicyDetail> {
    const { state, revision } = await this.executor.load(policyDecider, policyStream(pack));
    if (state.status === 'unpublished') throw notFound('policy-unknown', `no policy ${pack} has been published`);
    return { pack, revision, state };
  }
}
