import type { FieldStatisticsReader, TagStatistics } from '@tessera/audience';
import { describeTag, formatInstant, parseDuration } from '@tessera/tag-catalog';
import type { CatalogStore, JsonValue, TagDefinition } from '@tessera/tag-catalog';
import { notFound } from '../problem/http-problem';

/** How new a tag's data is, against its target. */
export interface TagFreshness {
  /** ISO 8601 duration; null: none declared. */
  readonly target: string | null;
  /** Seconds since the newest write; null: never written. */
  readonly ageSeconds: number | null;
  /** Null where there is no target. */
  readonly met: boolean | null;
}

/** A tag with the state of its data. Its declaration is in it as well. */
export interface ListedTag {
  readonly [key: string]: JsonValue;
}

/** Shows the tags with what is stored of them. */
export class TagListing {
  constructor(
    private readonly catalogStore: CatalogStore,
    private readonly statistics: FieldStatisticsReader,
    private readonly engineName: string,
    private readonly clock: () => number,
  ) {}

  /**
   * @param query part of a name, label, description or group, upper or lower case; undefined: all.
   * @param typeName tags of this tag type only.
   * @throws HttpProblem 404 for an unknown tag type. StoreUnavailableError
   */
  async list(query: string | undefined, typeName: string | undefined): Promise<readonly ListedTag[]> {
    const catalog = this.catalogStore.current();
    if (typeName !== undefined && catalog.type(typeName) === undefined) {
      const shown = JSON.stringify(typeName.slice(0, 100));
      throw notFound('/type', 'unknownType', `There is no tag type ${shown}; GET /v1/tag-types lists them`);
    }
    const wanted = query?.toLowerCase();
    const tags = [...catalog.tags]
      .filter((tag) => typeName === undefined || tag.typeName === typeName)
      .filter((tag) => wanted === undefined || textsOf(tag).some((text) => text.toLowerCase().includes(wanted)));
    const statistics = await this.statistics.tagStatistics(tags);
    return statistics.flatMap((each, index) => {
      const tag = tags[index];
      return tag === undefined ? [] : [this.#describe(tag, each)];
    });
  }

  #describe(tag: TagDefinition, { coverage, distinct, lastWriteMs, bytes }: TagStatistics): ListedTag {
    const freshness = this.#freshnessOf(tag, lastWriteMs);
    return {
      ...describeTag(tag),
      kind: tag.kind,
      type: tag.typeName,
      coverage,
      distinct,
      freshness: { target: freshness.target, ageSeconds: freshness.ageSeconds, met: freshness.met },
      lastWrite: lastWriteMs === null ? null : formatInstant(lastWriteMs),
      placements: [
        { engine: this.engineName, place: tag.kind === 'kv' ? 'kvBitmap' : 'profileColumn', primary: true, bytes },
      ],
    };
  }

  #freshnessOf(tag: TagDefinition, lastWriteMs: number | null): TagFreshness {
    // Messages may be dated ahead of the clock; data is never younger than now.
    const ageMs = lastWriteMs === null ? null : Math.max(0, this.clock() - lastWriteMs);
    const targetMs = tag.freshness === '' ? null : parseDuration(tag.freshness);
    return {
      target: tag.freshness === '' ? null : tag.freshness,
      ageSeconds: ageMs === null ? null : Math.floor(ageMs / 1_000),
      met: targetMs === null ? null : ageMs !== null && ageMs <= targetMs,
    };
  }
}

function textsOf(tag: TagDefinition): readonly string[] {
  return [tag.name, tag.description, tag.group, ...Object.values(tag.labels)];
}
