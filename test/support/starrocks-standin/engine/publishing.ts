import type { DuckDBConnection } from '@duckdb/node-api';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Table } from '../catalog/table';

/** As `SHOW TRANSACTION` has it. */
export type TransactionStatus = 'COMMITTED' | 'VISIBLE';

interface Hidden {
  /** What queries read meanwhile. */
  readonly stored: string;
  readonly over: Promise<unknown>;
}

/**
 * What is committed and not visible yet, by table. StarRocks makes versions of a table visible in their order, so nothing that is written later is
 * visible before: until then queries read the table as it was.
 */
export class Publishing {
  readonly #hidden = new Map<string, Hidden>();
  readonly #committed = new Map<number, Hidden>();
  #next = 1;

  /** From now on nobody sees what is written to the table. @param connection one that sees what is committed, not the writer's. */
  async hide(connection: DuckDBConnection, { stored }: Table, ms: number): Promise<void> {
    const before = this.#hidden.get(stored);
    const copy = before?.stored ?? `standin.hidden_${this.#next++}`;
    if (before === undefined) await connection.run(`CREATE OR REPLACE TABLE ${copy} AS SELECT * FROM ${stored}`);
    const over = Promise.all([before?.over, sleep(ms, undefined, { ref: false })]);
    const hidden = { stored: copy, over };
    this.#hidden.set(stored, hidden);
    void over.then(() => {
      if (this.#hidden.get(stored) === hidden) this.#hidden.delete(stored);
    });
  }

  /** The table as queries see it now. */
  shown(table: Table): Table {
    const hidden = this.#hidden.get(table.stored);
    return hidden === undefined ? table : { ...table, stored: hidden.stored };
  }

  /** Waits until what the transaction has written to the table is visible, for so long at most. @returns its state by then. */
  async publish(transaction: number, { stored }: Table, waitMs: number): Promise<TransactionStatus> {
    const hidden = this.#hidden.get(stored);
    if (hidden === undefined) return 'VISIBLE';
    this.#committed.set(transaction, hidden);
    void hidden.over.then(() => this.#committed.delete(transaction));
    await Promise.race([hidden.over, sleep(waitMs, undefined, { ref: false })]);
    return this.statusOf(transaction);
  }

  /** Of a transaction that was committed. */
  statusOf(transaction: number): TransactionStatus {
    return this.#committed.has(transaction) ? 'COMMITTED' : 'VISIBLE';
  }
}
