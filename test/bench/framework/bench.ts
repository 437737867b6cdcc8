import type { Report } from './report';

/** What a bench is given to work with. */
export interface BenchContext {
  /** As asked for with --users, else the size of the form. */
  readonly users: number;
  readonly seed: number;
  /** The short form: a few seconds, to see that the bench works and that answers agree. Its speed says nothing. */
  readonly isShort: boolean;
  /** Empty, and removed with everything in it when the bench has ended. */
  readonly folder: string;
  readonly report: Report;
}

export interface Bench {
  /** As on the command line. */
  readonly name: string;
  /** One line: what is measured. */
  readonly title: string;
  /** Whom it is compared with; empty: nobody. */
  readonly peers: readonly string[];
  readonly users: { readonly full: number; readonly short: number };
  /** Measures and reports. Answers that differ go to `report.check`; a throw means that the bench itself is broken. */
  run(context: BenchContext): Promise<void>;
}
