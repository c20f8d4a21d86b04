import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { AllowAnyRole, type Page } from '@app/http';
import { ListTitleHolders, type TitleHolder } from './dossier/list-title-holders.query.js';
import { SearchTitlesDto } from './enterprises.dto.js';

/** 称号 */
@Controller('v1/titles')
export class TitlesController {
  constructor(private readonly queries: QueryBus) {}

  /** 称号名单: who holds a title. */
  @Get()
  @AllowAnyRole()
  list(@Query() search: SearchTitlesDto): Promise<Page<TitleHolder>> {
    return this.queries.execute(new ListTitleHolders(search));
  }
}
