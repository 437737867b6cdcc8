import { MAPPING_TOPIC, OFFLINE_TYPE, sourceName, topicOfType, TYPES_TAKEN } from '@tessera/ingest';
import type { PartitionExtent } from '@tessera/kafka';
import { ProfilesUnavailableError } from '@tessera/tag-catalog';
import type { Catalog, OnlineProfiles } from '@tessera/tag-catalog';

/** What the online profiles are filled from. */
export interface SourceReader {
  /** Topics that there are. @throws KafkaFailure */
  list(): Promise<ReadonlySet<string>>;
  /** @throws KafkaFailure */
  partitionsOf(topic: string): Promise<number>;
  /** @throws KafkaFailure */
  extentOf(topic: string, partition: number): Promise<PartitionExtent>;
}

/** A source that the workers can't go on with. */
export interface StuckSource {
  readonly source: string;
  /** Why, in a sentence. */
  readonly detail: string;
  /** The earliest offset that Kafka holds. */
  readonly first: number;
}

/** Sources of which neither Redis nor Kafka has everything that was committed, and those that were made anew. @throws ProfilesUnavailableError, KafkaFailure */
export async function stuckSources(
  profiles: Pick<OnlineProfiles, 'openLane'>,
  reader: SourceReader,
  catalog: Catalog,
): Promise<readonly StuckSource[]> {
  const types = catalog.types.map(({ name }) => name).filter((name) => !TYPES_TAKEN.has(name));
  const there = await reader.list();
  const topics = [MAPPING_TOPIC, ...[OFFLINE_TYPE, ...types].map(topicOfType)].filter((topic) => there.has(topic));
  const stuck: StuckSource[] = [];
  for (const topic of topics) {
    const partitions = await reader.partitionsOf(topic);
    for (let partition = 0; partition < partitions; partition += 1) {
      const source = sourceName({ topic, partition });
      const extent = await reader.extentOf(topic, partition);
      const detail = await troubleWith(profiles, source, extent);
      if (detail !== null) stuck.push({ source, detail, first: extent.first });
    }
  }
  return stuck;
}

/** Opening a lane changes nothing: it tells where one would begin. */
async function troubleWith(
  profiles: Pick<OnlineProfiles, 'openLane'>,
  source: string,
  extent: PartitionExtent,
): Promise<string | null> {
  try {
    await profiles.openLane(source, extent);
    return null;
  } catch (error) {
    const isStuck = error instanceof ProfilesUnavailableError && (error.reason === 'gone' || error.reason === 'ahead');
    if (!isStuck) throw error;
    return error.message;
  }
}
