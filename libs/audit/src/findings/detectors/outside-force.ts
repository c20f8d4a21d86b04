import { versionInForce } from '@app/policies';
import { awardOfStream, awardRecord, policyOf } from '../past.js';
import { detector, ofAward, people, personOf, yuan } from './detector.js';

/** A decision that applies a clause on a day on which the policy, or that version of it, was not in force. */
export const outsideForce = detector({
  code: 'outside-force',
  title: '在政策施行期外作出决定',
  severity: 'high',
  rule: '政策载明的施行期间；台账规则：决定适用作出当日有效的版本',
  // Leaving a ladder is possible after the end of its policy too.
  judges: ['award-granted', 'tier-assigned', 'tier-entered-directly', 'tier-promoted', 'tier-demoted'],
  judge(event, past) {
    if (event.type === 'award-granted') {
      const award = awardOfStream(event.stream);
      const record = awardRecord(past, award);
      const { amount, approver } = event.data;
      const on = record.starting?.on ?? event.metadata.effectiveOn;
      const fault = faultOn(past, record.pack, record.assessed?.version, on);
      if (fault === undefined) return [];
      return [{ ...ofAward(award, record), amount, detail: `${on}批准${yuan(amount)}：${fault}`, officers: people(approver) }];
    }
    const { policy, effectiveOn: on } = event.metadata;
    if (policy === undefined) return [];
    const fault = faultOn(past, policy.pack, policy.version, on);
    if (fault === undefined) return [];
    const { creditCode, ladder, review } = event.data;
    const officers = review === undefined ? personOf(event) : people(review.decidedBy);
    const { pack, clause } = policy;
    return [{ enterprise: creditCode, pack, clause, detail: `${on}在${ladder}的梯次变动：${fault}`, officers }];
  },
});

function faultOn(past: Parameters<typeof policyOf>[0], pack: string, version: number | undefined, on: string): string | undefined {
  const inForce = versionInForce(policyOf(past, pack), on);
  if (inForce === undefined) return `当日政策${pack}不在施行期内`;
  if (version !== inForce.version) return `所引为第${version ?? '？'}版，当日有效的是第${inForce.version}版`;
  return undefined;
}
