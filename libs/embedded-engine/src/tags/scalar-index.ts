import { deserializeBitmap, RoaringBitmap32, serializeBitmap } from '@tessera/bitmap';
import { BitSlices } from '../bitmaps/bit-slices';
import { borrowed, owned, type Operand } from '../bitmaps/operand';
import { RecentBitmaps } from '../bitmaps/recent-bitmaps';
import { bitmapWhere } from '../bitmaps/scratch';
import { ValueBitmaps } from '../bitmaps/value-bitmaps';
import type { NumberVector } from '../columns/number-vector';
import type { ByteReader, ByteWriter } from '../storage/bytes';

import { pushTo } from './push-to';

/** A value per user with what it was when the index last saw it. */
export type Change = readonly [position: number, before: number | undefined, after: number | undefined];

/** With more distinct values in a shard than this, an equality is answered by scanning the column: a bitmap a value would outweigh it. */
const VALUE_BITMAPS_MAX = 4096;
const DIFFERENCES_MAX = 20;
/** Unions of more values are not kept for the next question: their key would outweigh the work. */
const RECENT_VALUES_MAX = 64;

/** What the evaluation asks of the column of one tag in one shard. Bitmaps that are not owned are never to be changed. */
export interface ScalarIndex {
  /** Users with a value; not to be changed. */
  readonly present: RoaringBitmap32;
  readonly bytes: number;
  /** Users with one of the values. */
  oneOf(values: readonly number[]): Operand;
  /** Users with low ≤ value ≤ high. */
  between(low: number, high: number): Operand;
  /** False: the index can't follow the changes and has to be built anew. */
  update(changes: readonly Change[]): boolean;
  write(writer: ByteWriter): void;
  /** What differs from the column, one line each, at most 20; reads everything. */
  verify(): string[];
}

/** Of bool, string and enum: a bitmap a value, as long as they are few. */
export class CodeIndex implements ScalarIndex {
  readonly #recent = new RecentBitmaps();

  private constructor(
    private readonly column: NumberVector,
    readonly present: RoaringBitmap32,
    private values: ValueBitmaps | null,
  ) {}

  get bytes(): number {
    return this.present.getSerializationSizeInBytes('portable') + (this.values?.bytes ?? 0) + this.#recent.bytes;
  }

