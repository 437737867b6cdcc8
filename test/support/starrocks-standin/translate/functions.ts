import { AGGREGATES, WINDOWS } from './aggregate-functions';
import { BITMAP_FUNCTIONS } from './bitmap-functions';
import type { SqlFunction } from './function-types';
import { PLAIN_FUNCTIONS } from './plain-functions';

/** Every function that the stand-in takes; all others are refused, so that a typo fails. */
export const FUNCTIONS: ReadonlyMap<string, SqlFunction> = new Map(
  Object.entries({ ...BITMAP_FUNCTIONS, ...PLAIN_FUNCTIONS, ...AGGREGATES, ...WINDOWS }),
);
