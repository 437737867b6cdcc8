import { columnSql, createTableSql, identifier, schemaDefaults, tablesOf } from '@tessera/starrocks-engine';
import type { StarrocksPool, TableDefinition } from '@tessera/starrocks-engine';
import type { Catalog } from '@tessera/tag-catalog';

/** All rows of an event type stand in one partition: clocks of scripts jump. */
const ALL_TIME = [{ from: 0, to: Date.UTC(2200, 0) }];
const GUIDS_AHEAD = 200_000_000;

/** Makes the tables of a catalogue, and those columns that came later. */
export class StateTables {
  readonly #columns = new Map<string, Set<string>>();
  #version = -1;

  constructor(
    private readonly pool: StarrocksPool,
    private readonly database: string,
  ) {}

  async follow(catalog: Catalog): Promise<void> {
    if (catalog.version === this.#version) return;
    const options = { ...schemaDefaults(this.database), replication: 1, guidsAhead: GUIDS_AHEAD };
    for (const table of tablesOf(catalog, options, { nowMs: 0, nextGuid: 1 })) await this.#make(table);
    this.#version = catalog.version;
  }

  async #make(table: TableDefinition): Promise<void> {
    const known = this.#columns.get(table.name);
    if (known === undefined) {
      const { partitions } = table;
      const isByDay = partitions?.by === 'day';
      await this.pool.run(
        createTableSql(isByDay ? { ...table, partitions: { ...partitions, ranges: ALL_TIME } } : table),
      );
      this.#columns.set(table.name, new Set(table.columns.map(({ name }) => name)));
      return;
    }
    for (const column of table.columns.filter(({ name }) => !known.has(name))) {
      await this.pool.run(`ALTER TABLE ${identifier(table.name)} ADD COLUMN ${columnSql(column)}`);
      known.add(column.name);
    }
  }
}
