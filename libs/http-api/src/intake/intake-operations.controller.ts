import type { ServerResponse } from 'node:http';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { CatalogStore } from '@tessera/tag-catalog';
import { Answers } from '../openapi/answers.decorator';
import { MessageRate } from '../operations/message-rate';
import { CATALOG_STORE, HTTP_API_OPTIONS } from '../ports';
import { TakesQuery } from '../requests/takes-query.decorator';
import type { IntakeApiOptions } from './intake-ports';

interface IntakeStatus {
  /** None is built for this shape yet. */
  readonly engine: null;
  readonly tagTypes: number;
  readonly tags: number;
  /** That came to this process, in the last minute. */
  readonly messagesPerSecond: number;
  readonly versions: { readonly tessera: string; readonly node: string; readonly catalog: number };
  readonly uptimeSeconds: number;
}

const EXAMPLE: IntakeStatus = {
  engine: null,
  tagTypes: 4,
  tags: 31,
  messagesPerSecond: 812.4,
  versions: { tessera: '0.1.0', node: 'v20.19.0', catalog: 17 },
  uptimeSeconds: 86_400,
};

/** Metrics and status without an engine. */
@ApiTags('operations')
@Controller()
export class IntakeOperationsController {
  constructor(
    @Inject(HTTP_API_OPTIONS) private readonly options: IntakeApiOptions,
    @Inject(CATALOG_STORE) private readonly catalogStore: CatalogStore,
    @Inject(MessageRate) private readonly rate: MessageRate,
  ) {}

  @Get('metrics')
  @TakesQuery()
  @Answers({ summary: 'Prometheus text', example: 'tessera_messages_total 17', contentType: 'text/plain' })
  async metrics(@Res() response: ServerResponse): Promise<void> {
    const { registry } = this.options.metrics;
    const text = await registry.metrics();
    response.setHeader('Content-Type', registry.contentType);
    response.end(text);
  }

  @Get('v1/status')
  @Answers({ summary: 'Tags, rates, versions', example: EXAMPLE, refusals: [503] })
  status(): IntakeStatus {
    const catalog = this.catalogStore.current();
    return {
      engine: null,
      tagTypes: catalog.types.length,
      tags: [...catalog.tags].length,
      messagesPerSecond: this.rate.perSecond(),
      versions: { tessera: this.options.version, node: process.version, catalog: catalog.version },
      uptimeSeconds: Math.floor(process.uptime()),
    };
  }
}
