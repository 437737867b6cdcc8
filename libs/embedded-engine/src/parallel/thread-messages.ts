import type { PackedParts } from '@tessera/bitmap';
import type { NumberColumn } from '../columns/number-vector';
import type { LoweredNode } from '../evaluate/lowered-plan';
import type { RecentTimesParts } from '../events/recent-times';
import type { ScalarIndexParts } from '../tags/scalar-index';
import type { TagTypeDefinition } from '@tessera/tag-catalog';

/** One tag in one shard, as the engine's thread has it now; all arrays are shared memory. */
export interface ScalarUpdate {
  readonly typeId: number;
  readonly tagId: number;
  readonly shard: number;
  readonly column: NumberColumn;
  /** Null: there is no index. `same`: the one sent last. */
  readonly index: ScalarIndexParts | 'same' | null;
  /** Who has changed since the index was built: one bit a position; null: nobody. */
  readonly changed: { readonly words: Uint32Array; readonly count: number; readonly end: number } | null;
}

export interface UniverseUpdate {
  readonly shard: number;
  /** One bitmap. */
  readonly users: PackedParts;
}

/** The rows of one event type, shard and UTC day; all arrays are shared memory that is never changed where these rows stand. */
export interface RowsUpdate {
  /** Of the bucket's chunk. */
  readonly key: string;
  readonly typeId: number;
  readonly shard: number;
  readonly day: number;
  readonly rows: number;
  readonly orderedRows: number;
  readonly locals: Int32Array;
  readonly timesOfDay: Int32Array;
  /** By property id. */
  readonly columns: readonly (readonly [number, NumberColumn])[];
}

/** The users of a node in one shard, found by the engine's own thread. */
export interface GivenUsers {
  readonly shard: number;
  /** Of the node. */
  readonly key: string;
  /** One bitmap. */
  readonly users: PackedParts;
}

/** Newest rows of users that are to be taken together. */
export interface TimesOrder {
  readonly eventType: TagTypeDefinition;
  readonly shard: number;
  readonly depth: number;
  readonly fromMs: number;
}

export interface BuiltTimes {
  readonly typeId: number;
  readonly shard: number;
  readonly parts: RecentTimesParts;
}

/** What the event leaves of a task need. */
export interface EventsOfTask {
  readonly rows: readonly RowsUpdate[];
  readonly given: readonly GivenUsers[];
  readonly orders: readonly TimesOrder[];
  /** Instants by id of event type: rows before are past their retention. */
  readonly keptFromMs: ReadonlyMap<number, number>;
}

/** What the engine's thread asks of another; tasks of one thread are done one after the other. */
export type ThreadTask =
  | {
      readonly kind: 'count';
      readonly id: number;
      readonly nodes: readonly LoweredNode[];
      readonly shards: readonly number[];
      readonly scalars: readonly ScalarUpdate[];
      readonly universes: readonly UniverseUpdate[];
      /** Null: there are no event leaves. */
      readonly events: EventsOfTask | null;
    }
  /** Nothing is to be kept of this shard; not answered. */
  | { readonly kind: 'forget'; readonly id: number; readonly tagId: number; readonly shard: number }
  /** As `forget`, of rows of events: keys of their chunks. */
  | { readonly kind: 'forgetRows'; readonly id: number; readonly keys: readonly string[] }
  | { readonly kind: 'build'; readonly id: number; readonly column: NumberColumn; readonly ordinal: boolean };

export type ThreadAnswer =
  /** For each shard asked, one count a node. */
  | {
      readonly kind: 'counted';
      readonly id: number;
      readonly counts: Float64Array;
      readonly times: readonly BuiltTimes[];
    }
  | { readonly kind: 'built'; readonly id: number; readonly index: ScalarIndexParts }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string };
