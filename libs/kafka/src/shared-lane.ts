import { RecordLane } from './record-lane';
import type { LaneBatch } from './record-lane';
import type { ReadRecord } from './records';
import type { PartitionExtent } from './topic-extents';

/** What is done with the records of one partition that belongs to this process. One call at a time, but for `settle`, which waits for none. */
export interface SharedWork {
  /** The partition comes to this process. @returns the offset from which it is to be read. */
  begin(extent: PartitionExtent): Promise<number>;
  /**
   * Resolves when the work on these records is done. After a throw the partition begins anew, with new work.
   * @param signal aborted when nobody waits for the end any more.
   */
  process(records: readonly ReadRecord[], signal: AbortSignal): Promise<void>;
  /**
   * Resolves when all work on records below this offset, which is done, is durable: it is committed then. Called while later records are processed, and now and then while nothing comes. After a throw the
   * partition begins anew.
   */
  settle(nextOffset: number): Promise<void>;
}

/** A position that may be committed, and what was done since the last one. */
export interface SettledPosition {
  readonly nextOffset: number;
  readonly records: number;
  /** The least timestamp among them, ms. */
  readonly oldestMs: number;
}

/** What waits in all lanes of a reader, in bytes of keys and values. */
export interface WaitingBytes {
  bytes: number;
}

export interface SharedLaneOptions {
  readonly work: SharedWork;
  /** Where reading begins. */
  readonly from: number;
  /** What the group has committed. */
  readonly committed: number;
  readonly batch: LaneBatch;
  readonly waiting: WaitingBytes;
  readonly onFailure: (error: unknown) => void;
  readonly onDone: () => void;
}

/** The records of one partition on their way to its work, and the positions that may be committed for it. */
export class SharedLane {
  readonly #records: RecordLane;
  #committed: number;
  #bytes = 0;
  #doneRecords = 0;
  #oldestMs = Infinity;

  constructor(private readonly options: SharedLaneOptions) {
    const { from, committed, batch, onFailure, onDone } = options;
    this.#committed = committed;
    this.#records = new RecordLane({
      ...{ from, batch, onFailure, onDone },
      process: (records, signal) => this.#process(records, signal),
    });
  }

  /** Offset of the record to be read next. */
  get nextOffset(): number {
    return this.#records.nextOffset;
  }

  get isFull(): boolean {
    return this.#records.isFull;
  }

  add(records: readonly ReadRecord[], nextOffset: number): void {
    this.#wait(bytesOf(records));
    this.#records.add(records, nextOffset);
  }

  /**
   * Makes what was done durable.
   * @param always even if nothing was done since the last commit.
   * @returns null: there is nothing to commit. @throws what the work fails with.
   */
  async settle(always: boolean): Promise<SettledPosition | null> {
    const nextOffset = this.#records.doneOffset;
    const hasMoved = nextOffset > this.#committed;
    if (!hasMoved && !always) return null;
    await this.options.work.settle(nextOffset);
    if (!hasMoved) return null;
    const settled = { nextOffset, records: this.#doneRecords, oldestMs: this.#oldestMs };
    this.#doneRecords = 0;
    this.#oldestMs = Infinity;
    return settled;
  }

  /** Tells what came of a settled position. */
  committed({ nextOffset, records, oldestMs }: SettledPosition, isCommitted: boolean): void {
    if (isCommitted) {
      this.#committed = Math.max(this.#committed, nextOffset);
    } else {
      this.#doneRecords += records;
      this.#oldestMs = Math.min(this.#oldestMs, oldestMs);
    }
  }

  /** What is waiting will be read again. Resolves when nothing is in hand any more. */
  async stop(): Promise<void> {
    await this.#records.stop();
    this.#wait(-this.#bytes);
  }

  async #process(records: readonly ReadRecord[], signal: AbortSignal): Promise<void> {
    await this.options.work.process(records, signal);
    this.#wait(-bytesOf(records));
    this.#doneRecords += records.length;
    for (const { timestampMs } of records) this.#oldestMs = Math.min(this.#oldestMs, timestampMs);
  }

  #wait(bytes: number): void {
    this.#bytes += bytes;
    this.options.waiting.bytes += bytes;
  }
}

function bytesOf(records: readonly ReadRecord[]): number {
  return records.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0);
}
