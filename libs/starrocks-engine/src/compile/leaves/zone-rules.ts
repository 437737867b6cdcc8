import { zoneOffsetMs } from '@tessera/audience';
import { LeafLimitError } from './leaf-limits';

/** Changes of a zone's offset from UTC, as tables that SQL can hold. Offsets are in seconds, positive east of Greenwich. */
export interface ZoneRules {
  /** Before the first change. */
  readonly firstOffset: number;
  /** Ascending; each holds from its instant on. */
  readonly changes: readonly { readonly sinceMs: number; readonly offset: number }[];
  /** What is so every year from an instant (a New Year in UTC) on; null: the last change holds for ever. */
  readonly yearly: YearlyRule | null;
}

/** From `starts` to `ends` the offset is `inside`, else `outside`. */
export interface YearlyRule {
  readonly sinceMs: number;
  readonly outside: number;
  readonly inside: number;
  /** By year type (`yearTypeOf`): ((month × 100 + day) × 100 + hour) × 100 + minute, in UTC. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** No zone's data tells of a change before. */
const FIRST_YEAR = 1830;
/** From here on, zone data knows yearly rules only, which name weekdays or dates of a month: years of one type are alike. */
const REGULAR_YEAR = 2101;
/** 28 years in a row without a skipped leap year have all the types. */
const YEAR_CYCLE = 28;
const YEAR_TYPES = 14;
/** A zone that changed its offset and took it back sooner would be misread; the shortest was 7 days (Asia/Hebron, a Ramadan in 2040). */
const STEP_DAYS = 5;
/** Before summer time was thought of, no offset was taken back. */
const EARLY_STEP_DAYS = 30;
const EARLY_UNTIL_MS = Date.UTC(1900, 0, 1);
/** More do not fit into an expression of SQL beside its other parts. */
export const ZONE_CHANGES_MAX = 500;
const ZONES_MAX = 64;

type Change = ZoneRules['changes'][number];

const known = new Map<string, ZoneRules>();

/**
 * The rules of an IANA zone as this process's zone data has them, for the years 1000 to 9999. Takes some 60 ms once a zone, of one thread.
 * @throws LeafLimitError for a zone whose changes are too many, or follow no yearly rule.
 */
export function zoneRules(timeZone: string): ZoneRules {
  const kept = known.get(timeZone);
  if (kept !== undefined) return kept;
  const rules = learnRules(timeZone);
  const [oldest] = known.keys();
  if (known.size >= ZONES_MAX && oldest !== undefined) known.delete(oldest);
  known.set(timeZone, rules);
  return rules;
}

/** Weekday of 1 January (0: Sunday), and 7 more in a leap year. */
export function yearTypeOf(year: number): number {
  const isLeap = new Date(Date.UTC(year, 1, 29)).getUTCMonth() === 1;
  return new Date(Date.UTC(year, 0, 1)).getUTCDay() + (isLeap ? 7 : 0);
}

function learnRules(timeZone: string): ZoneRules {
  const firstMs = Date.UTC(FIRST_YEAR, 0, 1);
  const regularMs = Date.UTC(REGULAR_YEAR, 0, 1);
  const changes = changesBetween(timeZone, firstMs, regularMs);
  const yearly = learnYearly(timeZone, changes);
  const explicit = yearly === null ? changes : changes.filter(({ sinceMs }) => sinceMs < yearly.sinceMs);
  if (explicit.length > ZONE_CHANGES_MAX) {
    const detail = `the zone ${timeZone} changed its offset ${explicit.length} times, at most ${ZONE_CHANGES_MAX} can be told in SQL`;
    throw new LeafLimitError('zoneChanges', ZONE_CHANGES_MAX, detail);
  }
  return { firstOffset: offsetAt(timeZone, firstMs), changes: explicit, yearly };
}

function learnYearly(timeZone: string, changes: readonly Change[]): YearlyRule | null {
  const byType = new Map<number, readonly Change[]>();
  for (let year = REGULAR_YEAR; year < REGULAR_YEAR + YEAR_CYCLE; year += 1) {
    const type = yearTypeOf(year);
    if (!byType.has(type)) byType.set(type, changesOfYear(timeZone, year));
  }
  const years = Array.from({ length: YEAR_TYPES }, (_, type) => byType.get(type) ?? []);
  if (years.every((year) => year.length === 0)) return null;
  const inside = years[0]?.[0]?.offset ?? 0;
  const outside = years[0]?.[1]?.offset ?? 0;
  const isRegular = years.every(
    ([start, end, ...more]) => start?.offset === inside && end?.offset === outside && more.length === 0,
  );
  if (
    !isRegular ||
    changes.at(-1)?.offset !== outside ||
    changes.some(({ sinceMs }) => sinceMs >= Date.UTC(REGULAR_YEAR, 0, 1))
  ) {
    throw irregular(timeZone);
  }
  const starts = years.map(([start]) => positionOf(timeZone, start));
  const ends = years.map(([, end]) => positionOf(timeZone, end));
  const sinceMs = Date.UTC(firstRegularYear(changes, { sinceMs: 0, inside, outside, starts, ends }), 0, 1);
  const rule = { sinceMs, inside, outside, starts, ends };
  for (let year = REGULAR_YEAR + YEAR_CYCLE; year < REGULAR_YEAR + 2 * YEAR_CYCLE; year += 1) {
    if (!follows(changesOfYear(timeZone, year), year, rule)) throw irregular(timeZone);
  }
  return rule;
}

function irregular(timeZone: string): LeafLimitError {
  return new LeafLimitError('zoneChanges', 0, `the zone ${timeZone} changes its offset by no rule that SQL can tell`);
}

/** The year from which on every one up to the regular ones follows the rule. */
function firstRegularYear(changes: readonly Change[], rule: YearlyRule): number {
  const byYear = new Map<number, Change[]>();
  for (const change of changes) {
    const year = new Date(change.sinceMs).getUTCFullYear();
    byYear.set(year, [...(byYear.get(year) ?? []), change]);
  }
  let year = REGULAR_YEAR;
  while (year > FIRST_YEAR && follows(byYear.get(year - 1) ?? [], year - 1, rule)) year -= 1;
  return year;
}

function follows(changes: readonly Change[], year: number, rule: YearlyRule): boolean {
  const [start, end, ...more] = changes;
  if (start === undefined || end === undefined || more.length > 0) return false;
  const type = yearTypeOf(year);
  return (
    start.offset === rule.inside &&
    end.offset === rule.outside &&
    positionInYear(start.sinceMs) === rule.starts[type] &&
    positionInYear(end.sinceMs) === rule.ends[type]
  );
}

function positionOf(timeZone: string, change: Change | undefined): number {
  const position = change === undefined ? null : positionInYear(change.sinceMs);
  if (position === null) throw irregular(timeZone);
  return position;
}

/** Null: not at a whole minute. */
function positionInYear(instantMs: number): number | null {
  if (instantMs % MINUTE_MS !== 0) return null;
  const at = new Date(instantMs);
  return ((at.getUTCMonth() * 100 + 100 + at.getUTCDate()) * 100 + at.getUTCHours()) * 100 + at.getUTCMinutes();
}

function changesOfYear(timeZone: string, year: number): readonly Change[] {
  return changesBetween(timeZone, Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1));
}

