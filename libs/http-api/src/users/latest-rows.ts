import type { EventRow, UserView, UserWants } from '@tessera/audience';
import { fieldsOf, formatInstant, formatValue } from '@tessera/tag-catalog';
import type { JsonValue, TagTypeDefinition } from '@tessera/tag-catalog';

/** One row of an event. */
export interface UserEventRow {
  readonly type: string;
  readonly time: string;
  readonly properties: { readonly [name: string]: JsonValue };
}

/**
 * The place of one row among those of its user. Rows are shown newest first; those of one instant by type, and of one type the latest
 * arrival first. What arrives later gets a higher `arrival`, so that a place stays what it was.
 */
export interface RowPlace {
  readonly timeMs: number;
  readonly typeId: number;
  /** The row's number, from 0, among the rows of its type at this instant, in order of arrival. */
  readonly arrival: number;
}

export interface LatestRows {
  readonly rows: readonly UserEventRow[];
  /** Of the last row shown, if more follow. */
  readonly last: RowPlace | null;
}

interface PlacedRow {
  readonly type: TagTypeDefinition;
  readonly row: EventRow;
  readonly place: RowPlace;
}

/** Which rows of a user are asked for. */
export interface RowRange {
  readonly types: readonly TagTypeDefinition[];
  /** Rows before this. */
  readonly toMs: number;
  readonly limit: number;
  /** Only rows that are shown after this one; null: from the newest. */
  readonly after: RowPlace | null;
}

/** What `latestRows` looks at: of the instant of `after` every row, since their places are counted. */
export function wantsOfRows(range: RowRange): UserWants {
  const { types, limit, after } = range;
  const toMs = endOf(range);
  const newest = { rows: limit + 1, beforeMs: after === null ? toMs : Math.min(toMs, after.timeMs) };
  const rows = types.map((type) => ({ type, fromMs: null, toMs, newest }));
  return { tags: [], rows, totals: [], lists: [], snapshots: [] };
}

function endOf({ toMs, after }: RowRange): number {
  return after === null ? toMs : Math.min(toMs, after.timeMs + 1);
}

/** The newest rows of the range, newest first. */
export function latestRows(view: UserView, range: RowRange): LatestRows {
  const { types, limit, after } = range;
  const endMs = endOf(range);
  const found = types
    .flatMap((type) => newestOf(type, view.events(type, null, endMs), limit + 1, after))
    .sort((left, right) => right.place.timeMs - left.place.timeMs || left.place.typeId - right.place.typeId);
  const shown = found.slice(0, limit);
  return {
    rows: shown.map(describeRow),
    last: found.length > limit ? (shown.at(-1)?.place ?? null) : null,
  };
}

/** At most `limit` rows, newest first. `rows` ascend by time, those of one instant in order of arrival. */
function newestOf(
  type: TagTypeDefinition,
  rows: readonly EventRow[],
  limit: number,
  after: RowPlace | null,
): readonly PlacedRow[] {
  const placed: PlacedRow[] = [];
  for (let at = rows.length - 1; at >= 0 && placed.length < limit;) {
    const timeMs = rows[at]?.timeMs ?? 0;
    let first = at;
    while (first > 0 && rows[first - 1]?.timeMs === timeMs) first--;
    for (; at >= first; at--) {
      const row = rows[at];
      const place = { timeMs, typeId: type.id, arrival: at - first };
      if (row !== undefined && placed.length < limit && isAfter(place, after)) placed.push({ type, row, place });
    }
  }
  return placed;
}

/** True if the row at `place` is shown after the other. */
function isAfter(place: RowPlace, other: RowPlace | null): boolean {
  if (place.timeMs !== other?.timeMs) return other === null || place.timeMs < other.timeMs;
  return place.typeId === other.typeId ? place.arrival < other.arrival : place.typeId > other.typeId;
}

function describeRow({ type, row }: PlacedRow): UserEventRow {
  const properties = fieldsOf(type).flatMap((field): [string, JsonValue][] => {
    const value = row.properties.get(field.id);
    return value === undefined ? [] : [[field.name, formatValue(field, value)]];
  });
  return { type: type.name, time: formatInstant(row.timeMs), properties: Object.fromEntries(properties) };
}
