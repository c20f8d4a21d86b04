import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Agencies } from '@app/agencies';
import type { Dossier } from '@app/enterprises';
import { type CommandContext, Executor, type Receipt } from '@app/event-store';
import {
  addDays,
  type BusinessDate,
  type Evidence,
  invalidField,
  isPlainReference,
  normalisedReference,
  refused,
  requireNoPersonalNumber,
} from '@app/kernel';
import type { Clause, Force } from '@app/policies';
import { awardId, awardStream, type Occasion } from '../award.js';
import { Assessor } from '../assessor.js';
import { awardDecider } from '../decide.js';
import { personReference, Standing } from '../standing.js';

export interface Application {
  readonly pack: string;
  readonly clause: string;
  readonly payee: string;
  /** The certificate's number, the year, or the reference of the project or transaction, as the clause's uniqueness rule asks. */
  readonly occasion?: string;
  /** Credit code of the service agency that prepared the application. */
  readonly agency?: string;
  /** References of the persons responsible for it. */
  readonly persons?: readonly string[];
  readonly note?: string;
  readonly evidence?: readonly Evidence[];
}

/** Applies for an award on behalf of an enterprise. */
export class ApplyForAward extends Command<Receipt & { readonly award: string }> {
  constructor(
    readonly application: Application,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(ApplyForAward)
export class ApplyForAwardHandler implements ICommandHandler<ApplyForAward> {
  constructor(
    private readonly executor: Executor,
    private readonly assessor: Assessor,
    private readonly agencies: Agencies,
    private readonly standing: Standing,
  ) {}

  async execute({ application, context }: ApplyForAward): Promise<Receipt & { readonly award: string }> {
    const { pack, agency, note, evidence } = application;
    requireNoPersonalNumber({ note, evidence });
    const before = await this.executor.replay(context);
    if (before !== undefined) return { ...before, award: before.stream.slice('award-'.length) };
    const persons = [...new Set(application.persons?.map((person, index) => personReference(person, `persons.${index}`)))];
    const dossier = await this.assessor.payee(application.payee);
    const { clause, policy, version } = await this.assessor.clause(pack, application.clause, context.effectiveOn);
    const payee = dossier.creditCode;
    const occasion = occasionOf(clause, application.occasion, dossier);
    if (occasion.kind === 'year') requireYearOf(version.pack.force, occasion.key, context.today);
    const award = awardId(pack, clause.id, payee, occasion);
    await this.assessor.requireNoOther({ pack, payee, occasion }, dossier, clause);
    if (agency !== undefined) await this.agencies.require(agency, context.effectiveOn);
    const command = {
      type: 'apply' as const,
      pack,
      clause: clause.id,
      payee,
      payeeName: dossier.name,
      occasion,
      listings: await this.standing.of({ payee, agency, persons }, context.effectiveOn),
      policy,
      ...(agency !== undefined && { agency }),
      persons,
      ...(note !== undefined && { note }),
      ...(evidence && { evidence }),
    };
    return { ...(await this.executor.execute(awardDecider, awardStream(award), command, context)), award };
  }
}

/** Whether a yearly award can be for a year: one in which the policy was in force and which has begun. */
export function isYearOf({ from, until }: Force, year: string, today: string): boolean {
  const lastDay = until === null ? undefined : addDays(until as BusinessDate, -1);
  return (from === null || year >= from.slice(0, 4)) && (lastDay === undefined || year <= lastDay.slice(0, 4)) && year <= today.slice(0, 4);
}

function requireYearOf(force: Force, year: string, today: string): void {
  if (!isYearOf(force, year, today))
    throw refused('occasion-outside-force', `the policy was not in force in ${year}, or the year has not begun`, {
      from: force.from,
      until: force.until,
    });
}

/**
 * The occasion in its one spelling. A certificate must be in the dossier; years, projects and transactions are normalised,
 * so that writing a number differently does not make a second occasion.
 */
export function occasionOf(clause: Clause, reference: string | undefined, dossier: Dossier): Occasion {
  const kind = clause.uniqueness;
  if (kind === undefined) throw refused('clause-grants-nothing', `${clause.id} (${clause.title}) is not an award`);
  if (kind === 'once') {
    if (reference !== undefined) throw invalidField('occasion', 'once', `${clause.id} is granted once: it has no occasion to name`);
    return { kind, key: 'once', reference: 'once' };
  }
  const key = normalisedReference(reference ?? '');
  if (reference === undefined || key === '' || key.length > 80 || !isPlainReference(reference))
    throw invalidField('occasion', kind, `name the ${kind} this award is for, in at most 80 Latin letters, digits and Chinese characters`);
  if (kind === 'year') {
    if (!/^20\d{2}$/.test(key)) throw invalidField('occasion', 'year', 'must be a year such as "2024"');
    // Facts are looked up by this year: it must read as one, however it was typed.
    return { kind, key, reference: key };
  }
  if (kind === 'certificate') {
    const certificate = dossier.certificates.find(({ number }) => normalisedReference(number) === key);
    if (certificate === undefined) throw refused('certificate-unknown', `the dossier of ${dossier.name} holds no certificate ${reference}`);
    return { kind, key, reference: certificate.number };
  }
  return { kind, key, reference };
}
