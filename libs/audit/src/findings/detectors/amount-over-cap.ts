import { awardOfStream, awardRecord, fen } from '../past.js';
import { detector, ofAward, people, yuan, yuanOfFen } from './detector.js';

/** More was granted than the clause gives at most, or more paid of an instalment than was granted for it, be it that nothing was. */
export const amountOverCap = detector({
  code: 'amount-over-cap',
  title: '超过条款上限或批准金额',
  severity: 'high',
  rule: '条款规定的上限；《财政违法行为处罚处分条例》第六条（扩大开支范围、提高开支标准）',
  judges: ['award-granted', 'instalment-paid', 'instalment-overpaid'],
  judge(event, past) {
    const award = awardOfStream(event.stream);
    const record = awardRecord(past, award);
    const { amount } = event.data;
    if (event.type === 'award-granted') {
      const computed = record.assessed?.computed;
      const cap = computed?.ceiling ?? computed?.cap;
      if (cap === undefined || fen(amount) <= fen(cap)) return [];
      const detail = `批准${yuan(amount)}，条款上限为${yuan(cap)}，超出${yuanOfFen(fen(amount) - fen(cap))}`;
      return [{ ...ofAward(award, record), amount, detail, officers: people(event.data.approver, record.reviewed?.by) }];
    }
    const { no, batch } = event.data;
    const officers = people(past.get('batch', `batch-${batch}`)?.payer);
    if (record.granted === undefined)
      return [{ ...ofAward(award, record), amount, detail: `第${no}期付出${yuan(amount)}，而该项奖补从未批准`, officers }];
    // Of one that was paid or ordered otherwise, or has lapsed, nothing was to be paid.
    if (event.type === 'instalment-overpaid')
      return [{ ...ofAward(award, record), amount, detail: `第${no}期已不应付，又付出${yuan(amount)}`, officers }];
    const instalment = record.granted.instalments.find((one) => one.no === no);
    const granted = instalment?.amount ?? '0.00';
    const paid = (instalment?.paid ?? 0) + fen(amount);
    if (paid <= fen(granted)) return [];
    const detail = `第${no}期付出${yuan(amount)}后累计${yuanOfFen(paid)}，该期批准金额为${yuan(granted)}，多付${yuanOfFen(paid - fen(granted))}`;
    return [{ ...ofAward(award, record), amount, detail, officers }];
  },
});
