import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Blacklist } from '@app/blacklist';
import { certificateOf, type Dossier, Dossiers } from '@app/enterprises';
import { EVENT_STORE, type EventStore, type RecordedEvent } from '@app/event-store';
import { cursorKey, type Page, pageOf } from '@app/http';
import { businessDateAt, CLOCK, type Clock, type CreditCode, notFound, unreachable } from '@app/kernel';
import { Policies } from '@app/policies';
import { ReadModels } from '@app/projections';
import type { DataOf } from '../ledger-event.js';
import { Links } from '../timeline/links.js';
import { isConfidential } from '../timeline/shown.js';
import type { TimelineTables } from '../timeline/timeline.projection.js';
import { type AwardReliance, awardReliance, decidedBy, type Decision } from './award-reliance.js';
import type { RelianceTables } from './reliance.projection.js';
import * as relied from './reliances.js';
import type { Relied } from './reliances.js';

/** What is looked into: a record found wrong, in its one spelling. */
export type Subject =
  | { readonly kind: 'fact'; readonly enterprise: CreditCode; readonly fact: string }
  | { readonly kind: 'certificate'; readonly enterprise: CreditCode; readonly number: string }
  | { readonly kind: 'move'; readonly enterprise: CreditCode; readonly on: string }
  | { readonly kind: 'title'; readonly enterprise: CreditCode; readonly title: string; readonly year?: string }
  | { readonly kind: 'registration'; readonly enterprise: CreditCode }
  | {
      readonly kind: 'clearance';
      readonly enterprise: CreditCode;
      readonly clearance: string;
      readonly agency?: string;
      readonly on?: string;
    }
  | { readonly kind: 'listing'; readonly listing: string }
  | { readonly kind: 'interpretation'; readonly pack: string; readonly interpretation: string }
  | { readonly kind: 'document'; readonly document: string };

/** Everything decided on one award, standing or review that rests on it. */
export interface Reliant {
  readonly stream: string;
  /** Of an award: who it is for, what was paid on it and came back, in yuan. */
  readonly award?: Omit<AwardReliance, 'decisions'>;
  /** In the order in which they were recorded. */
  readonly decisions: readonly Decision[];
  /** Some of it still has effect. */
  readonly stands: boolean;
}

export interface RelianceAnswer extends Page<Reliant> {
  readonly subject: Subject;
  /** What the ledger holds of it now: a fact with its verification, dispute and correction, a certificate, a listing … */
  readonly record: unknown;
}

