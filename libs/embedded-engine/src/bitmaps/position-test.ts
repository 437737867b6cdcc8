import type { RoaringBitmap32 } from '@tessera/bitmap';
import type { NumberColumn } from '../columns/number-vector';
import { SHARD_SIZE } from '../shard';

/** Decides for single users of a shard, from the forward column, whether they belong to a set. */
export interface PositionTest {
  /** Keeps those of the first `count` positions that pass, in place and in order. @returns how many. */
  keep(positions: Uint32Array, count: number): number;
}

/** Values from `low` to `high`, both included; any value at all between the infinities. */
export class RangeTest implements PositionTest {
  constructor(
    private readonly column: NumberColumn,
    private readonly low: number,
    private readonly high: number,
  ) {}

  keep(positions: Uint32Array, count: number): number {
    const { data, missing, length } = this.column;
    const { low, high } = this;
    let kept = 0;
    for (let index = 0; index < count; index++) {
      const position = positions[index]!;
      if (position < length) {
        const value = data[position]!;
        if (value >= low && value <= high && value !== missing) {
          positions[kept++] = position;
        }
      }
    }
    return kept;
  }
}

/** One of some values. */
export class ValuesTest implements PositionTest {
  readonly #values: ReadonlySet<number>;

  constructor(
    private readonly column: NumberColumn,
    values: readonly number[],
  ) {
    this.#values = new Set(values);
  }

  keep(positions: Uint32Array, count: number): number {
    const { data, missing, length } = this.column;
    const values = this.#values;
    let kept = 0;
    for (let index = 0; index < count; index++) {
      const position = positions[index]!;
      if (position < length) {
        const value = data[position]!;
        // A value of other shards may look like this column's mark for a missing one.
        if (value !== missing && values.has(value)) {
          positions[kept++] = position;
        }
      }
    }
    return kept;
  }
}

/** Whatever a function says of the value. */
export class FunctionTest implements PositionTest {
  constructor(
    private readonly column: NumberColumn,
    private readonly meets: (value: number) => boolean,
  ) {}

  keep(positions: Uint32Array, count: number): number {
    const { data, missing, length } = this.column;
    const { meets } = this;
    let kept = 0;
    for (let index = 0; index < count; index++) {
      const position = positions[index]!;
      if (position < length) {
        const value = data[position]!;
        if (value !== missing && meets(value)) {
          positions[kept++] = position;
        }
      }
    }
    return kept;
  }
}

const scratch = new Uint32Array(SHARD_SIZE);

/**
 * The members of a bitmap that pass, ascending. Valid until the next call of any function of this file: one buffer serves all.
 */
export function passing(bitmap: RoaringBitmap32, test: PositionTest): Uint32Array {
  const count = bitmap.size;
  bitmap.toUint32Array(scratch);
  return scratch.subarray(0, test.keep(scratch, count));
}

/** The positions below `end` that pass, ascending; valid as above. */
export function passingBelow(end: number, test: PositionTest): Uint32Array {
  for (let position = 0; position < end; position++) {
    scratch[position] = position;
  }
  return scratch.subarray(0, test.keep(scratch, end));
}
