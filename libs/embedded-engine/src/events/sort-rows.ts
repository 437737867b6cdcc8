import { SHARD_SIZE } from '../shard';

const DIGIT_BITS = 10;
const DIGITS = 1 << DIGIT_BITS;
const LOW_DIGIT = DIGITS - 1;
const LOCAL_MASK = SHARD_SIZE - 1;
const ROOM_MIN = 4096;

let room = new Uint32Array(ROOM_MIN);
const starts = new Uint32Array(DIGITS);

/** How many of the first rows stand in order of their users already. */
export function orderedRows(locals: Int32Array, rows: number): number {
  for (let row = 1; row < rows; row++) {
    if (locals[row]! < locals[row - 1]!) {
      return row;
    }
  }
  return rows;
}

/** The first of the rows from `start` to `end` (excluded), which are in order, whose user is `local` or a later one; `end`: there is none. */
export function firstRowFrom(locals: Int32Array, start: number, end: number, local: number): number {
  let from = start;
  let to = end;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (locals[middle]! < local) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  return from;
}

/**
 * The rows' numbers in order of their users (20 bits), those of one user in their present order: two passes of a counting sort, some 6 ns
 * a row.
 */
export function orderByUser(locals: Int32Array, rows: number): Uint32Array {
  if (room.length < rows) {
    room = new Uint32Array(rows);
  }
  const order = new Uint32Array(rows);
  const byLowDigit = room;
  starts.fill(0);
  for (let row = 0; row < rows; row++) {
    starts[locals[row]! & LOW_DIGIT]!++;
  }
  countsToStarts();
  for (let row = 0; row < rows; row++) {
    byLowDigit[starts[locals[row]! & LOW_DIGIT]!++] = row;
  }
  starts.fill(0);
  for (let row = 0; row < rows; row++) {
    starts[(locals[row]! & LOCAL_MASK) >>> DIGIT_BITS]!++;
  }
  countsToStarts();
  for (let place = 0; place < rows; place++) {
    const row = byLowDigit[place]!;
    order[starts[(locals[row]! & LOCAL_MASK) >>> DIGIT_BITS]!++] = row;
  }
  return order;
}

function countsToStarts(): void {
  let start = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const count = starts[digit]!;
    starts[digit] = start;
    start += count;
  }
}
