import { Injectable } from '@nestjs/common';
import { notFound } from '@app/kernel';
import { ReadModels } from '@app/projections';
import { Budgets } from '../budgets.js';
import { lineNamed } from '../line.js';
import type { BudgetLineRow } from './budget-lines.projection.js';

/** Whether there are the budget lines that filters name. */
@Injectable()
export class KnownLines {
  constructor(
    private readonly budgets: Budgets,
    private readonly readModels: ReadModels,
  ) {}

  /** `<pack>.<line>.<period>`. @throws Problem `budget-line-unknown`, or `invalid-input` naming the field for what can be none. */
  async line(name: string, field: string): Promise<void> {
    const { state } = await this.budgets.load(lineNamed(name, field));
    if (state.status === 'none') throw notFound('budget-line-unknown', `there is no budget line ${name}`);
  }

  /** The slug that a line of one pack, or of any, has in some period. @throws Problem `budget-line-unknown`. */
  async slug(line: string, pack: string | undefined): Promise<void> {
    const lines = this.readModels.from<{ readonly budget_line: BudgetLineRow }>().selectFrom('budget_line');
    let query = lines.select('stream').where('line', '=', line).limit(1);
    if (pack !== undefined) query = query.where('pack', '=', pack);
    if ((await query.executeTakeFirst()) !== undefined) return;
    throw notFound('budget-line-unknown', `there is no budget line ${line}${pack === undefined ? '' : ` of ${pack}`}`);
  }
}
