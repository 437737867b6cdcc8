import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import type { KafkaClient } from './kafka-client';
import { KafkaFailure } from './kafka-failure';
import { readRecord } from './read-record';
import { RecordLane } from './record-lane';
import type { LaneBatch } from './record-lane';
import type { ReadRecord } from './records';
import { TopicRanges } from './topic-ranges';
import type { OffsetRange } from './topic-ranges';

/** Where the reading of a partition begins. */
export interface ReadingStart {
  /** Offset of the first record to be read, if it is still there. */
  readonly from: number;
  /** Offset of the first record that nobody has worked on yet, at or after `from`: if it is gone from the topic, something is lost. */
  readonly firstNew: number;
}

/** What is done with the records of one partition; it keeps its own position. One call at a time. */
export interface PositionedWork {
  /** The partition comes to this process. Null: none of it was ever worked on. */
  begin(): Promise<ReadingStart | null>;
  /**
   * Resolves when the work on these records and the position behind them are durable; the next ones come only then. After a throw the same
   * ones come again, after a pause.
   * @param signal aborted when nobody waits for the end any more.
   */
  process(records: readonly ReadRecord[], signal: AbortSignal): Promise<void>;
}

export interface PositionedOptions {
  readonly client: KafkaClient;
  /** Of the consumer groups that do the reading: each gets a random end and nothing of it is left. */
  readonly groupPrefix: string;
  readonly topic: string;
  /** Where a partition begins that was never worked on: with the first record of this timestamp (ms) or a later one; null: with the first there is. */
  readonly startMs: number | null;
  /** Made for each partition that comes to this process. */
  readonly workOf: (partition: number) => PositionedWork;
  readonly batch: LaneBatch;
  /** Everything that made a partition pause; null: what keeps all of them from being read. */
  readonly onFailure: (partition: number | null, error: unknown) => void;
  /** So many offsets that nobody has worked on are gone from the topic, marks of transactions among them; reading goes on with the oldest record there is. */
  readonly onLost: (partition: number, offsets: number) => void;
  /** The position behind what is done has moved. */
  readonly onDone: (partition: number, nextOffset: number) => void;
}

/** The stored position lies behind the end of the topic: it is not the topic that was read. */
export class PositionBeyondEndError extends Error {
  override readonly name = 'PositionBeyondEndError';
}

const PAUSE_MS = 500;
/** At the end, for what is in hand: it may wait for a Kafka that is away. */
const FINISH_MS_MAX = 3_000;
const LEAVE_MS_MAX = 1_000;
/** What kafkajs tries by itself; then all is made anew. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 };

/**
 * Reads all partitions of a topic from positions that the work keeps, whatever the group has committed: so where the work is in one
 * transaction with its position, each record counts exactly once. Every process that reads so reads everything, under a group of its own,
 * and needs to wait for nobody when it is started again. Never fails: what stands in its way is told, and tried again.
 */
