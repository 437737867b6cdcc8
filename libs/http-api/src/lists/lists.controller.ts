import type { IncomingMessage } from 'node:http';
import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { ListSummary } from '@tessera/audience';
import { Answers } from '../openapi/answers.decorator';
import { LIST_CREATED_EXAMPLE, LIST_EXAMPLE } from '../openapi/examples';
import { READ_OFFSETS } from '../ports';
import { MinOffsetQuery } from '../requests/min-offset.dto';
import type { ReadOffsets } from '../requests/offsets';
import { TakesQuery } from '../requests/takes-query.decorator';
import { CreateListQuery } from './lists.dto';
import { ListDesk } from './list-desk';
import type { CreatedList } from './list-desk';

@ApiTags('lists')
@Controller('v1/lists')
export class ListsController {
  constructor(
    @Inject(ListDesk) private readonly desk: ListDesk,
    @Inject(READ_OFFSETS) private readonly offsets: ReadOffsets,
  ) {}

  @Post()
  @TakesQuery()
  @HttpCode(201)
  @Answers({
    summary: 'Upload a list of users',
    status: 201,
    example: LIST_CREATED_EXAMPLE,
    refusals: [413, 415, 429, 503],
    bodies: {
      'application/x-ndjson': { schema: { type: 'string' }, example: '"c000001"\n"c000002"\n' },
      'text/csv': { schema: { type: 'string' }, example: 'c000001\nc000002\n' },
      'multipart/form-data': {
        schema: { type: 'object', required: ['file'], properties: { file: { type: 'string', format: 'binary' } } },
        example: { file: 'c000001\nc000002\n' },
      },
    },
  })
  create(@Query() query: CreateListQuery, @Req() request: IncomingMessage): Promise<CreatedList> {
    return this.desk.create(query.name, query.header === 'true', request);
  }

  @Get()
  @TakesQuery()
  @Answers({ summary: 'All lists', example: { lists: [LIST_EXAMPLE] }, refusals: [503] })
  async list(@Query() query: MinOffsetQuery): Promise<{ readonly lists: readonly ListSummary[] }> {
    await this.offsets.waitFor(query.minOffset);
    return { lists: await this.desk.list() };
  }

  @Get(':id')
  @TakesQuery()
  @Answers({ summary: 'One list', example: LIST_EXAMPLE, refusals: [404, 503] })
  async get(@Param('id') id: string, @Query() query: MinOffsetQuery): Promise<ListSummary> {
    await this.offsets.waitFor(query.minOffset);
    return this.desk.get(id);
  }

  @Delete(':id')
  @Answers({ summary: 'Remove a list', example: { removed: 'list_1' }, refusals: [404] })
  async remove(@Param('id') id: string): Promise<{ readonly removed: string }> {
    await this.desk.remove(id);
    return { removed: id };
  }
}
