import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateBatch } from '../conformance/random/generate-messages';
import { generateRule } from '../conformance/random/generate-rule';
import { RandomSource } from '../conformance/random/random-source';
import { declarationOf, makeShape } from '../conformance/random/world-shape';
import type { FieldShape, TypeShape, WorldShape } from '../conformance/random/world-shape';
import { MemorySamples } from './memory-samples';
import { SoakWorld } from './soak-world';

const BATCHES_MAX = 3;
const MESSAGES_MAX = 40;
const CLOCK_STEP_MS_MAX = 600_000;
const RETENTION_DAYS = { buy: 20, visit: 2 };
/** Instants that rules and messages draw from. */
const TIMES_KEPT = 200;
const LISTS_MAX = 6;
/** Afterwards changes are to what is there: more columns are more memory. */
const FIELDS_ADDED_MAX = 12;
const TYPES_ADDED_MAX = 2;
const RULE_DEPTH = 4;
const USERS_COMPARED = 20;
const ALL_COMPARED_EVERY = 500;
const SAMPLES = 90;

export interface SoakOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly users: number;
  /** Told of how it goes, a line each. */
  readonly report: (line: string) => void;
}

/**
 * Writes, counts, erases, changes catalogue and lists and makes checkpoints, all at once, and compares every answer with the oracle's.
 * @returns whether memory stayed flat; the lines with the figures are reported.
 * @throws Error for the first answer that is wrong.
 */
