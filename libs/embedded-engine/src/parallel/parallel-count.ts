import { BitmapPacker } from '@tessera/bitmap';
import type { EngineState } from '../engine-state';
import { loweredInputs, type LoweredNode, type LoweredTest } from '../evaluate/lowered-plan';
import type { EventLeaf } from '../evaluate/row-windows';
import { loopTurn } from '../loop-turn';
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
/** Pieces of state that a thread is told of in one task, from which on it gets no more shards: making and sending one takes 10 to 50 µs. */
const UPDATES_PER_TASK = 16;

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

/** A question under way, as all who work on it see it. */
interface Shared {
  readonly state: EngineState;
  readonly work: ThreadWork;
  /** By shard. */
  readonly counts: Map<number, Float64Array>;
  readonly pause: () => Promise<void>;
  /** Somebody failed: nothing more is worth doing. */
  hasFailed: boolean;
}

/**
 * Counts nodes on shards in other threads. The state must not change before the answer is there.
 * @param pause between two pieces of work on this thread.
 * @returns by shard, one count a node. Rejects if a thread failed or died; nothing goes on then.
 */
export async function countInThreads(
  pool: ThreadPool,
  state: EngineState,
  work: ThreadWork,
  pause: () => Promise<void>,
): Promise<ReadonlyMap<number, Float64Array>> {
  const shared: Shared = { state, work, counts: new Map(), pause, hasFailed: false };
  const { length } = pool.threads;
  const outcomes = await Promise.allSettled(
    pool.threads.map(async (thread, place) => {
      // Always the same thread for a shard: what it has been sent, and what its core's cache holds, serves the next question too.
      const own = work.shards.filter((shard) => shard % length === place);
      await new ThreadCount(thread, shared).count(own);
    }),
  );
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') {
      throw outcome.reason;
    }
  }
  return shared.counts;
}

interface Share {
  readonly shards: number[];
  readonly scalars: ScalarUpdate[];
  readonly universes: UniverseUpdate[];
  readonly rows: RowsUpdate[];
}

/** The part of one thread in a question. */
class ThreadCount {
  readonly #tags: readonly LoweredTest[];

  constructor(
    private readonly thread: EvaluationThread,
    private readonly shared: Shared,
  ) {
    this.#tags = [...new Map(shared.work.tests.map((test) => [test.tagId, test])).values()];
  }

  async count(own: readonly number[]): Promise<void> {
    try {
      const waiting = [...own];
      while (waiting.length > 0 && !this.shared.hasFailed) {
        // Not between noting what the thread has been sent and sending it: another question would rely on it.
        if (loopTurn.isOver) {
          await this.shared.pause();
        }
        await this.#countShare(this.#nextShare(waiting));
      }
    } catch (error) {
      this.shared.hasFailed = true;
      // What it was sent is not known any more: it may be less than was noted.
      await this.thread.stop();
      throw error;
    }
  }

  async #countShare({ shards, rows, ...updates }: Share): Promise<void> {
    const { counts, work } = this.shared;
    const { nodes, events } = work;
    const task = { nodes, shards, ...updates, events: events?.taskOf(shards, rows) ?? null };
    const answer = await this.thread.ask((id) => ({ kind: 'count', id, ...task }));
    if (answer.kind === 'counted') {
      shards.forEach((shard, index) => {
        counts.set(shard, answer.counts.subarray(index * nodes.length, (index + 1) * nodes.length));
      });
      answer.times.forEach((built) => events?.keep(built));
    }
  }

  /** Takes the shards of the next task from those that wait, with all that the thread does not know of them. */
  #nextShare(waiting: number[]): Share {
    const share: Share = { shards: [], scalars: [], universes: [], rows: [] };
    const { state, work } = this.shared;
    const { events } = work;
    while (waiting.length > 0 && this.#hasRoom(share)) {
      const shard = waiting.shift()!;
      share.shards.push(shard);
      share.scalars.push(...this.#tags.flatMap((tag) => scalarUpdate(this.thread, state, tag, shard)));
      share.universes.push(...universeUpdate(this.thread, state, shard));
      share.rows.push(...(events?.updates(this.thread, shard) ?? []));
      if (events?.hasOrders(shard) === true) {
        break;
      }
    }
    return share;
  }

  #hasRoom({ shards, scalars, universes, rows }: Share): boolean {
    return (
      shards.length < (this.shared.work.events === null ? SHARDS_PER_TASK : EVENT_SHARDS_PER_TASK) &&
      scalars.length + universes.length < UPDATES_PER_TASK &&
      rows.length < ROWS_UPDATES_MAX
    );
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
