import type { AwardEvent } from '@app/awards';
import type { RecordedEvent } from '@app/event-store';
import { type Actor, Money, unreachable } from '@app/kernel';

/** A decision that rests on what is looked into. */
export interface Decision {
  readonly position: number;
  readonly event: string;
  readonly recordedAt: string;
  readonly effectiveOn: string;
  /** Who recorded it; the ledger, where it carried on what somebody had decided. */
  readonly actor: Actor;
  /** Id of the officer who decided, where it was the ledger that recorded it and the event says so. */
  readonly decidedBy: string;
  /** `relied`: it was made on it. `follows`: it was made on a decision that was. */
  readonly how: 'relied' | 'follows';
  /** The inputs it was read for. */
  readonly inputs?: readonly { readonly input: string; readonly value: string | boolean; readonly verified: boolean }[];
  readonly instalment?: number;
  /** Decimal string in yuan. */
  readonly amount?: string;
  /** Not replaced, undone or ended since. */
  readonly stands: boolean;
  /** The event that replaced, undid or ended it. */
  readonly endedBy?: number;
}

/** The officer who decided: the approver of a grant, the payer of an order, whoever decided in a review; else who recorded it. */
export function decidedBy({ data, metadata }: RecordedEvent): string {
  const { approver, payer, review } = data as { approver?: string; payer?: string; review?: { decidedBy?: string } };
  return approver ?? payer ?? review?.decidedBy ?? metadata.actor.id;
}

/** What came of an award's resting on something. */
export interface AwardReliance {
  readonly award: string;
  readonly payee: string;
  readonly payeeName: string;
  readonly decisions: readonly Decision[];
  /** What was paid on decisions that rest on it, less what came back; and what clawbacks of the award have brought in. Yuan. */
  readonly paid: string;
  readonly recovered: string;
}

/** What an award relied on directly. */
export interface Direct {
  /** Positions of decisions that relied on it, also of other streams. */
  readonly positions: ReadonlySet<number>;
  /** Lines of batches, `<batch>/<line>`, whose account was read from it. */
  readonly batchLines: ReadonlySet<string>;
  /** Which inputs of a decision it gave. */
  inputsOf(event: RecordedEvent): Decision['inputs'];
}

interface Draft {
  readonly decision: Omit<Decision, 'stands' | 'endedBy'>;
  /** First day on which it has no effect any more. */
  readonly until?: string;
  endedBy?: number;
}

/** Follows an award from the decisions that relied on something to everything that rests on them, as it stands on a day. Pure. */
export function awardReliance(events: readonly RecordedEvent[], direct: Direct, today: string): AwardReliance {
  const walk = new Walk(direct);
  for (const event of events) walk.step(event);
  return walk.result(today);
}

class Walk {
  private readonly drafts: Draft[] = [];
  /** Decisions that a new assessment or application replaces, and the end of the award ends. */
  private open: Draft[] = [];
  /** What each line of a batch has ordered and paid, and the holds of each listing. */
  private readonly orders = new Map<string, Draft>();
  private readonly payments = new Map<string, { readonly draft: Draft; readonly amount: Money }>();
  private readonly holds = new Map<string, Draft>();
  private readonly unlocked = new Set<number>();
  /** Whether the assessment, or the grant that is started, rests on it. */
  private assessed = false;
  private started: Draft | undefined;
  private granted = false;
  private recovered = Money.zero;
  private named = { award: '', payee: '', payeeName: '' };

  constructor(private readonly direct: Direct) {}

