import { setTimeout as sleep } from 'node:timers/promises';
import type { Table } from '../catalog/table';
import { StarrocksError } from '../starrocks-error';

type State = 'WAITING_TXN' | 'RUNNING' | 'FINISHED' | 'CANCELLED';

/** What SHOW ALTER TABLE COLUMN tells of a change of columns. */
export interface SchemaChange {
  readonly id: number;
  readonly database: string;
  readonly table: string;
  readonly createdMs: number;
  finishedMs: number | null;
  state: State;
  message: string;
}

/** Changes of columns, which StarRocks makes in the background, one at a time for each table (ALTER_TABLE.md, Limits and usage notes). */
export class SchemaChanges {
  /** How long each takes; 0: it is done when the statement is. */
  durationMs = 0;
  readonly #all: SchemaChange[] = [];
  #underWay: Promise<void> = Promise.resolve();

  /** The newest first. */
  of(database: string): SchemaChange[] {
    return this.#all.filter((one) => one.database === database).reverse();
  }

  /** @throws StarrocksError while the table's columns are being changed: nothing else is altered then. */
  checkNormal({ database, name }: Pick<Table, 'database' | 'name'>): void {
    const isBusy = this.#all.some((one) => one.database === database && one.table === name && !isOver(one));
    if (!isBusy) return;
    throw new StarrocksError(`Table[${name}]'s state(SCHEMA_CHANGE) is not NORMAL. Do not allow doing ALTER ops`);
  }

  /**
   * Makes a change, at once or in a while. @param check throws what StarRocks says at once. @param work the change; what it throws cancels it.
   */
  async begin(
    { database, name }: Pick<Table, 'database' | 'name'>,
    check: () => Promise<void>,
    work: () => Promise<void>,
  ): Promise<void> {
    const { durationMs } = this;
    if (durationMs > 0) await check();
    this.checkNormal({ database, name });
    const id = this.#all.length + 1;
    const change: SchemaChange = {
      ...{ id, database, table: name, createdMs: Date.now(), finishedMs: null, message: '' },
      state: 'WAITING_TXN',
    };
    if (durationMs === 0) {
      await work();
      this.#all.push({ ...change, state: 'FINISHED', finishedMs: Date.now() });
      return;
    }
    this.#all.push(change);
    this.#underWay = Promise.all([this.#underWay, this.#run(change, durationMs, work)]).then(() => undefined);
  }

  /** Resolves when none is under way. */
  async close(): Promise<void> {
    await this.#underWay;
  }

  async #run(change: SchemaChange, durationMs: number, work: () => Promise<void>): Promise<void> {
    await sleep(durationMs / 2);
    change.state = 'RUNNING';
    await sleep(durationMs / 2);
    try {
      await work();
      change.state = 'FINISHED';
    } catch (error) {
      change.state = 'CANCELLED';
      change.message = error instanceof Error ? error.message : String(error);
    }
    change.finishedMs = Date.now();
  }
}

function isOver({ state }: SchemaChange): boolean {
  return state === 'FINISHED' || state === 'CANCELLED';
}
