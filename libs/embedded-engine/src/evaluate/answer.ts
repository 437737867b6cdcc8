import {
  type DistributionRequest,
  isMember,
  type PlanNode,
  type TagDistribution,
  type UserView,
} from '@tessera/audience';
import type { RoaringBitmap32 } from '@tessera/bitmap';
import type { Guid } from '@tessera/tag-catalog';
import type { EngineState } from '../engine-state';
import type { Pace } from '../pace';
import { localOf, shardOf } from '../shard';
import { distributionOf } from './distribution';
import { PlanLowering } from './lower-plan';
import { type LoweredNode, repeatedKeys } from './lowered-plan';
import { type KeptFrom, ShardEvaluator } from './shard-evaluator';
import { ShardedSet } from './sharded-set';

/** Up to this many users are judged one by one from their own data; more by evaluating their shards. */
const SINGLE_USERS_MAX = 16;

/** The state a question is asked of, at one data version. */
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
    const { state } = evaluation;
    const lowering = new PlanLowering(
      (tag) => state.findTag(tag)?.dictionary,
      (type, property) => state.eventType(type).property(property).dictionary,
    );
    this.nodes = nodes.map((node) => lowering.lower(node));
    this.#repeated = repeatedKeys(new Set(this.nodes));
  }

  on(shard: number): ShardEvaluator {
    return new ShardEvaluator(this.evaluation.state, shard, this.evaluation.keptFrom, this.#repeated);
  }
}

/** Shards from which on a set is not made in one go. */
const LARGE_FROM = 8;

async function turnIfLarge({ state }: Evaluation, pace: Pace): Promise<void> {
  if (state.shardCount >= LARGE_FROM) {
    await pace.turn();
  }
}

/** Bitmaps are copied: those of the evaluation may belong to an index. */
export async function answerSet(
  evaluation: Evaluation,
  node: PlanNode,
  pace: Pace,
): Promise<{ readonly set: ShardedSet; readonly dataVersion: number }> {
  const { state } = evaluation;
  await turnIfLarge(evaluation, pace);
  const question = new Question(evaluation, [node]);
  const [root] = question.nodes;
  const shards: (RoaringBitmap32 | undefined)[] = [];
  for (let shard = 0; shard < state.shardCount; shard++) {
    const bitmap = question.on(shard).bitmap(root!);
    shards.push(bitmap.isEmpty ? undefined : bitmap.clone());
    await pace.step();
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

export async function answerDistribution(
  evaluation: Evaluation,
  node: PlanNode,
  request: { readonly tags: readonly DistributionRequest[]; readonly top: number },
  pace: Pace,
): Promise<{
  readonly count: number;
  readonly universe: number;
  readonly tags: readonly TagDistribution[];
  readonly dataVersion: number;
}> {
  const { state } = evaluation;
  await turnIfLarge(evaluation, pace);
  const question = new Question(evaluation, [node]);
  const [root] = question.nodes;
  const shards: RoaringBitmap32[] = [];
  for (let shard = 0; shard < state.shardCount; shard++) {
    shards.push(question.on(shard).bitmap(root!));
    await pace.step();
  }
  const tags: TagDistribution[] = [];
  for (const asked of request.tags) {
    tags.push(distributionOf(state, asked, (shard) => shards[shard]!, request.top));
    await pace.step();
  }
  return {
    count: shards.reduce((sum, shard) => sum + shard.size, 0),
    universe: state.knownUsers,
    tags,
    dataVersion: state.appliedSequence,
  };
}
