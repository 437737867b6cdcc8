/** What StarRocks says of a statement that writes. */
export interface WriteOutcome {
  readonly rows: number;
  /** Under which the load is known to StarRocks; null where it names none (DELETE of nothing). */
  readonly label: string | null;
  /** Number of its transaction; null where StarRocks names none. */
  readonly transaction: string | null;
  /** False: it is durable and will be seen, but not by every query that begins now. */
  readonly isVisible: boolean;
}

/**
 * Reads the text of an OK packet: `{'label':'insert_…', 'status':'VISIBLE', 'txnId':'7'}` behind a byte of length that the driver leaves on it.
 *
 * A statement without one (DDL, a write that had nothing to do) is visible: nothing of it is under way.
 */
export function readWriteOutcome(rows: number, info: string): WriteOutcome {
  const start = info.indexOf('{');
  const text = start < 0 ? '' : info.slice(start);
  const status = valueOf(text, 'status');
  const isVisible = status === null || status === 'VISIBLE';
  return { rows, label: valueOf(text, 'label'), transaction: valueOf(text, 'txnId'), isVisible };
}

function valueOf(text: string, key: string): string | null {
  return new RegExp(`['"]${key}['"]\\s*:\\s*['"]([^'"]*)['"]`).exec(text)?.[1] ?? null;
}
