import { compileCondition, type PropertyTest, type ValueCondition } from '@tessera/audience';
import type { TagValue, ValueSpec } from '@tessera/tag-catalog';
import type { EventBucket } from '../events/event-bucket';
import { type EventState, parseElements } from '../events/event-state';
import { codeFlags } from './code-matches';
import { rangeOf } from './event-goal';

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
  readonly property: PropertyTest['property'];
  /** Passes rows with no value alone. */
  readonly absent: boolean;
  readonly narrow: Narrow;
}

/** Compiles filters once for all buckets. The tests read dictionaries as they are now: use them before the next write. */
export function compileRowTests(events: EventState, where: readonly PropertyTest[]): readonly RowTest[] {
  return where.map((test) => ({
    property: test.property,
    absent: test.condition.kind === 'absent',
    narrow: narrowOf(events, test),
  }));
}

/** The tests that the rows of a bucket have to be put to; null: none of them passes. */
export function testsOfBucket(tests: readonly RowTest[], bucket: EventBucket): readonly RowTest[] | null {
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

function narrowOf(events: EventState, { property, condition }: PropertyTest): Narrow {
  if (condition.kind === 'absent') {
    return narrowToMissing;
  }
  const { dictionary } = events.property(property);
  switch (property.valueType) {
    case 'string':
    case 'enum':
      return narrowByFlags(codeFlags(condition, property, dictionary, (text) => text));
    case 'set':
      return narrowByFlags(codeFlags(condition, property, dictionary, parseElements));
    case 'bool':
      return narrowByFlags(Uint8Array.of(holds(condition, property, false), holds(condition, property, true)));
    default: {
      const range = rangeOf(condition);
      return range === null || range.negated
        ? narrowByPredicate(compileCondition(condition, property))
        : narrowToRange(range.low, range.high);
    }
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

function holds(condition: ValueCondition, spec: ValueSpec, value: TagValue): number {
  return asBit(compileCondition(condition, spec)(value));
}
