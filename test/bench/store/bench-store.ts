import { availableParallelism } from 'node:os';
import { bindExpression, buildPlan, noReferences } from '@tessera/audience';
import type { PlanNode } from '@tessera/audience';
import { LmdbCatalogStore } from '@tessera/catalog-store';
import { DataDirectory } from '@tessera/data-directory';
import { EmbeddedEngine } from '@tessera/embedded-engine';
import type { EmbeddedEngineOptions } from '@tessera/embedded-engine';
import { LocalIdentity } from '@tessera/identity';
import { declareTagType, fieldIndex } from '@tessera/tag-catalog';
import type { FieldDefinition, JsonValue, TagDefinition, TagTypeDefinition } from '@tessera/tag-catalog';
import { threadEntryOfTree } from './thread-entry';

const INDEX_LOOK_MS = 20;
/** Where the seed of the identity table lies in the directory's secret, as in the standalone server. */
const IDENTITY_SEED_AT = 16;

export type EngineOptions = Pick<
  EmbeddedEngineOptions,
  'checkpointLogBytes' | 'idEntriesMax' | 'threads' | 'parallelFrom'
>;

/** The embedded engine on a data directory of its own, as the standalone server opens it. */
export class BenchStore {
  private constructor(
    readonly directory: DataDirectory,
    readonly catalogStore: LmdbCatalogStore,
    readonly engine: EmbeddedEngine,
    private readonly background: { readonly failures: unknown[] },
  ) {}

  static async open(path: string, options: EngineOptions = {}): Promise<BenchStore> {
    const directory = await DataDirectory.open(path);
    const catalogStore = new LmdbCatalogStore(directory.documents);
    const failures: unknown[] = [];
    const engine = await EmbeddedEngine.open({
      directory,
      catalog: () => catalogStore.current(),
      identity: new LocalIdentity({ seed: directory.secret.readUInt32LE(IDENTITY_SEED_AT) }),
      clock: Date.now,
      onBackgroundError: (error) => failures.push(error),
      threads: availableParallelism(),
      ...threadEntryOfTree(),
      ...options,
    });
    return new BenchStore(directory, catalogStore, engine, { failures });
  }

  /** Declares the types that are not there yet. */
  async declare(...types: readonly TypeDeclaration[]): Promise<void> {
    await this.catalogStore.update((current) => {
      let catalog = current;
      for (const type of types) {
        if (catalog.type(type.name) !== undefined) continue;
        const declared = declareTagType(catalog, type);
        if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
        catalog = declared.value;
      }
      return catalog;
    });
  }

  type(name: string): TagTypeDefinition {
    const type = this.catalogStore.current().type(name);
    if (type === undefined) throw new Error(`The tag type ${name} was not declared`);
    return type;
  }

  tag(name: string): TagDefinition {
    const tag = this.catalogStore.current().tag(name);
    if (tag === undefined) throw new Error(`The tag ${name} was not declared`);
    return tag;
  }

  /** Binds and plans. @param asOfMs now if left out. */
  async plan(expression: JsonValue, asOfMs = Date.now()): Promise<PlanNode> {
    const catalog = this.catalogStore.current();
    const bound = await bindExpression(expression, { catalog, references: noReferences, timeZone: 'UTC' });
    if (!bound.ok) throw new Error(JSON.stringify(bound.errors));
    return buildPlan(bound.value, { asOfMs }).root;
  }

  /** With threads, indexes are built beside the questions; until they are there, columns are scanned. Without, the first question builds them. */
  async untilIndexed(): Promise<void> {
    while (this.engine.status().indexesToBuild > 0) {
      await new Promise((resolve) => setTimeout(resolve, INDEX_LOOK_MS));
    }
  }

  async countOf(root: PlanNode): Promise<number> {
    const { counts } = await this.engine.counts([root]);
    return counts[0] ?? -1;
  }

  /** Binds, plans and counts. */
  async count(expression: JsonValue, asOfMs?: number): Promise<number> {
    return await this.countOf(await this.plan(expression, asOfMs));
  }

  /** Makes a last checkpoint. @throws what background work failed with before. */
  async close(): Promise<void> {
    this.#throwFailure();
    await this.engine.close();
    await this.directory.close();
  }

  /** Leaves the log as it is. @throws what background work failed with before. */
  async abandon(): Promise<void> {
    this.#throwFailure();
    await this.engine.abandon();
    await this.directory.close();
  }

  #throwFailure(): void {
    const [failure] = this.background.failures;
    if (failure !== undefined) throw new Error('Work in the background failed', { cause: failure });
  }
}

/** A declaration as `POST /v1/tag-types` takes it. */
export type TypeDeclaration = { readonly name: string } & { readonly [key: string]: JsonValue };

export function fieldOf(type: TagTypeDefinition, name: string): FieldDefinition {
  const field = fieldIndex(type).get(name);
  if (field === undefined) throw new Error(`The type ${type.name} has no field ${name}`);
  return field;
}
