import { amountDiffers } from './amount-differs.js';
import { amountOverCap } from './amount-over-cap.js';
import { awardsDoNotStack } from './awards-do-not-stack.js';
import { backDated } from './back-dated.js';
import { budgetOverdrawn } from './budget-overdrawn.js';
import { certificateInvalid } from './certificate-invalid.js';
import { clockBackwards } from './clock-backwards.js';
import type { Detector } from './detector.js';
import { dutiesNotSeparated } from './duties-not-separated.js';
import { instalmentOutOfOrder } from './instalment-out-of-order.js';
import { instalmentUnproven } from './instalment-unproven.js';
import { justUnderThreshold } from './just-under-threshold.js';
import { manualOverride } from './manual-override.js';
import { movedOutEarly } from './moved-out-early.js';
import { outsideForce } from './outside-force.js';
import { paidWhileListed } from './paid-while-listed.js';
import { publicNotice } from './public-notice.js';
import { relatedOccasion } from './related-occasion.js';
import { sharedAccount } from './shared-account.js';
import { tierOutsideCampaign } from './tier-outside-campaign.js';
import { unresolvedQuestionPaid } from './unresolved-question-paid.js';
import { unverifiedFactPaid } from './unverified-fact-paid.js';

/** Everything that is looked for in the event stream. */
export const DETECTORS: readonly Detector[] = [
  paidWhileListed,
  instalmentOutOfOrder,
  instalmentUnproven,
  amountOverCap,
  amountDiffers,
  awardsDoNotStack,
  relatedOccasion,
  sharedAccount,
  outsideForce,
  budgetOverdrawn,
  dutiesNotSeparated,
  publicNotice,
  backDated,
  tierOutsideCampaign,
  movedOutEarly,
  unverifiedFactPaid,
  certificateInvalid,
  unresolvedQuestionPaid,
  manualOverride,
  justUnderThreshold,
  clockBackwards,
];
