import { setTimeout as sleep } from 'node:timers/promises';
import { StarrocksError } from '../connection/starrocks-error';
import { GUID, ROW, TAG, TIME, USERS_TABLE, identifier } from '../schema/names';
import { cellSql } from './cell-text';
import type { SureStatements } from './statements';
import { UnfitRowsError } from './table-load';
import type { BatchLoad, Cell, Fence, LoadLimits, LoadRow, LoadTransport, TableLoad } from './table-load';

/** A row that can't be stored, and why. */
export type OnUnfit<R> = (row: LoadRow<R>, why: string) => Promise<void>;

export interface LoadRunnerOptions<R> {
  readonly transport: LoadTransport;
  readonly statements: SureStatements;
  readonly limits: LoadLimits;
  /** Resolves when somebody was told for good. */
  readonly onUnfit: OnUnfit<R>;
  readonly onLoad: (table: string, rows: number, ms: number) => void;
  /** False: profile tables take NULL for "as it was", so a tag can't be cleared there. */
  readonly clearsTags: boolean;
}

/** A row that is refused is tried again so much later, each time after the last. */
const AGAIN_AFTER_MS = [500, 1_000, 2_000];

/** What was refused once. */
interface Refusal {
  readonly fence: Fence;
  readonly why: string;
}

const KEYS: ReadonlySet<string> = new Set([GUID, TIME, ROW, TAG]);

/** Writes loads of any length in parts of a good size, and finds rows that StarRocks can't take. */
export class LoadRunner<R> {
  #probes = 0;

  constructor(private readonly options: LoadRunnerOptions<R>) {}

  /** @throws FencedError; StarrocksError: some parts may be written, nothing goes on. */
  async run(load: BatchLoad<R>, fence: Fence): Promise<void> {
    const fit = this.options.clearsTags ? load : await this.#withoutClears(load);
    for (const rows of partsOf(fit, this.options.limits)) await this.#write({ ...load, rows }, fence);
  }

