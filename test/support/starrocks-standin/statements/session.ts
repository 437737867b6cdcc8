import { randomUUID } from 'node:crypto';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { FaultAction } from '../faults';
import { StarrocksError } from '../starrocks-error';
import type { Insert, Query, Statement } from '../sql/ast';
import type { Parsed } from '../sql/parse-statement';
import { hintsOf } from '../sql/query-hints';
import { BIGINT, storedType, VARCHAR } from '../sql/types';
import type { Table } from '../catalog/table';
import type { Cluster } from '../engine/cluster';
import { translated } from '../engine/cluster';
import { cellsOf, ok } from '../engine/result';
import type { Cell, StatementResult } from '../engine/result';
import type { TransactionStatus } from '../engine/publishing';
import { Task } from '../engine/task';
import { checkOperators } from '../translate/operators';
import { QueryTranslator } from '../translate/query';
import type { Source } from '../translate/query';
import { quoteName, quoteText } from '../translate/typed';
import type { Typed } from '../translate/typed';
import { alterTable } from './alter-table';
import { deleteRows, insertRows, partitionSql, updateRows } from './change-rows';
import { defineTable } from './create-table';
import { dropTable } from './drop-table';
import { informationSchema } from './information-schema';
import { takeLabel } from './labels';
import { show } from './show';
import { CheckedError } from './checked-error';
import type { SessionSurroundings } from './surroundings';
import { checkVariable, Variables } from './variables';

/** Told in the handshake and by version(): nobody may take it for StarRocks. */
export const VERSION = '8.0.33-tessera-starrocks-standin';

const NEVER = new Promise<never>(() => undefined);

/** One client's session: its database, its variables, its statements. */
export class Session {
  readonly #variables = new Variables();
  #database: string | null = null;
  /** What runs now, to be ended by KILL. */
  #task: Task | null = null;
  #running: string | null = null;

  constructor(
    private readonly cluster: Cluster,
    private readonly connection: DuckDBConnection,
    readonly id: number,
    readonly user: string,
    private readonly around: SessionSurroundings,
  ) {}

  get process(): readonly Cell[] {
    const command = this.#running === null ? 'Sleep' : 'Query';
    return [String(this.id), this.user, this.#database, command, this.#running?.slice(0, 1_000) ?? null];
  }

  /** Of custom_query_id. */
  get queryId(): string {
    return this.#variables.get('custom_query_id') ?? '';
  }

  use(database: string): void {
    if (!this.cluster.catalog.hasDatabase(database) && database !== 'information_schema') {
      throw new StarrocksError(`Unknown database '${database}'`, 1049);
    }
    this.#database = database;
  }

  /** As COM_RESET_CONNECTION does. */
  reset(): void {
    this.#variables.reset();
  }

  close(): void {
    this.cluster.duck.disconnect(this.connection);
  }

  /** Ends the statement that runs. */
  cancel(): void {
    this.#task?.cancel(new StarrocksError('Query cancelled by KILL', 1317));
  }

  /** @param parameters of a prepared statement. */
  async execute({ statement, text }: Parsed, parameters: readonly Typed[] = []): Promise<StatementResult> {
    this.#running = text;
    try {
      const result = await this.#execute(statement, parameters);
      // The leader did it, and the session's frontend waits until it has heard of it.
      if (['insert', 'delete', 'update'].includes(statement.kind)) this.around.follower?.catchUp();
      await this.around.meet('statement-after', text, NEVER);
      return result;
    } catch (error) {
      throw translated(error);
    } finally {
      this.#running = null;
    }
  }

  async #execute(statement: Statement, parameters: readonly Typed[]): Promise<StatementResult> {
    switch (statement.kind) {
      case 'query':
        return this.#query(statement.query, parameters);
      case 'explain':
        return this.#explain(statement.query);
      case 'insert':
        return this.#insert(statement);
      case 'delete':
      case 'update':
      case 'truncate':
        return this.#changeRows(statement);
      case 'use':
        this.use(statement.name);
        return ok();
      case 'sync':
        this.around.follower?.catchUp();
        return ok();
      case 'set':
        for (const { name, value } of statement.variables) this.#variables.set(name, value);
        return ok();
      case 'kill':
        this.#kill(statement);
        return ok();
      case 'show':
        return show(statement, {
          catalog: this.cluster.catalog,
          database: this.#database,
          schemaChanges: (database) => this.cluster.schemaChanges.of(database),
          transactionStatus: (id) => this.cluster.publishing.statusOf(id),
          variables: this.#variables.all,
          processes: [...this.around.clients.values()].flatMap(({ session }) =>
            session === null ? [] : [session.process],
          ),
        });
      case 'alter':
        await this.#meetBefore(new Task());
        await this.#alter(statement);
        return ok();
      default:
        await this.#meetBefore(new Task());
        await this.cluster.change((connection) => this.#define(connection, statement));
        return ok();
    }
  }

  #translator(parameters: readonly Typed[] = []): QueryTranslator {
    return new QueryTranslator({
      table: (name, partitions, isTemporary) => this.#source(name, partitions, isTemporary),
      parameter: (index) => parameters[index] ?? { sql: 'NULL', type: VARCHAR },
      session: (name) => this.#sessionValue(name),
    });
  }

