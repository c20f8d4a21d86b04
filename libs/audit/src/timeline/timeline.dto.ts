import { IsIn } from 'class-validator';
import { subjectOf } from '@app/blacklist';
import { IsBusinessDay, IsNotBefore, IsText, MayBeLeftOut, PageDto } from '@app/http';
import { creditCode, invalidField, normalisedReference } from '@app/kernel';
import { REFERENCE_KINDS, type Reference, type ReferenceKind, TIMELINE_EVENT_TYPES } from './references.js';

export class TimelineDto extends PageDto {
  /** 登记日期起: recorded on or after this day */
  @MayBeLeftOut()
  @IsBusinessDay()
  recordedFrom?: string;

  /** 登记日期止: recorded on or before this day */
  @MayBeLeftOut()
  @IsBusinessDay()
  @IsNotBefore('recordedFrom')
  recordedUntil?: string;

  /** 生效日期起 */
  @MayBeLeftOut()
  @IsBusinessDay()
  effectiveFrom?: string;

  /** 生效日期止 */
  @MayBeLeftOut()
  @IsBusinessDay()
  @IsNotBefore('effectiveFrom')
  effectiveUntil?: string;

  /** 事项: the name of an event, such as "award-granted" */
  @MayBeLeftOut()
  @IsIn(TIMELINE_EVENT_TYPES, { message: 'event must be the name of an event such as "award-granted"' })
  event?: string;

  /** 经办人: "ledger" for what the ledger did by itself */
  @MayBeLeftOut()
  @IsText(200)
  actor?: string;

  /** By position: the first recorded first, or the last. */
  @MayBeLeftOut()
  @IsIn(['ascending', 'descending'])
  order: 'ascending' | 'descending' = 'ascending';
}

const LONGEST_ID = 300;

/**
 * Whom or what a kind and an id name, in the spelling of the read model.
 * @throws Problem `invalid-input` naming `kind` or `id`; `personal-data` for a person's name or number.
 */
export function referenceOf(kind: string, id: string): Reference {
  if (!isReferenceKind(kind)) throw invalidField('kind', 'kind', `must be one of ${REFERENCE_KINDS.join(', ')}`);
  if (id.trim() === '' || id.length > LONGEST_ID) throw invalidField('id', 'length', `must have 1 to ${LONGEST_ID} characters`);
  switch (kind) {
    case 'enterprise':
    case 'agency':
      return { kind, id: creditCode(id, 'id') };
    case 'person':
      return { kind, id: subjectOf(kind, id).id };
    case 'document': {
      const named = normalisedReference(id);
      if (named === '') throw invalidField('id', 'document', 'must be a document number or the SHA-256 of a file');
      return { kind, id: named };
    }
    default:
      return { kind, id };
  }
}

function isReferenceKind(kind: string): kind is ReferenceKind {
  return (REFERENCE_KINDS as readonly string[]).includes(kind);
}