export class PositionedConsumer {
  readonly #lanes = new Map<number, RecordLane>();
  /** Partitions of this process; those not among the lanes are being opened, or can't be. */
  #assigned: ReadonlySet<number> = new Set();
  /** Of assignments. */
  #generation = 0;
  readonly #troubles = new Map<number, string>();
  /** Lanes let go of that have something in hand. */
  readonly #leaving = new Map<number, Promise<void>>();
  /** By partition, the last offset that was asked for a second time. */
  readonly #askedAgain = new Map<number, number>();
  readonly #ranges: TopicRanges;
  readonly #stopping = new AbortController();
  readonly #stopped = new Promise<void>((resolve) => {
    this.#stopping.signal.addEventListener('abort', () => resolve());
  });
  #consumer: Consumer | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(private readonly options: PositionedOptions) {
    this.#ranges = new TopicRanges(options.client, options.topic);
  }

  /** Begins to read, as soon as it can. */
  start(): void {
    this.#running = this.#run();
  }

  /** Finishes what is in hand, unless that waits for something, and leaves. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.race([this.#letGo([...this.#lanes.keys()]), sleep(FINISH_MS_MAX, undefined, { ref: false })]);
    const left = Promise.allSettled([this.#running, this.#ranges.close()]);
    await Promise.race([left, sleep(LEAVE_MS_MAX, undefined, { ref: false })]);
  }

  /** What keeps partitions from being read, by partition. */
  get troubles(): ReadonlyMap<number, string> {
    return this.#troubles;
  }

  /** Records not done yet, by partition, as the brokers say now. @throws KafkaFailure */
  async lag(): Promise<ReadonlyMap<number, number>> {
    const lags = new Map<number, number>();
    for (const [partition, { low, high }] of await this.#ranges.read()) {
      lags.set(partition, Math.max(0, high - (this.#lanes.get(partition)?.doneOffset ?? low)));
    }
    return lags;
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      const { client, groupPrefix } = this.options;
      const consumer = client.consumer(`${groupPrefix}-${randomUUID()}`, {
        retry: { ...RETRY, restartOnFailure: () => Promise.resolve(false) },
      });
      this.#consumer = consumer;
      try {
        await this.#readUntilBroken(consumer);
      } catch (error) {
        this.#noteBreak(error);
      }
      await this.#letGo([...this.#lanes.keys()]);
      await consumer.disconnect().catch(() => undefined);
      await sleep(PAUSE_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  /** Resolves when it is to stop. @throws what broke it. */
  async #readUntilBroken(consumer: Consumer): Promise<void> {
    const { topic } = this.options;
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    if (this.#isStopping) return;
    const broken = new Promise<never>((_resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) =>
      this.#take(new Set(payload.memberAssignment[topic] ?? [])),
    );
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      // Nothing but marks of transactions and what they dropped.
      const lane = this.#lanes.get(payload.partition);
      if (payload.batchSize > 0 || (payload.firstOffset as string | null) === null) return;
      if (lane?.nextOffset === Number(payload.firstOffset)) {
        lane.add([], Number(payload.lastOffset) + 1);
      }
    });
    await Promise.race([
      broken,
      consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => this.#eachBatch(payload),
      }),
    ]);
    await Promise.race([broken, this.#stopped]);
  }

  /**
   * Called in the very moment of the assignment: partitions are paused before anything is fetched. Those that stay are opened anew too: it may be another
   * topic by now.
   */
  #take(assigned: ReadonlySet<number>): void {
    if (this.#isStopping) return;
    this.#assigned = assigned;
    this.#generation++;
    void this.#letGo([...this.#lanes.keys()]);
    for (const partition of assigned) this.#openAnew(partition);
  }

  #openAnew(partition: number): void {
    this.#pause(partition);
    void this.#letGo([partition]);
    void this.#open(partition, this.#generation);
  }

  async #open(partition: number, generation: number): Promise<void> {
    const isOver = (): boolean =>
      this.#isStopping ||
      this.#generation !== generation ||
      !this.#assigned.has(partition) ||
      this.#lanes.has(partition);
    while (!isOver()) {
      try {
        await this.#leaving.get(partition);
        const work = this.options.workOf(partition);
        const from = await this.#placeOf(partition, await work.begin());
        if (isOver()) return;
        this.#lanes.set(partition, this.#laneOf(partition, work, from));
        this.#troubles.delete(partition);
        this.#seek(partition, from);
        this.#resume(partition);
      } catch (error) {
        this.#note(partition, error);
        await sleep(PAUSE_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }

  #laneOf(partition: number, work: PositionedWork, from: number): RecordLane {
    const lane: RecordLane = new RecordLane({
      from,
      batch: this.options.batch,
      process: (records, signal) => work.process(records, signal),
      onFailure: (error) => this.#note(partition, error),
      onDone: () => {
        this.#troubles.delete(partition);
        this.options.onDone(partition, lane.doneOffset);
        if (!lane.isFull && this.#lanes.get(partition) === lane) this.#resume(partition);
      },
    });
    return lane;
  }

  /** Where to read on, the topic being what it is now. @throws PositionBeyondEndError, KafkaFailure */
  async #placeOf(partition: number, start: ReadingStart | null): Promise<number> {
    const range = await this.#rangeOf(partition);
    if (start === null) return this.#beginningOf(partition, range);
    const { from, firstNew } = start;
    if (firstNew > range.high) {
      throw new PositionBeyondEndError(
        `The position in Kafka partition ${partition} of ${this.options.topic} is ${firstNew}, but it ends at ${range.high}: it was made anew, or has lost its end.`,
      );
    }
    if (firstNew < range.low) this.options.onLost(partition, range.low - firstNew);
    return Math.max(from, range.low);
  }

  async #beginningOf(partition: number, { low }: OffsetRange): Promise<number> {
    const { startMs } = this.options;
    return startMs === null ? low : ((await this.#ranges.readFrom(startMs)).get(partition) ?? low);
  }

  async #rangeOf(partition: number): Promise<OffsetRange> {
    const range = (await this.#ranges.read()).get(partition);
    if (range !== undefined) return range;
    throw new KafkaFailure('missingTopic', true, `${this.options.topic} has no Kafka partition ${partition}`);
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const { partition } = batch;
    const lane = this.#lanes.get(partition);
    const last = batch.messages.at(-1);
    if (lane === undefined || last === undefined || payload.isStale()) return;
    const first = Number(batch.firstOffset());
    if (first !== lane.nextOffset && !(await this.#mayGoOn(partition, lane, first))) return;
    lane.add(batch.messages.map(readRecord), Number(batch.lastOffset()) + 1);
    if (lane.isFull) this.#pause(partition);
    payload.resolveOffset(last.offset);
  }

  /**
   * What came is not what was asked for: retention has passed it, or the topic is compacted; or kafkajs has gone to the beginning because its position was out
   * of range. Offsets that are left out are asked for once more, so that nothing is passed over that is there.
   * @returns whether these records are the next ones; else the partition is read again from there, or opened anew.
   */
  async #mayGoOn(partition: number, lane: RecordLane, first: number): Promise<boolean> {
    const { nextOffset } = lane;
    try {
      if (first > nextOffset) {
        const from = await this.#placeOf(partition, { from: nextOffset, firstNew: nextOffset });
        // It may have been opened anew meanwhile.
        if (this.#lanes.get(partition) !== lane) return false;
        if (from > nextOffset || this.#askedAgain.get(partition) === nextOffset) return true;
        this.#askedAgain.set(partition, nextOffset);
        this.#seek(partition, nextOffset);
        return false;
      }
    } catch (error) {
      this.#note(partition, error);
    }
    if (this.#lanes.get(partition) === lane) this.#openAnew(partition);
    return false;
  }

  /** Resolves when nothing of them, and of those before, is in hand any more. */
  async #letGo(partitions: readonly number[]): Promise<void> {
    for (const partition of partitions) {
      const lane = this.#lanes.get(partition);
      if (lane === undefined) continue;
      this.#lanes.delete(partition);
      const leaving = lane.stop().finally(() => {
        if (this.#leaving.get(partition) === leaving) this.#leaving.delete(partition);
      });
      this.#leaving.set(partition, leaving);
    }
    await Promise.all(this.#leaving.values());
  }

  #noteBreak(error: unknown): void {
    if (!this.#isStopping) this.options.onFailure(null, KafkaFailure.of(error));
  }

  #note(partition: number, error: unknown): void {
    const trouble = error instanceof Error ? error.message : String(error);
    if (this.#troubles.get(partition) === trouble) return;
    this.#troubles.set(partition, trouble);
    this.options.onFailure(partition, error);
  }

  #seek(partition: number, offset: number): void {
    this.#tell((consumer) => consumer.seek({ topic: this.options.topic, partition, offset: String(offset) }));
  }

  #pause(partition: number): void {
    this.#tell((consumer) => consumer.pause([{ topic: this.options.topic, partitions: [partition] }]));
  }

  #resume(partition: number): void {
    this.#tell((consumer) => consumer.resume([{ topic: this.options.topic, partitions: [partition] }]));
  }

  /** A consumer that has just broken takes nothing; the next one begins from the positions. */
  #tell(say: (consumer: Consumer) => void): void {
    try {
      if (this.#consumer !== null) say(this.#consumer);
    } catch {
      // It is about to be made anew.
    }
  }
}
