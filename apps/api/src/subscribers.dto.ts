import { ArrayMaxSize, ArrayMinSize, IsArray, IsString, Matches } from 'class-validator';

/** 选定的读模型, by their names; each of them is work for the whole ledger. */
export class ProjectionNamesDto {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @Matches(/^[a-z][a-z-]{0,63}$/, { each: true, message: 'names must hold names of projections, as GET /v1/subscribers lists them' })
  names!: string[];
}
