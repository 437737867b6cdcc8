import { compareUtf8 } from '@tessera/tag-catalog';
import type { TagValue, ValueSpec } from '@tessera/tag-catalog';
import { RE2JS } from 're2js';
import type { Bound, ValueCondition } from '../plan/plan';
import { monthDayOf } from '../plan/zone-time';

type Predicate = (value: TagValue) => boolean;

/**
 * Turns a condition into a predicate over values that are there, in canonical form: `present` holds for all of them,
 * `absent` and `never` for none. Compile once, call for every value.
 *
 * @param spec of the tag or property; of a measure, that of its values (`int` for counts, `datetime` for instants).
 */
export function compileCondition(condition: ValueCondition, spec: ValueSpec): Predicate {
  switch (condition.kind) {
    case 'present':
      return () => true;
    case 'absent':
    case 'never':
      return () => false;
    case 'oneOf':
      return compileOneOf(condition.values, condition.negated);
    case 'range':
      return compileRange(condition.low, condition.high);
    case 'text':
      return compileText(condition.op, condition.text);
    case 'anniversary': {
      const monthDays = new Set(condition.monthDays);
      const { timeZone } = condition;
      return (value) => typeof value === 'number' && monthDays.has(monthDayOf(spec, value, timeZone));
    }
    case 'set':
      return compileSet(condition.op, condition.values);
  }
}

function compileOneOf(values: readonly TagValue[], negated: boolean): Predicate {
  const [only] = values;
  if (values.length === 1) {
    return negated ? (value) => value !== only : (value) => value === only;
  }
  const wanted = new Set(values);
  return negated ? (value) => !wanted.has(value) : (value) => wanted.has(value);
}

function compileRange(low: Bound | null, high: Bound | null): Predicate {
  const bound = low ?? high;
  if (bound === null) {
    return () => true;
  }
  if (typeof bound.value === 'number') {
    return compileOrdinalRange(low, high);
  }
  const lowText = low === null ? null : String(low.value);
  const highText = high === null ? null : String(high.value);
  // compareUtf8 gives 0 for equal texts; an inclusive end allows it.
  const lowLeast = low?.inclusive === true ? 0 : 1;
  const highMost = high?.inclusive === true ? 0 : -1;
  return (value) =>
    typeof value === 'string' &&
    (lowText === null || Math.sign(compareUtf8(value, lowText)) >= lowLeast) &&
    (highText === null || Math.sign(compareUtf8(value, highText)) <= highMost);
}

/** Ordinals are integers, so an exclusive end is the next integer; doubles hold every limit ± 1 exactly. */
function compileOrdinalRange(low: Bound | null, high: Bound | null): Predicate {
  const least = low === null ? -Infinity : Number(low.value) + (low.inclusive ? 0 : 1);
  const most = high === null ? Infinity : Number(high.value) - (high.inclusive ? 0 : 1);
  return (value) => typeof value === 'number' && value >= least && value <= most;
}

function compileText(op: 'contains' | 'startsWith' | 'endsWith' | 'matches', text: string): Predicate {
  switch (op) {
    // Well-formed UTF-16 has a match at code units exactly where UTF-8 has it at bytes.
    case 'contains':
      return (value) => typeof value === 'string' && value.includes(text);
    case 'startsWith':
      return (value) => typeof value === 'string' && value.startsWith(text);
    case 'endsWith':
      return (value) => typeof value === 'string' && value.endsWith(text);
    case 'matches': {
      const pattern = RE2JS.compile(text);
      return (value) => typeof value === 'string' && pattern.test(value);
    }
  }
}

function compileSet(op: 'hasAny' | 'hasAll' | 'hasNone', values: readonly string[]): Predicate {
  const wanted = new Set(values);
  switch (op) {
    case 'hasAny':
      return (value) => isSet(value) && value.some((element) => wanted.has(element));
    case 'hasNone':
      return (value) => isSet(value) && !value.some((element) => wanted.has(element));
    case 'hasAll':
      // The elements of a set are distinct, so it is enough to count those wanted.
      return (value) => isSet(value) && countWanted(value, wanted) === wanted.size;
  }
}

function isSet(value: TagValue): value is readonly string[] {
  return typeof value === 'object';
}

function countWanted(elements: readonly string[], wanted: ReadonlySet<string>): number {
  let count = 0;
  for (const element of elements) {
    if (wanted.has(element)) {
      count += 1;
    }
  }
  return count;
}
