import { normalisedReference } from '@app/kernel';
import { awardOfStream, awardRecord } from '../past.js';
import { detector, ofAward, people, yuan } from './detector.js';

/** The account that was paid to has been paid to for another enterprise, which is no part of this one. */
export const sharedAccount = detector({
  code: 'shared-account',
  title: '不同企业收款账户相同',
  severity: 'high',
  rule: '台账规则：奖补拨付至企业本单位账户；多家企业共用账户按关联企业核查',
  judges: ['instalment-paid'],
  judge({ stream, data: { no, amount, batch, line: number } }, past) {
    const line = past.get('batch-line', `${batch}/${number}`);
    const first = line && past.get('account', normalisedReference(line.account));
    if (line === undefined || first === undefined || first.payee === line.payee) return [];
    const isOnePart = (one: string, other: string) => past.get('enterprise', one)?.absorbed.includes(other) === true;
    if (isOnePart(line.payee, first.payee) || isOnePart(first.payee, line.payee)) return [];
    const award = awardOfStream(stream);
    const record = awardRecord(past, award);
    const other = past.get('enterprise', first.payee)?.name ?? first.payee;
    const detail = `第${no}期${yuan(amount)}付入的账户曾为${other}（${first.award}）收款`;
    const officers = people(past.get('batch', `batch-${batch}`)?.payer, past.get('enterprise', line.payee)?.accountRecordedBy);
    return [{ ...ofAward(award, record), enterprise: line.payee, amount, detail, officers }];
  },
});
