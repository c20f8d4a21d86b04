import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandContext, Receipt } from '@app/event-store';
import { AllowAnyRole, AllowRoles, Context, type Page } from '@app/http';
import { creditCode } from '@app/kernel';
import { ProposeReview } from '../handlers/propose-review.js';
import { Recommend, type RecommendAnswer } from '../handlers/recommend.js';
import { type ReviewAction, RunReviewCommand } from '../handlers/run-review-command.js';
import {
  CloseReviewDto,
  DecideAllDto,
  DecideDto,
  LapseReviewDto,
  OpenReviewDto,
  OUT,
  ProposalsDto,
  ProposeDto,
  RecommendationsDto,
  RecommendDto,
  ReviewDto,
  ReviewOnDto,
} from '../tiers.dto.js';
import {
  FindReview,
  ListProposals,
  ListRecommendations,
  type ProposalView,
  type RecommendationView,
  type ReviewView,
} from './reviews.query.js';

/** 梯次动态调整: a year's review of a ladder, from proposals to recommendations. */
@Controller('v1/tier-reviews/:ladder/:year')
export class ReviewsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  /** 开始动态调整 */
  @Post()
  @AllowRoles('clerk', 'reviewer')
  open(@Param() review: ReviewDto, @Body() _body: OpenReviewDto, @Context() context: CommandContext): Promise<Receipt> {
    return this.run(review, { type: 'open' }, context);
  }

  /** 提出调整建议, enterprise by enterprise; sent again it goes on where it stood. */
  @Post('propose')
  @HttpCode(200)
  @AllowRoles('clerk', 'reviewer')
  propose(@Param() { ladder, year }: ReviewDto, @Body() { scope, region, restart }: ProposeDto, @Context() context: CommandContext) {
    return this.commands.execute(new ProposeReview(ladder, year, { scope, region, restart }, context));
  }

  /** 逐户决定: by somebody else than who proposed. */
  @Post('decide')
  @HttpCode(200)
  @AllowRoles('reviewer', 'approver')
  decide(
    @Param() review: ReviewDto,
    @Body() { decisions, reason, evidence }: DecideDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    const choices = decisions.map(({ creditCode: code, to, override }) => ({
      creditCode: creditCode(code, 'decisions.creditCode'),
      ...(to !== undefined && { to: to === OUT ? null : to }),
      ...(override !== undefined && { override }),
    }));
    return this.run(review, { type: 'decide', choices, reason, evidence }, context);
  }

  /** 批量决定: every undecided proposal of a kind. */
  @Post('decide-all')
  @HttpCode(200)
  @AllowRoles('reviewer', 'approver')
  decideAll(
    @Param() review: ReviewDto,
    @Body() { kind, decision, reason, evidence }: DecideAllDto,
    @Context() context: CommandContext,
  ): Promise<Receipt> {
    return this.run(review, { type: 'decide-all', kind, decision, reason, evidence }, context);
  }

  /** 结束动态调整 */
  @Post('close')
  @HttpCode(200)
  @AllowRoles('approver')
  close(@Param() review: ReviewDto, @Body() { evidence }: CloseReviewDto, @Context() context: CommandContext): Promise<Receipt> {
    return this.run(review, { type: 'close', evidence }, context);
  }

  /** 终止动态调整: when the policy has ended and nothing can be decided any more. */
  @Post('lapse')
  @HttpCode(200)
  @AllowRoles('approver')
  lapse(@Param() review: ReviewDto, @Body() { reason, evidence }: LapseReviewDto, @Context() context: CommandContext): Promise<Receipt> {
    return this.run(review, { type: 'lapse', reason, evidence }, context);
  }

  /** 推荐申报 */
  @Post('recommend')
  @HttpCode(200)
  @AllowRoles('approver')
  recommend(
    @Param() { ladder, year }: ReviewDto,
    @Body() body: RecommendDto,
    @Context() context: CommandContext,
  ): Promise<RecommendAnswer> {
    const { tier, enterprises, after, reason, evidence } = body;
    return this.commands.execute(new Recommend(ladder, year, { tier, enterprises, after, reason, evidence }, context));
  }

  /** 动态调整进度 */
  @Get()
  @AllowAnyRole()
  find(@Param() { ladder, year }: ReviewDto, @Query() { on }: ReviewOnDto): Promise<ReviewView> {
    return this.queries.execute(new FindReview(ladder, year, on));
  }

  /** 调整建议与决定 */
  @Get('proposals')
  @AllowAnyRole()
  proposals(@Param() { ladder, year }: ReviewDto, @Query() filter: ProposalsDto): Promise<Page<ProposalView>> {
    return this.queries.execute(new ListProposals(ladder, year, filter));
  }

  /** 推荐名单 */
  @Get('recommendations')
  @AllowAnyRole()
  recommendations(@Param() { ladder, year }: ReviewDto, @Query() filter: RecommendationsDto): Promise<Page<RecommendationView>> {
    return this.queries.execute(new ListRecommendations(ladder, year, filter));
  }

  private run({ ladder, year }: ReviewDto, action: ReviewAction, context: CommandContext): Promise<Receipt> {
    return this.commands.execute(new RunReviewCommand(ladder, year, action, context));
  }
}
