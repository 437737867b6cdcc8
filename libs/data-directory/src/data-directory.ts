import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ChunkStore } from './chunk-store';
import { DirectoryLock } from './directory-lock';
import { DocumentStore } from './document-store';
import { DataDirectoryFormatError } from './errors';
import { LmdbEnvironment } from './lmdb-environment';
import { syncFolder } from './log-file-system';
import { ValueFile } from './value-file';
import { WriteAheadLog } from './write-ahead-log';

/** Grows with every change to docs/formats/data-directory.md that an older release would misread. */
export const DATA_DIRECTORY_FORMAT = 1;
const ID_BYTES = 8;
const SECRET_BYTES = 32;
const FORMAT_FILE = 'format.json';
/** What becomes the format file when a new directory is complete. */
const FORMAT_DRAFT = `${FORMAT_FILE}.new`;
const SECRET_FILE = 'secret';
const LOCK_FILE = 'lock';
const LOG_FOLDER = 'log';
const STORE_FOLDER = 'store';
const DATABASE_FILE = 'data.mdb';
const VALUES_FILE = 'values';

export interface DataDirectoryOptions {
  /** Changes nothing, not even a torn tail of the log, and may be opened by several readers at once, but not beside a writer. */
  readonly readOnly?: boolean;
}

/**
 * All that Tessera keeps, in one directory that one process at a time may write (docs/formats/data-directory.md). Who can read the
 * directory can read every user's tags: it is made with mode 0700.
 */
export class DataDirectory {
  readonly path: string;
  /** 16 hexadecimal digits, random at creation: tells one directory's tokens and log from another's. */
  readonly id: string;
  /** 32 bytes, random at creation: key of tokens and seed of hashes. Never to be shown. */
  readonly secret: Buffer;
  readonly log: WriteAheadLog;
  readonly chunks: ChunkStore;
  readonly documents: DocumentStore;
  /** What had to be repaired at opening, one sentence each. */
  readonly warnings: readonly string[];
  readonly #environment: LmdbEnvironment;
  readonly #lock: DirectoryLock;
  #closing: Promise<void> | null = null;

  private constructor(
    path: string,
    identity: Identity,
    parts: { readonly log: WriteAheadLog; readonly chunks: ChunkStore; readonly documents: DocumentStore },
    environment: LmdbEnvironment,
    lock: DirectoryLock,
  ) {
    this.path = path;
    this.id = identity.id;
    this.secret = identity.secret;
    this.log = parts.log;
    this.warnings = parts.log.warnings;
    this.chunks = parts.chunks;
    this.documents = parts.documents;
    this.#environment = environment;
    this.#lock = lock;
  }

  /**
   * Makes the directory if it is missing or empty, unless read-only.
   * @throws DirectoryLockedError if another process has it open.
   * @throws DataDirectoryFormatError if it is none of ours, incomplete, or of a newer release.
   * @throws CorruptLogError if acknowledged records at the end of the log are damaged.
   */
  static async open(path: string, options: DataDirectoryOptions = {}): Promise<DataDirectory> {
    const directory = resolve(path);
    const readOnly = options.readOnly ?? false;
    if (!readOnly) await makeFolder(directory);
    else if (!(await exists(join(directory, FORMAT_FILE)))) {
      throw new DataDirectoryFormatError(
        `${directory} is no data directory: check the path, or start the server on it once`,
      );
    }
    await refuseForeign(directory);
    const lock = await DirectoryLock.acquire(join(directory, LOCK_FILE), directory, readOnly);
    const open: { environment?: LmdbEnvironment; chunks?: ChunkStore } = {};
    try {
      const isNew = !(await exists(join(directory, FORMAT_FILE)));
      if (isNew) await beginCreation(directory);
      else await demandFiles(directory);
      const identity = await readIdentity(directory, isNew ? FORMAT_DRAFT : FORMAT_FILE);
      const log = await WriteAheadLog.open({
        folder: join(directory, LOG_FOLDER),
        directoryId: identity.id,
        readOnly,
      });
      const store = join(directory, STORE_FOLDER);
      open.environment = LmdbEnvironment.open(store, readOnly);
      const documents = new DocumentStore(open.environment.database('documents'));
      open.chunks = await openChunks(open.environment, join(store, VALUES_FILE), readOnly);
      if (isNew) await endCreation(directory);
      return new DataDirectory(directory, identity, { log, documents, chunks: open.chunks }, open.environment, lock);
    } catch (error) {
      await open.chunks?.close();
      await open.environment?.close();
      await lock.release();
      throw error;
    }
  }

  /** Of all files together. */
  async sizeBytes(): Promise<number> {
    let bytes = 0;
    for (const folder of ['.', LOG_FOLDER, STORE_FOLDER]) {
      for (const entry of await readdir(join(this.path, folder), { withFileTypes: true })) {
        if (!entry.isFile()) continue;
        // A segment may be cut off while we look.
        bytes += await stat(join(this.path, folder, entry.name)).then(
          (file) => file.size,
          () => 0,
        );
      }
    }
    return bytes;
  }