  static build(column: NumberVector): CodeIndex {
    const { data, missing, length } = column;
    const present = bitmapWhere(length, (position) => data[position] !== missing);
    const counts = new Map<number, number>();
    for (let position = 0; position < length && counts.size <= VALUE_BITMAPS_MAX; position++) {
      const value = data[position]!;
      if (value !== missing) {
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
    }
    if (counts.size > VALUE_BITMAPS_MAX) {
      return new CodeIndex(column, present, null);
    }
    const positions = new Map(
      [...counts].map(([value, count]) => [value, { array: new Uint32Array(count), filled: 0 }]),
    );
    for (let position = 0; position < length; position++) {
      const entry = positions.get(data[position]!);
      if (entry !== undefined) {
        entry.array[entry.filled++] = position;
      }
    }
    const values = new ValueBitmaps();
    for (const [value, entry] of positions) {
      values.set(value, new RoaringBitmap32(entry.array));
    }
    return new CodeIndex(column, present, values);
  }

  oneOf(codes: readonly number[]): Operand {
    if (this.values === null) {
      const { data, missing, length } = this.column;
      // A code of other shards may look like this column's mark for a missing value.
      const wanted = codes.filter((code) => code !== missing);
      const [only] = wanted;
      if (only === undefined) {
        return owned(new RoaringBitmap32());
      }
      if (wanted.length === 1) {
        return owned(bitmapWhere(length, (position) => data[position] === only));
      }
      const isWanted = new Set(wanted);
      return owned(bitmapWhere(length, (position) => isWanted.has(data[position]!)));
    }
    if (codes.length === 1) {
      const bitmap = this.values.get(codes[0]!);
      return bitmap === undefined ? owned(new RoaringBitmap32()) : borrowed(bitmap);
    }
    const { values } = this;
    return codes.length <= RECENT_VALUES_MAX
      ? borrowed(this.#recent.get(codes.join(), () => values.union(codes)))
      : owned(values.union(codes));
  }

  between(low: number, high: number): Operand {
    const { data, missing, length } = this.column;
    return owned(
      bitmapWhere(length, (position) => {
        const value = data[position]!;
        return value !== missing && value >= low && value <= high;
      }),
    );
  }

  update(changes: readonly Change[]): boolean {
    const appeared: number[] = [];
    const vanished: number[] = [];
    const gained = new Map<number, number[]>();
    const lost = new Map<number, number[]>();
    this.#recent.clear();
    for (const [position, before, after] of changes) {
      if (before === undefined) {
        appeared.push(position);
      } else {
        pushTo(lost, before, position);
      }
      if (after === undefined) {
        vanished.push(position);
      } else {
        pushTo(gained, after, position);
      }
    }
    this.present.addMany(appeared);
    this.present.removeMany(vanished);
    if (this.values !== null) {
      for (const [value, positions] of lost) {
        this.values.removeMany(value, positions);
      }
      for (const [value, positions] of gained) {
        this.values.addMany(value, positions);
      }
      if (this.values.size > VALUE_BITMAPS_MAX) {
        this.values = null;
      }
    }
    return true;
  }

  write(writer: ByteWriter): void {
    writer.block(serializeBitmap(this.present));
    writer.u8(this.values === null ? 0 : 1);
    this.values?.write(writer);
  }

  static read(reader: ByteReader, column: NumberVector): CodeIndex {
    const present = deserializeBitmap(reader.block());
    return new CodeIndex(column, present, reader.u8() === 1 ? ValueBitmaps.read(reader) : null);
  }

  verify(): string[] {
    const expected = CodeIndex.build(this.column);
    const differences = this.present.isEqual(expected.present) ? [] : ['users with a value'];
    if (this.values !== null && expected.values !== null) {
      const codes = new Set([...this.values.entries(), ...expected.values.entries()].map(([code]) => code));
      for (const code of codes) {
        const indexed = this.values.get(code) ?? new RoaringBitmap32();
        if (
          !indexed.isEqual(expected.values.get(code) ?? new RoaringBitmap32()) &&
          differences.length < DIFFERENCES_MAX
        ) {
          differences.push(`users with code ${code}`);
        }
      }
    }
    return differences;
  }
}

/** Up to this many values are looked up in the slices one by one; more are found by one scan of the column. */
const SLICE_LOOKUPS_MAX = 8;

/** Of int, decimal, date and datetime: bit slices; a scan where the values span too much for them. */
export class OrdinalIndex implements ScalarIndex {
  readonly #recent = new RecentBitmaps();

  private constructor(
    private readonly column: NumberVector,
    private readonly slices: BitSlices | null,
    readonly present: RoaringBitmap32,
  ) {}

  get bytes(): number {
    return (this.slices?.bytes ?? this.present.getSerializationSizeInBytes('portable')) + this.#recent.bytes;
  }

  static build(column: NumberVector): OrdinalIndex {
    const slices = BitSlices.build(column);
    const { data, missing, length } = column;
    const present = slices?.present ?? bitmapWhere(length, (position) => data[position] !== missing);
    return new OrdinalIndex(column, slices, present);
  }

  oneOf(values: readonly number[]): Operand {
    const { slices } = this;
    if (slices !== null && values.length <= SLICE_LOOKUPS_MAX) {
      const compute = (): RoaringBitmap32 =>
        RoaringBitmap32.orMany(values.map((value) => slices.between(value, value)));
      return borrowed(this.#recent.get(`= ${values.join()}`, compute));
    }
    const { data, missing, length } = this.column;
    const wanted = new Set(values);
    return owned(bitmapWhere(length, (position) => data[position] !== missing && wanted.has(data[position]!)));
  }

  between(low: number, high: number): Operand {
    const { slices } = this;
    if (slices !== null) {
      return borrowed(this.#recent.get(`${low} to ${high}`, () => slices.between(low, high)));
    }
    const { data, missing, length } = this.column;
    return owned(
      bitmapWhere(length, (position) => {
        const value = data[position]!;
        return value !== missing && value >= low && value <= high;
      }),
    );
  }

  update(changes: readonly Change[]): boolean {
    this.#recent.clear();
    return this.slices?.update(changes) ?? false;
  }

  write(writer: ByteWriter): void {
    writer.u8(this.slices === null ? 0 : 1);
    this.slices?.write(writer);
  }

  static read(reader: ByteReader, column: NumberVector): OrdinalIndex {
    if (reader.u8() === 0) {
      return OrdinalIndex.build(column);
    }
    const slices = BitSlices.read(reader);
    return new OrdinalIndex(column, slices, slices.present);
  }

  verify(): string[] {
    const { data, missing, length } = this.column;
    const differences: string[] = [];
    const end = Math.max(length, this.present.isEmpty ? 0 : this.present.maximum() + 1);
    const indexed = this.slices?.values(end);
    for (let position = 0; position < end && differences.length < DIFFERENCES_MAX; position++) {
      const value = position < length && data[position] !== missing ? data[position]! : NaN;
      const agrees =
        indexed === undefined
          ? this.present.has(position) === !Number.isNaN(value)
          : Object.is(indexed[position], value);
      if (!agrees) {
        differences.push(`position ${position}: column ${value}, index ${String(indexed?.[position])}`);
      }
    }
    return differences;
  }
}
