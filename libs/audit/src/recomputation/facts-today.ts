import { Injectable } from '@nestjs/common';
import { type Dossier, Dossiers, factOf, type ResolvedInputs, resolveInputs } from '@app/enterprises';
import { creditCode } from '@app/kernel';
import { inputsOf, type Pack } from '@app/policies';
import type { AwardRecord, Facts } from './award-record.js';

/** A clause's inputs for a day of the past, from what the dossier holds today. */
@Injectable()
export class FactsToday {
  constructor(private readonly dossiers: Dossiers) {}

  async of(pack: Pack, { clause, payee, occasion }: Pick<AwardRecord, 'clause' | 'payee' | 'occasion'>, on: string): Promise<Facts> {
    const dossier = await this.dossierOn(payee, on);
    return dossier === undefined ? {} : this.resolved(dossier, pack, clause, occasion, on).facts;
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
 * A correction says what was true all along, on whichever day it was made: it counts from the day of what it corrects.
 * A decision on the day itself could not know it; whoever looks back can.
 */
export function asKnownToday(dossier: Dossier): Dossier {
  const facts = dossier.facts.map((fact) => {
    let first = fact;
    while (first.corrects !== undefined) {
      const before = factOf(dossier, first.corrects);
      if (before === undefined) break;
      first = before;
    }
    return first.effectiveOn < fact.effectiveOn ? { ...fact, effectiveOn: first.effectiveOn } : fact;
  });
  return { ...dossier, facts };
}
