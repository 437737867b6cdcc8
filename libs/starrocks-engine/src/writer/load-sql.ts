import { identifier, POSITIONS_TABLE } from '../schema/names';
import { textLiteral } from '../sql/literal';
import { cellSql, selectedCell } from './cell-text';
import type { Fence, LoadColumn, LoadRow } from './table-load';

export const SOURCE = 'sys_source';
export const BEGUN = 'sys_begun';
export const NEXT = 'sys_next';
export const WRITER = 'sys_writer';
/** A row of the positions that says nothing: claims are looked at by writing it. */
export const CHECKS = 'checks';

/** A row in `VALUES`. */
export function rowSql(columns: readonly LoadColumn[], { cells }: LoadRow): string {
  return `(${columns.map(({ type }, place) => cellSql(type, cells[place] ?? null)).join(',')})`;
}

/**
 * An INSERT that writes all rows or, if another process has claimed one of the sources, none. It is decided where the statement is
 * planned, by the leader of the frontends, so that it holds however late the statement gets there.
 * @param rows as `rowSql` makes them, at least one.
 */
export function insertSql(
  table: string,
  columns: readonly LoadColumn[],
  rows: readonly string[],
  fence: Fence,
): string {
  const names = columns.map(({ name }) => identifier(name)).join(', ');
  const places = columns.map((_, place) => `c${place}`);
  const selected = columns.map(({ type }, place) => selectedCell(type, `v.c${place}`)).join(', ');
  return `INSERT INTO ${identifier(table)} (${names}) SELECT ${selected} FROM (VALUES ${rows.join(',')}) AS v (${places.join(', ')}) WHERE (${heldSql(fence)}) = ${fence.size}`;
}

/** A query for the number of these sources that are still claimed as the fence says. */
export function heldSql(fence: Fence): string {
  return `SELECT count(*) AS held FROM ${identifier(POSITIONS_TABLE)} WHERE ${claimedSql(fence)}`;
}

/**
 * A write of one row if all sources are still claimed as the fence says, of none otherwise. A write, because those are planned by the leader
 * of the frontends; what a query is told by another one may be a moment old.
 */
export function checkSql(fence: Fence): string {
  const table = identifier(POSITIONS_TABLE);
  return `INSERT INTO ${table} (${SOURCE}, ${BEGUN}, ${NEXT}) SELECT ${textLiteral(CHECKS)}, 0, 0 FROM (${heldSql(fence)}) AS c WHERE c.held = ${fence.size}`;
}

/** A condition on a row of the positions. */
export function claimedSql(fence: Fence, prefix = ''): string {
  const sources = new Map<string, string[]>();
  for (const [source, writer] of fence) {
    const some = sources.get(writer) ?? [];
    sources.set(writer, some);
    some.push(source);
  }
  const each = [...sources].map(([writer, some]) => {
    const list = some.map(textLiteral).join(', ');
    return `(${prefix}${WRITER} = ${textLiteral(writer)} AND ${prefix}${SOURCE} IN (${list}))`;
  });
  return each.length === 1 ? String(each[0]) : `(${each.join(' OR ')})`;
}

/** @param guids at least one. */
export function deleteSql(table: string, column: string, guids: readonly number[]): string {
  return `DELETE FROM ${identifier(table)} WHERE ${identifier(column)} IN (${guids.join(', ')})`;
}
