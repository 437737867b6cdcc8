import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import { KafkaFailure } from './kafka-failure';
import { readRecord } from './read-record';
import { SharedLane } from './shared-lane';
import type { SettledPosition, SharedWork, WaitingBytes } from './shared-lane';
import { COMMIT_MS_MAX, FINISH_MS_MAX, LEAVE_MS_MAX, RETRY } from './shared-reader-options';
import type { SharedReaderOptions } from './shared-reader-options';
import { TopicExtents } from './topic-extents';
import type { PartitionExtent } from './topic-extents';
import { aborted, kafkaPlace, keyOf, within } from './topic-partition';
import type { TopicPartition } from './topic-partition';

const PAUSE_MS = 500;
/** Between two tries at a partition that can't be begun, at most. */
const PAUSE_MS_MAX = 5_000;
/** Lanes settled at a time: they share a server. */
const SETTLED_AT_ONCE = 16;
/** So often those are settled, too, for which nothing came: what they were given may have been lost since. */
const SETTLE_ALL_MS = 60_000;
/** A full process looks so often whether there is room again. */
const ROOM_MS = 20;

/**
 * Reads topics together with other processes of one consumer group: each partition comes to one of them. Where reading begins is for the work to say; the
 * group's position moves when the work is settled. A partition whose work fails begins anew after a pause, the others go on. Never fails: what
 * stands in its way is told, and tried again.
 *
 * One consumer reads all topics, so a hundred of them cost one connection a broker and one heartbeat. It is made anew when the topics change. While
 * members of the group read different topics, which lasts as long as they need to hear of a new one, some partitions may be read by nobody.
 */
export class SharedReader {
  readonly #lanes = new Map<string, SharedLane>();
  /** Partitions of this process; those not among the lanes are being begun, or can't be. */
  #assigned: ReadonlyMap<string, TopicPartition> = new Map();
  /** Partitions that are being begun, or pause before the next try. */
  readonly #beginning = new Set<string>();
  readonly #troubles = new Map<string, string>();
  /** What was told of a partition since something of it was done. */
  readonly #told = new Map<string, string>();
  /** How long a partition pauses that fails once more before anything of it was done, ms. */
  readonly #pauses = new Map<string, number>();
  /** Gaps between the position of a partition and what Kafka has delivered, seen once. */
  readonly #gaps = new Map<string, string>();
  /** Offsets below this were told to be lost. */
  readonly #lostBelow = new Map<string, number>();
  /** Lanes let go of that have something in hand. */
  readonly #leaving = new Map<string, Promise<void>>();
  readonly #extents: TopicExtents;
  readonly #waiting: WaitingBytes = { bytes: 0 };
  #isStopping = false;
  /** Aborted when the last commit is made, or given up. */
  readonly #stopping = new AbortController();
  /** Aborted when the consumer is to be made anew. */
  #changing = new AbortController();
  #topics: ReadonlySet<string> = new Set();
  #consumer: Consumer | null = null;
  #running: Promise<void> = Promise.resolve();
  #committing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  /** What keeps everything from being read. */
  #break = '';

  constructor(private readonly options: SharedReaderOptions) {
    this.#extents = new TopicExtents(options.client, options.groupId);
  }

