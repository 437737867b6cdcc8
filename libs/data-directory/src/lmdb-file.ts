import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { DataDirectoryFormatError } from './errors';
import { LmdbTreeCheck, TREE_BYTES } from './lmdb-tree';

// Layout of a meta page of LMDB's data format 2: a page header of 24 bytes, then the fields below.
const META_PAGES = 2;
const META_BYTES = 160;
const MAGIC = 0xbeefc0de;
const DATA_FORMAT = 2;
const AT_MAGIC = 24;
const AT_FORMAT = 28;
/** The first field of the root of the database of free pages. */
const AT_PAGE_SIZE = 48;
const AT_MAIN_TREE = AT_PAGE_SIZE + TREE_BYTES;
const AT_LAST_PAGE = 144;
const AT_TRANSACTION = 152;
const PAGE_SIZES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];
/** The file is kept this much longer than its pages need; a hole that takes no space. */
const SLACK_BYTES = 16 * 2 ** 20;
const READ_BYTES_MAX = 2 ** 30;
/** A put changes some pages of the tree at most. */
const SLACK_BYTES_PER_PUT = 16_384;

interface Meta {
  /** Of the meta page. */
  readonly position: number;
  /** In bytes. */
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: bigint;
}

/**
 * Guards LMDB's file against being read beyond its end, which would end the process: LMDB maps the file and trusts it. As long as LMDB
 * writes it the file is kept longer than its pages reach, so that one that is shorter was cut.
 */
export class LmdbFile {
  readonly #descriptor: number;

  private constructor(
    private readonly path: string,
    readOnly: boolean,
  ) {
    this.#descriptor = openSync(path, readOnly ? 'r' : 'r+');
  }

  /** Before LMDB opens the file. @throws DataDirectoryFormatError if it is cut short or does not begin as one of LMDB. */
  static open(path: string, readOnly: boolean): LmdbFile {
    const file = new LmdbFile(path, readOnly);
    try {
      file.#checkLength(file.#newestMeta());
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /**
   * Checks all pages in use. Nobody may be writing.
   * @returns the names of the databases. @throws DataDirectoryFormatError
   */
  check(): ReadonlySet<string> {
    const meta = this.#newestMeta();
    const bytes = Buffer.allocUnsafeSlow((meta.lastPage + 1) * meta.pageSize);
    for (let done = 0; done < bytes.length;) {
      const bytesRead = readSync(this.#descriptor, bytes, done, Math.min(bytes.length - done, READ_BYTES_MAX), done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    const tree = new LmdbTreeCheck(bytes, meta.pageSize);
    const damage = tree.run(meta.position + AT_PAGE_SIZE, meta.position + AT_MAIN_TREE);
    if (damage === null) return tree.names;
    throw new DataDirectoryFormatError(`${this.path} is damaged: ${damage}; restore the data directory from a backup`);
  }

  /** Before a transaction. @param puts how many at most. @param bytes of their keys and values. */
  extendFor(puts: number, bytes: number): void {
    const needed = bytesOf(this.#newestMeta()) + 2 * bytes + puts * SLACK_BYTES_PER_PUT;
    // Half of the slack is left, at least.
    if (fstatSync(this.#descriptor).size < needed + SLACK_BYTES / 2) {
      ftruncateSync(this.#descriptor, needed + SLACK_BYTES);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #checkLength(meta: Meta): void {
    const { size } = fstatSync(this.#descriptor);
    const needed = bytesOf(meta);
    if (size >= needed) return;
    throw new DataDirectoryFormatError(
      `${this.path} has ${size} bytes, but its pages reach up to byte ${needed}: it was cut short; restore the data directory from a backup`,
    );
  }

  #newestMeta(): Meta {
    const first = this.#readMeta(0);
    const second = first === null ? null : this.#readMeta(first.pageSize);
    if (first === null || second === null) {
      throw new DataDirectoryFormatError(
        `${this.path} does not begin with the ${META_PAGES} meta pages of an LMDB file: restore the data directory from a backup`,
      );
    }
    return second.transaction > first.transaction ? second : first;
  }

  #readMeta(position: number): Meta | null {
    const bytes = Buffer.alloc(META_BYTES);
    const bytesRead = readSync(this.#descriptor, bytes, 0, META_BYTES, position);
    const pageSize = bytes.readUInt32LE(AT_PAGE_SIZE);
    const isMeta =
      bytesRead === META_BYTES &&
      bytes.readUInt32LE(AT_MAGIC) === MAGIC &&
      bytes.readUInt32LE(AT_FORMAT) === DATA_FORMAT &&
      PAGE_SIZES.includes(pageSize);
    if (!isMeta) return null;
    return {
      position,
      pageSize,
      lastPage: Number(bytes.readBigUInt64LE(AT_LAST_PAGE)),
      transaction: bytes.readBigUInt64LE(AT_TRANSACTION),
    };
  }
}

/** Up to the end of the last page. */
function bytesOf({ lastPage, pageSize }: Meta): number {
  return (lastPage + 1) * pageSize;
}
