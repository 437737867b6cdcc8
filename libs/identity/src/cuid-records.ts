import type { CuidBatch } from './cuid-batch';
import { HEAD_BYTES, KIND_HEX, KIND_RETIRED, KIND_UUID, RECORD_BYTES, hasTail, unpack } from './packed-cuid';
import { CUID_BYTES_MAX } from '@tessera/tag-catalog';

export const RECORDS_PER_BLOCK = 65_536;
const RECORDS_FIRST = 1_024;
const TAIL_BYTES_FIRST = 4_096;
/** In `uniform`: kinds differ. */
const MIXED = -1;

/** The cuids of up to 65,536 consecutive guids. */
export interface CuidBlock {
  /** Four words a record. Where a record has a tail, its last word says where that begins in `tails`. */
  words: Int32Array;
  /** The same memory as `words`. */
  bytes: Buffer;
  kinds: Uint8Array;
  /** What long texts have behind their first 12 bytes, one behind the other. */
  tails: Buffer;
  tailBytes: number;
}

/** The cuid of every guid ever bound: record n belongs to guid n, from 1 up. */
export class CuidRecords {
  readonly #blocks: CuidBlock[] = [];
  /** The words of each block once more: one step less on the way to a record. */
  readonly #words: Int32Array[] = [];
  /** The kind that all records of a block have, retired ones apart; else MIXED. It spares a look at `kinds`. */
  readonly #uniform: number[] = [];
  readonly #unpacked = Buffer.alloc(CUID_BYTES_MAX);
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
    return this.#blocks[(guid - 1) >>> 16]!.kinds[(guid - 1) & 0xffff] === KIND_RETIRED;
  }

  cuidOf(guid: number): string {
    const block = this.#blocks[(guid - 1) >>> 16]!;
    const record = (guid - 1) & 0xffff;
    const kind = block.kinds[record]!;
    const at = RECORD_BYTES * record;
    if (kind <= RECORD_BYTES) return block.bytes.toString('utf8', at, at + kind);
    const length =
      kind === KIND_HEX || kind === KIND_UUID
        ? unpack(kind, block.bytes, at, this.#unpacked)
        : copyText(block, record, this.#unpacked, 0);
    return this.#unpacked.toString(hasTail(kind) ? 'utf8' : 'latin1', 0, length);
  }

  /** Whether the cuid of the batch is this guid's. */
  matches(guid: number, batch: CuidBatch, index: number): boolean {
    const number = (guid - 1) >>> 16;
    const record = (guid - 1) & 0xffff;
    const words = this.#words[number]!;
    const kind = batch.kinds[index]!;
    const other = batch.words;
    const at = 4 * record;
    const from = 4 * index;
    if (words[at] !== other[from] || words[at + 1] !== other[from + 1] || words[at + 2] !== other[from + 2])
      return false;
    const uniform = this.#uniform[number]!;
    if (kind !== uniform && (uniform !== MIXED || this.#blocks[number]!.kinds[record] !== kind)) return false;
    return hasTail(kind) ? this.#matchesTail(guid, batch, index) : words[at + 3] === other[from + 3];
  }

  /** Whether two guids have the same cuid. */
  areSame(guid: number, other: number): boolean {
    return this.cuidOf(guid) === this.cuidOf(other);
  }

  /** A word of the guid's record; see {@link CuidTable.touch}. */
  touch(guid: number): number {
    return this.#words[(guid - 1) >>> 16]![4 * ((guid - 1) & 0xffff)]!;
  }

  /** Gives the batch the cuids of `count` guids, at most 1,024, all of one block. Those of retired guids come as kind 0. */
  loadInto(batch: CuidBatch, guid: number, count: number): void {
    const block = this.#blocks[(guid - 1) >>> 16]!;
    const record = (guid - 1) & 0xffff;
    batch.words.set(block.words.subarray(4 * record, 4 * (record + count)));
    batch.kinds.set(block.kinds.subarray(record, record + count));
    for (let index = 0, at = 0; index < count; index++) {
      if (!hasTail(batch.kinds[index]!)) continue;
      batch.textAt[index] = at;
      at += copyText(block, record + index, batch.text, at);
    }
  }

  /** Writes a cuid of the batch behind the last record; its guid. */
  append(batch: CuidBatch, index: number): number {
    const number = this.#highestGuid >>> 16;
    const record = this.#highestGuid & 0xffff;
    if (record === 0) this.addBlock(emptyBlock(number === 0 ? RECORDS_FIRST : RECORDS_PER_BLOCK), 0);
    const block = this.#blocks[number]!;
    if (record === block.kinds.length) this.#resize(number, block);
    const kind = batch.kinds[index]!;
    const { words } = block;
    const from = 4 * index;
    const at = 4 * record;
    words[at] = batch.words[from]!;
    words[at + 1] = batch.words[from + 1]!;
    words[at + 2] = batch.words[from + 2]!;
    words[at + 3] = hasTail(kind) ? this.#appendTail(block, batch, index) : batch.words[from + 3]!;
    block.kinds[record] = kind;
    if (record === 0) this.#uniform[number] = kind;
    else if (this.#uniform[number] !== kind) this.#uniform[number] = MIXED;
    // Nothing more comes into this block.
    if (record === RECORDS_PER_BLOCK - 1) this.#resizeTails(block, block.tailBytes);
    return ++this.#highestGuid;
  }

  /** Overwrites the cuid; the record keeps its place. */
  retire(guid: number): void {
    const block = this.#blocks[(guid - 1) >>> 16]!;
    const record = (guid - 1) & 0xffff;
    const kind = block.kinds[record]!;
    if (hasTail(kind)) {
      const start = block.words[4 * record + 3]!;
      block.tails.fill(0, start, start + kind - HEAD_BYTES);
    }
    block.words.fill(0, 4 * record, 4 * record + 4);
    block.kinds[record] = KIND_RETIRED;
  }

  /** @throws RangeError if there is no such block. */
  block(blockNumber: number): { readonly block: CuidBlock; readonly records: number } {
    const block = this.#blocks[blockNumber];
    if (block === undefined) {
      throw new RangeError(`identity block ${blockNumber} does not exist: there are ${this.#blocks.length}`);
    }
    return { block, records: Math.min(RECORDS_PER_BLOCK, this.#highestGuid - blockNumber * RECORDS_PER_BLOCK) };
  }

  /** Takes over a block with so many records. Those that are there must be full. */
  addBlock(block: CuidBlock, records: number): void {
    const number = this.#blocks.length;
    this.#blocks.push(block);
    this.#words.push(block.words);
    this.#uniform.push(uniformKind(block.kinds.subarray(0, records)));
    this.#highestGuid += records;
    this.#bytes += blockBytes(block);
    if (records > 0 && records < RECORDS_PER_BLOCK) this.#resize(number, block);
  }

  #matchesTail(guid: number, batch: CuidBatch, index: number): boolean {
    const { tails, words } = this.#blocks[(guid - 1) >>> 16]!;
    const tailAt = words[4 * ((guid - 1) & 0xffff) + 3]!;
    const { text } = batch;
    const textAt = batch.textAt[index]! + HEAD_BYTES;
    const length = batch.kinds[index]! - HEAD_BYTES;
    for (let byte = 0; byte < length; byte++) if (tails[tailAt + byte] !== text[textAt + byte]) return false;
    return true;
  }

  /** Where the tail begins. */
  #appendTail(block: CuidBlock, batch: CuidBatch, index: number): number {
    const start = block.tailBytes;
    const length = batch.kinds[index]! - HEAD_BYTES;
    if (start + length > block.tails.length) {
      this.#resizeTails(block, Math.max(TAIL_BYTES_FIRST, Math.ceil(1.5 * (start + length))));
    }
    const { tails } = block;
    const { text } = batch;
    const textAt = batch.textAt[index]! + HEAD_BYTES;
    for (let byte = 0; byte < length; byte++) tails[start + byte] = text[textAt + byte]!;
    block.tailBytes = start + length;
    return start;
  }

  #resizeTails(block: CuidBlock, size: number): void {
    const tails = Buffer.allocUnsafeSlow(size);
    block.tails.copy(tails, 0, 0, block.tailBytes);
    this.#bytes += size - block.tails.length;
    block.tails = tails;
  }

  /** Makes a block that is not full four times as large, or as large as blocks are. */
  #resize(number: number, block: CuidBlock): void {
    const { words, kinds } = block;
    this.#bytes -= blockBytes(block);
    const larger = emptyBlock(Math.min(RECORDS_PER_BLOCK, 4 * kinds.length));
    larger.words.set(words);
    larger.kinds.set(kinds);
    block.words = larger.words;
    block.bytes = larger.bytes;
    block.kinds = larger.kinds;
    this.#words[number] = larger.words;
    this.#bytes += blockBytes(block);
  }
}

/** A block with room for so many records. */
export function emptyBlock(records: number): CuidBlock {
  const words = new Int32Array(4 * records);
  const bytes = Buffer.from(words.buffer);
  return { words, bytes, kinds: new Uint8Array(records), tails: Buffer.alloc(0), tailBytes: 0 };
}

function blockBytes({ words, kinds, tails }: CuidBlock): number {
  return words.byteLength + kinds.length + tails.length;
}

function uniformKind(kinds: Uint8Array): number {
  let uniform = KIND_RETIRED;
  for (let record = 0; record < kinds.length; record++) {
    const kind = kinds[record]!;
    if (kind === KIND_RETIRED || kind === uniform) continue;
    if (uniform !== KIND_RETIRED) return MIXED;
    uniform = kind;
  }
  return uniform;
}

/** Copies a long text, head and tail; its length. */
function copyText({ words, bytes, kinds, tails }: CuidBlock, record: number, target: Buffer, to: number): number {
  const length = kinds[record]!;
  const head = RECORD_BYTES * record;
  const tail = words[4 * record + 3]!;
  for (let byte = 0; byte < HEAD_BYTES; byte++) target[to + byte] = bytes[head + byte]!;
  for (let byte = HEAD_BYTES; byte < length; byte++) target[to + byte] = tails[tail + byte - HEAD_BYTES]!;
  return length;
}
