import type { FieldDefinition, Guid, TagDefinition, TagTypeDefinition, TagValue } from '@tessera/tag-catalog';
import type { PlanNode, TimedValue } from '../plan/plan';

/** An immutable set of users, fixed at one data version. */
export interface UserSet {
  readonly size: number;
  has(guid: Guid): boolean;
  /** The first `limit` members after `after` (0: from the start), ascending. */
  page(after: number, limit: number): Uint32Array;
  /** Bytes this set keeps in memory, for budgets. */
  readonly bytes: number;
}

export interface CountsAnswer {
  /** One per node asked for, in order. */
  readonly counts: readonly number[];
  readonly dataVersion: number;
}

export interface DistributionValue {
  /** The value in canonical form; for ranges of numbers and dates see `high`. */
  readonly value: TagValue;
  /** Set for a histogram bucket: the bucket is [value, high]. */
  readonly high: TagValue | null;
  readonly count: number;
  /** The same value's count in the universe, for lift. */
  readonly universeCount: number;
}

export interface TagDistribution {
  readonly tag: TagDefinition;
  /** Distinct values among the set's users. */
  readonly distinct: number;
  /** Users of the set with a value, and of the universe. */
  readonly withValue: number;
  readonly universeWithValue: number;
  /** Most frequent first (ties by value ascending), at most `top`; of a set-typed tag one entry per element. */
  readonly values: readonly DistributionValue[];
  /** Equal-width buckets over the values of ordinal types with more than `top` distinct values (first bucket starts at the least value); empty otherwise. */
  readonly histogram: readonly DistributionValue[];
}

export interface DistributionRequest {
  readonly tag: TagDefinition;
  /** As `TagTest.validAfterMs`. */
  readonly validAfterMs: number | null;
}

/**
 * Answers questions about sets of users. One meaning in every engine (MEANING); exact. Every answer is of one data version and says
 * which. Reads never see half of a batch. Throws `StoreUnavailableError` while it can't answer.
 */
export interface SegmentationEngine {
  /** Short name for answers and metrics, e.g. `embedded`. */
  readonly name: string;
  /** Sizes of all the nodes in one pass: each distinct node (by key) is evaluated once. */
  counts(nodes: readonly PlanNode[]): Promise<CountsAnswer>;
  materialise(node: PlanNode): Promise<{ readonly set: UserSet; readonly dataVersion: number }>;
  /** One boolean per guid, in order; unknown, erased and unbound guids are false. */
  contains(
    node: PlanNode,
    guids: readonly Guid[],
  ): Promise<{ readonly members: readonly boolean[]; readonly dataVersion: number }>;
  distribution(
    node: PlanNode,
    requests: readonly DistributionRequest[],
    top: number,
  ): Promise<{
    readonly count: number;
    readonly universe: number;
    readonly tags: readonly TagDistribution[];
    readonly dataVersion: number;
  }>;
}

/** One row of an event, properties in canonical form. */
export interface EventRow {
  readonly timeMs: number;
  readonly properties: ReadonlyMap<number, TagValue>;
}

/** A field's state for a single user: `value` null: cleared. */
export interface TagState {
  readonly tag: TagDefinition;
  readonly value: TagValue | null;
  /** Time of the last plain write, null if only increments were made. */
  readonly timeMs: number | null;
}

/**
 * Everything about one user, at one data version; valid until the next write (use it synchronously).
 */
export interface UserView {
  readonly guid: Guid;
  readonly cuid: string;
  /** The stored value, TTL not yet judged; undefined: no value. */
  tagValue(tag: TagDefinition): TimedValue | undefined;
  /** Every field ever written, cleared ones included. */
  tagStates(): readonly TagState[];
  /** Rows with fromMs ≤ t < toMs inside the retention, ascending by time (ties in order of arrival). */
  events(type: TagTypeDefinition, fromMs: number | null, toMs: number): readonly EventRow[];
  inList(listId: string): boolean;
  inSnapshot(audienceId: string, version: number): boolean;
}

/** Reads single users. */
export interface UserReader {
  /** The user's view, undefined if not known or erased. Cheap; synchronous so that view and answer are of one moment. */
  user(cuid: string): UserView | undefined;
  /** Resolves guids to cuids, for member lists; undefined for an erased one. */
  cuidOf(guid: Guid): string | undefined;
  guidOf(cuid: string): Guid | undefined;
  readonly dataVersion: number;
  /** Waits until `position` is applied, at most `timeoutMs`; false if it did not come. */
  waitFor(position: number, timeoutMs: number): Promise<boolean>;
}

export interface ListSummary {
  readonly id: string;
  readonly name: string;
  /** Users in the list now (erased ones gone). */
  readonly count: number;
  readonly createdAt: string;
}

/** Uploaded lists of users. Durable once resolved; a change makes a new data version. */
export interface ListStore {
  /** Keeps the cuids known now; the others are counted and dropped. */
  create(
    name: string,
    cuids: AsyncIterable<string>,
  ): Promise<{ readonly list: ListSummary; readonly matched: number; readonly unknown: number }>;
  list(id: string): ListSummary | undefined;
  lists(): readonly ListSummary[];
  /** False: there is none. */
  remove(id: string): Promise<boolean>;
}

/** What the catalogue view shows of one tag's data. */
export interface TagStatistics {
  /** Users with a value (TTL not judged). */
  readonly coverage: number;
  readonly distinct: number;
  /** Newest time written, ms; null: never. */
  readonly lastWriteMs: number | null;
  /** Bytes in memory. */
  readonly bytes: number;
}

export interface FieldStatisticsReader {
  tagStatistics(tag: TagDefinition): TagStatistics;
  /** True if any data (values, rows) of this type is held: such a type can't be deleted. */
  hasData(type: TagTypeDefinition): boolean;
  eventRows(type: TagTypeDefinition): { readonly rows: number; readonly lastMs: number | null; readonly bytes: number };
}

export type { FieldDefinition };
