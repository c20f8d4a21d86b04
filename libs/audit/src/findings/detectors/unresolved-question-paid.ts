import { versionNumbered } from '@app/policies';
import { awardOfStream, awardRecord, type AwardRecord, type Past, policyOf } from '../past.js';
import { detector, ofAward, people, yuan } from './detector.js';

/**
 * An instalment was paid under a clause whose reading was still open, or that waits for another document to give a sum. What
 * a payment before it was told of for is not told of again.
 */
export const unresolvedQuestionPaid = detector({
  code: 'unresolved-question-paid',
  title: '口径未明确即拨付',
  severity: 'high',
  rule: '台账规则：条款释义待定或未写明金额的，明确之前不得拨付',
  judges: ['instalment-paid'],
  judge({ stream, data: { no, amount } }, past) {
    const award = awardOfStream(stream);
    const record = awardRecord(past, award);
    const open = openAt(record, past).filter(({ key }) => !record.paidOver.includes(key));
    if (open.length === 0) return [];
    const detail = `拨付第${no}期${yuan(amount)}时${open.map(({ why }) => why).join('；')}`;
    return [{ ...ofAward(award, record), amount, detail, officers: people(record.reviewed?.by) }];
  },
});

/** What is open by now in the text an award was assessed under. */
export function openAt(record: AwardRecord, past: Past): readonly { readonly key: string; readonly why: string }[] {
  const pack = versionNumbered(policyOf(past, record.pack), record.assessed?.version ?? 0)?.pack;
  const clause = pack?.clauses.find(({ id }) => id === record.clause);
  if (pack === undefined || clause === undefined) return [];
  const questions = pack.interpretations
    .filter(({ chosen, clauses }) => chosen === null && (clauses.length === 0 || clauses.includes(record.clause)))
    .map(({ id, question }) => ({ key: `question ${id}`, why: `释义待定：${question}` }));
  if (questions.length > 0) return questions;
  const hasNoSum = clause.shape.kind === 'external' || clause.shape.kind === 'unspecified';
  return hasNoSum ? [{ key: 'no sum', why: '条款未写明金额，须先关联实施细则' }] : [];
}
