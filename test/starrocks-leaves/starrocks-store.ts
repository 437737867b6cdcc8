import { createTableSql, schemaDefaults, tablesOf } from '@tessera/starrocks-engine';
import type { ReferenceStore, ReferenceUser } from '@tessera/audience';
import type { Catalog, TagTypeDefinition } from '@tessera/tag-catalog';
import { createConnection, escape } from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { eventRows, insertStatements, kvRows, profileRows, userRows } from '../conformance/starrocks/state-sql';
import type { TableRows } from '../conformance/starrocks/state-sql';
import { StarrocksGrammar } from '../support/starrocks-grammar/starrocks-grammar';
import { release, starrocksAtHand } from '../support/starrocks-standin/with-starrocks';
import type { StarrocksAtHand } from '../support/starrocks-standin/with-starrocks';

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
    const users = store.users().map((user) => [user.guid, user] as const);
    await this.#insert(userRows(users.map(([guid, { cuid }]) => [guid, cuid])));
    for (const type of catalog.types) await this.#insert(rowsOf(type, users));
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
    await this.#insert({ table: 'sys_values', columns: ['sys_list', 'sys_number', 'sys_text', 'sys_created'], rows });
  }

  #database(made: number): string {
    return `${this.at.database}_${made}`;
  }

  async #insert(rows: TableRows): Promise<void> {
    for (const statement of insertStatements(rows)) await this.connection.query(statement);
  }
}

function rowsOf(type: TagTypeDefinition, users: readonly (readonly [number, ReferenceUser])[]): TableRows {
  switch (type.kind) {
    case 'profile':
      return profileRows(type, users);
    case 'kv':
      return kvRows(type, users);
    case 'event': {
      const rows = users.flatMap(([guid, user]) => (user.rows.get(type.id) ?? []).map((row) => ({ guid, row })));
      return eventRows(
        type,
        rows.map((row, number) => ({ ...row, number })),
      );
    }
  }
}
