import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { AllowRoles, PresentOnly } from '@app/http';
import { type SubscriberStatus, Subscriptions, type Verification } from '@app/projections';
import { ProjectionNamesDto } from './subscribers.dto.js';

/** 读模型与流程: what follows the ledger, and the work operators do on it. Nothing of this touches the ledger itself. */
@Controller('v1/subscribers')
@PresentOnly()
export class SubscribersController {
  constructor(private readonly subscriptions: Subscriptions) {}

  /** 运行状态 with the reasons, which may quote what is in the ledger. */
  @Get()
  @AllowRoles('administrator', 'auditor')
  list(): Promise<readonly SubscriberStatus[]> {
    return this.subscriptions.overview();
  }

  /** 核对结果: the latest comparison of each read model with one built anew */
  @Get('verifications')
  @AllowRoles('administrator', 'auditor')
  verifications(): Promise<readonly Verification[]> {
    return this.subscriptions.verifications();
  }

  /** 核对: builds read models anew and compares them row for row, former rows included, with those in use */
  @Post('verify')
  @HttpCode(202)
  @AllowRoles('administrator', 'auditor')
  async verify(@Body() { names }: ProjectionNamesDto): Promise<readonly Verification[]> {
    await this.subscriptions.verify([...new Set(names)]);
    return this.subscriptions.verifications();
  }

  /** 重建: builds read models anew beside those in use, which they then replace */
  @Post('rebuild')
  @HttpCode(202)
  @AllowRoles('administrator')
  async rebuild(@Body() { names }: ProjectionNamesDto): Promise<readonly SubscriberStatus[]> {
    await this.subscriptions.rebuild([...new Set(names)]);
    return this.subscriptions.overview();
  }

  /** 恢复: goes on from the event it stopped at */
  @Post(':name/resume')
  @HttpCode(202)
  @AllowRoles('administrator')
  async resume(@Param('name') name: string): Promise<readonly SubscriberStatus[]> {
    await this.subscriptions.resume(name);
    return this.subscriptions.overview();
  }
}
