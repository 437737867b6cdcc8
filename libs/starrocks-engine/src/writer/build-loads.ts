import type { FieldDefinition, FieldState, Guid, TagKind, TagValue } from '@tessera/tag-catalog';
import { BIGINT, DATETIME, INT, strings, typeOfField, VARCHAR_BYTES_MAX, varchar } from '../schema/column-type';
import type { ColumnType } from '../schema/column-type';
import {
  CUID,
  ELEMENTS,
  GUID,
  kvColumnOf,
  MOMENT,
  NUMBER,
  ROW,
  TAG,
  TEXT,
  TIME,
  timeColumnOf,
  USERS_TABLE,
  VERSION,
} from '../schema/names';
import { DAY_MS, keptFromMs } from '../schema/partition-range';
import type { PendingTable, PendingUser, RowBuffer } from './row-buffer';
import type { Cell, LoadColumn, LoadRow, TableLoad } from './table-load';

/** Texts are cast to this; columns may be narrower, and then say so. */
const TEXT_BYTES = VARCHAR_BYTES_MAX;
const GUID_COLUMN: LoadColumn = { name: GUID, type: BIGINT };

/** What is to be written of one source. */
export interface SourcePart<R> {
  readonly source: string;
  readonly buffer: RowBuffer<R>;
}

/** What is not written. */
export interface LeftOut {
  readonly isLeftOut: (guid: Guid) => boolean;
  /** Wall clock: rows of events that retention has overtaken have no place any more. */
  readonly nowMs: number;
}

/** All rows of the parts, but for those left out. The users first. */
export function buildLoads<R>(parts: readonly SourcePart<R>[], left: LeftOut): TableLoad<R>[] {
  const { isLeftOut } = left;
  const loads: TableLoad<R>[] = [];
  const known = parts.flatMap(({ source, buffer }) =>
    [...buffer.users].flatMap(([guid, { cuid, record }]): LoadRow<R>[] =>
      isLeftOut(guid) ? [] : [{ cells: [guid, cuid], source, records: [record] }],
    ),
  );
  if (known.length > 0) {
    const columns = [GUID_COLUMN, { name: CUID, type: varchar(128) }];
    loads.push({ table: USERS_TABLE, columns, rows: known });
  }
  const tables = new Map<string, PartsOfTable<R>>();
  for (const { source, buffer } of parts) {
    for (const [name, table] of buffer.tables) {
      const some = tables.get(name) ?? { name, kind: table.type.kind, parts: [] };
      tables.set(name, some);
      some.parts.push({ source, table });
    }
  }
  for (const some of tables.values()) loads.push(...loadsOf(some, left));
  return loads.filter(({ rows }) => rows.length > 0);
}

interface PartsOfTable<R> {
  readonly name: string;
  readonly kind: TagKind;
  readonly parts: { readonly source: string; readonly table: PendingTable<R> }[];
}

function loadsOf<R>(of: PartsOfTable<R>, left: LeftOut): TableLoad<R>[] {
  const { name, kind, parts } = of;
  if (kind === 'event') return [eventLoad(of, left)];
  const users = parts.flatMap(({ source, table }) =>
    [...table.users].flatMap(([guid, user]): UserOfSource<R>[] =>
      left.isLeftOut(guid) ? [] : [{ source, guid, user }],
    ),
  );
  return kind === 'kv' ? [kvLoad(name, users)] : profileLoads(name, users);
}

interface UserOfSource<R> {
  readonly source: string;
  readonly guid: Guid;
  readonly user: PendingUser<R>;
}

/**
 * One load for each set of columns. Where that would make more loads than there are fields, one for each field: a load is a version of every tablet that it
 * touches, and those are few.
 */
