import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { agenciesAsked, clearanceOf, type Dossier, Dossiers, nameOn } from '@app/enterprises';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { type CreditCode, creditCode, type Evidence, refused } from '@app/kernel';
import { ReadModels, Subscriptions } from '@app/projections';
import { Advisor } from '../advisor.js';
import { type Recommendable, requireReviewed, reviewDecider } from '../decide-review.js';
import { citationOfClause, citationOfTier, dueDay, type LadderText, rankOf } from '../ladder.js';
import { requireCaughtUp } from '../caught-up.js';
import { Ladders } from '../ladders.js';
import { type NotRecommended, reviewStream } from '../review.js';
import { STANDINGS } from '../standings/standing.projection.js';
import type { TierTables } from '../tables.js';
import { standingOf } from '../tier.js';
import { Tiers } from '../tiers.js';

/** Enterprises one command looks at; for more, the next one goes on `after` the last. */
const MOST = 1_000;

export interface RecommendOptions {
  /** The highest when left out. */
  readonly tier?: string;
  /** These only, instead of all that stand in the tier. */
  readonly enterprises?: readonly string[];
  readonly after?: string;
  readonly reason: string;
  readonly evidence?: readonly Evidence[];
}

export interface RecommendAnswer extends Receipt {
  /** How many of those looked at may be recommended, before or now; left out on a retry. */
  readonly recommended?: number;
  readonly refused?: readonly NotRecommended[];
  /** Pass as `after` to go on. */
  readonly next?: string;
}

/** 推荐申报: recommends the enterprises of a tier for certification, those whose clearances stand. */
export class Recommend extends Command<RecommendAnswer> {
  constructor(
    readonly ladder: string,
    readonly year: number,
    readonly options: RecommendOptions,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(Recommend)
export class RecommendHandler implements ICommandHandler<Recommend> {
  constructor(
    private readonly executor: Executor,
    private readonly ladders: Ladders,
    private readonly tiers: Tiers,
    private readonly dossiers: Dossiers,
    private readonly advisor: Advisor,
    private readonly readModels: ReadModels,
    private readonly subscriptions: Subscriptions,
  ) {}

  async execute({ ladder, year, options, context }: Recommend): Promise<RecommendAnswer> {
    let looked: Looked | undefined;
    const receipt = await this.executor.execute(
      reviewDecider,
      reviewStream(ladder, year),
      async (state) => {
        requireReviewed(state);
        const on = context.effectiveOn;
        const text = await this.ladders.inForce(ladder, on);
        const due = dueDay(text, 'recommendation', year);
        const found = (looked = await this.look(text, options, on));
        return {
          type: 'recommend' as const,
          dueOn: due.on,
          reason: options.reason,
          ...(options.evidence && { evidence: options.evidence }),
          recommended: found.recommended,
          refused: found.refused,
          policy: due.clause === undefined ? citationOfTier(text) : citationOfClause(text, due.clause),
        };
      },
      context,
    );
    if (receipt.replayed || looked === undefined) return receipt;
    const { recommended, refused: left, next } = looked;
    return { ...receipt, recommended: recommended.length, refused: left, ...(next !== undefined && { next }) };
  }

  private async look(text: LadderText, options: RecommendOptions, on: string): Promise<Looked> {
    const tier = options.tier ?? text.tiers.at(-1)?.id ?? '';
    if (rankOf(text, tier) < 0) {
      const tiers = text.tiers.map(({ id }) => id);
      throw refused('tier-unknown', `${text.ladder} has no tier ${tier}; its tiers are ${tiers.join(', ')}`, { tiers });
    }
    const codes =
      options.enterprises?.map((code) => creditCode(code, 'enterprises')) ?? (await this.standingIn(text.ladder, tier, options.after));
    const recommended: Recommendable[] = [];
    const left: NotRecommended[] = [];
    for (const code of codes) {
      const looked = await this.lookAt(text, tier, code, on);
      if ('code' in looked) left.push(looked);
      else recommended.push(looked);
    }
    const next = options.enterprises === undefined && codes.length === MOST ? codes.at(-1) : undefined;
    return { recommended, refused: left, ...(next !== undefined && { next }) };
  }

  private async lookAt(text: LadderText, tier: string, code: CreditCode, on: string): Promise<Recommendable | NotRecommended> {
    const dossier = await this.dossiers.require(code);
    const who = { creditCode: code, name: nameOn(dossier, on) };
    if (dossier.status === 'merged') return { ...who, code: 'enterprise-merged', missing: [dossier.survivor] };
    if (standingOf(await this.tiers.load(text.ladder, code)) !== tier) return { ...who, code: 'not-in-ladder', missing: [tier] };
    const listings = await this.advisor.listingsOf([dossier], on);
    if (listings.length > 0) return { ...who, code: 'black-listed', missing: listings.map(({ listing }) => listing) };
    const clearances: Clearances[number][] = [];
    const missing: string[] = [];
    for (const clearance of text.clearances) {
      const found = clearOf(text, clearance, dossier, on);
      if (found === undefined) missing.push(clearance);
      else clearances.push(...found);
    }
    return missing.length > 0 ? { ...who, code: 'clearance-missing', missing } : { ...who, tier, clearances };
  }

  private async standingIn(ladder: string, tier: string, after = ''): Promise<readonly CreditCode[]> {
    await requireCaughtUp(this.subscriptions, STANDINGS);
    const rows = await this.readModels
      .from<TierTables>()
      .selectFrom('tier_standing')
      .select('credit_code')
      .where('ladder', '=', ladder)
      .where('tier', '=', tier)
      .where('valid_until', 'is', null)
      .where('credit_code', '>', after)
      .orderBy('credit_code')
      .limit(MOST)
      .execute();
    return rows.map(({ credit_code }) => credit_code as CreditCode);
  }
}

type Clearances = Recommendable['clearances'];

/** The clear findings of all agencies the ladder's pack names for a clearance; undefined unless each has given its own. */
function clearOf({ pack }: LadderText, clearance: string, dossier: Dossier, on: string): Clearances | undefined {
  const agencies = agenciesAsked(pack, clearance);
  const clear = agencies.flatMap((agency): Clearances => {
    const found = clearanceOf(dossier, clearance, on, agency);
    if (found?.finding !== 'clear') return [];
    const { on: foundOn, validUntil, documentNo, recordedBy } = found;
    return [{ clearance, agency, on: foundOn, ...(validUntil !== undefined && { validUntil }), documentNo, recordedBy }];
  });
  return clear.length > 0 && clear.length === agencies.length ? clear : undefined;
}

interface Looked {
  readonly recommended: readonly Recommendable[];
  readonly refused: readonly NotRecommended[];
  readonly next?: string;
}