  /** Writes what is queued and lets go of the lock. Calling it again waits for the same. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.log.close();
      await this.chunks.close();
      await this.#environment.close();
    } finally {
      await this.#lock.release();
    }
  }
}

interface Identity {
  readonly id: string;
  readonly secret: Buffer;
}

async function makeFolder(directory: string): Promise<void> {
  if (await exists(directory)) return;
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o700);
  await syncFolder(dirname(directory));
}

/** Nothing is put into a folder that holds something else. */
async function refuseForeign(directory: string): Promise<void> {
  const names = await readdir(directory);
  if (names.includes(FORMAT_FILE)) return;
  // What a creation that was interrupted may have left.
  const made = [LOCK_FILE, SECRET_FILE, `${SECRET_FILE}.new`, FORMAT_DRAFT];
  if (names.includes(FORMAT_DRAFT)) made.push(LOG_FOLDER, STORE_FOLDER);
  const foreign = names.find((name) => !made.includes(name));
  if (foreign === undefined) return;
  throw new DataDirectoryFormatError(
    `${directory} is no data directory, but holds ${foreign}: choose an empty or new directory with DATA_DIR, or, if ${FORMAT_FILE} was lost, restore it from a backup`,
  );
}

/** Anew from the start if a creation was interrupted. */
async function beginCreation(directory: string): Promise<void> {
  await writeDurably(directory, SECRET_FILE, randomBytes(SECRET_BYTES));
  const format = { format: DATA_DIRECTORY_FORMAT, id: randomBytes(ID_BYTES).toString('hex') };
  await writeDurably(directory, FORMAT_DRAFT, Buffer.from(`${JSON.stringify(format)}\n`));
  for (const folder of [LOG_FOLDER, STORE_FOLDER]) {
    await rm(join(directory, folder), { recursive: true, force: true });
    await mkdir(join(directory, folder), { mode: 0o700 });
  }
}

/** The format file gets its name last: where it is, the directory is complete. */
async function endCreation(directory: string): Promise<void> {
  // LMDB makes its files without making their names durable.
  await syncFolder(join(directory, STORE_FOLDER));
  await syncFolder(directory);
  await rename(join(directory, FORMAT_DRAFT), join(directory, FORMAT_FILE));
  await syncFolder(directory);
}

/** What is missing would be made anew and empty, which would be taken for all there is. */
async function demandFiles(directory: string): Promise<void> {
  for (const name of [LOG_FOLDER, join(STORE_FOLDER, DATABASE_FILE), join(STORE_FOLDER, VALUES_FILE)]) {
    if (await exists(join(directory, name))) continue;
    throw new DataDirectoryFormatError(
      `${join(directory, name)} is missing: put it back, or restore the data directory from a backup`,
    );
  }
}

async function openChunks(environment: LmdbEnvironment, path: string, readOnly: boolean): Promise<ChunkStore> {
  const file = await ValueFile.open(path, readOnly);
  try {
    return new ChunkStore(environment, file, readOnly);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** @param formatFile its name. */
async function readIdentity(directory: string, formatFile: string): Promise<Identity> {
  const id = parseFormat(directory, await readFile(join(directory, formatFile), 'utf8'));
  const secret = await readFile(join(directory, SECRET_FILE)).catch(() => null);
  if (secret?.length !== SECRET_BYTES) {
    const found = secret === null ? 'cannot be read' : `has ${secret.length} bytes instead of ${SECRET_BYTES}`;
    throw new DataDirectoryFormatError(`${join(directory, SECRET_FILE)} ${found}: restore it from a backup`);
  }
  return { id, secret };
}

function parseFormat(directory: string, text: string): string {
  const file = join(directory, FORMAT_FILE);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new DataDirectoryFormatError(`${file} is no JSON: restore it from a backup`);
  }
  const format = typeof json === 'object' && json !== null && 'format' in json ? json.format : undefined;
  if (typeof format !== 'number' || !Number.isSafeInteger(format) || format < 1) {
    throw new DataDirectoryFormatError(`${file} gives no format version: restore it from a backup`);
  }
  if (format > DATA_DIRECTORY_FORMAT) {
    throw new DataDirectoryFormatError(
      `data directory ${directory} has format ${format}, this release reads up to ${DATA_DIRECTORY_FORMAT}: start the release that wrote it, or a newer one`,
    );
  }
  const id = typeof json === 'object' && json !== null && 'id' in json ? json.id : undefined;
  if (typeof id !== 'string' || !/^[0-9a-f]{16}$/.test(id)) {
    throw new DataDirectoryFormatError(`${file} gives no id of 16 hexadecimal digits: restore it from a backup`);
  }
  return id;
}

/** Afterwards the file is there with all its bytes, even after a power cut; before, it is not there. */
async function writeDurably(directory: string, name: string, bytes: Buffer): Promise<void> {
  const temporary = join(directory, `${name}.new`);
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(directory, name));
  await syncFolder(directory);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
