import { Injectable } from '@nestjs/common';
import { type Kysely, sql } from 'kysely';
import type { Evidence } from '@app/kernel';
import { type DossierTables } from '@app/enterprises';
import { ReadModels } from '@app/projections';
import type { TierTables } from '@app/tiers';
import { type Completion, counts } from '../duty.js';
import { type DutyInstance, yearOfPeriod } from '../instances.js';
import type { CalendarTables } from './records.projection.js';

/** What shows that a duty was done: an officer's word with documents, or a record made elsewhere in the ledger. */
export type Proof =
  | { readonly kind: 'officer'; readonly on: string; readonly by: string; readonly note?: string; readonly evidence: readonly Evidence[] }
  | {
      readonly kind: 'tier-review' | 'recommendation' | 'title' | 'appropriation';
      readonly on: string;
      /** The stream that holds the record. */
      readonly record: string;
    };
type RecordProof = Exclude<Proof, { kind: 'officer' }>;

type Tables = CalendarTables & DossierTables & TierTables;

/** What is on record about duties, asked for all of them at once. */
@Injectable()
export class DutyRecords {
  constructor(private readonly readModels: ReadModels) {}

  private get tables(): Kysely<Tables> {
    return this.readModels.from<Tables>();
  }

  /** When each version of the packs was published here. */
  async publications(): Promise<(pack: string) => (version: number) => string | undefined> {
    const rows = await this.tables.selectFrom('calendar_publication').selectAll().execute();
    const days = new Map(rows.map(({ pack, version, published_on }) => [`${pack}.${version}`, published_on]));
    return (pack) => (version) => days.get(`${pack}.${version}`);
  }

  /** What shows each duty done by a day; the earliest where there are several. */
  async proofs(duties: readonly DutyInstance[], day: string): Promise<(duty: DutyInstance) => Proof | undefined> {
    const [officers, records] = [await this.completions(duties, day), await this.records(duties, day)];
    return (duty) => {
      const [officer, record] = [officers.get(duty.id), recordFor(duty, records, day)];
      return record !== undefined && (officer === undefined || record.on <= officer.on) ? record : officer;
    };
  }

  private async completions(duties: readonly DutyInstance[], day: string): Promise<ReadonlyMap<string, Proof>> {
    const packs = [...new Set(duties.map(({ policy }) => policy.pack))];
    const rows = await this.tables
      .selectFrom('duty_completion')
      .selectAll()
      .where('pack', 'in', packs)
      .where('done_on', '<=', day)
      .orderBy('revision')
      .execute();
    const proofs = new Map<string, Proof>();
    for (const row of rows) {
      const { done_on: on, done_by: by, note, reopened_on } = row;
      const reopened: Completion['reopened'] =
        reopened_on === null ? undefined : { on: reopened_on, by: row.reopened_by as string, reason: row.reopened_reason as string };
      if (!counts({ on, ...(reopened && { reopened }) }, day)) continue;
      const evidence = JSON.parse(row.evidence) as readonly Evidence[];
      proofs.set(`${row.pack}.${row.clause}.${row.period}`, { kind: 'officer', on, by, ...(note !== null && { note }), evidence });
    }
    return proofs;
  }

