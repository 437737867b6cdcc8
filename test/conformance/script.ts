import type { JsonValue } from '@tessera/tag-catalog';

/**
 * A conformance case as data: steps that any engine can be taken through (docs/conformance.md). Instants are RFC 3339, messages,
 * declarations and rules are the JSON of the API. The random test makes and prints the same form.
 */
export interface Script {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** Moves the wall clock. It starts at {@link CLOCK_START}. */
export interface ClockStep {
  readonly clock: string;
}

/** Declares a tag type. */
export interface DeclareStep {
  readonly declare: JsonValue;
}

/** Changes a tag type. */
export interface PatchStep {
  readonly patch: string;
  readonly with: JsonValue;
}

/** Sends messages as one batch that arrives now. */
export interface SendStep {
  readonly send: readonly JsonValue[];
  /** One per message: `accepted`, `stale`, `duplicate` or the code of the rejection. Left out: all accepted, unless `anyVerdict`. */
  readonly verdicts?: readonly string[];
  readonly anyVerdict?: true;
  readonly source?: { readonly source: string; readonly position: number };
}

export interface EraseStep {
  readonly erase: string;
  readonly erased?: boolean;
}

/** Makes a list; rules refer to it by this name. */
export interface ListStep {
  readonly list: string;
  readonly cuids: readonly string[];
  readonly matched?: number;
  readonly unknown?: number;
}

export interface DropListStep {
  readonly dropList: string;
}

/** Saves a version of an audience for `{"audience": …}`. */
export interface AudienceStep {
  readonly audience: string;
  readonly version: number;
  readonly expression: JsonValue;
  readonly timeZone?: string;
  readonly params?: { readonly [name: string]: JsonValue };
}

export interface Question {
  readonly rule: JsonValue;
  /** The members' cuids in any order, with a space between; an array where cuids have spaces. Left out: only engines are compared. */
  readonly members?: string | readonly string[];
  /** Default: the wall clock. */
  readonly asOf?: string;
  /** Default: that of the step, else UTC. */
  readonly timeZone?: string;
  readonly params?: JsonValue;
  /** Counts by node path, where not only the root's matter. */
  readonly counts?: { readonly [path: string]: number };
  /** Users with no value, by path of the tag node. */
  readonly missing?: { readonly [path: string]: number };
}

/** Asks rules. The last of these steps is asked again after every way of restarting the engine. */
export interface AskStep {
  readonly ask: readonly Question[];
  readonly timeZone?: string;
}

/** Looks at single users: stored values as the API shows them (null: cleared), times of the last plain write, numbers of rows. */
export interface UserStep {
  readonly user: string;
  /** null: unknown or erased. Fields never written are left out. */
  readonly tags?: { readonly [tag: string]: JsonValue } | null;
  readonly times?: { readonly [tag: string]: string | null };
  readonly rows?: { readonly [type: string]: number };
}

/** Asks how the members of a rule are distributed over a tag. */
export interface DistributionStep {
  readonly distribution: JsonValue;
  readonly tags: readonly string[];
  readonly top: number;
  readonly asOf?: string;
  /** By tag: value → [count, count in the universe], in the order of the answer. */
  readonly values?: { readonly [tag: string]: readonly (readonly [JsonValue, number, number])[] };
  /** By tag: [low, high, count, count in the universe] of each bucket. */
  readonly histogram?: { readonly [tag: string]: readonly (readonly [JsonValue, JsonValue, number, number])[] };
}

export type Step =
  | ClockStep
  | DeclareStep
  | PatchStep
  | SendStep
  | EraseStep
  | ListStep
  | DropListStep
  | AudienceStep
  | AskStep
  | UserStep
  | DistributionStep;

/** The wall clock before the first `clock` step. */
export const CLOCK_START = '2026-03-15T12:00:00Z';