/** 被引用情况: every decision that relied on a record, directly or by way of another decision. */
export class GetReliance extends Query<RelianceAnswer> {
  constructor(
    readonly subject: Subject,
    /** Whether whoever asks sees the history of the black-list and the findings of auditors. */
    readonly seesAll: boolean,
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

/** What of the read models bears on a subject. A prefix stands for every id that begins so. */
interface Bearing {
  readonly relied: readonly (Relied & { readonly isPrefix?: true })[];
  /** Events that rest on it without saying so in a way the projection keeps: by stream. */
  readonly others: ReadonlyMap<string, readonly number[]>;
  readonly record: unknown;
}

/** One document may be cited by everything a meeting decided; no more than this is looked at. */
const MOST_CITING = 10_000;
const AFTER_ALL = '\u{10FFFF}';
const NO_OTHERS: Bearing['others'] = new Map();

@QueryHandler(GetReliance)
export class GetRelianceHandler implements IQueryHandler<GetReliance> {
  constructor(
    private readonly readModels: ReadModels,
    private readonly links: Links,
    private readonly dossiers: Dossiers,
    private readonly blacklist: Blacklist,
    private readonly policies: Policies,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ subject, seesAll, limit, cursor }: GetReliance): Promise<RelianceAnswer> {
    const bearing = await this.bearingOf(subject, seesAll);
    const after = cursorKey(cursor, ['string'])?.[0] as string | undefined;
    const { items, next } = pageOf(await this.streams(bearing, after, limit + 1), limit, (stream) => [stream]);
    const reliants: Reliant[] = [];
    for (const stream of items) reliants.push(await this.reliant(stream, bearing, subject));
    return { subject, record: bearing.record, items: reliants, ...(next !== undefined && { next }) };
  }

  /** @throws Problem `record-unknown`, `enterprise-unknown`, `policy-unknown`: there never was such a record. */
  private async bearingOf(subject: Subject, seesAll: boolean): Promise<Bearing> {
    const known = (record: unknown, ...ids: Bearing['relied']): Bearing => {
      if (record === undefined) throw unknownRecord(subject.kind);
      return { relied: ids, others: NO_OTHERS, record };
    };
    if (subject.kind === 'document') return this.bearingOfDocument(subject.document, seesAll);
    if (subject.kind === 'listing') {
      const listing = await this.blacklist.listing(subject.listing);
      return { ...known(listing, relied.listing(subject.listing)), others: await this.refusedFor(subject.listing) };
    }
    if (subject.kind === 'interpretation') {
      const { pack, interpretation } = subject;
      const state = await this.policies.state(pack);
      if (state.status === 'unpublished') throw notFound('policy-unknown', `the policy ${pack} is not published`);
      const texts = state.versions.map((version) => version.pack.interpretations.find(({ id }) => id === interpretation));
      return known(
        texts.findLast((text) => text !== undefined),
        relied.interpretation(pack, interpretation),
      );
    }
    const dossier = await this.dossiers.require(subject.enterprise);
    return known(recordIn(dossier, subject), idOf(subject));
  }

  /** A document's own records, and every other event that cites it. @throws Problem `record-unknown` when none does. */
  private async bearingOfDocument(document: string, seesAll: boolean): Promise<Bearing> {
    const citing = await this.readModels
      .from<TimelineTables>()
      .selectFrom('timeline_reference')
      .innerJoin('timeline_event', 'timeline_event.position', 'timeline_reference.position')
      .select(['timeline_event.position', 'type', 'stream'])
      .where('kind', '=', 'document')
      .where('id', '=', document)
      .orderBy('timeline_event.position')
      .limit(MOST_CITING)
      .execute();
    // What may not be seen is answered like what does not exist.
    const shown = citing.filter((event) => seesAll || !isConfidential(event));
    if (shown.length === 0) throw unknownRecord('document');
    const records = await this.links.events(shown.filter(({ type }) => RECORDING.has(type)).map(({ position }) => position));
    const others = new Map<string, number[]>();
    for (const { stream, position, type } of shown) {
      if (RECORDING.has(type) || stream.startsWith('enterprise-')) continue;
      others.set(stream, [...(others.get(stream) ?? []), position]);
    }
    const recorded = new Map(records.flatMap(recordedBy).map((one) => [`${one.kind} ${one.id}`, one]));
    return { relied: [...recorded.values()], others, record: { citedBy: shown.length, records: [...recorded.values()] } };
  }

  /**
   * What was refused because of a black-listing that the record of the refusal does not name: payments dropped from a
   * batch and changes of a standing, of its subject, while it had effect.
   */
  private async refusedFor(id: string): Promise<Bearing['others']> {
    const listing = await this.blacklist.listing(id);
    if (listing === undefined) return NO_OTHERS;
    const { subject, from, until, ended = until } = listing;
    const others = new Map<string, number[]>();
    const rows = await this.readModels
      .from<TimelineTables>()
      .selectFrom('timeline_reference')
      .innerJoin('timeline_event', 'timeline_event.position', 'timeline_reference.position')
      .select(['timeline_event.position', 'type', 'stream'])
      .where('kind', '=', 'enterprise')
      .where('id', '=', subject.id)
      .where('type', 'in', ['batch-prepared', 'tier-decision-failed'])
      .execute();
    const inEffect = ({ metadata }: RecordedEvent) =>
      metadata.effectiveOn >= from && metadata.effectiveOn < (ended < until ? ended : until);
    const failed = await this.links.events(rows.filter(({ type }) => type === 'tier-decision-failed').map(({ position }) => position));
    for (const event of failed) {
      const { code, creditCode } = event.data as DataOf<'tier-decision-failed'>;
      if (code === 'black-listed' && creditCode === subject.id && inEffect(event)) put(others, event.stream, event.position);
    }
    for (const { stream } of rows.filter(({ type }) => type === 'batch-prepared')) {
      let mine: ReadonlyMap<number, string> = new Map();
      for await (const page of this.store.readStream(stream)) {
        for (const event of page) {
          if (event.type === 'batch-prepared') {
            const { lines } = event.data as DataOf<'batch-prepared'>;
            mine = new Map(lines.filter(({ payee }) => payee === subject.id).map(({ line, award }) => [line, award]));
          }
          const { dropped = [] } = event.data as Partial<DataOf<'batch-frozen'>>;
          for (const { line, code } of inEffect(event) ? dropped : []) {
            const award = mine.get(line);
            if (code === 'black-listed' && award !== undefined) put(others, `award-${award}`, event.position);
          }
        }
      }
    }
    return others;
  }

  /** Whose decisions rest on it, in the order of their names. */
  private async streams(bearing: Bearing, after: string | undefined, limit: number): Promise<readonly string[]> {
    const others = [...bearing.others.keys()].filter((stream) => after === undefined || stream > after);
    const rows =
      bearing.relied.length === 0
        ? []
        : await this.rowsOf(bearing)
            .select('stream')
            .distinct()
            .$if(after !== undefined, (query) => query.where('stream', '>', after as string))
            .orderBy('stream')
            .limit(limit)
            .execute();
    return [...new Set([...rows.map(({ stream }) => stream), ...others])].sort().slice(0, limit);
  }

  private rowsOf({ relied: ids }: Bearing) {
    return this.readModels
      .from<RelianceTables>()
      .selectFrom('reliance')
      .where((on) =>
        on.or(
          ids.map(({ kind, id, isPrefix }) =>
            on.and([on('kind', '=', kind), ...(isPrefix ? [on('id', '>=', id), on('id', '<', id + AFTER_ALL)] : [on('id', '=', id)])]),
          ),
        ),
      );
  }

  private async reliant(stream: string, bearing: Bearing, subject: Subject): Promise<Reliant> {
    const rows = bearing.relied.length === 0 ? [] : await this.rowsOf(bearing).selectAll().where('stream', '=', stream).execute();
    const positions = new Set([...rows.map(({ position }) => position), ...(bearing.others.get(stream) ?? [])]);
    const isRelied = new Set(rows.map(({ kind, id }) => `${kind} ${id}`));
    if (stream.startsWith('award-')) return this.reliantAward(stream, positions, isRelied);
    if (stream.startsWith('tier-')) return this.reliantStanding(stream, positions, isRelied);
    if (stream.startsWith('tierreview-') && 'enterprise' in subject) return this.reliantReview(stream, positions, subject.enterprise);
    const events = await this.links.events([...positions].sort((one, other) => one - other));
    const decisions = events.map((event) => decisionOf(event, 'relied', { stands: true }));
    return { stream, decisions, stands: true };
  }

  private async reliantAward(stream: string, positions: ReadonlySet<number>, isRelied: ReadonlySet<string>): Promise<Reliant> {
    const events = await this.eventsOf(stream);
    const own = new Set(events.map(({ position }) => position));
    const ofBatches = await this.links.events([...positions].filter((position) => !own.has(position)).sort((one, other) => one - other));
    const award = stream.slice('award-'.length);
    const [prepared, dropping] = [true, false].map((isPrepared) =>
      ofBatches.filter(({ type }) => (type === 'batch-prepared') === isPrepared),
    ) as [RecordedEvent[], RecordedEvent[]];
    const batchLines = prepared.flatMap((batch) =>
      (batch.data as DataOf<'batch-prepared'>).lines
        .filter((line) => line.award === award && line.accountFact !== undefined)
        .map(({ line }) => `${batch.stream.slice('batch-'.length)}/${line}`),
    );
    const direct = { positions, batchLines: new Set(batchLines), inputsOf: (event: RecordedEvent) => inputsOf(event, isRelied) };
    const { decisions, ...money } = awardReliance(events, direct, businessDateAt(this.clock.now()));
    // A payment that was dropped from a batch stays undone until another batch orders it.
    const dropped = dropping.map((event) => {
      const next = events.find(({ type, position }) => type === 'instalment-ordered' && position > event.position)?.position;
      return decisionOf(event, 'relied', { stands: next === undefined, ...(next !== undefined && { endedBy: next }) });
    });
    const all = [...decisions, ...dropped].sort((one, other) => one.position - other.position);
    return { stream, award: money, decisions: all, stands: all.some(({ stands }) => stands) };
  }

  /** A standing rests on what its last change rested on. */
  private async reliantStanding(stream: string, positions: ReadonlySet<number>, isRelied: ReadonlySet<string>): Promise<Reliant> {
    const events = await this.eventsOf(stream);
    const decisions = events.flatMap((event, index) => {
      if (!positions.has(event.position)) return [];
      const next = events[index + 1]?.position;
      const inputs = inputsOf(event, isRelied);
      return [
        decisionOf(event, 'relied', {
          stands: next === undefined,
          ...(next !== undefined && { endedBy: next }),
          ...(inputs && { inputs }),
        }),
      ];
    });
    return { stream, decisions, stands: decisions.some(({ stands }) => stands) };
  }

  /** What a review proposed for the enterprise, and what was decided on it. */
  private async reliantReview(stream: string, positions: ReadonlySet<number>, enterprise: string): Promise<Reliant> {
    const first = Math.min(...positions);
    const rows = await this.readModels
      .from<TimelineTables>()
      .selectFrom('timeline_reference')
      .innerJoin('timeline_event', 'timeline_event.position', 'timeline_reference.position')
      .select('timeline_event.position')
      .where('kind', '=', 'enterprise')
      .where('id', '=', enterprise)
      .where('stream', '=', stream)
      .where('timeline_reference.position', '>=', first)
      .orderBy('timeline_event.position')
      .execute();
    const drafts: { readonly event: RecordedEvent; readonly how: Decision['how']; endedBy?: number }[] = [];
    let rests = false;
    for (const event of await this.links.events(rows.map(({ position }) => position))) {
      const isDirect = positions.has(event.position);
      const isReplaced = event.type === 'tier-proposals-made' || event.type === 'tier-decision-failed';
      const last = drafts.at(-1);
      if (isReplaced && last !== undefined) last.endedBy ??= event.position;
      if (event.type === 'tier-proposals-made') rests = isDirect;
      if (isDirect) drafts.push({ event, how: 'relied' });
      else if (rests && event.type === 'tier-proposals-decided') drafts.push({ event, how: 'follows' });
    }
    const decisions = drafts.map(({ event, how, endedBy }) =>
      decisionOf(event, how, { stands: endedBy === undefined, ...(endedBy !== undefined && { endedBy }) }),
    );
    return { stream, decisions, stands: decisions.some(({ stands }) => stands) };
  }

  private async eventsOf(stream: string): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const page of this.store.readStream(stream)) events.push(...page);
    return events;
  }
}

