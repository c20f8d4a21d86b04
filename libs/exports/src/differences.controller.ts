import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiParam, ApiProduces, ApiQuery } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AllowAnyRole, type AuthenticatedRequest, ReadsQueryItself } from '@app/http';
import { businessDate, businessDateAt, invalidField } from '@app/kernel';
import { fileName, MEDIA_TYPES, sendRefusal, sendStream } from './answer.js';
import { askedOf, wordOf } from './asked.js';
import { DIFFERENCE_FORMATS, Differences } from './differences.js';
import { InnerRefusal } from './inner.js';
import { titleOf } from './table.js';
import { Vantages } from './vantages.js';

/** 两个时点的差异 */
@Controller('v1/differences')
export class DifferencesController {
  constructor(
    private readonly differences: Differences,
    private readonly vantages: Vantages,
  ) {}

  /**
   * 两个时点的差异: what any route that reads answers at two points, compared: what was added, removed and changed, field by
   * field. Points are positions, times with their zone, or days (their end); `later` is now when left out. Business days
   * are compared by `earlierOn` with the route's own `on`, or with the present: from one point, or each from its own when
   * `earlier` is given too. Items of a list are found again by their key; figures that only count days are no difference.
   * `Ledger-Empty` says that there is none.
   */
  @Get('*')
  @AllowAnyRole()
  @ReadsQueryItself()
  @ApiParam({ name: 'path', description: 'a route after /v1/, such as awards or awards/<award>; its own parameters follow as usual' })
  @ApiQuery({ name: 'earlier', required: false, description: 'required unless `earlierOn` is given; `later` when left out then' })
  @ApiQuery({ name: 'earlierOn', required: false, description: '业务日期 to compare with: `on` of the earlier answer' })
  @ApiQuery({ name: 'later', required: false })
  @ApiQuery({ name: 'format', enum: DIFFERENCE_FORMATS, required: false })
  @ApiProduces('application/json', 'application/jsonl', 'text/csv', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')
  async difference(@Req() request: AuthenticatedRequest, @Res() reply: FastifyReply): Promise<void> {
    const { path, query, own } = askedOf(request, ['earlier', 'earlierOn', 'later', 'format']);
    const format = wordOf('format', own.format, DIFFERENCE_FORMATS, 'json');
    const { earlierOn } = own;
    if (own.earlier === undefined && earlierOn === undefined)
      throw invalidField('earlier', 'required', 'name the point to compare with, or the business day with earlierOn');
    const ownEarlier = own.earlier === undefined ? undefined : await this.vantages.at(own.earlier, 'earlier');
    const later = own.later === undefined ? await this.vantages.ofRequest() : await this.vantages.at(own.later, 'later');
    const earlier = ownEarlier ?? later;
    if (earlier.position > later.position) throw invalidField('earlier', 'order', 'must not lie after the later point');
    if (earlierOn !== undefined) {
      const on = query.get('on') ?? businessDateAt(later.now);
      if (businessDate(earlierOn, 'earlierOn') > businessDate(on, 'on'))
        throw invalidField('earlierOn', 'order', `must not lie after ${on}, the day it is compared with`);
    }
    try {
      const question = { path, query, authorization: request.headers.authorization };
      const before = { ...question, vantage: earlier, ...(earlierOn !== undefined && { query: onDay(query, earlierOn), earlierOn }) };
      const content = await this.differences.between(before, { ...question, vantage: later }, format);
      const days = earlierOn === undefined ? '' : `-${earlierOn}-${query.get('on') ?? 'now'}`;
      const points = `${earlier.position}-${later.position}${days}`;
      const name = fileName(`${titleOf(path)}差异`, `${path}-difference`, points, format);
      sendStream(reply, content, MEDIA_TYPES[format], format === 'json' ? undefined : name);
    } catch (error) {
      if (!(error instanceof InnerRefusal)) throw error;
      sendRefusal(reply, error);
    }
  }
}

function onDay(query: URLSearchParams, day: string): URLSearchParams {
  const asked = new URLSearchParams(query);
  asked.set('on', day);
  return asked;
}
