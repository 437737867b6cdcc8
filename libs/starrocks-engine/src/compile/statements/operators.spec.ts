import { listReadNode, profileScanNode, thresholdNode, unionNode } from '@tessera/audience';
import type { PlanNode } from '@tessera/audience';
import type { TagDefinition } from '@tessera/tag-catalog';
import { LeafCompiler } from '../leaves';
import { CATALOG } from '../leaves/testing/sample-leaves';
import { compileCounts } from './compile-question';
import type { CompiledQuestion, ShapeChoice } from './compile-question';

/** What the frontend takes. */
const OPERATORS_MAX = 10_000;
const TAGS = 12;
const VALUES = 1_000;

function compile(nodes: readonly PlanNode[], shape: ShapeChoice): CompiledQuestion {
  return compileCounts(nodes, {
    shape,
    keptAs: 'k',
    openLeaves: (statement) =>
      new LeafCompiler({ nowMs: 0, matches: new Map(), listId: (slot) => `v${statement}_${slot}` }),
  });
}

/**
 * The most operators and constants that an expression of the statement has once columns of sub-selects are put in: read off the SQL, whose columns stand
 * in a line each, from the innermost select outwards.
 */
function mostOperators(sql: string): number {
  const lines = sql.split('\n').map((line) => line.trim().replace(/^SELECT (t\d+\.\*,)?/, ''));
  const columns = lines.flatMap((line) => {
    const found = /^(.*) AS `?(b\d+|n\d+|c\d+|sys_all)`?,?$/.exec(line);
    return found === null ? [] : [{ name: found[2] ?? '', text: found[1] ?? '' }];
  });
  const textOf = new Map<string, string[]>();
  columns.forEach(({ name, text }) => textOf.set(name, [...(textOf.get(name) ?? []), text]));
  const counts = new Map<string, number>();
  const countOf = (name: string): number => {
    const known = counts.get(name);
    if (known !== undefined) return known;
    // A column that is handed on under its own name counts as itself.
    counts.set(name, 1);
    const count = Math.max(...(textOf.get(name) ?? []).map(operatorsOf));
    counts.set(name, count);
    return count;
  };
  const operatorsOf = (text: string): number => {
    // An aggregate ends what is put in.
    const inner = text.replace(/bitmap_agg\([^()]*(\([^()]*\))?[^()]*\)/g, 'agg');
    const tokens = inner.match(/'(?:[^'\\]|\\.)*'|`?[A-Za-z_][\w`.]*|\d+(?:\.\d+)?|[<>=]+|[-+*%]/g) ?? [];
    return tokens.reduce((sum, token) => {
      const name = token.replaceAll('`', '').split('.').at(-1) ?? '';
      return sum + (textOf.has(name) ? countOf(name) : 1);
    }, 0);
  };
  return Math.max(0, ...columns.map(({ text }) => operatorsOf(text)));
}

function statementsOf({ prepare, asks }: CompiledQuestion): readonly string[] {
  return [...prepare, ...asks.map(({ sql }) => sql)];
}

const list = (index: number): PlanNode => listReadNode(`l${String(index).padStart(4, '0')}`);
const lists = (count: number): readonly PlanNode[] => Array.from({ length: count }, (_, index) => list(index));

describe('operators of a statement with its columns put in', () => {
  it.each([
    [2, 3],
    [4, 8],
    [5, 10],
    [8, 16],
    [16, 32],
    [40, 80],
  ])('stay below what StarRocks takes: at least %i of %i bitmaps', (least, of) => {
    const statements = statementsOf(compile([thresholdNode(least, lists(of))], 'bitmap'));
    for (const sql of statements) expect(mostOperators(sql)).toBeLessThan(OPERATORS_MAX);
  });

  it('stay below it where sums are digits of sums', () => {
    for (const count of [500, 900, 2_000]) {
      const statements = statementsOf(compile([thresholdNode(count / 2, lists(count))], 'mixed'));
      for (const sql of statements) expect(mostOperators(sql)).toBeLessThan(OPERATORS_MAX);
    }
  });

  it('takes bitmaps for thresholds of eight parts, rows of users for more', () => {
    expect(compile([thresholdNode(4, lists(8))], 'auto')).toMatchObject({ shape: 'bitmap', prepare: [] });
    expect(compile([thresholdNode(5, lists(9))], 'auto')).toMatchObject({ shape: 'mixed', prepare: [] });
  });

  it('keeps predicates first whose listed values together are too many', () => {
    const tag = CATALOG.tag('level');
    if (tag === undefined) throw new Error('there is no tag level');
    const node = unionNode(
      Array.from({ length: TAGS }, (_, index) =>
        profileScanNode(tag.typeName, [
          { tag: numbered(tag, index), condition: listed(index), validAfterMs: null, includeMissing: false },
        ]),
      ),
    );
    const statements = statementsOf(compile([node], 'mixed'));
    expect(statements.length).toBeGreaterThan(1);
    for (const sql of statements) {
      expect(mostOperators(sql)).toBeLessThan(OPERATORS_MAX);
    }
    expect(statements.join('\n').match(/ IN \(\d+, /g)).toHaveLength(TAGS);
  });
});

function numbered(tag: TagDefinition, index: number): TagDefinition {
  return { ...tag, id: 1_000 + index, name: `tag_${index}` };
}

function listed(index: number): { kind: 'oneOf'; values: readonly number[]; negated: boolean } {
  return { kind: 'oneOf', values: Array.from({ length: VALUES }, (_, value) => value * TAGS + index), negated: false };
}