const unknownRecord = (kind: Subject['kind']) => notFound('record-unknown', `the ledger holds no such ${kind}`);

function put(map: Map<string, number[]>, stream: string, position: number): void {
  map.set(stream, [...(map.get(stream) ?? []), position]);
}

function decisionOf(event: RecordedEvent, how: Decision['how'], more: Pick<Decision, 'stands' | 'endedBy' | 'inputs'>): Decision {
  const { position, type, recordedAt, metadata } = event;
  const { effectiveOn, actor } = metadata;
  return { position, event: type, recordedAt, effectiveOn, actor, decidedBy: decidedBy(event), how, ...more };
}

/** Which of the inputs a decision stored were read from what is looked into. */
function inputsOf(event: RecordedEvent, isRelied: ReadonlySet<string>): Decision['inputs'] {
  const { used, restsOn } = event.data as Partial<DataOf<'award-assessed'> & DataOf<'tier-assigned'>>;
  const inputs = [
    ...(used ?? []).map(({ input, value, verified, source }) => ({ input, value, verified, source })),
    ...(restsOn ?? []).map(({ input, value, verified, ...source }) => ({ input, value, verified, source })),
  ].filter(({ source }) => relied.isReadFrom(source, isRelied));
  return inputs.length === 0 ? undefined : inputs.map(({ input, value, verified }) => ({ input, value, verified }));
}

