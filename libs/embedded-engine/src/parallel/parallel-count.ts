import { BitmapPacker } from '@tessera/bitmap';
import type { EngineState } from '../engine-state';
import { loweredInputs, type LoweredNode, type LoweredTest } from '../evaluate/lowered-plan';
import type { EventLeaf } from '../evaluate/row-windows';
import { ScalarShard } from '../tags/scalar-shard';
import type { EventShare } from './parallel-events';
import type { RowsUpdate, ScalarUpdate, UniverseUpdate } from './thread-messages';
import { type EvaluationThread, indexKey, shardKey, type ThreadPool } from './thread-pool';

/** As many where rows of events are looked at: each takes some milliseconds. */
const EVENT_SHARDS_PER_TASK = 4;
/** Pieces of memory of one task: handing over 100 takes half a millisecond, and thousands more than in proportion. */
const ROWS_UPDATES_MAX = 128;

/** Shards of one task: enough to outweigh the message, few enough to let other questions in. */
const SHARDS_PER_TASK = 32;

/** What some nodes are decided by in other threads. */
export interface ThreadNeeds {
  readonly tests: readonly LoweredTest[];
  /** Each once. */
  readonly leaves: readonly EventLeaf[];
}

/** All tests of some nodes; null: more than scalar tags. */
export function scalarTests(nodes: Iterable<LoweredNode>): readonly LoweredTest[] | null {
  const needs = threadNeeds(nodes);
  return needs === null || needs.leaves.length > 0 ? null : needs.tests;
}

/** What threads need for some nodes; null: not everything about the nodes can be decided in another thread. */
export function threadNeeds(nodes: Iterable<LoweredNode>): ThreadNeeds | null {
  const tests: LoweredTest[] = [];
  const leaves = new Map<string, EventLeaf>();
  const waiting = [...nodes];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.kind === 'list') {
      return null;
    }
    if (node.kind === 'events' || node.kind === 'sequence') {
      leaves.set(node.key, node);
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
  return { tests, leaves: [...leaves.values()] };
}

/** What is to be counted in other threads. */
export interface ThreadWork {
  readonly nodes: readonly LoweredNode[];
  readonly tests: readonly LoweredTest[];
  /** Null: there are no event leaves. */
  readonly events: EventShare | null;
  readonly shards: readonly number[];
}

/**
 * Counts nodes on shards in other threads. The state must not change before the answer is there.
 * @param pause between two pieces of work on this thread.
 * @returns by shard, one count a node. Rejects if a thread died.
 */
export async function countInThreads(
  pool: ThreadPool,
  state: EngineState,
  { nodes, tests, events, shards }: ThreadWork,
  pause: () => Promise<void>,
): Promise<ReadonlyMap<number, Float64Array>> {
  const tags = [...new Map(tests.map((test) => [test.tagId, test])).values()];
  const counts = new Map<number, Float64Array>();
  const { length } = pool.threads;
  const work = async (thread: EvaluationThread, place: number): Promise<void> => {
    // Always the same thread for a shard: what it has been sent, and what its core's cache holds, serves the next question too.
    const own = shards.filter((shard) => shard % length === place);
    for (let from = 0; from < own.length;) {
      await pause();
      const { share, rows } = nextShare(thread, events, own, from);
      from += share.length;
      const scalars = share.flatMap((shard) => tags.flatMap((tag) => scalarUpdate(thread, state, tag, shard)));
      const universes = share.flatMap((shard) => universeUpdate(thread, state, shard));
      const ofEvents = events?.taskOf(share, rows) ?? null;
      const task = { kind: 'count' as const, nodes, shards: share, scalars, universes, events: ofEvents };
      const answer = await thread.ask((id) => ({ ...task, id }));
      if (answer.kind === 'counted') {
        share.forEach((shard, index) => {
          counts.set(shard, answer.counts.subarray(index * nodes.length, (index + 1) * nodes.length));
        });
        answer.times.forEach((built) => events?.keep(built));
      }
    }
  };
  await Promise.all(pool.threads.map(work));
  return counts;
}

/** The shards of the next task, from a place in the thread's list on, and the rows of events it does not know of them. */
function nextShare(
  thread: EvaluationThread,
  events: EventShare | null,
  own: readonly number[],
  from: number,
): { readonly share: readonly number[]; readonly rows: readonly RowsUpdate[] } {
  if (events === null) {
    return { share: own.slice(from, from + SHARDS_PER_TASK), rows: [] };
  }
  const share: number[] = [];
  const rows: RowsUpdate[] = [];
  while (from + share.length < own.length && share.length < EVENT_SHARDS_PER_TASK && rows.length < ROWS_UPDATES_MAX) {
    const shard = own[from + share.length]!;
    share.push(shard);
    rows.push(...events.updates(thread, shard));
    if (events.hasOrders(shard)) {
      break;
    }
  }
  return { share, rows };
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
