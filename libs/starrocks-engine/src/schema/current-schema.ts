import type { StarrocksSession } from '../connection/starrocks-connection';
import { textLiteral } from '../sql/literal';
import type { ColumnType } from './column-type';
import type { PartitionRange } from './partition-range';

export interface CurrentColumn {
  /** Null: a type that no table of ours has. */
  readonly type: ColumnType | null;
  /** As StarRocks writes it. */
  readonly typeText: string;
  readonly isNullable: boolean;
}

/** Null bounds: they could not be read, or are none of ours. */
export interface CurrentPartition {
  readonly name: string;
  readonly range: PartitionRange | null;
}

/** A table as StarRocks has it. */
export interface CurrentTable {
  readonly name: string;
  /** `PRIMARY`, `AGGREGATE`, `DUPLICATE`; others as StarRocks calls them. */
  readonly model: string;
  /** By lower-case name: StarRocks takes column names in any case. */
  readonly columns: ReadonlyMap<string, CurrentColumn>;
  readonly buckets: number;
  readonly partitions: readonly CurrentPartition[];
}

export type CurrentSchema = ReadonlyMap<string, CurrentTable>;

/** The tables of a database, from information_schema; a column that is being added is not among them. @throws StarrocksError */
export async function readSchema(session: StarrocksSession, database: string): Promise<CurrentSchema> {
  const ours = textLiteral(database);
  const tables = await session.rows(
    `SELECT TABLE_NAME, TABLE_MODEL, DISTRIBUTE_BUCKET FROM information_schema.tables_config WHERE TABLE_SCHEMA = ${ours}`,
  );
  const columns = await session.rows(
    `SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE FROM information_schema.columns WHERE TABLE_SCHEMA = ${ours}`,
  );
  const partitions = await session.rows(
    `SELECT TABLE_NAME, PARTITION_NAME, PARTITION_VALUE, IS_TEMP FROM information_schema.partitions_meta WHERE DB_NAME = ${ours}`,
  );
  const found = new Map<
    string,
    CurrentTable & { columns: Map<string, CurrentColumn>; partitions: CurrentPartition[] }
  >();
  for (const row of tables) {
    const [name, model] = [textOf(row['TABLE_NAME']), modelOf(textOf(row['TABLE_MODEL']))];
    const buckets = Number(row['DISTRIBUTE_BUCKET']);
    found.set(name, { name, model, buckets, columns: new Map(), partitions: [] });
  }
  for (const row of columns) {
    const typeText = textOf(row['COLUMN_TYPE']);
    const column = { type: readType(typeText), typeText, isNullable: textOf(row['IS_NULLABLE']) === 'YES' };
    found.get(textOf(row['TABLE_NAME']))?.columns.set(textOf(row['COLUMN_NAME']).toLowerCase(), column);
  }
  for (const row of partitions) {
    if (['1', 'true'].includes(textOf(row['IS_TEMP']))) continue;
    const name = textOf(row['PARTITION_NAME']);
    const known = found.get(textOf(row['TABLE_NAME']))?.partitions;
    // One of several pieces stands there several times.
    if (known?.some((one) => one.name === name) === false) {
      known.push({ name, range: readRange(textOf(row['PARTITION_VALUE'])) });
    }
  }
  return found;
}

/** `varchar(65533)`, `bigint(20)`, `decimal64(18, 4)`, `tinyint(1)`, `array<varchar(65533)>` …; null: none of ours. */
export function readType(text: string): ColumnType | null {
  const plain = text.toLowerCase().replaceAll(' ', '');
  const [, length] = /^varchar\((\d+)\)$/.exec(plain) ?? [];
  if (length !== undefined) return { kind: 'varchar', bytes: Number(length) };
  const [, elementLength] = /^array<varchar\((\d+)\)>$/.exec(plain) ?? [];
  if (elementLength !== undefined) return { kind: 'strings', bytes: Number(elementLength) };
  const [, scale] = /^decimal(?:v3|\d+)?\(18,(\d+)\)$/.exec(plain) ?? [];
  if (scale !== undefined) return { kind: 'decimal', scale: Number(scale) };
  switch (plain.replace(/\(\d+\)$/, '')) {
    case 'tinyint':
    case 'boolean':
      return plain === 'boolean' || plain === 'tinyint(1)' ? { kind: 'boolean' } : null;
    case 'int':
      return { kind: 'int' };
    case 'bigint':
      return { kind: 'bigint' };
    case 'date':
      return { kind: 'date' };
    case 'datetime':
      return { kind: 'datetime' };
    case 'bitmap':
      return { kind: 'bitmap' };
    default:
      return null;
  }
}

/** `[types: [DATETIME]; keys: [2026-11-21 00:00:00]; ..types: [DATETIME]; keys: [2026-11-22 00:00:00]; )`, guids alike. */
export function readRange(text: string): PartitionRange | null {
  const [from = Number.NaN, to = Number.NaN] = [...text.matchAll(/keys: \[([^\]]*)\]/g)].map(([, key = '']) =>
    readBound(key.trim()),
  );
  return Number.isSafeInteger(from) && Number.isSafeInteger(to) && from < to ? { from, to } : null;
}

function readBound(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const [, day] = /^(\d{4}-\d{2}-\d{2}) 00:00:00(?:\.0+)?$/.exec(text) ?? [];
  return day === undefined ? Number.NaN : Date.parse(`${day}T00:00:00Z`);
}

function modelOf(text: string): string {
  if (text.startsWith('PRI')) return 'PRIMARY';
  if (text.startsWith('AGG')) return 'AGGREGATE';
  return text.startsWith('DUP') ? 'DUPLICATE' : text;
}

function textOf(value: string | number | null | undefined): string {
  return value === null || value === undefined ? '' : String(value);
}
