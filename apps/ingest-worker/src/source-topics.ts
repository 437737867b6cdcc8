import { MAPPING_TOPIC, OFFLINE_TYPE, topicOfType, TYPES_TAKEN } from '@tessera/ingest';
import type { GroupPosition, SharedReader, TopicDirectory } from '@tessera/kafka';
import type { CatalogStore } from '@tessera/tag-catalog';

/** Which topics are read: those of all tag types as soon as they are there, of offline cuids, and the mapping log. */
export class SourceTopics {
  #read: ReadonlySet<string> = new Set();
  #isSuspect = true;

  constructor(
    private readonly directory: Pick<TopicDirectory, 'list'>,
    private readonly catalogStore: Required<CatalogStore>,
    private readonly reader: Pick<SharedReader, 'read'>,
  ) {}

  /** Those read now. */
  get current(): ReadonlySet<string> {
    return this.#read;
  }

  /** Something is wrong with a topic: look which ones there are. */
  suspect(): void {
    this.#isSuspect = true;
  }

  /** Reads what is new, and no longer what is gone; cheap while nothing changes. @throws StoreUnavailableError, KafkaFailure */
  async keep(): Promise<void> {
    const wanted = this.#wanted();
    const isSame = wanted.size === this.#read.size && [...wanted].every((topic) => this.#read.has(topic));
    if (isSame && !this.#isSuspect) return;
    const there = await this.directory.list();
    this.#read = new Set([...wanted].filter((topic) => there.has(topic)));
    this.#isSuspect = false;
    this.reader.read(this.#read);
  }

  /**
   * What the profiles must have before they are read: positions in topics that nobody reads any more, since their types were removed, do not count.
   * @param committed all that the group has ever committed.
   */
  async demanded(committed: readonly GroupPosition[]): Promise<readonly GroupPosition[]> {
    // A type that was declared a moment ago must not be taken for a removed one.
    const isFresh = await this.catalogStore.refresh().then(
      () => true,
      () => false,
    );
    if (!isFresh) return committed;
    const wanted = this.#wanted();
    return committed.filter(({ topic }) => wanted.has(topic));
  }

  /** Whether a topic is that of a tag type that was removed; null: the catalogue can't be asked now. */
  async removed(): Promise<((topic: string) => boolean) | null> {
    const isFresh = await this.catalogStore.refresh().then(
      () => true,
      () => false,
    );
    const prefix = topicOfType('');
    // Asked each time: a type may be declared again while somebody waits.
    return isFresh ? (topic) => topic.startsWith(prefix) && !this.#wanted().has(topic) : null;
  }

  #wanted(): ReadonlySet<string> {
    const types = this.catalogStore.current().types.map(({ name }) => name);
    return new Set([
      MAPPING_TOPIC,
      ...[OFFLINE_TYPE, ...types.filter((name) => !TYPES_TAKEN.has(name))].map(topicOfType),
    ]);
  }
}
