import { awardOfStream, awardRecord, type AwardRecord, type Past } from '../past.js';
import { factId } from '../names.js';
import { inputLabel } from './labels.js';
import { detector, ofAward, people, yuan } from './detector.js';

/**
 * An instalment was paid while a fact its award or its unlocking rests on had not been verified, or stood disputed. What a
 * payment before it was told of for is not told of again.
 */
export const unverifiedFactPaid = detector({
  code: 'unverified-fact-paid',
  title: '依据未核实的事实拨付',
  severity: 'medium',
  rule: '台账规则：拨付所依据的事实须经申报人以外的人员凭材料核实',
  judges: ['instalment-paid'],
  judge({ stream, data: { no, amount } }, past) {
    const award = awardOfStream(stream);
    const record = awardRecord(past, award);
    const unverified = unverifiedAt(record, no, past).filter((fact) => !record.paidOver.includes(factKey(fact)));
    if (unverified.length === 0) return [];
    const named = unverified.map(({ input, fact }) => `${inputLabel(past, record.pack, input)}（${fact}）`).join('、');
    return [
      {
        ...ofAward(award, record),
        amount,
        detail: `拨付第${no}期${yuan(amount)}时，所依据的${named}尚未核实或有异议`,
        officers: people(record.reviewed?.by),
      },
    ];
  },
});

interface RestedOn {
  readonly input: string;
  readonly code: string;
  readonly fact: string;
}

/** The facts an instalment rests on that are not verified by now, each once. */
export function unverifiedAt({ payee, assessed, granted }: AwardRecord, no: number, past: Past): readonly RestedOn[] {
  const unlocked = granted?.instalments.find((one) => one.no === no)?.rests ?? [];
  const facts = [...(assessed?.rests ?? []), ...unlocked].flatMap(({ input, code = payee, factId: fact }) =>
    fact === undefined || past.get('fact', factId(code, fact))?.isVerified === true ? [] : [{ input, code, fact }],
  );
  return [...new Map(facts.map((one) => [factKey(one), one])).values()];
}

export const factKey = ({ code, fact }: RestedOn): string => factId(code, fact);
