import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { DataVersion } from '@tessera/audience';
import type { CatalogStore } from '@tessera/tag-catalog';
import { Answers } from '../openapi/answers.decorator';
import { TAG_DISTRIBUTION_EXAMPLE, TAG_EXAMPLE } from '../openapi/examples';
import { CATALOG_STORE, READ_OFFSETS } from '../ports';
import type { ReadOffsets } from '../requests/offsets';
import { filledIn } from '../requests/parse-dto';
import { TakesQuery } from '../requests/takes-query.decorator';
import { DistributionCounter, findTag } from '../segmentation/distribution';
import type { TagShares } from '../segmentation/distribution';
import { TagDistributionQuery, TagsQuery } from './catalog.dto';
import { TagListing } from './tag-listing';
import type { ListedTag } from './tag-listing';

/** A tag's spread over all users. */
interface TagDistributionAnswer extends TagShares {
  readonly universe: number;
  readonly asOf: string;
  readonly dataVersion: DataVersion;
}

@ApiTags('tags')
@Controller('v1/tags')
export class TagsController {
  constructor(
    @Inject(CATALOG_STORE) private readonly catalogStore: CatalogStore,
    @Inject(TagListing) private readonly listing: TagListing,
    @Inject(DistributionCounter) private readonly distributions: DistributionCounter,
    @Inject(READ_OFFSETS) private readonly offsets: ReadOffsets,
  ) {}

  @Get()
  @TakesQuery()
  @Answers({
    summary: 'Tags with coverage, distinct values, freshness and placements',
    example: { tags: [TAG_EXAMPLE] },
    refusals: [404, 503],
  })
  async list(@Query() query: TagsQuery): Promise<{ readonly tags: readonly ListedTag[] }> {
    await this.offsets.waitFor(query.minOffset);
    return { tags: await this.listing.list(filledIn(query.query), filledIn(query.type)) };
  }

  @Get(':name/distribution')
  @TakesQuery()
  @Answers({ summary: 'Value counts, or a histogram', example: TAG_DISTRIBUTION_EXAMPLE, refusals: [404, 503] })
  async distribution(
    @Param('name') name: string,
    @Query() query: TagDistributionQuery,
  ): Promise<TagDistributionAnswer> {
    const tag = findTag(this.catalogStore.current(), name);
    const top = query.top === undefined ? undefined : Number(query.top);
    const { universe, asOf, dataVersion, tags } = await this.distributions.ofUniverse(tag, top, query.minOffset);
    const [shares] = tags;
    if (shares === undefined) throw new Error(`the engine gave no distribution of ${tag.name}`);
    return { ...shares, universe, asOf, dataVersion };
  }
}
