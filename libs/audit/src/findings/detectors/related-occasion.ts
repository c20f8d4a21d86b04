import { awardOfStream, awardRecord, type AwardRecord, type Memories } from '../past.js';
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
    const absorbed = past.get('enterprise', record.payee)?.absorbed ?? [];
    const others = (past.get('occasion', occasionId(record)) ?? [])
      .filter(({ payee }) => payee !== record.payee && !absorbed.includes(payee))
      .filter((other) => !awardRecord(past, other.award).isRevoked)
      .map((other) => ({ ...other, links: linksBetween(record, other) }))
      .filter(({ links }) => record.occasion.kind !== 'transaction' || links.length > 0);
    if (others.length === 0) return [];
    const links = [...new Set(others.flatMap((other) => other.links))];
    const linked = links.length > 0 ? `，且有${links.join('、')}` : '';
    const detail = `${record.payeeName}的${yuan(amount)}与${others.map((other) => other.award).join('、')}出自同一${KIND[record.occasion.kind] ?? '事项'}（${record.occasion.reference}）${linked}`;
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

function linksBetween({ agency, persons }: AwardRecord, other: Memories['occasion'][number]): readonly string[] {
  return [
    ...(agency !== undefined && agency === other.agency ? [`同一服务机构${agency}`] : []),
    ...persons.filter((person) => other.persons.includes(person)).map((person) => `同一责任人员${person}`),
  ];
}

const KIND: Readonly<Record<string, string>> = { project: '项目', certificate: '证书', transaction: '交易' };
