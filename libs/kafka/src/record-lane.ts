import type { ReadRecord } from './records';

/** How many records are handed over at a time. */
export interface LaneBatch {
  readonly records: number;
  /** Of keys and values; one that is larger by itself comes alone. */
  readonly bytes: number;
  /** How long the first of a batch waits for others, ms. */
  readonly ageMs: number;
}

export interface RecordLaneOptions {
  readonly batch: LaneBatch;
  /** Offset of the first record that is read. */
  readonly from: number;
  /** Resolves when the records are done with for good; the next ones are handed over only then. After a throw the same ones come again. */
  readonly process: (records: readonly ReadRecord[], signal: AbortSignal) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
  readonly onDone: () => void;
}

/** Batches that may wait: past them the partition is read no further. */
const BATCHES_WAITING_MAX = 2;
const PAUSE_MS = 500;

/** The records of one partition on their way to the work, in order, one batch at a time. A batch that fails is tried again after a pause, for ever. */
export class RecordLane {
  readonly #stopping = new AbortController();
  #records: ReadRecord[] = [];
  #bytes = 0;
  #nextOffset: number;
  #ageTimer: NodeJS.Timeout | null = null;
  #retryTimer: NodeJS.Timeout | null = null;
  #inHand: Promise<void> | null = null;

  constructor(private readonly options: RecordLaneOptions) {
    this.#nextOffset = options.from;
  }

  /** Offset of the record to be read next. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Offset of the first record that is not done. */
  get doneOffset(): number {
    return this.#records[0]?.offset ?? this.#nextOffset;
  }

  get isFull(): boolean {
    const { records, bytes } = this.options.batch;
    return this.#records.length >= BATCHES_WAITING_MAX * records || this.#bytes >= BATCHES_WAITING_MAX * bytes;
  }

  /** @param nextOffset where reading goes on behind them; past the last one where what follows is no record of anybody's. */
  add(records: readonly ReadRecord[], nextOffset: number): void {
    for (const record of records) {
      this.#records.push(record);
      this.#bytes += bytesOf(record);
    }
    this.#nextOffset = nextOffset;
    this.#workSoon(this.options.batch.ageMs);
  }

  /** What is waiting will be read again by somebody else. Resolves when nothing is in hand any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#stopTimers();
    await this.#inHand;
  }

  #workSoon(waitMs: number): void {
    const isAtRest = this.#inHand === null && this.#retryTimer === null && !this.#stopping.signal.aborted;
    if (this.#records.length === 0 || !isAtRest) return;
    const { records, bytes } = this.options.batch;
    if (waitMs === 0 || this.#records.length >= records || this.#bytes >= bytes) this.#work();
    else this.#ageTimer ??= setTimeout(() => this.#work(), waitMs);
  }

  #work(): void {
    this.#stopTimers();
    this.#inHand = this.#processOne().then((isDone) => {
      this.#inHand = null;
      if (isDone) {
        this.options.onDone();
        // Those that came meanwhile have waited.
        this.#workSoon(0);
      } else if (!this.#stopping.signal.aborted) {
        this.#retryTimer = setTimeout(() => this.#work(), PAUSE_MS);
      }
    });
  }

  #stopTimers(): void {
    if (this.#ageTimer !== null) clearTimeout(this.#ageTimer);
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#ageTimer = null;
    this.#retryTimer = null;
  }

  async #processOne(): Promise<boolean> {
    const batch = this.#records.slice(0, this.#batchLength());
    try {
      await this.options.process(batch, this.#stopping.signal);
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.options.onFailure(error);
      return false;
    }
    this.#records = this.#records.slice(batch.length);
    for (const record of batch) this.#bytes -= bytesOf(record);
    return true;
  }

  #batchLength(): number {
    const { records: recordsMax, bytes: bytesMax } = this.options.batch;
    let bytes = 0;
    let length = 0;
    for (const record of this.#records) {
      bytes += bytesOf(record);
      if (length > 0 && (length >= recordsMax || bytes > bytesMax)) break;
      length++;
    }
    return length;
  }
}

function bytesOf({ key, value }: ReadRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}
