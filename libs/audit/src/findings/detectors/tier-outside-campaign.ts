import { isService, type Memories } from '../past.js';
import { reviewId } from '../names.js';
import { tierTitle } from './labels.js';
import { detector, people, personOf } from './detector.js';

/** A standing was changed by hand, or in the name of a review that was not open. Entry that a clause itself grants is no change of this kind. */
export const tierOutsideCampaign = detector({
  code: 'tier-outside-campaign',
  title: '非集中调整期变动梯次',
  severity: 'high',
  rule: '政策规定的年度动态调整；台账规则：梯次变动经当年动态调整决定',
  judges: ['tier-assigned', 'tier-promoted', 'tier-demoted', 'tier-removed'],
  judge(event, past) {
    const { creditCode, ladder, review, reason } = event.data;
    const { policy, effectiveOn: on } = event.metadata;
    const concerned = { enterprise: creditCode, ...(policy && { pack: policy.pack, clause: policy.clause }) };
    const tier = event.type === 'tier-removed' ? event.data.from : event.data.tier;
    const what = `${on}${CHANGE[event.type]}${tierTitle(past, policy?.pack ?? '', ladder, tier)}（${ladder}），`;
    if (review === undefined) {
      // The ledger itself acts on a merger.
      if (isService(event)) return [];
      return [{ ...concerned, severity: 'low', detail: `${what}未经动态调整决定，理由：${reason}`, officers: personOf(event) }];
    }
    const campaign = past.get('review', reviewId(ladder, review.year));
    const fault = outside(campaign, on);
    if (fault === undefined) return [];
    return [{ ...concerned, detail: `${what}引用${review.year}年度动态调整，而该次调整${fault}`, officers: people(review.decidedBy) }];
  },
});

/** How a day lies outside a review; undefined where it lies in it. */
function outside(campaign: Memories['review'] | undefined, on: string): string | undefined {
  if (campaign === undefined) return '从未开展';
  const { openedOn, ended } = campaign;
  if (on < openedOn) return `于${openedOn}才开展`;
  // What was decided while it was open may be carried out on the day it closes.
  if (ended === undefined || (ended.as === 'closed' && on <= ended.on)) return undefined;
  return `已于${ended.on}结束`;
}

const CHANGE = { 'tier-assigned': '列入', 'tier-promoted': '升入', 'tier-demoted': '降入', 'tier-removed': '移出' } as const;
