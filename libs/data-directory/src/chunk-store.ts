import { StoreUnavailableError } from '@tessera/tag-catalog';
import { encodeEntry } from './chunk-entry';
import { checkValue, CHUNK_DATABASE, ChunkIndex, endOf } from './chunk-index';
import { ChunkSpace } from './chunk-space';
import { ChunkStaging } from './chunk-staging';
import type { StagingPort } from './chunk-staging';
import { DataDirectoryFormatError } from './errors';
import { sealPut } from './lmdb-environment';
import type { LmdbEnvironment, SealedDatabase, SealedPut } from './lmdb-environment';
import { PAGE_BYTES } from './value-file';
import type { Extent, ValueFile } from './value-file';
import { ValueWriter } from './value-writer';

/** Of a commit, between two looks at the event loop. */
const KEYS_PER_LOOK = 256;

/** What one commit changes. A key stands at most once in all of it. */
export interface ChunkChanges {
  readonly puts: readonly (readonly [key: string, value: Buffer])[];
  readonly removes: readonly string[];
}

/**
 * Checkpointed state: binary values by key. Made for few, large values, up to megabytes: LMDB says where each is, the value file
 * holds it. Each carries a checksum over key and value that is checked whenever it is read. Keys are 1 to 1,000 bytes of UTF-8,
 * values up to 2^30 bytes.
 */
export class ChunkStore {
  readonly #database: SealedDatabase;
  readonly #index: ChunkIndex;
  readonly #file: ValueFile;
  readonly #space: ChunkSpace;
  readonly #stagings = new Set<ChunkStaging>();
  readonly #port: StagingPort;
  readonly #readOnly: boolean;
  /** Commits come one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #truncation: Promise<void> = Promise.resolve();
  /** A commit failed, so that what LMDB holds is looked at again after the next one. */
  #inDoubt = false;
  #closed = false;

