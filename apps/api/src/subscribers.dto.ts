import { ArrayMaxSize, ArrayMinSize, IsArray, IsString, Matches } from 'class-validator';
import { MayBeLeftOut } from '@app/http';

/** 选定的读模型; all of them when left out. */
export class ProjectionNamesDto {
  @MayBeLeftOut()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @Matches(/^[a-z][a-z-]{0,63}$/, { each: true, message: 'names must hold names of projections, as GET /v1/subscribers lists them' })
  names?: string[];
}
