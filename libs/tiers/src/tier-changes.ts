import { Injectable } from '@nestjs/common';
import { Dossiers, type UsedInput } from '@app/enterprises';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { creditCode, type CreditCode, refused } from '@app/kernel';
import { type Assessment, inputsOf } from '@app/policies';
import { Advisor, readFrom } from './advisor.js';
import { type ApplyReview, type Ground, tierDecider, type TierAction } from './decide.js';
import { citationOfClause, citationOfTier, type LadderText } from './ladder.js';
import { Ladders } from './ladders.js';
import { inputsOfTier, missingFor, openInputs, placing, unmetIn } from './propose.js';
import { type RestsOn, tierStream, type Unmet } from './tier.js';

/** Changes standings: looks up what a decision rests on, and has it decided. */
@Injectable()
export class TierChanges {
  // Not the command bus: a process manager uses this at start, before the bus knows its handlers.
  constructor(
    private readonly executor: Executor,
    private readonly ladders: Ladders,
    private readonly dossiers: Dossiers,
    private readonly advisor: Advisor,
  ) {}

  /** @throws Problem `ladder-unknown`, `policy-not-in-force`, `enterprise-unknown`, and what the decider refuses. */
  run(ladder: string, code: string, action: TierAction, context: CommandContext): Promise<Receipt> {
    const enterprise = creditCode(code, 'code');
    return this.executor.execute(
      tierDecider,
      tierStream(ladder, enterprise),
      async () => {
        const { effectiveOn: on } = context;
        const text = action.type === 'remove' ? await this.ladders.applied(ladder, on) : await this.ladders.inForce(ladder, on);
        return { ...action, ground: await this.groundOf(text, enterprise, action, on) };
      },
      context,
    );
  }

  /** Carries out a review's decision under the text it was taken under. */
  apply(text: LadderText, enterprise: CreditCode, action: ApplyReview, context: CommandContext): Promise<Receipt> {
    return this.executor.execute(
      tierDecider,
      tierStream(text.ladder, enterprise),
      async () => ({ ...action, ground: await this.groundOf(text, enterprise, action, context.effectiveOn) }),
      context,
    );
  }

  /** What is not met where an enterprise would be put. */
  async unmet(text: LadderText, code: string, tier: string, on: string, year?: number): Promise<Unmet> {
    const dossier = await this.dossiers.require(creditCode(code, 'creditCode'));
    const measure = await this.advisor.measure(text, on, year);
    return unmetIn(text, tier, this.advisor.factsOf(measure, dossier).facts, on);
  }

  private async groundOf(text: LadderText, enterprise: CreditCode, action: TierAction | ApplyReview, on: string): Promise<Ground> {
    const { ladder, tiers } = text;
    const dossier = await this.dossiers.require(enterprise);
    if (action.type === 'enter') requireEntryClause(text, action.clause);
    const year = action.type === 'apply-review' ? action.review.year : undefined;
    const measure = await this.advisor.measure(text, on, year);
    const { facts, used } = this.advisor.factsOf(measure, dossier);
    const to = 'to' in action ? (action.to ?? undefined) : undefined;
    const decisive =
      action.type === 'enter' ? Object.keys(inputsOf(text.pack, action.clause)) : to === undefined ? [] : inputsOfTier(text, to);
    const rests = used.filter(({ input }) => decisive.includes(input));
    const checked = Object.fromEntries(used.filter(({ verified }) => verified).map(({ input, value }) => [input, value]));
    const listings = await this.advisor.listingsOf([dossier], on);
    return {
      ladder,
      creditCode: enterprise,
      tiers: tiers.map(({ id }) => id),
      policy: action.type === 'enter' ? citationOfClause(text, action.clause) : citationOfTier(text, to),
      ...(dossier.status === 'merged' && { mergedInto: dossier.survivor }),
      listings: listings.map(({ listing, until }) => ({ listing, until })),
      unmet: unmetBy(text, action, facts, checked, on),
      restsOn: rests.map(restsOn),
      recordedBy: [...new Set(rests.map(({ source }) => source.recordedBy))],
      ...(action.type === 'enter' && { entry: entryOf(text, action.clause, facts, on) }),
    };
  }
}

type Facts = Readonly<Record<string, unknown>>;

/**
 * What is not met where an action puts an enterprise. A review has looked at the facts with two pairs of eyes; a change by
 * hand asks besides that whatever it depends on is known and has been verified.
 */
function unmetBy(text: LadderText, action: TierAction | ApplyReview, facts: Facts, checked: Facts, on: string): Unmet {
  const known = (input: string) => facts[input] !== undefined;
  if (action.type === 'enter') {
    const unverified = missingFor(text, action.clause, checked, on).filter(known);
    return { failed: [], unknown: [], ...(unverified.length > 0 && { unverified }) };
  }
  const to = action.type === 'remove' ? null : action.to;
  if (to === null) return { failed: [], unknown: [] };
  const unmet = unmetIn(text, to, facts, on);
  if (action.type === 'apply-review') return unmet;
  const unverified = openInputs(text, to, checked, on).filter(known);
  return { ...unmet, unknown: openInputs(text, to, facts, on), ...(unverified.length > 0 && { unverified }) };
}

function restsOn({ input, value, verified, source }: UsedInput): RestsOn {
  return { input, value, ...readFrom(source), verified };
}

function requireEntryClause({ clauses, ladder }: LadderText, clause: string): void {
  const places = clauses.some(({ id, shape }) => id === clause && shape.kind === 'tier');
  if (!places) throw refused('clause-places-nobody', `${clause} is not a clause that places enterprises in ${ladder}`);
}

function entryOf(text: LadderText, clause: string, facts: Readonly<Record<string, unknown>>, on: string): NonNullable<Ground['entry']> {
  const result: Assessment = placing(text, clause, facts, on);
  if (result.outcome === 'placed') return { outcome: 'placed', tier: result.tier };
  const failed = result.outcome === 'refused' ? result.failed : [];
  const missing = result.outcome === 'missing' ? result.missing : [];
  const last = result.trace.findLast(({ step }) => step === 'result')?.text;
  return { outcome: result.outcome, failed, missing, detail: last ?? result.outcome };
}
