import { setTimeout as sleep } from 'node:timers/promises';
import { bindExpression, buildPlan, noReferences } from '@tessera/audience';
import type { Guid } from '@tessera/tag-catalog';
import { StarrocksStandIn } from '../../../../test/support/starrocks-standin/standin';
import { StarrocksEngine } from '../engine/starrocks-engine';
import { tableOf } from '../schema/names';
import { StarrocksLists } from '../reader/starrocks-lists';
import { batchOf, catalogOf, makeTables, poolAt, writerAt } from './testing/writer-at-work';

const TESTS_MS_MAX = 120_000;
const NOON = Date.UTC(2026, 10, 20, 12);
const CATALOG = catalogOf([
  { name: 'flag', kind: 'kv', tags: [{ name: 'marked', valueType: 'string' }] },
  { name: 'person', kind: 'profile', tags: [{ name: 'level', valueType: 'int' }] },
]);
const FLAG = CATALOG.type('flag')!;

describe('StarRocks that commits at once and shows what was written later', () => {
  let standIn: StarrocksStandIn;
  let url: string;

  beforeAll(async () => {
    standIn = await StarrocksStandIn.start();
    const at = new URL(standIn.mysqlUrl);
    at.pathname = '/shop';
    url = at.href;
    const server = poolAt(url.replace(/shop$/, 'information_schema'));
    await server.run('CREATE DATABASE `shop`');
    await server.close();
    const pool = poolAt(url);
    await makeTables(pool, CATALOG);
    await pool.close();
  }, TESTS_MS_MAX);
  afterAll(() => standIn.close());

  function showLate(match: string): void {
    const action = { kind: 'publishLate', ms: 500, isAnsweredAtOnce: true } as const;
    standIn.faults.add({ at: 'statement-before', match, action });
  }

  it('has a round end when its rows are seen', async () => {
    const { writer, pool, close } = writerAt(url, CATALOG);
    const origin = { topic: 'tags.flag', partition: 0 };
    const opening = await writer.open(origin);
    writer.begin(opening, opening.next);
    showLate('^INSERT INTO `kv_');
    const field = FLAG.tags[0]!;
    const content = {
      type: FLAG,
      cuid: 'ann',
      timeMs: NOON,
      id: null,
      fields: [{ op: 'set', field, value: 'x' }],
    } as const;
    const told = {
      entry: { offset: 0, cuid: 'ann', guid: 1 as Guid, arrivalMs: NOON, content },
      outcome: { verdict: 'accepted', fields: [{ field, value: 'x', timeMs: NOON }] },
    } as const;
    await writer.take(batchOf('tags.flag', [told]), opening, new AbortController().signal);
    const seen = { before: 0, after: 0 };
    for (let left = 1_000; seen.after === 0 && left > 0; left--) {
      const [ended] = await pool.rows(
        "SELECT `sys_source` FROM `sys_positions` WHERE `sys_source` = 'tags.flag/0' AND `sys_next` = 1",
      );
      const rows = await pool.rows(`SELECT \`sys_guid\` FROM \`${tableOf(FLAG)}\``);
      if (ended !== undefined) expect(rows).toEqual([{ sys_guid: '1' }]);
      seen[ended === undefined ? 'before' : 'after'] += 1;
      await sleep(5);
    }
    expect(seen.before).toBeGreaterThan(5);
    expect(seen.after).toBe(1);
    expect(standIn.faults.left).toBe(0);
    await close();
  });

  it('has a list made when its users are seen, on one connection alone', async () => {
    const pool = poolAt(url, 5_000, 1);
    await pool.write("INSERT INTO `sys_users` (`sys_guid`, `sys_cuid`) VALUES (1, 'ann')");
    const counts = { counts: () => Promise.reject(new Error('nothing is asked')) };
    const lists = new StarrocksLists(
      pool,
      counts,
      () => Promise.resolve([1]),
      () => NOON,
      5_000,
    );
    showLate('^INSERT INTO `sys_lists`');
    showLate('^INSERT INTO `sys_positions`');
    async function* cuids(): AsyncGenerator<string> {
      yield await Promise.resolve('ann');
    }
    expect(await lists.create('all', cuids())).toMatchObject({ matched: 1, unknown: 0 });
    expect(standIn.faults.left).toBe(0);
    await pool.close();
  });

  it('has a question asked when the long list that it names is seen', async () => {
    const pool = poolAt(url, 5_000);
    await pool.write("INSERT INTO `sys_users` (`sys_guid`, `sys_cuid`) VALUES (1, 'ann'), (2, 'bob')");
    await pool.write('INSERT INTO `profile_2_person` (`sys_guid`, `level`) VALUES (1, 1500), (2, 5)');
    const rule = { tag: 'level', op: 'in', value: Array.from({ length: 1_200 }, (_, place) => 1_000 + place) };
    const bound = await bindExpression(rule, { catalog: CATALOG, references: noReferences, timeZone: 'UTC' });
    if (!bound.ok) throw new Error(JSON.stringify(bound.errors));
    const engine = new StarrocksEngine({ pool, nowMs: () => NOON });
    showLate('^INSERT INTO `sys_values`');
    const { counts } = await engine.counts([buildPlan(bound.value, { asOfMs: NOON }).root]);
    expect(counts).toEqual([1]);
    expect(standIn.faults.left).toBe(0);
    await engine.close();
    await pool.close();
  });

  it('has a claim taken on one connection alone', async () => {
    const pool = poolAt(url, 5_000, 1);
    const { writer } = writerAt(url, CATALOG, { pool, timeoutMs: 5_000 });
    showLate('^INSERT INTO `sys_positions`');
    expect(await writer.open({ topic: 'tags.flag', partition: 7 })).toMatchObject({ next: 0 });
    expect(standIn.faults.left).toBe(0);
    await writer.close();
    await pool.close();
  });
});
