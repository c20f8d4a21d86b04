import { Injectable } from '@nestjs/common';
import { Blacklist, type Listing } from '@app/blacklist';
import { creditCodesOf, type Dossier, Dossiers, type InputSource, nameOn, resolveInputs, type ResolvedInputs } from '@app/enterprises';
import { type CreditCode, Problem } from '@app/kernel';
import { gatesOf, type InputDefinition, inputsOfGates, Policies, type PolicyVersion } from '@app/policies';
import type { LadderText } from './ladder.js';
import { type Finding, ladderInputs, propose } from './propose.js';
import type { ProposalData } from './review.js';
import { type ReadFrom, standingOf, type TierState } from './tier.js';
import { Tiers } from './tiers.js';

/** The clause of another pack a ladder holds against its enterprises, as published. */
export interface Diagnosis {
  readonly version: PolicyVersion;
  readonly clause: string;
  readonly inputs: Readonly<Record<string, InputDefinition>>;
}

/** A ladder with everything about it that is the same for all enterprises. */
export interface Measure {
  readonly text: LadderText;
  readonly inputs: Readonly<Record<string, InputDefinition>>;
  readonly diagnosis?: Diagnosis;
  /** The day of judgement, and the year its yearly facts are about. */
  readonly on: string;
  readonly year: number;
}

export interface Advice {
  readonly dossier: Dossier;
  readonly finding: Finding;
  readonly standing: string | undefined;
  readonly resolved: ResolvedInputs;
  readonly listings: readonly Listing[];
}

/** Brings ladder, dossier and black list together: what the pure `propose` cannot look up itself. */
@Injectable()
export class Advisor {
  constructor(
    private readonly policies: Policies,
    private readonly dossiers: Dossiers,
    private readonly blacklist: Blacklist,
    private readonly tiers: Tiers,
  ) {}

  async measure(text: LadderText, on: string, year = Number(on.slice(0, 4))): Promise<Measure> {
    const diagnosis = await this.diagnosisOf(text, on);
    return { text, inputs: ladderInputs(text), ...(diagnosis && { diagnosis }), on, year };
  }

  /** Undefined also while the other pack is not published: a diagnosis is advice, and nothing rests on it. */
  private async diagnosisOf({ diagnosis }: LadderText, on: string): Promise<Diagnosis | undefined> {
    if (diagnosis === undefined) return undefined;
    try {
      const version = await this.policies.versionFor(diagnosis.pack, on);
      const gates = gatesOf(version.pack, diagnosis.clause);
      return { version, clause: diagnosis.clause, inputs: inputsOfGates(version.pack, gates) };
    } catch (problem) {
      if (problem instanceof Problem && problem.kind === 'not-found') return undefined;
      throw problem;
    }
  }

  /** What is to be said of one enterprise on the day of judgement. @throws Problem `enterprise-unknown`. */
  async advise(measure: Measure, creditCode: CreditCode): Promise<Advice> {
    const dossier = await this.dossiers.require(creditCode);
    const stood = await this.tiers.on(measure.text.ladder, creditCode, measure.on);
    return this.adviseOn(measure, dossier, stood, await this.listingsOf([dossier], measure.on));
  }

  /** The same for a page of enterprises, as a review stores it. */
  async adviseAll(measure: Measure, creditCodes: readonly string[]): Promise<readonly ProposalData[]> {
    const dossiers: Dossier[] = [];
    for (const creditCode of creditCodes) dossiers.push(await this.dossiers.require(creditCode as CreditCode));
    const listings = await this.listingsOf(dossiers, measure.on);
    const proposals: ProposalData[] = [];
    for (const dossier of dossiers) {
      const { finding, standing, resolved } = this.adviseOn(
        measure,
        dossier,
        await this.tiers.load(measure.text.ladder, dossier.creditCode),
        listings,
      );
      const { creditCode } = dossier;
      proposals.push({
        creditCode,
        name: nameOn(dossier, measure.on),
        from: standing ?? null,
        ...finding,
        facts: resolved.facts,
        sources: sourcesOf(resolved),
      });
    }
    return proposals;
  }

  private adviseOn(measure: Measure, dossier: Dossier, stood: TierState, known: readonly Listing[]): Advice {
    const { text, on, diagnosis } = measure;
    const codes: readonly string[] = creditCodesOf(dossier);
    const listings = known.filter(({ subject }) => codes.includes(subject.id));
    const standing = standingOf(stood);
    const resolved = this.resolve(measure, dossier);
    const finding = propose(text, {
      on,
      standing,
      facts: resolved.facts,
      ...(diagnosis && {
        diagnosis: {
          pack: diagnosis.version.pack,
          version: diagnosis.version.version,
          clause: diagnosis.clause,
          facts: resolved.diagnosisFacts,
        },
      }),
      ...(dossier.status === 'merged' && dossier.mergedOn <= on && { mergedInto: dossier.survivor }),
      listings: listings.map(({ listing }) => listing),
    });
    return { dossier, finding, standing, resolved, listings };
  }

  /** The dossier's values for a ladder and for what it leads to. The two are read apart: a pack says for itself which year a fact is about. */
  private resolve({ inputs, diagnosis, on, year }: Measure, dossier: Dossier) {
    const options = { on, occasion: { kind: 'year', reference: String(year) } };
    const resolved = resolveInputs(dossier, named(inputs), options);
    const diagnosisFacts = diagnosis === undefined ? {} : resolveInputs(dossier, named(diagnosis.inputs), options).facts;
    return { ...resolved, diagnosisFacts };
  }

  /** The dossier's values for a ladder alone, as a decision rests on them. */
  factsOf({ inputs, on, year }: Measure, dossier: Dossier): ResolvedInputs {
    return resolveInputs(dossier, named(inputs), { on, occasion: { kind: 'year', reference: String(year) } });
  }

  /** What stands on the black list against these enterprises and those they have absorbed. */
  listingsOf(dossiers: readonly Dossier[], on: string): Promise<readonly Listing[]> {
    return this.blacklist.listingsOf(
      dossiers.flatMap((dossier) => creditCodesOf(dossier).map((id) => ({ kind: 'enterprise' as const, id }))),
      on,
    );
  }
}

const named = (inputs: Readonly<Record<string, InputDefinition>>) => Object.entries(inputs).map(([name, input]) => ({ name, ...input }));

/** The records a value was read from, as decisions keep them. */
export function readFrom({ factId, certificate, relocation, title, period }: InputSource): ReadFrom {
  return {
    ...(factId !== undefined && { factId }),
    ...(certificate !== undefined && { certificate }),
    ...(relocation !== undefined && { relocation }),
    ...(title !== undefined && { title, ...(period !== undefined && { period }) }),
  };
}

function sourcesOf({ sources }: ResolvedInputs): NonNullable<ProposalData['sources']> {
  return Object.fromEntries(Object.entries(sources).map(([input, source]) => [input, readFrom(source)]));
}
