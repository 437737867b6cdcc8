import { CUID_BYTES_MAX } from '@tessera/tag-catalog';
import { isUtf8 } from 'node:buffer';
import { RECORDS_PER_BLOCK, emptyBlock } from './cuid-records';
import type { CuidBlock } from './cuid-records';
import { MalformedIdentityBlockError } from './malformed-identity-block-error';
import {
  HEAD_BYTES,
  HEX_CHARS,
  KIND_RETIRED,
  KIND_UUID,
  RECORD_BYTES,
  UUID_CHARS,
  hasTail,
  pack,
  packedBytes,
  readRecord,
} from './packed-cuid';

// docs/formats/identity.md describes these bytes.
const MAGIC = 0x44495354;
const VERSION = 1;
const HEADER_BYTES = 16;
/** A bit that no ASCII character has, four times. */
const NOT_ASCII = 0x8080_8080 | 0;

/** The stored form of the first `records` records of a block. */
export function serializeBlock(blockNumber: number, block: CuidBlock, records: number): Buffer {
  const { words, kinds, tails } = block;
  // Records are written with 16 bytes each, the next one over what is too much.
  const bytes = Buffer.allocUnsafeSlow(HEADER_BYTES + records + storedBytes(kinds, records) + RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(VERSION, 4);
  bytes.writeUInt32LE(blockNumber, 8);
  bytes.writeUInt32LE(records, 12);
  bytes.set(kinds.subarray(0, records), HEADER_BYTES);
  let at = HEADER_BYTES + records;
  for (let record = 0; record < records; record++) {
    const kind = kinds[record]!;
    for (let word = 0; word < 4; word++) view.setInt32(at + 4 * word, words[4 * record + word]!, true);
    if (hasTail(kind)) {
      const tail = words[4 * record + 3]!;
      for (let byte = HEAD_BYTES; byte < kind; byte++) bytes[at + byte] = tails[tail + byte - HEAD_BYTES]!;
    }
    at += packedBytes(kind);
  }
  return bytes.subarray(0, at);
}

/** What a stored block holds. */
export interface StoredBlock {
  readonly block: CuidBlock;
  readonly records: number;
}

/**
 * Reads a block written by {@link serializeBlock}.
 * @throws MalformedIdentityBlockError if it breaks a rule of the format; repeated cuids are not looked for.
 */
export function parseBlock(blockNumber: number, stored: Buffer): StoredBlock {
  const refuse = (reason: string): never => {
    throw new MalformedIdentityBlockError(blockNumber, reason);
  };
  if (stored.length < HEADER_BYTES || stored.readUInt32LE(0) !== MAGIC) refuse('it does not begin as a block does');
  if (stored.readUInt32LE(4) !== VERSION) refuse(`its format version is ${stored.readUInt32LE(4)}, not ${VERSION}`);
  if (stored.readUInt32LE(8) !== blockNumber) refuse(`it is block ${stored.readUInt32LE(8)}`);
  const records = stored.readUInt32LE(12);
  const cuidsAt = HEADER_BYTES + records;
  if (records === 0 || records > RECORDS_PER_BLOCK || cuidsAt > stored.length) refuse(`it gives ${records} records`);
  const block = emptyBlock(records);
  block.kinds.set(stored.subarray(HEADER_BYTES, cuidsAt));
  const unknown = block.kinds.findIndex((kind) => kind > KIND_UUID);
  if (unknown >= 0) refuse(`record ${unknown} has kind ${block.kinds[unknown]}, the last one is ${KIND_UUID}`);
  const bytes = storedBytes(block.kinds, records);
  if (cuidsAt + bytes !== stored.length) {
    refuse(`it has ${stored.length - cuidsAt} bytes of cuids instead of ${bytes}`);
  }
  const problem = readRecords(block, stored.subarray(cuidsAt));
  if (problem !== undefined) refuse(problem);
  return { block, records };
}

function storedBytes(kinds: Uint8Array, records: number): number {
  let bytes = 0;
  for (let record = 0; record < records; record++) bytes += packedBytes(kinds[record]!);
  return bytes;
}

/** Fills the block from the bytes behind its kinds. What is wrong with them, if anything. */
function readRecords(block: CuidBlock, stored: Buffer): string | undefined {
  const { words, kinds } = block;
  if (kinds.every((kind) => kind > CUID_BYTES_MAX)) {
    block.bytes.set(stored);
    return undefined;
  }
  // Words are read across the end of the last record.
  const bytes = Buffer.allocUnsafeSlow(stored.length + RECORD_BYTES);
  stored.copy(bytes);
  const view = new DataView(bytes.buffer);
  block.tails = Buffer.allocUnsafeSlow(tailBytes(kinds));
  for (let record = 0, at = 0; record < kinds.length; record++) {
    const kind = kinds[record]!;
    readRecord(view, at, kind, words, 4 * record);
    if (hasTail(kind)) readTail(block, record, bytes, at);
    if (kind !== KIND_RETIRED && kind <= CUID_BYTES_MAX) {
      const problem = textProblem(block, record, bytes, view, at);
      if (problem !== undefined) return `record ${record} ${problem}`;
    }
    at += packedBytes(kind);
  }
  return undefined;
}

function tailBytes(kinds: Uint8Array): number {
  let bytes = 0;
  for (let record = 0; record < kinds.length; record++) {
    if (hasTail(kinds[record]!)) bytes += kinds[record]! - HEAD_BYTES;
  }
  return bytes;
}

function readTail(block: CuidBlock, record: number, bytes: Buffer, at: number): void {
  const { tails, tailBytes: start } = block;
  const kind = block.kinds[record]!;
  for (let byte = HEAD_BYTES; byte < kind; byte++) tails[start + byte - HEAD_BYTES] = bytes[at + byte]!;
  block.words[4 * record + 3] = start;
  block.tailBytes += kind - HEAD_BYTES;
}

const packed = new Int32Array(4);

function textProblem(block: CuidBlock, record: number, bytes: Buffer, view: DataView, at: number): string | undefined {
  const kind = block.kinds[record]!;
  const { words } = block;
  if (kind > RECORD_BYTES) {
    if ((kind === HEX_CHARS || kind === UUID_CHARS) && pack(view, at, kind, packed, 0) !== kind) return 'is not packed';
    return isUtf8(bytes.subarray(at, at + kind)) ? undefined : 'is not UTF-8';
  }
  const first = 4 * record;
  const seen = words[first]! | words[first + 1]! | words[first + 2]! | words[first + 3]!;
  if ((seen & NOT_ASCII) === 0 || isUtf8(bytes.subarray(at, at + kind))) return undefined;
  return 'is not UTF-8';
}
