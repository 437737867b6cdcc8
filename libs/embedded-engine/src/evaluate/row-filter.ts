import { compileCondition, type PropertyTest, type ValueCondition } from '@tessera/audience';
import type { TagValue, ValueSpec } from '@tessera/tag-catalog';
import type { EventBucket } from '../events/event-bucket';
import { type EventState, parseElements } from '../events/event-state';
import { codeFlags } from './code-matches';
import { rangeOf } from './event-goal';

/** The stored numbers of a property in some consecutive rows of a bucket; `missing` where there is none. */
export interface ValueBlock {
  readonly values: Float64Array;
  readonly missing: number;
}

/**
 * Keeps of the first `count` numbers in `selected` those whose row passes (row = number within the block), in place.
 * @returns how many are left.
 */
type Narrow = (block: ValueBlock, selected: Int32Array, count: number) => number;

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

const narrowToMissing: Narrow = ({ values, missing }, selected, count) => {
  let kept = 0;
  for (let place = 0; place < count; place++) {
    const row = selected[place]!;
    selected[kept] = row;
    kept += values[row] === missing ? 1 : 0;
  }
  return kept;
};

function narrowByFlags(flags: Uint8Array): Narrow {
  return ({ values, missing }, selected, count) => {
    let kept = 0;
    for (let place = 0; place < count; place++) {
      const row = selected[place]!;
      const code = values[row]!;
      selected[kept] = row;
      if (code !== missing && flags[code] === 1) {
        kept++;
      }
    }
    return kept;
  };
}

function narrowToRange(low: number, high: number): Narrow {
  return ({ values, missing }, selected, count) => {
    let kept = 0;
    for (let place = 0; place < count; place++) {
      const row = selected[place]!;
      const value = values[row]!;
      selected[kept] = row;
      if (value >= low && value <= high && value !== missing) {
        kept++;
      }
    }
    return kept;
  };
}

function narrowByPredicate(passes: (value: number) => boolean): Narrow {
  return ({ values, missing }, selected, count) => {
    let kept = 0;
    for (let place = 0; place < count; place++) {
      const row = selected[place]!;
      const value = values[row]!;
      selected[kept] = row;
      if (value !== missing && passes(value)) {
        kept++;
      }
    }
    return kept;
  };
}

function holds(condition: ValueCondition, spec: ValueSpec, value: TagValue): number {
  return Number(compileCondition(condition, spec)(value));
}
