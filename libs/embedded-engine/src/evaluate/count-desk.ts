import type { CountsAnswer, PlanNode } from '@tessera/audience';
import { inArena } from '../bitmaps/arena';
import type { Pace } from '../pace';
import { countInThreads, scalarTests, type ThreadNeeds, threadNeeds } from '../parallel/parallel-count';
import { EventShare } from '../parallel/parallel-events';
import type { ThreadPool } from '../parallel/thread-pool';
import { type Evaluation, Question } from './answer';
import { CountCache, versionOf } from './count-cache';
import type { LoweredNode, LoweredTest } from './lowered-plan';

/** Tests × shards from which on other threads are worth the messages: each takes some 10 to 50 µs. */
const PARALLEL_FROM = 64;

/** A scan of so many rows of events is as much work as a test of a shard. */
const ROWS_PER_TEST = 8192;
/** An event leaf is at least as much work as so many tests. */
const LEAF_TESTS = 8;

/** Shards from which on a question that other threads can't answer counts as large. */
const SEQUENTIAL_FROM = 8;

interface Asked {
  readonly node: LoweredNode;
  /** Null: its counts are not kept. */
  readonly tests: readonly LoweredTest[] | null;
  readonly versions: Float64Array | null;
  readonly counts: Float64Array;
}

/** What there is to do for one question at one data version. */
interface Work {
  readonly question: Question;
  readonly asked: readonly Asked[];
  /** Shards in which a count is not known. */
  readonly shards: readonly number[];
  /** Null: other threads can't decide all of it. */
  readonly needs: ThreadNeeds | null;
  readonly isLarge: boolean;
}

/** Answers counts: from what is known, in other threads, or here, shard by shard. */
export class CountDesk {
  readonly #cache = new CountCache();

  /** `onBackgroundError` is told when threads failed; the question is then answered here. */
  constructor(
    private readonly pool: ThreadPool | null,
    private readonly options: {
      readonly parallelFrom?: number;
      readonly onBackgroundError?: (error: unknown) => void;
    },
  ) {}

  /** Of the counts kept. */
  get bytes(): number {
    return this.#cache.bytes;
  }

  async counts(evaluation: Evaluation, nodes: readonly PlanNode[], pace: Pace): Promise<CountsAnswer> {
    const { state } = evaluation;
    let work = this.#prepare(evaluation, nodes);
    if (work.isLarge) {
      await pace.turn();
      work = this.#prepare(evaluation, nodes);
    }
    const dataVersion = state.appliedSequence;
    const { question, asked, shards } = work;
    if (!(await this.#countInThreads(evaluation, work, pace))) {
      for (const shard of shards) {
        const found = countHere(work, shard);
        asked.forEach(({ counts }, index) => {
          counts[shard] = found[index]!;
        });
        await pace.step();
      }
    }
    for (const { tests: own, versions } of asked) {
      for (const shard of own === null ? [] : shards) {
        versions![shard] = versionOf(state, own!, shard);
      }
    }
    const sums = new Map(asked.map(({ node, counts }) => [node, sum(counts, state.shardCount)]));
    return { counts: question.nodes.map((node) => sums.get(node) ?? 0), dataVersion };
  }

  #prepare(evaluation: Evaluation, nodes: readonly PlanNode[]): Work {
    const question = new Question(evaluation, nodes);
    const asked = this.#ask(question);
    const shards = this.#shardsToCount(evaluation, asked);
    const needs = threadNeeds(asked.map(({ node }) => node));
    const least = this.options.parallelFrom ?? PARALLEL_FROM;
    const isLarge =
      needs === null ? shards.length >= SEQUENTIAL_FROM : weightOf(evaluation, needs, shards.length) >= least;
    return { question, asked, shards, needs, isLarge };
  }

  #ask(question: Question): readonly Asked[] {
    const { shardCount } = question.evaluation.state;
    return [...new Set(question.nodes)].map((node) => {
      const tests = scalarTests([node]);
      return tests === null
        ? { node, tests, versions: null, counts: new Float64Array(shardCount) }
        : { node, tests, ...this.#cache.entry(node, shardCount) };
    });
  }

  /** Shards in which the count of a node is not known. */
  #shardsToCount({ state }: Evaluation, asked: readonly Asked[]): number[] {
    const shards: number[] = [];
    for (let shard = 0; shard < state.shardCount; shard++) {
      const isKnown = asked.every(
        ({ tests, versions }) => tests !== null && versions![shard] === versionOf(state, tests, shard),
      );
      if (!isKnown) {
        shards.push(shard);
      }
    }
    return shards;
  }

  /** False: not everything has been counted. */
  async #countInThreads(evaluation: Evaluation, work: Work, pace: Pace): Promise<boolean> {
    const { asked, needs, isLarge } = work;
    if (this.pool === null || needs === null || !isLarge) {
      return false;
    }
    const { state } = evaluation;
    const { tests, leaves } = needs;
    try {
      const events = leaves.length === 0 ? null : new EventShare(state, leaves, evaluation.keptFrom);
      const shards = events === null ? work.shards : await countByRecent(work, events, pace);
      if (shards.length > 0) {
        pace.keepStill();
        const threadWork = { nodes: asked.map(({ node }) => node), tests, events, shards };
        for (const [shard, counts] of await countInThreads(this.pool, state, threadWork, () => pace.step())) {
          asked.forEach((one, index) => {
            one.counts[shard] = counts[index]!;
          });
        }
      }
      return true;
    } catch (error) {
      this.options.onBackgroundError?.(error);
      return false;
    }
  }
}

/** Counts where the newest rows of users tell everything about events: that is little work. @returns the shards that are left. */
async function countByRecent(
  { question, asked, shards }: Work,
  events: EventShare,
  pace: Pace,
): Promise<readonly number[]> {
  const left: number[] = [];
  for (const shard of shards) {
    inArena(() => {
      const evaluator = question.on(shard);
      if (!events.decide(evaluator, shard)) {
        left.push(shard);
        return;
      }
      for (const { node, counts } of asked) {
        counts[shard] = evaluator.count(node);
      }
    });
    await pace.step();
  }
  return left;
}

/** Counts every node in one shard, on this thread. */
function countHere({ question, asked }: Work, shard: number): Float64Array {
  return inArena(() => {
    const evaluator = question.on(shard);
    return Float64Array.from(asked, ({ node }) => evaluator.count(node));
  });
}

function weightOf({ state }: Evaluation, { tests, leaves }: ThreadNeeds, shards: number): number {
  const rows = leaves
    .flatMap((leaf) => (leaf.kind === 'events' ? [leaf.eventType] : leaf.sequence.steps.map((step) => step.eventType)))
    .reduce((sum, type) => sum + state.eventType(type).rows, 0);
  return tests.length * shards + Math.max(leaves.length * LEAF_TESTS * shards, Math.ceil(rows / ROWS_PER_TEST));
}

function sum(counts: Float64Array, length: number): number {
  let total = 0;
  for (let index = 0; index < length; index++) {
    total += counts[index]!;
  }
  return total;
}
