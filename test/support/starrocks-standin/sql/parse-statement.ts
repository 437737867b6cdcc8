import { StarrocksError, syntaxError } from '../starrocks-error';
import type { AlterAction, Insert, Statement } from './ast';
import { checkChildren, ExpressionParser } from './parse-expression';
import { parseHints, parseName, parsePartitions, parseQuery } from './parse-query';
import { parseBatch, parseColumn, parseCreateTable, parsePartition, parseProperties } from './parse-table';
import { TokenReader } from './token-reader';

export interface Parsed {
  readonly statement: Statement;
  readonly text: string;
}

/** Every statement of a text; StarRocks splits and runs them whatever the client asked for (STARROCKS.md section 4). */
export function parseStatements(sql: string): { readonly statements: readonly Parsed[]; readonly parameters: number } {
  const reader = new TokenReader(sql);
  const statements: Parsed[] = [];
  do {
    if (statements.length > 0 && reader.peek().kind === 'end') break;
    const from = reader.peek().at;
    const statement = parseStatement(reader);
    statements.push({ statement, text: sql.slice(from, reader.peek().at).trim() });
  } while (reader.take(';'));
  if (reader.peek().kind !== 'end') throw reader.unexpected("';'");
  return { statements, parameters: reader.parameters };
}

/** First word → what follows. What is not in here is refused. */
const STATEMENTS: Readonly<Record<string, (reader: TokenReader) => Statement>> = {
  SELECT: (reader) => ({ kind: 'query', query: parseQuery(reader) }),
  WITH: (reader) => ({ kind: 'query', query: parseQuery(reader) }),
  '(': (reader) => ({ kind: 'query', query: parseQuery(reader) }),
  EXPLAIN: parseExplain,
  INSERT: parseInsert,
  DELETE: parseDelete,
  UPDATE: parseUpdate,
  TRUNCATE: (reader) => {
    reader.expect('TRUNCATE', 'TABLE');
    return { kind: 'truncate', name: parseName(reader) };
  },
  CREATE: parseCreate,
  DROP: parseDrop,
  ALTER: parseAlter,
  USE: (reader) => {
    reader.expect('USE');
    return { kind: 'use', name: reader.identifier() };
  },
  SHOW: parseShow,
  DESC: parseDescribe,
  DESCRIBE: parseDescribe,
  SET: parseSet,
  KILL: parseKill,
  SYNC: (reader) => {
    reader.expect('SYNC');
    return { kind: 'sync' };
  },
};

function parseStatement(reader: TokenReader): Statement {
  const parse = STATEMENTS[reader.peek().key];
  if (parse === undefined) throw reader.unexpected("a statement that the stand-in takes, such as 'SELECT'");
  return parse(reader);
}

function parseExplain(reader: TokenReader): Statement {
  reader.expect('EXPLAIN');
  for (const level of ['LOGICAL', 'VERBOSE', 'COSTS', 'ANALYZE']) if (reader.take(level)) break;
  return { kind: 'explain', query: parseStatement(reader) };
}

function parseInsert(reader: TokenReader): Insert {
  reader.expect('INSERT');
  const hints = parseHints(reader);
  const isOverwrite = reader.take('OVERWRITE');
  if (!isOverwrite) reader.expect('INTO');
  const name = parseName(reader);
  const isTemporary = reader.is('TEMPORARY') && reader.take('TEMPORARY');
  const partitions = parsePartitions(reader);
  const label = reader.take('WITH', 'LABEL') ? parseLabel(reader) : null;
  // `(a, b)` are columns; `(SELECT …)` is a query.
  const hasColumns = reader.is('(') && !['SELECT', 'WITH', 'VALUES', '('].includes(reader.peek(1).key);
  const columns = hasColumns ? reader.inBrackets(() => reader.list(() => reader.identifier())) : null;
  if (reader.is('PROPERTIES')) {
    throw syntaxError(
      'INSERT … PROPERTIES is ignored by many versions of StarRocks (STARROCKS.md section 1): not taken',
    );
  }
  const query = parseQuery(reader);
  if (query.body.kind === 'values') checkChildren(query.body.rows.length, 'rows of INSERT INTO VALUES');
  return { kind: 'insert', isOverwrite, name, partitions, isTemporary, label, columns, query, hints };
}

function parseLabel(reader: TokenReader): string {
  const label = reader.identifier();
  checkLabel(label);
  return label;
}

