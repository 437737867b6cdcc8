import type { SequenceScanNode } from '@tessera/audience';
import { RoaringBitmap32 } from '@tessera/bitmap';
import type { TagTypeDefinition } from '@tessera/tag-catalog';
import type { EventState } from '../events/event-state';
import { SHARD_SIZE } from '../shard';
import { scanRows } from './row-scan';

const HITS_MIN = 1024;

/** What the scan needs of an event type: its rows and from when they are kept. */
export type EventsOf = (type: TagTypeDefinition) => { readonly events: EventState; readonly keptFromMs: number };

/** Rows that can serve a step, in order of scanning: user, time, and the step's bit. */
class Hits {
  count = 0;
  locals = new Uint32Array(HITS_MIN);
  times = new Float64Array(HITS_MIN);
  steps = new Uint16Array(HITS_MIN);

  push(local: number, timeMs: number, step: number): void {
    if (this.count === this.locals.length) {
      this.#grow();
    }
    this.locals[this.count] = local;
    this.times[this.count] = timeMs;
    this.steps[this.count++] = step;
  }

  #grow(): void {
    const length = this.count * 2;
    const { locals, times, steps } = this;
    this.locals = new Uint32Array(length);
    this.times = new Float64Array(length);
    this.steps = new Uint16Array(length);
    this.locals.set(locals);
    this.times.set(times);
    this.steps.set(steps);
  }
}

/**
 * The users of one shard with the steps in order (MEANING section 3, Sequence). The last step is looked for first: only who has a row for
 * it in the window can have the sequence, and no row earlier than the window's start − `within` can be part of it.
 */
export function evaluateSequenceScan(node: SequenceScanNode, shard: number, eventsOf: EventsOf): RoaringBitmap32 {
  const hits = new Hits();
  const candidates = new Uint8Array(SHARD_SIZE);
  const last = node.steps.length - 1;
  const earliestMs =
    node.interval.fromMs === null || node.withinMs === null ? null : node.interval.fromMs - node.withinMs;
  for (let index = last; index >= 0; index--) {
    const step = node.steps[index];
    if (step === undefined) {
      continue;
    }
    const interval =
      index === last ? node.interval : { fromMs: earliestMs, toMs: Math.min(node.rowsBeforeMs, node.interval.toMs) };
    const reached = last - index;
    scanRows({ ...eventsOf(step.eventType), shard, where: step.where, interval }, null, (local, timeMs) => {
      // Who has no row for a later step can't have the sequence.
      const state = candidates[local]!;
      if (state === reached || state === reached + 1) {
        candidates[local] = reached + 1;
        hits.push(local, timeMs, 1 << index);
      }
    });
  }
  return passingUsers(node, hits, candidates);
}

function passingUsers(node: SequenceScanNode, hits: Hits, candidates: Uint8Array): RoaringBitmap32 {
  const { order, starts } = groupByUser(hits);
  const passing: number[] = [];
  for (let local = 0; local + 1 < starts.length; local++) {
    if (candidates[local] !== node.steps.length) {
      continue;
    }
    const rows = order.subarray(starts[local], starts[local + 1]);
    if (hasSequence(node, hits, rows)) {
      passing.push(local);
    }
  }
  return new RoaringBitmap32(passing);
}

/** The rows' numbers grouped by user (a counting sort): those of user u stand from starts[u] to starts[u + 1]. */
function groupByUser(hits: Hits): { readonly order: Uint32Array; readonly starts: Uint32Array } {
  let end = 0;
  for (let hit = 0; hit < hits.count; hit++) {
    end = hits.locals[hit]! < end ? end : hits.locals[hit]! + 1;
  }
  const starts = new Uint32Array(end + 1);
  for (let hit = 0; hit < hits.count; hit++) {
    starts[hits.locals[hit]! + 1]!++;
  }
  for (let local = 0; local < end; local++) {
    starts[local + 1]! += starts[local]!;
  }
  const next = starts.slice();
  const order = new Uint32Array(hits.count);
  for (let hit = 0; hit < hits.count; hit++) {
    order[next[hits.locals[hit]!]!++] = hit;
  }
  return { order, starts };
}

/**
 * One pass over a user's rows in order of time. For every step the latest start of a chain that has reached it is kept: a later start can
 * only help with `within`. Rows of equal times see the chains of strictly earlier rows alone. `rows` is sorted in place.
 */
function hasSequence(node: SequenceScanNode, hits: Hits, rows: Uint32Array): boolean {
  const last = node.steps.length - 1;
  const within = node.withinMs ?? Infinity;
  const { times } = hits;
  const starts = new Float64Array(last + 1).fill(-Infinity);
  rows.sort((a, b) => times[a]! - times[b]!);
  for (let from = 0; from < rows.length;) {
    const timeMs = times[rows[from]!]!;
    let steps = 0;
    for (; from < rows.length && times[rows[from]!] === timeMs; from++) {
      steps |= hits.steps[rows[from]!]!;
    }
    for (let step = last; step >= 0; step--) {
      if ((steps & (1 << step)) === 0) {
        continue;
      }
      const start = step === 0 ? timeMs : starts[step - 1]!;
      // Rows of the last step were looked for in the window alone.
      if (step === last && start !== -Infinity && timeMs - start <= within) {
        return true;
      }
      starts[step] = Math.max(starts[step]!, start);
    }
  }
  return false;
}
