import { randomBytes } from 'node:crypto';
import type { ValueList } from '../compile/leaves';
import { typeSql, varchar, VARCHAR_BYTES_MAX } from '../schema/column-type';
import { identifier, LISTS_TABLE, NUMBER, TEXT, VALUES_TABLE } from '../schema/names';
import { instantLiteral, textLiteral } from '../sql/literal';

// Rows that a question needs for itself: values of long lists, results kept between its statements. They stand under ids that begin with
// `question-` and the time, gone with the question; what a process that died has left behind is swept by that time.

const PREFIX = 'question-';
const TIME_DIGITS = 9;
const LIST = identifier('sys_list');
/** Characters of one INSERT's values. */
const LENGTH_MAX = 4_000_000;

/** What a question's rows are called; ids are this and a few more characters. Sorts by time. */
export function questionId(nowMs: number): string {
  return `${timePrefix(nowMs)}-${randomBytes(9).toString('hex')}-`;
}

function timePrefix(ms: number): string {
  return `${PREFIX}${ms.toString(36).padStart(TIME_DIGITS, '0')}`;
}

/**
 * Stores lists of values, in as few statements as hold them: each is a load of its own. Not `INSERT … VALUES`, which takes 10,000 rows.
 * @param write resolves when they are visible.
 */
export async function storeValues(
  lists: readonly ValueList[],
  nowMs: number,
  write: (statement: string) => Promise<void>,
): Promise<void> {
  let rows: string[] = [];
  let length = 0;
  const flush = async (): Promise<void> => {
    if (rows.length > 0) await write(insertSql(rows, nowMs));
    rows = [];
    length = 0;
  };
  for (const { id, column, values } of lists) {
    const list = textLiteral(id);
    for (const value of values) {
      const stored = typeof value === 'number' ? value : textLiteral(value);
      const row = column === NUMBER ? `(${list},${stored},NULL)` : `(${list},NULL,${stored})`;
      if (length + row.length > LENGTH_MAX) await flush();
      rows.push(row);
      length += row.length;
    }
  }
  await flush();
}

function insertSql(rows: readonly string[], nowMs: number): string {
  const columns = [LIST, identifier(NUMBER), identifier(TEXT), identifier('sys_created')];
  // Cast, whatever type the values have among themselves.
  const selected = [
    'v.c0',
    'CAST(v.c1 AS BIGINT)',
    `CAST(v.c2 AS ${typeSql(varchar(VARCHAR_BYTES_MAX))})`,
    instantLiteral(nowMs),
  ];
  return `INSERT INTO ${identifier(VALUES_TABLE)} (${columns.join(', ')}) SELECT ${selected.join(', ')} FROM (VALUES ${rows.join(',')}) AS v (c0, c1, c2)`;
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
