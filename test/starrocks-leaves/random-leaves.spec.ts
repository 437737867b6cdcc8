import { ReferenceEngine, ReferenceStore } from '@tessera/audience';
import type { PlanNode } from '@tessera/audience';
import { generateScript } from '../conformance/random/generate-script';
import { performScript } from '../conformance/perform-script';
import type { EngineFactory } from '../conformance/engine-under-test';
import { compareLeaves, scanNodesOf } from './check-leaves';
import { StarrocksStore } from './starrocks-store';
import { lengthen } from './lengthen';

const SEED = Number(process.env['CONFORMANCE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const WORLDS = Number(process.env['LEAF_WORLDS'] ?? 4);
const QUESTIONS = 30;
const LONG_QUESTIONS = 4;

/** The reference engine; whenever counts are asked of it, all leaves behind them are asked of their SQL as well. */
function leafFactory(
  duck: StarrocksStore,
  change: (node: PlanNode) => PlanNode,
  tally: { leaves: number },
): EngineFactory {
  return {
    name: 'SQL of the leaves',
    async open({ nowMs, catalog }) {
      const store = new ReferenceStore({ nowMs });
      const engine = new ReferenceEngine(store);
      let filled = -1;
      let lists = 0;
      const counts: ReferenceEngine['counts'] = async (nodes) => {
        const scans = scanNodesOf(nodes.map(change));
        // Nodes one by one come after all of them together.
        if (nodes.length > 1) {
          if (filled !== store.dataVersion) await duck.fill(catalog(), store);
          filled = store.dataVersion;
          const differences = await compareLeaves(duck, engine, scans, nowMs());
          tally.leaves += scans.length;
          if (differences.length > 0) throw new Error(differences.join('\n'));
        }
        return engine.counts(nodes);
      };
      return {
        name: 'SQL of the leaves',
        store,
        engine: {
          name: engine.name,
          counts,
          materialise: async (node) => engine.materialise(node),
          contains: async (node, guids) => engine.contains(node, guids),
          distribution: async (node, requests, top) => engine.distribution(node, requests, top),
        },
        users: engine,
        lists: {
          async create(name, cuids) {
            lists += 1;
            const id = `list_${lists}`;
            const collected: string[] = [];
            for await (const cuid of cuids) collected.push(cuid);
            const { matched, unknown } = store.putList(id, collected);
            return { list: { id, name, count: matched, createdAt: '' }, matched, unknown };
          },
          remove: async (id) => store.dropList(id),
        },
        restarts: [],
        restart: async () => undefined,
        verify: async () => [],
        close: async () => undefined,
      };
    },
  };
}

describe('leaves as SQL', () => {
  process.stderr.write(`leaves: CONFORMANCE_SEED=${SEED} LEAF_WORLDS=${WORLDS}\n`);
  let duck: StarrocksStore;

  beforeAll(async () => {
    duck = await StarrocksStore.open();
  });

  afterAll(async () => {
    await duck.close();
  });

  it.each(Array.from({ length: WORLDS }, (_, world) => world))(
    'are what the oracle says, in world %i',
    async (world) => {
      const tally = { leaves: 0 };
      await performScript(
        generateScript(SEED + world, QUESTIONS),
        leafFactory(duck, (node) => node, tally),
      );
      expect(tally.leaves).toBeGreaterThan(QUESTIONS);
    },
  );

  it.each([0, 1])('are what the oracle says with lists too long for IN, in world %i', async (world) => {
    const tally = { leaves: 0 };
    await performScript(generateScript(SEED + world, LONG_QUESTIONS), leafFactory(duck, lengthen, tally));
    expect(tally.leaves).toBeGreaterThan(0);
  });
});
