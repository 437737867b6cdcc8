import type { ConditionScope } from './condition';
import type { LongLists } from './long-lists';
import type { ValueLists } from './value-lists';

/** What all the leaves of a question have in common. */
export interface LeafContext {
  readonly values: ValueLists;
  /** Wall clock, which retention is judged by. */
  readonly nowMs: number;
  /** A scope for the conditions of one leaf. */
  scope(lists: LongLists): ConditionScope;
}

/** A relation that grows while leaves are added. */
export interface LeafBuilder {
  readonly alias: string;
  /** The relation, once all leaves are added; null: none of them reads it. */
  sql(): string | null;
}
