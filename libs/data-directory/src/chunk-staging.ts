import { StoreUnavailableError } from '@tessera/tag-catalog';
import { crc32 } from './checksum';
import type { ChunkPlace } from './chunk-entry';
import { encodeKey } from './lmdb-environment';
import { PAGE_BYTES } from './value-file';
import type { Extent } from './value-file';
import type { ValueWriter } from './value-writer';

/** Values up to here stand in LMDB beside their keys, where a page holds several. */
const INLINE_BYTES_MAX = 1_024;
const VALUE_BYTES_MAX = 2 ** 30;

/** What a staging needs of its chunk store. */
export interface StagingPort {
  readonly writer: ValueWriter;
  /** @param pages at least 1. @throws StoreUnavailableError if the store is closed. */
  allocate(pages: number): Extent[];
  /** Resolves once what was allocated may be written to. */
  writable(): Promise<void>;
  /** Takes back what nobody can have seen. */
  discard(staging: ChunkStaging): Promise<void>;
  /** In order of the calls; `prepare` is awaited when it is this one's turn. */
  flip(staging: ChunkStaging, prepare: () => Promise<void>, removes: readonly string[]): Promise<void>;
}

/**
 * One commit of many chunks in the making, without holding their bytes in memory: {@link put} writes values to disk where nobody
 * sees them, {@link commit} makes all of them visible at once. A crash before that leaves the old state, and what was staged is
 * free space at the next opening. Several stagings may be under way; commits are applied in the order of the calls.
 */
export class ChunkStaging {
  readonly #places = new Map<string, ChunkPlace>();
  readonly #writes = new Set<Promise<void>>();
  readonly #port: StagingPort;
  readonly #failedSyncs: number;
  #failure: Error | null = null;
  #state: 'open' | 'committing' | 'ended' = 'open';
  #bytes = 0;

  constructor(port: StagingPort) {
    this.#port = port;
    this.#failedSyncs = port.writer.failedSyncs;
  }

  /** Of all values put. */
  get bytes(): number {
    return this.#bytes;
  }

  get places(): ReadonlyMap<string, ChunkPlace> {
    return this.#places;
  }

  get extents(): Extent[] {
    return [...this.#places.values()].flatMap((place) => (place.kind === 'file' ? place.extents : []));
  }

  /**
   * Writes a value that takes the place of the key's present one with {@link commit}. Resolves once the system has the bytes: the
   * caller may change or drop them then. Calls may overlap: some 32 MiB are written at a time and as many synced, later calls wait.
   * @param key not put before. @param value up to 2^30 bytes.
   * @throws StoreUnavailableError (retriable) if the disk did not take it: then nothing but {@link abandon} is left.
   */
  async put(key: string, value: Buffer): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#state !== 'open') throw new Error(`put(${key}) on a staging that was committed or abandoned`);
    const write = this.#put(key, value).catch((error: unknown) => {
      this.#failure ??= unavailable(error);
      throw this.#failure;
    });
    const settled = write.catch(() => undefined);
    this.#writes.add(settled);
    try {
      await write;
    } finally {
      this.#writes.delete(settled);
    }
  }

  /**
   * Makes what was put visible and takes the removed keys away, all in one transaction; on disk once resolved.
   * @param removes keys; those that there are none of are passed over. None of them was put.
   * @throws StoreUnavailableError (retriable) if nothing of it was kept; what was staged is given up then.
   */
  async commit(removes: readonly string[] = []): Promise<void> {
    if (this.#state !== 'open') throw new Error('commit of a staging that was committed or abandoned');
    this.#state = 'committing';
    try {
      await this.#port.flip(this, () => this.#complete(removes), removes);
      this.#state = 'ended';
    } catch (error) {
      this.#state = 'ended';
      await this.#port.discard(this);
      throw unavailable(error);
    }
  }

  /** Gives up what was put. No effect after {@link commit}. */
  async abandon(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    while (this.#writes.size > 0) await Promise.all(this.#writes);
    await this.#port.discard(this);
  }

  async #put(key: string, value: Buffer): Promise<void> {
    const keyBytes = encodeKey(key);
    if (this.#places.has(key)) throw new RangeError(`the chunk ${key} was put twice`);
    if (value.length > VALUE_BYTES_MAX) {
      throw new RangeError(`the chunk ${key} has ${value.length} bytes, at most ${VALUE_BYTES_MAX} are allowed`);
    }
    this.#bytes += value.length;
    if (value.length <= INLINE_BYTES_MAX) {
      this.#places.set(key, { kind: 'inline', value: Buffer.from(value) });
      return;
    }
    const { length } = value;
    const checksum = crc32(value, crc32(keyBytes));
    const extents = this.#port.allocate(Math.ceil(length / PAGE_BYTES));
    this.#places.set(key, { kind: 'file', length, checksum, extents });
    await this.#port.writable();
    await this.#port.writer.write(value, extents);
  }

  /** All values are on disk afterwards, but visible to nobody. */
  async #complete(removes: readonly string[]): Promise<void> {
    while (this.#writes.size > 0) await Promise.all(this.#writes);
    if (this.#failure !== null) throw this.#failure;
    const twice = removes.find((key) => this.#places.has(key));
    if (twice !== undefined) throw new RangeError(`the chunk ${twice} was put and is removed in one commit`);
    if (this.#bytes > 0) await this.#port.writer.sync();
    if (this.#port.writer.failedSyncs !== this.#failedSyncs) {
      throw new Error('the disk failed to take part of what was written');
    }
  }
}

function unavailable(error: unknown): Error {
  if (error instanceof StoreUnavailableError || error instanceof RangeError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreUnavailableError(
    `chunks could not be written (${reason}): nothing of them was kept; free disk space or repair the disk, then try again`,
    true,
  );
}
