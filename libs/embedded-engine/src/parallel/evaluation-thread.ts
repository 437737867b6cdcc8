import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { inArena } from '../bitmaps/arena';
import { repeatedKeys } from '../evaluate/lowered-plan';
import { ShardEvaluator } from '../evaluate/shard-evaluator';
import { buildScalarIndex } from '../tags/build-scalar-index';
import { claim } from './claims';
import type { ThreadAnswer, ThreadTask } from './thread-messages';
import { ThreadState } from './thread-state';

// The whole of an evaluation thread: it answers tasks, one at a time, over shared memory that is not written meanwhile.

/** Niceness: where there are fewer cores than threads, the engine's own thread comes first, which answers for single users. */
const NICENESS = 10;

const state = new ThreadState();

function perform(task: ThreadTask): ThreadAnswer | null {
  const { id } = task;
  if (task.kind === 'forget') {
    state.forget(task.tagId, task.shard);
    return null;
  }
  if (task.kind === 'build') {
    const { data, missing, length } = task.column;
    // Of a copy: the engine's thread may write on, and two passes over a column have to see the same.
    const copy = { data: data.slice(0, length), missing, length };
    return { kind: 'built', id, index: buildScalarIndex(copy, task.ordinal).parts };
  }
  task.universes.forEach((update) => {
    state.updateUniverse(update);
  });
  task.scalars.forEach((update) => {
    state.updateScalar(update);
  });
  const repeated = repeatedKeys(task.nodes);
  const counts = new Float64Array(task.shards.length * task.nodes.length).fill(-1);
  task.shards.forEach((shard, place) => {
    if (!claim(task.claims, shard)) {
      return;
    }
    let filled = place * task.nodes.length;
    inArena(() => {
      const evaluator = new ShardEvaluator(state, shard, () => -Infinity, repeated);
      for (const node of task.nodes) {
        counts[filled++] = evaluator.count(node);
      }
    });
  });
  return { kind: 'counted', id, counts };
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
