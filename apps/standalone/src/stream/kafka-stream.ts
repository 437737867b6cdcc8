import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamPositions, StreamProgress } from '@tessera/http-api';
import { DEAD_TOPIC, RAW_TOPIC, RawWork, WaitingTypes } from '@tessera/ingest';
import type { LetterBox, RawObserver } from '@tessera/ingest';
import { GroupProducer, KafkaClient, PositionedConsumer, PublishedPositions, TopicDirectory } from '@tessera/kafka';
import type { KafkaLog, PartitionLag } from '@tessera/kafka';
import { StreamMetrics } from '@tessera/platform';
import type { DependencyState, Metrics, TesseraConfig } from '@tessera/platform';
import type { MessageOptions } from '@tessera/tag-catalog';
import type { Store } from '../open-store';
import { StreamWatch } from './stream-watch';

const KB = 1_024;
/** Copies of topics that are made. */
const AS_THE_BROKERS = -1;
/** At the end, for what a Kafka that is away may keep waiting. */
const CLOSE_MS_MAX = 1_000;
/** Between two looks at how far the store has come. */
const LOOK_MS = 20;

export interface StreamOptions {
  readonly messages: MessageOptions;
  readonly metrics: Metrics;
  /** Told how many messages were taken or refused. */
  readonly count: (messages: number) => void;
  readonly log: KafkaLog;
}

/** Reads `tags.raw` into the store. */
export class KafkaStream implements StreamProgress {
  readonly #consumer: PositionedConsumer;
  readonly #published: PublishedPositions;
  readonly #letters: GroupProducer;
  readonly #watch: StreamWatch;
  readonly #topics: TopicDirectory;

  readonly #store: Store;
  readonly #epoch: number;

  constructor(brokers: readonly string[], config: TesseraConfig, store: Store, options: StreamOptions) {
    const { log } = options;
    this.#store = store;
    this.#epoch = config.streamEpoch;
    const metrics = new StreamMetrics(options.metrics.registry, () => Promise.resolve(lagsOf(this.#watch.lags)));
    const client = new KafkaClient({ brokers, clientId: 'tessera-standalone', log });
    this.#letters = new GroupProducer(client, DEAD_TOPIC);
    this.#published = new PublishedPositions(client, config.groupId, RAW_TOPIC, (error) => {
      log('debug', `Positions are not published to the group ${config.groupId} now: ${error.message}`);
    });
    this.#consumer = new PositionedConsumer({
      client,
      groupPrefix: `${config.groupId}-reader`,
      topic: RAW_TOPIC,
      startMs: config.streamStart,
      batch: {
        records: config.streamBatchMessages,
        bytes: config.streamBatchKb * KB,
        ageMs: config.streamBatchMs,
      },
      workOf: workOf(config.streamEpoch, store, observerOf(metrics, options), { ...options, letters: this.#letters }),
      onDone: (partition, nextOffset) => this.#published.note(partition, nextOffset),
      onFailure: (partition, error) => {
        metrics.addFailure();
        const where = partition === null ? RAW_TOPIC : `Kafka partition ${partition} of ${RAW_TOPIC}`;
        log('warn', `${where} is not read until this is over: ${messageOf(error)}`);
      },
      onLost: (partition, count) => {
        metrics.addLost(count);
        log(
          'error',
          `${count} offsets of Kafka partition ${partition} of ${RAW_TOPIC} are gone and were never read: its retention is too short. Reading goes on with the oldest record there is.`,
        );
      },
    });
    this.#topics = new TopicDirectory(client);
    const wanted = [
      { topic: RAW_TOPIC, partitions: config.partitions, replicationFactor: AS_THE_BROKERS, settings: {} },
      { topic: DEAD_TOPIC, partitions: 1, replicationFactor: AS_THE_BROKERS, settings: {} },
    ];
    this.#watch = new StreamWatch(this.#consumer, async () => {
      const there = await this.#topics.list();
      await this.#topics.create(wanted.filter(({ topic }) => !there.has(topic)));
    });
  }

  start(): void {
    this.#consumer.start();
    this.#watch.start();
  }

  /** Finishes what is in hand. */
  async stop(): Promise<void> {
    this.#watch.stop();
    await this.#consumer.stop();
    const closed = Promise.allSettled([this.#published.stop(), this.#letters.close(), this.#topics.close()]);
    await Promise.race([closed, sleep(CLOSE_MS_MAX, undefined, { ref: false })]);
  }

  async reached(positions: StreamPositions, timeoutMs: number): Promise<boolean> {
    const { engine } = this.#store;
    const untilMs = performance.now() + timeoutMs;
    const isReached = (): boolean =>
      [...positions].every(([partition, position]) => {
        const applied = engine.progressOf(sourceOf(this.#epoch, partition))?.position ?? -1;
        return applied >= position - 1;
      });
    while (!isReached()) {
      if (performance.now() >= untilMs) return false;
      await sleep(LOOK_MS);
    }
    return true;
  }

  /** Records that are not applied yet, as of a second ago. */
  get lag(): number {
    return [...this.#watch.lags.values()].reduce((sum, lag) => sum + lag, 0);
  }

  get state(): DependencyState {
    return this.#watch.state;
  }
}

function observerOf(stream: StreamMetrics, { metrics, count }: StreamOptions): RawObserver {
  return {
    applied: (records) => stream.addCommit({ topic: RAW_TOPIC, ...records }),
    verdict: (verdict) => {
      metrics.addMessages(verdict, 1);
      count(1);
    },
    letter: (code) => {
      stream.addDeadLetter(code);
      metrics.addMessages('rejected', 1);
      count(1);
    },
  };
}

function workOf(
  epoch: number,
  { engine, catalogStore }: Store,
  observer: RawObserver,
  { messages, letters }: { readonly messages: MessageOptions; readonly letters: LetterBox },
): (partition: number) => RawWork {
  const isKnown = (type: string): boolean => catalogStore.current().type(type) !== undefined;
  // Types are declared in this very process.
  const types = new WaitingTypes({ isKnown, look: () => Promise.resolve() });
  const options = { store: engine, catalogStore, types, letters, messages, now: Date.now, observer };
  return (partition) => new RawWork({ topic: RAW_TOPIC, partition }, sourceOf(epoch, partition), options);
}

/** The name under which the store keeps the position of a Kafka partition. */
function sourceOf(epoch: number, partition: number): string {
  return `kafka/${epoch}/${RAW_TOPIC}/${partition}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function lagsOf(lags: ReadonlyMap<number, number>): readonly PartitionLag[] {
  return [...lags].map(([partition, records]) => ({ topic: RAW_TOPIC, partition, records }));
}
