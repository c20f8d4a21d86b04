import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { sql } from 'kysely';
import { Dossiers, type DossierTables, HNTE, nameOn, nameOnDay, resolveInputs } from '@app/enterprises';
import { cursorKey, type Page, pageOf } from '@app/http';
import { businessDate, businessDateAt, CLOCK, type Clock, type CreditCode, daysBetween, notFound, unreachable } from '@app/kernel';
import { type Clause, clauseOf, type Condition, diagnose, inputsOfGates, type Pack, Policies, type RosterRule } from '@app/policies';
import { ReadModels } from '@app/projections';
import { ListStanding, type StandingView } from '../standings/standings.query.js';

type RosterClause = Clause & { readonly shape: Extract<Clause['shape'], { kind: 'roster' }> };

/** The lists (名单) the published policies speak of. */
export class ListRosters extends Query<Page<RosterSummary>> {
  constructor(
    readonly pack?: string,
    readonly on?: string,
  ) {
    super();
  }
}

export interface RosterSummary {
  readonly pack: string;
  readonly clause: string;
  readonly title: string;
  readonly citation: Clause['citation'];
  readonly of: RosterRule['kind'];
}

@QueryHandler(ListRosters)
export class ListRostersHandler implements IQueryHandler<ListRosters> {
  constructor(
    private readonly policies: Policies,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ pack, on = businessDateAt(this.clock.now()) }: ListRosters): Promise<Page<RosterSummary>> {
    const packs = pack === undefined ? (await this.policies.published()).map(({ id }) => id) : [pack];
    const items: RosterSummary[] = [];
    for (const id of packs) {
      const { clauses } = (await this.policies.versionFor(id, on)).pack;
      for (const clause of clauses) {
        if (!isRoster(clause)) continue;
        items.push({ pack: id, clause: clause.id, title: clause.title, citation: clause.citation, of: clause.shape.of.kind });
      }
    }
    return { items };
  }
}

export interface RosterFilter {
  readonly on?: string;
  /** Of a list of those whose facts meet a condition: those of whom it cannot be told, instead. */
  readonly unknown?: boolean;
  readonly limit: number;
  readonly cursor?: string;
}

/** Who stands on a list on a day, as the ledger's records say. */
export class FindRoster extends Query<RosterPage> {
  constructor(
    readonly pack: string,
    readonly clause: string,
    readonly filter: RosterFilter,
  ) {
    super();
  }
}

export interface ExpiringCertificate {
  readonly creditCode: string;
  readonly name: string;
  readonly number: string;
  readonly expiresOn: string;
  /** Negative once it has expired. */
  readonly daysLeft: number;
  /** Number of a certificate issued later that has not been revoked. */
  readonly laterCertificate?: string;
}
export interface MatchingEnterprise {
  readonly creditCode: string;
  readonly name: string;
  readonly facts: Readonly<Record<string, string | boolean>>;
  /** The inputs that are not known. */
  readonly unknown?: readonly { readonly input: string; readonly label: string }[];
}
export interface RosterPage extends Page<ExpiringCertificate | MatchingEnterprise | StandingView> {
  readonly pack: string;
  readonly clause: string;
  readonly title: string;
  readonly of: RosterRule['kind'];
  readonly on: string;
}

/** Dossiers one page of a list by facts looks at; it may hold few items, or none, and still have a next. */
const MOST_DOSSIERS = 500;

