import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bindExpression, buildPlan, noReferences } from '@tessera/audience';
import { LmdbCatalogStore } from '@tessera/catalog-store';
import { DataDirectory } from '@tessera/data-directory';
import type { DocumentStore } from '@tessera/data-directory';
import { EmbeddedEngine } from '@tessera/embedded-engine';
import { LocalIdentity } from '@tessera/identity';
import { parseInstant } from '@tessera/tag-catalog';
import type { CatalogStore } from '@tessera/tag-catalog';
import type { DocumentedCount } from './read-document';

/** The embedded engine in this process, wired as the standalone app wires it, in a directory that goes with it. */
export class TesseraInProcess {
  private constructor(
    private readonly folder: string,
    private readonly directory: DataDirectory,
    readonly catalogStore: CatalogStore,
    readonly engine: EmbeddedEngine,
  ) {}

  static async open(nowMs: () => number): Promise<TesseraInProcess> {
    const folder = await mkdtemp(path.join(tmpdir(), 'tessera-'));
    const directory = await DataDirectory.open(folder);
    const catalogStore = new LmdbCatalogStore(directory.documents);
    const identity = new LocalIdentity({ seed: 1 });
    const engine = await EmbeddedEngine.open({
      directory,
      catalog: () => catalogStore.current(),
      identity,
      clock: nowMs,
    });
    return new TesseraInProcess(folder, directory, catalogStore, engine);
  }

  get documents(): DocumentStore {
    return this.directory.documents;
  }

  /** Counts like `POST /v1/segmentation/count`, and sees that the list of members has that size. */
  async count(body: DocumentedCount['body'], nowMs: number): Promise<number> {
    const bound = await bindExpression(body.expression, {
      catalog: this.catalogStore.current(),
      references: noReferences,
      timeZone: body.timeZone ?? 'UTC',
    });
    if (!bound.ok) throw new Error(JSON.stringify(bound.errors));
    const asOfMs = body.asOf === undefined ? nowMs : parseInstant(body.asOf);
    if (asOfMs === null) throw new Error(`asOf "${String(body.asOf)}" is no instant`);
    const { root } = buildPlan(bound.value, { asOfMs });
    const { counts } = await this.engine.counts([root]);
    const { set } = await this.engine.materialise(root);
    const [count = -1] = counts;
    if (set.size !== count) throw new Error(`${count} counted, but ${set.size} members listed`);
    return count;
  }

  async close(): Promise<void> {
    await this.engine.close();
    await this.directory.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
