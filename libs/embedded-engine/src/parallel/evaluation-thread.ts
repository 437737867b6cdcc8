import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { PackedBitmaps } from '@tessera/bitmap';
import { inArena } from '../bitmaps/arena';
import { buildRecentTimes } from '../evaluate/build-recent-times';
import { repeatedKeys } from '../evaluate/lowered-plan';
import { type KeptFrom, ShardEvaluator } from '../evaluate/shard-evaluator';
import { buildScalarIndex } from '../tags/build-scalar-index';
import type { ThreadAnswer, ThreadTask } from './thread-messages';
import { ThreadState } from './thread-state';

// The whole of an evaluation thread: it answers tasks, one at a time, over shared memory that is not written meanwhile.

/** Niceness: where there are fewer cores than threads, the engine's own thread comes first, which answers for single users. */
const NICENESS = 10;

const state = new ThreadState();

type CountTask = Extract<ThreadTask, { readonly kind: 'count' }>;

/** Null: nothing is to be answered. */
function perform(task: ThreadTask): ThreadAnswer | null {
  const { id } = task;
  switch (task.kind) {
    case 'forget':
      state.forget(task.tagId, task.shard);
      return null;
    case 'forgetRows':
      task.keys.forEach((key) => {
        state.events.forget(key);
      });
      return null;
    case 'build': {
      const { data, missing, length } = task.column;
      // Of a copy: the engine's thread may write on, and two passes over a column have to see the same.
      const copy = { data: data.slice(0, length), missing, length };
      return { kind: 'built', id, index: buildScalarIndex(copy, task.ordinal).parts };
    }
    case 'count':
      return count(task);
  }
}

function count({ id, nodes, shards, scalars, universes, events }: CountTask): ThreadAnswer {
  universes.forEach((update) => {
    state.updateUniverse(update);
  });
  scalars.forEach((update) => {
    state.updateScalar(update);
  });
  events?.rows.forEach((update) => {
    state.events.update(update);
  });
  const keptFrom: KeptFrom = (type) => events?.keptFromMs.get(type.id) ?? -Infinity;
  const repeated = repeatedKeys(nodes);
  const counts = new Float64Array(shards.length * nodes.length);
  let filled = 0;
  for (const shard of shards) {
    inArena(() => {
      const evaluator = new ShardEvaluator(state, shard, keptFrom, repeated);
      for (const given of events?.given ?? []) {
        if (given.shard === shard) {
          evaluator.give(given.key, new PackedBitmaps(given.users).at(0));
        }
      }
      for (const node of nodes) {
        counts[filled++] = evaluator.count(node);
      }
    });
  }
  const times = (events?.orders ?? []).map(({ eventType, shard, ...wanted }) => ({
    typeId: eventType.id,
    shard,
    parts: buildRecentTimes(state.eventType(eventType), shard, wanted).parts,
  }));
  return { kind: 'counted', id, counts, times };
}

function giveWay(): void {
  try {
    // Linux keeps a niceness for each thread; elsewhere there is no such file, and nothing is changed.
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), NICENESS);
  } catch {
    // It is as fast without, but for a machine that has too much to do.
  }
}

giveWay();
parentPort?.on('message', (task: ThreadTask) => {
  let answer: ThreadAnswer | null;
  try {
    answer = perform(task);
  } catch (error) {
    answer = { kind: 'failed', id: task.id, reason: error instanceof Error ? error.message : String(error) };
  }
  if (answer !== null) {
    parentPort?.postMessage(answer);
  }
});
