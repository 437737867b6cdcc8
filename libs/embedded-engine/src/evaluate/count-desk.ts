import type { CountsAnswer, PlanNode } from '@tessera/audience';
import type { Pace } from '../pace';
import { countInThreads, parallelTests } from '../parallel/parallel-count';
import type { ThreadPool } from '../parallel/thread-pool';
import { type Evaluation, Question } from './answer';
import { CountCache, versionOf } from './count-cache';
import type { LoweredNode, LoweredTest } from './lowered-plan';

/** Tests × shards from which on other threads are worth the messages: each takes some 10 to 50 µs. */
const PARALLEL_FROM = 64;

interface Asked {
  readonly node: LoweredNode;
  /** Null: its counts are not kept. */
  readonly tests: readonly LoweredTest[] | null;
  readonly versions: Float64Array | null;
  readonly counts: Float64Array;
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
    const dataVersion = state.appliedSequence;
    const question = new Question(evaluation, nodes);
    const asked = this.#ask(question);
    const shards = this.#shardsToCount(evaluation, asked);
    const tests = parallelTests(asked.map(({ node }) => node));
    if (!(await this.#countInThreads(evaluation, asked, tests, shards, pace))) {
      for (const shard of shards) {
        const evaluator = question.on(shard);
        for (const { node, counts } of asked) {
          counts[shard] = evaluator.count(node);
        }
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

  #ask(question: Question): readonly Asked[] {
    const { shardCount } = question.evaluation.state;
    return [...new Set(question.nodes)].map((node) => {
      const tests = parallelTests([node]);
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

  /** False: nothing has been counted. */
  async #countInThreads(
    { state }: Evaluation,
    asked: readonly Asked[],
    tests: readonly LoweredTest[] | null,
    shards: readonly number[],
    pace: Pace,
  ): Promise<boolean> {
    const least = this.options.parallelFrom ?? PARALLEL_FROM;
    if (this.pool === null || tests === null || tests.length * shards.length < least) {
      return false;
    }
    pace.keepStill();
    try {
      const nodes = asked.map(({ node }) => node);
      for (const [shard, counts] of await countInThreads(this.pool, state, nodes, tests, shards)) {
        asked.forEach((one, index) => {
          one.counts[shard] = counts[index]!;
        });
      }
      return true;
    } catch (error) {
      this.options.onBackgroundError?.(error);
      return false;
    }
  }
}

function sum(counts: Float64Array, length: number): number {
  let total = 0;
  for (let index = 0; index < length; index++) {
    total += counts[index]!;
  }
  return total;
}
