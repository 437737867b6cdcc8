import { GUIDS, identifier, LISTS_TABLE, SEGMENT } from '../../schema/names';
import { textLiteral } from '../../sql/literal';
import type { KeptResult } from './shape';

const list = identifier('sys_list');
const segment = identifier(SEGMENT);
const guids = identifier(GUIDS);

/**
 * Writes the columns `c0`, `c1`, … of a select by segment as rows of lists.
 * @param bySegment a select of `sys_seg` and a bitmap, never NULL, for each result.
 */
export function insertKept(results: readonly KeptResult[], bySegment: string): string {
  const into = `INSERT INTO ${identifier(LISTS_TABLE)} (${list}, ${segment}, ${guids})`;
  const [only] = results;
  if (only !== undefined && results.length === 1) {
    return `${into}\nSELECT ${textLiteral(only.listId)}, s.${segment}, s.c0\nFROM (\n${bySegment}\n) s`;
  }
  const cases = results.map((_, index) => `WHEN ${index} THEN s.c${index}`);
  const ids = results.map(({ listId }, index) => `SELECT ${textLiteral(listId)} AS ${list}, ${index} AS i`);
  return [
    into,
    `SELECT o.${list}, s.${segment}, CASE o.i ${cases.join(' ')} END`,
    `FROM (\n${bySegment}\n) s`,
    `CROSS JOIN (${ids.join(' UNION ALL ')}) o`,
  ].join('\n');
}
