import { StarrocksPool, tableOf } from '@tessera/starrocks-engine';
import type { StarrocksRow } from '@tessera/starrocks-engine';
import { formatDate } from '@tessera/tag-catalog';
import type { Catalog, FieldDefinition, Guid, TagDefinition, TagTypeDefinition, TagValue } from '@tessera/tag-catalog';

export const TABLES_DATABASE = 'tessera';

/** A row of an event as it must be stored. */
export interface ExpectedRow {
  readonly guid: Guid;
  readonly timeMs: number;
  readonly row: bigint;
  readonly values: ReadonlyMap<number, TagValue>;
}

/** How the tags of a user stand. */
export interface ExpectedUser {
  /** By tag id. */
  readonly fields: ReadonlyMap<
    number,
    {
      readonly tag: TagDefinition;
      readonly state: { readonly value: TagValue | null; readonly timeMs: number | null };
    }
  >;
}

/** What the tables must hold: of users known and not erased. */
export interface ExpectedTables {
  readonly users: ReadonlyMap<Guid, string>;
  /** Undefined: nothing came of the user but that it is known. */
  readonly stateOf: (guid: Guid) => ExpectedUser | undefined;
  /** By id of the type. */
  readonly rows: ReadonlyMap<number, readonly ExpectedRow[]>;
}

/**
 * Compares every row of every table by guid, and the positions with each other.
 * @param url of a frontend. @returns how many rows of events there are. @throws Error naming the first difference.
 */
export async function compareTables(url: string, catalog: Catalog, expected: ExpectedTables): Promise<number> {
  const pool = new StarrocksPool({ urls: [url], database: TABLES_DATABASE });
  try {
    const rowsOf = (table: string): Promise<readonly StarrocksRow[]> => pool.rows(`SELECT * FROM \`${table}\``);
    const users = [...expected.users].map(([guid, cuid]) => `${guid} ${cuid}`);
    demandSame(
      'sys_users',
      (await rowsOf('sys_users')).map((row) => `${row['sys_guid']} ${row['sys_cuid']}`),
      users,
    );
    let events = 0;
    for (const type of catalog.types) {
      const found = (await rowsOf(tableOf(type))).flatMap((row) => shown(type, row));
      const wanted = expectedOf(type, expected);
      demandSame(tableOf(type), found, wanted);
      if (type.kind === 'event') events += found.length;
    }
    for (const row of await rowsOf('sys_positions')) {
      if (row['sys_begun'] !== row['sys_next']) throw new Error(`a position is not at rest: ${JSON.stringify(row)}`);
    }
    return events;
  } finally {
    await pool.close();
  }
}

/** A line for each state or row of an event; none for a row that says nothing. */
function shown(type: TagTypeDefinition, row: StarrocksRow): string[] {
  const guid = String(row['sys_guid']);
  if (type.kind === 'event') {
    const values = type.properties.flatMap((field) => {
      const value = row[field.name] ?? null;
      return value === null ? [] : [`${field.id}=${textOf(field, value)}`];
    });
    return [`${guid} ${momentOf(row['sys_t'])} ${row['sys_row']} ${values.join(' ')}`];
  }
  if (type.kind === 'kv') {
    const tag = type.tags.find(({ id }) => id === row['sys_tag']);
    if (tag === undefined) throw new Error(`no tag: ${JSON.stringify(row)}`);
    const value = row['sys_number'] ?? row['sys_text'] ?? row['sys_elements'] ?? row['sys_moment'] ?? null;
    return [`${guid} ${tag.name} ${value === null ? 'null' : String(value)} ${momentOf(row['sys_t'])}`];
  }
  return type.tags.flatMap((tag) => {
    const [value, time] = [row[tag.name] ?? null, row[`sys_t_${tag.name}`] ?? null];
    return value === null && time === null ? [] : [`${guid} ${tag.name} ${textOf(tag, value)} ${momentOf(time)}`];
  });
}

function expectedOf(type: TagTypeDefinition, { users, stateOf, rows }: ExpectedTables): string[] {
  if (type.kind === 'event') {
    return (rows.get(type.id) ?? [])
      .filter(({ guid }) => users.has(guid))
      .map(({ guid, timeMs, row, values }) => {
        const each = [...type.properties].flatMap((field) => {
          const value = values.get(field.id);
          return value === undefined ? [] : [`${field.id}=${expectedText(field, value)}`];
        });
        return `${guid} ${momentOf(instantText(timeMs))} ${row} ${each.join(' ')}`;
      });
  }
  return [...users.keys()].flatMap((guid) =>
    [...(stateOf(guid)?.fields.values() ?? [])]
      .filter(({ tag }) => tag.typeId === type.id)
      .map(({ tag, state: { value, timeMs } }) => {
        const text = value === null ? 'null' : type.kind === 'kv' ? kvText(tag, value) : expectedText(tag, value);
        return `${guid} ${tag.name} ${text} ${timeMs === null ? 'null' : momentOf(instantText(timeMs))}`;
      }),
  );
}

function kvText(tag: TagDefinition, value: TagValue): string {
  return tag.valueType === 'int' || tag.valueType === 'decimal' ? String(value) : expectedText(tag, value);
}

function expectedText(field: FieldDefinition, value: TagValue): string {
  switch (field.valueType) {
    case 'decimal':
      return (Number(value) / 10 ** field.scale).toFixed(field.scale);
    case 'date':
      return formatDate(Number(value));
    case 'datetime':
      return momentOf(instantText(Number(value)));
    case 'bool':
      return value === true ? '1' : '0';
    case 'set':
      return JSON.stringify([...(value as readonly string[])].sort());
    default:
      return String(value);
  }
}

function textOf(field: FieldDefinition, value: string | number | null): string {
  if (value === null) return 'null';
  if (field.valueType === 'datetime') return momentOf(value);
  if (field.valueType === 'decimal') return Number(value).toFixed(field.scale);
  if (field.valueType === 'set') return JSON.stringify([...(JSON.parse(String(value)) as string[])].sort());
  return String(value);
}

function instantText(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}

/** To the millisecond. */
function momentOf(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return 'null';
  const [day, fraction = ''] = String(value).split('.');
  return `${day}.${fraction.padEnd(3, '0').slice(0, 3)}`;
}

function demandSame(table: string, found: readonly string[], expected: readonly string[]): void {
  const [is, should] = [new Set(found), new Set(expected)];
  if (is.size !== found.length) throw new Error(`${table} holds a line twice`);
  const surplus = found.filter((line) => !should.has(line));
  const missing = expected.filter((line) => !is.has(line));
  if (surplus.length === 0 && missing.length === 0) return;
  throw new Error(
    `${table}: ${surplus.length} surplus (${surplus.slice(0, 3).join(' | ')}), ${missing.length} missing (${missing.slice(0, 3).join(' | ')})`,
  );
}
