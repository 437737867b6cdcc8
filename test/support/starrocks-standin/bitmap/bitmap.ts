const LOW_BITS = 32n;
const LOW_MASK = 0xffff_ffffn;
/** Values are 0 to 2^64 − 1. */
export const VALUE_MAX = 0xffff_ffff_ffff_ffffn;

/** Sorted distinct low halves under each high half; none is empty. */
type Parts = ReadonlyMap<number, Uint32Array>;
type Combine = (a: Uint32Array, b: Uint32Array) => Uint32Array;

const NOTHING = new Uint32Array(0);

/** A set of unsigned 64-bit integers. Plain and never changed: it shares nothing with the codec under test. */
export class Bitmap {
  static get EMPTY(): Bitmap {
    return new Bitmap(new Map());
  }
  #count: number | null = null;

  constructor(readonly parts: Parts) {}

  /** @param values in any order, repeated ones too; each within 0 and 2^64 − 1. */
  static of(values: Iterable<bigint>): Bitmap {
    const lists = new Map<number, number[]>();
    for (const value of values) {
      const high = Number(value >> LOW_BITS);
      const low = Number(value & LOW_MASK);
      const list = lists.get(high);
      if (list === undefined) lists.set(high, [low]);
      else list.push(low);
    }
    const highs = [...lists.keys()].sort((a, b) => a - b);
    return new Bitmap(new Map(highs.map((high) => [high, distinct(Uint32Array.from(lists.get(high)!))])));
  }

  get count(): number {
    if (this.#count === null) {
      this.#count = 0;
      for (const lows of this.parts.values()) this.#count += lows.length;
    }
    return this.#count;
  }

  has(value: bigint): boolean {
    if (value < 0n || value > VALUE_MAX) return false;
    const lows = this.parts.get(Number(value >> LOW_BITS));
    if (lows === undefined) return false;
    const low = Number(value & LOW_MASK);
    return lows[lowerBound(lows, low)] === low;
  }

  and(other: Bitmap): Bitmap {
    return this.#combine(other, intersection);
  }

  or(other: Bitmap): Bitmap {
    return this.#combine(other, union);
  }

  andnot(other: Bitmap): Bitmap {
    return this.#combine(other, difference);
  }

  xor(other: Bitmap): Bitmap {
    return this.#combine(other, (a, b) => union(difference(a, b), difference(b, a)));
  }

  hasAny(other: Bitmap): boolean {
    return this.and(other).count > 0;
  }

  /** Ascending. */
  *values(): Generator<bigint> {
    for (const [high, lows] of this.parts) {
      const base = BigInt(high) << LOW_BITS;
      for (const low of lows) yield base | BigInt(low);
    }
  }

  min(): bigint | null {
    for (const value of this.values()) return value;
    return null;
  }

  max(): bigint | null {
    const last = [...this.parts].at(-1);
    return last === undefined ? null : (BigInt(last[0]) << LOW_BITS) | BigInt(last[1].at(-1)!);
  }

  /** Members by rank. @param end exclusive. */
  slice(start: number, end: number): Bitmap {
    return Bitmap.of([...this.values()].slice(start, end));
  }

  #combine(other: Bitmap, combine: Combine): Bitmap {
    const highs = [...new Set([...this.parts.keys(), ...other.parts.keys()])].sort((a, b) => a - b);
    const parts = new Map<number, Uint32Array>();
    for (const high of highs) {
      const lows = combine(this.parts.get(high) ?? NOTHING, other.parts.get(high) ?? NOTHING);
      if (lows.length > 0) parts.set(high, lows);
    }
    return new Bitmap(parts);
  }
}

function distinct(values: Uint32Array): Uint32Array {
  values.sort();
  let kept = 0;
  for (let index = 0; index < values.length; index++) {
    if (index === 0 || values[index] !== values[index - 1]) values[kept++] = values[index]!;
  }
  return values.slice(0, kept);
}

/** Where the first element not below the value stands. */
function lowerBound(sorted: Uint32Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function intersection(a: Uint32Array, b: Uint32Array): Uint32Array {
  const result = new Uint32Array(Math.min(a.length, b.length));
  let kept = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i]! < b[j]!) i++;
    else if (a[i]! > b[j]!) j++;
    else {
      result[kept++] = a[i]!;
      i++;
      j++;
    }
  }
  return result.slice(0, kept);
}

function union(a: Uint32Array, b: Uint32Array): Uint32Array {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const result = new Uint32Array(a.length + b.length);
  let kept = 0;
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const x = i < a.length ? a[i]! : Infinity;
    const y = j < b.length ? b[j]! : Infinity;
    result[kept++] = Math.min(x, y);
    if (x <= y) i++;
    if (y <= x) j++;
  }
  return result.slice(0, kept);
}

function difference(a: Uint32Array, b: Uint32Array): Uint32Array {
  if (b.length === 0) return a;
  const result = new Uint32Array(a.length);
  let kept = 0;
  for (let i = 0, j = 0; i < a.length; i++) {
    while (j < b.length && b[j]! < a[i]!) j++;
    if (b[j] !== a[i]) result[kept++] = a[i]!;
  }
  return result.slice(0, kept);
}

/** The bytes of a bitmap in a table of the stand-in: number of parts, then high half, number and low halves of each; u32, little-endian. */
export function store(bitmap: Bitmap): Buffer {
  const bytes = Buffer.allocUnsafe(4 + bitmap.parts.size * 8 + bitmap.count * 4);
  let at = bytes.writeUInt32LE(bitmap.parts.size, 0);
  for (const [high, lows] of bitmap.parts) {
    at = bytes.writeUInt32LE(high, at);
    at = bytes.writeUInt32LE(lows.length, at);
    bytes.set(new Uint8Array(lows.buffer, lows.byteOffset, lows.byteLength), at);
    at += lows.byteLength;
  }
  return bytes;
}

/** The reverse of `store`. */
export function load(stored: Uint8Array): Bitmap {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  const parts = new Map<number, Uint32Array>();
  let at = 4;
  for (let left = bytes.readUInt32LE(0); left > 0; left--) {
    const high = bytes.readUInt32LE(at);
    const end = at + 8 + bytes.readUInt32LE(at + 4) * 4;
    parts.set(high, new Uint32Array(Uint8Array.from(bytes.subarray(at + 8, end)).buffer));
    at = end;
  }
  return new Bitmap(parts);
}
