import { BitmapPacker } from '@tessera/bitmap';
import type { EngineState } from '../engine-state';
import { loweredInputs, type LoweredNode, type LoweredTest } from '../evaluate/lowered-plan';
import { loopTurn, nextTurn } from '../loop-turn';
import { ScalarShard } from '../tags/scalar-shard';
import { claim, openClaims } from './claims';
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

export const EXP = { help: true };
/** What is to be counted. */
export interface ParallelWork {
  readonly nodes: readonly LoweredNode[];
  /** All of the nodes. */
  readonly tests: readonly LoweredTest[];
  readonly shards: readonly number[];
  /** Counts every node in one shard, on the calling thread. */
  readonly countHere: (shard: number) => Float64Array;
}

/**
 * Counts nodes on shards in other threads, and for a short time on this one: it takes the shards that come last from them. The state must not
 * change before the answer is there.
 * @returns by shard, one count a node. Rejects if a thread died.
 */
export async function countInThreads(
  pool: ThreadPool,
  state: EngineState,
  work: ParallelWork,
): Promise<ReadonlyMap<number, Float64Array>> {
  const claims = openClaims(state.shardCount);
  const counts = new Map<number, Float64Array>();
  const asked = Promise.all(
    pool.threads.map((thread, place) =>
      countInThread({ thread, place, of: pool.threads.length }, state, work, claims, counts),
    ),
  );
  // Who awaits it below is told.
  asked.catch(() => undefined);
  if (EXP.help) helpOut(work, claims, counts);
  await asked;
  return counts;
}

interface Worker {
  readonly thread: EvaluationThread;
  readonly place: number;
  readonly of: number;
}

async function countInThread(
  { thread, place, of }: Worker,
  state: EngineState,
  { nodes, tests, shards }: ParallelWork,
  claims: Int32Array,
  counts: Map<number, Float64Array>,
): Promise<void> {
  const tags = [...new Map(tests.map((test) => [test.tagId, test])).values()];
  // Always the same thread for a shard: what it has been sent, and what its core's cache holds, serves the next question too.
  const own = shards.filter((shard) => shard % of === place);
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
      if (Atomics.load(claims, shard) !== 0) {
        continue;
      }
      share.push(shard);
      scalars.push(...tags.flatMap((tag) => scalarUpdate(thread, state, tag, shard)));
      universes.push(...universeUpdate(thread, state, shard));
    }
    if (share.length === 0) {
      continue;
    }
    const answer = await thread.ask((id) => ({ kind: 'count', id, nodes, shards: share, claims, scalars, universes }));
    if (answer.kind === 'counted') {
      share.forEach((shard, index) => {
        const found = answer.counts.subarray(index * nodes.length, (index + 1) * nodes.length);
        if (found[0] !== -1) {
          counts.set(shard, found);
        }
      });
    }
  }
}

function helpOut({ shards, countHere }: ParallelWork, claims: Int32Array, counts: Map<number, Float64Array>): void {
  for (let index = shards.length - 1; index >= 0 && !loopTurn.isOver; index--) {
    const shard = shards[index]!;
    if (claim(claims, shard)) {
      counts.set(shard, countHere(shard));
    }
  }
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
