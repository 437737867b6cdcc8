import { bindExpression, buildPlan, canonicalExpression, hashExpression, isMember } from '@tessera/audience';
import type { BindContext, Expression, Plan, PlanNode, UserSet } from '@tessera/audience';
import type { Guid } from '@tessera/tag-catalog';
import type { EngineUnderTest } from './engine-under-test';
import type { Question } from './script';
import { instant, ScriptError } from './world';
import type { World } from './world';

/** Small, so that even small sets have several pages. */
const PAGE_SIZE = 7;
/** Numbers that nobody has, or perhaps nobody has. */
const STRANGE_GUIDS = [0, 999_999_999, 4_294_967_295];

/** Two ways to one answer that differ: the engine (or a rewrite) is wrong. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement';
}

export interface NodeCount {
  readonly path: string;
  readonly count: number;
  readonly missing: number | null;
}

/** What an engine answers to a question; equal for all engines. */
export interface Answer {
  /** In order of the pages. */
  readonly members: readonly string[];
  readonly nodes: readonly NodeCount[];
}

/**
 * Asks a question in every way there is and makes sure that all ways agree: rewrites on = off; count = pages of the materialised
 * set = `contains` = `isMember` of each single user; counts of all nodes in one call = each node counted alone.
 *
 * @throws Disagreement naming the ways that differ.
 */
export async function askQuestion(world: World, engine: EngineUnderTest, question: Question): Promise<Answer> {
  const expression = await bind(world, question);
  const asOfMs = question.asOf === undefined ? world.nowMs : instant(question.asOf);
  const rewritten = await answer(world, engine, buildPlan(expression, { asOfMs }));
  const plain = await answer(world, engine, buildPlan(expression, { asOfMs, rewrites: false }));
  same('rewrites on and off', rewritten, plain);
  return rewritten;
}

async function bind(world: World, question: Question): Promise<Expression> {
  const { params, timeZone = 'UTC' } = question;
  const context: BindContext = { catalog: world.catalog, references: world.references, timeZone };
  const rule = world.withListIds(question.rule);
  const bound = await bindExpression(rule, params === undefined ? context : { ...context, params });
  if (!bound.ok) throw new ScriptError(`${JSON.stringify(question.rule)}: ${JSON.stringify(bound.errors)}`);
  const canonical = canonicalExpression(bound.value);
  const again = await bindExpression(canonical, context);
  if (!again.ok) {
    throw new Disagreement(
      `the canonical form ${JSON.stringify(canonical)} is refused: ${JSON.stringify(again.errors)}`,
    );
  }
  same('canonical form and canonical form of it', canonical, canonicalExpression(again.value));
  same('hash and hash of the canonical form', hashExpression(bound.value), hashExpression(again.value));
  return bound.value;
}

async function answer(world: World, engine: EngineUnderTest, plan: Plan): Promise<Answer> {
  const wanted = plan.outputs.flatMap(({ node, missing }) => (missing === null ? [node] : [node, missing]));
  const { counts, dataVersion } = await engine.engine.counts([plan.root, ...wanted]);
  same('data versions of counts and of reads', dataVersion, engine.users.dataVersion);
  await countAlone(engine, [plan.root, ...wanted], counts);
  const { set } = await engine.engine.materialise(plan.root);
  const members = listMembers(engine, set);
  same('count and length of the list of members', counts[0], members.length);
  await checkContains(world, engine, plan.root, { set, listed: new Set(members) });
  let next = 1;
  const nodes = plan.outputs.map(({ path, missing }): NodeCount => {
    const count = counts[next] ?? -1;
    const missingCount = missing === null ? null : (counts[next + 1] ?? -1);
    next += missing === null ? 1 : 2;
    return { path, count, missing: missingCount };
  });
  same('count of the root and of its node', counts[0], nodes[0]?.count);
  return { members, nodes };
}

async function countAlone(
  engine: EngineUnderTest,
  nodes: readonly PlanNode[],
  together: readonly number[],
): Promise<void> {
  const every = engine.countsAloneEvery ?? 1;
  const seen = new Map<string, number>();
  for (const [index, node] of nodes.entries()) {
    // Another one from question to question.
    if ((index + (together[0] ?? 0)) % every !== 0) continue;
    let count = seen.get(node.key);
    if (count === undefined) {
      count = (await engine.engine.counts([node])).counts[0] ?? -1;
      seen.set(node.key, count);
    }
    same(`counts together and alone of node ${index}, ${node.key}`, together[index], count);
  }
}

function listMembers(engine: EngineUnderTest, set: UserSet): readonly string[] {
  const guids: number[] = [];
  for (let after = 0; ;) {
    const page = set.page(after, PAGE_SIZE);
    guids.push(...page);
    after = page.at(-1) ?? 0;
    if (page.length < PAGE_SIZE) break;
  }
  same('size of the set and its pages', set.size, guids.length);
  const ascending = [...new Set(guids)].sort((left, right) => left - right);
  same('pages and their ascending order', guids, ascending);
  return guids.map((guid) => {
    if (!set.has(guid as Guid)) throw new Disagreement(`${guid} is on a page of the set, but the set does not have it`);
    return engine.users.cuidOf(guid as Guid) ?? `nobody (${guid})`;
  });
}

async function checkContains(
  world: World,
  engine: EngineUnderTest,
  root: PlanNode,
  { set, listed: members }: { readonly set: UserSet; readonly listed: ReadonlySet<string> },
): Promise<void> {
  const known = [...world.cuids].flatMap((cuid) => {
    const view = engine.users.user(cuid);
    return view === undefined ? [] : [view];
  });
  const guids = [...known.map((view) => view.guid), ...STRANGE_GUIDS.map((guid) => guid as Guid)];
  const contained = await engine.engine.contains(root, guids);
  for (const [index, guid] of guids.entries()) {
    const view = known[index];
    const listed = view !== undefined && members.has(view.cuid);
    const who = view === undefined ? `guid ${guid}` : view.cuid;
    same(`list of members and contains of ${who}`, listed, contained.members[index]);
    same(`list of members and has of ${who}`, listed, set.has(guid));
    if (view !== undefined) same(`list of members and evaluate of ${who}`, listed, isMember(root, view));
  }
  const unknown = [...members].filter((cuid) => !world.cuids.has(cuid));
  if (unknown.length > 0) throw new Disagreement(`members that nobody ever named: ${unknown.join(', ')}`);
}

/** @throws Disagreement unless both are equal as JSON. */
export function same(what: string, one: unknown, other: unknown): void {
  const left = JSON.stringify(one);
  const right = JSON.stringify(other);
  if (left !== right) throw new Disagreement(`${what} differ: ${left} against ${right}`);
}