@QueryHandler(FindRoster)
export class FindRosterHandler implements IQueryHandler<FindRoster> {
  constructor(
    private readonly policies: Policies,
    private readonly dossiers: Dossiers,
    private readonly readModels: ReadModels,
    private readonly queries: QueryBus,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ pack: id, clause: clauseId, filter }: FindRoster): Promise<RosterPage> {
    const on = filter.on ?? businessDateAt(this.clock.now());
    const { pack } = await this.policies.versionFor(id, on);
    const clause = clauseOf(pack, clauseId);
    if (!isRoster(clause)) throw notFound('clause-is-no-roster', `${id} ${clauseId} is not a list`);
    const { of } = clause.shape;
    return { pack: id, clause: clauseId, title: clause.title, of: of.kind, on, ...(await this.page(pack, clause, { ...filter, on })) };
  }

  private page(pack: Pack, clause: RosterClause, filter: Dated): Promise<Page<ExpiringCertificate | MatchingEnterprise | StandingView>> {
    const { of } = clause.shape;
    switch (of.kind) {
      case 'expiring-certificates':
        return this.expiring(of.years, filter);
      case 'facts':
        return this.matching(pack, clause, of.when, filter);
      case 'ladder':
        return this.queries.execute(new ListStanding(of.ladder, { on: filter.on, limit: filter.limit, cursor: filter.cursor }));
      default:
        return unreachable(of);
    }
  }

  /** Certificates known and not revoked by the day, by the day on which they expire. */
  private async expiring(years: readonly number[], { on, limit, cursor }: Dated): Promise<Page<ExpiringCertificate>> {
    const after = cursorKey(cursor, ['string', 'string', 'string']);
    let query = this.readModels
      .from<DossierTables>()
      .selectFrom('enterprise_certificate as c')
      .innerJoin('enterprise as e', 'e.credit_code', 'c.credit_code')
      .select(['c.credit_code', 'c.reference', 'c.number', 'c.expires_on', nameOnDay(on, 'e').as('name')])
      .select((row) =>
        row
          .selectFrom('enterprise_certificate as l')
          .select('l.number')
          .whereRef('l.credit_code', '=', 'c.credit_code')
          .whereRef('l.kind', '=', 'c.kind')
          .whereRef('l.issued_on', '>', 'c.issued_on')
          .where('l.issued_on', '<=', on)
          .where((where) => where.or([where('l.revoked_on', 'is', null), where('l.revoked_on', '>', on)]))
          .orderBy('l.issued_on', 'desc')
          .limit(1)
          .as('later'),
      )
      .where('c.kind', '=', HNTE)
      .where('c.issued_on', '<=', on)
      .where((where) => where.or([where('c.revoked_on', 'is', null), where('c.revoked_on', '>', on)]))
      .where('c.expires_on', '>=', `${Math.min(...years)}-01-01`)
      .where('c.expires_on', '<=', `${Math.max(...years)}-12-31`)
      .where(sql<string>`substr(c.expires_on, 1, 4)`, 'in', years.map(String));
    if (after !== undefined) {
      const [expiresOn, code, reference] = after as readonly [string, string, string];
      query = query.where(sql<boolean>`(c.expires_on, c.credit_code, c.reference) > (${expiresOn}, ${code}, ${reference})`);
    }
    const rows = await query
      .orderBy('c.expires_on')
      .orderBy('c.credit_code')
      .orderBy('c.reference')
      .limit(limit + 1)
      .execute();
    const page = pageOf(rows, limit, ({ expires_on, credit_code, reference }) => [expires_on, credit_code, reference]);
    return {
      ...page,
      items: page.items.map(({ credit_code, name, number, expires_on, later }) => ({
        creditCode: credit_code,
        name,
        number,
        expiresOn: expires_on,
        daysLeft: daysBetween(businessDate(on), businessDate(expires_on)),
        ...(later !== null && { laterCertificate: later }),
      })),
    };
  }

  /** Enterprises whose dossiers meet a condition, found by looking at one after the other. */
  private async matching(
    pack: Pack,
    clause: RosterClause,
    when: Condition,
    { on, unknown = false, limit, cursor }: Dated,
  ): Promise<Page<MatchingEnterprise>> {
    const asked = withGate(pack, clause, when);
    const inputs = Object.entries(inputsOfGates(asked, [GATE])).map(([name, input]) => ({ name, ...input }));
    const items: MatchingEnterprise[] = [];
    let last = (cursorKey(cursor, ['string'])?.[0] as string | undefined) ?? '';
    const codes = await this.codes(last);
    for (const code of codes.slice(0, MOST_DOSSIERS)) {
      if (items.length === limit) return { items, next: cursorOf(last) };
      last = code;
      const dossier = await this.dossiers.require(code);
      const { facts } = resolveInputs(dossier, inputs, { on, occasion: { kind: 'year', reference: on.slice(0, 4) } });
      const [found] = diagnose(asked, [GATE], facts);
      if (found === undefined || found.holds !== (unknown ? null : true)) continue;
      items.push({ creditCode: code, name: nameOn(dossier, on), facts, ...(unknown && { unknown: found.unknown }) });
    }
    return codes.length > MOST_DOSSIERS ? { items, next: cursorOf(last) } : { items };
  }

  private async codes(after: string): Promise<readonly CreditCode[]> {
    const rows = await this.readModels
      .from<DossierTables>()
      .selectFrom('enterprise')
      .select('credit_code')
      .where('status', '=', 'registered')
      .where('credit_code', '>', after)
      .orderBy('credit_code')
      .limit(MOST_DOSSIERS + 1)
      .execute();
    return rows.map(({ credit_code }) => credit_code as CreditCode);
  }
}

type Dated = RosterFilter & { readonly on: string };

/** The cursor that goes on after an enterprise that need not be on the page. */
const cursorOf = (code: string) => pageOf([code, code], 1, (last) => [last]).next as string;
const isRoster = (clause: Clause): clause is RosterClause => clause.shape.kind === 'roster';

const GATE = 'roster';
const asked = new WeakMap<Clause, Pack>();

/** The pack with the list's condition as its one gate, so that it is read as every gate is. */
function withGate(pack: Pack, clause: RosterClause, when: Condition): Pack {
  let known = asked.get(clause);
  if (known === undefined) {
    known = { ...pack, gates: [{ id: GATE, title: clause.title, citation: clause.citation, when }] };
    asked.set(clause, known);
  }
  return known;
}
