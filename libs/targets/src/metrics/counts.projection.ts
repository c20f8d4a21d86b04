import type { AwardEvent } from '@app/awards';
import { creditCodeOfStream, type EnterpriseEvent, enterpriseEvents } from '@app/enterprises';
import { asDomainEvent, type RecordedEvent } from '@app/event-store';
import { normalisedReference } from '@app/kernel';
import { JsonColumn, type Projection, type Rows, table } from '@app/projections';
import { type CountChange, type Counted, countChanges, countedAfter, type Counter, newlyCounted } from './counted.js';

/**
 * By how much a counter changes on a day, or in a month: what counts on a day is the sum of all months before its own and
 * of the days of its own until then, however many enterprises there are.
 */
export interface CountRow {
  /** What is counted; with a month behind it for the days of that month. */
  readonly counter: string;
  /** Region of the enterprises, '' where none is on record; pack of the awards. */
  readonly region: string;
  /** Of the arrival or the grant; 0 where neither is counted. */
  readonly year: number;
  /** YYYY-MM, or YYYY-MM-DD in the days of a month. */
  readonly day: string;
  readonly change: number;
}

export interface CountTables {
  readonly target_count: CountRow;
}

const countTable = table<CountRow>({
  name: 'target_count',
  columns: { counter: 'text', region: 'text', year: 'integer', day: 'text', change: 'integer' },
  key: ['counter', 'region', 'year', 'day'],
});

/** Under which counter the days of a month stand. */
export const daysOf = (counter: Counter | 'awards-granted', month: string) => `${counter} ${month}`;
export const monthOf = (day: string) => day.slice(0, 7);

interface EnterpriseRow {
  readonly credit_code: string;
  /** JSON of `Counted`. */
  readonly counted: string;
}
const counts = new JsonColumn<EnterpriseRow, 'counted', Counted>('counted');
const enterpriseTable = table<EnterpriseRow>({
  name: 'target_count_enterprise',
  columns: { credit_code: 'text', counted: 'text' },
  key: ['credit_code'],
  isPrivate: true,
});

interface AwardRow {
  readonly award: string;
  readonly pack: string;
  readonly granted_on: string | null;
}
const awardTable = table<AwardRow>({
  name: 'target_count_award',
  columns: { award: 'text', pack: 'text', granted_on: 'text' },
  key: ['award'],
  isPrivate: true,
});

const AWARD_EVENTS: readonly AwardEvent['type'][] = ['award-applied', 'award-granted', 'award-revoked'];

/** 台账计数: what targets count in the ledger's own records, kept as sums. */
export class TargetCountsProjection implements Projection {
  readonly name = 'target-counts';
  readonly version = 1;
  readonly tables = [countTable, enterpriseTable, awardTable] as never[];
  readonly handles: ReadonlySet<string> = new Set([...Object.keys(enterpriseEvents), ...AWARD_EVENTS]);

  apply(recorded: RecordedEvent, rows: Rows): void {
    if (recorded.type in enterpriseEvents) applyEnterprise(recorded, rows);
    else applyAward(recorded as RecordedEvent & AwardEvent, rows);
  }
}

function applyEnterprise(recorded: RecordedEvent, rows: Rows): void {
  const event = asDomainEvent<EnterpriseEvent>(recorded);
  const credit_code = creditCodeOfStream(recorded.stream);
  if (event.type === 'enterprise-registered') {
    rows.put(enterpriseTable, counts.row({ credit_code }, newlyCounted(event.data.region ?? null)));
    return;
  }
  const row = rows.get(enterpriseTable, credit_code);
  if (row === undefined) throw new Error(`${event.type} for ${credit_code}, which was never registered`);
  const before = counts.in(row);
  const after = countedAfter(before, event, recorded.metadata.effectiveOn, normalisedReference);
  if (after === before) return;
  rows.put(enterpriseTable, counts.row({ credit_code }, after));
  const changes = new Map<string, CountChange & { total: number }>();
  const note = (change: CountChange, total: number) => {
    const { counter, year, day } = change;
    const key = `${counter} ${year} ${day}`;
    changes.set(key, { ...change, total: (changes.get(key)?.total ?? 0) + total });
  };
  for (const change of countChanges(before)) note(change, -change.change);
  for (const change of countChanges(after)) note(change, change.change);
  for (const { counter, year, day, total } of changes.values()) count(rows, counter, before.region ?? '', year, day, total);
}

/** An award counts from the day of its grant until it is revoked. */
function applyAward(event: RecordedEvent & AwardEvent, rows: Rows): void {
  const award = event.stream.slice('award-'.length);
  const day = event.metadata.effectiveOn;
  if (event.type === 'award-applied') {
    rows.put(awardTable, { award, pack: event.data.pack, granted_on: null });
    return;
  }
  const known = rows.get(awardTable, award);
  if (known === undefined) throw new Error(`${event.type} on ${award}, which was never applied for`);
  const { pack, granted_on: grantedOn } = known;
  const change = (granted: string, on: string, by: number) => count(rows, 'awards-granted', pack, Number(granted.slice(0, 4)), on, by);
  if (event.type === 'award-granted') {
    change(day, day, 1);
    rows.put(awardTable, { award, pack, granted_on: day });
  } else if (grantedOn !== null) {
    change(grantedOn, day > grantedOn ? day : grantedOn, -1);
    rows.put(awardTable, { award, pack, granted_on: null });
  }
}

function count(rows: Rows, counter: Counter | 'awards-granted', region: string, year: number, day: string, change: number): void {
  if (change === 0) return;
  const month = monthOf(day);
  const add = (key: Omit<CountRow, 'change'>) => {
    const before = rows.get(countTable, key.counter, key.region, key.year, key.day);
    rows.put(countTable, { ...key, change: (before?.change ?? 0) + change });
  };
  add({ counter, region, year, day: month });
  add({ counter: daysOf(counter, month), region, year, day });
}