  #source(name: readonly string[], partitions: readonly string[] | null, isTemporary: boolean): Source {
    const { catalog } = this.cluster;
    const database = name.length === 2 ? name[0]! : this.#database;
    if (database?.toLowerCase() === 'information_schema') return informationSchema(name.at(-1)!, catalog);
    const table = this.cluster.publishing.shown(catalog.table(name, this.#database));
    const columns = table.columns.map((column) => ({
      name: column.name,
      type: column.type,
      isStoredBitmap: column.type.name === 'BITMAP',
    }));
    return { sql: partitions === null ? table.stored : partitionSql(table, partitions, isTemporary), columns };
  }

  #sessionValue(name: string): Typed | null {
    const text = (value: string | null): Typed => ({ sql: value === null ? 'NULL' : quoteText(value), type: VARCHAR });
    switch (name) {
      // docs: sql-functions/utility-functions/current_version.
      case 'current_version()':
        return text(`${this.cluster.starrocksVersion} standin`);
      case 'version()':
      case '@@version':
        return text(VERSION);
      case 'connection_id()':
        return { sql: String(this.id), type: BIGINT };
      case 'database()':
        return text(this.#database);
      case 'current_user()':
        return text(`'${this.user}'@'%'`);
    }
    if (!name.startsWith('@@')) return null;
    const value = this.#variables.get(name.replace(/^@@(?:global\.|session\.)?/i, '').toLowerCase());
    return value === null ? null : /^\d+$/.test(value) ? { sql: value, type: BIGINT } : text(value);
  }

  /** Tables may change between the translation and the query: then it is translated again. */
  async #query(query: Query, parameters: readonly Typed[]): Promise<StatementResult> {
    const { cluster } = this;
    const { catalog, duck } = cluster;
    checkOperators(query, () => cluster.tooComplex.push(this.#running ?? ''));
    return this.#within('query_timeout', hintsOf(query), async (task) => {
      for (;;) {
        const { version } = catalog;
        const { sql, columns } = this.#translator(parameters).query(query, null);
        try {
          const connection = this.around.follower?.connectionFor(this.connection) ?? this.connection;
          const result = await duck.read(connection, sql, task);
          return { kind: 'rows', columns, rows: await cellsOf(result, columns) };
        } catch (error) {
          await duck.settled();
          if (catalog.version === version || error instanceof StarrocksError) throw error;
        }
      }
    });
  }

