import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { expressionSchema } from '@tessera/audience';
import type { SegmentationEngine } from '@tessera/audience';
import type { Metrics } from '@tessera/platform';
import type { JsonValue } from '@tessera/tag-catalog';
import { Answers } from '../openapi/answers.decorator';
import {
  COUNT_EXAMPLE,
  DISTRIBUTION_EXAMPLE,
  EXPLAIN_EXAMPLE,
  MEMBERS_EXAMPLE,
  OVERLAP_EXAMPLE,
  VALIDATE_EXAMPLE,
} from '../openapi/examples';
import { HTTP_API_OPTIONS, SEGMENTATION_ENGINE } from '../ports';
import { TakesJson } from '../requests/takes-json.decorator';
import { countUsers, explainQuestion } from './count';
import type { CountAnswer, Explanation } from './count';
import { DistributionCounter } from './distribution';
import type { DistributionAnswer } from './distribution';
import { MemberLister } from './members';
import type { MembersPage } from './members';
import { OverlapCounter } from './overlap';
import type { OverlapAnswer } from './overlap';
import { QuestionReader } from './question';
import { CountDto, DistributionDto, ExpressionDto, MembersDto, OverlapDto } from './segmentation.dto';
import { validateExpression } from './validation';
import type { Validation } from './validation';

type TimedQuestion = Parameters<Metrics['observeQuestion']>[0];

const REFUSALS = [404, 413, 415, 429, 503];

@ApiTags('segmentation')
@Controller('v1/segmentation')
export class SegmentationController {
  constructor(
    @Inject(QuestionReader) private readonly questions: QuestionReader,
    @Inject(SEGMENTATION_ENGINE) private readonly engine: SegmentationEngine,
    @Inject(MemberLister) private readonly members: MemberLister,
    @Inject(DistributionCounter) private readonly distributions: DistributionCounter,
    @Inject(OverlapCounter) private readonly overlaps: OverlapCounter,
    @Inject(HTTP_API_OPTIONS) private readonly options: { readonly metrics: Metrics },
  ) {}

  @Get('schema')
  @Answers({
    summary: 'JSON Schema of expressions',
    example: { $schema: 'https://json-schema.org/draft/2020-12/schema' },
  })
  schema(): JsonValue {
    return expressionSchema();
  }

  @Post('validate')
  @HttpCode(200)
  @TakesJson()
  @Answers({
    summary: 'Check an expression; errors are part of the answer',
    example: VALIDATE_EXAMPLE,
    refusals: [413, 415, 429, 503],
  })
  validate(@Body() body: ExpressionDto): Promise<Validation> {
    return validateExpression(this.questions, body);
  }

  @Post('count')
  @HttpCode(200)
  @TakesJson()
  @Answers({ summary: 'How many users', example: COUNT_EXAMPLE, refusals: REFUSALS })
  count(@Body() body: CountDto): Promise<CountAnswer> {
    return this.#timed('count', async () => {
      const question = await this.questions.read(body);
      return countUsers(this.engine, question, body.perNode ?? false);
    });
  }

  @Post('explain')
  @HttpCode(200)
  @TakesJson()
  @Answers({ summary: 'How it is answered', example: EXPLAIN_EXAMPLE, refusals: REFUSALS })
  async explain(@Body() body: CountDto): Promise<Explanation> {
    return explainQuestion(this.engine, await this.questions.read(body), body.perNode ?? false);
  }

  @Post('members')
  @HttpCode(200)
  @TakesJson()
  @Answers({
    summary: 'Who they are, page by page',
    example: MEMBERS_EXAMPLE,
    refusals: [404, 410, 413, 415, 429, 503],
  })
  list(@Body() body: MembersDto): Promise<MembersPage> {
    return this.#timed('members', () => this.members.list(body));
  }

  @Post('distribution')
  @HttpCode(200)
  @TakesJson()
  @Answers({
    summary: 'How the values of tags are spread over them',
    example: DISTRIBUTION_EXAMPLE,
    refusals: REFUSALS,
  })
  distribution(@Body() body: DistributionDto): Promise<DistributionAnswer> {
    return this.#timed('distribution', () => this.distributions.ofExpression(body));
  }

  @Post('overlap')
  @HttpCode(200)
  @TakesJson()
  @Answers({ summary: 'How sets of users overlap', example: OVERLAP_EXAMPLE, refusals: REFUSALS })
  overlap(@Body() body: OverlapDto): Promise<OverlapAnswer> {
    return this.#timed('overlap', () => this.overlaps.count(body));
  }

  /** Refused questions are left out: they would make the engine look fast. */
  async #timed<T>(question: TimedQuestion, answer: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    const answered = await answer();
    this.options.metrics.observeQuestion(question, (performance.now() - startedMs) / 1_000);
    return answered;
  }
}
