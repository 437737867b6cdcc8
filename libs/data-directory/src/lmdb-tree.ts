// Pages of LMDB's data format 2, as docs/formats/data-directory.md says.
const HEADER_BYTES = 24;
const AT_FLAGS = 18;
const AT_LOWER = 20;
const AT_UPPER = 22;
const AT_OVERFLOW_PAGES = 20;
const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;
const NODE_HEADER_BYTES = 8;
const IN_OVERFLOW = 0x01;
const IS_DATABASE = 0x02;
/** Number of an overflow page, transaction, number of pages. */
const OVERFLOW_NODE_BYTES = 24;
export const TREE_BYTES = 48;
const NO_ROOT = 2n ** 64n - 1n;
const DEPTH_MAX = 32;

/** Root of a tree of pages: one database. */
interface Tree {
  readonly root: bigint;
  readonly depth: number;
  readonly entries: bigint;
}

type CompareKeys = (left: Buffer, right: Buffer) => number;

/** What is wrong with a page. */
class Damage extends Error {}

/**
 * Looks at every page in use, as LMDB itself does not: it trusts what it reads, follows it beyond the end of its memory, and takes
 * a page that lost half of its entries for one that never had more. What stands in the entries is checked by their checksums.
 */
export class LmdbTreeCheck {
  /** Names of the databases found. */
  readonly names = new Set<string>();
  readonly #seen: Uint8Array;

  /** @param bytes the file, up to the end of its last page. */
  constructor(
    private readonly bytes: Buffer,
    private readonly pageSize: number,
  ) {
    this.#seen = new Uint8Array(Math.floor(bytes.length / pageSize));
    this.#seen.fill(1, 0, 2);
  }

