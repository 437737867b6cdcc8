import { setTimeout as sleep } from 'node:timers/promises';
import { RawWork, WaitingTypes } from '@tessera/ingest';
import type { RawObserver } from '@tessera/ingest';
import { KafkaClient, PositionedConsumer, PublishedPositions, RecordWriter } from '@tessera/kafka';
import type { KafkaLog } from '@tessera/kafka';
import type { DependencyState, StreamMetrics, TesseraConfig } from '@tessera/platform';
import type { MessageOptions } from '@tessera/tag-catalog';
import type { Store } from '../open-store';
import { StreamWatch } from './stream-watch';

const RAW_TOPIC = 'tags.raw';
const KB = 1_024;
/** At the end, for what a Kafka that is away may keep waiting. */
const CLOSE_MS_MAX = 1_000;

export interface StreamOptions {
  readonly messages: MessageOptions;
  readonly metrics: StreamMetrics;
  /** Told how many messages were taken or refused. */
  readonly count: (messages: number) => void;
  readonly log: KafkaLog;
}

/** Reads `tags.raw` into the store. */
export class KafkaStream {
  readonly #consumer: PositionedConsumer;
  readonly #published: PublishedPositions;
  readonly #letters: RecordWriter;
  readonly #watch: StreamWatch;

  constructor(brokers: readonly string[], config: TesseraConfig, store: Store, options: StreamOptions) {
    const { log, metrics } = options;
    const client = new KafkaClient({ brokers, clientId: 'tessera-standalone', log });
    this.#letters = new RecordWriter(client);
    this.#published = new PublishedPositions(client, config.groupId, RAW_TOPIC, (error) => {
      log('debug', `Positions are not published to the group ${config.groupId} now: ${error.message}`);
    });
    this.#consumer = new PositionedConsumer({
      client,
      groupPrefix: `${config.groupId}-reader`,
      topic: RAW_TOPIC,
      batch: {
        records: config.streamBatchMessages,
        bytes: config.streamBatchKb * KB,
        ageMs: config.streamBatchMs,
      },
      workOf: workOf(config.streamEpoch, store, this.#letters, options),
      onDone: (partition, nextOffset) => this.#published.note(partition, nextOffset),
      onFailure: (partition, error) => {
        metrics.failure();
        const where = partition === null ? RAW_TOPIC : `Kafka partition ${partition} of ${RAW_TOPIC}`;
        log('warn', `${where} is not read until this is over: ${messageOf(error)}`);
      },
      onLost: (partition, count) => {
        metrics.lost(count);
        log(
          'error',
          `${count} offsets of Kafka partition ${partition} of ${RAW_TOPIC} are gone and were never read: its retention is too short. Reading goes on with the oldest record there is.`,
        );
      },
    });
    this.#watch = new StreamWatch(this.#consumer, metrics);
  }

  start(): void {
    this.#consumer.start();
    this.#watch.start();
  }

  /** Finishes what is in hand. */
  async stop(): Promise<void> {
    this.#watch.stop();
    await this.#consumer.stop();
    const closed = Promise.allSettled([this.#published.stop(), this.#letters.close()]);
    await Promise.race([closed, sleep(CLOSE_MS_MAX, undefined, { ref: false })]);
  }

  /** Records that are not applied yet, as of a second ago. */
  get lag(): number {
    return this.#watch.lag;
  }

  get state(): DependencyState {
    return this.#watch.state;
  }
}

function workOf(
  epoch: number,
  { engine, catalogStore }: Store,
  letters: RecordWriter,
  { messages, metrics, count }: StreamOptions,
): (partition: number) => RawWork {
  const list = (): Promise<ReadonlySet<string>> =>
    Promise.resolve(new Set(catalogStore.current().types.map(({ name }) => name)));
  const types = new WaitingTypes(list, Date.now);
  const observer: RawObserver = {
    batch: (size) => metrics.batch(size),
    applied: (verdict, timestampMs) => {
      metrics.applied(verdict, Date.now() - timestampMs);
      count(1);
    },
    letter: (code) => {
      metrics.letter(code);
      count(1);
    },
  };
  const options = { store: engine, catalogStore, types, letters, messages, now: Date.now, observer };
  return (partition) =>
    new RawWork({ topic: RAW_TOPIC, partition }, `kafka/${epoch}/${RAW_TOPIC}/${partition}`, options);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
