import {
  type CountsAnswer,
  type DistributionRequest,
  isMember,
  type PlanNode,
  type TagDistribution,
  type UserView,
} from '@tessera/audience';
import type { RoaringBitmap32 } from '@tessera/bitmap';
import type { Guid } from '@tessera/tag-catalog';
import type { EngineState } from '../engine-state';
import { localOf, shardOf } from '../shard';
import { distributionOf } from './distribution';
import { repeatedKeys } from './repeated-keys';
import { type KeptFrom, ShardEvaluator } from './shard-evaluator';
import { ShardedSet } from './sharded-set';

/** Up to this many users are judged one by one from their own data; more by evaluating their shards. */
const SINGLE_USERS_MAX = 16;

/** The state a question is asked of. Answers are computed without a pause, so they are of one data version. */
export interface Evaluation {
  readonly state: EngineState;
  readonly keptFrom: KeptFrom;
}

function evaluatorOf(evaluation: Evaluation, shard: number, repeated: ReadonlySet<string>): ShardEvaluator {
  return new ShardEvaluator(evaluation.state, shard, evaluation.keptFrom, repeated);
}

export function answerCounts(evaluation: Evaluation, nodes: readonly PlanNode[]): CountsAnswer {
  const { state } = evaluation;
  const distinct = new Map(nodes.map((node) => [node.key, node]));
  const repeated = repeatedKeys(distinct.values());
  const sizes = new Map<string, number>();
  for (let shard = 0; shard < state.shardCount; shard++) {
    const evaluator = evaluatorOf(evaluation, shard, repeated);
    for (const [key, node] of distinct) {
      sizes.set(key, (sizes.get(key) ?? 0) + evaluator.count(node));
    }
  }
  return { counts: nodes.map((node) => sizes.get(node.key) ?? 0), dataVersion: state.appliedSequence };
}

/** Bitmaps are copied: those of the evaluation may belong to an index. */
export function answerSet(
  evaluation: Evaluation,
  node: PlanNode,
): { readonly set: ShardedSet; readonly dataVersion: number } {
  const { state } = evaluation;
  const repeated = repeatedKeys([node]);
  const shards: (RoaringBitmap32 | undefined)[] = [];
  for (let shard = 0; shard < state.shardCount; shard++) {
    const bitmap = evaluatorOf(evaluation, shard, repeated).bitmap(node);
    shards.push(bitmap.isEmpty ? undefined : bitmap.clone());
  }
  return { set: new ShardedSet(shards), dataVersion: state.appliedSequence };
}

export function answerContains(
  evaluation: Evaluation,
  node: PlanNode,
  guids: readonly Guid[],
  viewOf: (guid: Guid) => UserView | undefined,
): { readonly members: readonly boolean[]; readonly dataVersion: number } {
  const { state } = evaluation;
  const dataVersion = state.appliedSequence;
  if (guids.length <= SINGLE_USERS_MAX) {
    const members = guids.map((guid) => {
      const view = viewOf(guid);
      return view !== undefined && isMember(node, view);
    });
    return { members, dataVersion };
  }
  const repeated = repeatedKeys([node]);
  const evaluators = new Map<number, ShardEvaluator>();
  const members = guids.map((guid) => {
    const shard = shardOf(guid);
    if (!state.isKnown(guid)) {
      return false;
    }
    let evaluator = evaluators.get(shard);
    if (evaluator === undefined) {
      evaluator = evaluatorOf(evaluation, shard, repeated);
      evaluators.set(shard, evaluator);
    }
    return evaluator.bitmap(node).has(localOf(guid));
  });
  return { members, dataVersion };
}

export function answerDistribution(
  evaluation: Evaluation,
  node: PlanNode,
  requests: readonly DistributionRequest[],
  top: number,
): {
  readonly count: number;
  readonly universe: number;
  readonly tags: readonly TagDistribution[];
  readonly dataVersion: number;
} {
  const { state } = evaluation;
  const repeated = repeatedKeys([node]);
  const shards: RoaringBitmap32[] = [];
  for (let shard = 0; shard < state.shardCount; shard++) {
    shards.push(evaluatorOf(evaluation, shard, repeated).bitmap(node));
  }
  return {
    count: shards.reduce((sum, shard) => sum + shard.size, 0),
    universe: state.knownUsers,
    tags: requests.map((request) => distributionOf(state, request, (shard) => shards[shard]!, top)),
    dataVersion: state.appliedSequence,
  };
}
