import type { Cell, ResultColumn } from '../engine/result';
import type { SqlType } from '../sql/types';

// The bodies of the packets that a server sends (https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html).

/** utf8mb3: StarRocks labels its strings so, though they hold all of Unicode (STARROCKS.md section 11). */
const CHARSET_TEXT = 33;
const CHARSET_BINARY = 63;
export const MORE_RESULTS = 0x0008;
const AUTOCOMMIT = 0x0002;

const TYPES: Readonly<Record<SqlType['name'], number>> = {
  NULL: 6,
  BOOLEAN: 1,
  TINYINT: 1,
  SMALLINT: 2,
  INT: 3,
  BIGINT: 8,
  LARGEINT: 254,
  FLOAT: 4,
  DOUBLE: 5,
  DECIMAL: 246,
  VARCHAR: 253,
  DATE: 10,
  DATETIME: 12,
  BITMAP: 254,
  VARBINARY: 252,
  ARRAY: 253,
};

export function lengthCoded(value: number | bigint): Buffer {
  if (value < 251) return Buffer.from([Number(value)]);
  const width = value < 65_536 ? 2 : value < 16_777_216 ? 3 : 8;
  const bytes = Buffer.alloc(1 + width);
  bytes[0] = width === 2 ? 0xfc : width === 3 ? 0xfd : 0xfe;
  if (width === 8) bytes.writeBigUInt64LE(BigInt(value), 1);
  else bytes.writeUIntLE(Number(value), 1, width);
  return bytes;
}

function text(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([lengthCoded(bytes.length), bytes]);
}

function u16(value: number): Buffer {
  return Buffer.from([value & 0xff, value >> 8]);
}

export function okPacket(affectedRows: number, info: string, hasMore: boolean): Buffer {
  const status = AUTOCOMMIT | (hasMore ? MORE_RESULTS : 0);
  return Buffer.concat([
    Buffer.from([0]),
    lengthCoded(affectedRows),
    lengthCoded(0),
    u16(status),
    u16(0),
    // With its length in front, as StarRocks sends it.
    ...(info === '' ? [] : [text(info)]),
  ]);
}

export function eofPacket(hasMore: boolean): Buffer {
  return Buffer.concat([Buffer.from([0xfe]), u16(0), u16(AUTOCOMMIT | (hasMore ? MORE_RESULTS : 0))]);
}

export function errorPacket(code: number, message: string): Buffer {
  return Buffer.concat([Buffer.from([0xff]), u16(code), Buffer.from(`#HY000${message}`, 'utf8')]);
}

export function columnPacket({ name, type }: ResultColumn): Buffer {
  const isText = ['VARCHAR', 'ARRAY', 'LARGEINT', 'BITMAP', 'NULL'].includes(type.name);
  const fixed = Buffer.alloc(13);
  fixed[0] = 0x0c;
  fixed.writeUInt16LE(isText ? CHARSET_TEXT : CHARSET_BINARY, 1);
  fixed.writeUInt32LE(255, 3);
  fixed[7] = TYPES[type.name];
  fixed[10] = type.name === 'DECIMAL' ? type.scale : 0;
  return Buffer.concat([text('def'), text(''), text(''), text(''), text(name), text(name), fixed]);
}

export function textRow(cells: readonly Cell[]): Buffer {
  return Buffer.concat(cells.map((cell) => (cell === null ? Buffer.from([0xfb]) : text(cell))));
}

/** Of a prepared statement. */
export function binaryRow(cells: readonly Cell[], columns: readonly ResultColumn[]): Buffer {
  const nulls = Buffer.alloc(Math.floor((cells.length + 9) / 8));
  const values: Buffer[] = [];
  cells.forEach((cell, index) => {
    if (cell === null) nulls[(index + 2) >> 3]! |= 1 << ((index + 2) & 7);
    else values.push(binaryValue(cell, columns[index]!.type));
  });
  return Buffer.concat([Buffer.from([0]), nulls, ...values]);
}

function binaryValue(cell: string | Buffer, type: SqlType): Buffer {
  const widths: Readonly<Record<string, number>> = { BOOLEAN: 1, TINYINT: 1, SMALLINT: 2, INT: 4 };
  const width = widths[type.name];
  const shown = String(cell);
  if (width !== undefined) {
    const bytes = Buffer.alloc(width);
    bytes.writeIntLE(Number(shown), 0, width);
    return bytes;
  }
  const bytes = Buffer.alloc(8);
  switch (type.name) {
    case 'BIGINT':
      bytes.writeBigInt64LE(BigInt(shown));
      return bytes;
    case 'DOUBLE':
      bytes.writeDoubleLE(Number(shown));
      return bytes;
    case 'FLOAT':
      bytes.writeFloatLE(Number(shown));
      return bytes.subarray(0, 4);
    case 'DATE':
    case 'DATETIME':
      return binaryMoment(shown);
    default:
      return text(cell);
  }
}

function binaryMoment(shown: string): Buffer {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = shown.split(/[-: .]/).map(Number);
  const micros = Number((shown.split('.')[1] ?? '').padEnd(6, '0'));
  const bytes = Buffer.alloc(12);
  bytes[0] = 11;
  bytes.writeUInt16LE(year, 1);
  [month, day, hour, minute, second].forEach((part, index) => (bytes[3 + index] = part));
  bytes.writeUInt32LE(micros, 8);
  return bytes;
}

/** The answer to a PREPARE: id and number of parameters; columns are told when it is executed. */
export function preparedPacket(id: number, parameters: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(id, 1);
  bytes.writeUInt16LE(parameters, 7);
  return bytes;
}

/** Parameters of an EXECUTE. @throws RangeError if there are more of them than bytes, or their types are unknown. */
export function readParameters(
  body: Buffer,
  count: number,
  known: readonly number[],
): { values: Cell[]; types: number[] } {
  if (count === 0) return { values: [], types: [] };
  // Command, statement, flags and number of iterations come first.
  const nulls = body.subarray(10, 10 + Math.floor((count + 7) / 8));
  let at = 10 + nulls.length;
  const isBound = body[at++] === 1;
  const types = isBound ? Array.from({ length: count }, (_, index) => body.readUInt16LE(at + index * 2)) : [...known];
  if (isBound) at += count * 2;
  const values = types.map((type, index): Cell => {
    if ((nulls[index >> 3]! & (1 << (index & 7))) !== 0) return null;
    const { value, end } = readParameter(body, at, type & 0xff);
    at = end;
    return value;
  });
  return { values, types };
}

function readParameter(body: Buffer, at: number, type: number): { value: string; end: number } {
  const width = new Map([
    [1, 1],
    [2, 2],
    [3, 4],
    [8, 8],
    [5, 8],
  ]).get(type);
  if (type === 5) return { value: String(body.readDoubleLE(at)), end: at + 8 };
  if (type === 8) return { value: String(body.readBigInt64LE(at)), end: at + 8 };
  if (width !== undefined) return { value: String(body.readIntLE(at, width)), end: at + width };
  if (![15, 253, 254, 252, 251, 250, 249, 246, 245].includes(type))
    throw new RangeError(`Invalid cast of a parameter of type ${type}`);
  const first = body[at]!;
  const lengths =
    new Map([
      [0xfc, 2],
      [0xfd, 3],
      [0xfe, 6],
    ]).get(first) ?? 0;
  const length = lengths === 0 ? first : body.readUIntLE(at + 1, lengths);
  const from = at + 1 + (first === 0xfe ? 8 : lengths);
  return { value: body.toString('utf8', from, from + length), end: from + length };
}
