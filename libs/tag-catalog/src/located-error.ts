/** One thing wrong with an input. `path` is a JSON Pointer into that input (`""` is the whole of it). */
export interface LocatedError {
  readonly path: string;
  /** Stable machine-readable code in camelCase, e.g. `unknownTag`. */
  readonly code: string;
  /** What is wrong, the limit, and the likely fix, in one or two sentences. */
  readonly message: string;
}

/** Either a value or everything that is wrong with the input; never both, never throws. */
export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errors: readonly LocatedError[] };
