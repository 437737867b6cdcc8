import type { Interval } from '@tessera/audience';
import type { RoaringBitmap32 } from '@tessera/bitmap';
import type { TagTypeDefinition } from '@tessera/tag-catalog';
import type { EventSource } from '../events/event-source';
import { findUsers } from './event-counters';
import { STEPS_ROOM, withHits } from './event-hits';
import type { LoweredSequence } from './lowered-plan';
import { eachRange, RANGE_SIZE, RangeScan } from './row-scan';

// Taken once: globals are slow inside the test runner's context.
const { floor } = Math;

/** What the scan needs of an event type: its rows and from when they are kept. */
export type EventsOf = (type: TagTypeDefinition) => { readonly events: EventSource; readonly keptFromMs: number };

/** By place in the range at hand: steps from the last one on that the user has rows for. */
const reached = new Uint8Array(RANGE_SIZE);
/** By step: the latest start of a chain of rows that has come so far. */
const chainStarts = new Float64Array(STEPS_ROOM);

/** Of each step: the rows that can serve it, so far as their times tell. */
export function stepIntervals({ steps, interval, withinMs, rowsBeforeMs }: LoweredSequence): readonly Interval[] {
  const earliestMs = interval.fromMs === null || withinMs === null ? null : interval.fromMs - withinMs;
  const before = { fromMs: earliestMs, toMs: Math.min(rowsBeforeMs, interval.toMs) };
  return steps.map((_, index) => (index === steps.length - 1 ? interval : before));
}

/**
 * The users of one shard with the steps in order (MEANING section 3, Sequence). The last step is looked for first: only who has a row for
 * it in the window can have the sequence, and no row earlier than the window's start − `within` can be part of it.
 */
export function evaluateSequenceScan(node: LoweredSequence, shard: number, eventsOf: EventsOf): RoaringBitmap32 {
  const { steps } = node;
  const last = steps.length - 1;
  if (last >= STEPS_ROOM) {
    throw new RangeError(`A sequence of ${steps.length} steps; at most ${STEPS_ROOM}.`);
  }
  const intervals = stepIntervals(node);
  const scans = steps.map(
    ({ eventType, where }, index) =>
      new RangeScan({ ...eventsOf(eventType), shard, where, interval: intervals[index]! }, null),
  );
  return withHits((hits) =>
    findUsers(({ counts, words }) => {
      eachRange(scans, (range, end) => {
        hits.clear();
        reached.fill(0, 0, end);
        for (let index = last; index >= 0; index--) {
          scans[index]!.visitRange(range, (block) => {
            hits.add(block, index, reached, last - index);
          });
        }
        const wordsFrom = (range * RANGE_SIZE) >>> 5;
        hits.eachUser(reached, steps.length, counts, (place, keys, from, to) => {
          if (hasSequence(node, keys, from, to)) {
            words[wordsFrom + (place >>> 5)]! |= 1 << (place & 31);
          }
        });
      });
    }),
  );
}

/**
 * One pass over a user's hits, keys[from … to − 1], in order of time. For every step the latest start of a chain that has reached it is kept:
 * a later start can only help with `within`. Rows of equal times see the chains of strictly earlier rows alone.
 */
function hasSequence(node: LoweredSequence, keys: Float64Array, from: number, to: number): boolean {
  const last = node.steps.length - 1;
  const within = node.withinMs ?? Infinity;
  for (let step = 0; step <= last; step++) {
    chainStarts[step] = -Infinity;
  }
  for (let first = from; first < to;) {
    const timeMs = floor(keys[first]! / STEPS_ROOM);
    const next = (timeMs + 1) * STEPS_ROOM;
    let end = first + 1;
    while (end < to && keys[end]! < next) {
      end++;
    }
    // Later steps first: none may see what an earlier step did at the same time.
    for (let place = end - 1; place >= first; place--) {
      const step = keys[place]! - timeMs * STEPS_ROOM;
      const start = step === 0 ? timeMs : chainStarts[step - 1]!;
      // Rows of the last step were looked for in the window alone.
      if (step === last && start !== -Infinity && timeMs - start <= within) {
        return true;
      }
      if (start > chainStarts[step]!) {
        chainStarts[step] = start;
      }
    }
    first = end;
  }
  return false;
}
