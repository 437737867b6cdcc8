import type {
  EventRow,
  EventTotals,
  Interval,
  ReadUser,
  TagState as TagStateOfUser,
  TimedValue,
} from '@tessera/audience';
import type { Guid, TagDefinition, TagTypeDefinition, TagValue } from '@tessera/tag-catalog';
import type { EngineState } from './engine-state';
import type { KeptFrom } from './evaluate/shard-evaluator';
import type { EventBucket } from './events/event-bucket';
import { localOf, shardOf } from './shard';

/** Rows that are cheaper looked at one by one than kept in order. */
const UNORDERED_ROWS_MAX = 256;
/** A read puts buckets in order for later ones, up to this many rows (some 2 ms): no single read pays for all of them. */
const ORDERED_ROWS_A_READ = 20_000;

/** One user's data read straight from the forward columns and event rows. */
export class EmbeddedUserView implements ReadUser {
  readonly #shard: number;
  readonly #local: number;

  constructor(
    private readonly state: EngineState,
    readonly guid: Guid,
    readonly cuid: string,
    private readonly tags: Iterable<TagDefinition>,
    private readonly keptFrom: KeptFrom,
  ) {
    this.#shard = shardOf(guid);
    this.#local = localOf(guid);
  }

  tagValue(tag: TagDefinition): TimedValue | undefined {
    const held = this.state.findTag(tag);
    const value = held?.valueAt(this.#shard, this.#local);
    return value === undefined
      ? undefined
      : { value, timeMs: held?.shard(this.#shard)?.times.get(this.#local) ?? null };
  }

  tagStates(): readonly TagStateOfUser[] {
    const states: TagStateOfUser[] = [];
    for (const tag of this.tags) {
      const held = this.state.findTag(tag);
      const timeMs = held?.shard(this.#shard)?.times.get(this.#local) ?? null;
      const value = held?.valueAt(this.#shard, this.#local) ?? null;
      if (value !== null || timeMs !== null) {
        states.push({ tag, value, timeMs });
      }
    }
    return states;
  }

  events(type: TagTypeDefinition, fromMs: number | null, toMs: number): readonly EventRow[] {
    const rows: EventRow[] = [];
    const held = this.state.events.get(type.id);
    this.#eachRow(type, { fromMs, toMs }, (timeMs, bucket, row) => {
      const properties = new Map<number, TagValue>();
      for (const property of type.properties) {
        const stored = bucket.column(property)?.get(row);
        if (stored !== undefined && held !== undefined) {
          properties.set(property.id, held.property(property).decode(stored));
        }
      }
      rows.push({ timeMs, properties });
    });
    // Buckets come in order of days, rows within a day in order of arrival; the sort is stable.
    return rows.sort((a, b) => a.timeMs - b.timeMs);
  }

  eventTotals(type: TagTypeDefinition, toMs: number): EventTotals {
    let rows = 0;
    let lastMs: number | null = null;
    this.#eachRow(type, { fromMs: null, toMs }, (timeMs) => {
      rows += 1;
      lastMs = Math.max(lastMs ?? timeMs, timeMs);
    });
    return { rows, lastMs };
  }

  /** The user's rows with fromMs ≤ t < toMs inside the retention, as they are stored. */
  #eachRow(
    type: TagTypeDefinition,
    { fromMs, toMs }: Interval,
    use: (timeMs: number, bucket: EventBucket, row: number) => void,
  ): void {
    const held = this.state.events.get(type.id);
    const from = Math.max(fromMs ?? -Infinity, this.keptFrom(type));
    if (held === undefined || from >= toMs) {
      return;
    }
    let orderedRows = 0;
    for (const bucket of held.buckets(this.#shard, from === -Infinity ? null : from, toMs)) {
      if (bucket.unorderedRows > UNORDERED_ROWS_MAX && orderedRows < ORDERED_ROWS_A_READ) {
        orderedRows += bucket.rows;
        bucket.orderRows();
      }
      for (const row of bucket.rowsOf(this.#local)) {
        const timeMs = bucket.startMs + bucket.timesOfDay[row]!;
        if (timeMs >= from && timeMs < toMs) {
          use(timeMs, bucket, row);
        }
      }
    }
  }

  inList(listId: string): boolean {
    return this.state.lists.get(listId)?.has(this.guid) ?? false;
  }

  /** Audiences with snapshots are not kept by this engine yet, so no plan can refer to one. */
  inSnapshot(): boolean {
    return false;
  }
}
