import { formatValue, INSTANT_MAX_MS } from '@tessera/tag-catalog';
import type { JsonValue, Rejection, TagMessage, Verdict } from '@tessera/tag-catalog';
import { buildPlan, bindExpression } from '@tessera/audience';
import type { UserView } from '@tessera/audience';
import { askQuestion, Disagreement, same } from './ask-question';
import type { Answer } from './ask-question';
import type { EngineFactory, EngineUnderTest, RestartMode } from './engine-under-test';
import type { AskStep, DistributionStep, EraseStep, ListStep, Script, SendStep, Step } from './script';
import { instant, ScriptError, World } from './world';

/** What the API shows of one user, and all rows. */
export interface UserState {
  readonly cuid: string;
  /** Name, value (null: cleared), time of the last plain write. By name. */
  readonly tags: readonly (readonly [string, JsonValue, number | null])[];
  readonly rows: readonly (readonly [string, readonly (readonly [number, JsonValue])[]])[];
}

/** What a step led to; the same for every engine. */
export type Outcome =
  | { readonly kind: 'verdicts'; readonly verdicts: readonly string[] }
  | { readonly kind: 'erased'; readonly erased: boolean }
  | { readonly kind: 'list'; readonly matched: number; readonly unknown: number }
  | { readonly kind: 'answers'; readonly answers: readonly Answer[] }
  | { readonly kind: 'distribution'; readonly distribution: JsonValue }
  | { readonly kind: 'nothing' };

/** The outcomes by step, and every user's state at the end. */
export interface Transcript {
  readonly outcomes: readonly Outcome[];
  readonly users: readonly (UserState | null)[];
}

export interface PerformOptions {
  /** Restarts the engine (in turn in each way it has) before every step that reads. */
  readonly restless?: boolean;
  readonly usersPerShard?: number;
  /** Called with each outcome as it comes, e.g. to compare it with what a case expects. */
  readonly onOutcome?: (step: Step, outcome: Outcome, world: World, engine: EngineUnderTest) => void;
}

/**
 * Takes a fresh engine through a script. After the last step the questions of the last `ask` step, if nothing was written since, and the
 * states of all users are asked again after every way of restarting the engine; its own check must find nothing.
 *
 * @throws Disagreement (its message begins with the step) if the engine contradicts itself; ScriptError if the script is wrong.
 */
export async function performScript(
  script: Script,
  factory: EngineFactory,
  options: PerformOptions = {},
): Promise<Transcript> {
  const world = new World();
  const engine = await factory.open({
    catalog: () => world.catalog,
    nowMs: () => world.nowMs,
    ...(options.usersPerShard === undefined ? {} : { usersPerShard: options.usersPerShard }),
  });
  try {
    const outcomes: Outcome[] = [];
    let restarts = 0;
    for (const [index, step] of script.steps.entries()) {
      await located(`step ${index}`, async () => {
        const mode = engine.restarts[restarts % Math.max(engine.restarts.length, 1)];
        if (options.restless === true && mode !== undefined && ('ask' in step || 'distribution' in step)) {
          restarts += 1;
          await restart(engine, mode);
        }
        const outcome = await perform(world, engine, step);
        outcomes.push(outcome);
        options.onOutcome?.(step, outcome, world, engine);
      });
    }
    const users = [...world.cuids].map((cuid) => stateOf(world, engine, cuid));
    await checkBijection(world, engine);
    for (const mode of engine.restarts) {
      await located(`after ${mode}`, () => checkAfterRestart(script, world, engine, mode, { outcomes, users }));
    }
    same('what verify finds and nothing', await engine.verify(), []);
    return { outcomes, users };
  } finally {
    await engine.close();
  }
}

async function located<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ScriptError) throw new ScriptError(`${where}: ${error.message}`);
    if (error instanceof Disagreement) throw new Disagreement(`${where}: ${error.message}`);
    if (error instanceof Error) error.message = `${where}: ${error.message}`;
    throw error;
  }
}

