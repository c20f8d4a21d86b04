import {
  actorOf,
  awardOfStream,
  awardRecord,
  type AwardRecord,
  blacklistCase,
  clearedBy,
  codeOfStream,
  isService,
  type Past,
  type Recorded,
  type Rest,
} from '../past.js';
import { factId, reviewId } from '../names.js';
import { detector, ofAward, type Sign } from './detector.js';

/** What somebody did before, by what it is called. */
type Did = Readonly<Record<string, string | readonly string[] | undefined>>;

/** One person did what two are asked for. */
export const dutiesNotSeparated = detector({
  code: 'duties-not-separated',
  title: '不相容岗位未分离',
  severity: 'high',
  rule: '《行政事业单位内部控制规范（试行）》（财会〔2012〕21号）不相容岗位相互分离；台账规则：申报、审核、批准、拨付由四人办理',
  judges: [
    'award-reviewed',
    'award-objection-decided',
    'award-override-proposed',
    'award-granted',
    'award-payee-confirmed',
    'instalment-unlocked',
    'instalment-ordered',
    'clawback-received',
    'clawback-written-off',
    'batch-cancelled',
    'batch-unexpected-resolved',
    'fact-verified',
    'listing-decided',
    'listing-declined',
    'listing-objection-decided',
    'listing-ended',
    'credit-repair-refused',
    'tier-proposals-decided',
    'tier-recommended',
    'tier-assigned',
    'tier-entered-directly',
    'tier-promoted',
    'tier-demoted',
    'duty-reopened',
  ],
  judge(event, past) {
    const actor = actorOf(event);
    switch (event.type) {
      case 'award-reviewed': {
        const record = recordOf(event, past);
        return ofAwardBy(event, record, actor, '审核', { 申报: record.appliedBy, ...recordedBy(record) });
      }
      case 'award-objection-decided': {
        const record = recordOf(event, past);
        const did = { 申报: record.appliedBy, 审核: record.reviewed?.by, 登记异议: record.objectors[event.data.objection - 1] };
        return ofAwardBy(event, record, actor, '处理异议', did);
      }
      case 'award-override-proposed': {
        const record = recordOf(event, past);
        return ofAwardBy(event, record, actor, '调整金额', { 申报: record.appliedBy, 审核: record.reviewed?.by });
      }
      case 'award-granted': {
        const record = recordOf(event, past);
        const { approver, override, amount } = event.data;
        const judges = record.notice?.judges;
        const did = { 申报: record.appliedBy, 审核: record.reviewed?.by, 处理异议: judges, 提出调整: override?.proposedBy };
        const grounds = { ...recordedBy(record), 登记部门核查意见: record.starting?.clearedBy };
        return ofAwardBy(event, record, approver, '批准', { ...did, ...grounds }, amount);
      }
      case 'award-payee-confirmed': {
        const record = recordOf(event, past);
        return ofAwardBy(event, record, actor, '确认承继单位', { 申报: record.appliedBy, 拨付: payersOf(record, past) });
      }
      case 'instalment-unlocked': {
        const record = recordOf(event, past);
        return ofAwardBy(event, record, actor, '解锁分期', { 拨付: payersOf(record, past) }, event.data.amount);
      }
      case 'instalment-ordered': {
        const record = recordOf(event, past);
        const { no, payer, amount, batch, line } = event.data;
        const paid = past.get('batch-line', `${batch}/${line}`)?.payee ?? record.payee;
        const did = {
          申报: record.appliedBy,
          审核: record.reviewed?.by,
          批准: record.granted?.approver,
          提出调整: record.overrideBy,
          解锁分期: record.granted?.instalments.find((one) => one.no === no)?.unlockedBy,
          确认承继单位: record.successor?.by,
          登记收款账户: past.get('enterprise', paid)?.accountRecordedBy,
        };
        return ofAwardBy(event, record, payer, '拨付', did, amount);
      }
      case 'clawback-received':
      case 'clawback-written-off': {
        const record = recordOf(event, past);
        const duty = event.type === 'clawback-received' ? '登记追缴到账' : '核销';
        return ofAwardBy(event, record, actor, duty, { 提出追缴: record.demandedBy[event.data.clawback - 1] }, event.data.amount);
      }
      case 'batch-cancelled':
        return judged(event, actor, '作废批次', { 冻结批次: past.get('batch', event.stream)?.payer });
      case 'batch-unexpected-resolved': {
        const batch = past.get('batch', event.stream);
        return judged(event, actor, '核定意外付款', { 经手该批次: batch?.cancelledBy ?? batch?.payer });
      }
      case 'fact-verified': {
        const enterprise = codeOfStream(event.stream);
        const recorder = past.get('fact', factId(enterprise, event.data.factId))?.recordedBy;
        return judged(event, actor, `核实${event.data.factId}`, { 登记该事实: recorder }, { enterprise });
      }
      case 'listing-decided':
      case 'listing-declined': {
        const { openedBy, heardBy } = blacklistCase(past, event);
        return judged(event, actor, '决定失信案件', { 立案: openedBy, 登记陈述申辩: heardBy });
      }
      case 'listing-objection-decided': {
        const { openedBy, decidedBy, objectors } = blacklistCase(past, event);
        const did = { 立案: openedBy, 决定列入: decidedBy, 登记异议: objectors[event.data.objection - 1] };
        return judged(event, actor, '处理对列入的异议', did);
      }
      case 'credit-repair-refused':
      case 'listing-ended': {
        // How else a listing ends follows from what was told of already.
        if (event.type === 'listing-ended' && event.data.how !== 'repaired') return [];
        const { openedBy, repairBy } = blacklistCase(past, event);
        return judged(event, actor, '决定信用修复', { 立案: openedBy, 登记修复申请: repairBy });
      }
      case 'tier-proposals-decided': {
        const { ladder, year, decisions } = event.data;
        const own = decisions.filter(({ creditCode }) => past.get('proposals', `${reviewId(ladder, year)}/${creditCode}`)?.by === actor);
        return judged(event, actor, '决定梯次', { [`提出${own.length}户的调整建议`]: own.length > 0 ? actor : undefined });
      }
      case 'tier-recommended': {
        const own = event.data.recommended.filter(({ creditCode, clearances }) => clearedBy(past, creditCode, clearances).includes(actor));
        return judged(event, actor, '推荐申报', { [`登记${own.length}户的部门核查意见`]: own.length > 0 ? actor : undefined });
      }
      case 'tier-assigned':
      case 'tier-entered-directly':
      case 'tier-promoted':
      case 'tier-demoted': {
        const { creditCode, restsOn, review } = event.data;
        const recorders = restsOn.flatMap(({ factId: fact }) =>
          fact === undefined ? [] : (past.get('fact', factId(creditCode, fact))?.recordedBy ?? []),
        );
        return judged(event, review?.decidedBy ?? actor, '决定梯次', { 登记所依据的事实: recorders }, { enterprise: creditCode });
      }
      case 'duty-reopened':
        return judged(event, actor, '重新打开履职事项', { 办结: past.get('duty', event.stream)?.doneBy });
    }
  },
});

