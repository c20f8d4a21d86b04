import { Money } from '@app/kernel';
import type { Concerned, Severity } from '../finding.js';
import type { LedgerEventType } from '../../ledger-event.js';
import { actorOf, type AwardRecord, isService, type Past, type Recorded } from '../past.js';

/** What a detector has found at an event. */
export interface Sign extends Concerned {
  /** Tells several signs of one event apart; what has the same one is found once. */
  readonly about?: string;
  /** A finding is one for a whole command, not one for each of its events. */
  readonly isOfCommand?: true;
  readonly detail: string;
  /** The detector's own where it is left out. */
  readonly severity?: Severity;
  /** The detector's own where it is left out. */
  readonly rule?: string;
  /** Whose acts it is about; none where the ledger itself acted. */
  readonly officers: readonly string[];
  /** The black-listing it rests on, which not everybody may be told of. */
  readonly listing?: string;
}

/** One thing that must not happen, as it is told from recorded events alone: what decided them is not trusted. */
export interface Detector {
  readonly code: string;
  readonly title: string;
  readonly severity: Severity;
  /** The clause, statute or rule of the ledger it holds events to. */
  readonly rule: string;
  /** `all`: every event there is, of whatever type. */
  readonly judges: readonly LedgerEventType[] | 'all';
  judge(event: Recorded, past: Past): readonly Sign[];
}

/** Declares a detector; `judge` is handed the events it judges alone. */
export function detector<Type extends LedgerEventType = LedgerEventType>(
  definition: Omit<Detector, 'judges' | 'judge'> & {
    readonly judges: readonly Type[] | 'all';
    judge(event: Recorded<Type>, past: Past): readonly Sign[];
  },
): Detector {
  return definition as unknown as Detector;
}

/** The people who did what an event records. */
export const personOf = (event: Recorded): readonly string[] => (isService(event) ? [] : [actorOf(event)]);
export const people = (...ids: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(ids.filter((id) => id !== undefined && id !== ''))] as readonly string[];

/** What a sign says of the award it is about. */
export function ofAward(
  award: string,
  { pack, clause, payee }: AwardRecord,
): Required<Pick<Concerned, 'award' | 'enterprise' | 'pack' | 'clause'>> {
  return { award, enterprise: payee, pack, clause };
}

export const yuan = (amount: string): string => Money.parse(amount).toChinese();
export const yuanOfFen = (fen: number): string => Money.fromFen(fen).toChinese();
