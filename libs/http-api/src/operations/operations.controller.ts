import type { ServerResponse } from 'node:http';
import { Controller, Get, HttpCode, Inject, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Answers } from '../openapi/answers.decorator';
import { STATUS_EXAMPLE, VERIFICATION_EXAMPLE } from '../openapi/examples';
import { HTTP_API_OPTIONS, READ_OFFSETS } from '../ports';
import type { HttpApiOptions } from '../ports';
import { TakesQuery } from '../requests/takes-query.decorator';
import { MinOffsetQuery } from '../requests/min-offset.dto';
import type { ReadOffsets } from '../requests/offsets';
import { StatusDesk } from './status';
import type { ServiceStatus } from './status';
import { VerificationDesk } from './verification-desk';
import type { VerificationAnswer } from './verification-desk';

/** Scrapers may add a query of their own; it means nothing here. */
@ApiTags('operations')
@Controller()
export class OperationsController {
  constructor(
    @Inject(HTTP_API_OPTIONS) private readonly options: HttpApiOptions,
    @Inject(StatusDesk) private readonly desk: StatusDesk,
    @Inject(VerificationDesk) private readonly verifications: VerificationDesk,
    @Inject(READ_OFFSETS) private readonly offsets: ReadOffsets,
  ) {}

  @Get('metrics')
  @TakesQuery()
  @Answers({ summary: 'Prometheus text', example: 'tessera_users 200000', contentType: 'text/plain' })
  async metrics(@Res() response: ServerResponse): Promise<void> {
    const { known, dataVersion } = await this.desk.knownUsers();
    const text = await this.options.metrics.expose({ users: known, dataVersion });
    response.setHeader('Content-Type', this.options.metrics.contentType);
    response.end(text);
  }

  @Get('v1/status')
  @TakesQuery()
  @Answers({ summary: 'Engine, users, tags, rates, sizes, versions', example: STATUS_EXAMPLE, refusals: [503] })
  async status(@Query() query: MinOffsetQuery): Promise<ServiceStatus> {
    await this.offsets.waitFor(query.minOffset);
    return this.desk.read();
  }

  @Post('v1/verify')
  @HttpCode(200)
  @Answers({
    summary: 'Check that all that is stored twice agrees; slow, and other requests may wait for it',
    example: VERIFICATION_EXAMPLE,
    refusals: [503],
  })
  verify(): Promise<VerificationAnswer> {
    return this.verifications.verify();
  }
}
