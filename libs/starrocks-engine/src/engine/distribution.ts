import { listReadNode, universeNode } from '@tessera/audience';
import type { DistributionRequest, DistributionValue, PlanNode, TagDistribution } from '@tessera/audience';
import { isOrdinalType } from '@tessera/tag-catalog';
import type { TagValue } from '@tessera/tag-catalog';
import { compileCounts, compileKeep, compileQuestion } from '../compile/statements/compile-question';
import {
  bucketsOf,
  distinctElementsSql,
  histogramSql,
  summarySql,
  topValuesSql,
  valueColumn,
} from '../compile/statements/distribution-sql';
import { nobodyMarked } from '../compile/statements/user-rows';
import type { StarrocksRow } from '../connection/starrocks-connection';
import type { Question } from './question';
import { readValue } from './read-value';

type Wrap = (marked: string) => string;

/**
 * How the members of a node are distributed over tags. Each tag takes two or three statements; a node that is asked for more than one tag is evaluated
 * once and kept meanwhile.
 */
export async function askDistribution(
  question: Question,
  node: PlanNode,
  requests: readonly DistributionRequest[],
  top: number,
): Promise<{ readonly count: number; readonly universe: number; readonly tags: readonly TagDistribution[] }> {
  const isKept = requests.length > 1 && node.kind !== 'universe' && node.kind !== 'empty';
  const members = isKept
    ? listReadNode(await question.keep(node, (id, options) => compileKeep(node, id, options)))
    : node;
  const [count = 0, universe = 0] = await askCounts(question, [members, universeNode()]);
  const tags: TagDistribution[] = [];
  for (const request of requests) tags.push(await new TagQuestion(question, members, request, top).ask());
  return { count, universe, tags };
}

async function askCounts(question: Question, nodes: readonly PlanNode[]): Promise<readonly number[]> {
  const compiled = await question.prepare(nodes, (options) => compileCounts(nodes, options));
  const counts = nodes.map(() => 0);
  for (const { sql, columns } of compiled.asks) {
    const [row] = await question.rows(sql);
    columns.forEach((outputs, index) => outputs.forEach((output) => (counts[output] = countOf(row, `c${index}`))));
  }
  return counts;
}

class TagQuestion {
  constructor(
    private readonly question: Question,
    private readonly node: PlanNode,
    private readonly request: DistributionRequest,
    private readonly top: number,
  ) {}

  async ask(): Promise<TagDistribution> {
    const { request, top } = this;
    const { tag } = request;
    const [summary] = await this.#rows((marked) => summarySql(request, marked));
    const distinct =
      tag.valueType === 'set'
        ? countOf((await this.#rows((marked) => distinctElementsSql(request, marked)))[0], 'c2')
        : countOf(summary, 'c2');
    const most = distinct === 0 ? [] : await this.#rows((marked) => topValuesSql(request, marked, top));
    return {
      tag,
      distinct,
      withValue: countOf(summary, 'c0'),
      universeWithValue: countOf(summary, 'c1'),
      values: most.map((row): DistributionValue => ({
        value: this.#value(row['x']),
        high: null,
        count: countOf(row, 'c0'),
        universeCount: countOf(row, 'c1'),
      })),
      histogram: isOrdinalType(tag.valueType) && distinct > top ? await this.#histogram(summary) : [],
    };
  }

  async #histogram(summary: StarrocksRow | undefined): Promise<readonly DistributionValue[]> {
    const { request } = this;
    const buckets = bucketsOf(Number(this.#value(summary?.['c3'])), Number(this.#value(summary?.['c4'])), this.top);
    const rows = await this.#rows((marked) => histogramSql(request, marked, buckets));
    const byNumber = new Map(rows.map((row) => [Number(row['x']), row]));
    return buckets.map(({ low, high }, index) => ({
      value: low,
      high,
      count: countOf(byNumber.get(index), 'c0'),
      universeCount: countOf(byNumber.get(index), 'c1'),
    }));
  }

  #value(stored: string | number | null | undefined): TagValue {
    return readValue(valueColumn(this.request), stored ?? null);
  }

  async #rows(wrap: Wrap): Promise<readonly StarrocksRow[]> {
    const { node } = this;
    const compiled = await this.question.prepare([node], (options) =>
      compileQuestion([node], options, (shape, [gate], input) => {
        if (gate === undefined) throw new Error('a distribution is of one node');
        return wrap(shape.marked(gate, input));
      }),
    );
    const [ask] = compiled.asks;
    // Of a node without users all others are counted all the same.
    return this.question.rows(ask?.sql ?? wrap(nobodyMarked()));
  }
}

function countOf(row: StarrocksRow | undefined, column: string): number {
  return Number(row?.[column] ?? 0);
}
