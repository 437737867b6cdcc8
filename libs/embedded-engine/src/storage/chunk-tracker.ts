import { ChunkManifest } from './chunk-manifest';

/**
 * A piece of state that is written to disk as one value. Whoever changes it calls `beforeWrite` first.
 */
export abstract class Chunk {
  #dirty = false;
  #awaitsCapture = false;
  #gone = false;

  protected constructor(
    /** Key in the chunk store; see docs/formats/embedded-engine.md. */
    readonly key: string,
    private readonly tracker: ChunkTracker,
  ) {}

  /** The chunk's bytes as they stand now. */
  abstract serialize(): Buffer;

  /** Marks the chunk as changed; while a checkpoint that has not reached this chunk yet is under way, saves its old state first. */
  beforeWrite(): void {
    if (this.#awaitsCapture) {
      this.tracker.capture(this);
    }
    this.markDirty();
  }

  /** The bytes as they stood when the checkpoint under way began; of the tracker alone. */
  serializeAsBegun(): Buffer {
    return this.serialize();
  }

  /** The checkpoint under way will not ask for the chunk any more; of the tracker alone. */
  forgetBegin(): void {
    // Nothing is kept.
  }

  /** A checkpoint is under way that has not reached this chunk yet. */
  protected get awaitsCapture(): boolean {
    return this.#awaitsCapture;
  }

  protected markDirty(): void {
    if (!this.#dirty) {
      this.#dirty = true;
      this.tracker.markDirty(this);
    }
  }

  /** What is in memory is what the last checkpoint stored, if none is under way. */
  get isStored(): boolean {
    return !this.#dirty && !this.#awaitsCapture && !this.#gone;
  }

  /** Removed for good: another chunk may have its key by now. */
  get isGone(): boolean {
    return this.#gone;
  }

  /** Of the tracker alone. */
  markGone(): void {
    this.#gone = true;
  }

  /** Of the tracker alone. */
  beginCapture(): void {
    this.#dirty = false;
    this.#awaitsCapture = true;
  }

  /** Of the tracker alone; false if it was captured already. */
  endCapture(): boolean {
    const awaited = this.#awaitsCapture;
    this.#awaitsCapture = false;
    return awaited;
  }
}

/** What one checkpoint covers. */
export interface CheckpointScope {
  readonly chunks: readonly Chunk[];
  readonly removes: readonly string[];
}

/**
 * Which chunks have changed since the last checkpoint, and the one checkpoint that may be under way.
 *
 * A checkpoint holds the state of one moment (the call of `begin`) although it is written over a longer time: a chunk that is about to
 * change before the checkpoint reached it is serialised at that instant (copy on first write), or notes its changes (`JournaledChunk`).
 */
export class ChunkTracker {
  /** Of the chunks as stored last. */
  readonly manifest = new ChunkManifest();
  #dirty = new Set<Chunk>();
  #removed = new Set<string>();
  #capturing: Set<Chunk> | null = null;
  #captured: [string, Buffer][] = [];
  #onLetGo: ((key: string) => void) | null = null;

  /** @param listener is told the keys of chunks whose memory is not to be kept by other threads that were sent it. */
  onLetGo(listener: (key: string) => void): void {
    this.#onLetGo = listener;
  }

  letGo(key: string): void {
    this.#onLetGo?.(key);
  }

  get dirtyCount(): number {
    return this.#dirty.size;
  }

  /** A checkpoint is under way. */
  get isCapturing(): boolean {
    return this.#capturing !== null;
  }

  /** As `remove`, for a chunk that is on disk only. */
  removeStored(key: string): void {
    this.#removed.add(key);
  }

  markDirty(chunk: Chunk): void {
    this.#dirty.add(chunk);
    this.#removed.delete(chunk.key);
  }

  /** The chunk is gone: its stored value is removed with the next checkpoint. */
  remove(chunk: Chunk): void {
    if (chunk.endCapture()) {
      // The checkpoint under way is of a moment when the chunk still was there.
      this.#save(chunk);
    }
    chunk.markGone();
    this.#dirty.delete(chunk);
    this.#removed.add(chunk.key);
  }

  /** Starts a checkpoint of this very moment. */
  begin(): CheckpointScope {
    if (this.#capturing !== null) {
      throw new Error('A checkpoint is under way already.');
    }
    const scope = { chunks: [...this.#dirty], removes: [...this.#removed] };
    this.#capturing = this.#dirty;
    this.#dirty = new Set();
    this.#removed = new Set();
    for (const chunk of scope.chunks) {
      chunk.beginCapture();
    }
    return scope;
  }

  capture(chunk: Chunk): void {
    if (chunk.endCapture()) {
      this.#save(chunk);
    }
  }

  /** Serialises waiting chunks until about `bytesMax` are gathered and hands them over; an empty answer: none is left. */
  take(bytesMax: number): readonly (readonly [string, Buffer])[] {
    let bytes = this.#captured.reduce((sum, [, buffer]) => sum + buffer.length, 0);
    for (const chunk of this.#capturing ?? []) {
      if (bytes >= bytesMax) {
        break;
      }
      this.capture(chunk);
      bytes += this.#captured.at(-1)?.[1].length ?? 0;
    }
    const taken = this.#captured;
    this.#captured = [];
    return taken;
  }

  /** Ends the checkpoint; with `failed`, what it covered counts as changed again. */
  end(scope: CheckpointScope, failed: boolean): void {
    this.#capturing = null;
    this.#captured = [];
    if (!failed) {
      this.manifest.apply(scope);
      return;
    }
    for (const chunk of scope.chunks) {
      chunk.endCapture();
      chunk.forgetBegin();
      if (!chunk.isGone) {
        chunk.beforeWrite();
      }
    }
    const written = new Set([...this.#dirty].map((chunk) => chunk.key));
    for (const key of scope.removes) {
      if (!written.has(key)) {
        this.#removed.add(key);
      }
    }
  }

  #save(chunk: Chunk): void {
    this.#captured.push([chunk.key, chunk.serializeAsBegun()]);
    this.#capturing?.delete(chunk);
  }
}
