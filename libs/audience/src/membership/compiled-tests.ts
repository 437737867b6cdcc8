import type { TagValue } from '@tessera/tag-catalog';
import { compileCondition } from '../engine/compile-condition';
import type { EventRow } from '../engine/user-view';
import type { PropertyTest, TagTest, TimedValue } from '../plan/plan';

type Predicate = (value: TagValue) => boolean;

// Plan nodes are frozen and often asked about many users: a test is compiled at its first use and lives as long as its node.
const compiled = new WeakMap<TagTest | PropertyTest, Predicate>();

function predicateOf(test: TagTest | PropertyTest): Predicate {
  let predicate = compiled.get(test);
  if (predicate === undefined) {
    predicate = compileCondition(test.condition, 'tag' in test ? test.tag : test.property);
    compiled.set(test, predicate);
  }
  return predicate;
}

/** True if this stored value has not expired at the test's as-of. */
export function isValid(test: TagTest, stored: TimedValue): boolean {
  return test.validAfterMs === null || stored.timeMs === null || stored.timeMs > test.validAfterMs;
}

/** Whether a user with this stored value (undefined: none) passes the test. */
export function passesTagTest(test: TagTest, stored: TimedValue | undefined): boolean {
  if (stored === undefined || !isValid(test, stored)) {
    return test.includeMissing || test.condition.kind === 'absent';
  }
  return predicateOf(test)(stored.value);
}

/** Whether a row passes every test; a property with no value passes `absent` only. */
export function passesRowTests(tests: readonly PropertyTest[], row: EventRow): boolean {
  for (const test of tests) {
    const value = row.properties.get(test.property.id);
    if (value === undefined ? test.condition.kind !== 'absent' : !predicateOf(test)(value)) {
      return false;
    }
  }
  return true;
}
