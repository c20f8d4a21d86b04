import { derivedId, type DomainEvent, type EventContext, unreachable } from '@app/kernel';

export const SEVERITIES = ['low', 'medium', 'high'] as const;
/** 轻重 */
export type Severity = (typeof SEVERITIES)[number];
export const OUTCOMES = ['confirmed', 'unfounded', 'corrected'] as const;
/** 核查结论: 属实, 不成立, 已纠正. */
export type Outcome = (typeof OUTCOMES)[number];

/** An event of the ledger: what a finding points at, and what corrects it. */
export interface EventReference {
  readonly stream: string;
  readonly revision: number;
}

/** What a finding is about, as far as it is about any of it. */
export interface Concerned {
  readonly award?: string;
  readonly enterprise?: string;
  /** 预算科目 `<pack>.<line>.<period>` */
  readonly line?: string;
  readonly pack?: string;
  readonly clause?: string;
  /** Decimal string in yuan. */
  readonly amount?: string;
}

/** A finding as it is taken down: what no detector keeps a record of. */
export interface OpenedData extends Concerned {
  readonly code: string;
  readonly severity: Severity;
  readonly title: string;
  /** The clause or rule that is at stake. */
  readonly rule: string;
  readonly detail: string;
  /** The event it points at; a duty that was never done has none. */
  readonly pointer?: EventReference & { readonly position?: number };
  /** Whose acts it is about. They do not resolve it. */
  readonly officers: readonly string[];
  /** The first day a duty was late; else it came to light on the day it was taken down. */
  readonly day?: string;
}

/** Everything that can happen to a finding (疑点). What a detector found is no event: it is found again from the same history. */
export type FindingEvent =
  | DomainEvent<'finding-opened', OpenedData>
  | DomainEvent<'finding-commented', { readonly text: string }>
  | DomainEvent<'finding-assigned', { readonly to: string }>
  | DomainEvent<'finding-resolved', { readonly outcome: Outcome; readonly reason: string; readonly correction?: EventReference }>
  | DomainEvent<'finding-reopened', { readonly reason: string }>;

interface Resolution {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly correction?: EventReference;
}

/** What auditors have done about a finding; `untouched` says nothing of whether it exists. */
export interface FindingState {
  readonly status: 'untouched' | 'open' | 'resolved';
  readonly assignee?: string;
  readonly resolution?: Resolution;
  /** Of the last reopening. */
  readonly reopenedFor?: string;
  readonly lastComment?: { readonly by: string; readonly text: string };
}

export const untouched: FindingState = { status: 'untouched' };

const STREAM = 'finding-';

export function findingStream(id: string): string {
  return `${STREAM}${id}`;
}

/** The finding of a stream. */
export function findingOfStream(stream: string): string {
  return stream.slice(STREAM.length);
}

/** What time passing brings, and no event. */
export const DUTY_OVERDUE = {
  code: 'duty-overdue',
  title: '履职事项逾期',
  severity: 'medium',
  rule: '条款规定的办理期限；台账规则：期限届满次日起未办结即为逾期',
} as const;

/** Code of what auditors take down themselves, whatever its title. */
export const MANUAL = { code: 'manual', title: '审计人员登记' } as const;

export const FINDING_ID = /^[a-z]+(?:-[a-z]+)*-[0-9a-f]{16}$/;

/** The id of what a code finds at a place: the same one, however often the history is read again. */
export function findingId(code: string, ...place: readonly string[]): string {
  return `${code}-${derivedId('finding', code, ...place)
    .replaceAll('-', '')
    .slice(0, 16)}`;
}

/** The code whose finding has this id. */
export function codeOfFinding(id: string): string {
  return id.slice(0, id.lastIndexOf('-'));
}

export function evolve(state: FindingState, event: FindingEvent, { actorId }: EventContext): FindingState {
  const open = { ...state, status: 'open' as const };
  switch (event.type) {
    case 'finding-opened':
      return open;
    case 'finding-commented':
      return { ...(state.status === 'untouched' ? open : state), lastComment: { by: actorId, text: event.data.text } };
    case 'finding-assigned':
      return { ...open, assignee: event.data.to };
    case 'finding-resolved': {
      return { ...state, status: 'resolved', resolution: event.data };
    }
    case 'finding-reopened': {
      const { resolution: _undone, ...rest } = open;
      return { ...rest, reopenedFor: event.data.reason };
    }
    default:
      return unreachable(event);
  }
}
