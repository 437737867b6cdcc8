import { compileCondition, type PropertyTest } from '@tessera/audience';
import type { EventBucket } from '../events/event-bucket';
import type { EventState } from '../events/event-state';
import { codesMatching } from './code-matches';

export type RowTest = (row: number) => boolean;

const never: RowTest = () => false;

/**
 * Whether a row of the bucket passes all filters. Null: every row does. The test reads the columns as they are now: use it before the
 * next write.
 */
export function rowTestOf(events: EventState, where: readonly PropertyTest[], bucket: EventBucket): RowTest | null {
  const tests = where.map((test) => propertyTestOf(events, test, bucket));
  if (tests.length <= 1) {
    return tests[0] ?? null;
  }
  return (row) => tests.every((test) => test(row));
}

function propertyTestOf(events: EventState, { property, condition }: PropertyTest, bucket: EventBucket): RowTest {
  const column = bucket.column(property);
  if (column === undefined) {
    return condition.kind === 'absent' ? () => true : never;
  }
  const { data, missing, length } = column;
  switch (condition.kind) {
    case 'absent':
      return (row) => row >= length || data[row] === missing;
    case 'present':
      return (row) => row < length && data[row] !== missing;
    default:
  }
  const passes = valueTestOf(events, { property, condition });
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
    case 'enum': {
      const codes = codesMatching(condition, property, state.dictionary);
      const wanted = new Uint8Array(state.dictionary.size);
      for (const code of codes) {
        wanted[code] = 1;
      }
      return (stored) => wanted[stored] === 1;
    }
    default: {
      const meets = compileCondition(condition, property);
      return (stored) => meets(state.decode(stored));
    }
  }
}
