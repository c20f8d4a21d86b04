import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Blacklist } from '@app/blacklist';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import { type Evidence, notFound, refused } from '@app/kernel';
import { awardStream, isGranted } from '../award.js';
import { awardDecider } from '../decide.js';
import { isInEffect, Standing } from '../standing.js';

/** Stops what is still to be paid, for an officer's own reason or because somebody the award involves is black-listed. */
export class HoldAward extends Command<Receipt> {
  constructor(
    readonly award: string,
    readonly input: { readonly reason: string; readonly listing?: string; readonly evidence?: readonly Evidence[] },
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(HoldAward)
export class HoldAwardHandler implements ICommandHandler<HoldAward> {
  constructor(
    private readonly executor: Executor,
    private readonly blacklist: Blacklist,
    private readonly standing: Standing,
  ) {}

  execute({ award, input: { listing, ...hold }, context }: HoldAward): Promise<Receipt> {
    return this.executor.execute(
      awardDecider,
      awardStream(award),
      async (state) => {
        // What cannot be held is refused as such, whatever the listing.
        if (listing === undefined || !isGranted(state)) return { type: 'hold' as const, ...hold };
        const found = await this.blacklist.listing(listing);
        if (found === undefined) throw notFound('listing-unknown', `there is no listing ${listing}`);
        const { until, subject } = found;
        const { today } = context;
        if (!isInEffect(found, today))
          throw refused('listing-not-in-effect', `the listing ${listing} has no effect on ${today}`, { listing });
        if (!(await this.standing.concerns(subject, state)))
          throw refused('listing-unrelated', `the award involves no ${subject.kind} ${subject.id}`, { listing, subject });
        return { type: 'hold' as const, ...hold, bound: { listing, until } };
      },
      context,
    );
  }
}