type OfDossier = Extract<Subject, { readonly enterprise: CreditCode }>;

function recordIn(dossier: Dossier, subject: OfDossier): unknown {
  switch (subject.kind) {
    case 'fact':
      return dossier.facts.find(({ factId }) => factId === subject.fact);
    case 'certificate':
      return certificateOf(dossier, subject.number);
    case 'move':
      return dossier.moves.find(({ kind, on }) => kind === 'arrival' && on === subject.on);
    case 'title':
      return dossier.titles.findLast(
        ({ title, year }) => title === subject.title && (subject.year === undefined || String(year) === subject.year),
      );
    case 'registration':
      return dossier.registration;
    case 'clearance': {
      const { clearance, agency, on } = subject;
      const isAsked = (one: { readonly clearance: string; readonly agency: string; readonly on: string }) =>
        one.clearance === clearance && (agency === undefined || one.agency === agency) && (on === undefined || one.on === on);
      return dossier.clearances.findLast(isAsked);
    }
    default:
      return unreachable(subject);
  }
}

function idOf(subject: OfDossier): Relied & { readonly isPrefix?: true } {
  const { enterprise } = subject;
  switch (subject.kind) {
    case 'fact':
      return relied.fact(enterprise, subject.fact);
    case 'certificate':
      return relied.certificate(enterprise, subject.number);
    case 'move':
      return relied.move(enterprise, subject.on);
    case 'title':
      return subject.year === undefined
        ? { kind: 'title', id: `${enterprise}.${subject.title}.`, isPrefix: true }
        : relied.title(enterprise, subject.title, subject.year);
    case 'registration':
      return relied.registration(enterprise);
    case 'clearance': {
      const { clearance, agency, on } = subject;
      if (agency !== undefined && on !== undefined) return relied.clearance(enterprise, { clearance, agency, on });
      return { kind: 'clearance', id: `${enterprise}.${clearance}.${agency === undefined ? '' : `${agency}.`}`, isPrefix: true };
    }
    default:
      return unreachable(subject);
  }
}

