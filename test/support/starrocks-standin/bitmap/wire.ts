import { Bitmap } from './bitmap';

// StarRocks' bytes of a bitmap (STARROCKS.md section 3), written from the description alone: nothing here is shared with libs/bitmap.

export const WIRE = {
  empty: 0,
  single32: 1,
  bitmap32: 2,
  single64: 3,
  bitmap64: 4,
  set: 10,
  bitmap32v2: 12,
  bitmap64v2: 13,
} as const;
export type WireType = (typeof WIRE)[keyof typeof WIRE];

const COOKIE = 12_346;
const COOKIE_WITH_RUNS = 12_347;
/** With runs, the offsets of containers are there from so many containers on. */
const OFFSETS_FROM = 4;
const ARRAY_MAX = 4_096;
const BITS_BYTES = 8_192;
/** StarRocks keeps a bitmap as a list of values up to this many. */
const SET_MAX = 32;
const LOW = 0xffff;

/** 0 ≤ chance < 1. */
export type Chance = () => number;

/** The types in which StarRocks may send this bitmap. */
export function typesOf(bitmap: Bitmap): WireType[] {
  const { count, parts } = bitmap;
  if (count === 0) return [WIRE.empty];
  const isShort = parts.size === 1 && parts.has(0);
  const types: WireType[] = isShort
    ? [WIRE.bitmap32, WIRE.bitmap64, WIRE.bitmap32v2, WIRE.bitmap64v2]
    : [WIRE.bitmap64, WIRE.bitmap64v2];
  if (count <= SET_MAX) types.push(WIRE.set);
  if (count === 1) types.push(isShort ? WIRE.single32 : WIRE.single64);
  return types;
}

/** @param chance decides between the types that fit, between run containers and others, and the order of a list. */
export function encode(bitmap: Bitmap, chance: Chance): Buffer {
  const types = typesOf(bitmap);
  return encodeAs(types[Math.floor(chance() * types.length)]!, bitmap, chance);
}

export function encodeAs(type: WireType, bitmap: Bitmap, chance: Chance): Buffer {
  return Buffer.concat([Buffer.from([type]), ...payload(type, bitmap, chance)]);
}

function payload(type: WireType, bitmap: Bitmap, chance: Chance): Buffer[] {
  switch (type) {
    case WIRE.empty:
      return [];
    case WIRE.single32:
      return [u32(Number(bitmap.min()))];
    case WIRE.single64:
      return [u64(bitmap.min()!)];
    case WIRE.set: {
      const values = [...bitmap.values()].map((value) => ({ value, order: chance() }));
      values.sort((a, b) => a.order - b.order);
      return [u32(values.length), ...values.map(({ value }) => u64(value))];
    }
    case WIRE.bitmap32:
      return [portable(bitmap.parts.get(0)!, chance)];
    case WIRE.bitmap32v2:
      return [native(bitmap.parts.get(0)!, chance)];
    case WIRE.bitmap64:
    case WIRE.bitmap64v2: {
      const one = type === WIRE.bitmap64 ? portable : native;
      return [
        varint(bitmap.parts.size),
        ...[...bitmap.parts].flatMap(([high, lows]) => [u32(high), one(lows, chance)]),
      ];
    }
  }
}

function native(lows: Uint32Array, chance: Chance): Buffer {
  if (chance() < 0.5) return Buffer.concat([Buffer.from([1]), u32(lows.length), bytesOf(lows)]);
  return Buffer.concat([Buffer.from([2]), portable(lows, chance)]);
}

interface Container {
  readonly key: number;
  readonly values: Uint16Array;
  readonly isRun: boolean;
}

/** A 32-bit roaring bitmap in the portable format (https://github.com/RoaringBitmap/RoaringFormatSpec). */
function portable(lows: Uint32Array, chance: Chance): Buffer {
  const hasRuns = chance() < 0.5;
  const containers: Container[] = [];
  for (let from = 0; from < lows.length;) {
    const key = lows[from]! >>> 16;
    let to = from;
    while (to < lows.length && lows[to]! >>> 16 === key) to++;
    const values = Uint16Array.from(lows.subarray(from, to), (low) => low & LOW);
    containers.push({ key, values, isRun: hasRuns && isSmallerAsRuns(values) });
    from = to;
  }
  const withRuns = containers.some(({ isRun }) => isRun);
  const head: Buffer[] = withRuns
    ? [u32(COOKIE_WITH_RUNS | ((containers.length - 1) << 16)), runFlags(containers)]
    : [u32(COOKIE), u32(containers.length)];
  for (const { key, values } of containers) head.push(u16(key), u16(values.length - 1));
  const bodies = containers.map(containerBody);
  if (withRuns && containers.length < OFFSETS_FROM) return Buffer.concat([...head, ...bodies]);
  let offset = head.reduce((bytes, part) => bytes + part.length, 0) + 4 * containers.length;
  for (const body of bodies) {
    head.push(u32(offset));
    offset += body.length;
  }
  return Buffer.concat([...head, ...bodies]);
}

function runsOf(values: Uint16Array): { readonly start: number; readonly more: number }[] {
  const runs: { start: number; more: number }[] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last !== undefined && value === last.start + last.more + 1) last.more++;
    else runs.push({ start: value, more: 0 });
  }
  return runs;
}

function isSmallerAsRuns(values: Uint16Array): boolean {
  return 2 + 4 * runsOf(values).length < Math.min(2 * values.length, BITS_BYTES);
}

