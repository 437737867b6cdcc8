import type { Applied } from './apply-record';
import { loopTurn, nextTurn } from './loop-turn';
import type { StoredRecord } from './storage/log-codec';

/** The event loop is let go after so long, between two records or steps. A record of 1,000 messages takes about as long. */
const SLICE_MS = 1;

/** What is done with a record. */
export interface RecordWork {
  /** In steps, before it is applied: what takes long and changes nothing that anybody reads. A step that fails ends them. */
  prepare(record: StoredRecord): Iterator<void>;
  apply(sequence: number, record: StoredRecord): Applied;
}

interface Entry {
  readonly sequence: number;
  readonly record: StoredRecord;
  readonly resolve: (applied: Applied) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Durable records on their way into the state: applied one after the other in the order they are added, in slices between which the
 * event loop turns, and not while somebody holds the state still.
 */
export class ApplyQueue {
  #entries: Entry[] = [];
  /** Of the next one; those before it are done. */
  #head = 0;
  /** Of the next one; null: not begun. */
  #preparing: Iterator<void> | null = null;
  #holders = 0;
  #released: (() => void)[] = [];
  #isScheduled = false;

  constructor(private readonly work: RecordWork) {}

  /** Resolves when the record is applied, in order. */
  add(sequence: number, record: StoredRecord): Promise<Applied> {
    return new Promise((resolve, reject) => {
      this.#entries.push({ sequence, record, resolve, reject });
      this.#schedule();
    });
  }

  /** Nothing is applied until the function that is handed back has been called; holders are counted, calling it again has no effect. */
  pause(): () => void {
    this.#holders++;
    let isHeld = true;
    return () => {
      if (isHeld) {
        isHeld = false;
        this.#holders--;
        this.#schedule();
        if (this.#holders === 0) {
          const released = this.#released;
          this.#released = [];
          released.forEach((resolve) => {
            resolve();
          });
        }
      }
    };
  }

  /** Lets the event loop turn; when it resolves, nobody holds the state still. */
  async turn(): Promise<void> {
    await nextTurn();
    while (this.#holders > 0) {
      await new Promise<void>((resolve) => {
        this.#released.push(resolve);
      });
    }
  }

  #schedule(): void {
    if (!this.#isScheduled && this.#holders === 0 && this.#head < this.#entries.length) {
      this.#isScheduled = true;
      setImmediate(() => {
        this.#isScheduled = false;
        this.#applySlice();
      });
    }
  }

  #applySlice(): void {
    loopTurn.begin();
    const end = performance.now() + SLICE_MS;
    while (this.#holders === 0 && this.#head < this.#entries.length) {
      const entry = this.#entries[this.#head]!;
      if (this.#isPrepared(entry)) {
        this.#head++;
        this.#preparing = null;
        this.#apply(entry);
      }
      if (loopTurn.isOver || performance.now() >= end) {
        break;
      }
    }
    if (this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    this.#schedule();
  }

  /** Takes the next step; true if none is left. */
  #isPrepared({ record }: Entry): boolean {
    this.#preparing ??= this.work.prepare(record);
    try {
      return this.#preparing.next().done === true;
    } catch {
      // Whether the record can be applied is decided by applying it.
      return true;
    }
  }

  #apply({ sequence, record, resolve, reject }: Entry): void {
    try {
      resolve(this.work.apply(sequence, record));
    } catch (error) {
      reject(error);
    }
  }
}
