import type { Guid, TagDefinition, TagTypeDefinition, TagValue } from '@tessera/tag-catalog';
import type { TimedValue } from '../plan/plan';

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
 * What decides about one user's membership; valid for the moment in which it is given (use it synchronously).
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
