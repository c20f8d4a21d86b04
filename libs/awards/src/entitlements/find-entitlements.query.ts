import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Blacklist, type Listing, type Subject } from '@app/blacklist';
import { creditCodesOf, type Dossier, Dossiers, type DossierTables } from '@app/enterprises';
import { businessDateAt, CLOCK, type Clock, creditCode, refused } from '@app/kernel';
import { clauseOf, Policies, type PolicyVersion } from '@app/policies';
import { ReadModels, trueOn } from '@app/projections';
import { awards, type AwardTables } from '../list/awards.projection.js';
import { subjectsOfDossier } from '../standing.js';
import { type Entitlement, entitlementsOf, type EntitlementQuestion, isPaying, payingClause } from './entitlement.js';

export interface EntitlementSearch {
  readonly pack: string;
  readonly on: string;
  /** One clause alone; every paying clause of the pack when left out. */
  readonly clause?: string;
  readonly simulate: boolean;
  readonly near: boolean;
  readonly maxMissing: number;
  /** Also those who are offered nothing because they are black-listed, and as what. */
  readonly showsListed: boolean;
  /** The credit code after which to go on. */
  readonly after?: string;
  /** How many enterprises to look at. */
  readonly limit: number;
}

/** What was found in the dossiers of one page of enterprises. */
export interface EntitlementPage {
  readonly items: readonly Entitlement[];
  /** Pass as `after` for the next page; absent on the last. */
  readonly next?: string;
  /** Enterprises passed so far, and how many there are. */
  readonly progress: { readonly seen: number; readonly total: number };
}

/** 免申即享: who is entitled to what, before anybody applies. */
export class FindEntitlements extends Query<EntitlementPage> {
  constructor(readonly search: EntitlementSearch) {
    super();
  }
}

/** Dossiers at hand at once. Between two such lots others get their turn. */
const LOT = 25;

@QueryHandler(FindEntitlements)
export class FindEntitlementsHandler implements IQueryHandler<FindEntitlements> {
  constructor(
    private readonly readModels: ReadModels,
    private readonly policies: Policies,
    private readonly dossiers: Dossiers,
    private readonly blacklist: Blacklist,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ search }: FindEntitlements): Promise<EntitlementPage> {
    const { pack, on, simulate, near, maxMissing } = search;
    const version = await (simulate ? this.policies.versionFor(pack, on) : this.policies.versionInForce(pack, on));
    const question = { version, clauses: clausesOf(version, search.clause), on, simulate, near, maxMissing };
    const codes = await this.codesAfter(search.after ?? '', search.limit + 1);
    const page = codes.slice(0, search.limit);
    const items: Entitlement[] = [];
    for (let first = 0; first < page.length; first += LOT) {
      items.push(...(await this.inLot(page.slice(first, first + LOT), question, search.showsListed)));
      await nextTurn();
    }
    const last = page.at(-1) ?? search.after ?? '';
    return { items, ...(codes.length > page.length && { next: last }), progress: await this.progress(last) };
  }

  private async inLot(codes: readonly string[], question: EntitlementQuestion, showsListed: boolean): Promise<readonly Entitlement[]> {
    const dossiers: Dossier[] = [];
    for (const code of codes) {
      const dossier = await this.dossiers.load(creditCode(code));
      // Merged by the day: its survivor is looked at, with what it took over.
      if (dossier !== undefined && (dossier.status === 'registered' || dossier.mergedOn > question.on)) dossiers.push(dossier);
    }
    const awarded = await this.awardsOf(dossiers.flatMap(creditCodesOf), question.version.pack.id, question.on);
    const found: Entitlement[] = [];
    for (const dossier of dossiers) {
      const entitlements = entitlementsOf(dossier, question, awarded);
      if (entitlements.length === 0) continue;
      const listing = await this.longestListing(subjectsOfDossier(dossier), question.on);
      if (listing === undefined) found.push(...entitlements);
      else if (showsListed) found.push(...withheld(entitlements, listing));
    }
    return found;
  }

  private async longestListing(subjects: readonly Subject[], on: string): Promise<Listing | undefined> {
    const listings = await this.blacklist.listingsOf(subjects, on);
    return listings.reduce<Listing | undefined>((last, one) => (last === undefined || one.until > last.until ? one : last), undefined);
  }

  private async codesAfter(after: string, limit: number): Promise<readonly string[]> {
    const rows = this.readModels.from<DossierTables>().selectFrom('enterprise').select('credit_code');
    const page = await rows.where('credit_code', '>', after).orderBy('credit_code').limit(limit).execute();
    return page.map(({ credit_code }) => credit_code);
  }

  /** The awards under a pack that take up their occasion, or did on a day gone by: those that were turned down may be applied for again. */
  private async awardsOf(payees: readonly string[], pack: string, on: string): Promise<ReadonlySet<string>> {
    if (payees.length === 0) return new Set();
    const tables = this.readModels.from<AwardTables>();
    const isPast = on < businessDateAt(this.clock.now());
    const rows = await (isPast ? tables.selectFrom(trueOn(awards, on).as('award')) : tables.selectFrom('award'))
      .select('award.award')
      .where('award.payee', 'in', payees)
      .where('award.pack', '=', pack)
      .where('award.status', 'not in', ['rejected', 'withdrawn'])
      .execute();
    return new Set(rows.map(({ award }) => award));
  }

  private async progress(last: string): Promise<EntitlementPage['progress']> {
    const enterprises = this.readModels.from<DossierTables>().selectFrom('enterprise');
    const count = enterprises.select(({ fn }) => fn.countAll<number>().as('count'));
    const total = await count.executeTakeFirstOrThrow();
    const seen = await count.where('credit_code', '<=', last).executeTakeFirstOrThrow();
    return { seen: seen.count, total: total.count };
  }
}

function clausesOf({ pack }: PolicyVersion, id: string | undefined): EntitlementQuestion['clauses'] {
  if (id === undefined) return pack.clauses.filter(isPaying).map((clause) => payingClause(pack, clause.id));
  const clause = clauseOf(pack, id);
  if (!isPaying(clause)) throw refused('clause-grants-nothing', `${clause.id} (${clause.title}) is not an award with a sum`);
  return [payingClause(pack, id)];
}

/** The black-listed are offered nothing; what they would be entitled to is shown with the listing that stands in the way. */
function withheld(entitlements: readonly Entitlement[], { listing, until }: Listing): readonly Entitlement[] {
  return entitlements
    .filter(({ kind }) => kind === 'entitled')
    .map((entitlement) => ({ ...entitlement, kind: 'black-listed', listing, listedUntil: until }));
}
