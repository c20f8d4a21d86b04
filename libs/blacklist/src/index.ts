export { Blacklist } from './blacklist.js';
export { BlacklistModule } from './blacklist.module.js';
export type { BlacklistCommand } from './decide.js';
export { type CaseReceipt, OpenBlacklistCase, RunBlacklistCommand } from './handlers/run-blacklist-command.js';
export type { BlacklistEvent, HowEnded, Listing } from './listing.js';
export { blacklistEvents } from './listing.codec.js';
export { historyRestricted, isHistoryHidden, type Sight, sightOf, sightOn } from './sight.js';
export { blacklistStream, isLegalPerson, isSamePerson, type Subject, SUBJECT_KINDS, type SubjectKind, subjectOf } from './subject.js';
export { LISTING_CLASSES, type ListingClass } from './terms.js';
