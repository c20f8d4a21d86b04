import { awardOfStream, awardRecord } from '../past.js';
import { occasionId } from '../names.js';
import { detector, ofAward, people, yuan } from './detector.js';

/**
 * Two enterprises have awards for one project or certificate, or for one transaction with an agency or a responsible person
 * in common. Both sides of a transaction may each have their own; a common agency or person makes them related.
 */
export const relatedOccasion = detector({
  code: 'related-occasion',
  title: '关联企业以同一事项分别享受',
  severity: 'medium',
  rule: '台账规则：同一项目、证书只由一家企业享受；同一交易的双方不得有共同的服务机构或责任人员',
  judges: ['award-granted'],
  judge({ stream, data: { amount, approver } }, past) {
    const award = awardOfStream(stream);
    const record = awardRecord(past, award);
    const first = past.get('occasion', occasionId(record));
    if (first === undefined || first.payee === record.payee) return [];
    const absorbed = past.get('enterprise', record.payee)?.absorbed ?? [];
    if (absorbed.includes(first.payee)) return [];
    const links = [
      ...(record.agency !== undefined && record.agency === first.agency ? [`同一服务机构${record.agency}`] : []),
      ...record.persons.filter((person) => first.persons.includes(person)).map((person) => `同一责任人员${person}`),
    ];
    if (record.occasion.kind === 'transaction' && links.length === 0) return [];
    const linked = links.length > 0 ? `，且有${links.join('、')}` : '';
    const detail = `${record.payeeName}的${yuan(amount)}与${first.award}出自同一${KIND[record.occasion.kind] ?? '事项'}（${record.occasion.reference}）${linked}`;
    return [
      {
        ...ofAward(award, record),
        amount,
        detail,
        ...(links.length > 0 && { severity: 'high' as const }),
        officers: people(approver, record.reviewed?.by),
      },
    ];
  },
});

const KIND: Readonly<Record<string, string>> = { project: '项目', certificate: '证书', transaction: '交易' };
