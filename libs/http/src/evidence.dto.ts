import { applyDecorators } from '@nestjs/common';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsObject, Matches, ValidateNested } from 'class-validator';
import { IsText, MayBeLeftOut } from './decorators.js';

/** A document a decision rests on. */
export class EvidenceDto {
  /** 材料名称: what the document is called. */
  @IsText(200)
  title!: string;

  /** 文号: its number, where it has one. */
  @MayBeLeftOut()
  @IsText(100)
  documentNo?: string;

  /** SHA-256 of the file in lower-case hex, where a file exists. */
  @MayBeLeftOut()
  @Matches(/^[0-9a-f]{64}$/, { message: 'sha256 must be 64 lower-case hex digits' })
  sha256?: string;
}

/** An array of `EvidenceDto`. Says all that is needed: a bare `@ValidateNested` would let `[null]` through. */
export function IsEvidenceList({ min = 0, max = 20 }: { readonly min?: number; readonly max?: number } = {}): PropertyDecorator {
  return IsListOf(() => EvidenceDto, { min, max });
}

/** An array of objects, each checked against its DTO. */
export function IsListOf(
  dto: () => new () => object,
  { min = 0, max }: { readonly min?: number; readonly max: number },
): PropertyDecorator {
  return applyDecorators(
    IsArray(),
    ArrayMinSize(min),
    ArrayMaxSize(max),
    IsObject({ each: true }),
    ValidateNested({ each: true }),
    Type(dto),
  );
}