const recordOf = ({ stream }: Recorded, past: Past): AwardRecord => awardRecord(past, awardOfStream(stream));

/** Payers are known of by the batches they froze. */
function payersOf({ granted }: AwardRecord, past: Past): readonly string[] {
  return (granted?.instalments ?? []).flatMap(({ ordered }) => (ordered && past.get('batch', `batch-${ordered.batch}`)?.payer) ?? []);
}

/** Who recorded what the award rests on. */
function recordedBy({ assessed }: AwardRecord): Did {
  return { 登记所依据的事实: (assessed?.rests ?? []).flatMap((rest: Rest) => rest.recordedBy) };
}

function ofAwardBy(event: Recorded, record: AwardRecord, actor: string, duty: string, did: Did, amount?: string): readonly Sign[] {
  return judged(event, actor, duty, did, {
    ...ofAward(awardOfStream(event.stream), record),
    ...(amount !== undefined && { amount }),
  });
}

function judged(event: Recorded, actor: string, duty: string, did: Did, concerned: Partial<Sign> = {}): readonly Sign[] {
  if (isService(event) && actor === actorOf(event)) return [];
  const before = Object.entries(did).flatMap(([what, by]) => (by !== undefined && [by].flat().includes(actor) ? [what] : []));
  if (before.length === 0) return [];
  return [{ ...concerned, detail: `${actor}既${before.join('、')}又${duty}`, officers: [actor] }];
}
