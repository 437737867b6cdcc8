import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithStarrocks } from '../../../../test/support/starrocks-standin/with-starrocks';
import type { StarrocksPool } from '../connection/starrocks-pool';
import { SourceClaims } from './source-claims';
import type { Claim } from './source-claims';
import { SureStatements } from './statements';
import type { WriterPool } from './statements';
import type { Fence } from './table-load';
import { catalogOf, makeTables, poolAt, TIMEOUT_MS } from './testing/writer-at-work';

const CATALOG = catalogOf([]);

describeWithStarrocks('Positions of all topics of a process', (starrocks) => {
  let pool: StarrocksPool;
  /** Statements that write positions. */
  let sent: string[];
  let counted: WriterPool;

  beforeAll(async () => {
    pool = poolAt(starrocks().mysqlUrl);
    await makeTables(pool, CATALOG);
  });

  beforeEach(async () => {
    await pool.write('DELETE FROM `sys_positions` WHERE `sys_begun` >= 0');
    sent = [];
    counted = {
      rows: (sql) => pool.rows(sql),
      write: (sql) => {
        sent.push(sql);
        return pool.write(sql);
      },
      use: (work) => pool.use(work),
      untilVisible: (outcome) => pool.untilVisible(outcome),
    };
  });

  afterAll(() => pool.close());

  const claimsOf = (): SourceClaims => new SourceClaims(new SureStatements(counted, TIMEOUT_MS));
  const names = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `tags.t${n}/0`);

  async function claimed(claims: SourceClaims, sources: readonly string[]): Promise<ReadonlyMap<string, Claim>> {
    const all = await Promise.all(sources.map(async (source) => [source, await claims.claim(source)] as const));
    return new Map(all);
  }

  const fenceOf = (held: ReadonlyMap<string, Claim>, ...sources: readonly string[]): Fence =>
    new Map(sources.map((source) => [source, held.get(source)?.writer ?? 'nobody']));

  const extent = (
    source: string,
    from: number,
    through: number,
  ): ReadonlyMap<string, { from: number; through: number }> => new Map([[source, { from, through }]]);

  async function positions(): Promise<ReadonlyMap<string, readonly [number, number]>> {
    const rows = await pool.rows('SELECT `sys_source`, `sys_begun`, `sys_next` FROM `sys_positions`');
    return new Map(rows.map((row) => [String(row['sys_source']), [Number(row['sys_begun']), Number(row['sys_next'])]]));
  }

  it('go in one statement where they wait at once, and each is as it would be alone', async () => {
    const claims = claimsOf();
    const sources = names(40);
    const held = await claimed(claims, sources);
    sent = [];
    const said = sources.map(async (source, n) => {
      const fence = fenceOf(held, source);
      expect(await claims.begin(fence, extent(source, n, n + 5))).toEqual([]);
      // Half of them end, the others are in the middle of a round.
      if (n % 2 === 0) expect(await claims.end(fence, extent(source, n, n + 5))).toEqual([]);
    });
    await Promise.all(said);
    expect(sent.length).toBeLessThanOrEqual(3);
    const found = await positions();
    // `sys_next` of a source that is new is 0, and begin never raises it.
    for (const [n, source] of sources.entries()) expect(found.get(source)).toEqual([n + 5, n % 2 === 0 ? n + 5 : 0]);
  });

  it('take nothing from others where one of them is lost, and tell whom it was taken from', async () => {
    const [mine, other] = [claimsOf(), claimsOf()];
    const sources = names(10);
    const held = await claimed(mine, sources);
    await claimed(other, ['tags.t3/0', 'tags.t7/0']);
    sent = [];
    const told = await Promise.all(sources.map((source) => mine.begin(fenceOf(held, source), extent(source, 0, 9))));
    expect(told).toEqual(sources.map((source) => (/t[37]/.test(source) ? [source] : [])));
    const found = await positions();
    for (const source of sources) expect(found.get(source)?.[0]).toBe(/t[37]/.test(source) ? 0 : 9);
    const pairs = [sources.slice(2, 4), sources.slice(4, 6)].map((pair) => fenceOf(held, ...pair));
    expect(await Promise.all(pairs.map((fence) => mine.holds(fence)))).toEqual([false, true]);
  });

  it('say one thing of a source in one statement, in the order in which it was said', async () => {
    const claims = claimsOf();
    const held = await claimed(claims, ['tags.t0/0']);
    const fence = fenceOf(held, 'tags.t0/0');
    const said = [1, 2, 3].flatMap((n) => [
      claims.begin(fence, extent('tags.t0/0', n - 1, n)),
      claims.end(fence, extent('tags.t0/0', n - 1, n)),
    ]);
    expect(await Promise.all(said)).toEqual(said.map(() => []));
    expect((await positions()).get('tags.t0/0')).toEqual([3, 3]);
  });

  it('wait for no look at claims, and these are looked at together', async () => {
    const claims = claimsOf();
    const sources = names(20);
    const held = await claimed(claims, sources);
    sent = [];
    const looks = sources.map((source) => claims.holds(fenceOf(held, source)));
    expect(await Promise.all(looks)).toEqual(sources.map(() => true));
    expect(sent.length).toBeLessThanOrEqual(2);
  });

  it('fail with the statement that they are in when nothing of it goes on, while others go on', async () => {
    const { standIn } = starrocks();
    // Of a real cluster nobody can break a connection at the right moment.
    if (standIn === null) return;
    const claims = claimsOf();
    const held = await claimed(claims, names(3));
    standIn.faults.add({ at: 'statement-before', match: 'tags.t0/0.* AS v ', action: { kind: 'drop' } });
    const startedMs = performance.now();
    const tookMs = (): number => performance.now() - startedMs;
    const first = claims.begin(fenceOf(held, 'tags.t0/0'), extent('tags.t0/0', 0, 1)).then(
      () => 0,
      () => tookMs(),
    );
    await sleep(0);
    const second = claims.begin(fenceOf(held, 'tags.t1/0'), extent('tags.t1/0', 0, 1)).then(() => 'others go on');
    expect(await Promise.race([second, first])).toBe('others go on');
    // The limit of time and its slack.
    expect(await first).toBeGreaterThanOrEqual(TIMEOUT_MS + 900);
    // One that hangs holds the others up for a second, not until it is given up.
    const fault = standIn.faults.add({ at: 'statement-before', match: 'tags.t0/0.* AS v ', action: { kind: 'hang' } });
    const slow = new SourceClaims(new SureStatements(counted, 4_000));
    const hung = slow.begin(fenceOf(held, 'tags.t0/0'), extent('tags.t0/0', 0, 1)).catch(() => ['failed']);
    await sleep(0);
    expect(await slow.begin(fenceOf(held, 'tags.t2/0'), extent('tags.t2/0', 0, 1))).toEqual([]);
    standIn.faults.remove(fault);
    await hung;
    expect((await positions()).get('tags.t2/0')).toEqual([1, 0]);
  });
});
