import type { SequenceScanNode } from '@tessera/audience';
import { RoaringBitmap32 } from '@tessera/bitmap';
import type { TagTypeDefinition } from '@tessera/tag-catalog';
import type { EventState } from '../events/event-state';
import { scanRows } from './row-scan';

/** A row with the steps it can serve, one bit a step. */
interface Hit {
  readonly timeMs: number;
  readonly steps: number;
}

/** What the scan needs of an event type: its rows and from when they are kept. */
export type EventsOf = (
  type: TagTypeDefinition,
) => { readonly events: EventState; readonly keptFromMs: number } | undefined;

/** The users of one shard with the steps in order (MEANING section 3, Sequence). */
export function evaluateSequenceScan(node: SequenceScanNode, shard: number, eventsOf: EventsOf): RoaringBitmap32 {
  const hits = new Map<number, Hit[]>();
  node.steps.forEach((step, index) => {
    const source = eventsOf(step.eventType);
    if (source === undefined) {
      return;
    }
    const interval = { fromMs: null, toMs: node.rowsBeforeMs };
    scanRows({ ...source, shard, where: step.where, interval }, null, (local, timeMs) => {
      const hit = { timeMs, steps: 1 << index };
      const known = hits.get(local);
      if (known === undefined) {
        // Who has no row for the first step can't have the sequence.
        if (index === 0) {
          hits.set(local, [hit]);
        }
      } else {
        known.push(hit);
      }
    });
  });
  const passing: number[] = [];
  for (const [local, rows] of hits) {
    if (hasSequence(node, rows)) {
      passing.push(local);
    }
  }
  return new RoaringBitmap32(passing);
}

/**
 * One pass in order of time. For every step the latest start of a chain that has reached it is kept: a later start can only help with
 * `within`. Rows of equal times see the chains of strictly earlier rows alone.
 */
function hasSequence(node: SequenceScanNode, rows: Hit[]): boolean {
  const last = node.steps.length - 1;
  const within = node.withinMs ?? Infinity;
  const { fromMs, toMs } = node.interval;
  const starts = new Float64Array(last + 1).fill(-Infinity);
  rows.sort((a, b) => a.timeMs - b.timeMs);
  for (let from = 0; from < rows.length;) {
    const timeMs = rows[from]!.timeMs;
    let steps = 0;
    for (; from < rows.length && rows[from]!.timeMs === timeMs; from++) {
      steps |= rows[from]!.steps;
    }
    const inWindow = timeMs >= (fromMs ?? -Infinity) && timeMs < toMs;
    for (let step = last; step >= 0; step--) {
      if ((steps & (1 << step)) === 0) {
        continue;
      }
      const start = step === 0 ? timeMs : starts[step - 1]!;
      if (step === last && inWindow && timeMs - start <= within && start !== -Infinity) {
        return true;
      }
      starts[step] = Math.max(starts[step]!, start);
    }
  }
  return false;
}
