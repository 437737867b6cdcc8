import type { ReferenceStore, ReferenceUser } from '@tessera/audience';
import type { Catalog, FieldDefinition, TagTypeDefinition, TagValue } from '@tessera/tag-catalog';
import { decimalText, formatDate } from '@tessera/tag-catalog';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { tableOf } from '@tessera/starrocks-engine';
import { duckText, MACROS, toDuckDb } from './to-duckdb';

const DAY_MS = 86_400_000;

/** The tables of the StarRocks engine in DuckDB, filled from the reference store's own memory. */
export class DuckStore {
  private constructor(
    readonly instance: DuckDBInstance,
    readonly connection: DuckDBConnection,
  ) {}

  static async open(): Promise<DuckStore> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    for (const macro of MACROS) await connection.run(macro);
    return new DuckStore(instance, connection);
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }

  /** Answers a statement in StarRocks' words; every row as its values, whole numbers as texts or numbers. */
  async select(sql: string): Promise<readonly (readonly unknown[])[]> {
    const reader = await this.connection.runAndReadAll(toDuckDb(sql));
    return reader.getRowsJson();
  }

  /** Replaces everything by what the store holds now, rows past their retention included. */
  async fill(catalog: Catalog, store: ReferenceStore): Promise<void> {
    const users = store.users();
    await this.#table(
      'sys_users',
      ['sys_guid BIGINT'],
      users.map(({ guid }) => [String(guid)]),
    );
    for (const type of catalog.types) {
      const table = tableOf(type);
      if (type.kind === 'profile')
        await this.#table(
          table,
          profileColumns(type),
          users.map((user) => profileRow(type, user)),
        );
      if (type.kind === 'kv')
        await this.#table(
          table,
          KV_COLUMNS,
          users.flatMap((user) => kvRows(type, user)),
        );
      if (type.kind === 'event')
        await this.#table(
          table,
          eventColumns(type),
          users.flatMap((user) => eventRows(type, user)),
        );
    }
  }

  /** Replaces the rows of `sys_values`. @param lists with their ids. */
  async fillValues(
    lists: readonly { readonly id: string; readonly column: string; readonly values: readonly (number | string)[] }[],
  ): Promise<void> {
    const rows = lists.flatMap(({ id, column, values }) =>
      values.map((value) => {
        const isNumber = column === 'sys_number';
        return [duckText(id), isNumber ? String(value) : 'NULL', isNumber ? 'NULL' : duckText(String(value))];
      }),
    );
    await this.#table('sys_values', ['sys_list VARCHAR', 'sys_number BIGINT', 'sys_text VARCHAR'], rows);
  }

  async #table(name: string, columns: readonly string[], rows: readonly (readonly string[])[]): Promise<void> {
    await this.connection.run(`CREATE OR REPLACE TABLE "${name}" (${columns.join(', ')})`);
    for (let start = 0; start < rows.length; start += 2_000) {
      const values = rows.slice(start, start + 2_000).map((row) => `(${row.join(', ')})`);
      await this.connection.run(`INSERT INTO "${name}" VALUES ${values.join(', ')}`);
    }
  }
}

const KV_COLUMNS = [
  'sys_tag INTEGER',
  'sys_guid BIGINT',
  'sys_number BIGINT',
  'sys_text VARCHAR',
  'sys_moment TIMESTAMP',
  'sys_elements VARCHAR[]',
  'sys_t TIMESTAMP',
];

function duckType({ valueType, scale }: FieldDefinition): string {
  switch (valueType) {
    case 'bool':
      return 'BOOLEAN';
    case 'int':
      return 'BIGINT';
    case 'decimal':
      return `DECIMAL(18, ${scale})`;
    case 'string':
    case 'enum':
      return 'VARCHAR';
    case 'date':
      return 'DATE';
    case 'datetime':
      return 'TIMESTAMP';
    case 'set':
      return 'VARCHAR[]';
  }
}

function profileColumns(type: TagTypeDefinition): string[] {
  return [
    'sys_guid BIGINT',
    ...type.tags.flatMap((tag) => [`"${tag.name}" ${duckType(tag)}`, `"sys_t_${tag.name}" TIMESTAMP`]),
  ];
}

function profileRow(type: TagTypeDefinition, user: ReferenceUser): string[] {
  const cells = type.tags.flatMap((tag) => {
    const state = user.fields.get(tag.id)?.state;
    return [duckValue(tag, state?.value ?? null), duckInstant(state?.timeMs ?? null)];
  });
  return [String(user.guid), ...cells];
}

function kvRows(type: TagTypeDefinition, user: ReferenceUser): string[][] {
  return type.tags.flatMap((tag) => {
    const state = user.fields.get(tag.id)?.state;
    if (state === undefined) return [];
    const { value } = state;
    const cell = (...types: readonly string[]): boolean => value !== null && types.includes(tag.valueType);
    return [
      [
        String(tag.id),
        String(user.guid),
        cell('bool', 'int', 'decimal') ? String(Number(value)) : 'NULL',
        cell('string', 'enum') ? duckText(String(value)) : 'NULL',
        cell('date') ? duckInstant(Number(value) * DAY_MS) : cell('datetime') ? duckInstant(Number(value)) : 'NULL',
        cell('set') ? duckValue(tag, value) : 'NULL',
        duckInstant(state.timeMs),
      ],
    ];
  });
}

function eventColumns(type: TagTypeDefinition): string[] {
  return [
    'sys_guid BIGINT',
    'sys_t TIMESTAMP',
    'sys_row BIGINT',
    ...type.properties.map((property) => `"${property.name}" ${duckType(property)}`),
  ];
}

function eventRows(type: TagTypeDefinition, user: ReferenceUser): string[][] {
  const rows = user.rows.get(type.id) ?? [];
  return rows.map(({ timeMs, properties }, index) => [
    String(user.guid),
    duckInstant(timeMs),
    String(index),
    ...type.properties.map((property) => duckValue(property, properties.get(property.id) ?? null)),
  ]);
}

function duckInstant(instantMs: number | null): string {
  return instantMs === null ? 'NULL' : `make_timestamp(${instantMs * 1_000})`;
}

function duckValue({ valueType, scale }: FieldDefinition, value: TagValue | null): string {
  if (value === null) return 'NULL';
  switch (valueType) {
    case 'bool':
    case 'int':
      return String(value);
    case 'decimal':
      return `CAST('${decimalText(Number(value), scale)}' AS DECIMAL(18, ${scale}))`;
    case 'string':
    case 'enum':
      return duckText(String(value));
    case 'date':
      return `DATE '${formatDate(Number(value))}'`;
    case 'datetime':
      return duckInstant(Number(value));
    case 'set':
      return `CAST([${(value as readonly string[]).map(duckText).join(', ')}] AS VARCHAR[])`;
  }
}
