import { Injectable } from '@nestjs/common';
import { creditCodesOf, type Dossier, Dossiers, resolveInputs } from '@app/enterprises';
import { Executor } from '@app/event-store';
import { contentHash, creditCode, notFound, type PolicyCitation, refused } from '@app/kernel';
import { type Assessment, assess, type Clause, clauseOf, inputsOf, Policies, type PolicyVersion } from '@app/policies';
import {
  type Application,
  type AssessmentRecord,
  awardId,
  awardStream,
  type GrantedState,
  type Occasion,
  type UsedInput,
} from './award.js';
import { awardDecider } from './decide.js';
import { Payees } from './disbursement/payees.js';

/** An assessment made from the dossier, with everything needed to make it again. */
export interface Assessed {
  readonly record: AssessmentRecord;
  readonly policy: PolicyCitation;
}

/** Brings policy, dossier and award together: what the pure deciders cannot look up themselves. */
@Injectable()
export class Assessor {
  constructor(
    private readonly policies: Policies,
    private readonly dossiers: Dossiers,
    private readonly executor: Executor,
    private readonly payees: Payees,
  ) {}

  /** The payee's dossier. @throws Problem `enterprise-unknown`, or `enterprise-merged` naming the survivor. */
  async payee(code: string): Promise<Dossier> {
    const dossier = await this.dossiers.load(creditCode(code, 'payee'));
    if (dossier === undefined) throw notFound('enterprise-unknown', `no enterprise is registered under ${code}`);
    if (dossier.status === 'merged')
      throw refused('enterprise-merged', `${dossier.name} has been merged into ${dossier.survivor}`, { survivor: dossier.survivor });
    return dossier;
  }

  /** The clause as published for a date. Draft policies have a version too; what they grant is decided by the assessment. */
  async clause(
    pack: string,
    clause: string,
    on: string,
  ): Promise<{ readonly version: PolicyVersion; readonly clause: Clause; readonly policy: PolicyCitation }> {
    const version = await this.policies.versionFor(pack, on);
    return { version, clause: clauseOf(version.pack, clause), policy: { pack, clause, version: version.version, hash: version.hash } };
  }

  /** The clause as it may be granted on a date. @throws Problem `policy-not-in-force`: a draft, before or after its dates, repealed. */
  async clauseInForce(pack: string, clause: string, on: string) {
    const version = await this.policies.versionInForce(pack, on);
    return {
      pack: version.pack,
      clause: clauseOf(version.pack, clause),
      policy: { pack, clause, version: version.version, hash: version.hash },
    };
  }

  /** Assesses an application from the facts the dossier holds for a business date. */
  async assess(application: Application, on: string): Promise<Assessed> {
    const { version, policy } = await this.clause(application.pack, application.clause, on);
    return { policy, record: await this.assessUnder(version, application, on, on) };
  }

  /** Assesses under a given version: `inForceOn` decides whether the policy applies, `factsOn` which facts are known to hold. */
  async assessUnder(
    version: PolicyVersion,
    application: Application | GrantedState,
    inForceOn: string,
    factsOn: string,
  ): Promise<AssessmentRecord> {
    const resolved = await this.resolve(version, application, factsOn);
    const assessment: Assessment = assess(version.pack, application.clause, {
      on: inForceOn,
      facts: resolved.facts,
      sources: resolved.sources,
      policy: version,
    });
    return { version: version.version, packHash: version.hash, on: inForceOn, facts: resolved.facts, used: resolved.used, assessment };
  }

