import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import type { Database, RootDatabase } from 'lmdb';
import { StoreUnavailableError } from '@tessera/tag-catalog';
import { crc32 } from './checksum';
import { DATABASE_FILE } from './directory-files';
import { CorruptChunkError, DataDirectoryFormatError } from './errors';
import { LmdbFile } from './lmdb-file';

/** Address space, not memory or disk: LMDB maps its file, which grows as it is filled. */
const MAP_BYTES = 2 ** 40;
const DATABASES_MAX = 16;
const KEY_BYTES_MAX = 1_000;
const CHECKSUM_BYTES = 4;
/** Above every byte of UTF-8. */
const AFTER_UTF8 = Buffer.from([0xff]);

type BinaryDatabase = Database<Buffer, Buffer>;

/** A value on its way into the database, with its checksum. */
export interface SealedPut {
  readonly key: Buffer;
  readonly sealed: Buffer;
}

/** What one commit changes. A key stands at most once in all of it. */
export interface ByteChanges {
  readonly puts: readonly (readonly [key: string, value: Buffer])[];
  readonly removes: readonly string[];
}

/** What the databases of one environment share. lmdb-js must not be called once it is closed: it would end the process. */
interface EnvironmentState {
  readonly readOnly: boolean;
  readonly file: LmdbFile;
  /** Puts of the commits under way, and bytes of their keys and values. */
  puts: number;
  bytes: number;
  open: boolean;
  readonly commits: Set<Promise<unknown>>;
}

/** One LMDB environment: several databases in one file. */
export class LmdbEnvironment {
  readonly #state: EnvironmentState;

  private constructor(
    private readonly folder: string,
    private readonly root: RootDatabase<Buffer, Buffer>,
    /** `names`: of the databases that there are; null if that is not known, or the environment is new. */
    private readonly found: { readonly file: LmdbFile; readonly names: ReadonlySet<string> | null },
    readOnly: boolean,
  ) {
    this.#state = { readOnly, file: found.file, puts: 0, bytes: 0, open: true, commits: new Set() };
  }

  /**
   * @param folder made if missing, unless read-only.
   * @param mode `beside writer`: to read while another process writes, without a check of the pages.
   * @throws DataDirectoryFormatError if its file is damaged or none of LMDB.
   */
  static open(folder: string, mode: 'write' | 'read' | 'read beside writer'): LmdbEnvironment {
    const path = join(folder, DATABASE_FILE);
    const readOnly = mode !== 'write';
    const file = existsSync(path) ? LmdbFile.open(path, readOnly) : null;
    try {
      const names = mode === 'read beside writer' ? null : (file?.check() ?? null);
      const root = LmdbEnvironment.#openRoot(folder, readOnly);
      return new LmdbEnvironment(folder, root, { file: file ?? LmdbFile.open(path, readOnly), names }, readOnly);
    } catch (error) {
      file?.close();
      throw error;
    }
  }

  static #openRoot(folder: string, readOnly: boolean): RootDatabase<Buffer, Buffer> {
    return open<Buffer, Buffer>({
      path: folder,
      noSubdir: false,
      readOnly,
      encoding: 'binary',
      keyEncoding: 'binary',
      mapSize: MAP_BYTES,
      maxDbs: DATABASES_MAX,
      // A commit's promise then resolves after its fdatasync. With overlapping syncs it resolves when the commit is
      // visible, and the flush is a second promise that nothing rejects when it fails.
      overlappingSync: false,
      // Transactions are made by `batch` alone. Turn batching would put another one around it whose promise nobody holds:
      // a full disk would end the process with an unhandled rejection.
      eventTurnBatching: false,
    });
  }

  /** Made if missing, unless read-only. */
  database(name: string): SealedDatabase {
    // An empty one in its place would be taken for all there is.
    if (this.found.names?.has(name) === false) this.#refuse(name);
    // The types of lmdb promise a database, but read-only there is none where none was made.
    const database = this.root.openDB(name, { encoding: 'binary', keyEncoding: 'binary' }) as
      BinaryDatabase | undefined;
    if (database === undefined) this.#refuse(name);
    return new SealedDatabase(name, database, this.#state);
  }

  /**
   * Writes a copy of this moment into a folder that exists and holds none, as `data.mdb`, free pages left out. Meanwhile, and until
   * `release` is called, other processes see that this one reads ({@link hasOtherReaders}).
   */
  async holdSnapshot(folder: string): Promise<{ release: () => void }> {
    const transaction = this.root.useReadTransaction();
    try {
      await this.root.backup(folder, true);
    } catch (error) {
      transaction.done();
      throw error;
    }
    return { release: () => transaction.done() };
  }

  /** Whether another process holds a snapshot, of whatever age. */
  hasOtherReaders(): boolean {
    // Takes those out that ended without saying so.
    this.root.readerCheck();
    const own = String(process.pid);
    // A line a reader: process, thread, transaction or `-` between two of them; a heading, or one line that there are none.
    return this.root
      .readerList()
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .some(([pid = '', , transaction = '-']) => /^\d+$/.test(pid) && pid !== own && transaction !== '-');
  }

  #refuse(name: string): never {
    throw new DataDirectoryFormatError(
      `${this.folder} has no database ${name}: it is damaged; restore the data directory from a backup`,
    );
  }

  /** Waits for commits under way; those that come later are refused. */
  async close(): Promise<void> {
    this.#state.open = false;
    await Promise.allSettled(this.#state.commits);
    await this.root.close();
    this.#state.file.close();
  }
}

