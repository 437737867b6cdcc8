import { bindExpression, buildPlan, noReferences } from '@tessera/audience';
import type { PlanNode } from '@tessera/audience';
import { LmdbCatalogStore } from '@tessera/catalog-store';
import { DataDirectory } from '@tessera/data-directory';
import { EmbeddedEngine } from '@tessera/embedded-engine';
import type { EmbeddedEngineOptions } from '@tessera/embedded-engine';
import { LocalIdentity } from '@tessera/identity';
import { declareTagType } from '@tessera/tag-catalog';
import type { JsonValue, TagTypeDefinition } from '@tessera/tag-catalog';

/** The embedded engine as the benches see it: the public ports and nothing else. */
export class EmbeddedSubject {
  private constructor(
    private readonly directory: DataDirectory,
    private readonly catalogStore: LmdbCatalogStore,
    readonly engine: EmbeddedEngine,
  ) {}

  /** @param options beside those that every engine needs. */
  static async open(
    folder: string,
    seed: number,
    options: Partial<EmbeddedEngineOptions> = {},
  ): Promise<EmbeddedSubject> {
    const directory = await DataDirectory.open(folder);
    const catalogStore = new LmdbCatalogStore(directory.documents);
    const engine = await EmbeddedEngine.open({
      directory,
      catalog: () => catalogStore.current(),
      identity: new LocalIdentity({ seed }),
      clock: Date.now,
      ...options,
    });
    return new EmbeddedSubject(directory, catalogStore, engine);
  }

  async declare(type: JsonValue & { readonly name: string }): Promise<TagTypeDefinition> {
    const catalog = await this.catalogStore.update((current) => {
      const declared = declareTagType(current, type);
      if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
      return declared.value;
    });
    const found = catalog.type(type.name);
    if (found === undefined) throw new Error(`${type.name} was not declared`);
    return found;
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