  /**
   * What the dossier says for a clause's inputs on a business date. A granted award goes on with the successor of a merged
   * payee, once an approver has confirmed it.
   * @throws Problem `enterprise-merged` before the grant, `payee-merged` after it while no successor is confirmed.
   */
  async resolve(version: PolicyVersion, application: Application | GrantedState, on: string) {
    const dossier = await this.dossierOf(application);
    const { kind, reference } = application.occasion;
    const inputs = Object.entries(inputsOf(version.pack, application.clause)).map(([name, input]) => ({ name, ...input }));
    const resolved = resolveInputs(dossier, inputs, { on, occasion: { kind, reference } });
    const used: readonly UsedInput[] = resolved.used.map(({ input, value, verified, source }) => ({ input, value, verified, source }));
    return { facts: resolved.facts, sources: resolved.sources, used };
  }

  private async dossierOf(application: Application | GrantedState): Promise<Dossier> {
    if (!('grant' in application)) return this.payee(application.payee);
    const dossier = await this.payees.dossierOf(application);
    if ('refusal' in dossier) throw refused(dossier.refusal, dossier.detail);
    return dossier;
  }

  /**
   * Refuses a grant whose ground has moved since it was assessed: a fact it rests on was corrected or disputed, or what
   * has happened since (a revoked certificate, a departure) makes the clause grant something else today.
   * @throws Problem `facts-changed` naming the inputs, `assessment-changed` with both results.
   */
  async requireStillTrue(application: Application, record: AssessmentRecord, today: string): Promise<void> {
    const version = await this.policies.version(application.pack, record.version);
    const now = await this.resolve(version, application, record.on);
    const names = new Set([...Object.keys(now.facts), ...Object.keys(record.facts)]);
    const changed = [...names].filter((name) => now.facts[name] !== record.facts[name]).sort();
    if (changed.length > 0 || contentHash(now.facts) !== contentHash(record.facts)) {
      throw refused('facts-changed', `since the assessment these facts have changed: ${changed.join(', ')}; assess the award again`, {
        changed,
      });
    }
    const { assessment } = await this.assessUnder(version, application, today, today);
    const [then, result] = [resultOf(record.assessment), resultOf(assessment)];
    if (then !== result)
      throw refused('assessment-changed', `assessed today the clause gives ${result}, not ${then}; assess the award again`, {
        then,
        today: result,
      });
  }

  /**
   * Refuses when another award already covers the occasion: the same clause paid to an enterprise this one has absorbed,
   * or a clause that does not stack with this one.
   * @throws Problem `award-exists` or `does-not-stack`, naming the other award.
   */
  async requireNoOther(application: Pick<Application, 'pack' | 'payee' | 'occasion'>, dossier: Dossier, clause: Clause): Promise<void> {
    const { pack, payee, occasion } = application;
    for (const code of creditCodesOf(dossier)) {
      for (const other of [clause.id, ...(clause.excludes ?? [])]) {
        const id = awardId(pack, other, code, occasion);
        if (other === clause.id && code === payee) continue;
        const { state } = await this.executor.load(awardDecider, awardStream(id));
        if (state.status === 'none' || state.status === 'closed') continue;
        if (other === clause.id)
          throw refused('award-exists', `${state.payeeName} (${code}), now part of this enterprise, already has this award`, { award: id });
        throw refused(
          'does-not-stack',
          `${clause.id} is not paid beside ${other} for the same occasion; ${state.payeeName} has ${id} (${state.status})`,
          { award: id },
        );
      }
    }
  }
}

/** What an assessment comes to, apart from how it got there and from instalments that have been met meanwhile. */
function resultOf(assessment: Assessment): string {
  if (assessment.outcome === 'discretionary') return `${assessment.outcome} ${assessment.ceiling}`;
  if (assessment.outcome !== 'payable') return assessment.outcome;
  return [assessment.outcome, assessment.amount, ...(assessment.instalments ?? []).map(({ no, amount }) => `${no}:${amount}`)].join(' ');
}

/** Keys that two awards which exclude each other share, so that the budget line they are paid from refuses the second. */
export function exclusionKeys(clause: Clause, payee: string, occasion: Occasion): readonly string[] {
  return (clause.excludes ?? []).map((other) => [[clause.id, other].sort().join('+'), payee, occasion.key].join('|'));
}
