import { showsDone, type StandingDuty } from '@app/calendar';
import type { RecordedEvent } from '@app/event-store';
import { businessDateOf, invalidField } from '@app/kernel';
import type { LedgerEventType } from '../ledger-event.js';
import { type Reference, referencesOf } from '../timeline/references.js';
import { codeOfFinding, DUTY_OVERDUE, findingStream } from './finding.js';

/** A finding that is to be resolved as put right. */
interface ToCorrect {
  readonly id: string;
  readonly concerned: About;
  /** The event it points at. */
  readonly atFault: RecordedEvent | undefined;
  /** The duty that is overdue, where that is what was found and the policy still asks for it, and how it stands today. */
  readonly duty?: StandingDuty | undefined;
}

/**
 * What puts a matter right comes after it, is about the same matter, and is more than what auditors say of it.
 * @throws Problem `invalid-input` for any other event.
 */
export function requireCorrects(event: RecordedEvent, { id, concerned, atFault, duty }: ToCorrect): void {
  if (event.position <= (atFault?.position ?? 0) || event.stream.startsWith(findingStream('')))
    throw invalidField(
      'correction',
      'later',
      'must name an event that was recorded after the one at fault, and is none of a finding itself',
    );
  if (event.type === NOTHING_CHANGED)
    throw invalidField('correction', 'corrects', 'must name an event that puts something right: this one records that nothing changed');
  if (codeOfFinding(id) === DUTY_OVERDUE.code) return requireDutyCorrected(event, duty, concerned);
  if (CARRY_ON.has(event.type))
    throw invalidField('correction', 'corrects', 'must name an event that puts something right: this one carries on what was decided');
  const matters = [...subjectsConcerned(concerned), ...(atFault === undefined ? [] : subjectsOf(atFault))];
  const about = [...subjectsOf(event), ...packsOf(event)];
  if (matters.length > 0 && !matters.some((one) => about.some(({ kind, id: other }) => kind === one.kind && other === one.id)))
    throw invalidField('correction', 'related', 'must name an event about what the finding is about, such as its award or enterprise');
}

/** A request that changed nothing, which is about what its stream is about. */
const NOTHING_CHANGED: LedgerEventType = 'command-noted';

/** What only carries an award on, whatever was wrong with it. */
const CARRY_ON: ReadonlySet<string> = new Set<LedgerEventType>([
  'instalment-ordered',
  'instalment-paid',
  'instalment-overpaid',
  'budget-reserved',
  'budget-spent',
  'batch-prepared',
  'batch-freeze-started',
  'batch-frozen',
  'batch-results-recorded',
]);

/**
 * A duty is made good by what the calendar takes as showing it done, from the day on which it was late. It does not where
 * that was taken back since, or belongs to another time.
 */
function requireDutyCorrected(event: RecordedEvent, duty: StandingDuty | undefined, { day }: About): void {
  if (typeof day === 'string' && businessDateOf(event.recordedAt) < day)
    throw invalidField('correction', 'later', `must name an event that was recorded since ${day}, when the duty was late`);
  if (duty === undefined || !showsDone(event, duty.duty))
    throw invalidField('correction', 'related', 'must name a record of this duty, or of what fulfils it');
  if (!('doneOn' in duty.standing))
    throw invalidField(
      'correction',
      'corrects',
      'must name what shows the duty done: the calendar has it as not done, whatever this event says',
    );
}

/** What a finding is about, as its row or what was taken down says it. */
export type About = { readonly [Field in 'award' | 'enterprise' | 'line' | 'pack' | 'day']?: string | null };

/** A pack counts where nothing closer is named. */
function subjectsConcerned({ award, enterprise, line, pack }: About): readonly Reference[] {
  const named = [
    { kind: 'award' as const, id: award },
    { kind: 'enterprise' as const, id: enterprise },
    { kind: 'budget-line' as const, id: line },
  ].flatMap(({ kind, id }) => (typeof id === 'string' ? [{ kind, id }] : []));
  return named.length > 0 || typeof pack !== 'string' ? named : [{ kind: 'policy', id: pack }];
}

/** Whom and what an event is about, people and papers apart: one officer sees to many matters, one paper cites many. */
function subjectsOf(event: RecordedEvent): readonly Reference[] {
  return referencesOf(event).filter(({ kind }) => kind !== 'officer' && kind !== 'document');
}

function packsOf(event: RecordedEvent): readonly Reference[] {
  return subjectsOf(event).flatMap(({ kind, id }) => (OF_A_PACK.has(kind) ? [{ kind: 'policy', id: id.split('.', 1)[0] ?? '' }] : []));
}

/** What bears the name of its pack first. */
const OF_A_PACK: ReadonlySet<string> = new Set(['award', 'budget-line', 'target', 'duty']);
