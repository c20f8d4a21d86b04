import { Injectable } from '@nestjs/common';
import { notFound, refused } from '@app/kernel';
import { clauseOf, latestVersion, Policies } from '@app/policies';
import { type DutyRef, type DutyStatus, statusOn } from './duty.js';
import { type DutyInstance, instancesOf, type Span, spanOfPeriod } from './instances.js';
import { DutyRecords, type Proof } from './records/duty-records.js';

/** A duty with how it stands on a day. */
export interface StandingDuty {
  readonly duty: DutyInstance;
  readonly standing: DutyStatus;
  readonly proof?: Proof;
}

/** The duties that published policies set. */
@Injectable()
export class Duties {
  constructor(
    private readonly policies: Policies,
    private readonly records: DutyRecords,
  ) {}

  /** @throws Problem `policy-unknown`, `clause-not-found`, `clause-sets-no-deadline`, `duty-unknown`. */
  async duty({ pack, clause: id, period }: DutyRef): Promise<DutyInstance> {
    const state = await this.policies.state(pack);
    const version = latestVersion(state);
    if (version === undefined) throw notFound('policy-unknown', `no policy ${pack} has been published`);
    const publishedOn = (await this.records.publications())(pack);
    const instances = instancesOf(state, publishedOn, spanOfPeriod(period)).filter(({ policy }) => policy.clause === id);
    const duty = instances.find((one) => one.period === period);
    if (duty !== undefined) return duty;
    if (clauseOf(version.pack, id).shape.kind !== 'deadline') throw refused('clause-sets-no-deadline', `clause ${id} sets no duty`);
    const known = instances.map((one) => one.period).join(', ');
    throw notFound('duty-unknown', `${pack} ${id} asks nothing for ${period}${known === '' ? '' : `; that year it asks for ${known}`}`);
  }

  /** How every duty due within a span stands on a day, in the order of their days. */
  async standing(pack: string | undefined, span: Span, day: string): Promise<readonly StandingDuty[]> {
    const ids = pack === undefined ? (await this.policies.published()).map(({ id }) => id) : [pack];
    const publications = await this.records.publications();
    const duties: DutyInstance[] = [];
    for (const id of ids) {
      const state = await this.policies.state(id);
      if (state.status === 'unpublished') throw notFound('policy-unknown', `no policy ${id} has been published`);
      duties.push(...instancesOf(state, publications(id), span));
    }
    if (duties.length === 0) return [];
    const proofOf = await this.records.proofs(duties, day);
    return duties
      .map((duty) => {
        const proof = proofOf(duty);
        return { duty, standing: statusOn(duty.due, proof?.on, day), ...(proof && { proof }) };
      })
      .sort(({ duty: one }, { duty: other }) => (one.due === other.due ? (one.id < other.id ? -1 : 1) : one.due < other.due ? -1 : 1));
  }
}
