import { randomBytes } from 'node:crypto';
import type { ValueList } from '../compile/leaves';
import { identifier, LISTS_TABLE, VALUES_TABLE } from '../schema/names';
import { instantLiteral, textLiteral } from '../sql/literal';

// Rows that a question needs for itself: values of long lists, results kept between its statements. They stand under ids that begin with
// `question-` and the time, gone with the question; what a process that died has left behind is swept by that time.

const PREFIX = 'question-';
const TIME_DIGITS = 9;
const LIST = identifier('sys_list');
/** Rows of one INSERT: StarRocks takes 10,000. */
const ROWS_MAX = 5_000;
/** Characters of one INSERT's values. */
const LENGTH_MAX = 4_000_000;

/** What a question's rows are called; ids are this and a few more characters. Sorts by time. */
export function questionId(nowMs: number): string {
  return `${timePrefix(nowMs)}-${randomBytes(9).toString('hex')}-`;
}

function timePrefix(ms: number): string {
  return `${PREFIX}${ms.toString(36).padStart(TIME_DIGITS, '0')}`;
}

/** Stores a list of values. */
export async function storeValues(
  list: ValueList,
  nowMs: number,
  write: (statement: string) => Promise<void>,
): Promise<void> {
  const into = `INSERT INTO ${identifier(VALUES_TABLE)} (${LIST}, ${identifier(list.column)}, ${identifier('sys_created')}) VALUES `;
  const frame = (value: number | string): string =>
    `(${textLiteral(list.id)}, ${typeof value === 'number' ? value : textLiteral(value)}, ${instantLiteral(nowMs)})`;
  let rows: string[] = [];
  let length = 0;
  for (const value of list.values) {
    const row = frame(value);
    if (rows.length === ROWS_MAX || length + row.length > LENGTH_MAX) {
      await write(into + rows.join(', '));
      rows = [];
      length = 0;
    }
    rows.push(row);
    length += row.length;
  }
  if (rows.length > 0) await write(into + rows.join(', '));
}

/** Statements that delete a question's rows. */
export function dropStatements(keptLists: readonly string[], valueLists: readonly string[]): readonly string[] {
  const drop = (table: string, ids: readonly string[]): readonly string[] =>
    ids.length === 0
      ? []
      : [`DELETE FROM ${identifier(table)} WHERE ${LIST} IN (${ids.map((id) => textLiteral(id)).join(', ')})`];
  return [...drop(LISTS_TABLE, keptLists), ...drop(VALUES_TABLE, valueLists)];
}

/** Finds and deletes rows of questions that began before. Looks first: a DELETE makes a new version of every tablet. */
export function sweepStatements(beforeMs: number): readonly { readonly find: string; readonly sweep: string }[] {
  const stale = `${LIST} >= ${textLiteral(PREFIX)} AND ${LIST} < ${textLiteral(timePrefix(beforeMs))}`;
  return [LISTS_TABLE, VALUES_TABLE].map((table) => ({
    find: `SELECT ${LIST} FROM ${identifier(table)} WHERE ${stale} LIMIT 1`,
    sweep: `DELETE FROM ${identifier(table)} WHERE ${stale}`,
  }));
}
