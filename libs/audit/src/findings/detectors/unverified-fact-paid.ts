import { awardOfStream, awardRecord } from '../past.js';
import { factId } from '../names.js';
import { inputLabel } from './labels.js';
import { detector, ofAward, people, yuan } from './detector.js';

/** Money was first paid on an award while a fact it rests on had not been verified, or stood disputed. */
export const unverifiedFactPaid = detector({
  code: 'unverified-fact-paid',
  title: '依据未核实的事实拨付',
  severity: 'medium',
  rule: '台账规则：拨付所依据的事实须经申报人以外的人员凭材料核实',
  judges: ['instalment-paid'],
  judge({ stream, data: { amount } }, past) {
    const award = awardOfStream(stream);
    const record = awardRecord(past, award);
    if (record.hasBeenPaid) return [];
    const unverified = (record.assessed?.rests ?? []).filter(
      (rest) => rest.factId !== undefined && past.get('fact', factId(record.payee, rest.factId))?.isVerified !== true,
    );
    if (unverified.length === 0) return [];
    const named = unverified.map((rest) => `${inputLabel(past, record.pack, rest.input)}（${rest.factId ?? ''}）`).join('、');
    return [
      {
        ...ofAward(award, record),
        amount,
        detail: `拨付${yuan(amount)}时，所依据的${named}尚未核实或有异议`,
        officers: people(record.reviewed?.by),
      },
    ];
  },
});
