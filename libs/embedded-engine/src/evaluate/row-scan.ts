import type { Interval, PropertyTest } from '@tessera/audience';
import type { PropertyDefinition } from '@tessera/tag-catalog';
import type { EventState } from '../events/event-state';
import { compileRowTests } from './row-filter';

/** Called for each matching row: the user, the row's time, and the stored number of the property asked for (undefined: no value). */
export type RowVisitor = (local: number, timeMs: number, stored: number | undefined) => void;

export interface RowScan {
  readonly events: EventState;
  readonly shard: number;
  readonly where: readonly PropertyTest[];
  readonly interval: Interval;
  /** Rows before this instant are past their retention; −Infinity without. */
  readonly keptFromMs: number;
}

/** Visits the rows of one shard that lie in the interval and pass the filters, bucket by bucket. */
export function scanRows(scan: RowScan, property: PropertyDefinition | null, visit: RowVisitor): void {
  const fromMs = Math.max(scan.interval.fromMs ?? -Infinity, scan.keptFromMs);
  const { toMs } = scan.interval;
  if (fromMs >= toMs) {
    return;
  }
  const testsOf = compileRowTests(scan.events, scan.where);
  for (const bucket of scan.events.buckets(scan.shard, fromMs === -Infinity ? null : fromMs, toMs)) {
    const passes = testsOf(bucket);
    const { locals, timesOfDay, startMs, rows } = bucket;
    const values = property === null ? undefined : bucket.column(property);
    const from = fromMs - startMs;
    const to = toMs - startMs;
    for (let row = 0; row < rows; row++) {
      const time = timesOfDay[row]!;
      if (time >= from && time < to && (passes === null || passes(row))) {
        visit(locals[row]!, startMs + time, values?.get(row));
      }
    }
  }
}