  /**
   * @param file of the value file, which the store closes with itself.
   * @throws DataDirectoryFormatError if the file ends before the values do.
   */
  constructor(environment: LmdbEnvironment, file: ValueFile, readOnly: boolean) {
    this.#database = environment.database(CHUNK_DATABASE);
    this.#index = new ChunkIndex(this.#database);
    this.#file = file;
    this.#readOnly = readOnly;
    const places = this.#index.placesInFile();
    const needed = places.reduce((most, place) => Math.max(most, endOf(place)), 0);
    if (file.bytes < needed) {
      throw new DataDirectoryFormatError(
        `${file.path} has ${file.bytes} bytes, but values reach up to byte ${needed}: it was cut short; restore the data directory from a backup`,
      );
    }
    try {
      this.#space = new ChunkSpace(
        places.flatMap(({ extents }) => extents),
        Math.ceil(file.bytes / PAGE_BYTES),
        () => !readOnly && environment.hasOtherReaders(),
      );
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new DataDirectoryFormatError(`${file.path}: ${reason}; restore the data directory from a backup`);
    }
    this.#port = {
      writer: new ValueWriter(file),
      allocate: (pages) => {
        this.#demandWritable();
        return this.#space.allocate(pages);
      },
      // What is cut off may be given out again, but not written before it is cut off.
      writable: () => this.#truncation,
      discard: (staging) => this.#discard(staging),
      flip: (staging, prepare, removes) => this.#exclusive(() => this.#flip(staging, prepare, removes)),
    };
  }

  /**
   * The caller owns the bytes. `byteOffset` is 0: numbers of 8 bytes can be read in place. Reading takes about as long as copying
   * and checking (some 2 GB/s) where the system has the bytes in memory. @throws CorruptChunkError naming the key.
   */
  get(key: string): Buffer | undefined {
    this.#demandOpen();
    const place = this.#index.placeOf(key);
    if (place === undefined) return undefined;
    if (place.kind === 'inline') return place.value;
    const value = Buffer.allocUnsafeSlow(place.length);
    return checkValue(key, place, value, this.#file.readSync(value, place.extents));
  }

  /** As {@link get}, but the calling thread does not wait for the disk. It is the value of the moment of the call. */
  async read(key: string): Promise<Buffer | undefined> {
    this.#demandOpen();
    const place = this.#index.placeOf(key);
    if (place === undefined) return undefined;
    if (place.kind === 'inline') return place.value;
    const reading = this.#space.beginRead();
    try {
      const value = Buffer.allocUnsafeSlow(place.length);
      return checkValue(key, place, value, await this.#file.read(value, place.extents));
    } finally {
      this.#space.endRead(reading);
    }
  }

  /** Those that begin with the prefix, in order of their UTF-8 bytes. */
  keys(prefix: string): string[] {
    return this.#database.keys(prefix);
  }

  /**
   * Those whose keys begin with the prefix, in order of the keys' UTF-8 bytes; the keys are those of the first step, a value is
   * the one at its own step. @throws CorruptChunkError naming the key.
   */
  *entries(prefix: string): Generator<[key: string, value: Buffer]> {
    for (const key of this.keys(prefix)) {
      const value = this.get(key);
      if (value !== undefined) yield [key, value];
    }
  }

  /**
   * Begins a commit of more than should be held in memory: `put` as often as needed, then `commit` or `abandon`.
   * @throws StoreUnavailableError if the directory is closed or read-only.
   */
  stage(): ChunkStaging {
    this.#demandWritable();
    this.#space.reclaim();
    const staging = new ChunkStaging(this.#port);
    this.#stagings.add(staging);
    return staging;
  }

  /**
   * One atomic transaction, on disk once resolved; the calls' order is kept. Values must not change before.
   * @throws StoreUnavailableError (retriable) if nothing of it was kept.
   */
  async commit(changes: ChunkChanges): Promise<void> {
    if (changes.puts.length + changes.removes.length === 0) return;
    const staging = this.stage();
    // A put that fails makes the commit fail.
    for (const [key, value] of changes.puts) staging.put(key, value).catch(() => undefined);
    await staging.commit(changes.removes);
  }

  /** Bytes of the value file that are in use by nothing, and its size. */
  get fileBytes(): { readonly free: number; readonly total: number } {
    return { free: this.#space.freePages * PAGE_BYTES, total: this.#space.end * PAGE_BYTES };
  }

  /** Waits for commits under way, gives up what is staged and closes the value file. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#turn;
    await Promise.all(Array.from(this.#stagings, (staging) => staging.abandon()));
    await this.#truncation;
    await this.#file.close();
  }

  #demandOpen(): void {
    if (this.#closed) throw new StoreUnavailableError(`the database ${CHUNK_DATABASE} is closed`, false);
  }

  #demandWritable(): void {
    this.#demandOpen();
    if (this.#readOnly) throw new StoreUnavailableError('the data directory was opened read-only', false);
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #flip(staging: ChunkStaging, prepare: () => Promise<void>, removes: readonly string[]): Promise<void> {
    await prepare();
    const replaced: Extent[] = [];
    const puts: SealedPut[] = [];
    const keys = [...staging.places.keys()].sort();
    let looks = 0;
    for (const key of [...keys, ...removes]) {
      replaced.push(...(this.#index.placeInFile(key)?.extents ?? []));
      const place = staging.places.get(key);
      if (place !== undefined) puts.push(sealPut(key, encodeEntry(place)));
      if (++looks % KEYS_PER_LOOK === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    try {
      await this.#database.commitSealed(puts, removes);
    } catch (error) {
      this.#inDoubt = true;
      throw error;
    }
    this.#stagings.delete(staging);
    this.#space.retire(replaced);
    if (this.#inDoubt) this.#settle();
    this.#trim(false);
  }

  /** A commit that failed and was kept all the same is part of what the one that succeeded built on. */
  #settle(): void {
    const staged = Array.from(this.#stagings, (staging) => staging.extents).flat();
    this.#space.rebuild(
      this.#index.placesInFile().flatMap(({ extents }) => extents),
      staged,
    );
    this.#inDoubt = false;
  }

  async #discard(staging: ChunkStaging): Promise<void> {
    if (!this.#stagings.delete(staging)) return;
    // In doubt the extents stay taken until the next commit tells.
    if (this.#inDoubt) return;
    this.#space.release(staging.extents);
    this.#trim(true);
    await this.#truncation;
  }

  #trim(eagerly: boolean): void {
    const pages = this.#space.trim(eagerly);
    // A file that stays longer costs space, nothing else.
    if (pages !== null)
      this.#truncation = this.#truncation.then(() => this.#file.truncate(pages)).catch(() => undefined);
  }
}
