import { syntaxError } from '../starrocks-error';
import type { TokenReader } from './token-reader';
import type { SqlType } from './types';
import { VARCHAR_BYTES_MAX } from './types';

const PLAIN: Readonly<Record<string, SqlType>> = {
  BOOLEAN: { name: 'BOOLEAN' },
  TINYINT: { name: 'TINYINT' },
  SMALLINT: { name: 'SMALLINT' },
  INT: { name: 'INT' },
  INTEGER: { name: 'INT' },
  BIGINT: { name: 'BIGINT' },
  LARGEINT: { name: 'LARGEINT' },
  FLOAT: { name: 'FLOAT' },
  DOUBLE: { name: 'DOUBLE' },
  DATE: { name: 'DATE' },
  DATETIME: { name: 'DATETIME' },
  BITMAP: { name: 'BITMAP' },
  VARBINARY: { name: 'VARBINARY' },
  STRING: { name: 'VARCHAR', bytes: 65_533 },
};

/** A type as in a column's declaration or a CAST. */
export function parseType(reader: TokenReader): SqlType {
  const word = reader.peek().key;
  const plain = PLAIN[word];
  if (plain !== undefined) {
    reader.next();
    if (reader.is('UNSIGNED') || reader.is('(')) throw reader.unexpected('the end of the type');
    return plain;
  }
  if (reader.take('VARCHAR') || reader.take('CHAR')) {
    if (!reader.is('(')) return { name: 'VARCHAR', bytes: 1 };
    const bytes = reader.inBrackets(() => reader.integer());
    if (bytes < 1 || bytes > VARCHAR_BYTES_MAX) {
      throw syntaxError(`Varchar size must be <= ${VARCHAR_BYTES_MAX}: ${bytes}`);
    }
    return { name: 'VARCHAR', bytes };
  }
  if (reader.take('DECIMAL')) return parseDecimal(reader);
  if (reader.take('ARRAY')) {
    reader.expect('<');
    const of = parseType(reader);
    reader.expect('>');
    if (of.name === 'BITMAP') throw syntaxError('Invalid data type: ARRAY<BITMAP>');
    return { name: 'ARRAY', of };
  }
  throw reader.unexpected('a type');
}

function parseDecimal(reader: TokenReader): SqlType {
  if (!reader.is('(')) return { name: 'DECIMAL', precision: 10, scale: 0 };
  const [precision, scale] = reader.inBrackets(() => {
    const digits = reader.integer();
    return [digits, reader.take(',') ? reader.integer() : 0] as const;
  });
  if (precision < 1 || precision > 38 || scale > precision) {
    throw syntaxError(`DECIMAL(${precision},${scale}): precision is 1 to 38, scale at most the precision`);
  }
  return { name: 'DECIMAL', precision, scale };
}
