import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { DossierTables } from '@app/enterprises';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { derivedId, refused } from '@app/kernel';
import { ReadModels, Subscriptions } from '@app/projections';
import { Advisor, type Measure } from '../advisor.js';
import { requireCaughtUp } from '../caught-up.js';
import { requireOpen, reviewDecider } from '../decide-review.js';
import { citationOfTier } from '../ladder.js';
import { Ladders } from '../ladders.js';
import { reviewStream, type Scope, type Walk } from '../review.js';
import type { TierTables } from '../tables.js';
import { STANDINGS } from '../standings/standing.projection.js';

/** Enterprises looked at together: one event, one append. */
const PAGE = 100;
/** Pages one command looks at; where that is not enough, the same command again goes on. */
const MOST_PAGES = 100;
/** The projection of dossiers, which the walk reads. */
const DOSSIERS = 'dossier';

export interface ProposeOptions {
  readonly scope: Scope;
  /** With `all`: enterprises whose region begins so. */
  readonly region?: string;
  /** Begins again from the first enterprise: what is undecided is proposed anew, what is decided stays. */
  readonly restart?: boolean;
}

/**
 * Looks at enterprise after enterprise and stores what it proposes, page by page. What was stored stays when the work is
 * interrupted; sent again, it goes on where it stood and ends where there is nothing left.
 */
export class ProposeReview extends Command<Receipt & { readonly isDone: boolean; readonly proposals: number; readonly undecided: number }> {
  constructor(
    readonly ladder: string,
    readonly year: number,
    readonly options: ProposeOptions,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(ProposeReview)
export class ProposeReviewHandler implements ICommandHandler<ProposeReview> {
  constructor(
    private readonly executor: Executor,
    private readonly ladders: Ladders,
    private readonly advisor: Advisor,
    private readonly readModels: ReadModels,
    private readonly subscriptions: Subscriptions,
  ) {}

  async execute({ ladder, year, options, context }: ProposeReview) {
    const stream = reviewStream(ladder, year);
    const text = await this.ladders.inForce(ladder, context.effectiveOn);
    const measure = await this.advisor.measure(text, context.effectiveOn, year);
    await requireCaughtUp(this.subscriptions, STANDINGS, DOSSIERS);
    // The first page is this command itself, so that its key stays bound to what was asked; the others derive from it.
    let receipt = await this.executor.replay(context);
    let before = (await this.review(stream)).walk;
    let walk = receipt === undefined ? begun(before, options) : before;
    for (let page = 0; page < MOST_PAGES && walk !== undefined && (receipt === undefined || !walk.isDone); page += 1) {
      const part = `${walk.no} ${walk.until}`;
      const derived = { ...context, commandId: derivedId('tier-proposals', context.commandId, part), expectedRevision: undefined };
      receipt = await this.page(stream, { before, walk, measure }, receipt === undefined ? context : derived);
      before = walk = (await this.review(stream)).walk;
    }
    const { proposals, open } = await this.review(stream);
    return { ...(receipt as Receipt), isDone: walk?.isDone === true, proposals: proposals.size, undecided: open };
  }

  private async review(stream: string) {
    return requireOpen((await this.executor.load(reviewDecider, stream)).state);
  }

  private page(
    stream: string,
    { before, walk, measure }: { readonly before: Walk | undefined; readonly walk: Walk; readonly measure: Measure },
    context: CommandContext,
  ): Promise<Receipt> {
    return this.executor.execute(
      reviewDecider,
      stream,
      async () => {
        const codes = walk.isDone ? [] : await this.next(measure.text.ladder, walk);
        return {
          type: 'record-proposals' as const,
          after: { no: before?.no ?? 0, until: before?.until ?? null },
          walk: { ...walk, until: codes.at(-1) ?? walk.until, isDone: codes.length < PAGE },
          proposals: await this.advisor.adviseAll(measure, codes),
          policy: citationOfTier(measure.text),
        };
      },
      context,
    );
  }

  /** The next enterprises in order of their credit codes. */
  private async next(ladder: string, { scope, region, until }: Walk): Promise<readonly string[]> {
    const tables = this.readModels.from<TierTables & Pick<DossierTables, 'enterprise'>>();
    const after = until ?? '';
    const standing = tables
      .selectFrom('tier_standing')
      .select('credit_code')
      .where('ladder', '=', ladder)
      .where('valid_until', 'is', null)
      .where('credit_code', '>', after)
      .orderBy('credit_code')
      .limit(PAGE);
    let others = tables.selectFrom('enterprise').select('credit_code').where('status', '=', 'registered').where('credit_code', '>', after);
    if (region !== undefined) others = others.where('region', '>=', region).where('region', '<', `${region}\u{10FFFF}`);
    const found = [
      ...(await standing.execute()),
      ...(scope === 'all' ? await others.orderBy('credit_code').limit(PAGE).execute() : []),
    ].map(({ credit_code }) => credit_code);
    return [...new Set(found)].sort().slice(0, PAGE);
  }
}

/** The walk that goes on, or a new one. @throws Problem `proposals-incomplete` when one that asked for something else has not ended. */
function begun(walk: Walk | undefined, { scope, region, restart = false }: ProposeOptions): Walk {
  const isSame = walk !== undefined && walk.scope === scope && walk.region === region;
  if (isSame && !restart) return walk;
  if (walk !== undefined && !walk.isDone && !restart)
    throw refused(
      'proposals-incomplete',
      'the review has not finished looking at the enterprises it was asked for before; go on, or restart',
    );
  return { no: (walk?.no ?? 0) + 1, scope, ...(region !== undefined && { region }), until: null, isDone: false };
}
