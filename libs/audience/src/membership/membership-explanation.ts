import type { JsonValue } from '@tessera/tag-catalog';
import type { Expression } from '../expression/expression';

/** Why a user has no value of a tag. */
export type MissingReason = 'neverWritten' | 'cleared' | 'expired';

/** The smallest change of data that flips one leaf. */
export interface LeafChange {
  readonly kind:
    | 'setValue'
    | 'clearValue'
    | 'addElements'
    | 'removeElements'
    | 'moreRows'
    | 'fewerRows'
    | 'changeMeasure'
    | 'completeSequence'
    | 'breakSequence'
    | 'joinList'
    | 'leaveList'
    | 'joinSnapshot'
    | 'leaveSnapshot';
  /** In plain words. */
  readonly text: string;
  /** What it is and what would do; formatted like values of messages. Sums are texts where a number would not be exact. */
  readonly from?: JsonValue;
  readonly to?: JsonValue;
  /** Signed difference: a number, or an ISO 8601 duration, with a minus where it goes back. */
  readonly by?: JsonValue;
  /** Elements or values to choose from; `count` of them are needed. At most 20 are shown of `choices`. */
  readonly values?: readonly JsonValue[];
  readonly count?: number;
  readonly choices?: number;
  /** True: clearing the tag would do as well. */
  readonly orClear?: true;
  /** False: no message can do it (rows are not taken back; lists and snapshots are changed elsewhere), but time may. */
  readonly byMessage: boolean;
}

/** One node of the expression as it stands for one user. */
export interface ExplainedNode {
  /** JSON Pointer into the expression it belongs to: of what was sent, or inside `audience` of that audience's own. */
  readonly path: string;
  readonly id?: string;
  readonly kind: Expression['kind'];
  readonly member: boolean;
  /** The leaf in plain words. */
  readonly text?: string;
  readonly children?: readonly ExplainedNode[];
  readonly atLeast?: number;
  /** Of and, or, atLeast: how many children hold. */
  readonly childrenMet?: number;

  readonly tag?: string;
  readonly operator?: string;
  /** The operand, formatted; of a long list its first 20. */
  readonly threshold?: JsonValue;
  readonly thresholdSize?: number;
  readonly onMissing?: 'exclude' | 'include';
  /** Of a tag: null if it has none; then `missing` says why. Of an event: what the measure came to. */
  readonly value?: JsonValue;
  /** Time of the last plain write (or clear). */
  readonly valueTime?: string;
  readonly missing?: MissingReason;
  /** The value that has expired. */
  readonly expiredValue?: JsonValue;
  /** Of a tag with implied conditions: whether the predicate alone holds, and those conditions. */
  readonly predicate?: boolean;
  readonly implied?: readonly ExplainedNode[];

  readonly event?: string;
  readonly measure?: JsonValue;
  readonly rowsMatched?: number;
  /** The actual window, [from, to), cut at as-of; null: open. */
  readonly window?: { readonly from: string | null; readonly to: string };
  readonly steps?: readonly string[];
  readonly stepsReached?: number;

  readonly audience?: string;
  readonly version?: number;
  readonly mode?: 'live' | 'snapshot';
  /** The same audience with the same parameters occurs before, where its children are shown. */
  readonly shownBefore?: true;
  readonly list?: string;

  /** Of leaves; null: nothing flips it. */
  readonly change?: LeafChange | null;
  /** When time alone flips the node for the first time; left out: not within the instants searched. */
  readonly flipsAt?: string;
}

/** A leaf that takes part in the smallest change of the whole. */
export interface ChangedLeaf {
  readonly path: string;
  /** Set if the path is inside this audience's own expression. */
  readonly audience?: string;
  /** Set if the leaf is an implied condition of this tag. */
  readonly impliedBy?: string;
  readonly change: LeafChange;
}

/** Why a user is or is not in an audience. Plain JSON. */
export interface MembershipExplanation {
  readonly member: boolean;
  readonly asOf: string;
  readonly root: ExplainedNode;
  /**
   * A smallest set of leaves whose flipping flips the whole, each leaf counted by itself (one write may flip several); null: nothing
   * does. Among equally small sets one with the most leaves that a message can flip.
   */
  readonly smallestChange: { readonly leaves: number; readonly changes: readonly ChangedLeaf[] } | null;
  /** The first instant at which time alone flips the whole; null: none within the search. */
  readonly flipsAt: string | null;
  /**
   * How far was searched. `complete`: all instants at which anything can change were looked at, so a `flipsAt` of null means never;
   * else the search stopped after `until`.
   */
  readonly search: { readonly instants: number; readonly complete: boolean; readonly until: string | null };
}
