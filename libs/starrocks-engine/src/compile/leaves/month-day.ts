import { LeafLimitError } from './leaf-limits';

/** month × 100 + day of a DATE, or of a DATETIME in UTC on the zone's wall clock. */
export function monthDaySql(sql: string, timeZone: string): string {
  if (timeZone !== 'UTC') {
    throw new LeafLimitError('zoneChanges', 0, `anniversaries of datetimes in the zone ${timeZone} can't be asked for`);
  }
  return `month(${sql}) * 100 + day(${sql})`;
}
