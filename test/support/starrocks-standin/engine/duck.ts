import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBMaterializedResult } from '@duckdb/node-api';
import { registerBitmapFunctions } from '../bitmap/functions';
import { Handles } from '../bitmap/handles';
import type { Chance } from '../bitmap/wire';
import type { Task } from './task';

/** Macros and tables of the stand-in's own. */
const SETUP = [
  `CREATE OR REPLACE MACRO moment_text(x) AS strftime(x, CASE WHEN epoch_us(x) % 1000000 = 0 THEN '%Y-%m-%d %H:%M:%S' ELSE '%Y-%m-%d %H:%M:%S.%f' END)`,
  `CREATE SCHEMA IF NOT EXISTS standin`,
  `CREATE TABLE IF NOT EXISTS standin.databases (name VARCHAR)`,
  `CREATE TABLE IF NOT EXISTS standin.tables (database_name VARCHAR, name VARCHAR, definition VARCHAR)`,
  `CREATE TABLE IF NOT EXISTS standin.labels (database_name VARCHAR, label VARCHAR, transaction_id BIGINT, status VARCHAR)`,
];

/** DuckDB as the stand-in uses it: many readers and one writer at a time, each statement all or nothing. */
export class Duck {
  readonly handles = new Handles();
  #writing: Promise<unknown> = Promise.resolve();
  #connections = new Set<DuckDBConnection>();

  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly writer: DuckDBConnection,
  ) {}

  /** @param file null: in memory. @param chance of the encodings of bitmaps. */
  static async open(file: string | null, chance: Chance): Promise<Duck> {
    // Worlds of tests are small: handing work from thread to thread would take longer than the work.
    const instance = await DuckDBInstance.create(file ?? ':memory:', { threads: '1' });
    const writer = await instance.connect();
    const duck = new Duck(instance, writer);
    registerBitmapFunctions(writer, duck.handles, chance);
    for (const sql of SETUP) await writer.run(sql);
    return duck;
  }

  async connect(): Promise<DuckDBConnection> {
    const connection = await this.instance.connect();
    this.#connections.add(connection);
    return connection;
  }

  disconnect(connection: DuckDBConnection): void {
    if (this.#connections.delete(connection)) connection.closeSync();
  }

  /** A query that sees what was committed when it began. */
  read(connection: DuckDBConnection, sql: string, task: Task): Promise<DuckDBMaterializedResult> {
    const run = (): Promise<DuckDBMaterializedResult> => connection.run(sql);
    return this.handles.during(() => task.run(run, () => connection.interrupt()));
  }

  /** A transaction; the next one begins when it has ended. Nothing of it remains if it throws. */
  write<T>(work: (connection: DuckDBConnection) => Promise<T>, task: Task): Promise<T> {
    const result = this.#writing.then(() => this.handles.during(() => this.#transaction(work, task)));
    this.#writing = result.catch(() => undefined);
    return result;
  }

  /** Resolves when what is written now is committed, or not. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async close(): Promise<void> {
    await this.#writing;
    for (const connection of this.#connections) connection.closeSync();
    this.writer.closeSync();
    this.instance.closeSync();
  }

  async #transaction<T>(work: (connection: DuckDBConnection) => Promise<T>, task: Task): Promise<T> {
    const { writer } = this;
    task.check();
    await writer.run('BEGIN');
    try {
      const result = await task.run(
        () => work(writer),
        () => writer.interrupt(),
      );
      await writer.run('COMMIT');
      return result;
    } catch (error) {
      // If it was COMMIT that failed, there is nothing left to roll back.
      await writer.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }
}
