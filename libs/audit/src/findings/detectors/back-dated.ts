import { type BusinessDate, businessDateOf, daysBetween, yearOf } from '@app/kernel';
import { codeOfStream, isService } from '../past.js';
import { lineName } from '../names.js';
import { detector, personOf } from './detector.js';

/** How many days a business date may lie before the day of recording: a quarter, after which figures have been reported. */
export const BACK_DATING_DAYS = 90;

/** Entered under a business date long past, or in a budget year that had ended. Told once for all that one command recorded. */
export const backDated = detector({
  code: 'back-dated',
  title: '倒填业务日期',
  severity: 'medium',
  rule: `台账规则：登记日与业务日期相差不超过${BACK_DATING_DAYS}天；预算登记不跨年度（《预算法》第十八条）`,
  judges: [
    'budget-appropriated',
    'budget-adjusted',
    'budget-transferred-out',
    'fact-recorded',
    'fact-verified',
    'certificate-recorded',
    'relocation-recorded',
    'departure-recorded',
    'clearance-recorded',
    'title-awarded',
    'award-granted',
    'tier-assigned',
    'tier-promoted',
    'tier-demoted',
    'tier-removed',
    'listing-decided',
  ],
  judge(event, _past) {
    if (isService(event)) return [];
    const { effectiveOn } = event.metadata;
    const recordedOn = businessDateOf(event.recordedAt);
    const days = daysBetween(effectiveOn as BusinessDate, recordedOn);
    const isBudget = event.stream.startsWith('budget-');
    const isAcrossYears = yearOf(effectiveOn as BusinessDate) < yearOf(recordedOn);
    if (days <= BACK_DATING_DAYS && !(isBudget && isAcrossYears)) return [];
    return [
      {
        isOfCommand: true,
        ...(isBudget && { line: lineName(event.stream) }),
        ...(event.stream.startsWith('enterprise-') && { enterprise: codeOfStream(event.stream) }),
        detail: `${recordedOn}登记，业务日期填为${effectiveOn}，倒填${days}天${isAcrossYears ? '，跨年度' : ''}`,
        ...(isBudget && isAcrossYears && { severity: 'high' as const }),
        officers: personOf(event),
      },
    ];
  },
});
