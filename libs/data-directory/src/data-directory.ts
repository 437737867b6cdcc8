import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ChunkStore } from './chunk-store';
import {
  DATA_DIRECTORY_FORMAT,
  demandFiles,
  exists,
  FORMAT_DRAFT,
  FORMAT_FILE,
  LOCK_FILE,
  LOG_FOLDER,
  readIdentity,
  SECRET_BYTES,
  SECRET_FILE,
  STORE_FOLDER,
  VALUES_FILE,
  writeDurably,
} from './directory-files';
import type { Identity } from './directory-files';
import { DirectoryLock } from './directory-lock';
import { DocumentStore } from './document-store';
import { DataDirectoryFormatError } from './errors';
import { LmdbEnvironment } from './lmdb-environment';
import { syncFolder } from './log-file-system';
import { ValueFile } from './value-file';
import { WriteAheadLog } from './write-ahead-log';

const ID_BYTES = 8;
/** What stat(2) counts in, whatever the file system. */
const BLOCK_BYTES = 512;

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
    const open: { log?: WriteAheadLog; environment?: LmdbEnvironment; chunks?: ChunkStore } = {};
    try {
      const isNew = !(await exists(join(directory, FORMAT_FILE)));
      if (isNew) await beginCreation(directory);
      else await demandFiles(directory);
      const identity = await readIdentity(directory, isNew ? FORMAT_DRAFT : FORMAT_FILE);
      open.log = await WriteAheadLog.open({
        folder: join(directory, LOG_FOLDER),
        directoryId: identity.id,
        readOnly,
      });
      const store = join(directory, STORE_FOLDER);
      open.environment = LmdbEnvironment.open(store, readOnly ? 'read' : 'write');
      const documents = new DocumentStore(open.environment.database('documents'));
      open.chunks = await openChunks(open.environment, join(store, VALUES_FILE), readOnly);
      if (isNew) await endCreation(directory);
      return new DataDirectory(
        directory,
        identity,
        { log: open.log, documents, chunks: open.chunks },
        open.environment,
        lock,
      );
    } catch (error) {
      await open.chunks?.close();
      await open.environment?.close();
      await open.log?.close();
      await lock.release();
      throw error;
    }
  }

  /** Space that all files together take on disk; holes take none. */
  async sizeBytes(): Promise<number> {
    let bytes = 0;
    for (const folder of ['.', LOG_FOLDER, STORE_FOLDER]) {
      for (const entry of await readdir(join(this.path, folder), { withFileTypes: true })) {
        if (!entry.isFile()) continue;
        // A segment may be cut off while we look.
        bytes += await stat(join(this.path, folder, entry.name)).then(
          (file) => Math.min(file.size, file.blocks * BLOCK_BYTES),
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
  const made = [LOCK_FILE, SECRET_FILE, `${SECRET_FILE}.new`, FORMAT_DRAFT, `${FORMAT_DRAFT}.new`];
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

async function openChunks(environment: LmdbEnvironment, path: string, readOnly: boolean): Promise<ChunkStore> {
  const file = await ValueFile.open(path, readOnly);
  try {
    return new ChunkStore(environment, file, readOnly);
  } catch (error) {
    await file.close();
    throw error;
  }
}
