import type { ServerResponse } from 'node:http';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Readiness } from '@tessera/platform';
import { Open } from '../access/open.decorator';
import { Answers } from '../openapi/answers.decorator';
import { HTTP_API_OPTIONS } from '../ports';
import type { HttpApiOptions } from '../ports';
import { TakesQuery } from '../requests/takes-query.decorator';

/** Probes may add a query of their own; it means nothing here. */
@ApiTags('operations')
@Controller()
export class HealthController {
  constructor(@Inject(HTTP_API_OPTIONS) private readonly options: Pick<HttpApiOptions, 'health'>) {}

  @Get('health/live')
  @TakesQuery()
  @Open()
  @Answers({ summary: 'Is the process alive', example: { status: 'ok' }, open: true })
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('health/ready')
  @TakesQuery()
  @Open()
  @Answers({
    summary: 'Can it serve, dependency by dependency',
    example: { ready: true, dependencies: { engine: { ok: true } } },
    open: true,
    refusals: [503],
  })
  async ready(@Res({ passthrough: true }) response: ServerResponse): Promise<Readiness> {
    const readiness = await this.options.health.readiness();
    if (!readiness.ready) response.statusCode = 503;
    return readiness;
  }
}