function runFlags(containers: readonly Container[]): Buffer {
  const flags = Buffer.alloc(Math.ceil(containers.length / 8));
  containers.forEach(({ isRun }, index) => {
    if (isRun) flags[index >> 3]! |= 1 << (index & 7);
  });
  return flags;
}

function containerBody({ values, isRun }: Container): Buffer {
  if (isRun) {
    const runs = runsOf(values);
    return Buffer.concat([u16(runs.length), ...runs.flatMap(({ start, more }) => [u16(start), u16(more)])]);
  }
  if (values.length <= ARRAY_MAX) return bytesOf(values);
  const bits = Buffer.alloc(BITS_BYTES);
  for (const value of values) bits[value >> 3]! |= 1 << (value & 7);
  return bits;
}

/** As they stand in memory: little-endian on every machine that this runs on. */
function bytesOf({ buffer, byteOffset, byteLength }: Uint16Array | Uint32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function u16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** @returns null for anything that is not a bitmap in one of the eight types, down to the last byte. */
export function decode(bytes: Buffer): Bitmap | null {
  try {
    const cursor = new Cursor(bytes);
    const bitmap = readBitmap(cursor);
    return cursor.isAtEnd ? bitmap : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Reads behind the end are RangeErrors. */
class Cursor {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  u8(): number {
    return this.bytes.readUInt8(this.#forward(1));
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.#forward(2));
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.#forward(4));
  }

  u64(): bigint {
    return this.bytes.readBigUInt64LE(this.#forward(8));
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('too many parts');
  }

  slice(length: number): Buffer {
    const from = this.#forward(length);
    return this.bytes.subarray(from, from + length);
  }

  #forward(bytes: number): number {
    const at = this.#at;
    this.#at += bytes;
    if (this.#at > this.bytes.length) throw new RangeError('too short');
    return at;
  }
}

function readBitmap(cursor: Cursor): Bitmap {
  const type = cursor.u8();
  switch (type) {
    case WIRE.empty:
      return Bitmap.EMPTY;
    case WIRE.single32:
      return Bitmap.of([BigInt(cursor.u32())]);
    case WIRE.single64:
      return Bitmap.of([cursor.u64()]);
    case WIRE.set:
      return Bitmap.of(Array.from({ length: cursor.u32() }, () => cursor.u64()));
    case WIRE.bitmap32:
    case WIRE.bitmap32v2:
      return bitmapOf([[0, type === WIRE.bitmap32 ? readPortable(cursor) : readNative(cursor)]]);
    case WIRE.bitmap64:
    case WIRE.bitmap64v2: {
      const parts = Array.from({ length: cursor.varint() }, (): [number, Uint32Array] => [
        cursor.u32(),
        type === WIRE.bitmap64 ? readPortable(cursor) : readNative(cursor),
      ]);
      return bitmapOf(parts);
    }
    default:
      throw new RangeError('unknown type');
  }
}

function bitmapOf(parts: readonly [number, Uint32Array][]): Bitmap {
  const sorted = parts.filter(([, lows]) => lows.length > 0).sort(([a], [b]) => a - b);
  if (new Set(sorted.map(([high]) => high)).size !== sorted.length) throw new RangeError('a high half twice');
  return new Bitmap(new Map(sorted));
}

function readNative(cursor: Cursor): Uint32Array {
  const kind = cursor.u8();
  if (kind === 2) return readPortable(cursor);
  if (kind !== 1) throw new RangeError('unknown native format');
  const length = cursor.u32();
  return ascending(new Uint32Array(Uint8Array.from(cursor.slice(length * 4)).buffer));
}

function readPortable(cursor: Cursor): Uint32Array {
  const cookie = cursor.u32();
  const hasRuns = (cookie & LOW) === COOKIE_WITH_RUNS;
  if (!hasRuns && cookie !== COOKIE) throw new RangeError('no roaring bitmap');
  const count = hasRuns ? (cookie >>> 16) + 1 : cursor.u32();
  if (count > 65_536) throw new RangeError('too many containers');
  const flags = hasRuns ? cursor.slice(Math.ceil(count / 8)) : Buffer.alloc(0);
  const heads = Array.from({ length: count }, () => ({ key: cursor.u16(), length: cursor.u16() + 1 }));
  if (!hasRuns || count >= OFFSETS_FROM) cursor.slice(4 * count);
  const lows: number[] = [];
  heads.forEach(({ key, length }, index) => {
    const isRun = ((flags[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
    const values = isRun ? readRuns(cursor) : length > ARRAY_MAX ? readBits(cursor) : readArray(cursor, length);
    if (values.length !== length) throw new RangeError('wrong count');
    for (const value of values) lows.push(key * 65_536 + value);
  });
  return ascending(lows);
}

function readRuns(cursor: Cursor): number[] {
  const values: number[] = [];
  for (let left = cursor.u16(); left > 0; left--) {
    const start = cursor.u16();
    const end = start + cursor.u16();
    if (end > LOW) throw new RangeError('a run leaves its container');
    for (let value = start; value <= end; value++) values.push(value);
  }
  return values;
}

function readBits(cursor: Cursor): number[] {
  const bits = cursor.slice(BITS_BYTES);
  const values: number[] = [];
  for (let value = 0; value <= LOW; value++) if ((bits[value >> 3]! & (1 << (value & 7))) !== 0) values.push(value);
  return values;
}

function readArray(cursor: Cursor, length: number): number[] {
  return Array.from({ length }, () => cursor.u16());
}

function ascending(values: readonly number[] | Uint32Array): Uint32Array {
  for (let index = 1; index < values.length; index++) {
    if (values[index]! <= values[index - 1]!) throw new RangeError('not ascending');
  }
  return Uint32Array.from(values);
}
