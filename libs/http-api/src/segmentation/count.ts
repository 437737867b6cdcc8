import { describeExpression, explainPlan, universeNode } from '@tessera/audience';
import type {
  DataVersion,
  NodeOutput,
  PlanNode,
  ResolvedWindow,
  RewriteStep,
  SegmentationEngine,
} from '@tessera/audience';
import { formatInstant } from '@tessera/tag-catalog';
import type { Question } from './question';

/** One node of the expression with its users. */
export interface NodeCount {
  /** JSON Pointer into the expression; the root is `""`. */
  readonly path: string;
  readonly id?: string;
  readonly count: number;
  /** Of tag nodes: users with no value. */
  readonly missing?: number;
}

export interface CountAnswer {
  readonly count: number;
  readonly universe: number;
  readonly asOf: string;
  readonly hash: string;
  readonly dataVersion: DataVersion;
  readonly tookMs: number;
  readonly engine: string;
  readonly nodes?: readonly NodeCount[];
}

export interface Explanation {
  readonly plan: string;
  readonly rewrites: readonly RewriteStep[];
  /** Of engines that have statements; null for the embedded one. */
  readonly sql: string | null;
  readonly windows: readonly ResolvedWindow[];
  readonly text: string;
  readonly hash: string;
  readonly asOf: string;
  readonly nodes?: readonly NodeCount[];
}

/** Counts the users of a question; all counts come from one call of the engine, so they are of one data version. */
export async function countUsers(
  engine: SegmentationEngine,
  question: Question,
  perNode: boolean,
): Promise<CountAnswer> {
  const startedMs = performance.now();
  const { counts, dataVersion } = await engine.counts(nodesOf(question, perNode));
  return {
    count: counts[1] ?? 0,
    universe: counts[0] ?? 0,
    asOf: formatInstant(question.asOfMs),
    hash: question.hash,
    dataVersion,
    tookMs: Math.round((performance.now() - startedMs) * 1_000) / 1_000,
    engine: engine.name,
    ...(perNode ? { nodes: nodeCounts(question.plan.outputs, counts.slice(2)) } : {}),
  };
}

/** The plan in stable text, what was rewritten and why, the windows as they are. */
export async function explainQuestion(
  engine: SegmentationEngine,
  question: Question,
  perNode: boolean,
): Promise<Explanation> {
  const counted = perNode ? await countUsers(engine, question, true) : undefined;
  return {
    plan: explainPlan(question.plan),
    rewrites: question.plan.rewrites,
    sql: (await engine.statementsOf?.(nodesOf(question, perNode))) ?? null,
    windows: question.plan.windows,
    text: describeExpression(question.expression),
    hash: question.hash,
    asOf: formatInstant(question.asOfMs),
    ...(counted?.nodes === undefined ? {} : { nodes: counted.nodes }),
  };
}

/** Whose sizes are told: the universe, the root, then every node with the missing of tags. */
function nodesOf({ plan }: Question, perNode: boolean): readonly PlanNode[] {
  const outputs = perNode ? plan.outputs : [];
  return [
    universeNode(),
    plan.root,
    ...outputs.flatMap(({ node, missing }) => (missing === null ? [node] : [node, missing])),
  ];
}

function nodeCounts(outputs: readonly NodeOutput[], counts: readonly number[]): readonly NodeCount[] {
  let at = 0;
  return outputs.map((output) => ({
    path: output.path,
    ...(output.id === null ? {} : { id: output.id }),
    count: counts[at++] ?? 0,
    ...(output.missing === null ? {} : { missing: counts[at++] ?? 0 }),
  }));
}