async function restart(engine: EngineUnderTest, mode: RestartMode): Promise<void> {
  const before = engine.users.dataVersion;
  await engine.restart(mode);
  if (engine.users.dataVersion < before) {
    throw new Disagreement(`the data version went back from ${before} to ${engine.users.dataVersion} at a restart`);
  }
}

async function checkAfterRestart(
  script: Script,
  world: World,
  engine: EngineUnderTest,
  mode: RestartMode,
  before: Transcript,
): Promise<void> {
  await restart(engine, mode);
  const users = [...world.cuids].map((cuid) => stateOf(world, engine, cuid));
  same('states of users before and after a restart', before.users, users);
  await checkBijection(world, engine);
  const last = script.steps.findLastIndex((step) => 'ask' in step);
  const asked = script.steps[last];
  const isLater = script.steps
    .slice(last + 1)
    .some((step) => !('user' in step || 'distribution' in step || 'ask' in step));
  if (asked !== undefined && 'ask' in asked && !isLater) {
    same('answers before and after a restart', before.outcomes[last], await ask(world, engine, asked));
  }
}

async function perform(world: World, engine: EngineUnderTest, step: Step): Promise<Outcome> {
  if ('clock' in step) world.nowMs = instant(step.clock);
  else if ('declare' in step) world.declare(step.declare);
  else if ('patch' in step) world.patch(step.patch, step.with);
  else if ('audience' in step) world.saveAudience(step);
  else if ('send' in step) return sendBatch(world, engine, step);
  else if ('erase' in step) return erase(world, engine, step);
  else if ('list' in step) return makeList(world, engine, step);
  else if ('dropList' in step) await dropList(world, engine, step.dropList);
  else if ('ask' in step) return ask(world, engine, step);
  else if ('distribution' in step) return askDistribution(world, engine, step);
  return { kind: 'nothing' };
}

async function sendBatch(world: World, engine: EngineUnderTest, step: SendStep): Promise<Outcome> {
  const read = step.send.map((raw) => world.read(raw));
  const messages = read.filter((result): result is TagMessage => !('code' in result));
  const before = engine.users.dataVersion;
  const outcome = await engine.store.apply({ arrivalMs: world.nowMs, messages }, step.source);
  same('number of messages and of verdicts', messages.length, outcome.verdicts.length);
  if (step.source === undefined && messages.length > 0) checkGrowth('batch', before, engine);
  if (!(await engine.users.waitFor(outcome.position, 1_000))) {
    throw new Disagreement(`position ${outcome.position} of an applied batch never comes`);
  }
  const verdicts = [...outcome.verdicts];
  const texts = read.map((result) => verdictText('code' in result ? result : (verdicts.shift() ?? 'duplicate')));
  return { kind: 'verdicts', verdicts: texts };
}

function verdictText(verdict: Verdict | Rejection): string {
  return typeof verdict === 'string' ? verdict : verdict.code;
}

function checkGrowth(what: string, before: number, engine: EngineUnderTest): void {
  const after = engine.users.dataVersion;
  if (after <= before) throw new Disagreement(`the data version did not grow with a ${what}: ${before}, then ${after}`);
}

async function erase(world: World, engine: EngineUnderTest, step: EraseStep): Promise<Outcome> {
  const before = engine.users.dataVersion;
  const guid = engine.users.guidOf(step.erase);
  const { erased } = await engine.store.erase(step.erase, world.nowMs);
  if (erased) checkGrowth('erasure', before, engine);
  same('known before and erased', guid !== undefined, erased);
  if (engine.users.user(step.erase) !== undefined) throw new Disagreement(`${step.erase} is still known after erasure`);
  if (guid !== undefined) same('cuid of a retired guid and none', engine.users.cuidOf(guid) ?? null, null);
  return { kind: 'erased', erased };
}

async function makeList(world: World, engine: EngineUnderTest, step: ListStep): Promise<Outcome> {
  const before = engine.users.dataVersion;
  const { list, matched, unknown } = await engine.lists.create(step.list, oneByOne(step.cuids));
  checkGrowth('list', before, engine);
  world.nameList(step.list, list.id);
  same('users matched and in the list', matched, list.count);
  return { kind: 'list', matched, unknown };
}

