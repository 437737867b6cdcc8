/** Node objects in an expression, those of the audiences that it uses included. */
export const EXPRESSION_NODES_MAX = 10_000;
/** Nesting of nodes; the root is 1 deep. Counted within each expression: an audience that is used starts again at 1. */
export const EXPRESSION_DEPTH_MAX = 64;
/** Values in one list operand, repeats counted. */
export const LIST_VALUES_MAX = 100_000;
/** Values in all list operands of an expression together, parameters put in: keeps one small request with one long parameter from becoming a huge expression. */
export const LIST_VALUES_TOTAL_MAX = 1_000_000;
/** Errors collected before binding stops. */
export const EXPRESSION_ERRORS_MAX = 100;
/** UTF-16 code units of a `matches` pattern. */
export const PATTERN_LENGTH_MAX = 1_000;
/**
 * Instructions that the distinct patterns of an expression compile to, together; repeat counts multiply them. Compiling takes a few
 * microseconds each, so this keeps it below a second or so.
 */
export const PATTERN_INSTRUCTIONS_MAX = 200_000;
/** Fraction digits of a threshold of `avg`. */
export const AVERAGE_SCALE_MAX = 9;
/** Filters in one `where`. */
export const WHERE_FILTERS_MAX = 1_000;
export const SEQUENCE_STEPS_MIN = 2;
export const SEQUENCE_STEPS_MAX = 10;
export const NEXT_DAYS_MAX = 365;
/** How far back a calendar window may reach, in its own units (100,000 days are 273 years). */
export const CALENDAR_OFFSET_MIN = -100_000;
/** Audiences inside audiences. */
export const AUDIENCE_NESTING_MAX = 64;
/** Nesting over all audiences of a chain together, so that what walks a bound expression can't run out of stack. */
export const TOTAL_DEPTH_MAX = 1_024;
/** Node objects in one implied condition of a tag. */
export const IMPLIED_NODES_MAX = 100;
/** Length of a node's `id` and of a parameter's name. */
export const ID_LENGTH_MAX = 128;
/** How deep the value of an audience's parameter may be: a list in an object is 2. */
export const PARAM_DEPTH_MAX = 4;