export async function runSoak(options: SoakOptions): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-soak-'));
  const soak = new Soak(join(folder, 'data'), options);
  try {
    return await soak.run();
  } finally {
    await soak.world.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

class Soak {
  readonly world: SoakWorld;
  readonly #random: RandomSource;
  readonly #memory = new MemorySamples();
  #shape: WorldShape;
  #steps = 0;
  #answers = 0;
  #messages = 0;
  #erasures = 0;
  #checkpoints = 0;
  #catalogChanges = 0;
  #listsMade = 0;
  #fieldsAdded = 0;
  #typesAdded = 0;
  #checkpoint: Promise<void> | null = null;
  #failure: Error | null = null;

  constructor(
    path: string,
    private readonly options: SoakOptions,
  ) {
    this.#random = new RandomSource(options.seed);
    const shape = makeShape(this.#random, options.users);
    const types = shape.types.map((type) =>
      type.kind === 'event' ? { ...type, retentionDays: RETENTION_DAYS[type.name === 'buy' ? 'buy' : 'visit'] } : type,
    );
    this.#shape = { ...shape, types };
    this.world = new SoakWorld(path, shape.nowMs);
  }

  async run(): Promise<boolean> {
    const { minutes, report } = this.options;
    await this.world.open();
    for (const type of this.#shape.types) await this.world.declare(declarationOf(type, () => []));
    const startMs = Date.now();
    const durationMs = minutes * 60_000;
    let samples = 0;
    for (let passedMs = 0; passedMs < durationMs; passedMs = Date.now() - startMs) {
      await this.#step();
      if (passedMs < (samples * durationMs) / SAMPLES) continue;
      samples += 1;
      this.#memory.take();
      if (samples % (SAMPLES / 9) === 0) report(`${Math.round(passedMs / 1_000)} s: ${this.#progress()}`);
    }
    await this.#restart();
    report(`${minutes} min: ${this.#progress()}`);
    const { lines, isFlat } = this.#memory.judge();
    lines.forEach(report);
    return isFlat;
  }

  async #step(): Promise<void> {
    const { world } = this;
    const random = this.#random;
    this.#steps += 1;
    this.#shape.nowMs += random.between(0, CLOCK_STEP_MS_MAX);
    world.nowMs = this.#shape.nowMs;
    this.#shape.timesMs.splice(0, Math.max(0, this.#shape.timesMs.length - TIMES_KEPT));
    if (random.chance(1 / 30)) this.#startCheckpoint();
    const batches = Array.from({ length: random.between(1, BATCHES_MAX) }, () => {
      const { send } = generateBatch(this.#shape, random.between(1, MESSAGES_MAX));
      this.#messages += send.length;
      return world.read(send);
    });
    this.#answers += await world.writeAndCount(batches, [{ all: true }, generateRule(this.#shape, RULE_DEPTH)]);
    await world.erase(random.pick(this.#shape.cuids));
    this.#erasures += 1;
    if (random.chance(0.2)) await world.compareMembers(generateRule(this.#shape, RULE_DEPTH));
    if (random.chance(1 / 25)) await this.#changeLists();
    if (random.chance(1 / 40)) await this.#changeCatalog();
    if (random.chance(1 / 10)) world.compareUsers(random.some(this.#shape.cuids, USERS_COMPARED));
    if (this.#steps % ALL_COMPARED_EVERY === 0) this.#compareAll();
    if (this.#failure !== null) throw this.#failure;
  }

  /** Goes on beside the steps. */
  #startCheckpoint(): void {
    if (this.#checkpoint !== null) return;
    this.#checkpoints += 1;
    this.#checkpoint = this.world.engine
      .checkpoint()
      .catch((error: unknown) => {
        this.#failure = error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        this.#checkpoint = null;
      });
  }

  async #changeLists(): Promise<void> {
    const random = this.#random;
    if (this.world.lists.length >= LISTS_MAX) await this.world.dropList(random.pick(this.world.lists));
    this.#listsMade += 1;
    const { cuids } = this.#shape;
    await this.world.makeList(`list ${this.#listsMade}`, [...random.some(cuids, random.between(0, cuids.length)), 'x']);
    this.#shape = { ...this.#shape, lists: [...this.world.lists] };
  }

  async #changeCatalog(): Promise<void> {
    const random = this.#random;
    this.#catalogChanges += 1;
    const type = random.pick(this.#shape.types);
    const [first] = type.fields;
    if (this.#fieldsAdded < FIELDS_ADDED_MAX && random.chance(0.5)) {
      this.#fieldsAdded += 1;
      const field: FieldShape = { ...this.#drawField(), name: `added_${this.#fieldsAdded}` };
      const added = { ...type, fields: [...type.fields, field] };
      await this.world.patch(type.name, this.#fieldsPatch(added, field));
      this.#replaceTypes(this.#shape.types.map((other) => (other === type ? added : other)));
    } else if (this.#typesAdded < TYPES_ADDED_MAX) {
      this.#typesAdded += 1;
      const fields = [{ ...this.#drawField(), name: `more_${this.#typesAdded}` }];
      const more: TypeShape = { name: `type_${this.#typesAdded}`, kind: 'kv', fields, retentionDays: null };
      await this.world.declare(declarationOf(more, () => []));
      this.#replaceTypes([...this.#shape.types, more]);
    } else if (first !== undefined) {
      const labels = { en: `name ${this.#catalogChanges}` };
      const key = type.kind === 'event' ? 'properties' : 'tags';
      await this.world.patch(type.name, { [key]: [{ name: first.name, labels }] });
    }
  }

  /** Like one of those there are, so that messages and rules have values for it. */
  #drawField(): FieldShape {
    const types = this.#shape.types.filter(({ kind }) => kind !== 'event');
    return { ...this.#random.pick(this.#random.pick(types).fields), ttlMs: null };
  }

  #fieldsPatch(type: TypeShape, field: FieldShape): { readonly [key: string]: never } {
    const declared = declarationOf({ ...type, fields: [field] }, () => []) as { readonly [key: string]: never };
    const key = type.kind === 'event' ? 'properties' : 'tags';
    return Object.fromEntries(Object.entries(declared).filter(([name]) => name === key));
  }

  #replaceTypes(types: readonly TypeShape[]): void {
    this.#shape = { ...this.#shape, types };
  }

  #compareAll(): void {
    this.world.compareUsers(this.#shape.cuids);
    this.world.verify();
  }

  /** What a stop in order left is the same. */
  async #restart(): Promise<void> {
    await this.#checkpoint;
    this.#compareAll();
    await this.world.close();
    await this.world.open();
    this.#compareAll();
    this.#answers += await this.world.writeAndCount([], [{ all: true }, generateRule(this.#shape, RULE_DEPTH)]);
  }

  #progress(): string {
    return (
      `${this.#steps} steps, ${this.#messages} messages, ${this.#answers} counts compared, ${this.#erasures} erasures, ` +
      `${this.#checkpoints} checkpoints, ${this.#catalogChanges} catalogue changes, ${this.#listsMade} lists`
    );
  }
}