  /** Records that fulfil duties, by what they are and their year, in the order of their days. */
  private async records(duties: readonly DutyInstance[], day: string): Promise<ReadonlyMap<string, readonly RecordProof[]>> {
    const found = new Map<string, RecordProof[]>();
    const note = (key: string, proof: RecordProof) => found.set(key, [...(found.get(key) ?? []), proof]);
    const rules = duties.flatMap(({ fulfilledBy }) => fulfilledBy ?? []);
    const ladders = (kind: string) => [...new Set(rules.flatMap((rule) => (rule.kind === kind && 'ladder' in rule ? [rule.ladder] : [])))];
    const titles = [...new Set(rules.flatMap((rule) => (rule.kind === 'title' ? [rule.title] : [])))];
    const packs = [...new Set(duties.flatMap(({ fulfilledBy, policy }) => (fulfilledBy?.kind === 'appropriation' ? [policy.pack] : [])))];

    for (const { ladder, year, closed_on } of await this.reviews(ladders('tier-review'), day))
      note(`tier-review ${ladder} ${year}`, { kind: 'tier-review', on: closed_on as string, record: `tierreview-${ladder}.${year}` });
    for (const { name, year, on } of await this.first('tier_recommendation', 'ladder', 'recommended_on', ladders('recommendation'), day))
      note(`recommendation ${name} ${year}`, { kind: 'recommendation', on, record: `tierreview-${name}.${year}` });
    for (const { name, year, on, code } of await this.first('enterprise_title', 'title', 'awarded_on', titles, day))
      note(`title ${name} ${year}`, { kind: 'title', on, record: `enterprise-${code}` });
    for (const { pack, first_year, last_year, appropriated_on, stream } of await this.appropriations(packs, day))
      for (let year = first_year; year <= last_year; year += 1)
        note(`appropriation ${pack} ${year}`, { kind: 'appropriation', on: appropriated_on, record: stream });
    return found;
  }

  private async reviews(ladders: readonly string[], day: string) {
    if (ladders.length === 0) return [];
    // One that lapsed with its policy was not carried through.
    const reviews = this.tables.selectFrom('tier_review').select(['ladder', 'year', 'closed_on']).where('status', '=', 'closed');
    return reviews.where('ladder', 'in', ladders).where('closed_on', '<=', day).execute();
  }

  private async appropriations(packs: readonly string[], day: string) {
    if (packs.length === 0) return [];
    const lines = this.tables.selectFrom('calendar_appropriation').selectAll();
    return lines.where('pack', 'in', packs).where('appropriated_on', '<=', day).orderBy('appropriated_on').orderBy('stream').execute();
  }

  /** The first record of each name, year and day: thousands of enterprises may have one, and any shows that it was done. */
  private async first(
    from: 'tier_recommendation' | 'enterprise_title',
    name: 'ladder' | 'title',
    on: 'recommended_on' | 'awarded_on',
    names: readonly string[],
    day: string,
  ): Promise<readonly { readonly name: string; readonly year: number; readonly on: string; readonly code: string }[]> {
    if (names.length === 0) return [];
    const stillHeld = from === 'enterprise_title' ? sql`and ("withdrawn_on" is null or "withdrawn_on" > ${day})` : sql``;
    const { rows } = await sql<{ name: string; year: number; on: string; code: string }>`
      select ${sql.ref(name)} as "name", "year", ${sql.ref(on)} as "on", min("credit_code") as "code" from ${sql.table(from)}
      where ${sql.ref(name)} in (${sql.join(names)}) and ${sql.ref(on)} <= ${day} ${stillHeld}
      group by ${sql.ref(name)}, "year", ${sql.ref(on)} order by ${sql.ref(on)}`.execute(this.tables);
    return rows;
  }
}

/**
 * The first record of the duty's year that was made in its time, late or not: never before the period begins. A part of a
 * year, and a recommendation, has to be made within it. Money is put on a line before its years: it counts in each of them.
 */
function recordFor(
  { fulfilledBy, period, policy, begins, due }: DutyInstance,
  records: ReadonlyMap<string, readonly RecordProof[]>,
  day: string,
): RecordProof | undefined {
  if (fulfilledBy === undefined || day < begins) return undefined;
  const { kind } = fulfilledBy;
  const name = 'ladder' in fulfilledBy ? fulfilledBy.ladder : 'title' in fulfilledBy ? fulfilledBy.title : policy.pack;
  const found = records.get(`${kind} ${name} ${yearOfPeriod(period)}`) ?? [];
  const isWholeYear = period.length === 4;
  if (isWholeYear && kind === 'appropriation') return found[0];
  const last = !isWholeYear ? due : kind === 'recommendation' ? `${period}-12-31` : day;
  return found.find(({ on }) => begins <= on && on <= last);
}
