import { awardOfStream, awardRecord } from '../past.js';
import { detector, ofAward, people, yuan } from './detector.js';

/** An instalment was paid that nobody had found due, or whose facts, put to the clause again, do not meet its condition. */
export const instalmentUnproven = detector({
  code: 'instalment-unproven',
  title: '分期支付缺少条件依据',
  severity: 'high',
  rule: '条款规定的分期条件；台账规则：每期凭已核实的事实解锁后支付',
  judges: ['instalment-paid'],
  judge({ stream, data: { no, amount, batch } }, past) {
    const award = awardOfStream(stream);
    const record = awardRecord(past, award);
    const instalment = record.granted?.instalments.find((one) => one.no === no);
    if (instalment?.isProven === true) return [];
    const why = instalment?.unlockedBy === undefined ? '付款前没有条件成就的记录' : '按解锁时所依据的事实复核，条款规定的条件并未成就';
    return [
      {
        ...ofAward(award, record),
        amount,
        detail: `第${no}期${yuan(amount)}：${why}`,
        officers: people(past.get('batch', `batch-${batch}`)?.payer),
      },
    ];
  },
});
