import { randomUUID } from 'node:crypto';
import type { DuckDBConnection } from '@duckdb/node-api';
import { analyzeError, StarrocksError } from '../starrocks-error';
import type { Insert, Query, Statement } from '../sql/ast';
import type { Parsed } from '../sql/parse-statement';
import { BIGINT, INT, VARCHAR } from '../sql/types';
import type { TableColumn } from '../catalog/table';
import { columnOf } from '../catalog/table';
import { cellsOf, ok } from '../engine/result';
import type { StatementResult } from '../engine/result';
import type { Cluster } from '../engine/cluster';
import { translated } from '../engine/cluster';
import { QueryTranslator } from '../translate/query';
import type { Source } from '../translate/query';
import type { TranslatedQuery } from '../translate/expression';
import { quoteText } from '../translate/typed';
import type { Typed } from '../translate/typed';
import { defineTable } from './create-table';
import { writeRows } from './write-rows';
import { storedType } from '../sql/types';
import { quoteName } from '../translate/typed';

/** Told in the handshake and by version(): nobody may take it for StarRocks. */
export const VERSION = '8.0.33-tessera-starrocks-standin';

/** One client's session: its database, its variables, its statements. */
export class Session {
  database: string | null = null;
  parameters: readonly Typed[] = [];

  constructor(
    private readonly cluster: Cluster,
    private readonly connection: DuckDBConnection,
    readonly id: number,
    readonly user: string,
    private readonly others: ReadonlyMap<number, { drop(): void }>,
  ) {}

  /** Forgets its variables, as COM_RESET_CONNECTION does. */
  reset(): void {
    this.parameters = [];
  }

  close(): void {
    this.cluster.duck.disconnect(this.connection);
  }

  /** @param parameters of a prepared statement. */
  async execute({ statement }: Parsed, parameters: readonly Typed[] = []): Promise<StatementResult> {
    this.parameters = parameters;
    switch (statement.kind) {
      case 'query':
        return this.#query(statement.query);
      case 'insert':
        return this.#insert(statement);
      case 'createTable':
        return this.#createTable(statement);
      case 'createDatabase': {
        if (this.cluster.catalog.hasDatabase(statement.name)) {
          if (statement.ifNotExists) return ok();
          throw new StarrocksError(`Can't create database '${statement.name}'; database exists`, 1007);
        }
        await this.cluster.change((connection) => this.cluster.catalog.putDatabase(connection, statement.name));
        return ok();
      }
      case 'use':
        this.use(statement.name);
        return ok();
      case 'set':
        return ok();
      default:
        throw analyzeError(`the stand-in does not run '${statement.kind}'`);
    }
  }

  use(database: string): void {
    if (!this.cluster.catalog.hasDatabase(database)) throw new StarrocksError(`Unknown database '${database}'`, 1049);
    this.database = database;
  }

  translate(query: Query): TranslatedQuery {
    const translator = new QueryTranslator({
      table: (name) => this.#source(name),
      parameter: (index) => this.parameters[index] ?? { sql: 'NULL', type: VARCHAR },
      session: (name) => this.#variable(name),
    });
    return translator.query(query, null);
  }

  #source(name: readonly string[]): Source {
    const table = this.cluster.tableOf(name, this.database);
    return {
      sql: table.stored,
      columns: table.columns.map((column) => ({
        name: column.name,
        type: column.type,
        isStoredBitmap: column.type.name === 'BITMAP',
      })),
    };
  }

  #variable(name: string): Typed | null {
    switch (name) {
      case 'version()':
      case '@@version':
        return { sql: quoteText(VERSION), type: VARCHAR };
      case '@@version_comment':
        return { sql: `'stand-in for StarRocks'`, type: VARCHAR };
      case 'connection_id()':
        return { sql: String(this.id), type: BIGINT };
      case 'database()':
        return { sql: this.database === null ? 'NULL' : quoteText(this.database), type: VARCHAR };
      case '@@max_allowed_packet':
        return { sql: '33554432', type: INT };
      default:
        return null;
    }
  }

  async #query(query: Query): Promise<StatementResult> {
    const { sql, columns } = this.translate(query);
    try {
      const result = await this.cluster.duck.read(this.connection, sql);
      return { kind: 'rows', columns, rows: await cellsOf(result, columns) };
    } catch (error) {
      throw translated(error);
    }
  }

  async #createTable(statement: Extract<Statement, { kind: 'createTable' }>): Promise<StatementResult> {
    const { catalog } = this.cluster;
    await this.cluster.change(async (connection) => {
      const { database, name } = catalog.resolve(statement.name, this.database);
      if (catalog.find([database, name], null) !== null) {
        if (statement.ifNotExists) return;
        throw new StarrocksError(`Table '${name}' already exists`, 1050);
      }
      const table = defineTable(statement, { id: catalog.nextId(), database, name, nowMs: Date.now() });
      const columns = table.columns.map((column) => `${quoteName(column.name)} ${storedType(column.type)}`);
      await connection.run(`CREATE TABLE ${table.stored} (${columns.join(', ')})`);
      await catalog.put(connection, table);
    });
    return ok();
  }

  async #insert(insert: Insert): Promise<StatementResult> {
    const transaction = this.cluster.nextTransaction();
    const label = insert.label ?? `insert_${randomUUID()}`;
    const count = await this.cluster.change(async (connection) => {
      const table = this.cluster.tableOf(insert.name, this.database);
      const columns =
        insert.columns === null
          ? table.columns
          : insert.columns.map((name): TableColumn => {
              const found = columnOf(table, name);
              if (found === null) throw analyzeError(`Unknown column '${name}' in '${table.name}'`);
              return found;
            });
      const query = this.translate(insert.query);
      if (query.columns.length !== columns.length)
        throw new StarrocksError("Column count doesn't match value count", 1058);
      const partitions = table.partitionColumn === null ? null : table.partitions;
      const types = query.columns.map(({ type }) => type);
      return writeRows(connection, table, { stored: table.stored, partitions }, { sql: query.sql, types, columns });
    });
    return ok(count, `{'label':'${label}', 'status':'VISIBLE', 'txnId':'${transaction}'}`);
  }
}
