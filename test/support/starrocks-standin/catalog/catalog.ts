import type { DuckDBConnection } from '@duckdb/node-api';
import { StarrocksError } from '../starrocks-error';
import { quoteText } from '../translate/typed';
import type { Table } from './table';

/** Databases and their tables. Kept in DuckDB beside the data, changed in the same transactions. */
export class Catalog {
  #databases = new Map<string, Map<string, Table>>();
  #pending: (() => void)[] = [];
  #version = 0;
  #nextId = 1;

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  static async load(connection: DuckDBConnection): Promise<Catalog> {
    const catalog = new Catalog();
    const databases = await (await connection.run('SELECT name FROM standin.databases')).getRows();
    for (const [name] of databases) catalog.#databases.set(name as string, new Map());
    const tables = await (await connection.run('SELECT definition FROM standin.tables')).getRows();
    for (const [definition] of tables) {
      const table = JSON.parse(definition as string) as Table;
      catalog.#databases.get(table.database)!.set(table.name, table);
      catalog.#nextId = Math.max(catalog.#nextId, table.id + 1);
    }
    return catalog;
  }

  get databases(): readonly string[] {
    return [...this.#databases.keys()].sort();
  }

  hasDatabase(name: string): boolean {
    return this.#databases.has(name);
  }

  tables(database: string): readonly Table[] {
    const tables = this.#databases.get(database);
    if (tables === undefined) throw new StarrocksError(`Unknown database '${database}'`, 1049);
    return [...tables.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @param name `[table]` or `[database, table]`. */
  resolve(name: readonly string[], current: string | null): { readonly database: string; readonly name: string } {
    if (name.length > 2) throw new StarrocksError(`Unknown catalog '${name[0]!}'`);
    const database = name.length === 2 ? name[0]! : current;
    if (database === null) throw new StarrocksError('No database selected', 1046);
    if (!this.hasDatabase(database)) throw new StarrocksError(`Unknown database '${database}'`, 1049);
    return { database, name: name.at(-1)! };
  }

  find(name: readonly string[], current: string | null): Table | null {
    const { database, name: table } = this.resolve(name, current);
    return this.#databases.get(database)!.get(table) ?? null;
  }

  table(name: readonly string[], current: string | null): Table {
    const found = this.find(name, current);
    if (found === null) {
      throw new StarrocksError(`Getting analyzing error. Detail message: Unknown table '${name.join('.')}'.`, 5502);
    }
    return found;
  }

  nextId(): number {
    return this.#nextId++;
  }

  async putDatabase(connection: DuckDBConnection, name: string): Promise<void> {
    await connection.run(`INSERT INTO standin.databases VALUES (${quoteText(name)})`);
    this.#later(() => this.#databases.set(name, new Map()));
  }

  async dropDatabase(connection: DuckDBConnection, name: string): Promise<void> {
    await connection.run(`DELETE FROM standin.databases WHERE name = ${quoteText(name)}`);
    await connection.run(`DELETE FROM standin.labels WHERE database_name = ${quoteText(name)}`);
    this.#later(() => this.#databases.delete(name));
  }

  /** A new table, or another state of one of that name. */
  async put(connection: DuckDBConnection, table: Table): Promise<void> {
    await this.#delete(connection, table);
    const values = [table.database, table.name, JSON.stringify(table)].map(quoteText);
    await connection.run(`INSERT INTO standin.tables VALUES (${values.join(', ')})`);
    this.#later(() => this.#databases.get(table.database)!.set(table.name, table));
  }

  async drop(connection: DuckDBConnection, table: Table): Promise<void> {
    await this.#delete(connection, table);
    this.#later(() => this.#databases.get(table.database)!.delete(table.name));
  }

  /** The changes of the transaction hold from now on. */
  committed(): void {
    for (const change of this.#pending) change();
    if (this.#pending.length > 0) this.#version++;
    this.#pending = [];
  }

  rolledBack(): void {
    this.#pending = [];
  }

  #later(change: () => unknown): void {
    this.#pending.push(() => void change());
  }

  async #delete(connection: DuckDBConnection, { database, name }: Table): Promise<void> {
    await connection.run(
      `DELETE FROM standin.tables WHERE database_name = ${quoteText(database)} AND name = ${quoteText(name)}`,
    );
  }
}
