import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import type { JsonValue } from '@tessera/tag-catalog';
import { Answers } from '../openapi/answers.decorator';
import { TAG_TYPE_EXAMPLE, TAG_TYPE_PATCH_EXAMPLE } from '../openapi/examples';
import { MinOffsetQuery } from '../requests/min-offset.dto';
import { READ_OFFSETS } from '../ports';
import type { ReadOffsets } from '../requests/offsets';
import { TakesJson } from '../requests/takes-json.decorator';
import { TakesQuery } from '../requests/takes-query.decorator';
import { TagTypeDesk } from './tag-type-desk';

@ApiTags('tag types')
@Controller('v1/tag-types')
export class TagTypesController {
  constructor(
    @Inject(TagTypeDesk) private readonly desk: TagTypeDesk,
    @Inject(READ_OFFSETS) private readonly offsets: ReadOffsets,
  ) {}

  @Post()
  @HttpCode(201)
  @TakesJson()
  @ApiBody({ schema: { type: 'object', required: ['name', 'kind'], example: TAG_TYPE_EXAMPLE } })
  @Answers({
    summary: 'Declare a tag type',
    status: 201,
    example: { ...TAG_TYPE_EXAMPLE, version: 1 },
    refusals: [409, 413, 415, 429],
  })
  declare(@Body() json: unknown): Promise<JsonValue> {
    return this.desk.declare(json);
  }

  @Get()
  @TakesQuery()
  @Answers({
    summary: 'All tag types',
    example: { tagTypes: [{ ...TAG_TYPE_EXAMPLE, version: 1 }] },
    refusals: [503],
  })
  async list(@Query() query: MinOffsetQuery): Promise<{ readonly tagTypes: readonly JsonValue[] }> {
    await this.offsets.waitForCatalogue(query.minOffset);
    return { tagTypes: this.desk.list() };
  }

  @Get(':name')
  @TakesQuery()
  @Answers({ summary: 'One tag type', example: { ...TAG_TYPE_EXAMPLE, version: 1 }, refusals: [404, 503] })
  async get(@Param('name') name: string, @Query() query: MinOffsetQuery): Promise<JsonValue> {
    await this.offsets.waitForCatalogue(query.minOffset);
    return this.desk.get(name);
  }

  @Patch(':name')
  @TakesJson()
  @ApiBody({ schema: { type: 'object', example: TAG_TYPE_PATCH_EXAMPLE } })
  @Answers({
    summary: 'Add fields and enum values, change labels',
    example: { ...TAG_TYPE_EXAMPLE, version: 2 },
    refusals: [404, 409, 413, 415, 429],
  })
  patch(@Param('name') name: string, @Body() json: unknown): Promise<JsonValue> {
    return this.desk.patch(name, json);
  }

  @Delete(':name')
  @Answers({ summary: 'Remove a tag type that nothing uses', example: { removed: 'customer' }, refusals: [404, 409] })
  async remove(@Param('name') name: string): Promise<{ readonly removed: string }> {
    await this.desk.remove(name);
    return { removed: name };
  }
}
