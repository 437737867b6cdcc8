import type { FieldDefinition, JsonValue, TagDefinition, TagTypeDefinition, TagValue } from '@tessera/tag-catalog';

/** What every bound node has: its place in the expression as sent, and the id its author gave it. */
export interface NodeBase {
  /** JSON Pointer into the expression; the root is `""`, e.g. `/and/0/not`. */
  readonly path: string;
  readonly id: string | null;
}

export type TagOperator =
  | 'eq'
  | 'ne'
  | 'in'
  | 'notIn'
  | 'gt'
  | 'gte'
  | 'lt'
  | 'lte'
  | 'between'
  | 'exists'
  | 'contains'
  | 'startsWith'
  | 'endsWith'
  | 'matches'
  | 'before'
  | 'after'
  | 'withinLast'
  | 'anniversary'
  | 'hasAny'
  | 'hasAll'
  | 'hasNone';

/**
 * The operand of a predicate in canonical form, parameters put in:
 * `exists` → boolean; `in`, `notIn`, `has*` → `list` distinct and sorted; `between` → two values;
 * `withinLast` → a duration; `anniversary` → days.
 */
export type Operand =
  | { readonly kind: 'value'; readonly value: TagValue }
  | { readonly kind: 'list'; readonly values: readonly (boolean | number | string)[] }
  | { readonly kind: 'between'; readonly low: TagValue; readonly high: TagValue }
  | { readonly kind: 'exists'; readonly exists: boolean }
  | { readonly kind: 'duration'; readonly durationMs: number }
  | { readonly kind: 'nextDays'; readonly nextDays: number }
  /** Of sum and avg: exact, unbounded: `value` × 10^`scale`; `high` for between. */
  | { readonly kind: 'exact'; readonly scale: number; readonly low: bigint; readonly high: bigint };

/** A condition on one field: of a tag node, of an event's `where`. `timeZone` is set for withinLast and anniversary, and for them only. */
export interface FieldCondition {
  readonly field: FieldDefinition;
  readonly op: TagOperator;
  readonly operand: Operand;
  readonly timeZone: string | null;
}

export type Window =
  | { readonly kind: 'last'; readonly durationMs: number }
  /** [fromMs, toMs); null: open. */
  | { readonly kind: 'range'; readonly fromMs: number | null; readonly toMs: number | null }
  | {
      readonly kind: 'calendar';
      readonly unit: 'day' | 'week' | 'month';
      readonly offset: number;
      readonly timeZone: string;
    };

export type Measure =
  | { readonly kind: 'count' }
  | { readonly kind: 'distinct' | 'sum' | 'avg' | 'min' | 'max'; readonly property: FieldDefinition }
  | { readonly kind: 'firstTime' | 'lastTime' };

export type GroupNode = NodeBase & { readonly kind: 'and' | 'or'; readonly children: readonly Expression[] };
export type NotNode = NodeBase & { readonly kind: 'not'; readonly child: Expression };
export type AtLeastNode = NodeBase & {
  readonly kind: 'atLeast';
  readonly atLeast: number;
  readonly children: readonly Expression[];
};
export type AllNode = NodeBase & { readonly kind: 'all' };
export type TagNode = NodeBase & {
  readonly kind: 'tag';
  readonly tag: TagDefinition;
  readonly condition: FieldCondition;
  readonly onMissing: 'exclude' | 'include';
  /** The tag's implied conditions, bound (their own implied conditions are not expanded: theirs are empty). */
  readonly implied: readonly Expression[];
};
export type EventNode = NodeBase & {
  readonly kind: 'event';
  readonly eventType: TagTypeDefinition;
  readonly where: readonly FieldCondition[];
  readonly measure: Measure;
  readonly op: TagOperator;
  readonly operand: Operand;
  /** Of time measures with withinLast or anniversary; else null. */
  readonly timeZone: string | null;
  readonly window: Window | null;
};
export type SequenceNode = NodeBase & {
  readonly kind: 'sequence';
  readonly steps: readonly { readonly eventType: TagTypeDefinition; readonly where: readonly FieldCondition[] }[];
  readonly withinMs: number | null;
  readonly window: Window | null;
};
export type AudienceNode = NodeBase & {
  readonly kind: 'audience';
  readonly audienceId: string;
  /** The version number put in for "latest". */
  readonly version: number;
  readonly mode: 'live' | 'snapshot';
  /** The parameters given in this node, the outer ones put in; without the audience's defaults. Already in `child`; left out: none. */
  readonly params?: { readonly [name: string]: JsonValue };
  /** The audience's expression bound with its own zone and parameters; null in snapshot mode. Paths inside are those of the audience's own expression. */
  readonly child: Expression | null;
};
export type ListNode = NodeBase & { readonly kind: 'list'; readonly listId: string };

/**
 * An expression checked against the catalogue, every name resolved, every value canonical, every zone, parameter and version
 * number put in. Says nothing about "now": that comes with the plan.
 */
export type Expression =
  GroupNode | NotNode | AtLeastNode | AllNode | TagNode | EventNode | SequenceNode | AudienceNode | ListNode;

/** A saved audience as the binder needs it. */
export interface AudienceDefinition {
  readonly id: string;
  readonly version: number;
  readonly expression: JsonValue;
  readonly timeZone: string | null;
  readonly params: { readonly [name: string]: JsonValue };
}

/** Looks up what an expression refers to. `undefined`: there is none. */
export interface ReferencePort {
  audience(id: string, version: number | 'latest'): Promise<AudienceDefinition | undefined>;
  /** The newest snapshot's number usable by `mode: "snapshot"`, or undefined. */
  hasSnapshot(audienceId: string, version: number): Promise<boolean>;
  hasList(id: string): Promise<boolean>;
}
