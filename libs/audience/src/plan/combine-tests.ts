import type { TagTest, ValueCondition } from './plan';
import { conjoinConditions, disjoinConditions } from './combine-conditions';
import { ABSENT, NEVER, simplifyCondition } from './simplify-condition';

// A test is two answers: for users with a value (the condition), and for those without (in or out). `and`, `or` work on
// both apart, which keeps `not (x < 3)` and `x >= 3` distinct.

/** For users with a value. */
function valueCondition(test: TagTest): ValueCondition {
  return test.condition.kind === 'absent' ? NEVER : test.condition;
}

/** For users without. */
function takesMissing(test: TagTest): boolean {
  return test.includeMissing || test.condition.kind === 'absent';
}

function withAnswers(test: TagTest, condition: ValueCondition, missing: boolean): TagTest {
  const isAbsent = missing && condition.kind === 'never';
  const nextCondition = isAbsent ? ABSENT : condition;
  const includeMissing = missing && !isAbsent;
  if (test.includeMissing === includeMissing && isSameCondition(test.condition, nextCondition)) {
    return test;
  }
  const { tag, validAfterMs } = test;
  return { tag, condition: nextCondition, validAfterMs, includeMissing };
}

function isSameCondition(one: ValueCondition, other: ValueCondition): boolean {
  return one === other || (one.kind === 'absent' && other.kind === 'absent');
}

/** The same test in its simplest form; the very same object if there is nothing to simplify. */
export function simplifyTest(test: TagTest): TagTest {
  return withAnswers(test, simplifyCondition(valueCondition(test), test.tag), takesMissing(test));
}

/** True for a simplified test that every user passes. */
export function holdsForEverybody(test: TagTest): boolean {
  return test.includeMissing && test.condition.kind === 'present';
}

/** True for a simplified test that no user passes. */
export function holdsForNobody(test: TagTest): boolean {
  return !test.includeMissing && test.condition.kind === 'never';
}

/** Tests that all together say the same, those on one tag joined where one test can say it. Order: first use of each tag. */
export function conjoinTests(tests: readonly TagTest[]): readonly TagTest[] {
  return joinByTag(tests, (ofTag, first) => {
    const missing = ofTag.every(takesMissing);
    return conjoinConditions(ofTag.map(valueCondition)).map((condition) => finish(first, condition, missing));
  });
}

/** Tests one of which a user passes exactly when one of the given ones is passed. Order: first use of each tag. */
export function disjoinTests(tests: readonly TagTest[]): readonly TagTest[] {
  return joinByTag(tests, (ofTag, first) => {
    const missing = ofTag.some(takesMissing);
    return disjoinConditions(ofTag.map(valueCondition)).map((condition, index) =>
      finish(first, condition, missing && index === 0),
    );
  });
}

function finish(test: TagTest, condition: ValueCondition, missing: boolean): TagTest {
  return withAnswers(test, simplifyCondition(condition, test.tag), missing);
}

function joinByTag(
  tests: readonly TagTest[],
  join: (ofTag: readonly TagTest[], first: TagTest) => readonly TagTest[],
): readonly TagTest[] {
  const byTag = new Map<string, TagTest[]>();
  for (const test of tests) {
    // Within a plan a tag has one time of validity; joining asks for no less.
    const key = `${test.tag.id}@${test.validAfterMs ?? ''}`;
    const ofTag = byTag.get(key);
    if (ofTag === undefined) {
      byTag.set(key, [test]);
    } else {
      ofTag.push(test);
    }
  }
  return [...byTag.values()].flatMap((ofTag) => {
    const [first] = ofTag;
    if (first === undefined || ofTag.length === 1) {
      return ofTag;
    }
    const joined = join(ofTag, first);
    return joined.length < ofTag.length ? joined : ofTag;
  });
}