/** Bytes by key, each value with a checksum over its key and itself. */
export class SealedDatabase {
  constructor(
    private readonly name: string,
    private readonly database: BinaryDatabase,
    private readonly state: EnvironmentState,
  ) {}

  /** The caller owns the bytes. @throws CorruptChunkError */
  get(key: string): Buffer | undefined {
    this.#demandOpen();
    const keyBytes = encodeKey(key);
    const sealed = this.#reading(key, () => this.database.getBinary(keyBytes));
    return sealed === undefined ? undefined : this.#unseal(keyBytes, sealed);
  }

  /** In order of their UTF-8 bytes. @throws CorruptChunkError for what can be no key. */
  keys(prefix: string): string[] {
    this.#demandOpen();
    const keys = this.#reading(`${prefix}*`, () => Array.from(this.database.getKeys(rangeOf(prefix))));
    const strange = keys.find((key) => key.length === 0 || key.length > KEY_BYTES_MAX);
    if (strange !== undefined) {
      throw new CorruptChunkError(this.name, `${prefix}*`, `it has a key of ${strange.length} bytes`);
    }
    return keys.map((key) => key.toString('utf8'));
  }

  /** LMDB's own errors name a condition, neither the place nor what to do. */
  #reading<T>(key: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw new CorruptChunkError(this.name, key, error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * In order of the keys' UTF-8 bytes: the keys as of the first step, each with its value as of its own step; one removed
   * meanwhile is left out. The caller owns the bytes. @throws CorruptChunkError
   */
  *entries(prefix: string): Generator<[key: string, value: Buffer]> {
    // No cursor stays open between steps: it would keep old pages from being used again, and outlive the environment.
    for (const key of this.keys(prefix)) {
      const value = this.get(key);
      if (value !== undefined) yield [key, value];
    }
  }

  /**
   * All or nothing, in one transaction; on disk once resolved. Commits are applied in the order of the calls. The values
   * must not change before.
   * @throws StoreUnavailableError if nothing of it was written; the next commit may succeed.
   */
  async commit(changes: ByteChanges): Promise<void> {
    // B-tree pages are then filled and split from left to right.
    const puts = changes.puts.map(([key, value]) => sealPut(key, value));
    puts.sort((left, right) => Buffer.compare(left.key, right.key));
    await this.commitSealed(puts, changes.removes);
  }

  /** As {@link commit}; fastest with the puts in order of their keys. */
  async commitSealed(puts: readonly SealedPut[], removedKeys: readonly string[]): Promise<void> {
    this.#demandOpen();
    if (this.state.readOnly) throw new StoreUnavailableError('the data directory was opened read-only', false);
    const removes = removedKeys.map(encodeKey);
    if (removes.length + puts.length === 0) return;
    const bytes = puts.reduce((sum, { key, sealed }) => sum + key.length + sealed.length, 0);
    this.state.puts += puts.length + removes.length;
    this.state.bytes += bytes;
    try {
      this.state.file.extendFor(this.state.puts, this.state.bytes);
      const commit = this.database.batch(() => {
        for (const key of removes) void this.database.remove(key);
        for (const { key, sealed } of puts) void this.database.put(key, sealed);
      });
      this.state.commits.add(commit);
      await commit.finally(() => this.state.commits.delete(commit));
    } catch (error) {
      const reason = await commitFailure(error);
      throw new StoreUnavailableError(
        `the database ${this.name} could not be written (${reason}): nothing of it was kept; free disk space or repair the disk, then try again`,
        true,
      );
    } finally {
      this.state.puts -= puts.length + removes.length;
      this.state.bytes -= bytes;
    }
  }

  #demandOpen(): void {
    if (!this.state.open) throw new StoreUnavailableError(`the database ${this.name} is closed`, false);
  }

  #unseal(keyBytes: Buffer, sealed: Buffer): Buffer {
    if (sealed.length < CHECKSUM_BYTES) {
      throw new CorruptChunkError(this.name, keyBytes.toString('utf8'), `it has ${sealed.length} bytes`);
    }
    const value = sealed.subarray(CHECKSUM_BYTES);
    if (sealed.readUInt32LE() !== crc32(value, crc32(keyBytes))) {
      throw new CorruptChunkError(this.name, keyBytes.toString('utf8'), 'its checksum does not match');
    }
    return value;
  }
}

export function sealPut(key: string, value: Buffer): SealedPut {
  const keyBytes = encodeKey(key);
  const sealed = Buffer.allocUnsafeSlow(CHECKSUM_BYTES + value.length);
  sealed.writeUInt32LE(crc32(value, crc32(keyBytes)));
  value.copy(sealed, CHECKSUM_BYTES);
  return { key: keyBytes, sealed };
}

/** @throws RangeError */
export function encodeKey(key: string): Buffer {
  const bytes = Buffer.from(key, 'utf8');
  if (bytes.length === 0 || bytes.length > KEY_BYTES_MAX) {
    throw new RangeError(`a key of ${bytes.length} bytes: 1 to ${KEY_BYTES_MAX} are allowed`);
  }
  return bytes;
}

function rangeOf(prefix: string): { start?: Buffer; end: Buffer } {
  const start = Buffer.from(prefix, 'utf8');
  const end = Buffer.concat([start, AFTER_UTF8]);
  return start.length === 0 ? { end } : { start, end };
}

/** lmdb-js rejects with an error whose `commitError` is a promise of the cause; left alone it becomes an unhandled rejection. */
async function commitFailure(error: unknown): Promise<string> {
  if (!(error instanceof Error)) return String(error);
  if (!('commitError' in error)) return error.message;
  try {
    await error.commitError;
    return error.message;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}
