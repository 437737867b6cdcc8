import type { PropertyDefinition } from '@tessera/tag-catalog';
import { NumberVector } from '../columns/number-vector';
import { ByteReader, ByteWriter } from '../storage/bytes';
import { RowOrder } from './row-order';
import { Chunk, type ChunkTracker } from '../storage/chunk-tracker';

export const DAY_MS = 86_400_000;
/** Rows one bucket can take: guid positions fit 32 bits, and a day of one shard stays far below. */
const ROWS_MAX = 2 ** 31;

/** The UTC day (since 1970) an instant lies in. */
export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS);
}

/**
 * The rows of one event type, one shard and one UTC day, column by column, in order of arrival. Times are kept as milliseconds of the
 * day (27 bits). A property's column holds ordinals, 0 and 1 for false and true, or codes of the property's dictionary.
 */
export class EventBucket extends Chunk {
  #locals: NumberVector;
  #times: NumberVector;
  readonly #properties = new Map<number, NumberVector>();
  /** Made when users' rows are read; not stored. */
  #order: RowOrder | null = null;

  constructor(
    typeId: number,
    shard: number,
    readonly day: number,
    tracker: ChunkTracker,
    stored?: Buffer,
  ) {
    super(EventBucket.key(typeId, shard, day), tracker);
    this.#locals = new NumberVector(ROWS_MAX);
    this.#times = new NumberVector(ROWS_MAX);
    if (stored !== undefined) {
      const reader = new ByteReader(stored);
      this.#locals = NumberVector.read(reader, ROWS_MAX);
      this.#times = NumberVector.read(reader, ROWS_MAX);
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

  get startMs(): number {
    return this.day * DAY_MS;
  }

  get bytes(): number {
    let bytes = this.#locals.bytes + this.#times.bytes + (this.#order?.bytes ?? 0);
    for (const column of this.#properties.values()) {
      bytes += column.bytes;
    }
    return bytes;
  }

  /** Each row's user (local position). */
  get locals(): ArrayLike<number> {
    return this.#locals.data;
  }

  /** Each row's milliseconds of the day. */
  get timesOfDay(): ArrayLike<number> {
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
    const row = this.rows;
    this.#locals.set(row, local);
    this.#times.set(row, timeMs - this.startMs);
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
    const locals = this.#locals.data;
    const end = this.rows;
    this.#order?.find(local, found);
    for (
      let row = locals.indexOf(local, this.#order?.count ?? 0);
      row !== -1 && row < end;
      row = locals.indexOf(local, row + 1)
    ) {
      found.push(row);
    }
    return found;
  }

  /** Rows that `rowsOf` has to look at one by one. */
  get unorderedRows(): number {
    return this.rows - (this.#order?.count ?? 0);
  }

  /** Makes `rowsOf` fast for all rows there are now. */
  orderRows(): void {
    this.#order = new RowOrder(this.#locals.data, this.rows);
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
    const removed = new Set(this.rowsOf(local));
    if (removed.size === 0) {
      return 0;
    }
    this.beforeWrite();
    const kept = new Uint32Array(this.rows - removed.size);
    let count = 0;
    for (let row = 0; row < this.rows; row++) {
      if (!removed.has(row)) {
        kept[count++] = row;
      }
    }
    this.#order = null;
    this.#locals.keep(kept);
    this.#times.keep(kept);
    for (const column of this.#properties.values()) {
      column.keep(kept);
    }
    return removed.size;
  }

  serialize(): Buffer {
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
}
