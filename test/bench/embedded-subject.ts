import { bindExpression, buildPlan, noReferences } from '@tessera/audience';
import type { PlanNode } from '@tessera/audience';
import { LmdbCatalogStore } from '@tessera/catalog-store';
import { DataDirectory } from '@tessera/data-directory';
import { EmbeddedEngine } from '@tessera/embedded-engine';
import { LocalIdentity } from '@tessera/identity';
import { declareTagType, fieldIndex } from '@tessera/tag-catalog';
import type { FieldDefinition, FieldWrite, JsonValue, TagMessage, TagTypeDefinition } from '@tessera/tag-catalog';
import { cityName } from './bench-users';
import type { BenchUsers } from './bench-users';

const BATCH_MESSAGES = 50_000;
const BATCHES_IN_FLIGHT = 2;

const BENCH_TYPE: JsonValue = {
  name: 'bench_user',
  kind: 'profile',
  tags: [
    { name: 'gender', valueType: 'int' },
    { name: 'city', valueType: 'string' },
    { name: 'level', valueType: 'int' },
    { name: 'age', valueType: 'int' },
    { name: 'spend', valueType: 'decimal', scale: 2 },
  ],
};

/** The embedded engine as the bench sees it: the public ports and nothing else. */
export class EmbeddedSubject {
  private constructor(
    private readonly directory: DataDirectory,
    private readonly catalogStore: LmdbCatalogStore,
    private readonly engine: EmbeddedEngine,
  ) {}

  static async open(folder: string, seed: number): Promise<EmbeddedSubject> {
    const directory = await DataDirectory.open(folder);
    const catalogStore = new LmdbCatalogStore(directory.documents);
    const engine = await EmbeddedEngine.open({
      directory,
      catalog: () => catalogStore.current(),
      identity: new LocalIdentity({ seed }),
      clock: Date.now,
    });
    return new EmbeddedSubject(directory, catalogStore, engine);
  }

  async load(users: BenchUsers): Promise<void> {
    const catalog = await this.catalogStore.update((current) => {
      const declared = declareTagType(current, BENCH_TYPE);
      if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
      return declared.value;
    });
    const type = catalog.type('bench_user');
    if (type === undefined) throw new Error('bench_user was not declared');
    const inFlight: Promise<unknown>[] = [];
    const timeMs = Date.now();
    for (let start = 0; start < users.users; start += BATCH_MESSAGES) {
      const messages = createMessages(type, users, start, Math.min(start + BATCH_MESSAGES, users.users), timeMs);
      const applied = this.engine.apply({ arrivalMs: timeMs, messages });
      applied.catch(() => undefined);
      inFlight.push(applied);
      if (inFlight.length >= BATCHES_IN_FLIGHT) await inFlight.shift();
    }
    await Promise.all(inFlight);
  }

  /** Binds and plans once; what is timed is the engine's answer. */
  async plan(expression: JsonValue): Promise<PlanNode> {
    const catalog = this.catalogStore.current();
    const bound = await bindExpression(expression, { catalog, references: noReferences, timeZone: 'UTC' });
    if (!bound.ok) throw new Error(JSON.stringify(bound.errors));
    return buildPlan(bound.value, { asOfMs: Date.now() }).root;
  }

  async count(root: PlanNode): Promise<number> {
    const { counts } = await this.engine.counts([root]);
    return counts[0] ?? -1;
  }

  async close(): Promise<void> {
    await this.engine.close();
    await this.directory.close();
  }
}

function createMessages(
  type: TagTypeDefinition,
  users: BenchUsers,
  start: number,
  end: number,
  timeMs: number,
): TagMessage[] {
  const [gender, city, level, age, spend] = ['gender', 'city', 'level', 'age', 'spend'].map((name) =>
    fieldOf(type, name),
  );
  const set = (field: FieldDefinition | undefined, value: string | number): FieldWrite => {
    if (field === undefined) throw new Error('bench_user lacks a field');
    return { op: 'set', field, value };
  };
  const messages: TagMessage[] = [];
  for (let index = start; index < end; index += 1) {
    const fields = [
      set(gender, users.gender[index] ?? 0),
      set(city, cityName(users.city[index] ?? 0)),
      set(level, users.level[index] ?? 0),
      set(age, users.age[index] ?? 0),
      set(spend, users.spendCents[index] ?? 0),
    ];
    messages.push({ type, cuid: `user-${index.toString().padStart(11, '0')}`, timeMs, id: null, fields });
  }
  return messages;
}

function fieldOf(type: TagTypeDefinition, name: string): FieldDefinition | undefined {
  return fieldIndex(type).get(name);
}
