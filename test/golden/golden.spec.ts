import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bindExpression, buildPlan, ReferenceEngine, ReferenceStore } from '@tessera/audience';
import type { Plan, PlanNode } from '@tessera/audience';
import { StarrocksEngine, StarrocksPool } from '@tessera/starrocks-engine';
import { StarrocksState } from '../conformance/starrocks/starrocks-state';
import { StateTables } from '../conformance/starrocks/state-tables';
import { describeWithStarrocks } from '../support/starrocks-standin/with-starrocks';
import { GOLDEN } from './golden-expressions';
import type { GoldenExpression } from './golden-expressions';
import { GOLDEN_LISTS, goldenMessages, goldenWorld } from './golden-world';

const FOLDER = join(__dirname, 'sql');
/** `GOLDEN=write npx jest test/golden` writes what comes out; the changes are then read in the diff. */
const IS_WRITING = process.env['GOLDEN'] === 'write';
const SHAPES = ['mixed', 'bitmap'] as const;

interface Opened {
  readonly pool: StarrocksPool;
  readonly engines: Readonly<Record<'auto' | 'mixed' | 'bitmap', StarrocksEngine>>;
  readonly reference: ReferenceEngine;
  plan(expression: GoldenExpression): Promise<Plan>;
}

describeWithStarrocks('golden SQL', (starrocks) => {
  let opened: Opened | null = null;
  const at = (): Opened => {
    if (opened === null) throw new Error('the users are stored before the first test');
    return opened;
  };

  beforeAll(async () => {
    const { mysqlUrl, database } = starrocks();
    opened = await open(mysqlUrl, database);
  }, 120_000);

  afterAll(async () => {
    for (const engine of Object.values(at().engines)) await engine.close();
    await at().pool.close();
  });

  it.each(GOLDEN)('$name is written as it was reviewed, in both shapes', async (expression) => {
    const plan = await at().plan(expression);
    const { auto } = at().engines;
    const parts = [`-- ${expression.name}\n-- ${JSON.stringify(expression.rule)}\n`];
    parts.push(`-- By itself: ${shown(await auto.explain(askedOf(expression, plan)))}\n`);
    for (const shape of SHAPES) {
      const { statements } = await at().engines[shape].explain(askedOf(expression, plan));
      parts.push(`-- ${shape}\n${statements.map((statement) => `${statement};\n`).join('\n')}`);
    }
    const path = join(FOLDER, `${expression.name}.sql`);
    const text = parts.join('\n');
    if (IS_WRITING) {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(path, text);
    }
    expect(text).toBe(readFileSync(path, 'utf8'));
  });

  it.each(GOLDEN)('$name counts what the reference counts, in both shapes', async (expression) => {
    const plan = await at().plan(expression);
    const nodes = [
      plan.root,
      ...plan.outputs.flatMap(({ node, missing }) => (missing === null ? [node] : [node, missing])),
    ];
    const expected = (await at().reference.counts(nodes)).counts;
    for (const shape of SHAPES) {
      const engine = at().engines[shape];
      expect({ shape, counts: (await engine.counts(nodes)).counts }).toEqual({ shape, counts: expected });
      // The text of the file itself.
      const asked = askedOf(expression, plan);
      const { statements } = await engine.explain(asked);
      const [row] = statements.length === 0 ? [] : await at().pool.rows(statements.at(-1) ?? '');
      expect({ shape, count: Number(row?.['c0'] ?? 0) }).toEqual({ shape, count: expected[0] });
    }
  });

  it('has no file without an expression', () => {
    const names = GOLDEN.map(({ name }) => `${name}.sql`);
    expect(new Set(names).size).toBe(names.length);
    expect(readdirSync(FOLDER).sort()).toEqual([...names].sort());
  });

  it('finds somebody for nearly every expression, so that the counts say something', async () => {
    let empty = 0;
    for (const expression of GOLDEN) {
      const { root } = await at().plan(expression);
      const { counts } = await at().reference.counts([root]);
      if (counts[0] === 0) empty += 1;
    }
    expect(empty).toBeLessThanOrEqual(4);
  });
});

function shown({ shape, reason }: { readonly shape: string; readonly reason: string }): string {
  return `${shape}, because ${reason}`;
}

function askedOf(expression: GoldenExpression, plan: Plan): readonly PlanNode[] {
  if (expression.perNode !== true) return [plan.root];
  return [plan.root, ...plan.outputs.flatMap(({ node, missing }) => (missing === null ? [node] : [node, missing]))];
}

async function open(mysqlUrl: string, database: string): Promise<Opened> {
  const world = goldenWorld();
  const pool = new StarrocksPool({ urls: [new URL('/', mysqlUrl).href], database });
  const tables = new StateTables(pool, database);
  const nowMs = (): number => world.nowMs;
  const reference = new ReferenceStore({ nowMs });
  const state = new StarrocksState({
    pool,
    tables,
    reference,
    catalog: () => world.catalog,
    nowMs,
    usersPerSegment: undefined,
  });
  await state.apply(goldenMessages(world));
  for (const [name, cuids] of GOLDEN_LISTS) {
    world.nameList(name, (await state.lists.create(name, oneByOne(cuids))).list.id);
  }
  const engine = (shape: 'auto' | 'mixed' | 'bitmap'): StarrocksEngine => new StarrocksEngine({ pool, nowMs, shape });
  return {
    pool,
    engines: { auto: engine('auto'), mixed: engine('mixed'), bitmap: engine('bitmap') },
    reference: new ReferenceEngine(reference),
    plan: async ({ rule, timeZone = 'UTC' }) => {
      const { catalog, references } = world;
      const bound = await bindExpression(world.withListIds(rule), { catalog, references, timeZone });
      if (!bound.ok) throw new Error(JSON.stringify(bound.errors));
      return buildPlan(bound.value, { asOfMs: world.nowMs });
    },
  };
}

async function* oneByOne(cuids: readonly string[]): AsyncGenerator<string> {
  yield* cuids;
}
