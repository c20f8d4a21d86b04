import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { BudgetLineRow } from '@app/budgets';
import { EVENT_STORE, type EventStore } from '@app/event-store';
import { latestVersion, type Pack, Policies } from '@app/policies';
import { notFound } from '@app/kernel';
import { ReadModels } from '@app/projections';
import type { Emit, Line } from '../json-lines.js';
import { AwardRecords } from '../recomputation/award-records.js';
import { assessedUnder } from '../recomputation/judge.js';
import { PolicyPast } from '../recomputation/policy-past.js';
import { inPlaceOf, type PackChange, withChanges } from './pack-changes.js';
import { isOtherwise, type LineNow, otherwise, type Otherwise, replayed, type WhatIfSummary, WhatIfTotals } from './replay.js';

/** What is assumed: changes to every version of a published text, or one text in place of all its versions. */
export type Assumption =
  { readonly pack: string; readonly set: readonly string[]; readonly changes: readonly PackChange[] } | { readonly text: Pack };

export type WhatIfLine = Line<Otherwise, WhatIfSummary>;

/** 假设测算: replays every award under a changed text. Reads alone; nothing is written. */
@Injectable()
export class WhatIf {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly records: AwardRecords,
    private readonly policies: Policies,
    private readonly readModels: ReadModels,
  ) {}

  /**
   * Holds an assumption against the published text, so that what is wrong with it is told before the long work begins.
   * @throws Problem `policy-unknown`, `invalid-input`, PackError.
   */
  async prepared(assumption: Assumption): Promise<(emit: Emit<WhatIfLine>) => Promise<void>> {
    const pack = 'text' in assumption ? assumption.text.id : assumption.pack;
    const latest = latestVersion(await this.policies.state(pack));
    if (latest === undefined) throw notFound('policy-unknown', `no policy ${pack} has been published`);
    const current = 'text' in assumption ? assumption.text : withChanges(latest.pack, assumption.changes);
    return (emit) => this.run(pack, assumption, current, emit);
  }

  private async run(pack: string, assumption: Assumption, current: Pack, emit: Emit<WhatIfLine>): Promise<void> {
    await this.records.ready();
    const position = await this.store.head();
    const past = await PolicyPast.of(pack, this.store);
    const textFor = changedTexts(assumption);
    const totals = new WhatIfTotals();
    const total = await this.records.count({ pack });
    let done = 0;
    for await (const page of this.records.pages({ pack })) {
      for (const award of page) {
        const { record, assessment } = award;
        const then = assessment && past.textBefore(assessment.position, assessment.version);
        const outcome =
          assessment === undefined || then === undefined || typeof then === 'string'
            ? undefined
            : replayed(award, assessedUnder(textFor(then.pack), then, record.clause, assessment.on, assessment.facts));
        if (outcome === undefined) {
          totals.leaveOut();
          continue;
        }
        totals.add(outcome);
        if (isOtherwise(outcome)) await emit({ item: otherwise(outcome) });
      }
      done += page.length;
      await emit({ progress: { done, total } });
      await nextTurn();
    }
    const set = 'set' in assumption ? assumption.set : [];
    await emit({ summary: totals.summary({ set, position }, current, await this.lines(pack)) });
  }

  /** The budget lines of a policy as they stand now. */
  private async lines(pack: string): Promise<readonly LineNow[]> {
    const rows = await this.readModels
      .from<{ budget_line: BudgetLineRow }>()
      .selectFrom('budget_line')
      .select(['line', 'period', 'status', 'available_fen'])
      .where('pack', '=', pack)
      .execute();
    return rows.map(({ line, period, status, available_fen }) => ({
      line,
      period,
      isOpen: status === 'open',
      availableFen: available_fen,
    }));
  }
}

/** The changed text for each text that once applied, made once. */
function changedTexts(assumption: Assumption): (published: Pack) => Pack {
  const made = new Map<Pack, Pack>();
  return (published) => {
    const known = made.get(published);
    if (known !== undefined) return known;
    const text = 'text' in assumption ? inPlaceOf(assumption.text, published) : withChanges(published, assumption.changes, true);
    made.set(published, text);
    return text;
  };
}
