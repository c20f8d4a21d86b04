import type { RecordedEvent } from '@app/event-store';
import { dutyOfStream, severityOf } from '@app/calendar';
import { type BusinessDate, businessDateOf, daysBetween } from '@app/kernel';
import { JsonColumn, type Projection, type Rows, table } from '@app/projections';
import type { Detector, Sign } from './detectors/detector.js';
import { DETECTORS } from './detectors/detectors.js';
import { DUTY_OVERDUE, codeOfFinding, findingId, findingOfStream, type OpenedData } from './finding.js';
import { fen, type Kind, type Memories, type Memory, type Recorded } from './past.js';
import { remember } from './remember.js';

/** A finding with what auditors have done about it. */
export interface FindingRow {
  readonly id: string;
  readonly code: string;
  readonly severity: string;
  readonly title: string;
  readonly rule: string;
  readonly detail: string;
  /** The event it points at; none for a duty that was never done. */
  readonly stream: string | null;
  readonly revision: number | null;
  /** Position of that event, else of the one that opened the finding. */
  readonly position: number;
  /** Business day on which it came to light: of the recording of that event; of a duty, the first day it was late. */
  readonly day: string;
  readonly effective_on: string;
  readonly award: string | null;
  readonly enterprise: string | null;
  readonly line: string | null;
  readonly pack: string | null;
  readonly clause: string | null;
  readonly amount_fen: number | null;
  /** JSON: whose acts it is about. */
  readonly officers: string;
  readonly listing: string | null;
  readonly status: 'open' | 'resolved';
  readonly outcome: string | null;
  readonly assignee: string | null;
  /** Of the finding's own stream; -1 while nobody has done anything about it. */
  readonly touched: number;
}

/** By whose acts a finding is about. */
export interface FindingOfficerRow {
  readonly officer: string;
  readonly finding: string;
}

/** What the detectors remember: JSON, by kind and id. */
interface MemoryRow {
  readonly kind: string;
  readonly id: string;
  readonly content: string;
}

export interface FindingTables {
  readonly finding: FindingRow;
  readonly finding_officer: FindingOfficerRow;
}

const findingTable = table<FindingRow>({
  name: 'finding',
  columns: {
    id: 'text',
    code: 'text',
    severity: 'text',
    title: 'text',
    rule: 'text',
    detail: 'text',
    stream: 'text',
    revision: 'integer',
    position: 'integer',
    day: 'text',
    effective_on: 'text',
    award: 'text',
    enterprise: 'text',
    line: 'text',
    pack: 'text',
    clause: 'text',
    amount_fen: 'integer',
    officers: 'text',
    listing: 'text',
    status: 'text',
    outcome: 'text',
    assignee: 'text',
    touched: 'integer',
  },
  key: ['id'],
  indexes: [['day', 'id'], ['code', 'day', 'id'], ['award'], ['enterprise'], ['status', 'severity']],
});
const officerTable = table<FindingOfficerRow>({
  name: 'finding_officer',
  columns: { officer: 'text', finding: 'text' },
  key: ['officer', 'finding'],
});
const memoryTable = table<MemoryRow>({
  name: 'finding_memory',
  columns: { kind: 'text', id: 'text', content: 'text' },
  key: ['kind', 'id'],
  isPrivate: true,
});
const remembered = new JsonColumn<MemoryRow, 'content', Memories[Kind]>('content');

/** What is remembered, read from rows and written to them. */
class RowMemory implements Memory {
  constructor(private readonly rows: Rows) {}

  get<K extends Kind>(kind: K, id: string): Memories[K] | undefined {
    const row = this.rows.get(memoryTable, kind, id);
    return row && (remembered.in(row) as Memories[K]);
  }

  put<K extends Kind>(kind: K, id: string, content: Memories[K]): void {
    this.rows.put(memoryTable, remembered.row({ kind, id }, content));
  }
}

/** 疑点: what the detectors find in the events, and what auditors do about it. */
export class FindingsProjection implements Projection {
  readonly name = 'findings';
  readonly version = 7;
  readonly tables = [findingTable, officerTable, memoryTable] as never[];
  readonly handles = 'all';
  private readonly ofEvery: readonly Detector[];
  private readonly byType = new Map<string, readonly Detector[]>();

