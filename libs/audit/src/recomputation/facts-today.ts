import { Injectable } from '@nestjs/common';
import { type Dossier, Dossiers, factOf, type Fact, type ResolvedInputs, resolveInputs } from '@app/enterprises';
import { creditCode } from '@app/kernel';
import { inputsOf, type Pack } from '@app/policies';
import type { AwardRecord, Facts } from './award-record.js';
import { withdrawnInputs } from './withdrawn.js';

/** What is known today of a day of the past. */
export interface KnownToday {
  readonly facts: Facts;
  /** Where each of them comes from, by input. */
  readonly sources: ResolvedInputs['sources'];
  /** See `withdrawnInputs`. */
  readonly withdrawn: readonly string[];
}

/** A clause's inputs for a day of the past, from what the dossier holds today. */
@Injectable()
export class FactsToday {
  constructor(private readonly dossiers: Dossiers) {}

  async of(pack: Pack, { clause, payee, occasion }: Pick<AwardRecord, 'clause' | 'payee' | 'occasion'>, on: string): Promise<KnownToday> {
    const dossier = await this.dossierOn(payee, on);
    if (dossier === undefined) return { facts: {}, sources: {}, withdrawn: [] };
    const resolved = this.resolved(dossier, pack, clause, occasion, on);
    return { facts: resolved.facts, sources: resolved.sources, withdrawn: withdrawnInputs(resolved) };
  }

  /** The inputs of a clause for a day, corrections counting from the day of what they correct. */
  resolved(dossier: Dossier, pack: Pack, clause: string, occasion: AwardRecord['occasion'], on: string): ResolvedInputs {
    const inputs = Object.entries(inputsOf(pack, clause)).map(([name, input]) => ({ name, ...input }));
    return resolveInputs(asKnownToday(dossier), inputs, { on, occasion });
  }

  /** Whoever stood in the payee's place on the day: merged since, it is still itself for the days before. */
  async dossierOn(payee: string, on: string): Promise<Dossier | undefined> {
    const seen = new Set<string>();
    let dossier = await this.dossiers.load(creditCode(payee));
    while (dossier?.status === 'merged' && dossier.mergedOn <= on && !seen.has(dossier.survivor)) {
      seen.add(dossier.survivor);
      dossier = await this.dossiers.load(dossier.survivor);
    }
    return dossier;
  }
}

/**
 * A correction says what was true all along, on whichever day it was made: it counts from the day of what it corrects. So does
 * a later figure for the same period: a year has one. A decision on the day itself could not know it; whoever looks back can.
 */
export function asKnownToday(dossier: Dossier): Dossier {
  const firstOfPeriod = new Map<string, string>();
  const periodKey = ({ name, period, subject }: Fact) => (period === undefined ? undefined : JSON.stringify([name, period, subject]));
  for (const fact of dossier.facts) {
    const key = periodKey(fact);
    const known = key === undefined ? undefined : firstOfPeriod.get(key);
    if (key !== undefined && (known === undefined || fact.effectiveOn < known)) firstOfPeriod.set(key, fact.effectiveOn);
  }
  const facts = dossier.facts.map((fact) => {
    let first = fact;
    while (first.corrects !== undefined) {
      const before = factOf(dossier, first.corrects);
      if (before === undefined) break;
      first = before;
    }
    const days = [fact.effectiveOn, first.effectiveOn, firstOfPeriod.get(periodKey(fact) ?? '') ?? fact.effectiveOn];
    const effectiveOn = days.reduce((earliest, day) => (day < earliest ? day : earliest));
    return effectiveOn < fact.effectiveOn ? { ...fact, effectiveOn } : fact;
  });
  return { ...dossier, facts };
}
