import type { PropertyDefinition } from '@tessera/tag-catalog';
import { NumberVector } from '../columns/number-vector';
import { ByteReader, ByteWriter } from '../storage/bytes';
import { Chunk, type ChunkTracker } from '../storage/chunk-tracker';
import { RowColumn } from './row-column';
import { firstRowFrom, orderByUser, orderedRows } from './sort-rows';

export const DAY_MS = 86_400_000;
/** Rows one bucket can take: guid positions fit 32 bits, and a day of one shard stays far below. */
const ROWS_MAX = 2 ** 31;

/** Rows out of order that a scan looks through; more, and more than this share of all, are put in order before. */
const UNORDERED_MAX = 2048;
const UNORDERED_SHARE_MAX = 1 / 8;

/** Given to each content of each bucket of the process: no two are alike. */
let lastVersion = 0;

/** Room for more rows that a bucket put in order may keep, as a share of its rows. */
const ROOM_SHARE_MAX = 1 / 8;

/** The UTC day (since 1970) an instant lies in. */
export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS);
}

/**
 * The rows of one event type, one shard and one UTC day, column by column. Times are kept as milliseconds of the day (27 bits). A
 * property's column holds ordinals, 0 and 1 for false and true, or codes of the property's dictionary.
 *
 * The first rows stand in order of their users, those of one user in order of arrival; rows that came since stand behind them in
 * order of arrival. `orderRows` takes these in: before the bucket is stored, and when single users are read. So a scan meets users
 * in order, day by day, and one user's rows are found by binary search. Row numbers change with it.
 */
export class EventBucket extends Chunk {
  #locals = new RowColumn();
  #times = new RowColumn();
  readonly #properties = new Map<number, NumberVector>();
  /** Rows in order; undefined: to be looked at. */
  #ordered: number | undefined;
  #version = ++lastVersion;

  constructor(
    typeId: number,
    shard: number,
    readonly day: number,
    private readonly chunks: ChunkTracker,
    stored?: Buffer,
  ) {
    super(EventBucket.key(typeId, shard, day), chunks);
    if (stored !== undefined) {
      const reader = new ByteReader(stored);
      this.#locals = RowColumn.read(reader, ROWS_MAX);
      this.#times = RowColumn.read(reader, ROWS_MAX);
      for (let count = reader.u32(); count > 0; count--) {
        const propertyId = reader.u32();
        this.#properties.set(propertyId, NumberVector.read(reader, ROWS_MAX));
      }
    }
  }

  static keyPrefix(typeId: number): string {
    return `e/${typeId}/`;
  }

  static key(typeId: number, shard: number, day: number): string {
    return `${EventBucket.keyPrefix(typeId)}${shard.toString().padStart(5, '0')}/${day.toString().padStart(6, '0')}`;
  }

  get rows(): number {
    return this.#locals.length;
  }

  /** A new one with every change, also of the rows' order alone; no other bucket ever has the same. */
  get version(): number {
    return this.#version;
  }

  get mayLeave(): boolean {
    return true;
  }

  get startMs(): number {
    return this.day * DAY_MS;
  }

  get bytes(): number {
    let bytes = this.#locals.bytes + this.#times.bytes;
    for (const column of this.#properties.values()) {
      bytes += column.bytes;
    }
    return bytes;
  }

  /** Each row's user (local position); may be longer than `rows`. */
  get locals(): Int32Array {
    return this.#locals.data;
  }

  /** Each row's milliseconds of the day; may be longer than `rows`. */
  get timesOfDay(): Int32Array {
    return this.#times.data;
  }

  /** The column of a property; undefined if no row has a value. Shorter than `rows` where the last rows have none. */
  column(property: PropertyDefinition): NumberVector | undefined {
    return this.#properties.get(property.id);
  }

  columns(): Iterable<[number, NumberVector]> {
    return this.#properties;
  }

  append(local: number, timeMs: number, values: Iterable<readonly [propertyId: number, stored: number]>): void {
    this.beforeWrite();
    this.#version = ++lastVersion;
    const row = this.rows;
    if (this.#ordered === row && (row === 0 || this.locals[row - 1]! <= local)) {
      this.#ordered++;
    }
    this.#locals.push(local);
    this.#times.push(timeMs - this.startMs);
    for (const [propertyId, stored] of values) {
      let column = this.#properties.get(propertyId);
      if (column === undefined) {
        column = new NumberVector(ROWS_MAX);
        this.#properties.set(propertyId, column);
      }
      column.set(row, stored);
    }
  }

  /** The rows of one user, in order of arrival. */
  rowsOf(local: number): number[] {
    const found: number[] = [];
    const { locals, rows } = this;
    const ordered = this.orderedRows;
    for (let row = firstRowFrom(locals, 0, ordered, local); row < ordered && locals[row] === local; row++) {
      found.push(row);
    }
    for (let row = locals.indexOf(local, ordered); row !== -1 && row < rows; row = locals.indexOf(local, row + 1)) {
      found.push(row);
    }
    return found;
  }

  /** Rows that `rowsOf` has to look at one by one. */
  get unorderedRows(): number {
    return this.rows - this.orderedRows;
  }

  /** The first rows, which stand in order of their users. */
  get orderedRows(): number {
    return (this.#ordered ??= orderedRows(this.locals, this.rows));
  }

  /** Puts the rows in order where a scan would look through too many that are not. */
  prepareToScan(): void {
    if (this.unorderedRows > Math.max(UNORDERED_MAX, this.rows * UNORDERED_SHARE_MAX)) {
      this.orderRows();
    }
  }

  /** Other threads let go of the rows as they were sent: they leave memory, or others take their place. */
  letGo(): void {
    this.chunks.letGo(this.key);
  }

  /** Makes `rowsOf` fast for all rows there are now, and leaves no room to spare. What the bucket holds does not change. */
  orderRows(): void {
    const { rows } = this;
    if (this.unorderedRows > 0 || this.locals.length > rows * (1 + ROOM_SHARE_MAX)) {
      this.#take(orderByUser(this.locals, rows));
      this.#ordered = rows;
    }
  }

  /** Time of the newest row; the day's start if there is none. */
  get lastMs(): number {
    let last = 0;
    for (let row = 0; row < this.rows; row++) {
      last = Math.max(last, this.timesOfDay[row]!);
    }
    return this.startMs + last;
  }

  /** Takes a user's rows away for good. @returns how many. */
  removeUser(local: number): number {
    if (this.rowsOf(local).length === 0) {
      return 0;
    }
    // May store the bucket, which puts it in order: row numbers are good only afterwards.
    this.beforeWrite();
    const removed = new Set(this.rowsOf(local));
    const kept = new Uint32Array(this.rows - removed.size);
    let count = 0;
    for (let row = 0; row < this.rows; row++) {
      if (!removed.has(row)) {
        kept[count++] = row;
      }
    }
    this.#take(kept);
    this.#ordered = undefined;
    return removed.size;
  }

  serialize(): Buffer {
    this.orderRows();
    const writer = new ByteWriter();
    this.#locals.write(writer);
    this.#times.write(writer);
    writer.u32(this.#properties.size);
    for (const [propertyId, column] of this.#properties) {
      writer.u32(propertyId);
      column.write(writer);
    }
    return writer.finish();
  }

  /** Row i becomes what row order[i] was. */
  #take(order: Uint32Array): void {
    this.#version = ++lastVersion;
    this.letGo();
    this.#locals.reorder(order);
    this.#times.reorder(order);
    for (const column of this.#properties.values()) {
      column.reorder(order);
    }
  }
}
