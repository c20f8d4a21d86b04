import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type AwardRow, type AwardTables, isHeld } from '@app/awards';
import type { BudgetLineRow } from '@app/budgets';
import { type BusinessDate, Money } from '@app/kernel';
import { clauseOf, type Pack, Policies, versionNumbered } from '@app/policies';
import { ReadModels } from '@app/projections';
import type { Emit, Line } from '../json-lines.js';
import type { AwardOnRecord } from '../recomputation/award-record.js';
import { AwardRecords } from '../recomputation/award-records.js';
import { FactsToday } from '../recomputation/facts-today.js';
import { expectationOf } from './expectation.js';
import { type LineStanding, type Outlook, type OutlookSummary, type OutlookTotal, OutlookTotals, quarterOf, totalsOf } from './outlook.js';

export type ForecastLine = Line<Outlook, OutlookSummary>;
export type TotalsLine = Line<OutlookTotal, OutlookSummary>;

/** 支出预测: what granted awards still have to be paid, and when. */
@Injectable()
export class Forecast {
  constructor(
    private readonly records: AwardRecords,
    private readonly factsToday: FactsToday,
    private readonly policies: Policies,
    private readonly readModels: ReadModels,
  ) {}

  /** With `hidesEnds` nobody is told until when an award is held. @throws Problem `read-model-behind`. */
  async run(on: BusinessDate, hidesEnds: boolean, emit: Emit<ForecastLine>): Promise<void> {
    await this.records.ready();
    const totals = new OutlookTotals();
    const filter = { unpaid: true };
    const total = await this.records.count(filter);
    let done = 0;
    for await (const page of this.records.pages(filter)) {
      const holds = await this.holdsOn(page, on, hidesEnds);
      for (const award of page) {
        for (const outlook of await this.outlooksOf(award, on, holds.get(award.record.award))) {
          totals.add(outlook);
          await emit({ item: outlook });
        }
      }
      done += page.length;
      await emit({ progress: { done, total } });
      await nextTurn();
    }
    await emit({ summary: totals.summary(on, await this.standing()) });
  }

  /** The same added up, with what falls due in each quarter on each budget line as its items. @throws Problem `read-model-behind`. */
  runTotals(on: BusinessDate, hidesEnds: boolean, emit: Emit<TotalsLine>): Promise<void> {
    return this.run(on, hidesEnds, async (line) => {
      if ('item' in line) return;
      if ('summary' in line) for (const item of totalsOf(line.summary)) await emit({ item });
      await emit(line);
    });
  }

  /** The awards of a page that are held on the day. */
  private async holdsOn(
    page: readonly AwardOnRecord[],
    on: BusinessDate,
    hidesEnds: boolean,
  ): Promise<ReadonlyMap<string, Pick<AwardRow, 'held_until'>>> {
    const rows = await this.readModels
      .from<Pick<AwardTables, 'award'>>()
      .selectFrom('award')
      .select(['award', 'held', 'held_until'])
      .where(
        'award',
        'in',
        page.map(({ record }) => record.award),
      )
      .execute();
    const held = rows.filter((row) => isHeld(row, on));
    return new Map(held.map(({ award, held_until }) => [award, { held_until: hidesEnds ? null : held_until }]));
  }

  private async outlooksOf(
    { record, assessment }: AwardOnRecord,
    on: BusinessDate,
    hold: Pick<AwardRow, 'held_until'> | undefined,
  ): Promise<readonly Outlook[]> {
    const { grant, unlocked, paid, award, payee, payeeName, clause } = record;
    if (grant === undefined) return [];
    const outlooks: Outlook[] = [];
    for (const { no, fen } of grant.instalments) {
      const left = fen - (paid.find((each) => each.no === no)?.fen ?? 0);
      if (left <= 0) continue;
      const amount = Money.formatFen(left);
      const about = { award, payee, payeeName, clause, instalment: no, amount, budgetLine: grant.budgetLine };
      const unlock = unlocked.findLast((each) => each.no === no);
      const heldUntil = hold?.held_until ?? undefined;
      if (unlock !== undefined && hold !== undefined)
        outlooks.push({ ...about, state: 'held', dueSince: unlock.on, ...(heldUntil && { heldUntil, quarter: quarterOf(heldUntil) }) });
      else if (unlock !== undefined) outlooks.push({ ...about, state: 'due', quarter: quarterOf(on), dueSince: unlock.on });
      else outlooks.push({ ...about, ...(await this.locked({ record, assessment }, grant.on, no, on)) });
    }
    return outlooks;
  }

  private async locked(
    { record, assessment }: AwardOnRecord,
    grantedOn: string,
    no: number,
    on: BusinessDate,
  ): Promise<Partial<Outlook> & Pick<Outlook, 'state'>> {
    const { clause, payee, occasion } = record;
    const pack = assessment && (await this.textOf(record.pack, assessment.version));
    if (pack === undefined) return { state: 'barred', unknown: 'no-text' };
    const dossier = await this.factsToday.dossierOn(payee, on);
    if (dossier === undefined) return { state: 'barred', unknown: 'no-dossier' };
    const inputsOn = (day: BusinessDate) => this.factsToday.resolved(dossier, pack, clause, occasion, day);
    const expectation = expectationOf(pack, clauseOf(pack, clause), no, { grantedOn, dossier, inputsOn, on });
    const { earliest, certain } = expectation;
    return {
      ...expectation,
      state: earliest === undefined ? 'barred' : certain ? 'certain' : 'possible',
      ...(earliest !== undefined && { quarter: quarterOf(earliest) }),
    };
  }

  private async textOf(pack: string, version: number): Promise<Pack | undefined> {
    return versionNumbered(await this.policies.state(pack), version)?.pack;
  }

  private async standing(): Promise<ReadonlyMap<string, LineStanding>> {
    const rows = await this.readModels
      .from<{ budget_line: BudgetLineRow }>()
      .selectFrom('budget_line')
      .select(['pack', 'line', 'period', 'reserved_fen', 'available_fen'])
      .execute();
    return new Map(
      rows.map(({ pack, line, period, reserved_fen, available_fen }) => [
        `${pack}.${line}.${period}`,
        { reserved: reserved_fen, available: available_fen },
      ]),
    );
  }
}
