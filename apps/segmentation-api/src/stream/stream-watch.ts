import { MAPPING_TOPIC, OFFLINE_TYPE, RAW_TOPIC, topicOfType, TYPES_TAKEN } from '@tessera/ingest';
import { GroupLag, GroupReach, TopicDirectory } from '@tessera/kafka';
import type { KafkaClient, PartitionLag } from '@tessera/kafka';
import type { CatalogStore } from '@tessera/tag-catalog';
import { AppliedStream } from './applied-stream';

/** The consumer groups of the workers. */
export interface WorkerGroups {
  readonly mappingGroupId: string;
  readonly ingestGroupId: string;
}

/** How far the workers are with the stream. */
export class StreamWatch {
  readonly applied: AppliedStream;
  readonly lags: readonly { readonly name: string; readonly read: () => Promise<readonly PartitionLag[]> }[];
  readonly #directory: TopicDirectory;
  readonly #closing: readonly { close(): Promise<void> }[];

  constructor(
    client: KafkaClient,
    private readonly catalogStore: Pick<CatalogStore, 'current'>,
    { mappingGroupId, ingestGroupId }: WorkerGroups,
  ) {
    const [mapped, applied] = [new GroupReach(client, mappingGroupId), new GroupReach(client, ingestGroupId)];
    this.#directory = new TopicDirectory(client);
    let read: readonly string[] = [];
    const mappingLag = new GroupLag(client, mappingGroupId, () => [RAW_TOPIC]);
    const ingestLag = new GroupLag(client, ingestGroupId, () => read);
    this.applied = new AppliedStream({ mapped, applied, rawTopic: RAW_TOPIC, topics: () => this.#read() });
    this.lags = [
      { name: 'mappingLag', read: () => mappingLag.read() },
      {
        name: 'ingestLag',
        read: async () => {
          read = await this.#read();
          return ingestLag.read();
        },
      },
    ];
    this.#closing = [mapped, applied, this.#directory, mappingLag, ingestLag];
  }

  /** All that there are. @throws KafkaFailure */
  topics(): Promise<ReadonlySet<string>> {
    return this.#directory.list();
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#closing.map((each) => each.close()));
  }

  /** Those that ingest workers read, as far as they are there: of all tag types, of offline cuids, and the mapping log. */
  async #read(): Promise<readonly string[]> {
    const types = this.catalogStore.current().types.map(({ name }) => name);
    const named = [OFFLINE_TYPE, ...types.filter((name) => !TYPES_TAKEN.has(name))].map(topicOfType);
    const there = await this.topics();
    return [MAPPING_TOPIC, ...named].filter((topic) => there.has(topic));
  }
}
