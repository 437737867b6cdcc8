import { instantLiteral } from '../../sql/literal';
import { zoneRules } from './zone-rules';
import type { YearlyRule } from './zone-rules';

/**
 * month × 100 + day of a DATE, or of a DATETIME in UTC on the zone's wall clock. Not `convert_tz`, which would read StarRocks' own zone data:
 * the offset is a table in the SQL, made from the zone data that as-of is read by too.
 *
 * @throws LeafLimitError for a zone that can't be told in SQL.
 */
export function monthDaySql(sql: string, timeZone: string): string {
  const local = timeZone === 'UTC' ? sql : localSql(sql, timeZone);
  return `month(${local}) * 100 + day(${local})`;
}

/** How many parts of an expression that has, roughly. */
export function monthDayParts(timeZone: string): number {
  return timeZone === 'UTC'
    ? PLAIN_PARTS
    : PLAIN_PARTS + 2 * (YEARLY_PARTS + PARTS_A_CHANGE * zoneRules(timeZone).changes.length);
}

const PLAIN_PARTS = 8;
/** `c < '…'`, three of them, and the offset. */
const PARTS_A_CHANGE = 4;
const YEARLY_PARTS = 140;

/**
 * The wall clock, 400 years ago: the calendar repeats itself after as many years, and the last day of 9999 has a tomorrow
 * somewhere in the east.
 */
function localSql(sql: string, timeZone: string): string {
  const { firstOffset, changes, yearly } = zoneRules(timeZone);
  const ends = [...changes.map(({ sinceMs }) => sinceMs), ...(yearly === null ? [] : [yearly.sinceMs])];
  const offsets = [firstOffset, ...changes.map(({ offset }) => offset)];
  const whens = ends.map((endMs, index) => `WHEN ${sql} < ${instantLiteral(endMs)} THEN ${offsets[index] ?? 0}`);
  const last = yearly === null ? String(offsets.at(-1) ?? 0) : yearlySql(sql, yearly);
  const offset = whens.length === 0 ? last : `CASE ${whens.join(' ')} ELSE ${last} END`;
  return `seconds_add(years_sub(${sql}, 400), ${offset})`;
}

function yearlySql(sql: string, { inside, outside, starts, ends }: YearlyRule): string {
  const position = `((month(${sql}) * 100 + day(${sql})) * 100 + hour(${sql})) * 100 + minute(${sql})`;
  const year = `year(${sql})`;
  const isLeap = `${year} % 4 = 0 AND (${year} % 100 <> 0 OR ${year} % 400 = 0)`;
  // 371 is 53 weeks; dayofweek is 1 on Sundays.
  const type = `(dayofweek(${sql}) - dayofyear(${sql}) + 371) % 7 + if(${isLeap}, 7, 0)`;
  const byType = (positions: readonly number[]): string => {
    const whens = positions.map((at, index) => `WHEN ${index} THEN ${at}`);
    return `CASE ${type} ${whens.join(' ')} END`;
  };
  return `if(${position} >= ${byType(starts)} AND ${position} < ${byType(ends)}, ${inside}, ${outside})`;
}
