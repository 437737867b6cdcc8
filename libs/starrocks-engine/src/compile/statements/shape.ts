import type { LeafSql, Relation, ScanNode } from '../leaf';
import type { ValueList } from '../leaves';
import type { Gate, LeafGate } from './gate';

/** Compiles the scans of one statement. */
export interface LeafSource {
  /** Equal nodes give equal leaves. */
  add(node: ScanNode): LeafSql;
  /** What the leaves added so far look at, in the order of joining. */
  relations(): readonly Relation[];
  /** Lists of values that have to be stored before the statement is sent. */
  valueLists(): readonly ValueList[];
}

/** The users that a statement is about; null: all of them. */
export type UserFilter =
  | { readonly kind: 'among'; readonly guids: readonly number[] }
  | { readonly kind: 'range'; readonly after: number; readonly upTo: number };

/** In `Shape.marked`. */
export const MEMBER = 'sys_member';

/** What a statement is made of. */
export interface StatementInput {
  readonly leaves: LeafSource;
  /** Gates to be read from what was kept of them. */
  readonly replaced: ReadonlyMap<Gate, LeafGate>;
  readonly filter: UserFilter | null;
}

/** A result to be kept: its rows go to the table of lists under this id. */
export interface KeptResult {
  readonly listId: string;
  readonly gate: Gate;
}

/** One way to write statements. None of the gates asked for is `none`. */
export interface Shape {
  readonly name: 'mixed' | 'bitmap';
  /** One row, one column for each gate in order. */
  counts(gates: readonly Gate[], input: StatementInput): string;
  /** `sys_seg`, `sys_guids` in base64, by segment; segments without members are left out. */
  segments(gate: Gate, input: StatementInput): string;
  /** `sys_guid`, ascending; at most `limit` rows. */
  members(gate: Gate, limit: number | null, input: StatementInput): string;
  /** All users, `sys_guid`, and whether each is a member, `sys_member` (NULL: no). In brackets. */
  marked(gate: Gate, input: StatementInput): string;
  /** Keeps results; a segment may have an empty bitmap. */
  keep(results: readonly KeptResult[], input: StatementInput): string;
}
