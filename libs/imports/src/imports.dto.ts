import { IsIn } from 'class-validator';
import { IsBusinessDay, MayBeLeftOut } from '@app/http';
import { IMPORT_MODES, type ImportMode } from './import-report.js';
import type { SheetFormat } from './sheet/open-sheet.js';

export class StartImportDto {
  /** 有错行时：整个文件不写入，或只写入正确的行 */
  @MayBeLeftOut()
  @IsIn(IMPORT_MODES)
  mode?: ImportMode;

  /** 试运行: decides every row and writes nothing. */
  @MayBeLeftOut()
  @IsIn(['true', 'false'])
  dryRun?: 'true' | 'false';

  /** 生效日期 of every row; today when left out, never later. */
  @MayBeLeftOut()
  @IsBusinessDay()
  effectiveOn?: string;
}

export class TemplateDto {
  /** 文件格式 */
  @MayBeLeftOut()
  @IsIn(['csv', 'xlsx'])
  format?: SheetFormat;
}
