import { formatInstant, INSTANT_MAX_MS, INSTANT_MIN_MS } from '@tessera/tag-catalog';

/** ISO 8601 in UTC. Windows may reach back beyond the years that values have; those get the long form of the year. */
export function showInstant(instantMs: number): string {
  return instantMs < INSTANT_MIN_MS || instantMs > INSTANT_MAX_MS
    ? new Date(instantMs).toISOString()
    : formatInstant(instantMs);
}