  /** What else a row says is written: beside a value of NULL a time of NULL leaves a tag as it was. */
  async #withoutClears(load: BatchLoad<R>): Promise<BatchLoad<R>> {
    const { table, columns, rows } = load;
    const times = columns.flatMap(({ name }, place) => (name.startsWith(`${TIME}_`) ? [place] : []));
    if (times.length === 0) return load;
    const kept: LoadRow<R>[] = [];
    for (const row of rows) {
      // The time of a tag stands behind its value.
      const set = times.filter((place) => (row.cells[place - 1] ?? null) !== null);
      if (set.length > 0) kept.push({ ...row, cells: withoutTimes(row.cells, times, set) });
      if (set.length === times.length) continue;
      await this.options.onUnfit(row, `${table} is made with REPLACE_IF_NOT_NULL: its tags can't be cleared`);
    }
    return { ...load, rows: kept };
  }

  /** Halves what is refused until the rows are found that are to blame. */
  async #write(load: BatchLoad<R>, fence: Fence): Promise<void> {
    if (load.rows.length === 0) return;
    const why = await this.#try(load, fence);
    if (why === null) return;
    const [first] = load.rows;
    if (first === undefined || !(await this.#takesKeys(load, first, fence))) {
      throw new StarrocksError(`${load.table} takes no rows: ${why}`, 'overloaded');
    }
    if (load.rows.length === 1) {
      if (!(await this.#getsThrough(load, first, { fence, why }))) await this.options.onUnfit(first, why);
      return;
    }
    const half = load.rows.length >> 1;
    await this.#write({ ...load, rows: load.rows.slice(0, half) }, fence);
    await this.#write({ ...load, rows: load.rows.slice(half) }, fence);
  }

  /**
   * Tries a row again that was refused alone. What is said of a row is said again; a full disk, say, or a frontend in trouble, may have refused this one and
   * have taken its keys a moment later.
   * @returns true: it is written. False: the same is said of it each time, while its keys are taken. @throws StarrocksError: something else is said.
   */
  async #getsThrough(load: BatchLoad<R>, row: LoadRow<R>, { fence, why }: Refusal): Promise<boolean> {
    for (const pauseMs of AGAIN_AFTER_MS) {
      await sleep(pauseMs);
      const again = await this.#try({ ...load, batch: this.#another(load.batch) }, fence);
      if (again === null) return true;
      if (withoutNumbers(again) !== withoutNumbers(why) || !(await this.#takesKeys(load, row, fence))) {
        throw new StarrocksError(`${load.table} takes no rows: ${again}`, 'overloaded');
      }
    }
    return false;
  }

  /** Names what is sent to see whether it is taken by now, whatever was said before. */
  #another(batch: string): string {
    this.#probes += 1;
    return `${batch} probe ${this.#probes}`;
  }

  /** @returns why the rows are refused; null: they are written. */
  async #try(load: BatchLoad<R>, fence: Fence): Promise<string | null> {
    const startedMs = performance.now();
    const sources = new Set(load.rows.map(({ source }) => source));
    try {
      await this.options.transport.load(load, new Map([...fence].filter(([source]) => sources.has(source))));
    } catch (error) {
      if (error instanceof UnfitRowsError) return error.message;
      throw error;
    }
    this.options.onLoad(load.table, load.rows.length, performance.now() - startedMs);
    return null;
  }

  /**
   * Whether the table takes the row without its values: then it is these that can't be stored; else the table takes nothing, or a column or a StarRocks partition is
   * missing, and rows wait. A row of keys alone changes nothing: it says of no tag that it has a value. That of an event would count, and is taken away.
   */
  async #takesKeys({ table, columns, batch }: BatchLoad<R>, row: LoadRow<R>, fence: Fence): Promise<boolean> {
    if (table === USERS_TABLE) return false;
    const kept = columns.flatMap((column, place) =>
      KEYS.has(column.name) ? [{ column, cell: row.cells[place] }] : [],
    );
    // In a table of kv tags the time is a value.
    const isKv = columns.some(({ name }) => name === TAG);
    const keys = isKv ? kept.filter(({ column }) => column.name !== TIME) : kept;
    const alone = {
      ...{ table, columns: keys.map(({ column }) => column), batch: this.#another(batch) },
      rows: [{ ...row, cells: cellsOf(keys) }],
    };
    const columnNames = columns.map(({ name }) => identifier(name)).join(', ');
    try {
      await this.options.statements.pool.rows(`SELECT ${columnNames} FROM ${identifier(table)} LIMIT 0`);
    } catch (error) {
      if (error instanceof StarrocksError && error.kind === 'refused') return false;
      throw error;
    }
    if ((await this.#try(alone, fence)) !== null) return false;
    if (columns.some(({ name }) => name === ROW)) {
      const isRow = keys.map(
        ({ column, cell }) => `${identifier(column.name)} = ${cellSql(column.type, cell ?? null)}`,
      );
      await this.options.statements.write(`DELETE FROM ${identifier(table)} WHERE ${isRow.join(' AND ')}`);
    }
    return true;
  }
}

/** What is said, without what differs each time: addresses, ids and numbers. */
function withoutNumbers(text: string): string {
  return text
    .replaceAll(/https?:\/\/\S+/g, '')
    .replaceAll(/\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/gi, '#')
    .replaceAll(/\d+/g, '#');
}

/** @param kept of the times' places those that stay. */
function withoutTimes(cells: readonly Cell[], times: readonly number[], kept: readonly number[]): readonly Cell[] {
  if (kept.length === times.length) return cells;
  return cells.map((cell, place) => (times.includes(place) && !kept.includes(place) ? null : cell));
}

function cellsOf(keys: readonly { readonly cell: Cell | undefined }[]): readonly Cell[] {
  return keys.map(({ cell }) => cell ?? null);
}

/** In parts within the limits; a row that is longer than them by itself comes alone. */
export function* partsOf<R>({ rows }: TableLoad<R>, limits: LoadLimits): Generator<readonly LoadRow<R>[]> {
  let first = 0;
  let bytes = 0;
  for (const [place, row] of rows.entries()) {
    const size = bytesOf(row);
    const isFull = place - first >= limits.rows || bytes + size > limits.bytes;
    if (isFull && place > first) {
      yield rows.slice(first, place);
      first = place;
      bytes = 0;
    }
    bytes += size;
  }
  if (first < rows.length) yield rows.slice(first);
}

const NUMBER_BYTES = 26;

/** As SQL or JSON, about; never much less than it will be. */
function bytesOf({ cells }: LoadRow): number {
  let bytes = 4;
  for (const cell of cells) {
    if (typeof cell === 'string') bytes += textBytes(cell);
    else if (Array.isArray(cell)) for (const element of cell as readonly string[]) bytes += textBytes(element);
    else bytes += NUMBER_BYTES;
  }
  return bytes;
}

function textBytes(text: string): number {
  return NUMBER_BYTES + Buffer.byteLength(text);
}
