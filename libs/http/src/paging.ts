import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { invalidField } from '@app/kernel';

/** Paging of every list. */
export class PageDto {
  /** How many items at most, 1 to 500; 100 when left out. */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit: number = 100;

  /** Where to go on: `next` of the page before. */
  @IsOptional()
  @IsString()
  @MaxLength(1000)
  cursor?: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Pass as `cursor` for the next page; absent on the last. */
  readonly next?: string;
}

/** Cuts `limit + 1` fetched rows to a page; the cursor is the sort key of its last row. */
export function pageOf<Item>(rows: readonly Item[], limit: number, keyOf: (item: Item) => readonly (string | number)[]): Page<Item> {
  if (rows.length <= limit) return { items: rows };
  const items = rows.slice(0, limit);
  return { items, next: Buffer.from(JSON.stringify(keyOf(items.at(-1) as Item))).toString('base64url') };
}

/** The sort key in a cursor. @throws Problem `invalid-input` for a cursor this ledger did not give out. */
export function cursorKey(cursor: string | undefined, types: readonly ('string' | 'number')[]): readonly (string | number)[] | undefined {
  if (cursor === undefined) return undefined;
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(key) && key.length === types.length && key.every((part, index) => typeof part === types[index]))
      return key as (string | number)[];
  } catch {
    // falls through to the one answer for every bad cursor
  }
  throw invalidField('cursor', 'cursor', 'must be the `next` of an earlier page');
}
