import { awardOfStream, awardRecord, fen } from '../past.js';
import { detector, ofAward, people, yuan } from './detector.js';

/** A later instalment was paid although an earlier one had never become due. Two that are due may reach the bank in any order. */
export const instalmentOutOfOrder = detector({
  code: 'instalment-out-of-order',
  title: '分期支付顺序颠倒',
  severity: 'high',
  rule: '条款规定的分期顺序；台账规则：前一期条件成就后方可支付后一期',
  judges: ['instalment-paid'],
  judge({ stream, data: { no, amount, batch } }, past) {
    const award = awardOfStream(stream);
    const record = awardRecord(past, award);
    const skipped = record.granted?.instalments.find((one) => one.no < no && one.unlockedBy === undefined && fen(one.amount) > 0);
    if (skipped === undefined) return [];
    const unlockedBy = record.granted?.instalments.find((one) => one.no === no)?.unlockedBy;
    return [
      {
        ...ofAward(award, record),
        amount,
        detail: `第${no}期${yuan(amount)}已付，而第${skipped.no}期（${yuan(skipped.amount)}）的条件从未成就`,
        officers: people(unlockedBy, past.get('batch', `batch-${batch}`)?.payer),
      },
    ];
  },
});
