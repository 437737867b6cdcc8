import { rm } from 'node:fs/promises';
import path from 'node:path';
import { ReferenceStore } from '@tessera/audience';
import { createTableSql, schemaDefaults, StarrocksPool, tablesOf } from '@tessera/starrocks-engine';
import type { Guid, TagMessage } from '@tessera/tag-catalog';
import { SourceProcess } from '../support/source-process';
import { RedisServer } from '../support/services/redis-server';
import { describeWithServer } from '../support/services/with-server';
import { StarrocksStandInServer } from '../support/starrocks-standin/standin-server';
import { compareTables, TABLES_DATABASE } from '../streams/compare-tables';
import type { ExpectedRow, ExpectedTables } from '../streams/compare-tables';
import { seededRandom } from '../streams/seeded-random';
import { compareLabels, sentLoads } from './sent-load';
import type { SentLoad } from './sent-load';
import { cuidOf, isErasable, logsCatalog, sourceLogs } from './source-logs';
import type { KilledSettings } from './write-until-killed';

const TESTS_MS_MAX = 1_500_000;
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const START_MS = Date.now() - 3_600_000;
const CATALOG = logsCatalog();
/** `WRITER_FAULTS=all` dies before and after each point; else before or after it, by chance. */
const DIES_ON_BOTH_SIDES = process.env['WRITER_FAULTS'] === 'all';
const SIDES = ['before', 'after'] as const;

/** A Redis and the stand-in for StarRocks. */
class TwoServers {
  private constructor(
    readonly folder: string,
    readonly redis: RedisServer,
    readonly starrocks: StarrocksStandInServer,
  ) {}

  static lacks(): string | null {
    return RedisServer.lacks();
  }

  static async create(folder: string): Promise<TwoServers> {
    const redis = await RedisServer.create(path.join(folder, 'redis'));
    return new TwoServers(folder, redis, await StarrocksStandInServer.create(path.join(folder, 'starrocks')));
  }

  async start(): Promise<void> {
    await this.redis.start();
    await this.starrocks.start();
  }

  async remove(): Promise<void> {
    await this.redis.remove();
    await this.starrocks.remove();
  }
}

describeWithServer(`The writer killed at each fault point (SEED=${SEED})`, TwoServers, (servers) => {
  const random = seededRandom(SEED);
  let runs = 0;
  /** Of each life in the tables of now. */
  let lives: (readonly SentLoad[])[] = [];

  /** A database without rows, a Redis without users, no positions. */
  async function fresh(isInsert: boolean): Promise<KilledSettings> {
    const { redis, starrocks, folder } = servers();
    lives = [];
    const admin = new StarrocksPool({ urls: [starrocks.mysqlUrl], database: null });
    await admin.run('DROP DATABASE IF EXISTS `tessera` FORCE');
    await admin.run('CREATE DATABASE `tessera`');
    await admin.close();
    const pool = new StarrocksPool({ urls: [starrocks.mysqlUrl], database: 'tessera' });
    const options = { ...schemaDefaults('tessera'), replication: 1, buckets: 1, bitmapBuckets: 1 };
    for (const table of tablesOf(CATALOG, options, { nowMs: Date.now(), nextGuid: 1 })) {
      await pool.run(createTableSql(table));
    }
    await pool.close();
    const positions = path.join(folder, 'positions.json');
    await rm(positions, { force: true });
    const url = new URL(redis.url);
    url.pathname = `/${runs++ % 16}`;
    return {
      ...{ redisUrl: url.href, starrocksUrl: starrocks.mysqlUrl, database: 'tessera', positions },
      ...{ httpUrl: isInsert ? null : starrocks.httpUrl, seed: SEED, startMs: START_MS, timeoutMs: 500, fault: null },
    };
  }

  async function run(settings: KilledSettings): Promise<string> {
    const argv = [JSON.stringify(settings)];
    const { output } = await SourceProcess.run('test/starrocks/write-until-killed.ts', { argv });
    lives.push(sentLoads(output));
    return output;
  }

  async function expectRight(isInsert: boolean): Promise<void> {
    const { mysqlUrl } = servers().starrocks;
    const rows = await compareTables(mysqlUrl, CATALOG, await expected());
    expect(rows).toBeGreaterThan(250);
    const labels = await compareLabels(mysqlUrl, TABLES_DATABASE, lives);
    if (isInsert) expect(labels).toBe(0);
    // The users', and one of each type at least: how much goes together depends on the machine.
    else expect(labels).toBeGreaterThan(CATALOG.types.length);
  }

  it.each([true, false])(
    'leaves the tables as if it had never died (INSERT: %s)',
    async (isInsert) => {
      const whole = await run(await fresh(isInsert));
      await expectRight(isInsert);
      const points = JSON.parse(/DONE (.*)/.exec(whole)?.[1] ?? '[]') as [string, number][];
      expect(points.map(([point]) => point)).toEqual(expect.arrayContaining(['claim', 'begin', 'tombstones', 'end']));
      let settings = await fresh(isInsert);
      let deaths = 0;
      // One life after the other in the same tables, each ending at the next point.
      for (const [point, count] of points) {
        for (const phase of DIES_ON_BOTH_SIDES ? SIDES : [SIDES[random(2)] ?? 'after']) {
          const call = 1 + random(Math.min(2, count));
          const output = await run({ ...settings, fault: { point, phase, call } });
          if (output.includes('dies at')) deaths++;
          if (!output.includes('DONE')) continue;
          // Everything is written: begin again.
          await expectRight(isInsert);
          settings = await fresh(isInsert);
        }
      }
      for (let left = 3; !(await run(settings)).includes('DONE'); left--) if (left === 0) throw new Error('no end');
      await expectRight(isInsert);
      expect(deaths).toBeGreaterThan(points.length / 2);
    },
    TESTS_MS_MAX,
  );
});

/** What the logs amount to. */
async function expected(): Promise<ExpectedTables> {
  const store = new ReferenceStore({ nowMs: () => Date.now() });
  const users = new Map<Guid, string>();
  const rows = new Map<number, ExpectedRow[]>();
  for (const log of sourceLogs(CATALOG, SEED, START_MS).values()) {
    for (const { guid, offset, arrivalMs, content } of log) {
      if (typeof content === 'string' || isErasable(guid)) continue;
      const message: TagMessage = { ...content, cuid: String(guid) };
      await store.apply({ arrivalMs, messages: [message] });
      users.set(guid, cuidOf(guid));
      if (content.type.kind !== 'event') continue;
      const values = new Map(
        content.fields.flatMap((write) => (write.op === 'set' ? [[write.field.id, write.value] as const] : [])),
      );
      const some = rows.get(content.type.id) ?? [];
      rows.set(content.type.id, some);
      some.push({ guid, timeMs: content.timeMs, row: BigInt(offset), values });
    }
  }
  return { users, stateOf: (guid) => store.userByCuid(String(guid)), rows };
}
