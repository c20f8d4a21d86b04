import type { RecordedEvent } from '@app/event-store';
import { changeFrom, datedTable, type Projection, type Rows, type Since, table } from '@app/projections';
import type { Pack } from '../pack.js';
import type { PolicyEvent } from '../policy.js';
import { policyEvents } from '../policy.codec.js';
import { dayOfPolicyEvent } from '../policy-on.js';

/** One published version of a policy. */
export interface PolicyRow extends Since {
  readonly pack: string;
  readonly version: number;
  readonly title: string;
  readonly issuer: string;
  readonly region: string;
  /** draft or in-force, as published */
  readonly status: string;
  readonly disclosure: string;
  readonly force_from: string | null;
  readonly force_until: string | null;
  /** Set when the policy was expired or repealed. */
  readonly ended_on: string | null;
  readonly ended_how: string | null;
  readonly hash: string;
  readonly published_on: string;
  readonly revision: number;
}

export interface PolicyTables {
  readonly policy: PolicyRow;
}

const policyTable = table<PolicyRow>({
  name: 'policy',
  columns: {
    pack: 'text',
    version: 'integer',
    title: 'text',
    issuer: 'text',
    region: 'text',
    status: 'text',
    disclosure: 'text',
    force_from: 'text',
    force_until: 'text',
    ended_on: 'text',
    ended_how: 'text',
    hash: 'text',
    published_on: 'text',
    revision: 'integer',
    from_day: 'text',
  },
  key: ['pack', 'version'],
});

/** Versions by the business days on which they had force. */
export const policies = datedTable(policyTable);

/** The published versions of every policy. */
export class PoliciesProjection implements Projection {
  readonly name = 'policies';
  readonly version = 2;
  readonly tables = [policies.now, policies.past] as never[];
  readonly handles = new Set(Object.keys(policyEvents));

  apply(recorded: RecordedEvent, rows: Rows): void {
    const event = recorded as RecordedEvent & PolicyEvent;
    const pack = event.stream.slice('policy-'.length);
    const { revision, metadata } = event;
    const day = dayOfPolicyEvent({ event, effectiveOn: metadata.effectiveOn });
    switch (event.type) {
      case 'policy-published':
      case 'policy-amended': {
        const { title, issuer, region, disclosure } = event.data.pack as Pack;
        const { version, status, from, until, hash } = event.data;
        const dates = { force_from: from, force_until: until, ended_on: null, ended_how: null, published_on: metadata.effectiveOn };
        const row = { pack, version, title, issuer, region, status, disclosure, hash, revision, ...dates };
        return changeFrom(rows, policies, [pack, version], day, () => row);
      }
      case 'policy-expired':
      case 'policy-repealed': {
        const end = { ended_on: event.data.on, ended_how: event.type === 'policy-expired' ? 'expired' : 'repealed' };
        for (let version = 1; rows.get(policyTable, pack, version) !== undefined; version += 1)
          changeFrom(rows, policies, [pack, version], day, (row) => row && { ...row, ...end, revision });
        return;
      }
      case 'interpretation-settled': {
        const { version } = event.data;
        if (rows.get(policyTable, pack, version) === undefined) throw new Error(`${pack} has no version ${version}`);
        changeFrom(rows, policies, [pack, version], day, (row) => row && { ...row, revision });
      }
    }
  }
}