function profileLoads<R>(table: string, users: readonly UserOfSource<R>[]): TableLoad<R>[] {
  const sets = new Map<string, UserOfSource<R>[]>();
  const fields = new Map<number, FieldDefinition>();
  for (const one of users) {
    const ids = [...one.user.fields.keys()].sort((left, right) => left - right);
    const key = ids.join(' ');
    const some = sets.get(key) ?? [];
    sets.set(key, some);
    some.push(one);
    for (const { field } of one.user.fields.values()) fields.set(field.id, field);
  }
  const all = [...fields.values()].sort((left, right) => left.id - right.id);
  if (sets.size <= Math.max(4, all.length)) {
    return [...sets].map(([key, some]) => {
      const ids = new Set(key.split(' ').map(Number));
      return profileLoad(
        table,
        all.filter(({ id }) => ids.has(id)),
        some,
      );
    });
  }
  return all.map((field) =>
    profileLoad(
      table,
      [field],
      users.filter(({ user }) => user.fields.has(field.id)),
    ),
  );
}

function profileLoad<R>(
  table: string,
  fields: readonly FieldDefinition[],
  users: readonly UserOfSource<R>[],
): TableLoad<R> {
  const columns = [
    GUID_COLUMN,
    { name: VERSION, type: BIGINT },
    ...fields.flatMap((field) => [valueColumn(field), { name: timeColumnOf(field), type: DATETIME }]),
  ];
  const rows = users.map(({ source, guid, user }): LoadRow<R> => {
    const states = fields.flatMap(({ id }): Cell[] => {
      const state = user.fields.get(id);
      return [state?.value ?? null, state?.timeMs ?? null];
    });
    return { cells: [guid, user.offset, ...states], source, records: user.records };
  });
  return { table, columns, rows };
}

const KV_TYPES = {
  [NUMBER]: BIGINT,
  [TEXT]: varchar(TEXT_BYTES),
  [MOMENT]: DATETIME,
  [ELEMENTS]: strings(TEXT_BYTES),
} as const satisfies Readonly<Record<string, ColumnType>>;
const KV_COLUMNS = [NUMBER, TEXT, MOMENT, ELEMENTS] as const;

function kvLoad<R>(table: string, users: readonly UserOfSource<R>[]): TableLoad<R> {
  const used = new Set(users.flatMap(({ user }) => [...user.fields.values()].map(({ field }) => columnOf(field))));
  const names = KV_COLUMNS.filter((name) => used.has(name));
  const columns = [
    { name: TAG, type: INT },
    GUID_COLUMN,
    ...names.map((name) => ({ name, type: KV_TYPES[name] })),
    { name: TIME, type: DATETIME },
  ];
  const rows = users.flatMap(({ source, guid, user }) =>
    [...user.fields.values()].map((state): LoadRow<R> => {
      const column = columnOf(state.field);
      const values = names.map((name) => (name === column ? kvCell(state) : null));
      return { cells: [state.field.id, guid, ...values, state.timeMs], source, records: user.records };
    }),
  );
  return { table, columns, rows };
}

function columnOf(field: FieldDefinition): string {
  return kvColumnOf(field);
}

function kvCell({ field, value }: FieldState): Cell {
  if (value === null) return null;
  if (field.valueType === 'bool') return value === true ? 1 : 0;
  return field.valueType === 'date' ? Number(value) * DAY_MS : value;
}

function eventLoad<R>({ name, parts }: PartsOfTable<R>, { isLeftOut, nowMs }: LeftOut): TableLoad<R> {
  const fields = new Map<number, FieldDefinition>();
  for (const { table } of parts) {
    for (const event of table.events) for (const { field } of event.fields) fields.set(field.id, field);
  }
  const all = [...fields.values()].sort((left, right) => left.id - right.id);
  const columns = [GUID_COLUMN, { name: TIME, type: DATETIME }, { name: ROW, type: BIGINT }, ...all.map(valueColumn)];
  const rows = parts.flatMap(({ source, table }) => {
    const keptMs = keptFromMs(table.type.retentionDays, nowMs);
    return table.events.flatMap(({ guid, timeMs, row, fields: writes, record }): LoadRow<R>[] => {
      if (isLeftOut(guid) || timeMs < keptMs) return [];
      const values = new Map<number, TagValue>();
      for (const write of writes) if (write.op === 'set') values.set(write.field.id, write.value);
      return [
        { cells: [guid, timeMs, row, ...all.map(({ id }) => values.get(id) ?? null)], source, records: [record] },
      ];
    });
  });
  return { table: name, columns, rows };
}

function valueColumn(field: FieldDefinition): LoadColumn {
  return { name: field.name, type: typeOfField(field, TEXT_BYTES) };
}
