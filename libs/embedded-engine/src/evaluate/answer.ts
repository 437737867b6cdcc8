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
import { PlanLowering } from './lower-plan';
import { type LoweredNode, repeatedKeys } from './lowered-plan';
import { type KeptFrom, ShardEvaluator } from './shard-evaluator';
import { ShardedSet } from './sharded-set';

/** Up to this many users are judged one by one from their own data; more by evaluating their shards. */
const SINGLE_USERS_MAX = 16;

/** The state a question is asked of. Answers are computed without a pause, so they are of one data version. */
export interface Evaluation {
  readonly state: EngineState;
  readonly keptFrom: KeptFrom;
}

/** Plan nodes made ready for evaluation. */
export class Question {
  readonly #repeated: ReadonlySet<string>;
  readonly nodes: readonly LoweredNode[];

  constructor(
    readonly evaluation: Evaluation,
    nodes: readonly PlanNode[],
  ) {
    const { types } = evaluation.state;
    const lowering = new PlanLowering((tag) => types.get(tag.typeId)?.tags.get(tag.id)?.dictionary);
    this.nodes = nodes.map((node) => lowering.lower(node));
    this.#repeated = repeatedKeys(new Set(this.nodes));
  }

  on(shard: number): ShardEvaluator {
    return new ShardEvaluator(this.evaluation.state, shard, this.evaluation.keptFrom, this.#repeated);
  }
}

export function answerCounts(evaluation: Evaluation, nodes: readonly PlanNode[]): CountsAnswer {
  const { state } = evaluation;
  const question = new Question(evaluation, nodes);
  const sizes = new Map<LoweredNode, number>(question.nodes.map((node) => [node, 0]));
  for (let shard = 0; shard < state.shardCount; shard++) {
    const evaluator = question.on(shard);
    for (const [node, size] of sizes) {
      sizes.set(node, size + evaluator.count(node));
    }
  }
  return { counts: question.nodes.map((node) => sizes.get(node) ?? 0), dataVersion: state.appliedSequence };
}

/** Bitmaps are copied: those of the evaluation may belong to an index. */
export function answerSet(
  evaluation: Evaluation,
  node: PlanNode,
): { readonly set: ShardedSet; readonly dataVersion: number } {
  const { state } = evaluation;
  const question = new Question(evaluation, [node]);
  const [root] = question.nodes;
  const shards: (RoaringBitmap32 | undefined)[] = [];
  for (let shard = 0; shard < state.shardCount; shard++) {
    const bitmap = question.on(shard).bitmap(root!);
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
  const question = new Question(evaluation, [node]);
  const [root] = question.nodes;
  const evaluators = new Map<number, ShardEvaluator>();
  const members = guids.map((guid) => {
    const shard = shardOf(guid);
    if (!state.isKnown(guid)) {
      return false;
    }
    let evaluator = evaluators.get(shard);
    if (evaluator === undefined) {
      evaluator = question.on(shard);
      evaluators.set(shard, evaluator);
    }
    return evaluator.bitmap(root!).has(localOf(guid));
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
  const question = new Question(evaluation, [node]);
  const [root] = question.nodes;
  const shards: RoaringBitmap32[] = [];
  for (let shard = 0; shard < state.shardCount; shard++) {
    shards.push(question.on(shard).bitmap(root!));
  }
  return {
    count: shards.reduce((sum, shard) => sum + shard.size, 0),
    universe: state.knownUsers,
    tags: requests.map((request) => distributionOf(state, request, (shard) => shards[shard]!, top)),
    dataVersion: state.appliedSequence,
  };
}
