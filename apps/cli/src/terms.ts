/** Chinese terms for what the ledger answers in its own words. They stand with the exported files, which say the same. */
export {
  ACHIEVED,
  AWARD_STATUS,
  BATCH_STATUS,
  DUE_STATE,
  DUTY_STATUS,
  eventTerm,
  FINDING_STATUS,
  LISTING_CLASS,
  OUTCOME,
  OUTLOOK,
  PROPOSAL,
  SEVERITY,
  SUBJECT,
  termOf,
} from '@app/exports';