  /**
   * @param freeTree offset of the root of the database of free pages. @param mainTree of the one that lists all others.
   * @returns null, or what is wrong.
   */
  run(freeTree: number, mainTree: number): string | null {
    try {
      this.#walk(readTree(this.bytes, freeTree), compareNumbers, () => undefined);
      this.#walk(readTree(this.bytes, mainTree), compareBytes, (key, data, flags) => {
        if (flags !== IS_DATABASE || data?.length !== TREE_BYTES) throw new Damage('a database entry is none');
        this.names.add(key.toString('utf8').replace(/\0$/, ''));
        this.#walk(readTree(data, 0), compareBytes, () => undefined);
      });
      return null;
    } catch (error) {
      if (error instanceof Damage) return error.message;
      throw error;
    }
  }

  /** @param onEntry is given the data of entries that have theirs in the page, null else. */
  #walk(tree: Tree, compare: CompareKeys, onEntry: (key: Buffer, data: Buffer | null, flags: number) => void): void {
    if (tree.root === NO_ROOT) {
      if (tree.entries !== 0n) throw new Damage(`a database of ${tree.entries} entries has no page`);
      return;
    }
    if (tree.depth < 1 || tree.depth > DEPTH_MAX) throw new Damage(`a database has a depth of ${tree.depth}`);
    let entries = 0n;
    let last: Buffer | null = null;
    let floor: Buffer | null = null;
    const visit = (page: bigint, level: number): void => {
      const start = this.#enter(page, level === tree.depth ? LEAF : BRANCH);
      const nodes = this.#nodes(start, page);
      for (const [index, at] of nodes.entries()) {
        const key = this.#key(start, at, page);
        const isImplied = level < tree.depth && index === 0;
        if (!isImplied && last !== null && compare(last, key) >= 0) throw new Damage(`page ${page} is out of order`);
        if (level < tree.depth) {
          if (!isImplied) floor = key;
          visit(this.#child(at), level + 1);
          continue;
        }
        if (floor !== null && compare(floor, key) > 0) throw new Damage(`page ${page} holds what belongs before it`);
        last = key;
        entries++;
        const flags = this.bytes.readUInt16LE(at + 4);
        onEntry(key, this.#data(start, at, key.length, page), flags);
      }
    };
    visit(tree.root, 1);
    if (entries !== tree.entries) throw new Damage(`${entries} of ${tree.entries} entries of a database were found`);
  }

  /** @returns where the page begins. */
  #enter(page: bigint, flags: number): number {
    const number = Number(page);
    if (page >= BigInt(this.#seen.length) || this.#seen[number] === 1) {
      throw new Damage(`page ${page} is outside of the file or in use twice`);
    }
    this.#seen[number] = 1;
    const start = number * this.pageSize;
    if (this.bytes.readBigUInt64LE(start) !== page) throw new Damage(`page ${page} says it is another`);
    if (this.bytes.readUInt16LE(start + AT_FLAGS) !== flags) throw new Damage(`page ${page} is of another kind`);
    return start;
  }

  /** Offsets of the nodes, each with room for its header. */
  #nodes(start: number, page: bigint): number[] {
    const lower = this.bytes.readUInt16LE(start + AT_LOWER);
    const upper = this.bytes.readUInt16LE(start + AT_UPPER);
    const room = this.pageSize - HEADER_BYTES;
    if (lower % 2 !== 0 || lower > upper || upper > room || lower === 0)
      throw new Damage(`page ${page} has wrong bounds`);
    return Array.from({ length: lower / 2 }, (_, index) => {
      const offset = this.bytes.readUInt16LE(start + HEADER_BYTES + 2 * index);
      if (offset < upper || offset + NODE_HEADER_BYTES > room)
        throw new Damage(`page ${page} has a node outside of it`);
      return start + HEADER_BYTES + offset;
    });
  }

  #key(start: number, at: number, page: bigint): Buffer {
    const end = at + NODE_HEADER_BYTES + this.bytes.readUInt16LE(at + 6);
    if (end > start + this.pageSize) throw new Damage(`page ${page} has a key that goes beyond it`);
    return this.bytes.subarray(at + NODE_HEADER_BYTES, end);
  }

  #child(at: number): bigint {
    return BigInt(this.bytes.readUInt32LE(at)) | (BigInt(this.bytes.readUInt16LE(at + 4)) << 32n);
  }

  /** Null if it stands in overflow pages. */
  #data(start: number, at: number, keyBytes: number, page: bigint): Buffer | null {
    const size = this.bytes.readUInt32LE(at);
    const flags = this.bytes.readUInt16LE(at + 4);
    const from = at + NODE_HEADER_BYTES + keyBytes;
    const end = from + (flags === IN_OVERFLOW ? OVERFLOW_NODE_BYTES : size);
    if (flags > IS_DATABASE || end > start + this.pageSize)
      throw new Damage(`page ${page} has an entry that goes beyond it`);
    if (flags !== IN_OVERFLOW) return this.bytes.subarray(from, end);
    this.#enterOverflow(this.bytes.readBigUInt64LE(from), this.bytes.readBigUInt64LE(from + 16), size);
    return null;
  }

  #enterOverflow(page: bigint, pages: bigint, size: number): void {
    const start = this.#enter(page, OVERFLOW);
    const needed = Math.ceil((HEADER_BYTES + size) / this.pageSize);
    const first = Number(page);
    const isWhole = pages === BigInt(needed) && this.bytes.readUInt32LE(start + AT_OVERFLOW_PAGES) === needed;
    if (!isWhole || first + needed > this.#seen.length) throw new Damage(`page ${page} has not room for its value`);
    for (let next = first + 1; next < first + needed; next++) {
      if (this.#seen[next] === 1) throw new Damage(`page ${next} is in use twice`);
      this.#seen[next] = 1;
    }
  }
}

function readTree(bytes: Buffer, at: number): Tree {
  return {
    depth: bytes.readUInt16LE(at + 6),
    entries: bytes.readBigUInt64LE(at + 32),
    root: bytes.readBigUInt64LE(at + 40),
  };
}

function compareBytes(left: Buffer, right: Buffer): number {
  return Buffer.compare(left, right);
}

/** Keys of the database of free pages are transaction numbers. */
function compareNumbers(left: Buffer, right: Buffer): number {
  if (left.length !== 8 || right.length !== 8) throw new Damage('a list of free pages has no transaction number');
  const difference = left.readBigUInt64LE() - right.readBigUInt64LE();
  return difference < 0n ? -1 : Number(difference > 0n);
}
