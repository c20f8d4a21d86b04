import { lineOfStream, yearsOf } from '@app/budgets';
import type { RecordedEvent } from '@app/event-store';
import { dutyStream } from './duty.js';
import { type DutyInstance, yearOfPeriod } from './instances.js';

/**
 * Whether an event is what shows a duty done: an officer's word about this very duty, or the record its clause names, of the
 * duty's year. Of whichever day: whether it was in time is another question.
 */
export function showsDone(
  { stream, type, data }: Pick<RecordedEvent, 'stream' | 'type' | 'data'>,
  { policy: { pack, clause }, period, fulfilledBy }: Pick<DutyInstance, 'policy' | 'period' | 'fulfilledBy'>,
): boolean {
  if (type === 'duty-done') return stream === dutyStream({ pack, clause, period });
  if (fulfilledBy === undefined) return false;
  const year = yearOfPeriod(period);
  const said = data as { readonly ladder?: string; readonly title?: string; readonly year?: number };
  switch (fulfilledBy.kind) {
    case 'tier-review':
      return type === 'tier-review-closed' && said.ladder === fulfilledBy.ladder && said.year === year;
    case 'recommendation':
      return type === 'tier-recommended' && said.ladder === fulfilledBy.ladder && said.year === year;
    case 'title':
      return type === 'title-awarded' && said.title === fulfilledBy.title && said.year === year;
    case 'appropriation': {
      if (type !== 'budget-appropriated') return false;
      const line = lineOfStream(stream);
      const { first, last } = yearsOf(line.period);
      return line.pack === pack && first <= year && year <= last;
    }
    default:
      return fulfilledBy satisfies never;
  }
}
