import { compileCondition } from '@tessera/audience';
import type { RowBucket } from '../events/event-source';
import type { LoweredRowTest, RowLookup } from './lowered-plan';

// Taken once: looking a global up for every row is measurable. 1 for true, 0 for false.
const asBit = Number;

/** The stored numbers of a property in some consecutive rows of a bucket; `missing` where there is none. */
export interface ValueBlock {
  readonly values: Float64Array;
  readonly missing: number;
}

/**
 * Copies to `kept`, of the first `count` places within the block given, those whose row passes. Both may be one array.
 * @returns how many.
 */
type Narrow = (block: ValueBlock, places: Int32Array, count: number, kept: Int32Array) => number;

export interface RowTest {
  readonly property: LoweredRowTest['property'];
  /** Passes rows with no value alone. */
  readonly absent: boolean;
  readonly narrow: Narrow;
}

/** Compiles filters once for all buckets. */
export function compileRowTests(where: readonly LoweredRowTest[]): readonly RowTest[] {
  return where.map(({ property, lookup }) => ({
    property,
    absent: lookup.kind === 'absent',
    narrow: narrowOf(property, lookup),
  }));
}

/** The tests that the rows of a bucket have to be put to; null: none of them passes. */
export function testsOfBucket(tests: readonly RowTest[], bucket: RowBucket): readonly RowTest[] | null {
  const needed: RowTest[] = [];
  for (const test of tests) {
    if (bucket.column(test.property) !== undefined) {
      needed.push(test);
    } else if (!test.absent) {
      return null;
    }
  }
  return needed;
}

function narrowOf(property: RowTest['property'], lookup: RowLookup): Narrow {
  switch (lookup.kind) {
    case 'absent':
      return narrowToMissing;
    case 'flags':
      return narrowByFlags(lookup.flags);
    case 'range':
      return narrowToRange(lookup.low, lookup.high);
    case 'condition':
      return narrowByPredicate(compileCondition(lookup.condition, property));
  }
}

// Without a branch on what passes, which no processor could foresee: every place is copied, and overwritten if it does not count.

const narrowToMissing: Narrow = ({ values, missing }, places, count, kept) => {
  let found = 0;
  for (let index = 0; index < count; index++) {
    const place = places[index]!;
    kept[found] = place;
    found += asBit(values[place] === missing);
  }
  return found;
};

/** @param flags by code, 1: passes. */
function narrowByFlags(flags: Uint8Array): Narrow {
  return ({ values, missing }, places, count, kept) => {
    let found = 0;
    for (let index = 0; index < count; index++) {
      const place = places[index]!;
      const code = values[place]!;
      kept[found] = place;
      found += code === missing ? 0 : flags[code]!;
    }
    return found;
  };
}

function narrowToRange(low: number, high: number): Narrow {
  return ({ values, missing }, places, count, kept) => {
    let found = 0;
    for (let index = 0; index < count; index++) {
      const place = places[index]!;
      const value = values[place]!;
      kept[found] = place;
      found += asBit(value >= low) & asBit(value <= high) & asBit(value !== missing);
    }
    return found;
  };
}

function narrowByPredicate(passes: (value: number) => boolean): Narrow {
  return ({ values, missing }, places, count, kept) => {
    let found = 0;
    for (let index = 0; index < count; index++) {
      const place = places[index]!;
      const value = values[place]!;
      kept[found] = place;
      found += asBit(value !== missing && passes(value));
    }
    return found;
  };
}