export function checkLabel(label: string): void {
  if (!/^[-\w]{1,128}$/.test(label)) {
    throw new StarrocksError(`Incorrect label name '${label.slice(0, 200)}': 1 to 128 of A-Z a-z 0-9 _ -`);
  }
}

function parseDelete(reader: TokenReader): Statement {
  reader.expect('DELETE');
  const hints = parseHints(reader);
  reader.expect('FROM');
  const name = parseName(reader);
  reader.expect('WHERE');
  return { kind: 'delete', name, where: new ExpressionParser(reader, parseQuery).expression(), hints };
}

function parseUpdate(reader: TokenReader): Statement {
  const expressions = new ExpressionParser(reader, parseQuery);
  reader.expect('UPDATE');
  const name = parseName(reader);
  reader.expect('SET');
  const set = reader.list(() => {
    const column = reader.identifier();
    reader.expect('=');
    return { column, to: expressions.expression() };
  });
  reader.expect('WHERE');
  return { kind: 'update', name, set, where: expressions.expression() };
}

function parseCreate(reader: TokenReader): Statement {
  reader.expect('CREATE');
  if (reader.take('DATABASE')) {
    const ifNotExists = reader.take('IF', 'NOT', 'EXISTS');
    return { kind: 'createDatabase', ifNotExists, name: reader.identifier() };
  }
  reader.expect('TABLE');
  const ifNotExists = reader.take('IF', 'NOT', 'EXISTS');
  const name = parseName(reader);
  if (reader.take('LIKE')) return { kind: 'createTableLike', ifNotExists, name, like: parseName(reader) };
  return parseCreateTable(reader, ifNotExists, name);
}

function parseDrop(reader: TokenReader): Statement {
  reader.expect('DROP');
  const isDatabase = reader.take('DATABASE');
  if (!isDatabase) reader.expect('TABLE');
  const ifExists = reader.take('IF', 'EXISTS');
  if (!isDatabase) {
    const name = parseName(reader);
    reader.take('FORCE');
    return { kind: 'dropTable', ifExists, name };
  }
  const name = reader.identifier();
  reader.take('FORCE');
  return { kind: 'dropDatabase', ifExists, name };
}

function parseAlter(reader: TokenReader): Statement {
  reader.expect('ALTER', 'TABLE');
  const name = parseName(reader);
  return { kind: 'alter', name, actions: reader.list(() => parseAction(reader)) };
}

function parseAction(reader: TokenReader): AlterAction {
  if (reader.take('SWAP', 'WITH')) return { kind: 'swap', with: reader.identifier() };
  if (reader.take('RENAME')) return { kind: 'rename', to: reader.identifier() };
  if (reader.take('ADD', 'COLUMN')) {
    const columns = reader.is('(')
      ? reader.inBrackets(() => reader.list(() => parseColumn(reader)))
      : [parseColumn(reader)];
    return { kind: 'addColumn', columns };
  }
  if (reader.take('DROP', 'COLUMN')) return { kind: 'dropColumn', name: reader.identifier() };
  if (reader.take('MODIFY', 'COLUMN')) return { kind: 'modifyColumn', column: parseColumn(reader) };
  if (reader.take('ADD')) return parseAddPartition(reader);
  if (reader.take('DROP')) {
    const isTemporary = reader.take('TEMPORARY');
    reader.expect('PARTITION');
    const ifExists = reader.take('IF', 'EXISTS');
    const names = reader.is('(')
      ? reader.inBrackets(() => reader.list(() => reader.identifier()))
      : [reader.identifier()];
    reader.take('FORCE');
    return { kind: 'dropPartition', names, ifExists, isTemporary };
  }
  if (reader.is('REPLACE', 'PARTITION')) {
    reader.expect('REPLACE');
    const names = parsePartitions(reader)!;
    reader.expect('WITH', 'TEMPORARY');
    const by = parsePartitions(reader);
    if (by === null) throw reader.unexpected("'PARTITION'");
    return { kind: 'replacePartition', names, by, properties: parseProperties(reader) };
  }
  throw reader.unexpected('an alteration that the stand-in takes');
}

function parseAddPartition(reader: TokenReader): AlterAction {
  const isTemporary = reader.take('TEMPORARY');
  if (reader.take('PARTITIONS')) {
    const partition = parseBatch(reader, isTemporary);
    parseProperties(reader);
    return { kind: 'addPartition', partition };
  }
  const partition = parsePartition(reader, isTemporary);
  parseProperties(reader);
  return { kind: 'addPartition', partition };
}

