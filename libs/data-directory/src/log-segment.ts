import { randomBytes } from 'node:crypto';
import { crc32 } from './checksum';

// docs/formats/data-directory.md describes these bytes.
const SEGMENT_MAGIC = Buffer.from('TESSLOG\0', 'latin1');
const SEGMENT_VERSION = 1;
export const SEGMENT_HEADER_BYTES = 40;
const SEGMENT_CHECKSUM_AT = 36;
export const RECORD_HEADER_BYTES = 20;
export const RECORD_PAYLOAD_BYTES_MAX = 2 ** 28;

const SEGMENT_NAME = /^(\d{16})\.log$/;

export function segmentName(firstSequence: number): string {
  return `${String(firstSequence).padStart(16, '0')}.log`;
}

/** The first sequence of the segment, or null if the file is no segment. */
export function parseSegmentName(name: string): number | null {
  const digits = SEGMENT_NAME.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

export interface SegmentHeader {
  readonly firstSequence: number;
  /** Start value of the checksums of this segment's records. */
  readonly salt: number;
}

/** @param directoryId 16 hexadecimal digits: a segment copied in from another data directory is refused. */
export function encodeSegmentHeader(directoryId: string, firstSequence: number): { bytes: Buffer; salt: number } {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  const salt = randomBytes(4).readUInt32LE();
  SEGMENT_MAGIC.copy(bytes);
  bytes.writeUInt32LE(SEGMENT_VERSION, 8);
  bytes.writeUInt32LE(salt, 12);
  bytes.writeBigUInt64LE(BigInt(firstSequence), 16);
  bytes.write(directoryId, 24, 8, 'hex');
  bytes.writeUInt32LE(crc32(bytes.subarray(0, SEGMENT_CHECKSUM_AT)), SEGMENT_CHECKSUM_AT);
  return { bytes, salt };
}

/** The header, or in words why it is none. */
export function decodeSegmentHeader(bytes: Buffer, directoryId: string, firstSequence: number): SegmentHeader | string {
  if (bytes.length < SEGMENT_HEADER_BYTES) return `its header has ${bytes.length} of ${SEGMENT_HEADER_BYTES} bytes`;
  if (!bytes.subarray(0, 8).equals(SEGMENT_MAGIC)) return 'it does not begin as a log segment does';
  if (bytes.readUInt32LE(SEGMENT_CHECKSUM_AT) !== crc32(bytes.subarray(0, SEGMENT_CHECKSUM_AT))) {
    return 'the checksum of its header does not match';
  }
  const version = bytes.readUInt32LE(8);
  if (version !== SEGMENT_VERSION) return `its format version is ${version}, this release reads ${SEGMENT_VERSION}`;
  const id = bytes.toString('hex', 24, 32);
  if (id !== directoryId) return `it belongs to the data directory with id ${id}, not to ${directoryId}`;
  if (bytes.readBigUInt64LE(16) !== BigInt(firstSequence)) return 'its header and its name give different sequences';
  return { firstSequence, salt: bytes.readUInt32LE(12) };
}

/**
 * Writes one record into `target` at `at` and returns the offset behind it.
 * @param groupIndex how many records of the same write come before this one.
 */
export function encodeRecord(
  target: Buffer,
  at: number,
  record: { readonly sequence: number; readonly payload: Buffer; readonly groupIndex: number },
  salt: number,
): number {
  const end = at + RECORD_HEADER_BYTES + record.payload.length;
  target.writeUInt32LE(record.payload.length, at + 4);
  target.writeUInt32LE(record.sequence % 2 ** 32, at + 8);
  target.writeUInt32LE(Math.floor(record.sequence / 2 ** 32), at + 12);
  target.writeUInt32LE(record.groupIndex, at + 16);
  record.payload.copy(target, at + RECORD_HEADER_BYTES);
  target.writeUInt32LE(crc32(target.subarray(at + 4, end), salt), at);
  return end;
}

/** Walks over the records of one segment. */
export class SegmentReader {
  /** Offset behind the last good record. */
  offset = SEGMENT_HEADER_BYTES;
  /** Sequence of the last good record; one less than the first before any was read. */
  sequence: number;
  /** Of the last good record; a view on the segment's bytes. */
  payload: Buffer = Buffer.alloc(0);
  /** Why the bytes at `offset` are no record; null at the end of the segment. */
  damage: string | null = null;

  constructor(
    private readonly bytes: Buffer,
    private readonly header: SegmentHeader,
  ) {
    this.sequence = header.firstSequence - 1;
  }

  /** Moves to the next record; false at the end or at damage. */
  next(): boolean {
    if (this.offset === this.bytes.length) return false;
    const expected = this.sequence + 1;
    const end = this.#recordEnd(this.offset);
    if (end === null) return this.#stop('an incomplete record');
    if (!this.#isIntact(this.offset, end)) return this.#stop('the checksum of a record does not match');
    if (this.#sequenceAt(this.offset) !== expected) {
      return this.#stop(`a record with sequence ${this.#sequenceAt(this.offset)} in the place of ${expected}`);
    }
    this.sequence = expected;
    this.payload = this.bytes.subarray(this.offset + RECORD_HEADER_BYTES, end);
    this.offset = end;
    return true;
  }

  /**
   * Whether the damaged record had been durable: some intact record behind it was written by a later write, and a write
   * begins only when the one before is on disk. Records of the damaged record's own write prove nothing, since a power cut
   * may keep the pages of one write in any choice.
   */
  damageWasDurable(): boolean {
    const damaged = this.sequence + 1;
    const recordsMax = this.bytes.length / RECORD_HEADER_BYTES;
    for (let at = this.offset + 1; at + RECORD_HEADER_BYTES <= this.bytes.length; at++) {
      const sequence = this.#sequenceAt(at);
      if (sequence <= damaged || sequence > damaged + recordsMax) continue;
      if (sequence - this.bytes.readUInt32LE(at + 16) <= damaged) continue;
      const end = this.#recordEnd(at);
      if (end !== null && this.#isIntact(at, end)) return true;
    }
    return false;
  }

  #stop(damage: string): false {
    this.damage = damage;
    return false;
  }

  #recordEnd(at: number): number | null {
    if (at + RECORD_HEADER_BYTES > this.bytes.length) return null;
    const end = at + RECORD_HEADER_BYTES + this.bytes.readUInt32LE(at + 4);
    return end > this.bytes.length ? null : end;
  }

  #sequenceAt(at: number): number {
    return this.bytes.readUInt32LE(at + 12) * 2 ** 32 + this.bytes.readUInt32LE(at + 8);
  }

  #isIntact(at: number, end: number): boolean {
    return this.bytes.readUInt32LE(at) === crc32(this.bytes.subarray(at + 4, end), this.header.salt);
  }
}