/** The events that bring a record into the ledger: who cites it relies on the record. */
const RECORDING: ReadonlySet<string> = new Set([
  'enterprise-registered',
  'fact-recorded',
  'fact-verified',
  'certificate-recorded',
  'relocation-recorded',
  'clearance-recorded',
  'title-awarded',
  'blacklist-case-opened',
  'listing-decided',
]);

function recordedBy({ type, stream, data }: RecordedEvent): readonly Relied[] {
  const code = stream.slice('enterprise-'.length);
  switch (type) {
    case 'enterprise-registered':
      return [relied.registration(code)];
    case 'fact-recorded':
    case 'fact-verified':
      return [relied.fact(code, (data as DataOf<'fact-verified'>).factId)];
    case 'certificate-recorded':
      return [relied.certificate(code, (data as DataOf<'certificate-recorded'>).number)];
    case 'relocation-recorded':
      return [relied.move(code, (data as DataOf<'relocation-recorded'>).on)];
    case 'clearance-recorded':
      return [relied.clearance(code, data as DataOf<'clearance-recorded'>)];
    case 'title-awarded': {
      const { title, year } = data as DataOf<'title-awarded'>;
      return [relied.title(code, title, String(year))];
    }
    default:
      return [relied.listing(`${stream.slice('blacklist-'.length)}.${(data as DataOf<'listing-decided'>).case}`)];
  }
}
