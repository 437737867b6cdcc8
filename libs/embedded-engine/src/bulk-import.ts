import type { TagDefinition, TagTypeDefinition } from '@tessera/tag-catalog';
import type { EngineState } from './engine-state';
import { SHARD_SIZE, localOf, shardOf } from './shard';
import { ScalarShard } from './tags/scalar-shard';
import type { TagState } from './tags/tag-state';

/** Rows of one event type, column by column; row n is made of the n-th entries. */
export interface ImportedRows {
  readonly guids: ArrayLike<number>;
  readonly timesMs: ArrayLike<number>;
  /** By property id: the stored numbers, or with `texts` indexes into them; NaN: no value. */
  readonly properties: ReadonlyMap<number, { readonly values: ArrayLike<number>; readonly texts?: readonly string[] }>;
}

/**
 * Fills the engine column by column, past the log: for first loads of many millions of users. Nothing of it is durable before `finish`
 * resolves; a crash before leaves the data directory as it was. While it is open the engine takes no other writes, and its reads see
 * what has been imported so far.
 */
export class BulkImport {
  #finished = false;

  constructor(
    private readonly state: EngineState,
    private readonly checkpoint: () => Promise<void>,
  ) {}

  /**
   * Binds cuids that are all new, in order.
   * @returns the first guid; the others follow it.
   * @throws RangeError for a cuid that has a guid already, and none is bound; or for one that stands there twice, and all are.
   */
  bindUsers(cuids: readonly string[]): number {
    this.#demandOpen();
    return cuids.length === 0 ? this.state.identity.highestGuid + 1 : this.state.bindNew(cuids);
  }

  /**
   * Sets the values of consecutive users, written at `timeMs`.
   * @param values stored numbers: int as it is, decimal × 10^scale, date in days, datetime in ms, bool 0 or 1; NaN: none.
   */
  setNumbers(tag: TagDefinition, firstGuid: number, values: ArrayLike<number>, timeMs: number): void {
    this.#demandOpen();
    const state = this.state.tag(tag);
    this.state.usedTypes.add(tag.typeId);
    state.noteWrite(timeMs);
    for (let from = 0; from < values.length;) {
      const guid = firstGuid + from;
      const count = Math.min(values.length - from, SHARD_SIZE - localOf(guid));
      this.#setInShard(state, guid, sliceOf(values, from, count), timeMs);
      from += count;
    }
  }

  /** As `setNumbers` for string and enum tags. @param codes indexes into `texts`. */
  setTexts(
    tag: TagDefinition,
    firstGuid: number,
    texts: readonly string[],
    codes: ArrayLike<number>,
    timeMs: number,
  ): void {
    this.setNumbers(tag, firstGuid, encode(texts, codes, this.state.tag(tag).dictionary), timeMs);
  }

  /** Appends rows of an event type, in order of arrival. */
  appendEvents(type: TagTypeDefinition, rows: ImportedRows): void {
    this.#demandOpen();
    this.state.usedTypes.add(type.id);
    const events = this.state.eventType(type);
    const columns = type.properties.flatMap((property) => {
      const column = rows.properties.get(property.id);
      if (column === undefined) {
        return [];
      }
      const { dictionary } = events.property(property);
      const values = column.texts === undefined ? column.values : encode(column.texts, column.values, dictionary);
      return [{ id: property.id, values }];
    });
    for (let row = 0; row < rows.guids.length; row++) {
      const guid = rows.guids[row]!;
      const values: (readonly [number, number])[] = [];
      for (const column of columns) {
        const value = column.values[row]!;
        if (!Number.isNaN(value)) {
          values.push([column.id, value]);
        }
      }
      events.append(shardOf(guid), localOf(guid), rows.timesMs[row]!, values);
    }
  }

  /** Makes all of it durable and lets writes in again. */
  async finish(): Promise<void> {
    this.#demandOpen();
    this.#finished = true;
    await this.checkpoint();
  }

  #setInShard(tag: TagState, firstGuid: number, values: ArrayLike<number>, timeMs: number): void {
    const shard = tag.shardForWrite(shardOf(firstGuid));
    if (!(shard instanceof ScalarShard)) {
      throw new RangeError(`The tag ${tag.tag.name} holds sets: import it by messages.`);
    }
    const local = localOf(firstGuid);
    shard.beforeWrite();
    shard.setMany(local, values);
    const shared = this.state.type(tag.tag.typeId).sharedTimes(shardOf(firstGuid));
    for (let index = 0; index < values.length; index++) {
      if (!Number.isNaN(values[index]!)) {
        if (shared.get(local + index) === undefined) {
          shared.set(local + index, timeMs);
        }
        shard.times.set(local + index, timeMs);
      }
    }
  }

  #demandOpen(): void {
    if (this.#finished) {
      throw new Error('The import is finished: begin another one.');
    }
  }
}

function sliceOf(values: ArrayLike<number>, from: number, count: number): ArrayLike<number> {
  if (from === 0 && count === values.length) {
    return values;
  }
  return ArrayBuffer.isView(values)
    ? (values as Float64Array).subarray(from, from + count)
    : Array.from({ length: count }, (_, index) => values[from + index]!);
}

function encode(
  texts: readonly string[],
  codes: ArrayLike<number>,
  dictionary: { intern(text: string): number },
): Float64Array {
  const stored = texts.map((text) => dictionary.intern(text));
  const values = new Float64Array(codes.length);
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index]!;
    const value = Number.isNaN(code) ? NaN : stored[code];
    if (value === undefined) {
      throw new RangeError(`Value ${index} is code ${code}, but there are ${texts.length} texts.`);
    }
    values[index] = value;
  }
  return values;
}