async function* oneByOne(cuids: readonly string[]): AsyncGenerator<string> {
  yield* cuids;
}

async function dropList(world: World, engine: EngineUnderTest, name: string): Promise<void> {
  const before = engine.users.dataVersion;
  const id = world.listId(name);
  if (id === undefined) throw new ScriptError(`there is no list ${name}`);
  same('a list that is there and dropping it', true, await engine.lists.remove(id));
  checkGrowth('list change', before, engine);
  world.forgetList(name);
}

async function ask(world: World, engine: EngineUnderTest, step: AskStep): Promise<Outcome> {
  const answers: Answer[] = [];
  for (const [index, question] of step.ask.entries()) {
    const zoned = step.timeZone === undefined ? question : { timeZone: step.timeZone, ...question };
    answers.push(await located(`question ${index}`, () => askQuestion(world, engine, zoned)));
  }
  return { kind: 'answers', answers };
}

async function askDistribution(world: World, engine: EngineUnderTest, step: DistributionStep): Promise<Outcome> {
  const asOfMs = step.asOf === undefined ? world.nowMs : instant(step.asOf);
  const bound = await bindExpression(world.withListIds(step.distribution), {
    catalog: world.catalog,
    references: world.references,
    timeZone: 'UTC',
  });
  if (!bound.ok) throw new ScriptError(JSON.stringify(bound.errors));
  const requests = step.tags.map((name) => {
    const tag = world.catalog.tag(name);
    if (tag === undefined) throw new ScriptError(`there is no tag ${name}`);
    return { tag, validAfterMs: tag.ttlMs === null ? null : asOfMs - tag.ttlMs };
  });
  const { root } = buildPlan(bound.value, { asOfMs });
  const { count, universe, tags } = await engine.engine.distribution(root, requests, step.top);
  const shown = tags.map(({ tag, values, histogram, ...numbers }) => ({
    tag: tag.name,
    ...numbers,
    values: values.map((entry) => [entry.value, entry.count, entry.universeCount] as const),
    histogram: histogram.map((bucket) => [bucket.value, bucket.high, bucket.count, bucket.universeCount] as const),
  }));
  return { kind: 'distribution', distribution: { count, universe, tags: shown } };
}

/** null: unknown or erased. */
export function stateOf(world: World, engine: Pick<EngineUnderTest, 'users'>, cuid: string): UserState | null {
  const view = engine.users.user(cuid);
  if (view === undefined) return null;
  const tags = view
    .tagStates()
    .map(({ tag, value, timeMs }) => [tag.name, value === null ? null : formatValue(tag, value), timeMs] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return { cuid, tags, rows: rowsOf(world, view) };
}

function rowsOf(world: World, view: UserView): UserState['rows'] {
  const types = world.catalog.types.filter((type) => type.kind === 'event');
  return types.map((type) => {
    const rows = view.events(type, null, INSTANT_MAX_MS + 1).map(({ timeMs, properties }) => {
      const shown = type.properties.flatMap((property) => {
        const value = properties.get(property.id);
        return value === undefined ? [] : [[property.name, formatValue(property, value)] as const];
      });
      return [timeMs, Object.fromEntries(shown)] as const;
    });
    return [type.name, rows] as const;
  });
}

/** One guid a cuid, one cuid a guid. */
async function checkBijection(world: World, engine: EngineUnderTest): Promise<void> {
  const guids = new Set<number>();
  for (const cuid of world.cuids) {
    const guid = engine.users.guidOf(cuid);
    same(`known and bound of ${cuid}`, engine.users.user(cuid)?.guid ?? null, guid ?? null);
    if (guid === undefined) continue;
    same(`cuid of the guid of ${cuid}`, engine.users.cuidOf(guid), cuid);
    if (guids.has(guid)) throw new Disagreement(`guid ${guid} belongs to two cuids`);
    guids.add(guid);
  }
}
