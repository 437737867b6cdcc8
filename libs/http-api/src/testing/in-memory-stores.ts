import type {
  EventStatistics,
  FieldStatisticsReader,
  ListStore,
  ListSummary,
  ReferenceEngine,
  ReferenceStore,
  TagStatistics,
} from '@tessera/audience';
import { Catalog } from '@tessera/tag-catalog';
import type { CatalogChange, CatalogStore, TagDefinition, TagTypeDefinition } from '@tessera/tag-catalog';

/** A catalogue that is kept in memory, for tests. */
export class MemoryCatalogStore implements CatalogStore {
  #catalog = Catalog.empty;
  #last: Promise<unknown> = Promise.resolve();

  current(): Catalog {
    return this.#catalog;
  }

  update(change: CatalogChange): Promise<Catalog> {
    const update = this.#last.then(async () => (this.#catalog = await change(this.#catalog)));
    this.#last = update.catch(() => undefined);
    return update;
  }
}

/** Lists over the reference store, for tests. */
export class ReferenceListStore implements ListStore {
  readonly #lists = new Map<string, { readonly name: string; readonly createdAt: string }>();

  constructor(
    private readonly store: ReferenceStore,
    private readonly clock: () => number,
  ) {}

  async create(
    name: string,
    cuids: AsyncIterable<string>,
  ): Promise<{ readonly list: ListSummary; readonly matched: number; readonly unknown: number }> {
    const all: string[] = [];
    for await (const cuid of cuids) all.push(cuid);
    const id = `list_${this.#lists.size + 1}`;
    const { matched, unknown } = this.store.putList(id, all);
    this.#lists.set(id, { name, createdAt: new Date(this.clock()).toISOString() });
    return { list: this.#summary(id, name), matched, unknown };
  }

  async list(id: string): Promise<ListSummary | undefined> {
    const list = this.#lists.get(id);
    return list === undefined ? undefined : this.#summary(id, list.name);
  }

  async lists(): Promise<readonly ListSummary[]> {
    return [...this.#lists].map(([id, { name }]) => this.#summary(id, name));
  }

  async has(id: string): Promise<boolean> {
    return this.#lists.has(id);
  }

  remove(id: string): Promise<boolean> {
    this.store.dropList(id);
    return Promise.resolve(this.#lists.delete(id));
  }

  #summary(id: string, name: string): ListSummary {
    const known = [...this.store.list(id)].filter((guid) => this.store.userByGuid(guid) !== undefined);
    return {
      id,
      name,
      count: known.length,
      createdAt: this.#lists.get(id)?.createdAt ?? new Date(this.clock()).toISOString(),
    };
  }
}

/** Statistics by looking at every user, for tests. */
export class ReferenceStatistics implements FieldStatisticsReader {
  constructor(
    private readonly store: ReferenceStore,
    private readonly engine: ReferenceEngine,
  ) {}

  async tagStatistics(tags: readonly TagDefinition[]): Promise<readonly TagStatistics[]> {
    return tags.map((tag) => this.#statisticsOf(tag));
  }

  #statisticsOf(tag: TagDefinition): TagStatistics {
    const states = this.store
      .users()
      .flatMap((user) => this.engine.user(user.cuid)?.tagStates() ?? [])
      .filter((state) => state.tag.id === tag.id);
    const values = states.filter((state) => state.value !== null);
    const times = states.flatMap((state) => (state.timeMs === null ? [] : [state.timeMs]));
    return {
      coverage: values.length,
      distinct: new Set(values.map((state) => JSON.stringify(state.value))).size,
      lastWriteMs: times.length === 0 ? null : Math.max(...times),
      bytes: 0,
    };
  }

  async hasData(type: TagTypeDefinition): Promise<boolean> {
    return type.kind === 'event'
      ? (await this.eventRows(type)).rows > 0
      : type.tags.some((tag) => this.#statisticsOf(tag).lastWriteMs !== null);
  }

  async eventRows(type: TagTypeDefinition): Promise<EventStatistics> {
    const rows = this.store.users().flatMap((user) => this.store.rows(user, type));
    const lastMs = rows.reduce<number | null>((last, row) => Math.max(last ?? row.timeMs, row.timeMs), null);
    return { rows: rows.length, lastMs, bytes: 0 };
  }
}
