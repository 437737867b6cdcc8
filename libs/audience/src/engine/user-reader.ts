import type { Guid, TagDefinition, TagTypeDefinition } from '@tessera/tag-catalog';
import type { DataVersion } from './segmentation-engine';
import type { UserView } from './user-view';

/** Rows of one event type that a reading needs of each user. Several of one type add up. */
export interface RowWants {
  readonly type: TagTypeDefinition;
  /** Rows with fromMs ≤ t < toMs; null: open. */
  readonly fromMs: number | null;
  readonly toMs: number;
  /**
   * Null: all of them. Else all from `beforeMs` on and, of those before it, the newest `rows` at least; of the instant of the oldest of these
   * none is left out.
   */
  readonly newest: { readonly rows: number; readonly beforeMs: number } | null;
}

/** Up to when the rows of an event type are summed up. */
export interface TotalsWants {
  readonly type: TagTypeDefinition;
  /** Rows before this. */
  readonly toMs: number;
}

export interface SnapshotWants {
  readonly audienceId: string;
  readonly version: number;
}

/** All that a reading will look at: readers that fetch it do so beforehand. Views need not have anything else. */
export interface UserWants {
  readonly tags: Iterable<TagDefinition>;
  readonly rows: readonly RowWants[];
  readonly totals: readonly TotalsWants[];
  readonly lists: readonly string[];
  readonly snapshots: readonly SnapshotWants[];
}

/** A user's rows of one event type, inside the retention. */
export interface EventTotals {
  readonly rows: number;
  /** Time of the newest; null: there are none. */
  readonly lastMs: number | null;
}

/** A user as a reader shows it. */
export interface ReadUser extends UserView {
  /** Of rows before `toMs`. */
  eventTotals(type: TagTypeDefinition, toMs: number): EventTotals;
}

/** What became of the users read. */
export interface UsersRead<T> {
  /** What `use` gave back, in the order of the cuids. */
  readonly results: readonly T[];
  readonly dataVersion: DataVersion;
}

/** Called for each user; undefined: not known or erased. The view holds for this call only. */
export type UseUser<T> = (user: ReadUser | undefined, index: number) => T;

/**
 * Where the rows, lists and snapshots of single users are. `near`: as near as the tags; `far`: they have to be fetched from the engine, so a question that
 * needs them is better put to its `contains`; `absent`: they are not read, and nobody may want them.
 */
export type RowDistance = 'near' | 'far' | 'absent';

/** Reads single users. Throws `StoreUnavailableError` while it can't. */
export interface UserReader {
  /** Of rows, lists and snapshots; of tags there is no question. */
  readonly rows: RowDistance;
  /** Calls `use` for all of the users, one after the other in one turn, all of one moment; their state by then. */
  read<T>(cuids: readonly string[], wants: UserWants, use: UseUser<T>): Promise<UsersRead<T>>;
  /** As `read`, for uses that take their time: lets other work in after each user, so that each may be of a moment of its own. */
  readInTurns<T>(cuids: readonly string[], wants: UserWants, use: UseUser<T>): Promise<UsersRead<T>>;
  /** For member lists; undefined for erased and unknown ones. */
  cuidsOf(guids: ArrayLike<number>): Promise<readonly (string | undefined)[]>;
  /** undefined for cuids that are not known, bound or not. */
  guidsOf(cuids: readonly string[]): Promise<readonly (Guid | undefined)[]>;
}
