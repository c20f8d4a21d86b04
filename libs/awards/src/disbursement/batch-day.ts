import type { BatchEvent } from './batch.js';

type Dated<Event> = Event & { readonly metadata: { readonly effectiveOn: string } };

/** What of an event counts by a business day: what the bank did counts from the bank's own day; undefined for nothing yet. */
export function countingBy<Event extends BatchEvent>(event: Dated<Event>, day: string): Event | undefined {
  if (event.type !== 'batch-results-recorded') return event.metadata.effectiveOn <= day ? event : undefined;
  const { results, late = [], ...file } = event.data;
  const [booked, later] = [results, late].map((all) => all.filter(({ on }) => on <= day));
  if (booked?.length === 0 && later?.length === 0) return undefined;
  return { ...event, data: { ...file, results: booked ?? [], ...(later?.length !== 0 && { late: later }) } };
}

/** The first business day on which anything of an event counts. */
export function firstDayOf(event: Dated<BatchEvent>): string {
  if (event.type !== 'batch-results-recorded') return event.metadata.effectiveOn;
  const { results, late = [] } = event.data;
  return [...results, ...late].reduce((first, { on }) => (on < first ? on : first), event.metadata.effectiveOn);
}
