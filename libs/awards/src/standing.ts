import { Injectable } from '@nestjs/common';
import { Blacklist, isSamePerson, type Listing, type Subject, subjectOf } from '@app/blacklist';
import { creditCodesOf, type Dossier, Dossiers } from '@app/enterprises';
import { creditCode, Problem } from '@app/kernel';

/** Those whose black-listing bears on an award. */
export interface Involved {
  readonly payee: string;
  readonly agency?: string;
  readonly persons?: readonly string[];
}

/** Whether those an award involves are black-listed (列入失信名单). */
@Injectable()
export class Standing {
  constructor(
    private readonly dossiers: Dossiers,
    private readonly blacklist: Blacklist,
  ) {}

  /** The listings in effect on a day of the payee, under every code it has or has taken over, of the agency and of the persons. */
  async of(involved: Involved, on: string): Promise<readonly Listing[]> {
    return this.blacklist.listingsOf(await this.subjectsOf(involved), on);
  }

  /** The listings in effect on a day of the payee itself: those that stop a payment without anybody's asking. */
  async ofPayee(payee: string, on: string): Promise<readonly Listing[]> {
    return this.blacklist.listingsOf((await this.codesOf(payee)).map(enterprise), on);
  }

  /** Whether a listing's subject is involved in an award, in whichever part it was listed. */
  async concerns(subject: Subject, involved: Involved): Promise<boolean> {
    return (await this.subjectsOf(involved)).some((one) => isSamePerson(one, subject));
  }

  /** Every code under which awards may have gone to the enterprise that a code names today: merged ones are one with their survivor. */
  async codesOf(code: string): Promise<readonly string[]> {
    const codes = new Set([code]);
    let dossier = await this.dossiers.load(creditCode(code));
    while (dossier?.status === 'merged' && !codes.has(dossier.survivor)) {
      codes.add(dossier.survivor);
      dossier = await this.dossiers.load(dossier.survivor);
    }
    for (const each of dossier === undefined ? [] : creditCodesOf(dossier)) codes.add(each);
    return [...codes];
  }

  private async subjectsOf({ payee, agency, persons = [] }: Involved): Promise<readonly Subject[]> {
    return [
      ...(await this.codesOf(payee)).map(enterprise),
      ...(agency === undefined ? [] : [{ kind: 'agency' as const, id: agency }]),
      ...persons.map((id) => ({ kind: 'person' as const, id })),
    ];
  }
}

/** Whether a listing has effect on a day: until its term runs out or it is ended. */
export function isInEffect({ from, until, ended }: Listing & { readonly ended?: string }, on: string): boolean {
  return from <= on && on < until && (ended === undefined || on < ended);
}

/** Every code of a dossier at hand, as subjects of listings. */
export function subjectsOfDossier(dossier: Dossier): readonly Subject[] {
  return creditCodesOf(dossier).map(enterprise);
}

/**
 * A person's reference in its one spelling, the blacklist's.
 * @throws Problem `personal-data` for a name or an identity number, `invalid-input` for anything else, naming the field.
 */
export function personReference(text: string, field: string): string {
  try {
    return subjectOf('person', text).id;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const errors = error.errors.map((each) => ({ ...each, field }));
    throw new Problem(error.kind, error.code, error.detail.replace(/^id(?=\W)/, field), errors);
  }
}

const enterprise = (id: string): Subject => ({ kind: 'enterprise', id });
