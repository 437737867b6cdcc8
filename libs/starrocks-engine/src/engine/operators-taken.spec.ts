import { listReadNode, thresholdNode } from '@tessera/audience';
import { describeWithStarrocks } from '../../../../test/support/starrocks-standin/with-starrocks';
import { LeafCompiler } from '../compile/leaves';
import { compileCounts } from '../compile/statements/compile-question';
import type { StarrocksPool } from '../connection/starrocks-pool';
import { catalogOf, makeTables, poolAt } from '../writer/testing/writer-at-work';
import { StarrocksEngine } from './starrocks-engine';
import { isTooComplex } from './too-complex';

const LISTS = 24;
const TEST_MS_MAX = 120_000;
const NODE = thresholdNode(
  LISTS / 2,
  Array.from({ length: LISTS }, (_, index) => listReadNode(`list_${index}`)),
);

describeWithStarrocks('A question of more operators than StarRocks takes in an expression', (starrocks) => {
  let pool: StarrocksPool;

  beforeAll(async () => {
    pool = poolAt(starrocks().mysqlUrl, 60_000);
    await makeTables(pool, catalogOf([]));
  }, TEST_MS_MAX);

  afterAll(() => pool.close());

  it(
    'is cut into statements that it takes',
    async () => {
      const engine = new StarrocksEngine({ pool, nowMs: () => 0, shape: 'bitmap' });
      expect((await engine.counts([NODE])).counts).toEqual([0]);
      await engine.close();
    },
    TEST_MS_MAX,
  );

  it(
    'would be refused as one statement',
    async () => {
      const { prepare, asks } = compileCounts([NODE], {
        shape: 'bitmap',
        keptAs: 'k',
        limits: { operatorsMax: Number.MAX_SAFE_INTEGER },
        openLeaves: () => new LeafCompiler({ nowMs: 0, matches: new Map(), listId: (slot) => `v${slot}` }),
      });
      expect([prepare.length, asks.length]).toEqual([0, 1]);
      const error: unknown = await pool.rows(asks[0]?.sql ?? '').catch((caught: unknown) => caught);
      expect(isTooComplex(error)).toBe(true);
      expect(starrocks().standIn?.takeTooComplex() ?? ['']).toHaveLength(1);
    },
    TEST_MS_MAX,
  );
});
