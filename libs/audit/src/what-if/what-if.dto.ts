import { ArrayMaxSize, ArrayMinSize, IsArray, IsString, Matches, MaxLength } from 'class-validator';
import { MayBeLeftOut } from '@app/http';
import { MAX_PACK_CHARACTERS, MAX_SOURCE_CHARACTERS } from '@app/policies';

/** 假设测算: a published policy with single changes (`pack` and `set`), or a whole changed text (`text` and `file`). */
export class WhatIfDto {
  /** 政策包 whose text is changed by `set`. */
  @MayBeLeftOut()
  @Matches(/^[a-z0-9][a-z0-9-]{0,63}$/, { message: 'pack must be a pack id such as "ganzhou-etdz-2023"' })
  pack?: string;

  /** 改动: such as `clause.G01.cap.false=300000.00`, made to every version of the text. */
  @MayBeLeftOut()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsString({ each: true })
  @MaxLength(200, { each: true })
  set?: string[];

  /** 政策包: the YAML text, as it would be published. */
  @MayBeLeftOut()
  @IsString()
  @MaxLength(MAX_PACK_CHARACTERS)
  text?: string;

  /** Its file name, for error messages. */
  @MayBeLeftOut()
  @Matches(/^[\w.-]{1,100}$/, { message: 'file must be a plain file name' })
  file?: string;

  /** 政策原文: the source document the quotes are checked against; left out for a document that comes with the program. */
  @MayBeLeftOut()
  @IsString()
  @MaxLength(MAX_SOURCE_CHARACTERS)
  source?: string;
}
