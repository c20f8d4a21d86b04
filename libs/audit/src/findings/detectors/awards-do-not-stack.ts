import { versionNumbered } from '@app/policies';
import { awardOfStream, awardRecord, policyOf } from '../past.js';
import { detector, ofAward, people, yuan } from './detector.js';

/** A second award for one occasion: under a clause that excludes the first, or under the same one to an enterprise since absorbed. */
export const awardsDoNotStack = detector({
  code: 'awards-do-not-stack',
  title: '同一事项重复享受',
  severity: 'high',
  rule: '条款规定不得同时享受；台账规则：同一事项一次性享受，被吸收合并的企业视为同一企业',
  judges: ['award-granted'],
  judge({ stream, data: { amount, approver } }, past) {
    const award = awardOfStream(stream);
    const record = awardRecord(past, award);
    const { pack, clause, payee, occasion, assessed } = record;
    const text = versionNumbered(policyOf(past, pack), assessed?.version ?? 0)?.pack;
    const others = [clause, ...(text?.clauses.find(({ id }) => id === clause)?.excludes ?? [])];
    const codes = [payee, ...(past.get('enterprise', payee)?.absorbed ?? [])];
    const candidates = codes.flatMap((code) => others.map((other) => `${pack}.${other}.${code}.${occasion.key}`));
    const standing = candidates.filter((id) => id !== award && isStanding(past.get('award', id)));
    return standing.map((other) => {
      const first = awardRecord(past, other);
      const whose = first.payee === payee ? '同一企业' : `已并入的${first.payeeName}`;
      const detail = `${yuan(amount)}（${clause}）与${whose}的${other}（${first.clause}，${yuan(first.granted?.amount ?? '0.00')}）属同一事项（${occasion.reference}），不得同时享受`;
      return { ...ofAward(award, record), about: other, amount, detail, officers: people(approver) };
    });
  },
});

function isStanding(record: ReturnType<typeof awardRecord> | undefined): boolean {
  return record?.granted !== undefined && !record.isRevoked;
}
