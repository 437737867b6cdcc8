import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, Producer } from 'kafkajs';
import type { KafkaClient } from './kafka-client';
import { KafkaFailure } from './kafka-failure';
import { recordBytes, splitByBytes } from './records';
import type { NewRecord } from './records';
import { ALL_REPLICAS, messageOf, REQUEST_BYTES_MAX } from './topic-messages';

/** With pauses from 0.1 s up: some 3 s where nobody answers. */
const RETRIES = 5;
const WRITE_MS_MAX = 10_000;

/** Partition → position behind the last record that is meant. */
export type TopicEnds = ReadonlyMap<number, number>;

/** What one caller writes. */
interface Share {
  readonly records: readonly NewRecord[];
  readonly bytes: number;
  /** Partition → position behind the last of its records, as far as they are written. */
  readonly ends: Map<number, number>;
  readonly settle: (failure: KafkaFailure | null) => void;
}

/**
 * Writes records to one topic for many callers: what comes while a request is under way goes with the next one. One request at a time: the client's idempotent producer numbers
 * records when it sends them, and two requests that fail and are sent again could take each other's numbers, whereupon the broker would drop records that it has
 * not got. For the same reason a producer that has failed is not used again.
 */
export class GroupProducer {
  #producer: Producer | null = null;
  #waiting: Share[] = [];
  #working: Promise<void> | null = null;
  #partitionOf = new WeakMap<Message, number>();

  constructor(
    private readonly client: KafkaClient,
    private readonly topic: string,
    private readonly writeMsMax = WRITE_MS_MAX,
  ) {}

  /**
   * Resolves when all replicas have them; those with one key in their order, behind those of earlier calls.
   *
   * @returns partition → position behind the last of these records.
   * @throws KafkaFailure at the latest after 10 s: none of the records is acknowledged; some may be there, or may still come.
   */
  async write(records: readonly NewRecord[]): Promise<TopicEnds> {
    if (records.length === 0) return new Map();
    const bytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
    const ends = new Map<number, number>();
    let settle: Share['settle'] = () => undefined;
    const written = new Promise<void>((resolve, reject) => {
      settle = (failure) => {
        if (failure === null) resolve();
        else reject(failure);
      };
    });
    const share: Share = { records, bytes, ends, settle };
    this.#waiting.push(share);
    this.#work();
    await this.#inTime(share, written);
    return ends;
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#working;
    await this.#producer?.disconnect().catch(() => undefined);
    this.#producer = null;
  }

  async #inTime(share: Share, written: Promise<void>): Promise<void> {
    const timer = new AbortController();
    const late = sleep(this.writeMsMax, 'late' as const, { signal: timer.signal, ref: false }).catch(
      () => 'late' as const,
    );
    try {
      if ((await Promise.race([written, late])) !== 'late') return;
    } finally {
      timer.abort();
    }
    written.catch(() => undefined);
    // One that has not been sent yet will not be.
    this.#waiting = this.#waiting.filter((one) => one !== share);
    throw new KafkaFailure('other', true, `Kafka took no records within ${this.writeMsMax / 1_000} s`);
  }

  #work(): void {
    this.#working ??= this.#writeAll().finally(() => {
      this.#working = null;
      if (this.#waiting.length > 0) this.#work();
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const shares = this.#takeShares();
      try {
        await this.#writeShares(shares);
        for (const { settle } of shares) settle(null);
      } catch (error) {
        const failure = KafkaFailure.of(error);
        for (const { settle } of shares) settle(failure);
        const failed = this.#producer;
        this.#producer = null;
        await failed?.disconnect().catch(() => undefined);
      }
    }
  }

  /** The first, and those behind it that fit into a request with it. */
  #takeShares(): readonly Share[] {
    let bytes = 0;
    const over = this.#waiting.findIndex((share, index) => {
      bytes += share.bytes;
      return index > 0 && bytes > REQUEST_BYTES_MAX;
    });
    return this.#waiting.splice(0, over < 0 ? this.#waiting.length : over);
  }

  async #writeShares(shares: readonly Share[]): Promise<void> {
    const producer = await this.#connected();
    const owners = shares.flatMap((share) => share.records.map(() => share));
    let at = 0;
    for (const run of splitByBytes(
      shares.flatMap(({ records }) => records),
      REQUEST_BYTES_MAX,
    )) {
      const messages = run.map(messageOf);
      const written = await producer.send({ topic: this.topic, acks: ALL_REPLICAS, messages });
      const next = new Map(written.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]));
      for (const message of messages) {
        const partition = this.#partitionOf.get(message);
        const position = partition === undefined ? undefined : next.get(partition);
        if (partition === undefined || position === undefined || !(position >= 0)) {
          throw new Error('the broker did not say where records went');
        }
        next.set(partition, position + 1);
        owners[at++]?.ends.set(partition, position + 1);
      }
    }
  }

  async #connected(): Promise<Producer> {
    if (this.#producer !== null) return this.#producer;
    const partitionOf = new WeakMap<Message, number>();
    const producer = this.client.producer(RETRIES, (message, partition) => {
      partitionOf.set(message, partition);
    });
    this.#producer = producer;
    this.#partitionOf = partitionOf;
    await producer.connect();
    return producer;
  }
}