  step(recorded: RecordedEvent): void {
    const event = recorded as RecordedEvent & AwardEvent;
    const isDirect = this.direct.positions.has(recorded.position);
    switch (event.type) {
      case 'award-applied':
        this.named = { award: event.stream.slice('award-'.length), payee: event.data.payee, payeeName: event.data.payeeName };
        return this.begin(recorded, isDirect);
      case 'award-assessed':
        return this.begin(recorded, isDirect);
      case 'award-reviewed':
      case 'award-rejected':
      case 'award-publicised':
      case 'award-override-proposed':
      case 'award-override-dropped':
      case 'award-objection-raised':
        this.assessed ||= isDirect;
        if (this.assessed) this.add(recorded);
        return;
      case 'award-objection-decided':
        if (event.data.upheld) this.end(recorded.position);
        else if (this.assessed) this.add(recorded);
        this.assessed &&= !event.data.upheld;
        return;
      case 'award-withdrawn':
        this.end(recorded.position);
        this.assessed = false;
        return;
      case 'award-grant-started':
        this.started = this.assessed || isDirect ? this.add(recorded, { amount: event.data.amount }) : undefined;
        return;
      case 'award-grant-failed':
        if (this.started !== undefined) this.started.endedBy ??= recorded.position;
        this.started = undefined;
        return;
      case 'award-granted':
        this.granted = this.started !== undefined || isDirect;
        if (this.granted) this.add(recorded, { amount: event.data.amount });
        return;
      case 'instalment-unlocked':
        if (isDirect) this.unlocked.add(event.data.no);
        if (this.rests(event.data.no)) this.add(recorded, { instalment: event.data.no, amount: event.data.amount });
        return;
      case 'instalment-ordered':
        if (this.rests(event.data.no, lineOf(event.data)))
          this.orders.set(lineOf(event.data), this.add(recorded, { instalment: event.data.no, amount: event.data.amount }));
        return;
      case 'instalment-order-cancelled':
        return this.cancel(lineOf(event.data), recorded.position);
      case 'instalment-paid':
      case 'instalment-overpaid':
        if (this.rests(event.data.no, lineOf(event.data))) this.pay(recorded, event.data);
        return;
      case 'instalment-returned':
      case 'overpayment-returned':
        return this.cancel(lineOf(event.data), recorded.position);
      case 'award-held':
        if (isDirect) this.holds.set(event.data.listing ?? '', this.add(recorded));
        return;
      case 'award-hold-released': {
        const held = this.holds.get(event.data.listing ?? '');
        if (held !== undefined) held.endedBy ??= recorded.position;
        return;
      }
      case 'award-lapsed':
      case 'award-revoked':
        return this.end(recorded.position);
      case 'clawback-received':
        this.recovered = this.recovered.plus(Money.parse(event.data.amount));
        return;
      case 'award-payee-confirmed':
      case 'clawback-demanded':
      case 'clawback-written-off':
      case 'clawback-settled':
        if (isDirect) this.add(recorded);
        return;
      default:
        return unreachable(event);
    }
  }

  result(today: string): AwardReliance {
    const paid = Money.sum([...this.payments.values()].filter(({ draft }) => draft.endedBy === undefined).map(({ amount }) => amount));
    const isRecovered = !paid.isMoreThan(this.recovered);
    const payments = new Set([...this.payments.values()].map(({ draft }) => draft));
    const decisions = this.drafts.map((draft): Decision => {
      const { decision, endedBy, until } = draft;
      const isOver = endedBy !== undefined || (until !== undefined && until <= today);
      const stands = !isOver && !(payments.has(draft) && isRecovered);
      return { ...decision, stands, ...(endedBy !== undefined && { endedBy }) };
    });
    return { ...this.named, decisions, paid: paid.toString(), recovered: this.recovered.toString() };
  }

  /** A new application or assessment takes the place of everything that was decided before. */
  private begin(event: RecordedEvent, isDirect: boolean): void {
    this.end(event.position);
    this.assessed = isDirect;
    if (isDirect) this.add(event);
  }

  /** Whether what happens to an instalment rests on it: by the grant, its own condition, or the account it is paid to. */
  private rests(no: number, line?: string): boolean {
    return this.granted || this.unlocked.has(no) || (line !== undefined && this.direct.batchLines.has(line));
  }

  private pay(
    event: RecordedEvent,
    data: { readonly no: number; readonly amount: string; readonly batch: string; readonly line: number },
  ): void {
    const draft = this.add(event, { instalment: data.no, amount: data.amount }, false);
    this.payments.set(lineOf(data), { draft, amount: Money.parse(data.amount) });
  }

  private cancel(line: string, position: number): void {
    for (const draft of [this.orders.get(line), this.payments.get(line)?.draft]) if (draft !== undefined) draft.endedBy ??= position;
  }

  private end(position: number): void {
    for (const draft of this.open) draft.endedBy ??= position;
    this.open = [];
  }

  private add(event: RecordedEvent, more: Pick<Decision, 'instalment' | 'amount'> = {}, isEnded = true): Draft {
    const { position, type, recordedAt, metadata } = event;
    const { effectiveOn, actor } = metadata;
    const byAccount = type === 'instalment-ordered' && this.direct.batchLines.has(lineOf(event.data as { batch: string; line: number }));
    const isDirect = this.direct.positions.has(position) || byAccount;
    const inputs = isDirect ? this.direct.inputsOf(event) : undefined;
    const how = isDirect ? ('relied' as const) : ('follows' as const);
    const decision = {
      position,
      event: type,
      recordedAt,
      effectiveOn,
      actor,
      decidedBy: decidedBy(event),
      how,
      ...(inputs && { inputs }),
      ...more,
    };
    const { until } = event.data as { readonly until?: unknown };
    const draft: Draft = { decision, ...(type === 'award-held' && typeof until === 'string' && { until }) };
    this.drafts.push(draft);
    if (isEnded) this.open.push(draft);
    return draft;
  }
}

function lineOf({ batch, line }: { readonly batch: string; readonly line: number }): string {
  return `${batch}/${line}`;
}
