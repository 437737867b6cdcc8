import { randomBytes } from 'node:crypto';
import type { ListStore, ListSummary } from '@tessera/audience';
import { RoaringBitmap32 } from '@tessera/bitmap';
import type { EngineState } from '../engine-state';
import type { EngineWriter } from '../engine-writer';
import type { ListState } from './list-state';

const ID_BYTES = 9;

/** Uploaded lists, kept with the engine's state: a change goes through the log like every other write. */
export class EmbeddedListStore implements ListStore {
  constructor(
    private readonly state: EngineState,
    private readonly writer: EngineWriter,
    private readonly clock: () => number,
  ) {}

  async create(
    name: string,
    cuids: AsyncIterable<string>,
  ): Promise<{ readonly list: ListSummary; readonly matched: number; readonly unknown: number }> {
    const guids = new RoaringBitmap32();
    let unknown = 0;
    for await (const cuid of cuids) {
      const guid = this.state.identity.lookup(cuid);
      if (guid === 0) {
        unknown++;
      } else {
        guids.add(guid);
      }
    }
    const id = `list_${randomBytes(ID_BYTES).toString('hex')}`;
    const createdAt = new Date(this.clock()).toISOString();
    await this.writer.write({ kind: 'putList', id, name, createdAt, guids });
    const list = this.state.lists.get(id);
    const count = list?.size ?? 0;
    return { list: { id, name, count, createdAt }, matched: count, unknown };
  }

  async list(id: string): Promise<ListSummary | undefined> {
    const list = this.state.lists.get(id);
    return list === undefined ? undefined : summaryOf(list);
  }

  /** Oldest first. */
  async lists(): Promise<readonly ListSummary[]> {
    return [...this.state.lists.values()]
      .map(summaryOf)
      .sort((a, b) => compareText(a.createdAt, b.createdAt) || compareText(a.id, b.id));
  }

  async has(id: string): Promise<boolean> {
    return this.state.lists.has(id);
  }

  async remove(id: string): Promise<boolean> {
    if (!this.state.lists.has(id)) {
      return false;
    }
    const { applied } = await this.writer.write({ kind: 'removeList', id });
    return applied.found;
  }
}

function summaryOf(list: ListState): ListSummary {
  return { id: list.id, name: list.name, count: list.size, createdAt: list.createdAt };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
