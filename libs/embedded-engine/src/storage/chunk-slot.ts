import type { EvictableChunk, Residency } from './residency';

/** The place of a chunk that may be in memory or on disk only. */
export class ChunkSlot<T extends EvictableChunk> {
  /** Of the residency's ticks. */
  lastUsed: number;
  #chunk: T | null;

  /** @param hooks `make`: from its stored bytes; `leave`: told before it leaves memory. */
  constructor(
    readonly key: string,
    chunk: T,
    private readonly hooks: { readonly make: (stored: Buffer) => T; readonly leave?: (chunk: T) => void },
    private readonly residency: Residency,
  ) {
    this.#chunk = chunk;
    this.lastUsed = residency.tick;
    residency.add(this);
  }

  /** The chunk, read from disk if it is not in memory. */
  get(): T {
    this.lastUsed = this.residency.tick;
    return this.#chunk ?? this.#load();
  }

  /** The chunk if it is in memory; not counted as use. */
  get resident(): T | null {
    return this.#chunk;
  }

  /** In memory. */
  get bytes(): number {
    return this.#chunk?.bytes ?? 0;
  }

  get canLeave(): boolean {
    return this.#chunk !== null && this.#chunk.isStored && this.#chunk.mayLeave && this.lastUsed < this.residency.tick;
  }

  evict(): number {
    const { bytes } = this;
    if (this.#chunk !== null) {
      this.hooks.leave?.(this.#chunk);
    }
    this.#chunk = null;
    return bytes;
  }

  /** It is gone for good. */
  drop(): void {
    this.residency.remove(this);
  }

  #load(): T {
    const chunk = this.hooks.make(this.residency.read(this.key));
    this.#chunk = chunk;
    this.residency.noteRead(chunk.bytes);
    return chunk;
  }
}
