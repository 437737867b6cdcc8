import { ReferenceEngine, ReferenceStore } from '@tessera/audience';
import type { ListStore } from '@tessera/audience';
import type { EngineFactory, EngineUnderTest } from './engine-under-test';

/** The oracle. */
export const referenceFactory: EngineFactory = {
  name: 'reference',
  async open({ nowMs }): Promise<EngineUnderTest> {
    const store = new ReferenceStore({ nowMs });
    const engine = new ReferenceEngine(store);
    return {
      name: 'reference',
      store,
      engine,
      users: engine,
      lists: listsOf(store, nowMs),
      restarts: [],
      restart: async () => undefined,
      verify: async () => [],
      close: async () => undefined,
    };
  },
};

function listsOf(store: ReferenceStore, nowMs: () => number): Pick<ListStore, 'create' | 'remove'> {
  let made = 0;
  return {
    async create(name, cuids) {
      made += 1;
      const id = `list_${made}`;
      const collected: string[] = [];
      for await (const cuid of cuids) collected.push(cuid);
      const { matched, unknown } = store.putList(id, collected);
      return {
        list: { id, name, count: matched, createdAt: new Date(nowMs()).toISOString() },
        matched,
        unknown,
      };
    },
    remove: async (id) => store.dropList(id),
  };
}
