import { Controller, Get, Query as QueryString, StreamableFile } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { AllowAnyRole, type Page } from '@app/http';
import { TABLE_TYPES } from '@app/sheets';
import { ListNoticesDto, NoticeTableDto } from './notices.dto.js';
import { ListPublicNotices, type NoticedAward } from './notices.query.js';
import { PrintNotice } from './print-notice.query.js';

/** 公示 */
@Controller('v1/public-notices')
export class NoticesController {
  constructor(private readonly queries: QueryBus) {}

  /** 公示清单: awards on public notice, with the amount that was put on it */
  @Get()
  @AllowAnyRole()
  list(@QueryString() { limit, cursor, ...filter }: ListNoticesDto): Promise<Page<NoticedAward>> {
    return this.queries.execute(new ListPublicNotices(filter, limit, cursor));
  }

  /**
   * 公示表: what one policy puts on notice from one day on, the latest when none is named, ready to print and post. A policy
   * that is shown on request, internal or a draft is not quoted in it. CSV holds the rows and the sum alone.
   */
  @Get('file')
  @AllowAnyRole()
  async table(@QueryString() { format, ...filter }: NoticeTableDto): Promise<StreamableFile> {
    const content = await this.queries.execute(new PrintNotice(filter, format));
    return new StreamableFile(content, {
      type: TABLE_TYPES[format],
      disposition: `attachment; filename="public-notice-${filter.pack}.${format}"`,
      length: content.length,
    });
  }
}
