import { Controller, Get, Header, Headers, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { OpenToAll } from '@app/http';
import type { Health, Readiness } from './health.js';
import { OPERATIONS, type Operations } from './operations.js';

/** 运行: what operators and their tools ask a process about itself. */
@Controller()
export class OperationsController {
  constructor(@Inject(OPERATIONS) private readonly operations: Operations) {}

  /** 健康检查: 200 while both stores answer and everything that follows the ledger runs; 503 when a projection or process manager has stopped or cannot go on. */
  @Get('health')
  @OpenToAll()
  async health(@Res({ passthrough: true }) reply: FastifyReply): Promise<Health> {
    const health = await this.operations.health();
    if (health.status === 'degraded') void reply.status(503);
    return health;
  }

  /** 存活: 200 as long as the process answers at all; when it does not, it is to be started again */
  @Get('health/live')
  @OpenToAll()
  live(): { readonly status: 'live' } {
    return { status: 'live' };
  }

  /** 就绪: 200 while requests may be sent here; 503, with what speaks against it, otherwise */
  @Get('health/ready')
  @OpenToAll()
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readiness> {
    const readiness = await this.operations.readiness();
    if (readiness.status === 'not-ready') void reply.status(503);
    return readiness;
  }

  /** 监控指标 in Prometheus's text format */
  @Get('metrics')
  @OpenToAll()
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  async metrics(@Headers('authorization') authorization: string | undefined): Promise<string> {
    return this.operations.metrics(authorization);
  }
}
