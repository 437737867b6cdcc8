import type { TagTest } from '@tessera/audience';
import { INSTANT_MIN_MS } from '@tessera/tag-catalog';
import { instantLiteral } from '../../sql/literal';

/**
 * The earliest time that counts, or null: all do. Times are from 1970 on, so a limit before the year 1000, which no literal could tell,
 * means nothing.
 */
export function validAfter({ validAfterMs }: Pick<TagTest, 'validAfterMs'>): string | null {
  return validAfterMs === null || validAfterMs < INSTANT_MIN_MS ? null : instantLiteral(validAfterMs);
}

/** Whether a user for whom nothing was ever written passes. */
export function passesWithoutValue(test: TagTest): boolean {
  return test.includeMissing || test.condition.kind === 'absent';
}
