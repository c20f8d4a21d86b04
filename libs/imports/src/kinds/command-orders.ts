import type { CommandContext, Receipt } from '@app/event-store';
import type { Entry, Verdict } from '../import-kind.js';
import { commandContext } from './enterprise-door.js';

/**
 * One command a row, decided only when it is written: what such a command rests on is looked up behind the other
 * feature's door. Rows of a group follow each other.
 */
export function commandOrders<Item>(
  kind: string,
  group: string,
  entries: readonly Entry<Item>[],
  context: CommandContext,
  send: (item: Item, context: CommandContext) => Promise<Receipt>,
): Verdict {
  const orders = entries.map(({ row, item }) => ({ rows: [row], write: () => send(item, commandContext(kind, group, item, context)) }));
  return { refusals: [], orders, unchanged: 0 };
}
