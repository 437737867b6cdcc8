import { compileCondition, type PropertyTest, type ValueCondition } from '@tessera/audience';
import type { TagValue, ValueSpec } from '@tessera/tag-catalog';
import type { EventBucket } from '../events/event-bucket';
import { type EventState, parseElements } from '../events/event-state';
import { codeFlags } from './code-matches';

export type RowTest = (row: number) => boolean;
/** Gives the test for the rows of one bucket; null: every row passes. */
export type RowTests = (bucket: EventBucket) => RowTest | null;

const never: RowTest = () => false;

/** Compiles filters once for all buckets. The tests read columns and dictionaries as they are now: use them before the next write. */
export function compileRowTests(events: EventState, where: readonly PropertyTest[]): RowTests {
  const compiled = where.map((test) => ({ test, passes: valueTestOf(events, test) }));
  return (bucket) => {
    const tests = compiled.map(({ test, passes }) => propertyTestOf(test, passes, bucket));
    const [first, second] = tests;
    if (first === undefined || second === undefined) {
      return first ?? null;
    }
    return tests.length === 2 ? (row) => first(row) && second(row) : (row) => tests.every((test) => test(row));
  };
}

function propertyTestOf(
  { property, condition }: PropertyTest,
  passes: (stored: number) => boolean,
  bucket: EventBucket,
): RowTest {
  const column = bucket.column(property);
  if (column === undefined) {
    return condition.kind === 'absent' ? () => true : never;
  }
  const { data, missing, length } = column;
  if (condition.kind === 'absent') {
    return (row) => row >= length || data[row] === missing;
  }
  return (row) => {
    if (row >= length) {
      return false;
    }
    const stored = data[row]!;
    return stored !== missing && passes(stored);
  };
}

/** The condition on stored numbers. */
function valueTestOf(events: EventState, { property, condition }: PropertyTest): (stored: number) => boolean {
  const state = events.property(property);
  switch (property.valueType) {
    case 'string':
    case 'enum':
      return flagTest(codeFlags(condition, property, state.dictionary, (text) => text));
    case 'set':
      return flagTest(codeFlags(condition, property, state.dictionary, parseElements));
    case 'bool':
      return flagTest(Uint8Array.of(holds(condition, property, false), holds(condition, property, true)));
    default:
      return compileCondition(condition, property);
  }
}

function flagTest(flags: Uint8Array): (stored: number) => boolean {
  return (stored) => flags[stored] === 1;
}

function holds(condition: ValueCondition, spec: ValueSpec, value: TagValue): number {
  return Number(compileCondition(condition, spec)(value));
}
