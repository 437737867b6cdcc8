import type { FieldDefinition, TagTypeDefinition } from './catalog';
import type { TagValue } from './value-type';

/** What one field of a message does. Events carry `set` only (a `null` property is left out). */
export type FieldWrite =
  | { readonly op: 'set'; readonly field: FieldDefinition; readonly value: TagValue }
  | { readonly op: 'clear'; readonly field: FieldDefinition }
  /** `by` is an ordinal in the field's scale. */
  | { readonly op: 'increment'; readonly field: FieldDefinition; readonly by: number }
  /** `values`: distinct, in UTF-8 byte order, at least one. */
  | { readonly op: 'add' | 'remove'; readonly field: FieldDefinition; readonly values: readonly string[] };

/** A message that has passed every check that needs the catalogue alone. */
export interface TagMessage {
  readonly type: TagTypeDefinition;
  readonly cuid: string;
  /** Milliseconds since the epoch; the time of arrival where the header gave none. */
  readonly timeMs: number;
  /** 1 to 128 bytes of UTF-8, or null. */
  readonly id: string | null;
  readonly fields: readonly FieldWrite[];
}

/** Why a message was refused; `code` is camelCase and stable, `detail` names the field, the limit and the fix. */
export interface Rejection {
  readonly code: string;
  readonly detail: string;
}

/** What became of one message of a batch (MEANING section 2, Result of a batch). */
export type Verdict = 'accepted' | 'stale' | 'duplicate' | Rejection;

/** Messages that arrived together, in order of arrival. */
export interface MessageBatch {
  /** Wall clock when the batch was read, ms; decides retention and the memory of ids. Stored in the log, so that a replay decides the same. */
  readonly arrivalMs: number;
  readonly messages: readonly TagMessage[];
}
