import type { FieldDefinition, Guid, TagDefinition, TagTypeDefinition, TagValue } from '@tessera/tag-catalog';
import type { PlanNode } from '../plan/plan';

/** An immutable set of users, fixed at one data version. */
export interface UserSet {
  readonly size: number;
  has(guid: Guid): boolean;
  /** The first `limit` members after `after` (0: from the start), ascending. */
  page(after: number, limit: number): Uint32Array;
  /** Bytes this set keeps in memory, for budgets. */
  readonly bytes: number;
}

/**
 * What an answer is of: a number that grows with every applied batch, erasure, list change and retention step. Null: of no single one, where data
 * moved on while the answer was made (or it was put together from several stores).
 */
export type DataVersion = number | null;

export interface CountsAnswer {
  /** One per node asked for, in order. */
  readonly counts: readonly number[];
  readonly dataVersion: DataVersion;
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
 * which, as far as it can. Reads never see half of a batch. Throws `StoreUnavailableError` while it can't answer.
 */
export interface SegmentationEngine {
  /** Short name for answers and metrics, e.g. `embedded`. */
  readonly name: string;
  /** Sizes of all the nodes in one pass: each distinct node (by key) is evaluated once. */
  counts(nodes: readonly PlanNode[]): Promise<CountsAnswer>;
  materialise(node: PlanNode): Promise<{ readonly set: UserSet; readonly dataVersion: DataVersion }>;
  /** Its own statements for the sizes of these nodes, as text; left out: it has none. Nothing is counted. */
  statementsOf?(nodes: readonly PlanNode[]): Promise<string>;
  /** One boolean per guid, in order; unknown, erased and unbound guids are false. */
  contains(
    node: PlanNode,
    guids: readonly Guid[],
  ): Promise<{ readonly members: readonly boolean[]; readonly dataVersion: DataVersion }>;
  distribution(
    node: PlanNode,
    requests: readonly DistributionRequest[],
    top: number,
  ): Promise<{
    readonly count: number;
    readonly universe: number;
    readonly tags: readonly TagDistribution[];
    readonly dataVersion: DataVersion;
  }>;
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
  list(id: string): Promise<ListSummary | undefined>;
  lists(): Promise<readonly ListSummary[]>;
  /** Cheaper than to count its users. */
  has(id: string): Promise<boolean>;
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
  /** In memory; null where values are kept elsewhere. */
  readonly bytes: number | null;
}

/** What the catalogue view shows of an event type's rows. */
export interface EventStatistics {
  readonly rows: number;
  /** Newest time written, ms; null: there are no rows. */
  readonly lastMs: number | null;
  /** In memory; null where rows are kept elsewhere. */
  readonly bytes: number | null;
}

/** Statistics may be some seconds old where they have to be fetched. Throws `StoreUnavailableError`. */
export interface FieldStatisticsReader {
  /** One per tag, in order. */
  tagStatistics(tags: readonly TagDefinition[]): Promise<readonly TagStatistics[]>;
  /** True if any data (values, rows) of this type is held: such a type can't be deleted. Never old. */
  hasData(type: TagTypeDefinition): Promise<boolean>;
  eventRows(type: TagTypeDefinition): Promise<EventStatistics>;
}

export type { FieldDefinition };
