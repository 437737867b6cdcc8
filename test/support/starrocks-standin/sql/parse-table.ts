import { syntaxError } from '../starrocks-error';
import type { Aggregation, ColumnDeclaration, CreateTable, Model, PartitionDeclaration } from './ast';
import { parseType } from './parse-type';
import type { TokenReader } from './token-reader';

const AGGREGATIONS: readonly Aggregation[] = ['REPLACE_IF_NOT_NULL', 'REPLACE', 'SUM', 'MAX', 'MIN', 'BITMAP_UNION'];
const MODELS: readonly Model[] = ['PRIMARY', 'AGGREGATE', 'UNIQUE', 'DUPLICATE'];

/** Behind `CREATE TABLE`. The clauses have one order only (STARROCKS.md section 1). */
export function parseCreateTable(reader: TokenReader, ifNotExists: boolean, name: readonly string[]): CreateTable {
  const columns = reader.inBrackets(() => reader.list(() => parseColumn(reader)));
  if (reader.take('ENGINE')) {
    reader.expect('=');
    const engine = reader.identifier();
    if (engine.toUpperCase() !== 'OLAP') throw syntaxError(`Unknown engine: ${engine}`);
  }
  const model = MODELS.find((one) => reader.take(one, 'KEY')) ?? null;
  const keys = model === null ? [] : names(reader);
  if (reader.take('COMMENT')) reader.string();
  const { partitionBy, partitions } = parsePartitionBy(reader);
  const { distributedBy, buckets } = parseDistribution(reader);
  const orderBy = reader.take('ORDER', 'BY') ? names(reader) : [];
  const properties = parseProperties(reader);
  return {
    kind: 'createTable',
    name,
    ifNotExists,
    columns,
    model,
    keys,
    partitionBy,
    partitions,
    distributedBy,
    buckets,
    orderBy,
    properties,
  };
}

function names(reader: TokenReader): string[] {
  return reader.inBrackets(() => reader.list(() => reader.identifier()));
}

/** `name type [KEY] [aggregation] [NULL | NOT NULL] [DEFAULT …] [COMMENT …]`. */
export function parseColumn(reader: TokenReader): ColumnDeclaration {
  const name = reader.identifier();
  const type = parseType(reader);
  reader.take('KEY');
  const aggregation = AGGREGATIONS.find((one) => reader.take(one)) ?? null;
  const isNullable = !reader.take('NOT', 'NULL');
  if (isNullable) reader.take('NULL');
  const defaultValue = reader.take('DEFAULT') ? parseDefault(reader) : null;
  if (reader.take('COMMENT')) reader.string();
  return { name, type, isNullable, aggregation, defaultValue };
}

function parseDefault(reader: TokenReader): ColumnDeclaration['defaultValue'] {
  if (reader.take('NULL')) return { kind: 'null' };
  if (reader.take('CURRENT_TIMESTAMP')) return { kind: 'now' };
  return { kind: 'text', text: reader.string() };
}

function parsePartitionBy(reader: TokenReader): Pick<CreateTable, 'partitionBy' | 'partitions'> {
  if (!reader.take('PARTITION', 'BY')) return { partitionBy: [], partitions: [] };
  reader.expect('RANGE');
  const partitionBy = names(reader);
  const partitions = reader.inBrackets(() => (reader.is(')') ? [] : reader.list(() => parsePartition(reader, false))));
  return { partitionBy, partitions };
}

/** `PARTITION p VALUES …`, or `START … END … EVERY …`. */
export function parsePartition(reader: TokenReader, isTemporary: boolean): PartitionDeclaration {
  if (reader.is('START')) return parseBatch(reader, isTemporary);
  reader.expect('PARTITION');
  const ifNotExists = reader.take('IF', 'NOT', 'EXISTS');
  const name = reader.identifier();
  reader.expect('VALUES');
  if (reader.take('LESS', 'THAN')) {
    const upper = reader.is('MAXVALUE') ? bound(reader) : reader.inBrackets(() => bound(reader));
    return { kind: 'range', name, ifNotExists, lower: null, upper, isTemporary };
  }
  reader.expect('[');
  const lower = reader.inBrackets(() => reader.string());
  reader.expect(',');
  const upper = reader.inBrackets(() => bound(reader));
  reader.expect(')');
  return { kind: 'range', name, ifNotExists, lower, upper, isTemporary };
}

/** Quoted, integers too. */
function bound(reader: TokenReader): string {
  return reader.take('MAXVALUE') ? 'MAXVALUE' : reader.string();
}

export function parseBatch(reader: TokenReader, isTemporary: boolean): PartitionDeclaration {
  reader.expect('START');
  const start = reader.inBrackets(() => reader.string());
  reader.expect('END');
  const end = reader.inBrackets(() => reader.string());
  reader.expect('EVERY');
  const every = reader.inBrackets(() => {
    const isInterval = reader.take('INTERVAL');
    const count = reader.integer();
    return { count, unit: isInterval ? reader.next().key : null };
  });
  return { kind: 'batch', start, end, every, isTemporary };
}

function parseDistribution(reader: TokenReader): Pick<CreateTable, 'distributedBy' | 'buckets'> {
  if (!reader.take('DISTRIBUTED', 'BY')) return { distributedBy: null, buckets: null };
  reader.expect('HASH');
  const distributedBy = names(reader);
  return { distributedBy, buckets: reader.take('BUCKETS') ? reader.integer() : null };
}

/** `PROPERTIES ("a" = "b", …)`, if it is there. */
export function parseProperties(reader: TokenReader): Map<string, string> {
  const properties = new Map<string, string>();
  if (!reader.take('PROPERTIES')) return properties;
  reader.inBrackets(() =>
    reader.list(() => {
      const key = reader.string();
      reader.expect('=');
      properties.set(key, reader.string());
    }),
  );
  return properties;
}
