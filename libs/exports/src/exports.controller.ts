import { Body, Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiParam, ApiProduces, ApiQuery } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AllowAnyRole, type AuthenticatedRequest, ReadsQueryItself } from '@app/http';
import { invalidField } from '@app/kernel';
import { Exporter, AUDIENCES, FORMATS } from './exporter.js';
import { sendRefusal, sendStream } from './answer.js';
import { askedOf, wordOf } from './asked.js';
import { InnerRefusal } from './inner.js';
import { isObject, type Json, type JsonObject } from './value.js';
import { showVantage, Vantages } from './vantages.js';

/** 导出 */
@Controller('v1/exports')
export class ExportsController {
  constructor(
    private readonly exporter: Exporter,
    private readonly vantages: Vantages,
  ) {}

  /**
   * 导出清单: any list of the ledger as XLSX, CSV or JSON Lines, whole and from one point. `path` is the route of the list after
   * `/v1/`, its own query parameters follow as usual. With `audience=public` only what belongs to a public policy is in it,
   * without the fields of the office. `Ledger-Empty` says that it holds nothing, `Ledger-Verdict`
   * what the answer says yes or no to beside its list, as a JSON object.
   * An answer that is cut off is not a whole file: the connection ends before it.
   */
  @Get('*')
  @AllowAnyRole()
  @ReadsQueryItself()
  @ApiParam({ name: 'path', description: 'such as awards, due-instalments or ladders/<ladder>/enterprises' })
  @ApiQuery({ name: 'format', enum: FORMATS, required: false })
  @ApiQuery({ name: 'audience', enum: AUDIENCES, required: false })
  @ApiProduces('text/csv', 'application/jsonl', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')
  async export(@Req() request: AuthenticatedRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.send(request, reply);
  }

  /** 导出假设测算: what `/v1/audit/what-if` answers to the same body, as a file; it writes nothing and takes no Idempotency-Key. */
  @Post('audit/what-if')
  @HttpCode(200)
  @AllowAnyRole()
  @ReadsQueryItself()
  @ApiQuery({ name: 'format', enum: FORMATS, required: false })
  @ApiBody({ type: Object })
  @ApiProduces('text/csv', 'application/jsonl', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')
  async exportWhatIf(@Req() request: AuthenticatedRequest, @Res() reply: FastifyReply, @Body() body: unknown): Promise<void> {
    if (!isObject(body as Json)) throw invalidField('body', 'object', 'must be a JSON object, as for /v1/audit/what-if');
    await this.send(request, reply, body as JsonObject);
  }

  private async send(request: AuthenticatedRequest, reply: FastifyReply, body?: JsonObject): Promise<void> {
    const { path, query, own } = askedOf(request, ['format', 'audience']);
    const format = wordOf('format', own.format, FORMATS, 'xlsx');
    const audience = wordOf('audience', own.audience, AUDIENCES, 'internal');
    const vantage = await this.vantages.ofRequest();
    try {
      const question = { path, query, authorization: request.headers.authorization, vantage, ...(body !== undefined && { body }) };
      const { type, fileName, ...file } = await this.exporter.file(question, format, audience, request.actor);
      showVantage(reply, vantage);
      void reply.header('ledger-audience', audience);
      sendStream(reply, file, type, fileName);
    } catch (error) {
      if (!(error instanceof InnerRefusal)) throw error;
      sendRefusal(reply, error);
    }
  }
}
