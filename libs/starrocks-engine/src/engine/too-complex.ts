import { StatementLimitError } from '../compile/statements/limits';
import { StarrocksError } from '../connection/starrocks-error';

const PARSE_ERROR = 1064;
/** "Expression too complex", and what is told when the planner runs out of stack. */
const TOO_COMPLEX = /expression too complex|unknown error/i;
/** Statements hold this fraction of what the limits allow, then the next one. */
const PARTS = [1, 4, 16] as const;

/** Whether StarRocks' planner could not cope with a statement. */
export function isTooComplex(error: unknown): boolean {
  return error instanceof StarrocksError && error.code === PARSE_ERROR && TOO_COMPLEX.test(error.message);
}

/**
 * Asks in smaller statements where StarRocks finds them too complex; what it can plan differs between its versions.
 * @throws StatementLimitError if the smallest ones still are.
 */
export async function inSmallerParts<T>(ask: (part: number) => Promise<T>): Promise<T> {
  let failed: unknown;
  for (const part of PARTS) {
    try {
      return await ask(part);
    } catch (error) {
      if (!isTooComplex(error)) throw error;
      failed = error;
    }
  }
  throw new StatementLimitError('the rule is too complex for the planner of StarRocks, even in small parts: split it', {
    cause: failed,
  });
}