function parseShow(reader: TokenReader): Statement {
  reader.expect('SHOW');
  reader.take('FULL');
  const like = (): string | null => (reader.take('LIKE') ? reader.string() : null);
  const from = (): string[] => (reader.take('FROM') || reader.take('IN') ? parseName(reader) : []);
  if (reader.take('DATABASES')) return { kind: 'show', what: 'DATABASES', name: [], like: like() };
  if (reader.take('ALTER', 'TABLE', 'COLUMN')) return parseShowAlter(reader, from());
  if (reader.take('TRANSACTION')) return parseShowTransaction(reader, from());
  if (reader.take('PROCESSLIST')) return { kind: 'show', what: 'PROCESSLIST', name: [], like: null };
  for (const scope of ['GLOBAL', 'SESSION']) if (reader.take(scope)) break;
  if (reader.take('VARIABLES')) return { kind: 'show', what: 'VARIABLES', name: [], like: like() };
  if (reader.take('TABLES')) return { kind: 'show', what: 'TABLES', name: from(), like: like() };
  if (reader.take('CREATE', 'TABLE'))
    return { kind: 'show', what: 'CREATE TABLE', name: parseName(reader), like: null };
  if (reader.take('ALTER', 'TABLE', 'COLUMN')) return parseShowAlter(reader, from());
  if (reader.take('COLUMNS')) return { kind: 'show', what: 'COLUMNS', name: from(), like: null };
  const what = reader.take('TEMPORARY') ? 'TEMPORARY PARTITIONS' : 'PARTITIONS';
  reader.expect('PARTITIONS');
  return { kind: 'show', what, name: from(), like: null };
}

/** `[WHERE TableName = '…'] [ORDER BY CreateTime DESC] [LIMIT n]` (SHOW_ALTER.md). */
function parseShowAlter(reader: TokenReader, name: readonly string[]): Statement {
  const shown = { kind: 'show', what: 'ALTER TABLE COLUMN', name, like: null } as const;
  const isNarrowed = reader.take('WHERE', 'TABLENAME', '=');
  const table = isNarrowed ? { table: reader.string() } : {};
  const isOrdered = reader.take('ORDER', 'BY', 'CREATETIME', 'DESC');
  if (!isOrdered && reader.is('ORDER')) throw reader.unexpected("'ORDER BY CreateTime DESC'");
  return { ...shown, ...table, ...(reader.take('LIMIT') ? { limit: reader.integer() } : {}) };
}

/** `WHERE ID = n`; a label is refused by the frontend (ShowTransactionStmtAnalyzer.java). */
function parseShowTransaction(reader: TokenReader, name: readonly string[]): Statement {
  reader.expect('WHERE', 'ID', '=');
  return { kind: 'show', what: 'TRANSACTION', name, like: null, id: reader.integer() };
}

function parseDescribe(reader: TokenReader): Statement {
  reader.next();
  return { kind: 'show', what: 'COLUMNS', name: parseName(reader), like: null };
}

function parseSet(reader: TokenReader): Statement {
  reader.expect('SET');
  if (reader.take('NAMES')) return { kind: 'set', variables: [{ name: 'names', value: reader.next().text }] };
  const variables = reader.list(() => {
    for (const scope of ['GLOBAL', 'SESSION', 'LOCAL']) if (reader.take(scope)) break;
    const token = reader.next();
    if (token.kind !== 'word' && token.kind !== 'variable') throw reader.unexpected('a name of a variable');
    reader.expect('=');
    const isNegative = reader.take('-');
    const value = reader.next();
    if (!['string', 'number', 'word'].includes(value.kind)) throw reader.unexpected('a value of a variable');
    const name = token.text.replace(/^@@(?:global\.|session\.)?/i, '').toLowerCase();
    return { name, value: (isNegative ? '-' : '') + value.text };
  });
  return { kind: 'set', variables };
}

function parseKill(reader: TokenReader): Statement {
  reader.expect('KILL');
  const isQuery = reader.take('QUERY');
  if (!isQuery) reader.take('CONNECTION');
  const id = reader.peek();
  if (id.kind !== 'number' && id.kind !== 'string') throw reader.unexpected('an id');
  reader.next();
  return { kind: 'kill', isQuery, id: id.text };
}
