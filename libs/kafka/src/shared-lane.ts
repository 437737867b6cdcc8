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
   * The work on all records below this offset is done. Called while later records are processed, and now and then while nothing comes. After a throw the
   * partition begins anew.
   * @returns all work on records below this offset is durable: it is committed then. Not above the one given.
   */
  settle(nextOffset: number): Promise<number>;
  /** Nothing is in hand any more, and nothing will come. */
  end(): void;
}

/** A position that may be committed, and what was done since the last one. */
export interface SettledPosition {
  readonly nextOffset: number;
  readonly records: number;
  /** The least timestamp among them, ms. */
  readonly oldestMs: number;
}

/** Records that were done together. */
interface DoneRecords {
  /** Behind the last one. */
  readonly nextOffset: number;
  readonly records: number;
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
  /** Not committed, in order. */
  #done: DoneRecords[] = [];

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
    const { doneOffset } = this.#records;
    if (doneOffset <= this.#committed && !always) return null;
    const nextOffset = await this.options.work.settle(doneOffset);
    if (nextOffset <= this.#committed) return null;
    const done = this.#done.filter((one) => one.nextOffset <= nextOffset);
    return {
      nextOffset,
      records: done.reduce((sum, { records }) => sum + records, 0),
      oldestMs: done.reduce((least, { oldestMs }) => Math.min(least, oldestMs), Infinity),
    };
  }

  /** A settled position was committed. */
  committed({ nextOffset }: SettledPosition): void {
    this.#committed = Math.max(this.#committed, nextOffset);
    this.#done = this.#done.filter((one) => one.nextOffset > nextOffset);
  }

  /** What is waiting will be read again. Resolves when nothing is in hand any more. */
  async stop(): Promise<void> {
    await this.#records.stop();
    this.options.work.end();
    this.#wait(-this.#bytes);
  }

  async #process(records: readonly ReadRecord[], signal: AbortSignal): Promise<void> {
    await this.options.work.process(records, signal);
    this.#wait(-bytesOf(records));
    const nextOffset = (records.at(-1)?.offset ?? -1) + 1;
    const oldestMs = records.reduce((least, { timestampMs }) => Math.min(least, timestampMs), Infinity);
    this.#done.push({ nextOffset, records: records.length, oldestMs });
  }

  #wait(bytes: number): void {
    this.#bytes += bytes;
    this.options.waiting.bytes += bytes;
  }
}

function bytesOf(records: readonly ReadRecord[]): number {
  return records.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0);
}
