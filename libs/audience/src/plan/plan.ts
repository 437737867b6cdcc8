import type { FieldDefinition, TagDefinition, TagTypeDefinition, TagValue } from '@tessera/tag-catalog';
import type { Measure, TagOperator } from '../expression/expression';

/** One end of a range over ordinals or strings (strings in UTF-8 byte order). */
export interface Bound {
  readonly value: number | string;
  readonly inclusive: boolean;
}

/**
 * What a single value must satisfy. Every relative notion (as-of, zones, durations) is already resolved, so an engine
 * compares plain values. A user or row with no value satisfies none of them but `absent`.
 */
export type ValueCondition =
  | { readonly kind: 'present' }
  | { readonly kind: 'absent' }
  /** eq, in: one of; ne, notIn: negated. Distinct and sorted. bool, ordinals, string and enum. */
  | { readonly kind: 'oneOf'; readonly values: readonly (boolean | number | string)[]; readonly negated: boolean }
  /** A null end is open. Both null never occurs (that is `present`). */
  | { readonly kind: 'range'; readonly low: Bound | null; readonly high: Bound | null }
  /** contains and so on, of strings. `matches`: RE2 syntax, unanchored. */
  | { readonly kind: 'text'; readonly op: 'contains' | 'startsWith' | 'endsWith' | 'matches'; readonly text: string }
  /**
   * month × 100 + day of the value (`monthDayOf`; a datetime's in `timeZone`) is one of these, sorted. 29 February is 229; where it counts on
   * the 28th, 229 is among them beside 228.
   */
  | { readonly kind: 'anniversary'; readonly monthDays: readonly number[]; readonly timeZone: string }
  | { readonly kind: 'set'; readonly op: 'hasAny' | 'hasAll' | 'hasNone'; readonly values: readonly string[] }
  /** eq and ne of an event property that is a set have no operator in MEANING, so sets know only the above. */
  | { readonly kind: 'never' };

/** A predicate on one tag. */
export interface TagTest {
  readonly tag: TagDefinition;
  readonly condition: ValueCondition;
  /** A value counts only if its time is after this, or if it has no time (only increments made it); null: always (no TTL). */
  readonly validAfterMs: number | null;
  /** True: users with no value are members too. */
  readonly includeMissing: boolean;
}

export interface PropertyTest {
  readonly property: FieldDefinition;
  readonly condition: ValueCondition;
}

/** Rows with fromMs ≤ t < toMs; null `fromMs`: open. Always cut at as-of: toMs ≤ as-of + 1. fromMs ≥ toMs: no row. */
export interface Interval {
  readonly fromMs: number | null;
  readonly toMs: number;
}

/** sum against an exact threshold, or avg against sum/n; values × 10^scale. */
export interface ExactCondition {
  readonly op: Extract<TagOperator, 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'between'>;
  readonly scale: number;
  readonly low: bigint;
  readonly high: bigint;
}

interface PlanBase {
  /**
   * Canonical text of this node, a digest where that would be long: equal keys mean equal results at equal data. The order of the inputs of an
   * intersection, union or threshold and of the tests of a scan is not part of it. Nodes are interned: equal keys within a plan are
   * one object.
   */
  readonly key: string;
}

export type UniverseNode = PlanBase & { readonly kind: 'universe' };
export type EmptyNode = PlanBase & { readonly kind: 'empty' };
/** Users of one profile tag type that pass every test (at least one test). */
export type ProfileScanNode = PlanBase & {
  readonly kind: 'profileScan';
  readonly tagType: string;
  readonly tests: readonly TagTest[];
};
export type KvReadNode = PlanBase & { readonly kind: 'kvRead'; readonly test: TagTest };
/**
 * Users whose measure over their matching rows meets the condition. `count` and `distinct` are 0 with no matching row; the others have no value
 * then and meet nothing but `absent`. sum and avg carry `exact`, the others `condition` (ordinals of count, of the property, of instants).
 */
export type EventScanNode = PlanBase & {
  readonly kind: 'eventScan';
  readonly eventType: TagTypeDefinition;
  readonly where: readonly PropertyTest[];
  readonly interval: Interval;
  readonly measure: Measure;
  readonly condition: ValueCondition | null;
  readonly exact: ExactCondition | null;
};
/** Users with rows r1 < r2 < … (strictly increasing times, one a step), last − first ≤ withinMs, the last in `interval`, all before `interval.toMs`'s as-of bound `rowsBeforeMs`. */
export type SequenceScanNode = PlanBase & {
  readonly kind: 'sequenceScan';
  readonly steps: readonly { readonly eventType: TagTypeDefinition; readonly where: readonly PropertyTest[] }[];
  readonly withinMs: number | null;
  readonly interval: Interval;
  /** as-of + 1: rows at or after it never count. */
  readonly rowsBeforeMs: number;
};
export type SnapshotReadNode = PlanBase & {
  readonly kind: 'snapshotRead';
  readonly audienceId: string;
  readonly version: number;
};
export type ListReadNode = PlanBase & { readonly kind: 'listRead'; readonly listId: string };
export type IntersectNode = PlanBase & { readonly kind: 'intersect'; readonly inputs: readonly PlanNode[] };
export type UnionNode = PlanBase & { readonly kind: 'union'; readonly inputs: readonly PlanNode[] };
export type DifferenceNode = PlanBase & {
  readonly kind: 'difference';
  readonly left: PlanNode;
  readonly right: PlanNode;
};
/** Users in at least `atLeast` of the inputs (an input given twice counts twice). */
export type ThresholdNode = PlanBase & {
  readonly kind: 'threshold';
  readonly atLeast: number;
  readonly inputs: readonly PlanNode[];
};

/** Every node denotes a subset of the universe. Frozen. */
export type PlanNode =
  | UniverseNode
  | EmptyNode
  | ProfileScanNode
  | KvReadNode
  | EventScanNode
  | SequenceScanNode
  | SnapshotReadNode
  | ListReadNode
  | IntersectNode
  | UnionNode
  | DifferenceNode
  | ThresholdNode;

/** The plan node of one node of the expression. */
export interface NodeOutput {
  readonly path: string;
  readonly id: string | null;
  readonly node: PlanNode;
  /** Of tag nodes: the users with no value of that tag. */
  readonly missing: PlanNode | null;
}

export interface RewriteStep {
  readonly name: string;
  readonly reason: string;
}

/** The actual start and end of a window, for showing. Null: open. `to` is exclusive. */
export interface ResolvedWindow {
  readonly path: string;
  readonly from: string | null;
  readonly to: string | null;
}

export interface Plan {
  readonly root: PlanNode;
  /** One for every node of the expression as sent, root first, in document order. */
  readonly outputs: readonly NodeOutput[];
  readonly asOfMs: number;
  /** False: planned at any other as-of the expression gives the same plan, but for `asOfMs`. */
  readonly dependsOnAsOf: boolean;
  readonly rewrites: readonly RewriteStep[];
  readonly windows: readonly ResolvedWindow[];
}

/** A value with its time, as a single-user read sees it. `timeMs` null: only increments made it. */
export interface TimedValue {
  readonly value: TagValue;
  readonly timeMs: number | null;
}
