import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { EVENT_STORE, type EventStore } from '@app/event-store';
import { Money } from '@app/kernel';
import type { Pack, PolicyVersion } from '@app/policies';
import type { Emit, Line } from '../json-lines.js';
import type { AssessmentOnRecord, AwardOnRecord, AwardRecord, Facts, Stated } from './award-record.js';
import { AwardRecords, type RecordFilter } from './award-records.js';
import { FactsToday, type KnownToday } from './facts-today.js';
import { assessedUnder, type ChangedFact, type Difference, isUnverified, judge, type TextThen } from './judge.js';
import { PolicyPast } from './policy-past.js';
import { withoutGround } from './withdrawn.js';

export interface RecomputeOptions extends RecordFilter {
  /** The facts each assessment was made from, or those the dossiers hold today for the same days. */
  readonly facts: 'stored' | 'current';
  /** Reads every award from its own events instead of from their records: slower, and resting on nothing derived. */
  readonly thorough: boolean;
}

export interface RecomputeSummary {
  /** Awards computed again. */
  readonly awards: number;
  /** Awards never assessed, or sent back by an objection: there is nothing to compute again. */
  readonly unassessed: number;
  readonly differing: number;
  /** Of these, those of which nobody can say what is due. */
  readonly undetermined: number;
  readonly overpaid: string;
  readonly underpaid: string;
  /** Of these, what rests on facts nobody has checked yet, be it in part; told where the facts are today's. */
  readonly unverified?: { readonly differing: number; readonly overpaid: string; readonly underpaid: string };
  /** Position of the last event looked at. */
  readonly position: number;
  readonly facts: RecomputeOptions['facts'];
}

export type RecomputeLine = Line<Difference, RecomputeSummary>;

/** 复算: computes every award again and names those that come out otherwise. */
@Injectable()
export class Recompute {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly records: AwardRecords,
    private readonly factsToday: FactsToday,
  ) {}

  /** @throws Problem `read-model-behind`. */
  async run(options: RecomputeOptions, emit: Emit<RecomputeLine>): Promise<void> {
    await this.records.ready();
    const position = await this.store.head();
    const texts = new Texts(this.store);
    // Facts that were put right since may change what was decided long before.
    const touched = options.facts === 'current' && options.since !== undefined ? await this.records.touchedAfter(options.since) : undefined;
    const filter = { ...options, ...(touched && { touched }) };
    const total = await this.records.count(filter);
    let [awards, unassessed, undetermined] = [0, 0, 0];
    const [all, unverified] = [new Sums(), new Sums()];
    for await (const page of options.thorough ? this.records.pagesFromLedger(filter) : this.records.pages(filter)) {
      for (const award of page) {
        if (award.assessment === undefined) unassessed += 1;
        else awards += 1;
        let difference = await this.judged(award, options, texts);
        // What the records give rise to is held against the events themselves before anybody is told.
        if (difference !== undefined && !options.thorough) {
          const again = await this.records.fromLedger(award.record.award);
          difference = again && (await this.judged(again, options, texts));
        }
        if (difference === undefined) continue;
        if (difference.undetermined === true) undetermined += 1;
        all.add(difference);
        if (isUnverified(difference)) unverified.add(difference);
        await emit({ item: difference });
      }
      await emit({ progress: { done: awards + unassessed, total } });
      await nextTurn();
    }
    const { facts } = options;
    const apart = facts === 'current' && { unverified: unverified.told() };
    await emit({ summary: { awards, unassessed, undetermined, ...all.told(), ...apart, position, facts } });
  }

  private async judged({ record, assessment }: AwardOnRecord, { facts }: RecomputeOptions, texts: Texts): Promise<Difference | undefined> {
    if (assessment === undefined) return judge({ record, assessment, text: 'unknown', expected: undefined, isMet: () => undefined });
    const past = texts.known(record.pack) ?? (await texts.load(record.pack));
    const text = past.textBefore(assessment.position, assessment.version);
    if (typeof text === 'string' || text.hash !== assessment.packHash)
      return judge({ record, assessment, text, expected: undefined, isMet: () => undefined });
    if (facts === 'current') return this.judgedToday(record, assessment, text, past);
    const expected = assessedUnder(text.pack, text, record.clause, assessment.on, assessment.facts);
    return judge({ record, assessment, text, expected, isMet: (no) => isMet(record, assessment, past, no) });
  }

  private async judgedToday(
    record: AwardRecord,
    assessment: AssessmentOnRecord,
    text: PolicyVersion,
    past: PolicyPast,
  ): Promise<Difference | undefined> {
    const known = await this.factsToday.of(text.pack, record, assessment.on);
    const expected = withoutGround(assessedUnder(text.pack, text, record.clause, assessment.on, known.facts), known.withdrawn);
    const later = new Map<number, boolean | undefined>();
    const changed = new Map(changedFacts(assessment.facts, known, text.pack).map((one) => [one.input, one]));
    for (const { no, on, facts } of record.unlocked) {
      if (facts === undefined) continue;
      const then = await this.factsToday.of(text.pack, record, on);
      later.set(no, isMet(record, assessment, past, no, then));
      for (const one of changedFacts(facts, then, text.pack)) {
        const known = changed.get(one.input);
        // Of two changes of an input the one that nobody has checked is told: the difference rests on it as well.
        if (known === undefined || (one.verified === false && known.verified !== false)) changed.set(one.input, one);
      }
    }
    return judge({ record, assessment, text, expected, isMet: (no) => later.get(no), changed: [...changed.values()] });
  }
}

