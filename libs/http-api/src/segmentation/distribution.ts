import { universeNode } from '@tessera/audience';
import type { DataVersion, DistributionValue, PlanNode, SegmentationEngine, TagDistribution } from '@tessera/audience';
import { formatInstant, formatValue } from '@tessera/tag-catalog';
import type { Catalog, CatalogStore, JsonValue, TagDefinition } from '@tessera/tag-catalog';
import { HttpProblem, notFound } from '../problem/http-problem';
import type { Moment, QuestionReader, ReadOptions } from './question';

const TOP_DEFAULT = 20;

export interface DistributionBody extends ReadOptions {
  readonly expression: unknown;
  readonly tags: readonly string[];
  readonly top?: number;
}

/** One value, or one range of values, of a tag. */
export interface ValueShare {
  readonly count: number;
  /** Of the set's users; null if the set is empty. */
  readonly share: number | null;
  /** The share in the set by the share in the universe; null where that is not defined. */
  readonly lift: number | null;
}

export interface TagShares {
  readonly tag: string;
  readonly distinct: number;
  /** Users of the set with a value, and without. */
  readonly withValue: number;
  readonly missing: number;
  readonly values: readonly (ValueShare & { readonly value: JsonValue })[];
  /** Equal-width ranges, both ends included, of number and date tags with more than `top` values; else empty. */
  readonly histogram: readonly (ValueShare & { readonly from: JsonValue; readonly to: JsonValue })[];
}

export interface DistributionAnswer {
  readonly count: number;
  readonly universe: number;
  readonly asOf: string;
  readonly dataVersion: DataVersion;
  readonly tags: readonly TagShares[];
}

/** How the values of tags are spread over a set of users, compared with all users. */
export class DistributionCounter {
  constructor(
    private readonly questions: QuestionReader,
    private readonly engine: SegmentationEngine,
    private readonly catalogStore: CatalogStore,
  ) {}

  /** @throws HttpProblem as `QuestionReader.read`; 404 for an unknown tag. */
  async ofExpression(body: DistributionBody): Promise<DistributionAnswer> {
    const tags = findTags(this.catalogStore.current(), body.tags);
    const question = await this.questions.read(body);
    return this.#answer(question.plan.root, tags, question, body.top);
  }

  /** Of one tag over all users. */
  async ofUniverse(
    tag: TagDefinition,
    top: number | undefined,
    minOffset: string | undefined,
  ): Promise<DistributionAnswer> {
    const moment = await this.questions.moment(minOffset === undefined ? {} : { minOffset });
    return this.#answer(universeNode(), [tag], moment, top);
  }

  async #answer(
    node: PlanNode,
    tags: readonly TagDefinition[],
    { asOfMs }: Moment,
    top = TOP_DEFAULT,
  ): Promise<DistributionAnswer> {
    const requests = tags.map((tag) => ({ tag, validAfterMs: tag.ttlMs === null ? null : asOfMs - tag.ttlMs }));
    const answer = await this.engine.distribution(node, requests, top);
    return {
      count: answer.count,
      universe: answer.universe,
      asOf: formatInstant(asOfMs),
      dataVersion: answer.dataVersion,
      tags: answer.tags.map((tag) => sharesOf(tag, answer.count, answer.universe)),
    };
  }
}

/** @throws HttpProblem 404 naming each that there is not. */
export function findTags(catalog: Catalog, names: readonly string[]): readonly TagDefinition[] {
  const tags: TagDefinition[] = [];
  const errors = names.flatMap((name, index) => {
    const tag = catalog.tag(name);
    if (tag !== undefined) {
      tags.push(tag);
      return [];
    }
    const message = `There is no tag ${JSON.stringify(name.slice(0, 100))}; GET /v1/tags lists them`;
    return [{ path: `/tags/${index}`, code: 'unknownTag', message }];
  });
  if (errors.length > 0) throw new HttpProblem('not-found', errors[0]?.message ?? '', { errors });
  return tags;
}

/** @throws HttpProblem 404. */
export function findTag(catalog: Catalog, name: string): TagDefinition {
  const tag = catalog.tag(name);
  if (tag !== undefined) return tag;
  throw notFound('', 'unknownTag', `There is no tag ${JSON.stringify(name.slice(0, 100))}; GET /v1/tags lists them`);
}

function sharesOf(distribution: TagDistribution, count: number, universe: number): TagShares {
  const { tag } = distribution;
  const share = (value: DistributionValue): ValueShare => ({
    count: value.count,
    share: count === 0 ? null : value.count / count,
    lift: liftOf(value, count, universe),
  });
  return {
    tag: tag.name,
    distinct: distribution.distinct,
    withValue: distribution.withValue,
    missing: count - distribution.withValue,
    values: distribution.values.map((value) => ({ value: formatValue(tag, value.value), ...share(value) })),
    histogram: distribution.histogram.map((range) => ({
      from: formatValue(tag, range.value),
      to: formatValue(tag, range.high ?? range.value),
      ...share(range),
    })),
  };
}

function liftOf(value: DistributionValue, count: number, universe: number): number | null {
  if (count === 0 || universe === 0 || value.universeCount === 0) return null;
  return value.count / count / (value.universeCount / universe);
}
