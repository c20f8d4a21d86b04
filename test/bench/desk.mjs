/**
 * The ledger's own handlers and process managers over a store, without read models and without HTTP: what one of them is
 * told is decided, written and carried on at once, as a running ledger would, only in one file and on any day one likes.
 */
import { Agencies } from '../../dist/libs/agencies/src/agencies.js';
import { Assessor } from '../../dist/libs/awards/src/assessor.js';
import { PaymentsProcess } from '../../dist/libs/awards/src/disbursement/payments.process.js';
import { Payees } from '../../dist/libs/awards/src/disbursement/payees.js';
import { PrepareBatchHandler } from '../../dist/libs/awards/src/disbursement/prepare-batch.js';
import { AwardsProcess } from '../../dist/libs/awards/src/granting/awards.process.js';
import { Grants } from '../../dist/libs/awards/src/granting/grants.js';
import { ApplyForAwardHandler } from '../../dist/libs/awards/src/handlers/apply-for-award.js';
import { AssessAwardHandler } from '../../dist/libs/awards/src/handlers/assess-award.js';
import { GrantAwardHandler } from '../../dist/libs/awards/src/handlers/grant-award.js';
import { UnlockInstalmentHandler } from '../../dist/libs/awards/src/handlers/unlock-instalment.js';
import { ListingsProcess } from '../../dist/libs/awards/src/listings/listings.process.js';
import { Standing } from '../../dist/libs/awards/src/standing.js';
import { Blacklist } from '../../dist/libs/blacklist/src/blacklist.js';
import { Budgets } from '../../dist/libs/budgets/src/budgets.js';
import { BudgetTransfers } from '../../dist/libs/budgets/src/transfers/budget-transfers.js';
import { Duties } from '../../dist/libs/calendar/src/duties.js';
import { RunDutyCommandHandler } from '../../dist/libs/calendar/src/handlers/run-duty-command.js';
import { Dossiers } from '../../dist/libs/enterprises/src/dossiers.js';
import { enterpriseDecider } from '../../dist/libs/enterprises/src/index.js';
import { Merger } from '../../dist/libs/enterprises/src/merger.js';
import { Executor } from '../../dist/libs/event-store/src/index.js';
import { derivedId, sha256 } from '../../dist/libs/kernel/src/index.js';
import { Policies } from '../../dist/libs/policies/src/index.js';
import { RunTargetCommandHandler } from '../../dist/libs/targets/src/handlers/run-target-command.js';
import { PublishedTargets } from '../../dist/libs/targets/src/published-targets.js';
import { Advisor } from '../../dist/libs/tiers/src/advisor.js';
import { ProposeReviewHandler } from '../../dist/libs/tiers/src/handlers/propose-review.js';
import { RecommendHandler } from '../../dist/libs/tiers/src/handlers/recommend.js';
import { RunReviewCommandHandler } from '../../dist/libs/tiers/src/handlers/run-review-command.js';
import { Ladders } from '../../dist/libs/tiers/src/ladders.js';
import { ReviewDecisions } from '../../dist/libs/tiers/src/reviews/review-decisions.js';
import { MergerStandings } from '../../dist/libs/tiers/src/standings/merger-standings.js';
import { TierChanges } from '../../dist/libs/tiers/src/tier-changes.js';
import { Tiers } from '../../dist/libs/tiers/src/tiers.js';

/** Whoever is asked has followed everything: there are no read models to wait for. */
const SUBSCRIPTIONS = {
  addProcessManager: () => undefined,
  caughtUp: () => Promise.resolve(true),
  followed: () => Promise.resolve(true),
};

/** The look-ups of a ledger that read tables are answered from what has been done at this desk. */
class DeskListings extends ListingsProcess {
  held = new Map();

  constructor(desk, standing) {
    super(desk.executor, undefined, SUBSCRIPTIONS, desk.blacklist, standing);
    this.desk = desk;
  }

  async *unfinished(payee) {
    yield* this.desk.awardsOf.get(payee) ?? [];
  }

  async hold(event, award, listing) {
    await super.hold(event, award, listing);
    this.held.set(listing.listing, (this.held.get(listing.listing) ?? new Set()).add(award));
  }

  async *heldFor(listing) {
    yield* this.held.get(listing) ?? [];
  }
}

class DeskMergerStandings extends MergerStandings {
  constructor(desk) {
    super(desk.executor, undefined, SUBSCRIPTIONS);
    this.desk = desk;
  }

  async react(recorded) {
    const creditCode = recorded.stream.slice('enterprise-'.length);
    const { survivor } = recorded.data;
    const { evidence } = recorded.metadata;
    for (const ladder of this.desk.ladderNames)
      await this.remove(recorded, { type: 'leave-by-merger', ladder, creditCode, survivor, ...(evidence && { evidence }) });
  }
}

