import { parseDuration } from '@tessera/tag-catalog';
import type { BindingScope, GivenValue } from './binding-scope';
import { showJson } from './show-json';

/** Reads a duration in milliseconds; null after reporting what is wrong with it. */
export function readDuration(scope: BindingScope, given: GivenValue): number | null {
  if (typeof given.json !== 'string') {
    return scope.reportValue(given, 'wrongType', `A duration is a string such as "P7D", not ${showJson(given.json)}.`);
  }
  const durationMs = parseDuration(given.json);
  if (durationMs !== null) return durationMs;
  return scope.reportValue(
    given,
    'invalidDuration',
    `${showJson(given.json)} is no duration: ISO 8601 with weeks, days, hours, minutes and seconds (at most 3 fraction digits), ` +
      'more than 0 and at most 100 million days, e.g. "P7D", "P2W", "PT36H"; months and years have no fixed length.',
  );
}
