import { canonicalExpression, describeExpression } from '@tessera/audience';
import type { ResolvedWindow } from '@tessera/audience';
import type { JsonValue, LocatedError } from '@tessera/tag-catalog';
import type { QuestionReader, ReadOptions } from './question';

export interface Validation {
  readonly valid: boolean;
  /** Located within the expression. */
  readonly errors: readonly LocatedError[];
  /** The canonical form; null if not valid, like the rest. */
  readonly normalised: JsonValue;
  readonly hash: string | null;
  readonly windows: readonly ResolvedWindow[];
  /** The rule in plain words. */
  readonly text: string | null;
}

/**
 * Checks an expression. Its errors are the answer, not a refusal.
 *
 * @throws HttpProblem 400 for a wrong zone or as-of only.
 */
export async function validateExpression(
  questions: QuestionReader,
  body: ReadOptions & { readonly expression: unknown },
): Promise<Validation> {
  const moment = await questions.moment(body);
  const binding = await questions.bind(body.expression, body.params, moment);
  if (!binding.ok) {
    return { valid: false, errors: binding.errors, normalised: null, hash: null, windows: [], text: null };
  }
  const { expression, hash, plan } = binding.question;
  return {
    valid: true,
    errors: [],
    normalised: canonicalExpression(expression),
    hash,
    windows: plan.windows,
    text: describeExpression(expression),
  };
}
