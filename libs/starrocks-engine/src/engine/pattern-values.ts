import { compileCondition } from '@tessera/audience';
import type { TagValue } from '@tessera/tag-catalog';
import { LeafLimitError, PATTERN_VALUES_MAX } from '../compile/leaves';
import type { PatternQuestion } from '../compile/leaves';
import type { StarrocksRow } from '../connection/starrocks-connection';

/** Reads a query row by row. */
export type RowStream = (statement: string) => AsyncIterable<StarrocksRow>;

/** Values that are tried before others get a turn. */
const TURN_VALUES = 1_000;

/**
 * Tries patterns on the distinct values of their fields; the patterns of StarRocks itself are of another syntax.
 *
 * @returns for each question's key the values that match, sorted: StarRocks gives them in any order, and equal questions are to be equal texts.
 * @throws LeafLimitError if a field has more than `PATTERN_VALUES_MAX` values.
 */
export async function matchingValues(
  questions: readonly PatternQuestion[],
  stream: RowStream,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const byStatement = new Map<string, PatternQuestion[]>();
  for (const question of questions) {
    byStatement.set(question.statement, [...(byStatement.get(question.statement) ?? []), question]);
  }
  const matches = new Map<string, readonly string[]>();
  for (const [statement, asked] of byStatement) await tryPatterns(statement, asked, stream, matches);
  return matches;
}

async function tryPatterns(
  statement: string,
  asked: readonly PatternQuestion[],
  stream: RowStream,
  matches: Map<string, readonly string[]>,
): Promise<void> {
  const tests = asked.map(({ pattern, field, key }) => {
    const found: string[] = [];
    matches.set(key, found);
    return { found, matches: compileCondition({ kind: 'text', op: 'matches', text: pattern }, field) };
  });
  let tried = 0;
  for await (const row of stream(statement)) {
    const value = row['sys_value'];
    if (typeof value !== 'string') continue;
    tried += 1;
    if (tried > PATTERN_VALUES_MAX) throw tooManyValues(asked);
    for (const test of tests) if (test.matches(value satisfies TagValue)) test.found.push(value);
    if (tried % TURN_VALUES === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  for (const { found } of tests) found.sort();
}

function tooManyValues(asked: readonly PatternQuestion[]): LeafLimitError {
  const detail =
    `matches is tried on the distinct values of ${asked[0]?.field.name ?? 'the field'}, and it has more than ${PATTERN_VALUES_MAX}. ` +
    'Use startsWith, endsWith, contains or in.';
  return new LeafLimitError('patternValues', PATTERN_VALUES_MAX, detail);
}
