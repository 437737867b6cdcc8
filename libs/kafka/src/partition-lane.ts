import type { KafkaClient } from './kafka-client';
import { PartitionTransaction } from './partition-transaction';
import type { NewRecord, ReadRecord } from './records';

/** What is done with the records of one partition. One call at a time. */
export interface PartitionWork {
  /** The partition is taken over, before the first records. */
  begin(): Promise<void>;
  /** What is to be written for these records, in order. May be called again for the same ones after a failure. */
  process(records: readonly ReadRecord[]): Promise<readonly NewRecord[]>;
  /** All is written and about to be committed. A throw gives the transaction up. */
  beforeCommit(): Promise<void>;
  /** What was written counts. A throw changes nothing about that. */
  afterCommit(): Promise<void>;
  /** What was processed since the last commit does not count: it will be processed again, here or elsewhere. */
  abandon(): void;
}

/** What counts from now on. */
export interface PartitionCommit {
  readonly partition: number;
  /** Records that were read. */
  readonly records: number;
  /** The least timestamp among them, ms. */
  readonly oldestMs: number;
}

export interface LaneOptions {
  readonly client: KafkaClient;
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  /** One for each input partition for ever, whichever process reads it: that is what keeps a process out that believes it still owns it. */
  readonly transactionalId: string;
  readonly work: PartitionWork;
  /** A transaction is committed after so many records or so long, whichever comes first. */
  readonly commitRecords: number;
  readonly commitMs: number;
  /** The position that was committed last; null: none. */
  readonly committedOffset: () => Promise<number | null>;
  readonly onCommit: (commit: PartitionCommit) => void;
  /** A commit that the clock began has failed. */
  readonly onFailure: (error: unknown) => void;
}

/** The way of one partition's records through the work, in transactions that span many batches. */
export class PartitionLane {
  #transaction: PartitionTransaction | null = null;
  /** Of the first record that is not processed yet. */
  #nextOffset = 0;
  #committedOffset = 0;
  #uncommitted = 0;
  #oldestMs = Infinity;
  #timer: NodeJS.Timeout | null = null;
  /** Everything is done one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: LaneOptions) {}

  get isOpen(): boolean {
    return this.#transaction !== null;
  }

  /**
   * Takes the partition over from whoever had it.
   * @returns where to read on; null: there is no position, what was read first is the first.
   */
  open(): Promise<number | null> {
    return this.#inTurn(async () => {
      await this.#giveUp();
      // In this order: only then the position can't change any more.
      this.#transaction = await PartitionTransaction.open(this.options.client, this.options.transactionalId);
      const committed = await this.options.committedOffset();
      this.#nextOffset = committed ?? 0;
      this.#committedOffset = this.#nextOffset;
      await this.options.work.begin();
      return committed;
    });
  }

  /** Processes the records that are new here; those read again after a rebalance are passed over. A throw means: `reset` it. */
  handle(records: readonly ReadRecord[]): Promise<void> {
    return this.#inTurn(async () => {
      const fresh = records.filter(({ offset }) => offset >= this.#nextOffset);
      const last = fresh.at(-1);
      if (last === undefined || this.#transaction === null) return;
      await this.#transaction.write(await this.options.work.process(fresh));
      this.#nextOffset = last.offset + 1;
      this.#uncommitted += fresh.length;
      for (const { timestampMs } of fresh) this.#oldestMs = Math.min(this.#oldestMs, timestampMs);
      if (this.#uncommitted >= this.options.commitRecords) await this.#commit();
      else this.#commitSoon();
    });
  }

  /** There is nothing to process from one offset up to another: marks of transactions, and what they dropped. No effect unless it is next. */
  pass(firstOffset: number, nextOffset: number): Promise<void> {
    return this.#inTurn(() => {
      if (this.#transaction !== null && this.#nextOffset === firstOffset) {
        this.#nextOffset = nextOffset;
        this.#commitSoon();
      }
      return Promise.resolve();
    });
  }

  /** Commits what is open. A throw means: `reset` it. */
  commit(): Promise<void> {
    return this.#inTurn(() => this.#commit());
  }

  /** Gives up what is not committed. `open` begins anew. */
  reset(): Promise<void> {
    return this.#inTurn(() => this.#giveUp());
  }

  async #giveUp(): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = null;
    this.#begun();
    this.#stopTimer();
    this.options.work.abandon();
    await transaction?.close();
  }

  async #commit(): Promise<void> {
    this.#stopTimer();
    if (this.#transaction === null || this.#nextOffset === this.#committedOffset) return;
    const { groupId, topic, partition, work, onCommit } = this.options;
    await work.beforeCommit();
    await this.#transaction.commit({ groupId, topic, partition, nextOffset: this.#nextOffset });
    this.#committedOffset = this.#nextOffset;
    if (this.#uncommitted > 0) onCommit({ partition, records: this.#uncommitted, oldestMs: this.#oldestMs });
    this.#begun();
    await work.afterCommit();
  }

  /** Nothing is uncommitted. */
  #begun(): void {
    this.#uncommitted = 0;
    this.#oldestMs = Infinity;
  }

  #commitSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.commit().catch(this.options.onFailure);
    }, this.options.commitMs);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work, work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
