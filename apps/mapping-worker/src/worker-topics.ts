import { setTimeout as sleep } from 'node:timers/promises';
import { DEAD_TOPIC, MAPPING_TOPIC, OFFLINE_TYPE, RAW_TOPIC, topicOfType, TYPES_TAKEN } from '@tessera/ingest';
import type { TypeList } from '@tessera/ingest';
import type { KafkaLog, NewTopic, TopicDirectory } from '@tessera/kafka';
import type { DependencyState, Health } from '@tessera/platform';
import type { CatalogStore } from '@tessera/tag-catalog';
import { quietly } from './quietly';

/** So often everything is looked at again although nothing seems to have changed, ms. */
const CHECK_MS = 30_000;
/** So often changes of the catalogue are looked for. */
const KEEP_MS = 1_000;
/** Topics are made so many at a time. */
const CREATED_AT_ONCE = 20;

/** The mapping log is kept for ever. */
const KEPT_FOR_EVER = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' } as const;

export interface WorkerTopicsOptions {
  readonly topics: TopicDirectory;
  readonly catalogStore: Required<CatalogStore>;
  /** Of `tags.raw` where it is to be made; the others get as many as it has. */
  readonly partitions: number;
  /** -1: as the brokers have it set. */
  readonly replicationFactor: number;
  readonly log: KafkaLog;
}

/** Makes the topics that the workers need, one for each tag type among them, and knows which types can be sent on. */
export class WorkerTopics implements TypeList {
  #there: ReadonlySet<string> = new Set();
  #checkedMs = -Infinity;
  #checkedVersion = -1;
  #mappingLog: DependencyState = { ok: false, detail: `${MAPPING_TOPIC} has not been looked at yet` };
  #underWay: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(private readonly options: WorkerTopicsOptions) {}

  /** Declared, and its topic is there. @throws StoreUnavailableError while no catalogue could be read. */
  isKnown(type: string): boolean {
    const { catalogStore } = this.options;
    return catalogStore.current().type(type) !== undefined && this.#there.has(topicOfType(type)) && !isTaken(type);
  }

  /** @throws StoreUnavailableError, KafkaFailure */
  async look(): Promise<void> {
    await this.options.catalogStore.refresh();
    await this.keep();
  }

  /** A topic was missing where one was expected: look at all of them again. */
  suspect(): void {
    this.#checkedMs = -Infinity;
  }

  /**
   * Makes what is missing, from now on whenever something is. Resolves once all is there, and neither retention nor compaction takes anything from the
   * mapping log: what was written to it before could not be rebuilt.
   */
  async start(health: Health): Promise<void> {
    const keep = quietly("Topics can't be looked at or made", () => this.keep(), this.options.log);
    health.register('mappingLog', () => this.#mappingLog);
    this.#timer = setInterval(() => void keep(), KEEP_MS);
    await keep();
    while (!this.#mappingLog.ok) await sleep(KEEP_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Makes what is missing; cheap while nothing changes. One at a time, however often it is called. @throws KafkaFailure */
  async keep(): Promise<void> {
    // What is under way may have begun before the last change.
    while (this.#underWay !== null) await this.#underWay.catch(() => undefined);
    const catalog = this.#catalog();
    const isFresh = performance.now() - this.#checkedMs < CHECK_MS;
    if (isFresh && catalog.version === this.#checkedVersion) return;
    this.#underWay = this.#check(catalog).finally(() => {
      this.#underWay = null;
    });
    await this.#underWay;
  }

  /** Types that could not be read yet are none. */
  #catalog(): { readonly version: number; readonly types: readonly string[] } {
    try {
      const { version, types } = this.options.catalogStore.current();
      return { version, types: types.map(({ name }) => name).filter((name) => !isTaken(name)) };
    } catch {
      return { version: -1, types: [] };
    }
  }

  async #check(catalog: { readonly version: number; readonly types: readonly string[] }): Promise<void> {
    const { topics } = this.options;
    const beganMs = performance.now();
    const there = new Set(await topics.list());
    if (!there.has(RAW_TOPIC)) await this.#create([this.#topic(RAW_TOPIC, this.options.partitions)]);
    const partitions = await topics.partitionsOf(RAW_TOPIC);
    const missing = [
      this.#topic(MAPPING_TOPIC, partitions, KEPT_FOR_EVER),
      this.#topic(DEAD_TOPIC, 1),
      ...[OFFLINE_TYPE, ...catalog.types].map((type) => this.#topic(topicOfType(type), partitions)),
    ].filter(({ topic }) => !there.has(topic));
    await this.#create(missing);
    // Not listed again: brokers hear of new topics at different times.
    for (const { topic } of missing) there.add(topic);
    await this.#checkMappingLog();
    this.#there = there;
    this.#checkedVersion = catalog.version;
    this.#checkedMs = beganMs;
  }

  async #create(topics: readonly NewTopic[]): Promise<void> {
    for (let start = 0; start < topics.length; start += CREATED_AT_ONCE) {
      const some = topics.slice(start, start + CREATED_AT_ONCE);
      await this.options.topics.create(some);
      const names = some.map(({ topic, partitions }) => `${topic} (${partitions} Kafka partitions)`);
      this.options.log('info', `Made the topics ${names.join(', ')}`);
    }
  }

  #topic(topic: string, partitions: number, settings: NewTopic['settings'] = {}): NewTopic {
    return { topic, partitions, replicationFactor: this.options.replicationFactor, settings };
  }

  async #checkMappingLog(): Promise<void> {
    const found = await this.options.topics.settingsOf(MAPPING_TOPIC, Object.keys(KEPT_FOR_EVER));
    const wrong = Object.entries(KEPT_FOR_EVER).filter(([name, value]) => found.get(name) !== value);
    const state = wrong.length === 0 ? { ok: true } : { ok: false, detail: problemOf(wrong, found) };
    if (state.detail !== undefined && state.detail !== this.#mappingLog.detail) this.options.log('warn', state.detail);
    this.#mappingLog = state;
  }
}

function problemOf(wrong: readonly (readonly [string, string])[], found: ReadonlyMap<string, string>): string {
  const shown = wrong.map(([name]) => `${name}=${found.get(name) ?? ''}`).join(', ');
  const right = wrong.map(([name, value]) => `${name}=${value}`).join(',');
  return (
    `${MAPPING_TOPIC} has ${shown}: bindings would be deleted from the log that the identity is rebuilt from; ` +
    `kafka-configs.sh --alter --entity-type topics --entity-name ${MAPPING_TOPIC} --add-config ${right}`
  );
}

function isTaken(type: string): boolean {
  return TYPES_TAKEN.has(type);
}
