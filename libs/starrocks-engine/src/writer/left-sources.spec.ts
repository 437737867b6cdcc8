import { setTimeout as sleep } from 'node:timers/promises';
import { Catalog } from '@tessera/tag-catalog';
import { describeWithStarrocks } from '../../../../test/support/starrocks-standin/with-starrocks';
import type { StarrocksPool } from '../connection/starrocks-pool';
import { StarrocksCheck } from '../reader/starrocks-check';
import { LeftSources } from './left-sources';
import type { IsLeft } from './left-sources';
import { SourceClaims } from './source-claims';
import { SureStatements } from './statements';
import { makeTables, poolAt } from './testing/writer-at-work';

const TESTS_MS_MAX = 120_000;
const TIMEOUT_MS = 50;

describeWithStarrocks('Sources that nobody reads any more', (starrocks) => {
  let pool: StarrocksPool;
  let claims: SourceClaims;
  let statements: SureStatements;
  const isGone: IsLeft = (source) => source.startsWith('tags.gone/');

  beforeAll(async () => {
    pool = poolAt(starrocks().mysqlUrl, 60_000);
    await makeTables(pool, Catalog.empty);
    statements = new SureStatements(pool, TIMEOUT_MS);
    claims = new SourceClaims(statements);
  }, TESTS_MS_MAX);
  afterAll(() => pool.close());
  beforeEach(() => pool.write("DELETE FROM `sys_positions` WHERE `sys_source` <> ''"));

  async function leave(source: string, begun: number, next: number): Promise<void> {
    await pool.write(
      'INSERT INTO `sys_positions` (`sys_source`, `sys_begun`, `sys_next`, `sys_writer`) VALUES ' +
        `('${source}', ${begun}, ${next}, 'dead-1')`,
    );
  }

  async function positions(): Promise<unknown> {
    const rows = await pool.rows(
      'SELECT `sys_source`, `sys_begun`, `sys_next` FROM `sys_positions` ORDER BY `sys_source`',
    );
    return rows.map((row) => Object.values(row).join(' '));
  }

  async function settled(left: LeftSources, isLeft: IsLeft = isGone): Promise<readonly string[]> {
    for (let looks = 100; looks > 0; looks--) {
      const ended = await left.settle(() => Promise.resolve(isLeft));
      if (ended.length > 0) return ended;
      await sleep(100);
    }
    return [];
  }

  const dataVersion = (): Promise<number | null> =>
    new StarrocksCheck(
      pool,
      () => Catalog.empty,
      () => 0,
    ).dataVersion();

  it(
    'are ended as far as they were begun, so that answers have a data version again',
    async () => {
      await leave('tags.gone/0', 7, 3);
      await leave('tags.gone/1', 4, 4);
      expect(await dataVersion()).toBeNull();
      const left = new LeftSources(claims, statements, 50);
      const startedMs = performance.now();
      expect(await settled(left)).toEqual(['tags.gone/0']);
      // As long as one who is at work may take, and as long again as a statement of theirs may go on behind the claim.
      expect(performance.now() - startedMs).toBeGreaterThan(4 * statements.lingerMs);
      expect(await positions()).toEqual(['tags.gone/0 7 7', 'tags.gone/1 4 4']);
      expect(await dataVersion()).toBe(11);
    },
    TESTS_MS_MAX,
  );

  it(
    'are left to those who have claimed them meanwhile; those that are read are nobody else’s',
    async () => {
      await leave('tags.gone/0', 7, 3);
      await leave('tags.read/0', 9, 2);
      const taken: string[] = [];
      const stolen = {
        claim: async (source: string) => {
          taken.push(source);
          const claim = await claims.claim(source);
          // By one who reads it again.
          await claims.claim(source);
          return claim;
        },
        end: claims.end.bind(claims),
      };
      const left = new LeftSources(stolen, statements, 50);
      while (taken.length === 0) {
        expect(await left.settle(() => Promise.resolve(isGone))).toEqual([]);
        await sleep(50);
      }
      expect(taken).toEqual(['tags.gone/0']);
      expect(await positions()).toEqual(['tags.gone/0 7 3', 'tags.read/0 9 2']);
      left.close();
      expect(await settled(new LeftSources(claims, statements, 50), isGone)).toEqual(['tags.gone/0']);
    },
    TESTS_MS_MAX,
  );

  it('are not looked for while it is not known which they are', async () => {
    await leave('tags.gone/0', 7, 3);
    const left = new LeftSources(claims, statements, 0);
    expect(await left.settle(() => Promise.resolve(null))).toEqual([]);
    expect(await positions()).toEqual(['tags.gone/0 7 3']);
  });
});