  /** Begins to read, as soon as it can and there are topics. */
  start(): void {
    this.#running = this.#run();
    let settledMs = performance.now();
    this.#timer = setInterval(() => {
      const isTime = performance.now() - settledMs > SETTLE_ALL_MS;
      if (isTime) settledMs = performance.now();
      void this.#commit(isTime);
    }, this.options.commitMs);
  }

  /** Reads these topics from now on, which must be there. */
  read(topics: ReadonlySet<string>): void {
    const isSame = topics.size === this.#topics.size && [...topics].every((topic) => this.#topics.has(topic));
    if (isSame) return;
    this.#topics = new Set(topics);
    this.#changing.abort();
  }

  /** Settles all partitions of this process, even those for which nothing came. */
  settle(): Promise<void> {
    return this.#commit(true);
  }

  /** Finishes what is in hand, unless that waits for something, commits, and leaves the group. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#isStopping = true;
    await within(Promise.all([...this.#lanes.values()].map((lane) => lane.stop())), FINISH_MS_MAX);
    await within(this.#commit(false), COMMIT_MS_MAX);
    this.#stopping.abort();
    await within(Promise.allSettled([this.#running, this.#extents.close()]), LEAVE_MS_MAX);
  }

  /** What keeps partitions from being read, by `<topic>/<partition>`. */
  get troubles(): ReadonlyMap<string, string> {
    return this.#troubles;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#changing = new AbortController();
      const signal = AbortSignal.any([this.#stopping.signal, this.#changing.signal]);
      if (this.#topics.size === 0) {
        await aborted(signal);
        continue;
      }
      const { client, groupId } = this.options;
      const consumer = client.consumer(groupId, { retry: RETRY });
      try {
        await this.#readUntil(signal, consumer);
        // A stop has committed.
        if (!this.#isStopping) await this.#commit(false);
      } catch (error) {
        this.#noteBreak(KafkaFailure.of(error));
      }
      this.#assigned = new Map();
      this.#letGo(this.#assigned);
      this.#consumer = null;
      await consumer.disconnect().catch(() => undefined);
      if (!signal.aborted) await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Resolves when it is to stop, or to read other topics. @throws what broke it. */
  async #readUntil(signal: AbortSignal, consumer: Consumer): Promise<void> {
    await consumer.connect();
    await consumer.subscribe({ topics: [...this.#topics], fromBeginning: true });
    if (signal.aborted) return;
    this.#consumer = consumer;
    const broken = new Promise<never>((_resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    });
    consumer.on(consumer.events.REBALANCING, () => void this.#commit(false));
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (this.#consumer === consumer) this.#take(payload.memberAssignment);
    });
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      // Nothing but marks of transactions and what they dropped.
      const lane = this.#lanes.get(keyOf(payload));
      if (payload.batchSize === 0 && lane?.nextOffset === Number(payload.firstOffset)) {
        lane.add([], Number(payload.lastOffset) + 1);
      }
    });
    const running = consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => this.#eachBatch(payload, signal),
    });
    await Promise.race([broken, running]);
    await Promise.race([broken, aborted(signal)]);
  }

  /** Called in the very moment of the assignment: nothing is fetched before positions are set, or the partition is paused. */
  #take(assignment: Readonly<Record<string, readonly number[]>>): void {
    if (this.#isStopping) return;
    this.#break = '';
    const each = Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    // One that stays keeps its object, so that what was begun for it can tell.
    const before = this.#assigned;
    this.#assigned = new Map(each.map((where) => [keyOf(where), before.get(keyOf(where)) ?? where]));
    this.#letGo(this.#assigned);
    for (const [key, where] of this.#assigned) {
      const lane = this.#lanes.get(key);
      if (lane === undefined) {
        this.#tell((consumer) => consumer.pause([kafkaPlace(where)]));
        void this.#begin(key);
      } else {
        this.#seek(where, lane.nextOffset);
        if (!lane.isFull) this.#resume(where);
      }
    }
  }

  /** Once at a time for each partition. Ends when there is a lane, or the partition belongs to this process no more. */
  async #begin(key: string): Promise<void> {
    if (this.#beginning.has(key)) return;
    this.#beginning.add(key);
    try {
      for (;;) {
        const where = this.#assigned.get(key);
        if (where === undefined || this.#isStopping || this.#lanes.has(key)) return;
        await this.#tryBegin(where).catch(async (error: unknown) => {
          if (!this.#isOwn(where)) return;
          this.#note(where, error);
          await this.#pause(key);
        });
      }
    } finally {
      this.#beginning.delete(key);
    }
  }

  /** @throws what the work fails with. */
  async #tryBegin(where: TopicPartition): Promise<void> {
    const key = keyOf(where);
    await this.#leaving.get(key);
    const extent = await this.#extents.of(where.topic, where.partition);
    // To begin takes the partition over from whoever has it now.
    if (!this.#isOwn(where)) return;
    const work = this.options.workOf(where);
    const from = await work.begin(extent);
    if (!this.#isOwn(where)) {
      work.end();
      return;
    }
    this.#tellLost(where, extent.committed, extent.first);
    this.#lanes.set(key, this.#laneOf(where, work, from, extent));
    this.#troubles.delete(key);
    this.#seek(where, from);
    this.#resume(where);
  }

  /** Since it came to this process it has not left it. */
  #isOwn(where: TopicPartition): boolean {
    return !this.#isStopping && this.#assigned.get(keyOf(where)) === where;
  }

  #laneOf(where: TopicPartition, work: SharedWork, from: number, { committed }: PartitionExtent): SharedLane {
    const lane: SharedLane = new SharedLane({
      ...{ work, from, committed, batch: this.options.batch, waiting: this.#waiting },
      onFailure: (error) => this.#beginAnew(where, lane, error),
      onDone: () => {
        this.#told.delete(keyOf(where));
        this.#pauses.delete(keyOf(where));
        if (!lane.isFull && this.#lanes.get(keyOf(where)) === lane) this.#resume(where);
      },
    });
    return lane;
  }

  /** After a pause. What it has in hand is dropped, and read again. */
  #beginAnew(where: TopicPartition, lane: SharedLane, error: unknown): void {
    const key = keyOf(where);
    if (this.#isStopping || this.#lanes.get(key) !== lane) return;
    this.#note(where, error);
    this.#tell((consumer) => consumer.pause([kafkaPlace(where)]));
    this.#lanes.delete(key);
    this.#leave(key, lane);
    void this.#pause(key).then(() => this.#begin(key));
  }

  async #pause(key: string): Promise<void> {
    const pauseMs = this.#pauses.get(key) ?? PAUSE_MS;
    this.#pauses.set(key, Math.min(2 * pauseMs, PAUSE_MS_MAX));
    await sleep(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  async #eachBatch(payload: EachBatchPayload, signal: AbortSignal): Promise<void> {
    const { batch } = payload;
    const where = { topic: batch.topic, partition: batch.partition };
    const lane = this.#lanes.get(keyOf(where));
    const last = batch.messages.at(-1);
    if (lane === undefined || last === undefined || payload.isStale() || this.#isStopping) return;
    const first = Number(batch.firstOffset());
    if (first < lane.nextOffset) {
      // It went to the beginning by itself, because the position was out of range.
      const what = `Kafka delivers from offset ${first}, and not from ${lane.nextOffset} on: the topic was made anew, or has lost its end`;
      this.#beginAnew(where, lane, new Error(what));
      return;
    }
    if (first > lane.nextOffset && !(await this.#mayPass(where, lane.nextOffset, first))) return;
    lane.add(batch.messages.map(readRecord), Number(batch.lastOffset()) + 1);
    if (lane.isFull) this.#tell((consumer) => consumer.pause([kafkaPlace(where)]));
    payload.resolveOffset(last.offset);
    while (this.#waiting.bytes > this.options.waitingBytesMax && !signal.aborted) {
      await payload.heartbeat();
      await sleep(ROOM_MS);
    }
  }

  /**
   * Offsets are missing. That is so where retention has deleted records; but a batch may also be what was on its way when the position was set. So they are
   * asked for once more, and passed over if they are missing again.
   */
  async #mayPass(where: TopicPartition, nextOffset: number, first: number): Promise<boolean> {
    const key = keyOf(where);
    const gap = `${nextOffset} ${first}`;
    if (this.#gaps.get(key) !== gap) {
      this.#gaps.set(key, gap);
      this.#seek(where, nextOffset);
      return false;
    }
    this.#gaps.delete(key);
    const extent = await this.#extents.of(where.topic, where.partition).catch(() => null);
    if (extent !== null) this.#tellLost(where, nextOffset, extent.first);
    return this.#lanes.get(key)?.nextOffset === nextOffset;
  }

  /** Each offset once, however often the partition begins anew. */
  #tellLost(where: TopicPartition, from: number, first: number): void {
    const since = Math.max(from, this.#lostBelow.get(keyOf(where)) ?? 0);
    if (first <= since) return;
    this.#lostBelow.set(keyOf(where), first);
    this.options.onLost(where, first - since);
  }

  /** One at a time. */
  #commit(always: boolean): Promise<void> {
    this.#committing = this.#committing.then(() => this.#commitLanes(new Map(this.#lanes), this.#consumer, always));
    return this.#committing;
  }

  async #commitLanes(
    lanes: ReadonlyMap<string, SharedLane>,
    consumer: Consumer | null,
    always: boolean,
  ): Promise<void> {
    if (consumer === null) return;
    const settled: (readonly [TopicPartition, SharedLane, SettledPosition])[] = [];
    const waiting = [...lanes];
    const settleSome = async (): Promise<void> => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const [key, lane] = next;
        const where = this.#assigned.get(key);
        if (where === undefined) continue;
        try {
          const position = await lane.settle(always);
          if (position !== null) settled.push([where, lane, position]);
        } catch (error) {
          this.#beginAnew(where, lane, error);
        }
      }
    };
    await Promise.all(Array.from({ length: SETTLED_AT_ONCE }, settleSome));
    // Who has one meanwhile commits by itself.
    const own = settled.filter(([where]) => this.#consumer === consumer && this.#assigned.has(keyOf(where)));
    if (own.length === 0) return;
    const positions = own.map(([where, , { nextOffset }]) => ({ ...where, offset: String(nextOffset) }));
    const isCommitted = await consumer.commitOffsets(positions).then(
      () => true,
      // As in the middle of a rebalance, or while Kafka is away. The next commit has them.
      () => false,
    );
    for (const [{ topic }, lane, position] of own) {
      if (isCommitted) lane.committed(position);
      if (isCommitted && position.records > 0) this.options.onCommit({ topic, ...position });
    }
  }

  /** Of lanes that are not among these. */
  #letGo(kept: ReadonlyMap<string, TopicPartition>): void {
    for (const [key, lane] of this.#lanes) {
      if (kept.has(key)) continue;
      this.#lanes.delete(key);
      this.#leave(key, lane);
    }
    for (const each of [this.#troubles, this.#told, this.#pauses, this.#gaps]) {
      for (const key of each.keys()) if (!kept.has(key)) each.delete(key);
    }
  }

  #leave(key: string, lane: SharedLane): void {
    const leaving = lane.stop().finally(() => {
      if (this.#leaving.get(key) === leaving) this.#leaving.delete(key);
    });
    this.#leaving.set(key, leaving);
  }

  #noteBreak(error: KafkaFailure): void {
    if (this.#isStopping) return;
    const isNews = this.#break !== error.message;
    this.#break = error.message;
    this.options.onFailure(null, error, isNews);
  }

  #note(where: TopicPartition, error: unknown): void {
    const trouble = error instanceof Error ? error.message : String(error);
    this.#troubles.set(keyOf(where), trouble);
    const isNews = this.#told.get(keyOf(where)) !== trouble;
    this.#told.set(keyOf(where), trouble);
    this.options.onFailure(where, error, isNews);
  }

  #seek({ topic, partition }: TopicPartition, offset: number): void {
    this.#tell((consumer) => consumer.seek({ topic, partition, offset: String(offset) }));
  }

  #resume(where: TopicPartition): void {
    this.#tell((consumer) => consumer.resume([kafkaPlace(where)]));
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
