import { deepStrictEqual } from 'node:assert';
import { bindExpression, buildPlan, ReferenceEngine, ReferenceStore } from '@tessera/audience';
import type { PlanNode } from '@tessera/audience';
import { Catalog, declareTagType, formatValue, INSTANT_MAX_MS, parseMessage, patchTagType } from '@tessera/tag-catalog';
import type { Guid, JsonValue, MessageBatch, Parsed, TagMessage } from '@tessera/tag-catalog';
import { openEngine } from './open-engine';
import type { OpenedEngine } from './open-engine';

/** Both sides remember as few, so that their memory has an end. */
const ID_ENTRIES_MAX = 20_000;

/** One question as both sides understand it. */
export interface AskedRule {
  readonly rule: JsonValue;
  readonly ours: PlanNode;
  readonly oracle: PlanNode;
}

/** The engine on its directory and the oracle beside it: every change goes to both, every answer of one is compared with the other's. */
export class SoakWorld {
  nowMs: number;
  readonly #store: ReferenceStore;
  readonly #oracle: ReferenceEngine;
  /** The engine's ids of lists by name, which is the oracle's id. */
  readonly #listIds = new Map<string, string>();
  #opened: OpenedEngine | null = null;

  constructor(
    private readonly path: string,
    nowMs: number,
  ) {
    this.nowMs = nowMs;
    this.#store = new ReferenceStore({ nowMs: () => this.nowMs, idMemory: ID_ENTRIES_MAX });
    this.#oracle = new ReferenceEngine(this.#store);
  }