  constructor(detectors: readonly Detector[] = DETECTORS) {
    this.ofEvery = detectors.filter(({ judges }) => judges === 'all');
    for (const detector of detectors) {
      if (detector.judges === 'all') continue;
      for (const type of detector.judges) this.byType.set(type, [...(this.byType.get(type) ?? this.ofEvery), detector]);
    }
  }

  apply(event: RecordedEvent, rows: Rows): void {
    const memory = new RowMemory(rows);
    const recorded = event as unknown as Recorded;
    for (const detector of this.byType.get(event.type) ?? this.ofEvery)
      for (const sign of detector.judge(recorded, memory)) this.find(detector, sign, recorded, rows);
    remember(recorded, memory);
    if (event.stream.startsWith('finding-')) this.follow(recorded, rows);
    if (recorded.type === 'duty-done') this.doneLate(recorded, rows);
  }

  private find({ code, title, severity, rule }: Detector, sign: Sign, event: Recorded, rows: Rows): void {
    const place = sign.isOfCommand === true ? [event.metadata.commandId] : [event.stream, String(event.revision)];
    const id = findingId(code, ...place, ...(sign.about === undefined ? [] : [sign.about]));
    if (rows.get(findingTable, id) !== undefined) return;
    const { stream, revision } = event;
    this.put(rows, event, id, { code, title, severity, rule, ...sign, pointer: { stream, revision } }, sign.listing);
  }

  private put(rows: Rows, event: Recorded, id: string, opened: OpenedData, listing?: string): void {
    const { code, severity, title, rule, detail, pointer, award, enterprise, line, pack, clause, amount, officers } = opened;
    rows.put(findingTable, {
      id,
      code,
      severity,
      title,
      rule,
      detail,
      stream: pointer?.stream ?? null,
      revision: pointer?.revision ?? null,
      position: pointer?.position ?? event.position,
      day: opened.day ?? businessDateOf(event.recordedAt),
      effective_on: event.metadata.effectiveOn,
      award: award ?? null,
      enterprise: enterprise ?? null,
      line: line ?? null,
      pack: pack ?? null,
      clause: clause ?? null,
      amount_fen: amount === undefined ? null : fen(amount),
      officers: JSON.stringify(officers),
      listing: listing ?? null,
      status: 'open',
      outcome: null,
      assignee: null,
      touched: -1,
    });
    for (const officer of officers) rows.put(officerTable, { officer, finding: id });
  }

  /** A duty that auditors have taken up weighs, once it is done, what it was late by then. Until then the calendar says. */
  private doneLate({ stream, data: { on, due } }: Recorded<'duty-done'>, rows: Rows): void {
    const { pack, clause, period } = dutyOfStream(stream);
    const before = rows.get(findingTable, findingId(DUTY_OVERDUE.code, pack, clause, period));
    if (before === undefined) return;
    const late = Math.max(0, daysBetween(due as BusinessDate, on as BusinessDate));
    const detail = `${before.detail}；${on}办结，${late === 0 ? '未逾期' : `逾期${late}天`}`;
    rows.put(findingTable, { ...before, detail, severity: severityOf(late) });
  }

  /** What auditors do about a finding. */
  private follow(event: Recorded, rows: Rows): void {
    const id = findingOfStream(event.stream);
    if (event.type === 'finding-opened') this.put(rows, event, id, event.data);
    if (rows.get(findingTable, id) === undefined) this.put(rows, event, id, noLongerFound(id));
    const before = rows.get(findingTable, id) as FindingRow;
    rows.put(findingTable, { ...before, ...changedBy(event), touched: event.revision });
  }
}

/**
 * A finding that auditors have acted on and that no detector finds any more, since it was mended or is gone. What was found
 * is no event, so that its name is all that is left of it; what auditors did is, and stays on record.
 */
function noLongerFound(id: string): OpenedData {
  const code = codeOfFinding(id);
  const detector = DETECTORS.find((one) => one.code === code);
  return {
    code,
    title: detector?.title ?? code,
    severity: 'low',
    rule: detector?.rule ?? '该项检查已停用',
    detail: '检查规则已修订或停用，按现行规则不再发现此疑点；此前的核查记录保留于本疑点的经过',
    officers: [],
  };
}

function changedBy(event: Recorded): Partial<FindingRow> {
  if (event.type === 'finding-assigned') return { assignee: event.data.to };
  if (event.type === 'finding-resolved') return { status: 'resolved', outcome: event.data.outcome };
  if (event.type === 'finding-reopened') return { status: 'open', outcome: null };
  return {};
}
