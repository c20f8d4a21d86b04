import type { BudgetEvent } from '@app/budgets';
import { unreachable } from '@app/kernel';
import { lineName } from '../names.js';
import { fen, type Recorded } from '../past.js';
import { detector, personOf, yuanOfFen } from './detector.js';

/** A line was left with less than nothing, or more was spent from it than it had held for awards. */
export const budgetOverdrawn = detector({
  code: 'budget-overdrawn',
  title: '预算科目透支',
  severity: 'high',
  rule: '《预算法》第十三条（支出以经批准的预算为依据）；台账规则：可用指标与占用指标不得为负',
  judges: ['budget-adjusted', 'budget-transferred-out', 'budget-reserved', 'budget-released', 'budget-spent', 'budget-closed'],
  judge(event, past) {
    const id = event.stream.slice('budget-'.length);
    const before = past.get('budget', id) ?? { available: 0, reserved: 0 };
    const moved = movedBy(event);
    const [available, reserved] = [before.available + moved.available, before.reserved + moved.reserved];
    // Only what makes it worse: what follows on a line that is overdrawn already was not the cause.
    const isOverdrawn = available < 0 && moved.available < 0;
    const isOverspent = reserved < 0 && moved.reserved < 0;
    if (!isOverdrawn && !isOverspent) return [];
    const said = isOverdrawn ? `可用指标降至负${yuanOfFen(-available)}` : `支出或释放超过占用指标${yuanOfFen(-reserved)}`;
    const pack = id.split('.')[0] as string;
    const award = 'award' in event.data ? event.data.award : undefined;
    const amount = 'amount' in event.data ? event.data.amount : event.data.carriedOver;
    return [
      {
        line: lineName(event.stream),
        pack,
        ...(award !== undefined && { award }),
        amount: amount.replace(/^-/, ''),
        detail: `科目${lineName(event.stream)}${said}`,
        officers: personOf(event),
      },
    ];
  },
});

/** What an event adds to what a line has available, and to what it holds; fen. */
export function movedBy(event: Recorded<BudgetEvent['type']>): { readonly available: number; readonly reserved: number } {
  switch (event.type) {
    case 'budget-line-opened':
      return { available: 0, reserved: 0 };
    case 'budget-appropriated':
    case 'budget-adjusted':
    case 'budget-transferred-in':
      return { available: fen(event.data.amount), reserved: 0 };
    case 'budget-transferred-out':
      return { available: -fen(event.data.amount), reserved: 0 };
    case 'budget-reserved':
      return { available: -fen(event.data.amount), reserved: fen(event.data.amount) };
    case 'budget-released':
      return { available: fen(event.data.amount), reserved: -fen(event.data.amount) };
    case 'budget-spent':
      return { available: 0, reserved: -fen(event.data.amount) };
    case 'budget-spending-returned':
      return { available: 0, reserved: fen(event.data.amount) };
    case 'budget-closed':
      return { available: -fen(event.data.carriedOver), reserved: 0 };
    default:
      return unreachable(event);
  }
}
