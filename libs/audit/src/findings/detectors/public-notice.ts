import { addDays, type BusinessDate, daysBetween } from '@app/kernel';
import { versionNumbered } from '@app/policies';
import { awardOfStream, awardRecord, policyOf } from '../past.js';
import { detector, ofAward, people, yuan } from './detector.js';

/**
 * Granted without a public notice, with one of another assessment, with one shorter than the policy asks, before its end, or
 * over an open objection.
 */
export const publicNotice = detector({
  code: 'public-notice',
  title: '公示缺失或期限不足',
  severity: 'high',
  rule: '政策包规定的公示天数；台账规则：公示期满且异议处理完毕后批准',
  judges: ['award-granted'],
  judge({ stream, metadata, data: { amount, approver } }, past) {
    const award = awardOfStream(stream);
    const record = awardRecord(past, award);
    const on = record.starting?.on ?? metadata.effectiveOn;
    const days = versionNumbered(policyOf(past, record.pack), record.assessed?.version ?? 0)?.pack.publicNotice.days ?? 0;
    const fault = faultOf(record.notice, days, on);
    if (fault === undefined) return [];
    return [{ ...ofAward(award, record), amount, detail: `${on}批准${yuan(amount)}：${fault}`, officers: people(approver) }];
  },
});

function faultOf(notice: ReturnType<typeof awardRecord>['notice'], days: number, on: string): string | undefined {
  if (notice === undefined) return '没有公示记录';
  const { from, until, open, isOutdated } = notice;
  if (isOutdated === true) return `公示${from}至${until}后重新测算，未再公示`;
  const lasted = daysBetween(from as BusinessDate, addDays(until as BusinessDate, 1));
  if (lasted < days) return `公示${from}至${until}共${lasted}天，应不少于${days}天`;
  // Where the policy asks for no notice, one of a single day holds nothing up.
  const overOn = days === 0 && until <= from ? from : addDays(until as BusinessDate, 1);
  if (on < overOn) return `公示至${until}，尚未期满`;
  if (open.length > 0) return `异议${open.join('、')}尚未处理`;
  return undefined;
}
