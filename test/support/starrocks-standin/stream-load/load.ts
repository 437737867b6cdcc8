import type { DuckDBConnection } from '@duckdb/node-api';
import { listValue, LIST, VARCHAR as DUCK_VARCHAR } from '@duckdb/node-api';
import type { IncomingHttpHeaders } from 'node:http';
import { analyzeError, StarrocksError } from '../starrocks-error';
import type { Expression } from '../sql/ast';
import { ExpressionParser } from '../sql/parse-expression';
import { parseQuery } from '../sql/parse-query';
import { TokenReader } from '../sql/token-reader';
import type { SqlType } from '../sql/types';
import { VARCHAR, VARCHAR_BYTES_MAX } from '../sql/types';
import type { Table, TableColumn } from '../catalog/table';
import { columnOf } from '../catalog/table';
import { targetOf } from '../statements/change-rows';
import { FilteredRowsError, writeRows } from '../statements/write-rows';
import { ExpressionTranslator } from '../translate/expression';
import { Scope } from '../translate/scope';
import { cast, quoteName } from '../translate/typed';
import type { Typed } from '../translate/typed';
import { parseCsvRows, parseJsonPaths, parseJsonRows } from './parse-body';
import type { SourceRow } from './parse-body';

const OPERATION = '__op';
/** Headers that would change the result, and that the stand-in does not know. */
const REFUSED = [
  'where',
  'compression',
  'json_root',
  'enclose',
  'escape',
  'skip_header',
  'trim_space',
  'enable_merge_commit',
];

/** `columns: a, b, c = f(b)`. */
interface Mapping {
  /** Fields of the source, in order. */
  readonly sources: readonly string[];
  readonly derived: readonly { readonly name: string; readonly of: Expression }[];
}

/** What the headers of a load ask for. */
export interface LoadPlan {
  readonly mapping: Mapping;
  /** Columns of the table that it brings, in the order of the values. */
  readonly columns: readonly TableColumn[];
  readonly hasOperation: boolean;
  readonly partialUpdate: boolean;
  readonly mergeCondition: string | null;
  readonly strict: boolean;
  readonly partitions: readonly string[] | null;
  readonly isTemporary: boolean;
  readonly rows: (body: Buffer) => SourceRow[];
}

