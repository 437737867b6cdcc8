/** What one statement may be made of. Measured on the planner of StarRocks, which fails by running out of stack beyond them. */
export interface StatementLimits {
  /** Leaves: tests of scans, steps of sequences, stored bitmaps. */
  readonly leavesMax: number;
  /** Gates, and so columns, above the leaves. */
  readonly gatesMax: number;
  /** Gates over gates, and so sub-selects in sub-selects. */
  readonly heightMax: number;
  /** Gates asked for at once. */
  readonly askedMax: number;
  /** Inputs of one gate. At least 16, so that the binary digits of a sum are always fewer than its terms. */
  readonly inputsMax: number;
  /**
   * Operators and constants of one expression with all columns put in (`operators.ts`). The server takes 10,000; the rest is for the guids that are asked
   * about (`GUIDS_MAX`). All gates asked for at once may have `TOGETHER` times as many.
   */
  readonly operatorsMax: number;
  /** Characters. The server takes packets of 32 MB. */
  readonly lengthMax: number;
}

const LENGTH_MAX = 8_000_000;
const OPERATORS_MAX = 8_000;
/** Gates asked for at once may have this many times `operatorsMax`. Planning takes time for each operator. */
export const TOGETHER = 16;

export const MIXED_LIMITS: StatementLimits = {
  leavesMax: 500,
  gatesMax: 1_000,
  heightMax: 50,
  askedMax: 1_000,
  inputsMax: 500,
  operatorsMax: OPERATORS_MAX,
  lengthMax: LENGTH_MAX,
};

export const BITMAP_LIMITS: StatementLimits = {
  leavesMax: 200,
  gatesMax: 1_000,
  heightMax: 50,
  askedMax: 400,
  inputsMax: 128,
  operatorsMax: OPERATORS_MAX,
  lengthMax: LENGTH_MAX,
};

/** guids in one `IN` list; a question about more of them is asked in parts. They count as operators of the whole condition. */
export const GUIDS_MAX = 1_000;

/** A statement would go past a limit, and can't be made smaller. */
export class StatementLimitError extends Error {
  override readonly name = 'StatementLimitError';
}
