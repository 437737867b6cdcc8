import { compileCondition } from '@tessera/audience';
import type { TagValue } from '@tessera/tag-catalog';
import { LeafLimitError, PATTERN_BYTES_MAX, PATTERN_VALUES_MAX } from '../compile/leaves';
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
 * @param bytesMax of all values that match, as UTF-8.
 * @throws LeafLimitError if a field has more than `PATTERN_VALUES_MAX` values, or too many bytes of them match.
 */
export async function matchingValues(
  questions: readonly PatternQuestion[],
  stream: RowStream,
  bytesMax = PATTERN_BYTES_MAX,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const byStatement = new Map<string, PatternQuestion[]>();
  for (const question of questions) {
    byStatement.set(question.statement, [...(byStatement.get(question.statement) ?? []), question]);
  }
  const matches = new Map<string, readonly string[]>();
  const budget = { bytesMax, bytes: 0 };
  for (const [statement, asked] of byStatement) {
    for (const [key, found] of await tryPatterns(asked, stream(statement), budget)) matches.set(key, found);
  }
  return matches;
}

/** @param budget shared by all patterns of the question. */
async function tryPatterns(
  asked: readonly PatternQuestion[],
  rows: AsyncIterable<StarrocksRow>,
  budget: { readonly bytesMax: number; bytes: number },
): Promise<readonly (readonly [key: string, found: readonly string[]])[]> {
  const tests = asked.map(({ pattern, field, key }) => {
    const found: string[] = [];
    return { key, found, matches: compileCondition({ kind: 'text', op: 'matches', text: pattern }, field) };
  });
  let tried = 0;
  for await (const row of rows) {
    const value = row['sys_value'];
    if (typeof value !== 'string') continue;
    tried += 1;
    if (tried > PATTERN_VALUES_MAX) throw tooManyValues(asked);
    for (const test of tests) {
      if (!test.matches(value satisfies TagValue)) continue;
      test.found.push(value);
      budget.bytes += Buffer.byteLength(value);
    }
    if (budget.bytes > budget.bytesMax) throw tooManyBytes(asked, budget.bytesMax);
    if (tried % TURN_VALUES === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return tests.map(({ key, found }) => [key, found.sort()] as const);
}

function tooManyBytes(asked: readonly PatternQuestion[], bytesMax: number): LeafLimitError {
  const detail =
    `the values of ${asked[0]?.field.name ?? 'the field'} and others that match are more than ${bytesMax} bytes together. ` +
    'Use fewer or narrower patterns, or startsWith, endsWith, contains.';
  return new LeafLimitError('patternBytes', bytesMax, detail);
}

function tooManyValues(asked: readonly PatternQuestion[]): LeafLimitError {
  const detail =
    `matches is tried on the distinct values of ${asked[0]?.field.name ?? 'the field'}, and it has more than ${PATTERN_VALUES_MAX}. ` +
    'Use startsWith, endsWith, contains or in.';
  return new LeafLimitError('patternValues', PATTERN_VALUES_MAX, detail);
}
