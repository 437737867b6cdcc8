import { createTableSql, schemaDefaults, tableOf, tablesOf } from '@tessera/starrocks-engine';
import type { ReferenceStore, ReferenceUser } from '@tessera/audience';
import { decimalText, formatDate } from '@tessera/tag-catalog';
import type { Catalog, FieldDefinition, TagTypeDefinition, TagValue } from '@tessera/tag-catalog';
import { createConnection, escape } from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { StarrocksGrammar } from '../support/starrocks-grammar/starrocks-grammar';
import { release, starrocksAtHand } from '../support/starrocks-standin/with-starrocks';
import type { StarrocksAtHand } from '../support/starrocks-standin/with-starrocks';

const DAY_MS = 86_400_000;
const ROWS_A_STATEMENT = 500;

/** The tables of the engine on StarRocks or its stand-in, filled from the reference store's own memory. */
export class StarrocksStore {
  #databases = 0;

  private constructor(
    private readonly at: StarrocksAtHand,
    private readonly connection: Connection,
    /** Null: this machine has no Java. */
    private readonly grammar: StarrocksGrammar | null,
  ) {}

  static async open(): Promise<StarrocksStore> {
    const at = await starrocksAtHand();
    const connection = await createConnection({
      uri: at.mysqlUrl,
      rowsAsArray: true,
      // Labelled with a charset that mysql2 reads as CESU-8.
      typeCast: (field, next) => (['VAR_STRING', 'STRING'].includes(field.type) ? field.string('utf8') : next()),
    });
    const grammar = StarrocksGrammar.lacks() === null ? await StarrocksGrammar.open() : null;
    return new StarrocksStore(at, connection, grammar);
  }

  async close(): Promise<void> {
    for (let made = 1; made <= this.#databases; made += 1) {
      if (this.at.standIn === null) await this.connection.query(`DROP DATABASE \`${this.#database(made)}\` FORCE`);
    }
    await this.connection.end();
    await this.grammar?.close();
    await release(this.at);
  }

  /** What StarRocks' own grammar must allow too. */
  async select(sql: string): Promise<readonly (readonly unknown[])[]> {
    await this.grammar?.check(sql);
    const [rows] = await this.connection.query<RowDataPacket[][]>(sql);
    return rows;
  }

  /** Everything that the store holds now, in a database of its own; rows past their retention included. */
  async fill(catalog: Catalog, store: ReferenceStore): Promise<void> {
    this.#databases += 1;
    const database = this.#database(this.#databases);
    await this.connection.query(`CREATE DATABASE \`${database}\``);
    await this.connection.query(`USE \`${database}\``);
    const options = { ...schemaDefaults(database), replication: 1, buckets: 1, bitmapBuckets: 1 };
    for (const table of tablesOf(catalog, options, { nowMs: 0, nextGuid: 1 })) {
      // The worlds' times are of any year, so there are no partitions by day.
      await this.connection.query(createTableSql({ ...table, partitions: null }));
    }
    const users = store.users();
    await this.#insert(
      'sys_users',
      users.map(({ guid, cuid }) => [String(guid), escape(cuid)]),
    );
    for (const type of catalog.types)
      await this.#insert(
        tableOf(type),
        users.flatMap((user) => rowsOf(type, user)),
      );
  }

  /** Adds rows to `sys_values`. */
  async fillValues(
    lists: readonly { readonly id: string; readonly column: string; readonly values: readonly (number | string)[] }[],
  ): Promise<void> {
    const rows = lists.flatMap(({ id, column, values }) =>
      values.map((value) => {
        const isNumber = column === 'sys_number';
        const cells = [isNumber ? String(value) : 'NULL', isNumber ? 'NULL' : escape(String(value))];
        return [escape(id), ...cells, "'2026-01-01 00:00:00'"];
      }),
    );
    await this.#insert('sys_values', rows);
  }

  #database(made: number): string {
    return `${this.at.database}_${made}`;
  }

  async #insert(table: string, rows: readonly (readonly string[])[]): Promise<void> {
    for (let start = 0; start < rows.length; start += ROWS_A_STATEMENT) {
      const values = rows.slice(start, start + ROWS_A_STATEMENT).map((row) => `(${row.join(', ')})`);
      await this.connection.query(`INSERT INTO \`${table}\` VALUES ${values.join(', ')}`);
    }
  }
}

function rowsOf(type: TagTypeDefinition, user: ReferenceUser): string[][] {
  switch (type.kind) {
    case 'profile': {
      const cells = type.tags.flatMap((tag) => {
        const state = user.fields.get(tag.id)?.state;
        return [valueSql(tag, state?.value ?? null), momentSql(state?.timeMs ?? null)];
      });
      return [[String(user.guid), ...cells]];
    }
    case 'kv':
      return kvRows(type, user);
    case 'event':
      return (user.rows.get(type.id) ?? []).map(({ timeMs, properties }, index) => [
        String(user.guid),
        momentSql(timeMs),
        String(index),
        ...type.properties.map((property) => valueSql(property, properties.get(property.id) ?? null)),
      ]);
  }
}

function kvRows(type: TagTypeDefinition, user: ReferenceUser): string[][] {
  return type.tags.flatMap((tag) => {
    const state = user.fields.get(tag.id)?.state;
    if (state === undefined) return [];
    const { value } = state;
    const isOf = (...types: readonly string[]): boolean => value !== null && types.includes(tag.valueType);
    const momentMs = isOf('date') ? Number(value) * DAY_MS : isOf('datetime') ? Number(value) : null;
    return [
      [
        String(tag.id),
        String(user.guid),
        isOf('bool', 'int', 'decimal') ? String(Number(value)) : 'NULL',
        isOf('string', 'enum') ? escape(String(value)) : 'NULL',
        momentSql(momentMs),
        isOf('set') ? valueSql(tag, value) : 'NULL',
        momentSql(state.timeMs),
      ],
    ];
  });
}

function momentSql(instantMs: number | null): string {
  if (instantMs === null) return 'NULL';
  return `'${new Date(instantMs).toISOString().replace('T', ' ').replace('Z', '')}'`;
}

function valueSql({ valueType, scale }: FieldDefinition, value: TagValue | null): string {
  if (value === null) return 'NULL';
  switch (valueType) {
    case 'bool':
    case 'int':
      return String(value);
    case 'decimal':
      return decimalText(Number(value), scale);
    case 'string':
    case 'enum':
      return escape(String(value));
    case 'date':
      return `'${formatDate(Number(value))}'`;
    case 'datetime':
      return momentSql(Number(value));
    case 'set':
      return `[${(value as readonly string[]).map((element) => escape(element)).join(', ')}]`;
  }
}
