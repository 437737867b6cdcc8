import type { Machine } from './machine';
import type { Spread } from './statistics';

/** What a figure has to reach. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target?: Target;
}

/** The subject whose times the others' are divided by. */
export const SUBJECT = 'Tessera';

/** How long one system took for one kind of work, ms. */
export interface Timing extends Spread {
  readonly work: string;
  /** {@link SUBJECT} or a peer. */
  readonly system: string;
}

/** Everything one run of a bench found out; one line of a results file. */
export interface BenchResult {
  readonly bench: string;
  readonly title: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly seconds: number;
  readonly machine: Machine;
  readonly users: number;
  readonly seed: number;
  readonly isShort: boolean;
  readonly notes: readonly string[];
  readonly timings: readonly Timing[];
  readonly figures: readonly Figure[];
  /** Answers compared. */
  readonly checks: number;
  readonly disagreements: readonly string[];
}

export function isMet(value: number, target: Target): boolean {
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
}
