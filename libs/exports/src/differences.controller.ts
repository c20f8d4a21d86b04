import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiParam, ApiProduces, ApiQuery } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AllowAnyRole, type AuthenticatedRequest } from '@app/http';
import { invalidField } from '@app/kernel';
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
   * field. Points are positions, times with their zone, or days (their end); `later` is now when left out. Items of a list
   * are found again by their key; figures that only count days are no difference.
   */
  @Get('*')
  @AllowAnyRole()
  @ApiParam({ name: 'path', description: 'a route after /v1/, such as awards or awards/<award>; its own parameters follow as usual' })
  @ApiQuery({ name: 'earlier', required: true })
  @ApiQuery({ name: 'later', required: false })
  @ApiQuery({ name: 'format', enum: DIFFERENCE_FORMATS, required: false })
  @ApiProduces('application/json', 'application/jsonl', 'text/csv', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')
  async difference(@Req() request: AuthenticatedRequest, @Res() reply: FastifyReply): Promise<void> {
    const { path, query, own } = askedOf(request, ['earlier', 'later', 'format']);
    const format = wordOf('format', own.format, DIFFERENCE_FORMATS, 'json');
    if (own.earlier === undefined) throw invalidField('earlier', 'required', 'name the point to compare with');
    const earlier = await this.vantages.at(own.earlier, 'earlier');
    const later = own.later === undefined ? await this.vantages.ofRequest() : await this.vantages.at(own.later, 'later');
    if (earlier.position > later.position) throw invalidField('earlier', 'order', 'must not lie after the later point');
    try {
      const question = { path, query, authorization: request.headers.authorization };
      const content = await this.differences.between({ ...question, vantage: earlier }, { ...question, vantage: later }, format);
      const name = fileName(`${titleOf(path)}差异`, `${path}-difference`, `${earlier.position}-${later.position}`, format);
      sendStream(reply, content, MEDIA_TYPES[format], format === 'json' ? undefined : name);
    } catch (error) {
      if (!(error instanceof InnerRefusal)) throw error;
      sendRefusal(reply, error);
    }
  }
}
