import type { EventStatistics, FieldStatisticsReader, TagStatistics } from '@tessera/audience';
import type { TagDefinition, TagTypeDefinition } from '@tessera/tag-catalog';

/** The engine's own statistics: synchronous, of the state as it stands. */
interface Statistics {
  tagStatistics(tag: TagDefinition): TagStatistics;
  hasData(type: TagTypeDefinition): boolean;
  eventRows(type: TagTypeDefinition): EventStatistics;
}

export class EmbeddedStatistics implements FieldStatisticsReader {
  constructor(private readonly engine: Statistics) {}

  async tagStatistics(tags: readonly TagDefinition[]): Promise<readonly TagStatistics[]> {
    return tags.map((tag) => this.engine.tagStatistics(tag));
  }

  async hasData(type: TagTypeDefinition): Promise<boolean> {
    return this.engine.hasData(type);
  }

  async eventRows(type: TagTypeDefinition): Promise<EventStatistics> {
    return this.engine.eventRows(type);
  }
}
