import { awardEvents, batchEvents } from '@app/awards';
import { asDomainEvent, type RecordedEvent } from '@app/event-store';
import { type Projection, type Rows, table } from '@app/projections';
import { tierEvents } from '@app/tiers';
import { payeeOfStream, type ReliedKind, reliancesOf, type RelyingEvent } from './reliances.js';

/** A decision that rested on something, by the stream of what it decided on. */
export interface RelianceRow {
  readonly kind: ReliedKind;
  readonly id: string;
  readonly stream: string;
  readonly position: number;
}

/** Whose dossier an award is decided on, since an approver has confirmed a merged payee's successor. */
interface SuccessorRow {
  readonly stream: string;
  readonly payee: string;
}

export interface RelianceTables {
  readonly reliance: RelianceRow;
}

const relianceTable = table<RelianceRow>({
  name: 'reliance',
  columns: { kind: 'text', id: 'text', stream: 'text', position: 'integer' },
  key: ['kind', 'id', 'stream', 'position'],
  writtenOnceAt: 'position',
});
const successorTable = table<SuccessorRow>({
  name: 'reliance_successor',
  columns: { stream: 'text', payee: 'text' },
  key: ['stream'],
  isPrivate: true,
});

/** Which decision rested on what, as the decisions say themselves. */
export class RelianceProjection implements Projection {
  readonly name = 'reliance';
  readonly version = 1;
  readonly tables = [relianceTable, successorTable] as never[];
  readonly handles = new Set([...Object.keys(awardEvents), ...Object.keys(batchEvents), ...Object.keys(tierEvents)]);

  apply(recorded: RecordedEvent, rows: Rows): void {
    const { stream, position } = recorded;
    const event = asDomainEvent<RelyingEvent>(recorded);
    if (event.type === 'award-payee-confirmed') rows.put(successorTable, { stream, payee: event.data.payee });
    const payee = () => rows.get(successorTable, stream)?.payee ?? payeeOfStream(stream);
    for (const relied of reliancesOf(event, stream, payee)) rows.put(relianceTable, { ...relied, position });
  }
}
