import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Answers } from '../openapi/answers.decorator';
import {
  ERASURE_EXAMPLE,
  EVALUATE_BATCH_EXAMPLE,
  EVALUATE_EXAMPLE,
  USER_EVENTS_EXAMPLE,
  USER_EXAMPLE,
} from '../openapi/examples';
import { MinOffsetQuery } from '../requests/min-offset.dto';
import { filledIn } from '../requests/parse-dto';
import { TakesJson } from '../requests/takes-json.decorator';
import { TakesQuery } from '../requests/takes-query.decorator';
import type { DescribedUser } from './describe-user';
import { Evaluator } from './evaluation';
import type { BatchEvaluation, Evaluation } from './evaluation';
import { UserDesk } from './user-desk';
import type { ErasureReceipt, UserEventsPage } from './user-desk';
import { EvaluateBatchDto, EvaluateDto, UserEventsQuery, UsersBatchDto } from './users.dto';

const REFUSALS = [404, 413, 415, 429, 503];

@ApiTags('users')
@Controller('v1/users')
export class UsersController {
  constructor(
    @Inject(UserDesk) private readonly desk: UserDesk,
    @Inject(Evaluator) private readonly evaluator: Evaluator,
  ) {}

  @Post('batch')
  @HttpCode(200)
  @TakesJson()
  @Answers({
    summary: 'Many users, in the same order; unknown ones are null',
    example: { users: [USER_EXAMPLE, null], dataVersion: 812 },
    refusals: REFUSALS,
  })
  batch(@Body() body: UsersBatchDto): Promise<{ readonly users: readonly (DescribedUser | null)[] }> {
    return this.desk.readMany(body);
  }

  @Post('evaluate-batch')
  @HttpCode(200)
  @TakesJson()
  @Answers({ summary: 'Which of many users belong to a rule', example: EVALUATE_BATCH_EXAMPLE, refusals: REFUSALS })
  evaluateBatch(@Body() body: EvaluateBatchDto): Promise<BatchEvaluation> {
    return this.evaluator.evaluateMany(body);
  }

  @Get(':cuid')
  @TakesQuery()
  @Answers({ summary: 'All tags and event totals of one user', example: USER_EXAMPLE, refusals: [404, 503] })
  read(@Param('cuid') cuid: string, @Query() query: MinOffsetQuery): Promise<DescribedUser> {
    return this.desk.read(cuid, query);
  }

  @Get(':cuid/events')
  @TakesQuery()
  @Answers({ summary: 'The latest rows, newest first', example: USER_EVENTS_EXAMPLE, refusals: [404, 503] })
  events(@Param('cuid') cuid: string, @Query() query: UserEventsQuery): Promise<UserEventsPage> {
    return this.desk.events(cuid, {
      type: filledIn(query.type),
      limit: query.limit === undefined ? undefined : Number(query.limit),
      before: filledIn(query.before),
      cursor: query.cursor,
      minOffset: query.minOffset,
    });
  }

  @Post(':cuid/evaluate')
  @HttpCode(200)
  @TakesJson()
  @Answers({ summary: 'Does this user belong, and why', example: EVALUATE_EXAMPLE, refusals: REFUSALS })
  evaluate(@Param('cuid') cuid: string, @Body() body: EvaluateDto): Promise<Evaluation> {
    return this.evaluator.evaluate(cuid, body);
  }

  @Delete(':cuid')
  @Answers({ summary: 'Erase a user everywhere', example: ERASURE_EXAMPLE, refusals: [404, 503] })
  erase(@Param('cuid') cuid: string): Promise<ErasureReceipt> {
    return this.desk.erase(cuid);
  }
}