function header(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** @throws StarrocksError for headers that contradict the table or that are not known here. */
export function planLoad(table: Table, headers: IncomingHttpHeaders): LoadPlan {
  const refused = REFUSED.find((name) => header(headers, name) !== null);
  if (refused !== undefined) throw analyzeError(`the stand-in does not take the header '${refused}'`);
  if (Number(header(headers, 'max_filter_ratio') ?? 0) !== 0)
    throw analyzeError('the stand-in takes max_filter_ratio 0');
  const format = (header(headers, 'format') ?? 'csv').toLowerCase();
  const mapping = parseMapping(header(headers, 'columns'), table);
  const targets = [...mapping.derived.map(({ name }) => name), ...mapping.sources].filter((name) => name !== OPERATION);
  const columns = [...new Set(targets.flatMap((name) => columnOf(table, name) ?? []))];
  const unknown = mapping.derived.find(({ name }) => name !== OPERATION && columnOf(table, name) === null);
  if (unknown !== undefined) throw analyzeError(`Column has no field in table. field=${unknown.name}`);
  const names = [...mapping.sources, ...mapping.derived.map(({ name }) => name)];
  const mergeCondition = header(headers, 'merge_condition');
  if (mergeCondition !== null) checkMergeCondition(table, mergeCondition);
  const partialUpdate = header(headers, 'partial_update') === 'true';
  if (partialUpdate && table.model !== 'PRIMARY') throw analyzeError('partial_update is for PRIMARY KEY tables');
  if (names.includes(OPERATION) && table.model !== 'PRIMARY') throw analyzeError('__op is for PRIMARY KEY tables');
  const temporary = header(headers, 'temporary_partitions');
  const partitions = temporary ?? header(headers, 'partitions');
  return {
    mapping,
    columns,
    hasOperation: names.includes(OPERATION),
    partialUpdate,
    mergeCondition,
    strict: header(headers, 'strict_mode') === 'true',
    partitions: partitions === null ? null : partitions.split(',').map((name) => name.trim()),
    isTemporary: temporary !== null,
    rows: reader(format, mapping, headers),
  };
}

function checkMergeCondition(table: Table, name: string): void {
  const column = columnOf(table, name);
  if (table.model !== 'PRIMARY' || column === null || column.isKey || ['BITMAP', 'ARRAY'].includes(column.type.name)) {
    throw analyzeError(
      `Merge condition column '${name}' must be a value column of a PRIMARY KEY table that can be compared`,
    );
  }
}

function reader(format: string, { sources }: Mapping, headers: IncomingHttpHeaders): LoadPlan['rows'] {
  if (format === 'csv') {
    const separator = unescaped(header(headers, 'column_separator') ?? '\t');
    const delimiter = unescaped(header(headers, 'row_delimiter') ?? '\n');
    return (body) => parseCsvRows(body, sources.length, separator, delimiter);
  }
  if (format !== 'json') throw analyzeError(`unknown data format: ${format}`);
  const given = header(headers, 'jsonpaths');
  const paths = given === null ? sources.map((name) => [name]) : parseJsonPaths(given);
  if (paths.length !== sources.length) throw analyzeError(`${paths.length} jsonpaths for ${sources.length} columns`);
  const stripOuterArray = header(headers, 'strip_outer_array') === 'true';
  return (body) => parseJsonRows(body, { stripOuterArray, paths });
}

function unescaped(text: string): string {
  return text
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n')
    .replace(/\\x([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function parseMapping(text: string | null, table: Table): Mapping {
  if (text === null) return { sources: table.columns.map(({ name }) => name), derived: [] };
  const tokens = new TokenReader(text);
  const expressions = new ExpressionParser(tokens, parseQuery);
  const sources: string[] = [];
  const derived: { name: string; of: Expression }[] = [];
  tokens.list(() => {
    const name = tokens.identifier();
    if (tokens.take('=')) derived.push({ name, of: expressions.expression() });
    else sources.push(name);
  });
  if (tokens.peek().kind !== 'end') throw tokens.unexpected("','");
  return { sources, derived };
}

/** In a transaction. @returns how many rows there were. @throws FilteredRowsError if one of them can't be stored. */
export async function loadRows(
  connection: DuckDBConnection,
  table: Table,
  plan: LoadPlan,
  body: Buffer,
): Promise<number> {
  const rows = plan.rows(body);
  await stageSource(connection, table, plan.mapping.sources, rows);
  const raw = sourceScope(table, plan.mapping.sources, false);
  const typed = sourceScope(table, plan.mapping.sources, true);
  const expressions = new ExpressionTranslator({
    query: () => {
      throw analyzeError('a sub-query in a header');
    },
    parameter: () => {
      throw analyzeError('a parameter in a header');
    },
    session: () => null,
  });
  const valueOf = (name: string): Typed => {
    const derived = plan.mapping.derived.find((one) => one.name.toLowerCase() === name.toLowerCase());
    return derived === undefined ? raw.column([name]) : expressions.translate(derived.of, typed);
  };
  const values = plan.columns.map(({ name }) => valueOf(name));
  if (plan.hasOperation) values.push(cast(valueOf(OPERATION), { name: 'TINYINT' }));
  const select = values.map(({ sql }) => sql).join(', ');
  const count = await writeRows(connection, table, targetOf(table, plan.partitions, plan.isTemporary), {
    sql: `SELECT ${select} FROM temp.sys_source AS s ORDER BY s.sys_line`,
    types: values.map(({ type }) => type),
    columns: plan.columns,
    hasOperation: plan.hasOperation,
    newerBy: plan.mergeCondition,
    missing: plan.partialUpdate ? 'kept' : 'default',
    isLenient: !plan.strict,
  });
  await connection.run('DROP TABLE temp.sys_source');
  return count;
}

/** The fields as texts, or with the types that the columns of the table of their names have. Arrays come as arrays. */
function sourceScope(table: Table, sources: readonly string[], isTyped: boolean): Scope {
  const columns = sources.map((name) => {
    const type = columnOf(table, name)?.type ?? VARCHAR;
    const raw: Typed = { sql: `s.${quoteName(name)}`, type: type.name === 'ARRAY' ? TEXTS : VARCHAR };
    return { name, ...(isTyped && type.name !== 'BITMAP' ? cast(raw, type) : raw) };
  });
  return new Scope([{ alias: 's', columns }], null);
}

const TEXTS: SqlType = { name: 'ARRAY', of: VARCHAR };

async function stageSource(
  connection: DuckDBConnection,
  table: Table,
  sources: readonly string[],
  rows: readonly SourceRow[],
): Promise<void> {
  const isArray = sources.map((name) => columnOf(table, name)?.type.name === 'ARRAY');
  const columns = sources.map((name, index) => `${quoteName(name)} VARCHAR${isArray[index] === true ? '[]' : ''}`);
  await connection.run(`CREATE TEMP TABLE sys_source (${[...columns, 'sys_line BIGINT'].join(', ')})`);
  const appender = await connection.createAppender('sys_source', 'main', 'temp');
  try {
    for (const [line, row] of rows.entries()) {
      row.forEach((field, index) => {
        if (field === null) appender.appendNull();
        else if (typeof field === 'string') {
          checkLength(field, sources[index]!);
          if (isArray[index] === true) throw new FilteredRowsError(`Column '${sources[index]!}': no array`);
          appender.appendVarchar(field);
        } else if (isArray[index] === true) appender.appendList(listValue(field), LIST(DUCK_VARCHAR));
        else throw new StarrocksError(`Column '${sources[index]!}': an array`);
      });
      appender.appendBigInt(BigInt(line));
      appender.endRow();
    }
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
}

function checkLength(text: string, name: string): void {
  if (
    text.length > VARCHAR_BYTES_MAX ||
    (text.length * 3 > VARCHAR_BYTES_MAX && Buffer.byteLength(text) > VARCHAR_BYTES_MAX)
  ) {
    throw new FilteredRowsError(`Column '${name}': more than ${VARCHAR_BYTES_MAX} bytes`);
  }
}
