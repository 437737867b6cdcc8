import type { TagTest, ValueCondition } from '@tessera/audience';
import type { ScanNode } from '../leaf';
import { INLINE_VALUES_MAX } from './leaf-limits';
import { monthDayParts } from './month-day';

/** `(time IS NULL OR time > '…')`, or the missing ones, with what joins them. */
const TIME_PARTS = 8;
/** A column or flag compared with a constant, with brackets around. */
const COMPARISON_PARTS = 4;
const MISSING_PARTS = 6;

/**
 * Operators and constants, at most, of a leaf's condition as it stands outside of its relation. How many values match a pattern is not known here: as
 * many as are listed in the text.
 */
export function leafParts(node: ScanNode): number {
  switch (node.kind) {
    case 'profileScan':
      return node.tests.reduce((sum, test) => sum + testParts(test), 0);
    case 'kvRead':
      return COMPARISON_PARTS + MISSING_PARTS;
    case 'eventScan':
      return (
        COMPARISON_PARTS + (node.condition === null ? 2 * COMPARISON_PARTS : conditionParts(node.condition, false))
      );
    case 'sequenceScan':
      return COMPARISON_PARTS;
  }
}

/** Of one test of a scan. */
export function testParts({ tag, condition }: TagTest): number {
  return conditionParts(condition, tag.valueType === 'date') + TIME_PARTS;
}

function conditionParts(condition: ValueCondition, isDate: boolean): number {
  switch (condition.kind) {
    case 'present':
    case 'absent':
    case 'never':
      return COMPARISON_PARTS;
    case 'range':
      return 2 * COMPARISON_PARTS;
    case 'text':
      return condition.op === 'matches' ? listParts(INLINE_VALUES_MAX) : COMPARISON_PARTS;
    case 'oneOf':
    case 'set':
      return listParts(condition.values.length);
    case 'anniversary':
      return listParts(condition.monthDays.length) + monthDayParts(isDate ? 'UTC' : condition.timeZone);
  }
}

/** Longer lists are looked up. */
function listParts(values: number): number {
  return 2 * COMPARISON_PARTS + (values > INLINE_VALUES_MAX ? 0 : values);
}
