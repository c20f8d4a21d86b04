import { IsInt, Max, Min } from 'class-validator';
import { Type } from 'class-transformer';
import { IsBusinessDay, IsText, MayBeLeftOut, PageDto } from '@app/http';
import { creditCode, invalidField, isBusinessDate, normalisedReference } from '@app/kernel';
import type { Subject } from './reliance.query.js';

export class RelianceDto extends PageDto {
  /** 核查单位: of a clearance */
  @MayBeLeftOut()
  @IsText(200)
  agency?: string;

  /** 核查日期: of a clearance, where its agency is named */
  @MayBeLeftOut()
  @IsBusinessDay()
  on?: string;

  /** 年度: of a title */
  @MayBeLeftOut()
  @Type(() => Number)
  @IsInt()
  @Min(1949)
  @Max(9999)
  year?: number;
}

const KINDS = ['registration', 'listing', 'document'] as const;
const PAIRED_KINDS = ['fact', 'certificate', 'move', 'title', 'clearance', 'interpretation'] as const;
const LONGEST = 300;

/** What one word names. @throws Problem `invalid-input` naming `kind` or `id`. */
export function subjectOfOne(kind: string, id: string): Subject {
  const named = plain(id, 'id');
  switch (kind) {
    case 'registration':
      return { kind, enterprise: creditCode(named, 'id') };
    case 'listing':
      return { kind, listing: named };
    case 'document': {
      const document = normalisedReference(named);
      if (document === '') throw invalidField('id', 'document', 'must be a document number or the SHA-256 of a file');
      return { kind, document };
    }
    default:
      throw invalidField('kind', 'kind', `must be ${KINDS.join(', ')}; or, with the enterprise or pack, ${PAIRED_KINDS.join(', ')}`);
  }
}

/** What a word names of an enterprise, or of a pack. @throws Problem `invalid-input` naming `kind`, `of`, `id` or `on`. */
export function subjectOfTwo(kind: string, of: string, id: string, { agency, on, year }: RelianceDto): Subject {
  const named = plain(id, 'id');
  const enterprise = () => creditCode(of, 'of');
  switch (kind) {
    case 'fact':
      if (!/^F[1-9]\d{0,8}$/.test(named)) throw invalidField('id', 'fact', 'must be the number of a fact such as F3');
      return { kind, enterprise: enterprise(), fact: named };
    case 'certificate':
      return { kind, enterprise: enterprise(), number: named };
    case 'move':
      if (!isBusinessDate(named)) throw invalidField('id', 'date', 'must be the day of the move, written YYYY-MM-DD');
      return { kind, enterprise: enterprise(), on: named };
    case 'title':
      return { kind, enterprise: enterprise(), title: named, ...(year !== undefined && { year: String(year) }) };
    case 'clearance':
      if (on !== undefined && agency === undefined) throw invalidField('on', 'with-agency', 'needs the agency whose finding it is');
      return {
        kind,
        enterprise: enterprise(),
        clearance: named,
        ...(agency !== undefined && { agency }),
        ...(on !== undefined && { on }),
      };
    case 'interpretation':
      return { kind, pack: plain(of, 'of'), interpretation: named };
    default:
      throw invalidField('kind', 'kind', `must be one of ${PAIRED_KINDS.join(', ')}`);
  }
}

function plain(text: string, field: string): string {
  if (text.trim() === '' || text.length > LONGEST) throw invalidField(field, 'length', `must have 1 to ${LONGEST} characters`);
  return text;
}
