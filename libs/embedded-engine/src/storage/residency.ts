import type { Chunk, ChunkTracker } from './chunk-tracker';

/** A chunk that can go from memory and come back. */
export interface EvictableChunk extends Chunk {
  readonly bytes: number;
  /** False while something is under way with it that needs it in memory. */
  readonly mayLeave: boolean;
}

/** What the residency does with a slot. */
interface Evictable {
  readonly lastUsed: number;
  readonly canLeave: boolean;
  /** @returns bytes freed. */
  evict(): number;
}

export interface MemoryBudget {
  /** Bytes that all of the state may take; Infinity: no limit. */
  readonly bytesMax: number;
  /** The stored value of a chunk. */
  readonly read: (key: string) => Buffer | undefined;
}

/** Once over the budget, room is made down to this share of it, so that it is not made for every chunk. */
const ROOM_TO = 0.9;
/** Read back from disk after which it is looked at again whether the budget holds, as a share of it. */
const LOOK_AFTER = 1 / 16;

/**
 * Keeps the state within a budget of memory: chunks that were not used for longest, and are on disk as they are, leave it and are read again when
 * they are next used. Slower, and exactly the same.
 */
export class Residency {
  readonly #slots = new Set<Evictable>();
  #readSinceLook = 0;
  #tick = 1;
  #isOver = false;
  #lookIsAsked = false;
  #usedBytes: () => number = () => 0;
  /** Chunks read back so far. */
  reads = 0;
  /** Chunks that left memory so far. */
  evictions = 0;

  constructor(
    private readonly tracker: ChunkTracker,
    readonly budget: MemoryBudget,
  ) {}

  /** @param usedBytes of the whole state. */
  measureWith(usedBytes: () => number): void {
    this.#usedBytes = usedBytes;
  }

  /** Grows with time; what was used at the same tick was used together. */
  get tick(): number {
    return this.#tick;
  }

  /** Even with everything gone that may go, the state takes more than the budget. */
  get isOver(): boolean {
    return this.#isOver;
  }

  add(slot: Evictable): void {
    this.#slots.add(slot);
  }

  remove(slot: Evictable): void {
    this.#slots.delete(slot);
  }

  read(key: string): Buffer {
    const stored = this.budget.read(key);
    if (stored === undefined) {
      throw new Error(
        `The entry ${key} of the checkpoint has gone while the engine was running: restore the data directory from a backup.`,
      );
    }
    this.reads++;
    return stored;
  }

  /** A chunk has come into memory from disk. Room is made for it in the event loop's next turn: whoever read it may hold others. */
  noteRead(bytes: number): void {
    this.#readSinceLook += bytes;
    if (this.isLookDue && !this.#lookIsAsked) {
      this.#lookIsAsked = true;
      setImmediate(() => {
        this.#lookIsAsked = false;
        this.look();
      });
    }
  }

  /** So much has been read back that the budget may be exceeded by now. */
  get isLookDue(): boolean {
    return this.#readSinceLook > this.budget.bytesMax * LOOK_AFTER;
  }

  /** Makes room if the budget is exceeded. To be called every second or so, and never by whoever holds a chunk of a slot. */
  look(): void {
    this.#tick++;
    this.#readSinceLook = 0;
    const { bytesMax } = this.budget;
    let used = bytesMax === Infinity ? 0 : this.#usedBytes();
    // While a checkpoint is under way, what looks unchanged may not be on disk yet.
    if (used > bytesMax && !this.tracker.isCapturing) {
      const leaving = [...this.#slots].filter((slot) => slot.canLeave).sort((a, b) => a.lastUsed - b.lastUsed);
      for (const slot of leaving) {
        if (used <= bytesMax * ROOM_TO) {
          break;
        }
        used -= slot.evict();
        this.evictions++;
      }
    }
    this.#isOver = used > bytesMax;
  }
}
