import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { Sight } from '@app/blacklist';
import { EVENT_STORE, type EventStore, lookingFrom, type RecordedEvent } from '@app/event-store';
import { cursorKey, type Page, pageOf } from '@app/http';
import { type Actor, type Evidence, Money, notFound, type PolicyCitation } from '@app/kernel';
import { ReadModels } from '@app/projections';
import { DETECTORS } from './detectors/detectors.js';
import { DUTY_OVERDUE, type EventReference, findingStream, MANUAL, type OpenedData, type Severity } from './finding.js';
import type { FindingRow, FindingTables } from './findings.projection.js';
import { type OverdueDuty, OverdueDuties } from './overdue-duties.js';

/** Who asks: auditors see every finding, others those that are assigned to them. */
export interface Asker {
  readonly seesAll: boolean;
  readonly id: string;
  readonly sight: Sight;
}

export interface FindingsFilter {
  readonly code?: string;
  readonly severity?: Severity;
  readonly status?: FindingRow['status'];
  readonly award?: string;
  readonly enterprise?: string;
  /** Whose acts it is about. */
  readonly officer?: string;
  readonly pack?: string;
  /** Days on which findings came to light, both counted. */
  readonly from?: string;
  readonly until?: string;
}

export interface FindingView {
  readonly id: string;
  readonly code: string;
  readonly severity: Severity;
  readonly status: FindingRow['status'];
  readonly title: string;
  readonly detail: string;
  readonly rule: string;
  readonly day: string;
  /** Of a duty: whole days it was late on the day one looks from, or when it was done. */
  readonly daysOver?: number;
  readonly pointer?: EventReference & { readonly position: number };
  readonly award?: string;
  readonly enterprise?: string;
  readonly line?: string;
  readonly pack?: string;
  readonly clause?: string;
  readonly amount?: string;
  readonly officers: readonly string[];
  readonly listing?: string;
  readonly assignee?: string;
  readonly outcome?: string;
}

export interface FindingsPage extends Page<FindingView> {
  /** None is open among all that were asked for, on this page or another. Only to those who see them all. */
  readonly clear?: boolean;
  /** Whoever asks sees none but those assigned to them: that there is none here says nothing of others. */
  readonly assignedOnly?: true;
}

/** 疑点清单: newest first. */
export class ListFindings extends Query<FindingsPage> {
  constructor(
    readonly filter: FindingsFilter & { readonly limit: number; readonly cursor?: string },
    readonly asker: Asker,
    /** The day one looks from, for duties. */
    readonly today: string,
  ) {
    super();
  }
}

export interface FindingCount {
  readonly code: string;
  readonly title: string;
  readonly severity: Severity;
  readonly status: FindingRow['status'];
  readonly findings: number;
}

/** 疑点汇总: how many of which kind. */
export class SummariseFindings extends Query<{ readonly items: readonly FindingCount[] }> {
  constructor(
    readonly filter: FindingsFilter,
    readonly asker: Asker,
    readonly today: string,
  ) {
    super();
  }
}

/** Something recorded, as far as whoever asks may see it. */
export interface EventView {
  readonly event: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly recordedAt: string;
  readonly effectiveOn: string;
  readonly actor: Actor;
  readonly policy?: PolicyCitation;
  readonly evidence?: readonly Evidence[];
  readonly data?: unknown;
}

export interface FindingDetail extends FindingView {
  /** Of the finding's own stream; -1 while nobody has done anything about it. */
  readonly revision: number;
  /** The event it points at. */
  readonly event?: EventView;
  readonly history: readonly EventView[];
}

/** 疑点: with its history and the event it points at. */
export class GetFinding extends Query<FindingDetail> {
  constructor(
    readonly id: string,
    readonly asker: Asker,
    readonly today: string,
  ) {
    super();
  }
}

/** Every finding there is on a day: those in the tables, and overdue duties. */
class Found {
  constructor(
    private readonly readModels: ReadModels,
    private readonly duties: OverdueDuties,
  ) {}

  /** To others than auditors, what is not assigned to them today is not there, whatever point of the past they look at. */
  async assignedTo({ seesAll, id }: Asker): Promise<readonly string[] | 'all'> {
    if (seesAll) return 'all';
    const rows = await lookingFrom(undefined, () =>
      this.readModels.from<FindingTables>().selectFrom('finding').select('id').where('assignee', '=', id).execute(),
    );
    return rows.map((row) => row.id);
  }

