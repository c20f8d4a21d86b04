import { lineOfStream } from '@app/budgets';
import { dutyOfStream } from '@app/calendar';
import { type BusinessDate, businessDateOf, daysBetween, yearOf } from '@app/kernel';
import { earliestDayTold } from '../days-told.js';
import { awardOfStream, awardRecord, codeOfStream, isService, type Past } from '../past.js';
import { lineName } from '../names.js';
import { detector, ofAward, personOf } from './detector.js';

/** How many days a business date may lie before the day of recording: a quarter, after which figures have been reported. */
export const BACK_DATING_DAYS = 90;

/** Said to have happened long before it was entered, or in a budget year that had ended. Told once for all that one command recorded. */
export const backDated = detector({
  code: 'back-dated',
  title: '倒填业务日期',
  severity: 'medium',
  rule: `台账规则：登记日与业务日期相差不超过${BACK_DATING_DAYS}天；预算登记不跨年度（《预算法》第十八条）`,
  judges: 'all',
  judge(event, past) {
    // A command that changed nothing puts nothing in the past.
    if (isService(event) || event.type === 'command-noted') return [];
    const { effectiveOn } = event.metadata;
    const told = earliestDayTold(event);
    const recordedOn = businessDateOf(event.recordedAt);
    const days = daysBetween(told as BusinessDate, recordedOn);
    const isBudget = event.stream.startsWith('budget-');
    const isAcrossYears = yearOf(told as BusinessDate) < yearOf(recordedOn);
    if (days <= BACK_DATING_DAYS && !(isBudget && isAcrossYears)) return [];
    return [
      {
        isOfCommand: true,
        ...(isBudget && { line: lineName(event.stream), pack: lineOfStream(event.stream).pack }),
        ...(event.type === 'duty-done' && packAndClause(event.stream)),
        ...(event.stream.startsWith('award-') && ofAwardOf(event.stream, past)),
        ...(event.stream.startsWith('policy-') && { pack: event.stream.slice('policy-'.length) }),
        ...(event.stream.startsWith('enterprise-') && { enterprise: codeOfStream(event.stream) }),
        detail: `${recordedOn}登记，${saidOf(told, effectiveOn)}，倒填${days}天${isAcrossYears ? '，跨年度' : ''}`,
        ...(isBudget && isAcrossYears && { severity: 'high' as const }),
        officers: personOf(event),
      },
    ];
  },
});

/** The business date may be right, and what the event tells of long past: the reader has to know which of the two to look at. */
const saidOf = (told: string, effectiveOn: string) =>
  told === effectiveOn ? `业务日期填为${told}` : `所记事项的日期填为${told}（业务日期${effectiveOn}）`;

function ofAwardOf(stream: string, past: Past) {
  const award = awardOfStream(stream);
  return ofAward(award, awardRecord(past, award));
}

function packAndClause(stream: string) {
  const { pack, clause } = dutyOfStream(stream);
  return { pack, clause };
}
