import { secondsBetween } from '@app/kernel';
import { CLOCK_TOLERANCE_SECONDS } from '../names.js';
import { detector } from './detector.js';

/** An event was recorded at an earlier time than one before it: the clock was set back, or the file was tampered with. */
export const clockBackwards = detector({
  code: 'clock-backwards',
  title: '时钟倒走',
  severity: 'high',
  rule: `台账规则：后写入的记录，时间不得早于此前的记录（容差${CLOCK_TOLERANCE_SECONDS}秒）`,
  judges: 'all',
  judge({ recordedAt }, past) {
    const before = past.get('clock', '');
    // Instants in one format compare as texts: reading them as times is left to the rare case.
    if (before === undefined || before.recordedAt <= recordedAt) return [];
    const seconds = secondsBetween(recordedAt, before.recordedAt);
    if (seconds < CLOCK_TOLERANCE_SECONDS) return [];
    return [{ detail: `此前最晚时点为${before.recordedAt}，本条记录为${recordedAt}，倒退${said(seconds)}`, officers: [] }];
  },
});

function said(seconds: number): string {
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}分钟`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3_600)}小时` : `${Math.floor(seconds / 86_400)}天`;
}