function changesBetween(timeZone: string, fromMs: number, toMs: number): readonly Change[] {
  const changes: Change[] = [];
  let offset = offsetAt(timeZone, fromMs);
  let atMs = fromMs;
  while (atMs < toMs) {
    const stepDays = atMs < EARLY_UNTIL_MS ? EARLY_STEP_DAYS : STEP_DAYS;
    const nextMs = Math.min(atMs + stepDays * DAY_MS, toMs);
    const nextOffset = offsetAt(timeZone, nextMs);
    while (offset !== nextOffset) {
      const sinceMs = changeBetween(timeZone, atMs, nextMs, offset);
      offset = offsetAt(timeZone, sinceMs);
      atMs = sinceMs;
      changes.push({ sinceMs, offset });
    }
    atMs = nextMs;
  }
  // One at the end itself belongs to what comes after.
  return changes.filter(({ sinceMs }) => sinceMs < toMs);
}

/** An instant at which the offset stops being `offset`, which it is at `fromMs` and is not at `toMs`. */
function changeBetween(timeZone: string, fromMs: number, toMs: number, offset: number): number {
  let same = fromMs;
  let differs = toMs;
  while (differs - same > 1) {
    const middle = Math.floor((same + differs) / 2);
    if (offsetAt(timeZone, middle) === offset) same = middle;
    else differs = middle;
  }
  return differs;
}

function offsetAt(timeZone: string, instantMs: number): number {
  return zoneOffsetMs(timeZone, instantMs) / 1_000;
}
