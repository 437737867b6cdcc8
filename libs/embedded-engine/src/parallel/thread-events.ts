import type { NumberColumn } from '../columns/number-vector';
import { DAY_MS, dayOf } from '../events/event-bucket';
import type { EventSource, RowBucket } from '../events/event-source';
import type { RowsUpdate } from './thread-messages';

/** The rows of one type, shard and day as they were sent. */
class ThreadBucket implements RowBucket {
  readonly startMs: number;
  readonly rows: number;
  readonly orderedRows: number;
  readonly locals: Int32Array;
  readonly timesOfDay: Int32Array;
  readonly #columns: ReadonlyMap<number, NumberColumn>;

  constructor(readonly update: RowsUpdate) {
    this.startMs = update.day * DAY_MS;
    this.rows = update.rows;
    this.orderedRows = update.orderedRows;
    this.locals = update.locals;
    this.timesOfDay = update.timesOfDay;
    this.#columns = new Map(update.columns);
  }

  column(property: { readonly id: number }): NumberColumn | undefined {
    return this.#columns.get(property.id);
  }
}

interface Days {
  readonly byDay: Map<number, ThreadBucket>;
  /** Null: to be sorted. */
  sorted: readonly ThreadBucket[] | null;
}

/**
 * The rows that a thread was sent of one event type. Days that no question has asked for lately may be out of date: each task brings
 * those that it looks at.
 */
class ThreadRows implements EventSource {
  readonly recent = null;
  readonly #shards: (Days | undefined)[] = [];

  daysOf(shard: number): Days {
    return (this.#shards[shard] ??= { byDay: new Map(), sorted: null });
  }

  bucketsToScan(shard: number, fromMs: number | null, toMs: number): readonly RowBucket[] {
    const days = this.daysOf(shard);
    days.sorted ??= [...days.byDay.values()].sort((a, b) => a.startMs - b.startMs);
    const firstMs = fromMs === null ? -Infinity : dayOf(fromMs) * DAY_MS;
    return days.sorted.filter(({ startMs }) => startMs >= firstMs && startMs < toMs);
  }
}

/** The rows that a thread was sent. */
export class ThreadEvents {
  readonly #types = new Map<number, ThreadRows>();
  readonly #byKey = new Map<string, ThreadBucket>();

  of(typeId: number): EventSource {
    return this.#rowsOf(typeId);
  }

  update(update: RowsUpdate): void {
    const bucket = new ThreadBucket(update);
    const days = this.#rowsOf(update.typeId).daysOf(update.shard);
    days.byDay.set(update.day, bucket);
    days.sorted = null;
    this.#byKey.set(update.key, bucket);
  }

  forget(key: string): void {
    const bucket = this.#byKey.get(key);
    if (bucket !== undefined) {
      const { typeId, shard, day } = bucket.update;
      const days = this.#rowsOf(typeId).daysOf(shard);
      days.byDay.delete(day);
      days.sorted = null;
      this.#byKey.delete(key);
    }
  }

  #rowsOf(typeId: number): ThreadRows {
    let rows = this.#types.get(typeId);
    if (rows === undefined) {
      rows = new ThreadRows();
      this.#types.set(typeId, rows);
    }
    return rows;
  }
}
