import { awardOfStream, awardRecord, codeOfStream } from '../past.js';
import { gateTitle, inputLabel, tierTitle } from './labels.js';
import { detector, ofAward, people, personOf, yuan } from './detector.js';

/** A person has set aside what the ledger computed or checked. Allowed with a reason; every one is looked at. */
export const manualOverride = detector({
  code: 'manual-override',
  title: '人工突破系统结果',
  severity: 'medium',
  rule: '台账规则：人工调整金额、破格入库、收录校验不符的信用代码，逐笔复核理由',
  judges: ['award-granted', 'tier-assigned', 'tier-entered-directly', 'tier-promoted', 'tier-demoted', 'enterprise-registered'],
  judge(event, past) {
    switch (event.type) {
      case 'award-granted': {
        const { amount, override, approver } = event.data;
        if (override === undefined) return [];
        const award = awardOfStream(event.stream);
        const detail = `测算${yuan(override.computed)}，人工调整为${yuan(amount)}，理由：${override.reason}`;
        return [{ ...ofAward(award, awardRecord(past, award)), amount, detail, officers: people(override.proposedBy, approver) }];
      }
      case 'enterprise-registered': {
        const { creditCode, creditCodeFlagged, name } = event.data;
        if (!creditCodeFlagged) return [];
        const detail = `${name}的信用代码${creditCode}校验不符，凭材料收录`;
        return [{ enterprise: codeOfStream(event.stream), severity: 'low', detail, officers: personOf(event) }];
      }
      case 'tier-assigned':
      case 'tier-entered-directly':
      case 'tier-promoted':
      case 'tier-demoted': {
        const { override, creditCode, ladder, tier } = event.data;
        if (override === undefined) return [];
        const { policy } = event.metadata;
        const pack = policy?.pack ?? '';
        const gates = override.failed.map((gate) => gateTitle(past, pack, gate));
        const labels = (inputs: readonly string[]) => inputs.map((input) => inputLabel(past, pack, input)).join('、');
        const title = (id: string) => tierTitle(past, pack, ladder, id);
        const lacks = [
          ...(override.failed.length > 0 ? [`不满足${gates.join('、')}`] : []),
          ...(override.unknown.length > 0 ? [`尚缺${labels(override.unknown)}`] : []),
          ...((override.unverified ?? []).length > 0 ? [`未核实${labels(override.unverified ?? [])}`] : []),
          ...(override.assessedTier === undefined ? [] : [`测算应为${title(override.assessedTier)}`]),
        ].join('；');
        const detail = `破格列入${title(tier)}（${ladder}）${lacks === '' ? '' : `，${lacks}`}，理由：${override.reason}`;
        const concerned = { enterprise: creditCode, ...(policy && { pack: policy.pack, clause: policy.clause }) };
        return [{ ...concerned, detail, officers: people(override.by) }];
      }
    }
  },
});