/** How many awards come out otherwise, and by how much. */
class Sums {
  private differing = 0;
  private over = 0n;
  private under = 0n;

  add({ overpaid, underpaid }: Difference): void {
    this.differing += 1;
    this.over += BigInt(Money.parse(overpaid).toFen());
    this.under += BigInt(Money.parse(underpaid).toFen());
  }

  told() {
    return { differing: this.differing, overpaid: Money.formatFen(this.over), underpaid: Money.formatFen(this.under) };
  }
}

/** The texts of policies, each read once a run. */
class Texts {
  private readonly pasts = new Map<string, PolicyPast>();

  constructor(private readonly store: EventStore) {}

  known(pack: string): PolicyPast | undefined {
    return this.pasts.get(pack);
  }

  async load(pack: string): Promise<PolicyPast> {
    const past = await PolicyPast.of(pack, this.store);
    this.pasts.set(pack, past);
    return past;
  }
}

/**
 * Whether the condition of an instalment held on the facts it was unlocked by, or on others for the same day. The award was
 * made in force and keeps its later instalments: the text is judged on the day of the grant, its end is passed over.
 */
function isMet(
  record: AwardRecord,
  { version }: AssessmentOnRecord,
  past: PolicyPast,
  no: number,
  known?: KnownToday,
): boolean | undefined {
  const unlock = record.unlocked.find((each) => each.no === no);
  if (unlock?.facts === undefined || record.grant === undefined) return undefined;
  const text: TextThen = past.textBefore(unlock.position, version);
  if (typeof text === 'string') return undefined;
  const { pack, hash } = text;
  const on = record.grant.on;
  const assessed = assessedUnder(pack, { version, hash }, record.clause, on, known?.facts ?? unlock.facts);
  const stated: Stated = withoutGround(assessed, known?.withdrawn ?? []);
  const status = stated.instalments?.find((each) => each.no === no)?.status;
  // A fact that is no longer known proves nothing either way; one that was not known then has proved nothing.
  if (known !== undefined && (stated.outcome === 'missing' || status === 'pending')) return undefined;
  return status === 'met';
}

function changedFacts(then: Facts, { facts: now, sources }: KnownToday, { inputs }: Pack): readonly ChangedFact[] {
  return [...new Set([...Object.keys(then), ...Object.keys(now)])]
    .filter((input) => then[input] !== now[input])
    .sort()
    .map((input) => {
      const source = sources[input];
      return {
        input,
        label: inputs[input]?.label ?? input,
        ...(then[input] !== undefined && { then: then[input] }),
        ...(now[input] !== undefined && { now: now[input] }),
        ...(source?.factId !== undefined && { factId: source.factId }),
        ...(source && { verified: source.verified }),
      };
    });
}
