import { differenceNode, intersectNode, unionNode, universeNode } from '@tessera/audience';
import type { DataVersion, PlanNode, SegmentationEngine } from '@tessera/audience';
import { formatInstant } from '@tessera/tag-catalog';
import { expressionProblem, invalidRequest, invalidRequestOf } from '../problem/http-problem';
import { parseDto } from '../requests/parse-dto';
import type { Moment, QuestionReader, ReadOptions } from './question';
import { NamedSetDto } from './segmentation.dto';

/** Regions double with every set; past four sets nobody reads them. */
const REGION_SETS_MAX = 4;

export interface OverlapRequest extends ReadOptions {
  readonly sets: readonly unknown[];
}

export interface OverlapPair {
  readonly a: string;
  readonly b: string;
  readonly count: number;
  /** Of the users in a, the share also in b; null if a is empty. */
  readonly shareOfA: number | null;
  readonly shareOfB: number | null;
  /** Users in both by users in any of the two; null if both are empty. */
  readonly jaccard: number | null;
}

/** Users in exactly these sets and in none of the others. */
export interface OverlapRegion {
  readonly in: readonly string[];
  readonly count: number;
}

export interface OverlapAnswer {
  readonly sets: readonly { readonly name: string; readonly count: number }[];
  readonly pairs: readonly OverlapPair[];
  /** Every region but the one outside all sets; up to 4 sets. */
  readonly regions?: readonly OverlapRegion[];
  readonly universe: number;
  readonly asOf: string;
  readonly dataVersion: DataVersion;
}

interface NamedNode {
  readonly name: string;
  readonly node: PlanNode;
}

/** How sets of users overlap; all counts come from one call of the engine. */
export class OverlapCounter {
  constructor(
    private readonly questions: QuestionReader,
    private readonly engine: SegmentationEngine,
  ) {}

  /** @throws HttpProblem 400 or 404 with paths into the body (`/sets/0/expression/…`). */
  async count(request: OverlapRequest): Promise<OverlapAnswer> {
    const named = readSets(request.sets);
    const moment = await this.questions.moment(request);
    const sets = await this.#bind(named, request.params, moment);
    const pairs = pairsOf(sets);
    const regions = sets.length <= REGION_SETS_MAX ? regionsOf(sets) : [];
    const { counts, dataVersion } = await this.engine.counts([
      universeNode(),
      ...sets.map(({ node }) => node),
      ...pairs.map(({ a, b }) => intersectNode([a.node, b.node])),
      ...regions.map(({ node }) => node),
    ]);
    const sizes = new Map(sets.map(({ name }, index) => [name, counts[index + 1] ?? 0]));
    const pairsAt = 1 + sets.length;
    const regionsAt = pairsAt + pairs.length;
    return {
      sets: sets.map(({ name }) => ({ name, count: sizes.get(name) ?? 0 })),
      pairs: pairs.map(({ a, b }, index) => {
        const count = counts[pairsAt + index] ?? 0;
        return pairOf(a.name, b.name, count, sizes.get(a.name) ?? 0, sizes.get(b.name) ?? 0);
      }),
      ...(regions.length === 0
        ? {}
        : { regions: regions.map((region, index) => ({ in: region.in, count: counts[regionsAt + index] ?? 0 })) }),
      universe: counts[0] ?? 0,
      asOf: formatInstant(moment.asOfMs),
      dataVersion,
    };
  }

  async #bind(named: readonly NamedSetDto[], params: unknown, moment: Moment): Promise<readonly NamedNode[]> {
    const sets: NamedNode[] = [];
    for (const [index, { name, expression }] of named.entries()) {
      const binding = await this.questions.bind(expression, params, moment);
      if (!binding.ok) {
        const prefix = `/sets/${index}/expression`;
        throw expressionProblem(binding.errors.map((error) => ({ ...error, path: prefix + error.path })));
      }
      sets.push({ name, node: binding.question.plan.root });
    }
    return sets;
  }
}

function readSets(sets: readonly unknown[]): readonly NamedSetDto[] {
  const names = new Set<string>();
  return sets.map((json, index) => {
    const parsed = parseDto(NamedSetDto, json, 'body', `/sets/${index}`);
    if (!parsed.ok) throw invalidRequestOf(parsed.errors);
    const { name } = parsed.value;
    if (names.has(name)) {
      throw invalidRequest(
        `/sets/${index}/name`,
        'duplicate',
        `The name ${JSON.stringify(name)} is given twice; name each set differently`,
      );
    }
    names.add(name);
    return parsed.value;
  });
}

function pairsOf(sets: readonly NamedNode[]): readonly { readonly a: NamedNode; readonly b: NamedNode }[] {
  return sets.flatMap((a, index) => sets.slice(index + 1).map((b) => ({ a, b })));
}

/** One region for each non-empty choice of sets: in all of the chosen, in none of the others. */
function regionsOf(sets: readonly NamedNode[]): readonly { readonly in: readonly string[]; readonly node: PlanNode }[] {
  return Array.from({ length: (1 << sets.length) - 1 }, (_, index) => {
    const choice = index + 1;
    const chosen = sets.filter((_set, bit) => (choice & (1 << bit)) !== 0);
    const others = sets.filter((_set, bit) => (choice & (1 << bit)) === 0);
    const inside = intersectNode(chosen.map(({ node }) => node));
    const node = others.length === 0 ? inside : differenceNode(inside, unionNode(others.map((set) => set.node)));
    return { in: chosen.map(({ name }) => name), node };
  });
}

function pairOf(a: string, b: string, count: number, countA: number, countB: number): OverlapPair {
  const ratio = (of: number): number | null => (of === 0 ? null : count / of);
  return { a, b, count, shareOfA: ratio(countA), shareOfB: ratio(countB), jaccard: ratio(countA + countB - count) };
}
