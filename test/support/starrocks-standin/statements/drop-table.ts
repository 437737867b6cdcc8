import type { DuckDBConnection } from '@duckdb/node-api';
import type { Table } from '../catalog/table';
import type { Cluster } from '../engine/cluster';

export async function dropTable(connection: DuckDBConnection, { catalog }: Cluster, table: Table): Promise<void> {
  for (const { stored } of table.temporary) await connection.run(`DROP TABLE ${stored!}`);
  await connection.run(`DROP TABLE ${table.stored}`);
  await catalog.drop(connection, table);
}
