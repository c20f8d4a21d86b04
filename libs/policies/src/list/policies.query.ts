import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { asDomainEvent, EVENT_STORE, type EventStore, Executor } from '@app/event-store';
import { notFound } from '@app/kernel';
import { cursorKey, type Page, pageOf } from '@app/http';
import { ReadModels, type Since, trueOn } from '@app/projections';
import { policyStream } from '../policies.js';
import { policyDecider, type PolicyEvent, type PolicyState } from '../policy.js';
import { type DatedPolicyEvent, policyOn } from '../policy-on.js';
import { policies, type PolicyRow, type PolicyTables } from './policies.projection.js';

/** One published version in a list. */
export type PolicyView = Omit<PolicyRow, keyof Since>;

/** Every published version; for a day those that had begun by then, and ended only where they had. */
export class ListPolicies extends Query<Page<PolicyView>> {
  constructor(
    readonly limit: number,
    readonly cursor?: string,
    readonly on?: string,
  ) {
    super();
  }
}

@QueryHandler(ListPolicies)
export class ListPoliciesHandler implements IQueryHandler<ListPolicies> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ limit, cursor, on }: ListPolicies): Promise<Page<PolicyView>> {
    const tables = this.readModels.from<PolicyTables>();
    let query = (on === undefined ? tables.selectFrom('policy') : tables.selectFrom(trueOn(policies, on).as('policy')))
      .selectAll()
      .orderBy('pack')
      .orderBy('version')
      .limit(limit + 1);
    const after = cursorKey(cursor, ['string', 'number']);
    if (after !== undefined) {
      const [pack, version] = after as readonly [string, number];
      query = query.where(({ eb, refTuple, tuple }) => eb(refTuple('pack', 'version'), '>', tuple(pack, version)));
    }
    const rows = (await query.execute()).map(({ from_day: _from, ...row }) => row);
    return pageOf(rows, limit, ({ pack, version }) => [pack, version]);
  }
}

/** A policy with the whole text of every version. */
export interface PolicyDetail {
  readonly pack: string;
  readonly revision: number;
  readonly state: Exclude<PolicyState, { status: 'unpublished' }>;
}

export class GetPolicy extends Query<PolicyDetail> {
  constructor(
    readonly pack: string,
    /** The business day: the versions that had begun by then; all when left out. */
    readonly on?: string,
  ) {
    super();
  }
}

@QueryHandler(GetPolicy)
export class GetPolicyHandler implements IQueryHandler<GetPolicy> {
  constructor(
    private readonly executor: Executor,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  async execute({ pack, on }: GetPolicy): Promise<PolicyDetail> {
    const { state: known, revision } = await this.executor.load(policyDecider, policyStream(pack));
    const state = on === undefined ? known : policyOn(await this.eventsOf(pack), on);
    if (state.status === 'unpublished')
      throw notFound('policy-unknown', `no policy ${pack} has been published${on === undefined ? '' : ` that had begun by ${on}`}`);
    return { pack, revision, state };
  }

  private async eventsOf(pack: string): Promise<readonly DatedPolicyEvent[]> {
    const events: DatedPolicyEvent[] = [];
    for await (const page of this.store.readStream(policyStream(pack)))
      for (const event of page) events.push({ event: asDomainEvent<PolicyEvent>(event), effectiveOn: event.metadata.effectiveOn });
    return events;
  }
}
