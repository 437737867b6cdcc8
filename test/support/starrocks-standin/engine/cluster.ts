import type { DuckDBConnection } from '@duckdb/node-api';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Catalog } from '../catalog/catalog';
import type { Table } from '../catalog/table';
import { DroppedError } from '../faults';
import { StarrocksError } from '../starrocks-error';
import { Duck } from './duck';
import { Publishing } from './publishing';
import { SchemaChanges } from './schema-changes';
import { Task } from './task';

/** mulberry32. */
export function seededChance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What all sessions and loads of one stand-in share. */
export class Cluster {
  readonly schemaChanges = new SchemaChanges();
  readonly publishing = new Publishing();
  /** Statements that were refused for their operators. */
  readonly tooComplex: string[] = [];
  /** Which StarRocks it stands for. */
  starrocksVersion = '3.3.5';
  #nextTransaction = 1;

  private constructor(
    readonly duck: Duck,
    readonly catalog: Catalog,
  ) {}

  /** @param folder of its data; null: in memory. */
  static async open(folder: string | null, seed: number): Promise<Cluster> {
    if (folder !== null) await mkdir(folder, { recursive: true });
    const duck = await Duck.open(folder === null ? null : path.join(folder, 'rows.duckdb'), seededChance(seed));
    const connection = await duck.connect();
    const cluster = new Cluster(duck, await Catalog.load(connection));
    const [row] = await (await connection.run('SELECT coalesce(max(transaction_id), 0) FROM standin.labels')).getRows();
    cluster.#nextTransaction = Number(row![0]) + 1;
    duck.disconnect(connection);
    return cluster;
  }

  nextTransaction(): number {
    return this.#nextTransaction++;
  }

  /** A transaction in which the catalogue may be changed. */
  change<T>(work: (connection: DuckDBConnection) => Promise<T>, task = new Task()): Promise<T> {
    const { catalog, duck } = this;
    return duck.write(work, task).then(
      (result) => {
        catalog.committed();
        return result;
      },
      (error: unknown) => {
        catalog.rolledBack();
        throw translated(error);
      },
    );
  }

  tableOf(name: readonly string[], database: string | null): Table {
    return this.catalog.table(name, database);
  }

  async close(): Promise<void> {
    await this.schemaChanges.close();
    await this.duck.close();
  }
}

/** Errors of DuckDB as errors of StarRocks. */
export function translated(error: unknown): unknown {
  if (error instanceof StarrocksError || error instanceof DroppedError || !(error instanceof Error)) return error;
  return new StarrocksError(error.message.replace(/^(?:\w+ )?Error: /, ''));
}