class DeskProposals extends ProposeReviewHandler {
  constructor(desk, ladders, advisor) {
    super(desk.executor, ladders, advisor, undefined, SUBSCRIPTIONS);
    this.desk = desk;
  }

  /** Whoever was placed at this desk and is told to be looked at: few enough for one page. */
  async next(ladder, { until }) {
    return [...(this.desk.placed.get(ladder) ?? [])].sort().filter((code) => until === null || code > until);
  }
}

export class Desk {
  written = 0;
  commands = 0;
  /** The awards of each payee, by credit code. */
  awardsOf = new Map();
  /** The enterprises a review of each ladder looks at. */
  placed = new Map();

  /**
   * @param author what else is written is flushed first, and its clock is moved on.
   * @param publishedOn the day on which the packs were published.
   */
  constructor(store, { author, seed, vocabulary, packs, ladderNames, publishedOn }) {
    Object.assign(this, { store, author, seed, packs, ladderNames });
    const executor = (this.executor = new Executor(store));
    this.enterprises = enterpriseDecider(vocabulary);
    this.policies = new Policies(executor, undefined, SUBSCRIPTIONS, store);
    this.blacklist = new Blacklist(executor);
    this.dossiers = new Dossiers(executor, vocabulary);
    const { policies, dossiers, blacklist } = this;
    const [budgets, payees, standing] = [new Budgets(executor), new Payees(dossiers), new Standing(dossiers, blacklist)];
    const [assessor, agencies] = [new Assessor(policies, dossiers, executor, payees), new Agencies(executor)];
    const grants = new Grants(executor, budgets, policies);
    const [ladders, tiers] = [new Ladders(policies), new Tiers(executor, store)];
    const advisor = new Advisor(policies, dossiers, blacklist, tiers);
    this.tierChanges = new TierChanges(executor, ladders, dossiers, advisor);
    const duties = new Duties(policies, { publications: () => Promise.resolve(() => () => publishedOn) });
    this.handlers = {
      apply: new ApplyForAwardHandler(executor, assessor, agencies, standing),
      assess: new AssessAwardHandler(executor, assessor),
      grant: new GrantAwardHandler(executor, assessor, grants, agencies, standing),
      unlock: new UnlockInstalmentHandler(executor, assessor, policies),
      prepare: new PrepareBatchHandler(executor, undefined, payees),
      propose: new DeskProposals(this, ladders, advisor),
      review: new RunReviewCommandHandler(executor, ladders, this.tierChanges, SUBSCRIPTIONS),
      recommend: new RecommendHandler(executor, ladders, tiers, dossiers, advisor, undefined, SUBSCRIPTIONS),
      target: new RunTargetCommandHandler(executor, new PublishedTargets(policies)),
      duty: new RunDutyCommandHandler(executor, duties),
    };
    this.managers = [
      new Merger(executor, dossiers, vocabulary),
      new BudgetTransfers(executor),
      new AwardsProcess(executor, grants, budgets, SUBSCRIPTIONS),
      new PaymentsProcess(store, executor, budgets, payees, standing, SUBSCRIPTIONS),
      new DeskListings(this, standing),
      new ReviewDecisions(executor, ladders, this.tierChanges),
      new DeskMergerStandings(this),
    ];
  }

  /** What is published counts from now on. */
  async open() {
    for (const { id } of this.packs) await this.policies.noteChange(id);
  }

  /** Has one of the handlers do what it is told. */
  ask(handler, input, actor, on) {
    return this.act((context) => this.handlers[handler].execute({ ...input, context }), actor, on);
  }

  /** Has a command decided on a stream; `effectiveOn` dates it back. */
  run(decider, stream, command, actor, on, effectiveOn = on) {
    return this.act((context) => this.executor.execute(decider, stream, command, context), actor, on, effectiveOn);
  }

  async state(decider, stream) {
    return (await this.executor.load(decider, stream)).state;
  }

  /** Does something, and then whatever the process managers do about it. */
  async act(work, actor, on, effectiveOn = on) {
    await this.author.flush();
    this.author.reach(on);
    const before = await this.store.head();
    const commandId = derivedId('history-desk', String(this.seed), String((this.commands += 1)));
    const context = {
      commandId,
      contentHash: sha256(commandId),
      actor,
      effectiveOn,
      today: on,
      correlationId: commandId,
      causationId: commandId,
    };
    try {
      return await work(context);
    } finally {
      await this.carryOn(before);
      this.written += (await this.store.head()) - before;
    }
  }

  async carryOn(after) {
    for (let seen = after; ;) {
      const events = [];
      for await (const page of this.store.readAll({ after: seen })) events.push(...page);
      if (events.length === 0) return;
      for (const event of events) for (const manager of this.managers) if (manager.handles.has(event.type)) await manager.react(event);
      seen = events.at(-1).position;
    }
  }
}
