import type { ReadUser, UserWants } from '@tessera/audience';
import { formatInstant, formatValue } from '@tessera/tag-catalog';
import type { Catalog, JsonValue, TagDefinition, TagTypeDefinition } from '@tessera/tag-catalog';

/** A tag as it stands for one user. */
export interface UserTag {
  /** Null unless `status` is `value`. */
  readonly value: JsonValue;
  /** Of the last plain write or clear; null if only increments made the value. */
  readonly time: string | null;
  readonly status: 'value' | 'cleared' | 'expired';
}

export interface UserEvents {
  readonly count: number;
  readonly last: string;
}

export interface DescribedUser {
  readonly cuid: string;
  readonly guid: number;
  /** Every tag ever written. */
  readonly tags: { readonly [name: string]: UserTag };
  /** Of event types with rows up to as-of; null where rows are not read. */
  readonly events: { readonly [type: string]: UserEvents } | null;
}

/** What is told of users. */
export interface Description {
  readonly asOfMs: number;
  /** These tags; null: all. */
  readonly only: readonly TagDefinition[] | null;
  /** Whose rows are summed up; null: rows are not read. */
  readonly eventTypes: readonly TagTypeDefinition[] | null;
}

/** What `describeUser` looks at. */
export function wantsOfDescription({ asOfMs, only, eventTypes: types }: Description, catalog: Catalog): UserWants {
  const totals = (types ?? []).map((type) => ({ type, toMs: asOfMs + 1 }));
  return { tags: only ?? catalog.tags, rows: [], totals, lists: [], snapshots: [] };
}

/** A user at an as-of. */
export function describeUser(view: ReadUser, { asOfMs, only, eventTypes: types }: Description): DescribedUser {
  const wanted = only === null ? null : new Set(only.map((tag) => tag.id));
  const tags = view
    .tagStates()
    .filter(({ tag }) => wanted === null || wanted.has(tag.id))
    .map(({ tag, value, timeMs }): [string, UserTag] => {
      const time = timeMs === null ? null : formatInstant(timeMs);
      if (value === null) return [tag.name, { value: null, time, status: 'cleared' }];
      const expired = tag.ttlMs !== null && timeMs !== null && timeMs + tag.ttlMs <= asOfMs;
      return [
        tag.name,
        { value: expired ? null : formatValue(tag, value), time, status: expired ? 'expired' : 'value' },
      ];
    });
  const events = types?.flatMap((type): [string, UserEvents][] => {
    const { rows, lastMs } = view.eventTotals(type, asOfMs + 1);
    return lastMs === null ? [] : [[type.name, { count: rows, last: formatInstant(lastMs) }]];
  });
  return {
    cuid: view.cuid,
    guid: view.guid,
    tags: Object.fromEntries(tags),
    events: events === undefined ? null : Object.fromEntries(events),
  };
}

export function eventTypes(catalog: Catalog): readonly TagTypeDefinition[] {
  return catalog.types.filter((type) => type.kind === 'event');
}
