import { BitmapPacker } from '@tessera/bitmap';
import type { EngineState } from '../engine-state';
import { loweredInputs, type LoweredNode, type LoweredTest } from '../evaluate/lowered-plan';
import { loopTurn, nextTurn } from '../loop-turn';
import { ScalarShard } from '../tags/scalar-shard';
import type { ScalarUpdate, UniverseUpdate } from './thread-messages';
import { type EvaluationThread, indexKey, shardKey, type ThreadPool } from './thread-pool';

/** Shards of one task: enough to outweigh the message, few enough to let other questions in. */
const SHARDS_PER_TASK = 32;
/** Pieces of state that a thread is told of in one task, from which on it gets no more shards: making and sending one takes 10 to 50 µs. */
const UPDATES_PER_TASK = 16;

/** All tests of some nodes; null: not everything about the nodes can be decided in another thread. */
export function parallelTests(nodes: Iterable<LoweredNode>): readonly LoweredTest[] | null {
  const tests: LoweredTest[] = [];
  const waiting = [...nodes];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.kind === 'events' || node.kind === 'sequence' || node.kind === 'list') {
      return null;
    }
    if (node.kind === 'tests') {
      for (const test of node.tests) {
        if (test.validAfterMs !== null || test.isSet) {
          return null;
        }
        tests.push(test);
      }
    }
    waiting.push(...loweredInputs(node));
  }
  return tests;
}

/**
 * Counts nodes on shards in other threads. The state must not change before the answer is there.
 * @returns by shard, one count a node. Rejects if a thread died.
 */
export async function countInThreads(
  pool: ThreadPool,
  state: EngineState,
  nodes: readonly LoweredNode[],
  tests: readonly LoweredTest[],
  shards: readonly number[],
): Promise<ReadonlyMap<number, Float64Array>> {
  const tags = [...new Map(tests.map((test) => [test.tagId, test])).values()];
  const counts = new Map<number, Float64Array>();
  const { length } = pool.threads;
  const work = async (thread: EvaluationThread, place: number): Promise<void> => {
    // Always the same thread for a shard: what it has been sent, and what its core's cache holds, serves the next question too.
    const own = shards.filter((shard) => shard % length === place);
    for (let from = 0; from < own.length;) {
      // Not between noting what the thread has been sent and sending it: another question would rely on it.
      if (loopTurn.isOver) {
        await nextTurn();
      }
      const share: number[] = [];
      const scalars: ScalarUpdate[] = [];
      const universes: UniverseUpdate[] = [];
      while (
        from < own.length &&
        share.length < SHARDS_PER_TASK &&
        scalars.length + universes.length < UPDATES_PER_TASK
      ) {
        const shard = own[from++]!;
        share.push(shard);
        scalars.push(...tags.flatMap((tag) => scalarUpdate(thread, state, tag, shard)));
        universes.push(...universeUpdate(thread, state, shard));
      }
      const answer = await thread.ask((id) => ({ kind: 'count', id, nodes, shards: share, scalars, universes }));
      if (answer.kind === 'counted') {
        share.forEach((shard, index) => {
          counts.set(shard, answer.counts.subarray(index * nodes.length, (index + 1) * nodes.length));
        });
      }
    }
  };
  await Promise.all(pool.threads.map(work));
  return counts;
}

/** What the thread has to be told of a tag's shard; nothing if it knows. */
function scalarUpdate(thread: EvaluationThread, state: EngineState, tag: LoweredTest, shard: number): ScalarUpdate[] {
  const held = state.tagShard(tag.typeId, tag.tagId, shard);
  if (!(held instanceof ScalarShard)) {
    return [];
  }
  // Asks for the index, so that one that is due is built.
  const { index } = held.view;
  const key = shardKey(tag.tagId, shard);
  const keyOfIndex = indexKey(tag.tagId, shard);
  if (thread.sent.get(key) === held.version) {
    return [];
  }
  const isSame = index !== null && thread.sent.get(keyOfIndex) === index.id;
  thread.sent.set(key, held.version);
  thread.sent.set(keyOfIndex, index?.id ?? 0);
  const { data, missing, length } = held.column;
  const { words, count, end } = held.changedSinceIndex;
  return [
    {
      typeId: tag.typeId,
      tagId: tag.tagId,
      shard,
      column: { data, missing, length },
      index: isSame ? 'same' : (index?.parts ?? null),
      changed: words === null || index === null ? null : { words, count, end },
    },
  ];
}

function universeUpdate(thread: EvaluationThread, state: EngineState, shard: number): UniverseUpdate[] {
  const key = `u${shard}`;
  const version = state.universeVersion(shard);
  if (thread.sent.get(key) === version) {
    return [];
  }
  thread.sent.set(key, version);
  const users = state.universe(shard).clone();
  users.runOptimize();
  const packer = new BitmapPacker();
  packer.add(users);
  return [{ shard, users: packer.finish().parts }];
}
