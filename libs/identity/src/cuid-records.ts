import type { CuidHasher } from './cuid-hasher';
import { CUID_BYTES_MAX } from '@tessera/tag-catalog';
import { MalformedIdentityBlockError } from './malformed-identity-block-error';

export const RECORDS_PER_BLOCK = 65_536;
const ARENA_BYTES_FIRST = 16_384;
/** In `starts`; a block has at most 2^23 bytes. */
const RETIRED = 0x8000_0000;
const START = 0x7fff_ffff;

// docs/formats/identity.md describes these bytes.
const MAGIC = 0x44495354;
const VERSION = 1;
const HEADER_BYTES = 16;

/** The cuids of up to 65,536 consecutive guids, one behind the other. */
interface Block {
  arena: Buffer;
  /** Where each record begins, with RETIRED on top; one more than there are records, for the end of the last. */
  readonly starts: Uint32Array;
}

/** The bytes of every cuid ever bound: record n belongs to guid n, from 1 up. */
export class CuidRecords {
  readonly #blocks: Block[] = [];
  #highestGuid = 0;
  #bytes = 0;

  get highestGuid(): number {
    return this.#highestGuid;
  }

  /** Memory in use. */
  get bytes(): number {
    return this.#bytes;
  }

  isRetired(guid: number): boolean {
    return this.#blocks[(guid - 1) >>> 16]!.starts[(guid - 1) & 0xffff]! >= RETIRED;
  }

  cuidOf(guid: number): string {
    const { arena, starts } = this.#blocks[(guid - 1) >>> 16]!;
    const record = (guid - 1) & 0xffff;
    return arena.toString('utf8', starts[record]! & START, starts[record + 1]! & START);
  }

  /** Whether the hasher holds this guid's cuid. */
  matches(guid: number, hasher: CuidHasher): boolean {
    const { arena, starts } = this.#blocks[(guid - 1) >>> 16]!;
    const record = (guid - 1) & 0xffff;
    const start = starts[record]! & START;
    const { length, bytes } = hasher;
    if ((starts[record + 1]! & START) - start !== length) return false;
    for (let at = 0; at < length; at++) if (arena[start + at] !== bytes[at]) return false;
    return true;
  }

  /** Gives the hasher this guid's cuid. */
  loadInto(hasher: CuidHasher, guid: number): void {
    const { arena, starts } = this.#blocks[(guid - 1) >>> 16]!;
    const record = (guid - 1) & 0xffff;
    hasher.loadBytes(arena, starts[record]! & START, starts[record + 1]! & START);
  }

  /** Writes what the hasher holds behind the last record; its guid. */
  append(hasher: CuidHasher): number {
    const record = this.#highestGuid & 0xffff;
    const block = record === 0 ? this.#addBlock() : this.#blocks.at(-1)!;
    const start = block.starts[record]!;
    const end = start + hasher.length;
    if (end > block.arena.length) this.#resizeArena(block, Math.max(2 * block.arena.length, end));
    const { arena } = block;
    const { bytes } = hasher;
    for (let at = start, from = 0; at < end; at++, from++) arena[at] = bytes[from]!;
    block.starts[record + 1] = end;
    // Nothing more comes into this block.
    if (record === RECORDS_PER_BLOCK - 1) this.#resizeArena(block, end);
    return ++this.#highestGuid;
  }

  /** Overwrites the cuid; the record keeps its place. */
  retire(guid: number): void {
    const { arena, starts } = this.#blocks[(guid - 1) >>> 16]!;
    const record = (guid - 1) & 0xffff;
    arena.fill(0, starts[record]! & START, starts[record + 1]! & START);
    starts[record] = starts[record]! | RETIRED;
  }

  serializeBlock(blockNumber: number): Buffer {
    const block = this.#blocks[blockNumber];
    if (block === undefined) {
      throw new RangeError(`identity block ${blockNumber} does not exist: there are ${this.#blocks.length}`);
    }
    const { arena, starts } = block;
    const records = Math.min(RECORDS_PER_BLOCK, this.#highestGuid - blockNumber * RECORDS_PER_BLOCK);
    const bytes = Buffer.alloc(HEADER_BYTES + records + (starts[records]! & START));
    bytes.writeUInt32LE(MAGIC, 0);
    bytes.writeUInt32LE(VERSION, 4);
    bytes.writeUInt32LE(blockNumber, 8);
    bytes.writeUInt32LE(records, 12);
    let at = HEADER_BYTES + records;
    for (let record = 0; record < records; record++) {
      if (starts[record]! >= RETIRED) continue;
      const start = starts[record]!;
      const end = starts[record + 1]! & START;
      bytes[HEADER_BYTES + record] = end - start;
      at += arena.copy(bytes, at, start, end);
    }
    return bytes.subarray(0, at);
  }

  /**
   * Takes over a block written by {@link serializeBlock}, the one behind those that are there.
   * @throws MalformedIdentityBlockError leaving everything as it was.
   */
  loadBlock(blockNumber: number, bytes: Buffer): void {
    const refuse = (reason: string): never => {
      throw new MalformedIdentityBlockError(blockNumber, reason);
    };
    if (this.#highestGuid !== blockNumber * RECORDS_PER_BLOCK) {
      refuse(`blocks are loaded in order, each behind full ones, and there are ${this.#highestGuid} records`);
    }
    if (bytes.length < HEADER_BYTES || bytes.readUInt32LE(0) !== MAGIC) refuse('it does not begin as a block does');
    if (bytes.readUInt32LE(4) !== VERSION) refuse(`its format version is ${bytes.readUInt32LE(4)}, not ${VERSION}`);
    if (bytes.readUInt32LE(8) !== blockNumber) refuse(`it is block ${bytes.readUInt32LE(8)}`);
    const records = bytes.readUInt32LE(12);
    const textAt = HEADER_BYTES + records;
    if (records === 0 || records > RECORDS_PER_BLOCK || textAt > bytes.length) refuse(`it gives ${records} records`);
    const starts = new Uint32Array(RECORDS_PER_BLOCK + 1);
    let start = 0;
    for (let record = 0; record < records; record++) {
      const length = bytes[HEADER_BYTES + record]!;
      if (length > CUID_BYTES_MAX)
        refuse(`record ${record} has ${length} bytes, at most ${CUID_BYTES_MAX} are allowed`);
      starts[record] = length === 0 ? start | RETIRED : start;
      start += length;
    }
    starts[records] = start;
    if (textAt + start !== bytes.length) refuse(`it has ${bytes.length - textAt} bytes of cuids instead of ${start}`);
    const arena = Buffer.allocUnsafeSlow(start);
    bytes.copy(arena, 0, textAt);
    this.#blocks.push({ arena, starts });
    this.#highestGuid += records;
    this.#bytes += arena.length + starts.byteLength;
  }

  #addBlock(): Block {
    const block = { arena: Buffer.allocUnsafeSlow(ARENA_BYTES_FIRST), starts: new Uint32Array(RECORDS_PER_BLOCK + 1) };
    this.#blocks.push(block);
    this.#bytes += block.arena.length + block.starts.byteLength;
    return block;
  }

  #resizeArena(block: Block, size: number): void {
    const arena = Buffer.allocUnsafeSlow(size);
    block.arena.copy(arena, 0, 0, Math.min(size, block.arena.length));
    this.#bytes += size - block.arena.length;
    block.arena = arena;
  }
}
