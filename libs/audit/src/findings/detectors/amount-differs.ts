import { awardOfStream, awardRecord, fen } from '../past.js';
import { detector, ofAward, people, yuan } from './detector.js';

/** What other detectors tell of by name. */
const TOLD_ELSEWHERE = ['not-in-force', 'unresolved'];

/** What was granted is not what the stored facts give under the published text; an override may have lowered it. */
export const amountDiffers = detector({
  code: 'amount-differs',
  title: '批准金额与复算不符',
  severity: 'high',
  rule: '所引条款的计算办法；台账规则：批准金额等于按所存事实和所引版本复算的金额，调整只减不增',
  judges: ['award-granted'],
  judge({ stream, data: { amount, approver, instalments, override } }, past) {
    const award = awardOfStream(stream);
    const record = awardRecord(past, award);
    const { assessed, reviewed } = record;
    const sign = (detail: string) => [{ ...ofAward(award, record), amount, detail, officers: people(approver, reviewed?.by) }];
    if (assessed === undefined) return sign(`批准${yuan(amount)}，但没有测算记录`);
    const { outcome, amounts, ceiling, cap } = assessed.computed;
    if (TOLD_ELSEWHERE.includes(outcome)) return [];
    if (ceiling !== undefined) {
      const set = reviewed?.amount;
      if (set === undefined || fen(amount) > fen(set) || (override === undefined && fen(amount) !== fen(set)))
        return sign(`批准${yuan(amount)}，审核确定的金额为${set === undefined ? '（无）' : yuan(set)}`);
      return [];
    }
    if (amounts === undefined)
      return sign(`批准${yuan(amount)}，按所存事实和第${assessed.version}版复算的结果是${OUTCOMES[outcome] ?? outcome}`);
    // Over the cap is told as that.
    if (cap !== undefined && fen(amount) > fen(cap)) return [];
    const isLowered = (part: string, index: number) => fen(part) <= fen(amounts[index] ?? '0.00');
    const isSame = (part: string, index: number) => fen(part) === fen(amounts[index] ?? '0.00');
    const parts = instalments.map((one) => one.amount);
    const agrees = parts.length === amounts.length && parts.every(override === undefined ? isSame : isLowered);
    if (agrees) return [];
    return sign(`批准${said(parts)}，按所存事实和第${assessed.version}版复算为${said(amounts)}`);
  },
});

const OUTCOMES: Readonly<Record<string, string>> = {
  refused: '不符合条件',
  missing: '所需事实不全',
  invalid: '所存事实有误',
  unpublished: '该版本未发布',
};

const said = (amounts: readonly string[]): string => amounts.map(yuan).join('＋');
