import { versionNumbered } from '@app/policies';
import { awardOfStream, awardRecord, policyOf } from '../past.js';
import { detector, ofAward, people, yuan } from './detector.js';

/** Money was first paid under a clause whose reading was still open, or that waits for another document to give a sum. */
export const unresolvedQuestionPaid = detector({
  code: 'unresolved-question-paid',
  title: '口径未明确即拨付',
  severity: 'high',
  rule: '台账规则：条款释义待定或未写明金额的，明确之前不得拨付',
  judges: ['instalment-paid'],
  judge({ stream, data: { amount } }, past) {
    const award = awardOfStream(stream);
    const record = awardRecord(past, award);
    if (record.hasBeenPaid) return [];
    const pack = versionNumbered(policyOf(past, record.pack), record.assessed?.version ?? 0)?.pack;
    const clause = pack?.clauses.find(({ id }) => id === record.clause);
    if (pack === undefined || clause === undefined) return [];
    const open = pack.interpretations.find(
      ({ chosen, clauses }) => chosen === null && (clauses.length === 0 || clauses.includes(record.clause)),
    );
    const hasNoSum = clause.shape.kind === 'external' || clause.shape.kind === 'unspecified';
    if (open === undefined && !hasNoSum) return [];
    const why = open === undefined ? '条款未写明金额，须先关联实施细则' : `释义待定：${open.question}`;
    return [{ ...ofAward(award, record), amount, detail: `拨付${yuan(amount)}时${why}`, officers: people(record.reviewed?.by) }];
  },
});
