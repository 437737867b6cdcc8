import type { ListJoin } from './long-lists';

/** A table under the alias `r` with its joins. */
export function fromSql(table: string, joins: readonly ListJoin[]): string {
  const joined = joins.map(
    ({ alias, sql, on, isOfValues }) => ` LEFT JOIN ${isOfValues ? '[broadcast] ' : ''}${sql} AS ${alias} ON ${on}`,
  );
  return `${table} AS r${joined.join('')}`;
}
