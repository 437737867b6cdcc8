import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Consumer, EachBatchPayload } from 'kafkajs';
import { fetchCommitted } from './committed-offsets';
import type { KafkaClient } from './kafka-client';
import { PartitionLane } from './partition-lane';
import type { PartitionCommit, PartitionWork } from './partition-lane';
import { readRecord } from './read-record';

export interface PipeOptions {
  readonly client: KafkaClient;
  readonly groupId: string;
  readonly topic: string;
  /** Made for each partition that comes to this process. */
  readonly workOf: (partition: number) => PartitionWork;
  /** A transaction is committed after so many records (5,000) or so long (200 ms). */
  readonly commitRecords?: number;
  readonly commitMs?: number;
  /** Partitions worked on at a time (8). */
  readonly concurrency?: number;
  readonly onCommit: (commit: PartitionCommit) => void;
  /** Told of everything that made a partition begin anew; null: of what keeps the pipe from starting. */
  readonly onFailure: (partition: number | null, error: unknown) => void;
}

const COMMIT_RECORDS = 5_000;
const COMMIT_MS = 200;
const CONCURRENCY = 8;
const PAUSE_MS = 500;

/**
 * Reads a topic and writes others, each record counting exactly once: what is written and the position it was made from are
 * committed in one transaction, whose id belongs to the partition. Processes share the partitions (one consumer group); a partition
 * whose work fails begins anew from its last commit after a pause, the others go on.
 */
export class ExactlyOncePipe {
  readonly #consumer: Consumer;
  readonly #admin: Admin;
  readonly #lanes = new Map<number, PartitionLane>();
  /** Partitions that pause before they begin anew. */
  readonly #pausing = new Map<number, NodeJS.Timeout | null>();
  #isStopping = false;

  constructor(private readonly options: PipeOptions) {
    this.#consumer = options.client.consumer(options.groupId);
    this.#admin = options.client.admin();
  }

  /** Resolves once it reads; waits for brokers that can't be reached and for a topic that is not there. */
  async start(): Promise<void> {
    const { topic, concurrency = CONCURRENCY } = this.options;
    await this.#insist(() => this.#admin.connect());
    await this.#insist(() => this.#consumer.connect());
    await this.#insist(() => this.#consumer.subscribe({ topic, fromBeginning: true }));
    if (this.#isStopping) return;
    this.#consumer.on(this.#consumer.events.REBALANCING, () => {
      void this.#commitAll();
    });
    this.#consumer.on(this.#consumer.events.GROUP_JOIN, ({ payload }) => {
      void this.#letGo(new Set(payload.memberAssignment[topic] ?? []));
    });
    this.#consumer.on(this.#consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize > 0 || (payload.firstOffset as string | null) === null) return;
      void this.#lanes.get(payload.partition)?.pass(Number(payload.firstOffset), Number(payload.lastOffset) + 1);
    });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: concurrency,
      eachBatch: (payload) => this.#eachBatch(payload),
    });
  }

  /** Finishes the batches in hand, commits and leaves the group. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#pausing.forEach((timer) => {
      if (timer !== null) clearTimeout(timer);
    });
    await this.#consumer.stop();
    await this.#commitAll();
    await this.#letGo(new Set());
    await this.#consumer.disconnect();
    await this.#admin.disconnect();
  }

  async #insist(attempt: () => Promise<void>): Promise<void> {
    while (!this.#isStopping) {
      try {
        await attempt();
        return;
      } catch (error) {
        this.options.onFailure(null, error);
        await sleep(PAUSE_MS);
      }
    }
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const { partition } = batch;
    const last = batch.messages.at(-1);
    // One that is to begin anew, and could not be paused: it is fetched again.
    if (this.#isStopping || payload.isStale() || this.#pausing.has(partition) || last === undefined) return;
    const lane = this.#laneOf(partition);
    try {
      if (!lane.isOpen) {
        const position = await lane.open();
        if (position !== null && position !== Number(batch.firstOffset())) {
          this.#seek(partition, position);
          return;
        }
      }
      await lane.handle(batch.messages.map(readRecord));
    } catch (error) {
      await this.#beginAnew(partition, lane, error);
      return;
    }
    payload.resolveOffset(last.offset);
    await payload.heartbeat();
  }

  #laneOf(partition: number): PartitionLane {
    let lane = this.#lanes.get(partition);
    if (lane === undefined) {
      const { client, groupId, topic, workOf, commitRecords = COMMIT_RECORDS, commitMs = COMMIT_MS } = this.options;
      const { onCommit } = this.options;
      const made = new PartitionLane({
        ...{ client, groupId, topic, partition, commitRecords, commitMs, onCommit },
        transactionalId: `${groupId}/${topic}/${partition}`,
        work: workOf(partition),
        committedOffset: async () => (await fetchCommitted(this.#admin, groupId, topic)).get(partition) ?? null,
        onFailure: (error) => void this.#beginAnew(partition, made, error),
      });
      lane = made;
      this.#lanes.set(partition, lane);
    }
    return lane;
  }

  /** From the last commit, after a pause in which the partition is not read. */
  async #beginAnew(partition: number, lane: PartitionLane, error: unknown): Promise<void> {
    const { topic, onFailure } = this.options;
    onFailure(partition, error);
    if (this.#pausing.has(partition)) return;
    this.#pausing.set(partition, null);
    if (!this.#isStopping) this.#tell((consumer) => consumer.pause([{ topic, partitions: [partition] }]));
    await lane.reset();
    this.#openLater(partition, lane);
  }

  #openLater(partition: number, lane: PartitionLane): void {
    if (this.#isStopping) return;
    const timer = setTimeout(() => {
      this.#pausing.delete(partition);
      void this.#openAgain(partition, lane);
    }, PAUSE_MS);
    this.#pausing.set(partition, timer);
  }

  async #openAgain(partition: number, lane: PartitionLane): Promise<void> {
    const { topic } = this.options;
    if (this.#isStopping) return;
    // Another process may have it by now; if it comes back, it comes with a lane of its own.
    if (this.#lanes.get(partition) !== lane) {
      this.#tell((consumer) => consumer.resume([{ topic, partitions: [partition] }]));
      return;
    }
    try {
      const position = await lane.open();
      this.#seek(partition, position ?? 0);
      this.#consumer.resume([{ topic, partitions: [partition] }]);
    } catch (error) {
      await this.#beginAnew(partition, lane, error);
    }
  }

  /** The client starts its consumer again by itself after failures, and until then it takes no orders. */
  #tell(order: (consumer: Consumer) => void): void {
    try {
      order(this.#consumer);
    } catch {
      // It begins where the group has committed, with nothing paused.
    }
  }

  #seek(partition: number, offset: number): void {
    this.#consumer.seek({ topic: this.options.topic, partition, offset: String(offset) });
  }

  async #commitAll(): Promise<void> {
    await Promise.all(
      [...this.#lanes].map(async ([partition, lane]) => {
        try {
          await lane.commit();
        } catch (error) {
          await this.#beginAnew(partition, lane, error);
        }
      }),
    );
  }

  /** Lets go of the partitions that are not among these. */
  async #letGo(kept: ReadonlySet<number>): Promise<void> {
    const gone = [...this.#lanes].filter(([partition]) => !kept.has(partition));
    for (const [partition] of gone) this.#lanes.delete(partition);
    await Promise.all(
      gone.map(async ([, lane]) => {
        await lane.commit().catch(() => undefined);
        await lane.reset();
      }),
    );
  }
}