  /** All but overdue duties. */
  rows(filter: FindingsFilter, visible: readonly string[] | 'all') {
    const { officer, from, until, ...equal } = filter;
    let query = this.readModels.from<FindingTables>().selectFrom('finding').where('code', '!=', DUTY_OVERDUE.code);
    for (const [column, value] of Object.entries(equal) as [keyof typeof equal, string | undefined][])
      if (value !== undefined) query = query.where(column, '=', value);
    if (from !== undefined) query = query.where('day', '>=', from);
    if (until !== undefined) query = query.where('day', '<=', until);
    if (visible !== 'all') query = query.where('id', 'in', visible.length === 0 ? [''] : visible);
    if (officer !== undefined)
      query = query.where('id', 'in', (inner) => inner.selectFrom('finding_officer').select('finding').where('officer', '=', officer));
    return query;
  }

  /**
   * Overdue duties: how late each is on the day one looks from, whether auditors have taken it up or not; and what they took
   * up that is done by now.
   */
  async dutyViews(filter: FindingsFilter, { sight }: Asker, visible: readonly string[] | 'all', today: string) {
    const { code, severity, status, award, enterprise, officer, pack, from, until } = filter;
    if ((code ?? DUTY_OVERDUE.code) !== DUTY_OVERDUE.code) return [];
    if (award !== undefined || enterprise !== undefined || officer !== undefined) return [];
    const ofDuties = this.readModels.from<FindingTables>().selectFrom('finding').where('code', '=', DUTY_OVERDUE.code);
    const taken = new Map((await ofDuties.selectAll().execute()).map((row) => [row.id, rowView(row, sight)] as const));
    const overdue = (await this.duties.on(today)).map((duty) => {
      const view = dutyView(duty);
      const { detail, day, daysOver, severity } = view;
      const row = taken.get(view.id);
      return row === undefined ? view : { ...row, severity, detail, day, daysOver };
    });
    return [...new Map([...taken.values(), ...overdue].map((view) => [view.id, view] as const)).values()].filter(
      (view) =>
        (visible === 'all' || visible.includes(view.id)) &&
        (severity === undefined || view.severity === severity) &&
        (status === undefined || view.status === status) &&
        (pack === undefined || view.pack === pack) &&
        (from === undefined || from <= view.day) &&
        (until === undefined || view.day <= until),
    );
  }
}

@QueryHandler(ListFindings)
export class ListFindingsHandler implements IQueryHandler<ListFindings> {
  private readonly found: Found;

  constructor(readModels: ReadModels, duties: OverdueDuties) {
    this.found = new Found(readModels, duties);
  }

  async execute({ filter: { limit, cursor, ...filter }, asker, today }: ListFindings): Promise<FindingsPage> {
    const after = cursorKey(cursor, ['string', 'string']) as readonly [string, string] | undefined;
    const visible = await this.found.assignedTo(asker);
    let query = this.found.rows(filter, visible).selectAll();
    if (after !== undefined) query = query.where(({ eb, refTuple, tuple }) => eb(refTuple('day', 'id'), '<', tuple(...after)));
    const rows = await query
      .orderBy('day', 'desc')
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute();
    const duties = await this.found.dutyViews(filter, asker, visible, today);
    const views = [...rows.map((row) => rowView(row, asker.sight)), ...duties]
      .filter(({ day, id }) => after === undefined || isBefore([day, id], after))
      .sort((one, other) => (isBefore([one.day, one.id], [other.day, other.id]) ? 1 : -1));
    const page = pageOf(views.slice(0, limit + 1), limit, ({ day, id }) => [day, id]);
    if (!asker.seesAll) return { ...page, assignedOnly: true };
    const isOpen = this.found.rows(filter, visible).select('id').where('status', '=', 'open');
    return { ...page, clear: duties.every(({ status }) => status !== 'open') && (await isOpen.limit(1).execute()).length === 0 };
  }
}

@QueryHandler(SummariseFindings)
export class SummariseFindingsHandler implements IQueryHandler<SummariseFindings> {
  private readonly found: Found;

  constructor(readModels: ReadModels, duties: OverdueDuties) {
    this.found = new Found(readModels, duties);
  }

  async execute({ filter, asker, today }: SummariseFindings): Promise<{ readonly items: readonly FindingCount[] }> {
    const visible = await this.found.assignedTo(asker);
    const rows = await this.found
      .rows(filter, visible)
      .select(({ fn }) => ['code', 'severity', 'status', fn.min('title').as('title'), fn.countAll<number>().as('findings')])
      .groupBy(['code', 'severity', 'status'])
      .execute();
    const titled = rows.map((row) => ({
      ...row,
      severity: row.severity as Severity,
      ...(row.code === MANUAL.code && { title: MANUAL.title }),
    }));
    const counts = new Map(titled.map((row) => [countKey(row), row] as const));
    for (const { code, title, severity, status } of await this.found.dutyViews(filter, asker, visible, today)) {
      const one: FindingCount = { code, title, severity, status, findings: 0 };
      const known = counts.get(countKey(one)) ?? one;
      counts.set(countKey(one), { ...known, findings: known.findings + 1 });
    }
    const items = [...counts.values()].sort((one, other) => (sortKey(one) < sortKey(other) ? -1 : 1));
    return { items };
  }
}

