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

function unreadable(what: string, cell: Cell): never {
  throw new StarrocksError(`StarRocks gave ${JSON.stringify(cell).slice(0, 100)}, which is no ${what}`, 'refused');
}