  /** Not a plan of StarRocks: the SQL that DuckDB is given. */
  #explain(statement: Statement): StatementResult {
    if (statement.kind === 'query' || statement.kind === 'insert') {
      const { sql } = this.#translator().query(statement.query, null);
      return {
        kind: 'rows',
        columns: [{ name: 'Explain String', type: VARCHAR }],
        rows: [['STAND-IN (DuckDB)'], [sql]],
      };
    }
    throw new StarrocksError(`EXPLAIN of '${statement.kind}' is not taken by the stand-in`);
  }

  async #insert(insert: Insert): Promise<StatementResult> {
    const { cluster } = this;
    checkOperators(insert.query, () => cluster.tooComplex.push(this.#running ?? ''));
    const transaction = cluster.nextTransaction();
    let isAnsweredAtOnce = false;
    const hints =
      insert.query.body.kind === 'select' ? new Map([...insert.hints, ...insert.query.body.hints]) : insert.hints;
    const count = await this.#within('insert_timeout', hints, (task, fault) =>
      cluster.change(async (connection) => {
        const table = cluster.catalog.table(insert.name, this.#database);
        if (fault?.kind === 'publishLate') {
          isAnsweredAtOnce = fault.isAnsweredAtOnce === true;
          await cluster.publishing.hide(this.connection, table, fault.ms);
        }
        if (insert.label !== null) await takeLabel(connection, table.database, insert.label, transaction);
        return insertRows(connection, table, insert, this.#translator().query(insert.query, null));
      }, task),
    );
    const label = insert.label ?? `insert_${randomUUID()}`;
    const status = await this.#publish(transaction, insert.name, isAnsweredAtOnce);
    return ok(count, `{'label':'${label}', 'status':'${status}', 'txnId':'${transaction}'}`);
  }

  #publish(transaction: number, name: readonly string[], isAnsweredAtOnce: boolean): Promise<TransactionStatus> {
    const { catalog, publishing } = this.cluster;
    const waitMs = isAnsweredAtOnce ? 0 : Number(this.#variables.get('tx_visible_wait_timeout')) * 1_000;
    return publishing.publish(transaction, catalog.table(name, this.#database), waitMs);
  }

  async #changeRows(
    statement: Extract<Statement, { kind: 'delete' | 'update' | 'truncate' }>,
  ): Promise<StatementResult> {
    const { cluster } = this;
    const transaction = cluster.nextTransaction();
    const hints = statement.kind === 'delete' ? statement.hints : new Map<string, string>();
    const count = await this.#within('insert_timeout', hints, (task) =>
      cluster.change(async (connection) => {
        const table = cluster.catalog.table(statement.name, this.#database);
        if (statement.kind === 'delete') return deleteRows(connection, table, statement, this.#translator());
        if (statement.kind === 'update') return updateRows(connection, table, statement, this.#translator());
        return (await connection.run(`DELETE FROM ${table.stored}`)).rowsChanged;
      }, task),
    );
    if (statement.kind === 'truncate') return ok();
    const status = await this.#publish(transaction, statement.name, false);
    return ok(count, `{'label':'${statement.kind}_${randomUUID()}', 'status':'${status}', 'txnId':'${transaction}'}`);
  }

  async #within<T>(
    variable: 'query_timeout' | 'insert_timeout',
    hints: ReadonlyMap<string, string>,
    work: (task: Task, fault: FaultAction | null) => Promise<T>,
  ): Promise<T> {
    for (const [name, value] of hints) checkVariable(name, value);
    // An INSERT heeds query_timeout as well, if that was asked for it alone.
    const seconds = this.#variables.seconds(hints.has('query_timeout') ? 'query_timeout' : variable, hints);
    const task = new Task();
    this.#task = task;
    try {
      return await Task.within(
        seconds,
        variable,
        async () => {
          return work(task, await this.#meetBefore(task));
        },
        task,
      );
    } finally {
      this.#task = null;
    }
  }

  async #meetBefore(task: Task): Promise<FaultAction | null> {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    return task.run(() => this.around.meet('statement-before', this.#running ?? '', ended), end);
  }

  #kill({ isQuery, id }: Extract<Statement, { kind: 'kill' }>): void {
    const all = [...this.around.clients.values()];
    const found = all.find(
      ({ session }) =>
        session !== null && (String(session.id) === id || (session.queryId !== '' && session.queryId === id)),
    );
    if (found === undefined) throw new StarrocksError(`Unknown thread id: ${id}`, 1094);
    found.session!.cancel();
    if (!isQuery) found.drop();
  }

  /** Changes of columns go on in the background. */
  async #alter(statement: Extract<Statement, { kind: 'alter' }>): Promise<void> {
    const { cluster } = this;
    const table = cluster.catalog.table(statement.name, this.#database);
    const change = (): Promise<void> => cluster.change((connection) => this.#define(connection, statement));
    if (!statement.actions.every(({ kind }) => kind.endsWith('Column'))) {
      cluster.schemaChanges.checkNormal(table);
      return change();
    }
    const check = (): Promise<void> =>
      cluster
        .change(async (connection) => {
          await this.#define(connection, statement);
          throw new CheckedError();
        })
        .catch((error: unknown) => {
          if (!(error instanceof CheckedError)) throw error;
        });
    return cluster.schemaChanges.begin(table, check, change);
  }

  async #define(connection: DuckDBConnection, statement: Statement): Promise<void> {
    const { catalog } = this.cluster;
    switch (statement.kind) {
      case 'createDatabase':
        if (catalog.hasDatabase(statement.name)) {
          if (statement.ifNotExists) return;
          throw new StarrocksError(`Can't create database '${statement.name}'; database exists`, 1007);
        }
        return catalog.putDatabase(connection, statement.name);
      case 'dropDatabase':
        if (!catalog.hasDatabase(statement.name)) {
          if (statement.ifExists) return;
          throw new StarrocksError(`Can't drop database '${statement.name}'; database doesn't exist`, 1008);
        }
        for (const table of catalog.tables(statement.name)) await dropTable(connection, this.cluster, table);
        return catalog.dropDatabase(connection, statement.name);
      case 'dropTable': {
        const found = catalog.find(statement.name, this.#database);
        if (found === null && statement.ifExists) return;
        if (found === null) throw new StarrocksError(`Unknown table '${statement.name.join('.')}'`, 1051);
        return dropTable(connection, this.cluster, found);
      }
      case 'createTable':
      case 'createTableLike':
        return this.#createTable(connection, statement);
      case 'alter': {
        if (statement.actions.length > 1 && statement.actions.some(({ kind }) => !kind.endsWith('Column'))) {
          throw new StarrocksError('Alter operation conflicts: one action a statement');
        }
        // Each sees what the one before it made.
        let table = catalog.table(statement.name, this.#database);
        for (const action of statement.actions) table = await alterTable(connection, catalog, table, action);
        return;
      }
      default:
        throw new StarrocksError(`the stand-in does not run '${statement.kind}'`);
    }
  }

  async #createTable(
    connection: DuckDBConnection,
    statement: Extract<Statement, { kind: 'createTable' | 'createTableLike' }>,
  ): Promise<void> {
    const { catalog } = this.cluster;
    const { database, name } = catalog.resolve(statement.name, this.#database);
    if (catalog.find([database, name], null) !== null) {
      if (statement.ifNotExists) return;
      throw new StarrocksError(`Table '${name}' already exists`, 1050);
    }
    const at = { id: catalog.nextId(), database, name, nowMs: Date.now() };
    const table: Table =
      statement.kind === 'createTable'
        ? defineTable(statement, at)
        : {
            ...catalog.table(statement.like, this.#database),
            ...at,
            stored: `data_${at.id}`,
            temporary: [],
            createdMs: at.nowMs,
          };
    const columns = table.columns.map((column) => `${quoteName(column.name)} ${storedType(column.type)}`);
    await connection.run(`CREATE TABLE ${table.stored} (${columns.join(', ')})`);
    await catalog.put(connection, table);
  }
}