const WEIGHT: Readonly<Record<Severity, number>> = { high: 0, medium: 1, low: 2 };
const countKey = ({ code, severity, status }: { code: string; severity: string; status: string }) => `${code} ${severity} ${status}`;
/** Open ones first, the gravest first. */
const sortKey = ({ code, severity, status }: FindingCount) => `${status} ${WEIGHT[severity]} ${code}`;

@QueryHandler(GetFinding)
export class GetFindingHandler implements IQueryHandler<GetFinding> {
  private readonly found: Found;

  constructor(
    private readonly readModels: ReadModels,
    duties: OverdueDuties,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {
    this.found = new Found(readModels, duties);
  }

  async execute({ id, asker, today }: GetFinding): Promise<FindingDetail> {
    const view = await this.view(id, asker, today);
    const history: EventView[] = [];
    for await (const page of this.store.readStream(findingStream(id))) history.push(...page.map((event) => eventView(event, asker)));
    const { pointer } = view;
    const event = pointer && (await eventAt(this.store, pointer));
    return {
      ...view,
      revision: history.at(-1)?.revision ?? -1,
      ...(event && { event: eventView(event, asker) }),
      history,
    };
  }

  private async view(id: string, asker: Asker, today: string): Promise<FindingView> {
    const row = await this.readModels.from<FindingTables>().selectFrom('finding').selectAll().where('id', '=', id).executeTakeFirst();
    const visible = await this.found.assignedTo(asker);
    const isDuty = row === undefined || row.code === DUTY_OVERDUE.code;
    if (!isDuty && (visible === 'all' || visible.includes(id))) return rowView(row, asker.sight);
    const duty = isDuty ? (await this.found.dutyViews({}, asker, visible, today)).find((one) => one.id === id) : undefined;
    if (duty === undefined) throw notFound('finding-unknown', `there is no finding ${id}`);
    return duty;
  }
}

/** What is looked for. */
export interface DetectorView {
  readonly code: string;
  readonly title: string;
  readonly severity: Severity;
  readonly rule: string;
  /** Types of the events it judges; none where it judges time or people. */
  readonly judges: readonly string[] | 'all';
}

/** 检查项目: every detector, and what else findings come from. */
export function detectorViews(): readonly DetectorView[] {
  const detected = DETECTORS.map(({ code, title, severity, rule, judges }) => ({ code, title, severity, rule, judges }));
  return [...detected, { ...DUTY_OVERDUE, judges: [] }];
}

/** The event at a place; undefined where there is none. */
export async function eventAt(store: EventStore, { stream, revision }: EventReference): Promise<RecordedEvent | undefined> {
  let found: RecordedEvent | undefined;
  for await (const [event] of store.readStream(stream, { from: revision, limit: 1 })) found = event;
  return found;
}

const isBefore = ([day, id]: readonly [string, string], [otherDay, otherId]: readonly [string, string]) =>
  day === otherDay ? id < otherId : day < otherDay;

function eventView(event: RecordedEvent, { sight }: Asker): EventView {
  const { type, stream, revision, position, recordedAt, data, metadata } = event;
  const { effectiveOn, actor, policy, evidence } = metadata;
  // What an event says may name a listing: those without the whole history learn that it happened and who did it.
  const isShown = sight === 'history' || stream.startsWith('finding-');
  return {
    event: type,
    stream,
    revision,
    position,
    recordedAt,
    effectiveOn,
    actor,
    ...(policy && { policy }),
    ...(evidence && { evidence }),
    ...(isShown && { data }),
  };
}

function rowView(row: FindingRow, sight: Sight): FindingView {
  const { id, code, severity, status, title, detail, rule, day, stream, revision, position, officers, amount_fen: amount } = row;
  const { award, enterprise, line, pack, clause, assignee, outcome } = row;
  const listing = sight === 'history' ? row.listing : null;
  const stated = Object.entries({ award, enterprise, line, pack, clause, listing, assignee, outcome }).filter(
    ([, value]) => value !== null,
  );
  return {
    id,
    code,
    severity: severity as Severity,
    status,
    title,
    detail,
    rule,
    day,
    ...(stream !== null && revision !== null && { pointer: { stream, revision, position } }),
    ...Object.fromEntries(stated),
    ...(amount !== null && { amount: Money.formatFen(amount) }),
    officers: JSON.parse(officers) as readonly string[],
  };
}

function dutyView({ id, day, daysOver, opened }: OverdueDuty): FindingView & Pick<OverdueDuty, 'daysOver'> {
  const { pointer: _none, ...rest } = opened;
  return { id, day, daysOver, status: 'open', ...(rest satisfies Omit<OpenedData, 'pointer'>) };
}
