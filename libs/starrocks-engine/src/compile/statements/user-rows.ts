import { GUID, GUIDS, identifier, SEGMENT, SEGMENT_GUIDS, USERS_TABLE } from '../../schema/names';
import type { StoredGate } from './gate';
import { MEMBER } from './shape';
import type { LeafSource, UserFilter } from './shape';

// What both shapes read from: users with what is joined to them, and bitmaps by segment.

/** Alias of the users. */
export const USERS = 'u';
const guid = identifier(GUID);
const segment = identifier(SEGMENT);
const guids = identifier(GUIDS);
const users = identifier(USERS_TABLE);
const member = identifier(MEMBER);

/** The segment of the guid in this column. */
export function segmentOf(column: string): string {
  return `CAST(${column} DIV ${SEGMENT_GUIDS} AS INT)`;
}

/** `FROM` with the users and the relations of the leaves. */
export function fromUsers(leaves: LeafSource): string {
  const lines = [`FROM ${users} ${USERS}`];
  for (const { alias, sql, joinedBy } of leaves.relations()) {
    lines.push(
      joinedBy === null
        ? `LEFT JOIN [colocate] ${sql} ${alias} ON ${alias}.${guid} = ${USERS}.${guid}`
        : `LEFT JOIN [broadcast] ${sql} ${alias} ON ${joinedBy}`,
    );
  }
  return lines.join('\n');
}

/** ` WHERE …`, or nothing. */
export function whereUsers(filter: UserFilter | null): string {
  if (filter === null) return '';
  if (filter.kind === 'range') {
    return `\nWHERE ${USERS}.${guid} > ${filter.after} AND ${USERS}.${guid} <= ${filter.upTo}`;
  }
  return `\nWHERE ${USERS}.${guid} IN (${filter.guids.join(', ')})`;
}

/** Stored bitmaps of one table, joined as one relation. */
export interface StoredRelation {
  readonly alias: string;
  /** Of the columns. */
  readonly names: readonly string[];
  /** A sub-select in brackets of `sys_seg` and a column for each bitmap. */
  readonly sql: string;
}

/**
 * One scan of each table of bitmaps.
 * @param stored the bitmaps and the names of their columns.
 */
export function storedRelations(
  stored: readonly (readonly [name: string, gate: StoredGate])[],
): readonly StoredRelation[] {
  const byTable = new Map<string, (readonly [string, StoredGate])[]>();
  for (const entry of stored) {
    const { table } = entry[1].bitmap;
    byTable.set(table, [...(byTable.get(table) ?? []), entry]);
  }
  return [...byTable].map(([table, entries], index) => ({
    alias: `m${index}`,
    names: entries.map(([name]) => name),
    sql: storedColumns(table, entries),
  }));
}

function storedColumns(table: string, entries: readonly (readonly [string, StoredGate])[]): string {
  const columns = entries.map(
    ([name, { bitmap }]) => `bitmap_union(if(${bitmap.condition}, ${guids}, NULL)) AS ${name}`,
  );
  const conditions = entries.map(([, { bitmap }]) => `(${bitmap.condition})`);
  return [
    `(SELECT ${segment},`,
    `  ${columns.join(',\n  ')}`,
    `FROM ${identifier(table)}`,
    `WHERE ${conditions.join(' OR ')}`,
    `GROUP BY ${segment})`,
  ].join('\n');
}

/** As `Shape.marked`, of nobody. */
export function nobodyMarked(): string {
  return `(SELECT ${USERS}.${guid}, false AS ${member}\nFROM ${users} ${USERS})`;
}
