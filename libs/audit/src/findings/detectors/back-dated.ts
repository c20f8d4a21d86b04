import { lineOfStream } from '@app/budgets';
import { dutyOfStream } from '@app/calendar';
import { type BusinessDate, businessDateOf, daysBetween, yearOf } from '@app/kernel';
import { codeOfStream, isService, type Recorded } from '../past.js';
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
    'enterprise-registered',
    'enterprise-renamed',
    'enterprise-merged',
    'fact-recorded',
    'fact-verified',
    'fact-disputed',
    'certificate-recorded',
    'certificate-revoked',
    'relocation-recorded',
    'departure-recorded',
    'clearance-recorded',
    'title-awarded',
    'title-withdrawn',
    'award-grant-started',
    'tier-assigned',
    'tier-promoted',
    'tier-demoted',
    'tier-removed',
    'tier-proposals-decided',
    'listing-decided',
    'duty-done',
    'policy-published',
    'policy-amended',
    'policy-expired',
    'policy-repealed',
    'interpretation-settled',
  ],
  judge(event, _past) {
    if (isService(event)) return [];
    const effectiveOn = dayOf(event);
    const recordedOn = businessDateOf(event.recordedAt);
    const days = daysBetween(effectiveOn as BusinessDate, recordedOn);
    const isBudget = event.stream.startsWith('budget-');
    const isAcrossYears = yearOf(effectiveOn as BusinessDate) < yearOf(recordedOn);
    if (days <= BACK_DATING_DAYS && !(isBudget && isAcrossYears)) return [];
    return [
      {
        isOfCommand: true,
        ...(isBudget && { line: lineName(event.stream), pack: lineOfStream(event.stream).pack }),
        ...(event.type === 'duty-done' && packAndClause(event.stream)),
        ...(event.stream.startsWith('policy-') && { pack: event.stream.slice('policy-'.length) }),
        ...(event.stream.startsWith('enterprise-') && { enterprise: codeOfStream(event.stream) }),
        detail: `${recordedOn}登记，业务日期填为${effectiveOn}，倒填${days}天${isAcrossYears ? '，跨年度' : ''}`,
        ...(isBudget && isAcrossYears && { severity: 'high' as const }),
        officers: personOf(event),
      },
    ];
  },
});

function packAndClause(stream: string) {
  const { pack, clause } = dutyOfStream(stream);
  return { pack, clause };
}

/** The earliest day an event reaches back to. That a policy has ended or a duty was done is said of a day of its own: what it says is what counts. */
function dayOf(event: Recorded): string {
  const { effectiveOn } = event.metadata;
  if (event.type !== 'policy-expired' && event.type !== 'policy-repealed' && event.type !== 'duty-done') return effectiveOn;
  return event.data.on < effectiveOn ? event.data.on : effectiveOn;
}
