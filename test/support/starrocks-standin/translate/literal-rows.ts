import type { Expression } from '../sql/ast';
import type { SqlType } from '../sql/types';
import { BOOLEAN, commonType, duckType, nameOf, NULL, VARCHAR } from '../sql/types';
import type { TranslatedQuery } from './expression';
import { cast, quoteName, quoteText } from './typed';
import type { Typed } from './typed';

/** With fewer rows DuckDB's own VALUES is as fast. */
const ROWS_LEAST = 16;
/** Between values, between elements, for NULL, for an empty array: characters that no value may hold. */
const MARKS = ['\u001f', '\u001e', '\u001d', '\u001c', '\u0001', '\u0002', '\u0003', '\u0004', '\u0005', '\u0006'];

interface LiteralColumn {
  readonly type: SqlType;
  readonly texts: readonly (string | null | readonly (string | null)[])[];
}

/**
 * Many rows of plain values. DuckDB takes long over thousands of expressions, so each column is one long string that it splits.
 * @returns null if they are few, or not plain.
 */
export function literalRows(
  rows: readonly (readonly Expression[])[],
  typeOf: (literal: Expression) => Typed,
): TranslatedQuery | null {
  if (rows.length < ROWS_LEAST) return null;
  const columns: LiteralColumn[] = [];
  for (let index = 0; index < rows[0]!.length; index++) {
    const column = literalColumn(
      rows.map((row) => row[index]!),
      typeOf,
    );
    if (column === null) return null;
    columns.push(column);
  }
  const splits = columns.map((column, index) => split(column, index));
  if (splits.includes(null)) return null;
  const values = columns.map(({ type }, index) => {
    const raw: Typed = { sql: `u${index}`, type: type.name === 'ARRAY' ? { name: 'ARRAY', of: VARCHAR } : VARCHAR };
    const isText = nameOf(raw.type) === nameOf(type);
    const sql = isText
      ? raw.sql
      : type.name === 'ARRAY'
        ? cast(raw, type).sql
        : `CAST(${raw.sql} AS ${duckType(type)})`;
    return `${sql} AS ${quoteName(`column_${index}`)}`;
  });
  return {
    sql: `SELECT ${values.join(', ')} FROM (SELECT ${splits.join(', ')}) AS sys_split`,
    columns: columns.map(({ type }, index) => ({ name: `column_${index}`, type })),
  };
}

function literalColumn(values: readonly Expression[], typeOf: (literal: Expression) => Typed): LiteralColumn | null {
  let type: SqlType = NULL;
  const texts: LiteralColumn['texts'][number][] = [];
  for (const value of values) {
    const found = literal(value, typeOf);
    const common = found === null ? null : commonType(type, found.type);
    if (found === null || common === null) return null;
    type = common;
    texts.push(found.text);
  }
  // What DuckDB would write otherwise than it stands in the statement.
  const isPlain = type.name !== 'VARCHAR' || values.every(({ kind }) => kind === 'string' || kind === 'null');
  return isPlain ? { type, texts } : null;
}

function literal(
  value: Expression,
  typeOf: (literal: Expression) => Typed,
): { readonly type: SqlType; readonly text: LiteralColumn['texts'][number] } | null {
  switch (value.kind) {
    case 'null':
      return { type: NULL, text: null };
    case 'string':
      return { type: VARCHAR, text: value.value };
    case 'boolean':
      return { type: BOOLEAN, text: String(value.value) };
    case 'number':
      return { type: typeOf(value).type, text: value.text };
    case 'cast': {
      const inner = value.of.kind === 'array' ? literal(value.of, typeOf) : null;
      return inner === null || value.type.name !== 'ARRAY' ? null : { type: value.type, text: inner.text };
    }
    case 'array': {
      const items = value.items.map((item) => (item.kind === 'string' ? item.value : null));
      if (value.items.some(({ kind }) => kind !== 'string')) return null;
      return { type: { name: 'ARRAY', of: VARCHAR }, text: items };
    }
    default:
      return null;
  }
}

/** @returns null if the values hold too many of the marks. */
function split({ texts }: LiteralColumn, index: number): string | null {
  const all = texts.flat();
  const marks = MARKS.filter((mark) => !all.some((text) => text?.includes(mark) === true));
  const [between, elements, nothing, empty] = marks;
  if (between === undefined || elements === undefined || nothing === undefined || empty === undefined) return null;
  const joined = texts.map((text) => {
    if (text === null) return nothing;
    if (typeof text === 'string') return text;
    return text.length === 0 ? empty : text.map((item) => item ?? nothing).join(elements);
  });
  const each = `unnest(str_split(${quoteText(joined.join(between))}, ${quoteText(between)}))`;
  if (!texts.some((text) => Array.isArray(text))) return `nullif(${each}, ${quoteText(nothing)}) AS u${index}`;
  const lists = `list_transform(str_split(${quoteText(joined.join(between))}, ${quoteText(between)}), lambda x: CASE WHEN x = ${quoteText(nothing)} THEN NULL WHEN x = ${quoteText(empty)} THEN [] ELSE str_split(x, ${quoteText(elements)}) END)`;
  return `unnest(${lists}) AS u${index}`;
}