  async open(): Promise<void> {
    this.#opened = await openEngine(this.path, {
      clock: () => this.nowMs,
      idEntriesMax: ID_ENTRIES_MAX,
      firstCatalog: Catalog.empty,
    });
  }

  async close(): Promise<void> {
    const { engine, directory } = this.#ours;
    await engine.close();
    await directory.close();
    this.#opened = null;
  }

  get catalog(): Catalog {
    return this.#ours.catalogStore.current();
  }

  get engine(): OpenedEngine['engine'] {
    return this.#ours.engine;
  }

  get lists(): readonly string[] {
    return [...this.#listIds.keys()];
  }

  async declare(json: JsonValue): Promise<void> {
    await this.#ours.catalogStore.update((catalog) => valueOf(declareTagType(catalog, json)));
  }

  async patch(name: string, json: JsonValue): Promise<void> {
    await this.#ours.catalogStore.update((catalog) => valueOf(patchTagType(catalog, name, json)));
  }

  /** What can be read of the messages that arrive now. */
  read(raws: readonly JsonValue[]): MessageBatch {
    const messages = raws.flatMap((raw): TagMessage[] => {
      const parsed = parseMessage(this.catalog, raw, this.nowMs);
      return parsed.kind === 'message' ? [parsed.message] : [];
    });
    return { arrivalMs: this.nowMs, messages };
  }

  /**
   * Sends the batches all at once and asks the rules before, meanwhile and after: each answer must be that of the state which its data
   * version names.
   * @returns the number of answers compared.
   */
  async writeAndCount(batches: readonly MessageBatch[], rules: readonly JsonValue[]): Promise<number> {
    const { engine } = this.#ours;
    const asked = [];
    for (const rule of rules) asked.push(await this.bind(rule));
    const ours = asked.map((question) => question.ours);
    // The first question of a day drops rows, which makes a data version.
    const answers = [await engine.counts(ours)];
    const first = engine.dataVersion;
    const written = batches.map((batch) => engine.apply(batch));
    const meanwhile = [engine.counts(ours)];
    await new Promise((resolve) => setImmediate(resolve));
    meanwhile.push(engine.counts(ours));
    const outcomes = await Promise.all(written);
    answers.push(...(await Promise.all(meanwhile)), await engine.counts(ours));
    const right = [await this.#oracleCounts(asked)];
    for (const [index, batch] of batches.entries()) {
      const { verdicts } = await this.#store.apply(batch);
      deepStrictEqual(outcomes[index]?.verdicts.map(codeOf), verdicts.map(codeOf), 'verdicts of a batch');
      right.push(await this.#oracleCounts(asked));
    }
    deepStrictEqual(engine.dataVersion, first + batches.length, 'data version after the batches');
    for (const { counts, dataVersion } of answers) {
      const expected = dataVersion === null ? undefined : right[dataVersion - first];
      deepStrictEqual(counts, expected, `counts of ${JSON.stringify(rules)} at data version ${dataVersion}`);
    }
    return answers.length * rules.length;
  }

  async erase(cuid: string): Promise<void> {
    const { erased } = await this.engine.erase(cuid, this.nowMs);
    deepStrictEqual(erased, (await this.#store.erase(cuid)).erased, `erasure of ${cuid}`);
  }

  async makeList(name: string, cuids: readonly string[]): Promise<void> {
    const { list, matched } = await this.engine.lists.create(name, oneByOne(cuids));
    deepStrictEqual(matched, this.#store.putList(name, cuids).matched, `users of ${name}`);
    this.#listIds.set(name, list.id);
  }

  async dropList(name: string): Promise<void> {
    deepStrictEqual(await this.engine.lists.remove(this.#listIds.get(name) ?? ''), true, `removal of ${name}`);
    this.#store.dropList(name);
    this.#listIds.delete(name);
  }

  async bind(rule: JsonValue): Promise<AskedRule> {
    return { rule, ours: await this.#bind(this.#withListIds(rule)), oracle: await this.#bind(rule) };
  }

  /** Members one by one, and what `contains` says of them. */
  async compareMembers(rule: JsonValue): Promise<void> {
    const { ours, oracle } = await this.bind(rule);
    const members = async (
      engine: Pick<ReferenceEngine, 'materialise' | 'cuidOf'>,
      node: PlanNode,
    ): Promise<string[]> => {
      const { set } = await engine.materialise(node);
      return [...set.page(0, set.size + 1)].map((guid) => engine.cuidOf(guid as Guid) ?? `nobody (${guid})`).sort();
    };
    const expected = await members(this.#oracle, oracle);
    deepStrictEqual(await members(this.engine, ours), expected, `members of ${JSON.stringify(rule)}`);
    const guids = expected.map((cuid) => this.engine.guidOf(cuid) ?? (0 as Guid));
    const contained = await this.engine.contains(ours, guids);
    deepStrictEqual(contained.members.every(Boolean), true, `contains of ${JSON.stringify(rule)}`);
  }

  /** Everything kept of the users. */
  compareUsers(cuids: readonly string[]): void {
    for (const cuid of cuids) {
      deepStrictEqual(this.#digest(this.engine, cuid), this.#digest(this.#oracle, cuid), `what is kept of ${cuid}`);
    }
  }

  /** Everything stored twice agrees, and as many users are known. */
  verify(): void {
    const { findings, users } = this.engine.verify();
    deepStrictEqual(findings, [], 'findings of verify');
    deepStrictEqual(users, this.#store.users().length, 'users known');
  }

  get #ours(): OpenedEngine {
    if (this.#opened === null) throw new Error('not open');
    return this.#opened;
  }

  async #oracleCounts(asked: readonly AskedRule[]): Promise<readonly number[]> {
    return (await this.#oracle.counts(asked.map(({ oracle }) => oracle))).counts;
  }

  async #bind(rule: JsonValue): Promise<PlanNode> {
    const references = { audience: async () => undefined, hasSnapshot: async () => false, hasList: async () => true };
    const bound = await bindExpression(rule, { catalog: this.catalog, references, timeZone: 'UTC' });
    if (!bound.ok) throw new Error(`${JSON.stringify(rule)}: ${JSON.stringify(bound.errors)}`);
    return buildPlan(bound.value, { asOfMs: this.nowMs }).root;
  }

  #withListIds(rule: JsonValue): JsonValue {
    if (Array.isArray(rule)) return (rule as readonly JsonValue[]).map((element) => this.#withListIds(element));
    if (typeof rule !== 'object' || rule === null) return rule;
    return Object.fromEntries(
      Object.entries(rule).map(([key, value]: [string, JsonValue]) => [
        key,
        key === 'list' && typeof value === 'string' ? (this.#listIds.get(value) ?? value) : this.#withListIds(value),
      ]),
    );
  }

  #digest(users: Pick<ReferenceEngine, 'user'>, cuid: string): unknown {
    const view = users.user(cuid);
    if (view === undefined) return null;
    const tags = view
      .tagStates()
      .map(({ tag, value, timeMs }) => [tag.name, value === null ? null : formatValue(tag, value), timeMs] as const)
      .sort(([left], [right]) => (left < right ? -1 : 1));
    const rows = this.catalog.types
      .filter(({ kind }) => kind === 'event')
      .map((type) =>
        view
          .events(type, null, INSTANT_MAX_MS + 1)
          .map((row) => [row.timeMs, [...row.properties].sort(([left], [right]) => left - right)]),
      );
    return { tags, rows };
  }
}

function codeOf(verdict: string | { readonly code: string }): string {
  return typeof verdict === 'string' ? verdict : verdict.code;
}

function valueOf(parsed: Parsed<Catalog>): Catalog {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.value;
}

async function* oneByOne(cuids: readonly string[]): AsyncGenerator<string> {
  yield* cuids;
}
