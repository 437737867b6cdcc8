import { parseDate } from '@tessera/tag-catalog';
import type { TagValue, ValueSpec } from '@tessera/tag-catalog';
import { StarrocksError } from '../connection/starrocks-error';

type Cell = string | number | null;

/** Instants in milliseconds of what a DATETIME column holds: UTC without a zone, with up to 6 fraction digits. */
export function readInstant(cell: Cell): number {
  const instantMs = Date.parse(`${String(cell).replace(' ', 'T')}Z`);
  return Number.isNaN(instantMs) ? unreadable('DATETIME', cell) : instantMs;
}

/** A whole number that a double holds exactly. */
export function readWhole(cell: Cell): number {
  const number = Number(cell);
  return cell === null || !Number.isSafeInteger(number) ? unreadable('whole number', cell) : number;
}

/**
 * The value in canonical form that a column of its own type holds (profile and event tables). Sets are read by their elements, not here.
 *
 * @param cell not NULL.
 */
export function readTypedCell(spec: ValueSpec, cell: Cell): TagValue {
  switch (spec.valueType) {
    case 'bool':
      return Number(cell) === 1;
    case 'int':
      return readWhole(cell);
    case 'decimal':
      return readDecimal(cell, spec.scale);
    case 'date':
      return parseDate(String(cell).slice(0, 10)) ?? unreadable('DATE', cell);
    case 'datetime':
      return readInstant(cell);
    case 'string':
    case 'enum':
      return String(cell);
    case 'set':
      return unreadable('plain value', cell);
  }
}

/** Of `-12.3400`: the value × 10^scale. */
function readDecimal(cell: Cell, scale: number): number {
  const [, sign = '', whole = '', fraction = ''] =
    /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(cell)) ?? unreadable('DECIMAL', cell);
  const digits = fraction.padEnd(scale, '0');
  if (/[1-9]/.test(digits.slice(scale))) unreadable(`DECIMAL of scale ${scale}`, cell);
  const ordinal = readWhole(whole + digits.slice(0, scale));
  return sign === '' || ordinal === 0 ? ordinal : -ordinal;
}

function unreadable(what: string, cell: Cell): never {
  throw new StarrocksError(`StarRocks gave ${JSON.stringify(cell)?.slice(0, 100)}, which is no ${what}`, 'refused');
}
