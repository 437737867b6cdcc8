import { RedisConnection } from '@tessera/redis';
import type { Guid } from '@tessera/tag-catalog';
import type { Redis } from 'ioredis';
import { RedisServer } from '../../../../test/support/services/redis-server';
import { describeWithServer } from '../../../../test/support/services/with-server';
import { MappingStoreUnavailableError } from '../resolve/mapping-store';
import { openRedisStore } from '../testing/open-redis-store';
import type { OpenRedisStore } from '../testing/open-redis-store';
import { randomCuid, seededRandom } from '../testing/random-cuids';
import { RedisMappingStore } from './redis-mapping-store';
import type { LoggedEntry } from './redis-mapping-store';

const bindEntry = (cuid: string, guid: number): LoggedEntry => ({ op: 'bind', cuid, guid: guid as Guid });
const eraseEntry = (cuid: string, guid: number): LoggedEntry => ({ op: 'erase', cuid, guid: guid as Guid });

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describeWithServer(`RedisMappingStore (SEED=${SEED})`, RedisServer, (server) => {
  let opened: OpenRedisStore;
  let store: RedisMappingStore;
  let client: Redis;

  beforeEach(async () => {
    opened = await openRedisStore(server());
    ({ store, client } = opened);
  });

  afterEach(() => {
    opened.close();
  });

  async function find(cuids: readonly string[]): Promise<{ guids: number[]; unlogged: readonly number[] }> {
    const out = new Uint32Array(cuids.length);
    const unlogged = await store.find(cuids, out);
    return { guids: [...out], unlogged };
  }

  async function bind(cuids: readonly string[], guids: readonly number[]) {
    const out = new Uint32Array(cuids.length);
    const unlogged = await store.bind(cuids, Uint32Array.from(guids), out);
    return { guids: [...out], unlogged };
  }

  it('binds once; a binding is unlogged for everybody until somebody confirms it', async () => {
    expect(await find(['a', 'b'])).toEqual({ guids: [0, 0], unlogged: [] });
    expect(await bind(['a', 'b'], [1, 2])).toEqual({ guids: [1, 2], unlogged: [0, 1] });
    expect(await bind(['b', 'c', 'a'], [3, 4, 5])).toEqual({ guids: [2, 4, 1], unlogged: [0, 1, 2] });
    expect(await find(['x', 'a'])).toEqual({ guids: [0, 1], unlogged: [1] });
    await store.confirm([{ cuid: 'a', guid: 1 as Guid }]);
    expect(await find(['a', 'b'])).toEqual({ guids: [1, 2], unlogged: [1] });
    expect(await bind(['a'], [9])).toEqual({ guids: [1], unlogged: [] });
    expect(await store.holds([{ cuid: 'a', guid: 1 as Guid }])).toBe(true);
    expect(await store.holds([{ cuid: 'a', guid: 2 as Guid }])).toBe(false);
  });

  it('keeps cuids of every form and length apart, through thousands of bucket splits', async () => {
    const random = seededRandom(SEED);
    const hex = '6162636465666768696a6b6c6d6e6f70';
    const same = ['abcdefghijklmnop', hex, `${hex.slice(0, 8)}-6566-6768-696a-6b6c6d6e6f70`];
    const cuids = [...new Set([...same, ...Array.from({ length: 40_000 }, () => randomCuid(random))])];
    const truth = new Map<string, number>();
    for (let start = 0; start < cuids.length; start += 5_000) {
      const part = cuids.slice(start, start + 5_000);
      const { guids } = await bind(
        part,
        part.map((_, index) => start + index + 1),
      );
      part.forEach((cuid, index) => truth.set(cuid, guids[index]!));
    }
    expect(new Set(truth.values()).size).toBe(cuids.length);
    expect(await store.size()).toEqual({ entries: cuids.length, unlogged: cuids.length });
    expect((await find(cuids)).guids).toEqual(cuids.map((cuid) => truth.get(cuid)));
    for (const key of await client.keys('{*}[hut]?*')) {
      expect(await client.object('ENCODING', key)).toBe('listpack');
    }
  });

  it('gives one guid to a cuid that many bind at once', async () => {
    const others = await Promise.all(Array.from({ length: 4 }, () => RedisConnection.open([server().url])));
    await Promise.all(others.map((other) => other.ready()));
    const cuids = Array.from({ length: 500 }, (_, index) => `user-${index}`);
    const answers = await Promise.all(
      others.map(async (other, number) => {
        const out = new Uint32Array(cuids.length);
        await new RedisMappingStore(other).bind(
          cuids,
          Uint32Array.from(cuids, (_, index) => number * 1_000 + index + 1),
          out,
        );
        return [...out];
      }),
    );
    others.forEach((other) => {
      other.close();
    });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  it('names what was unbound until its retirement is logged, and binds the cuid anew', async () => {
    await bind(['a'], [1]);
    expect(await store.unbind('a')).toEqual([1]);
    expect(await store.unbind('a')).toEqual([1]);
    expect((await bind(['a'], [2])).guids).toEqual([2]);
    expect(await store.unbind('a')).toEqual([1, 2]);
    await store.confirmErased('a', [1 as Guid]);
    expect(await store.unbind('a')).toEqual([2]);
    await store.confirmErased('a', [2 as Guid]);
    expect(await store.unbind('a')).toEqual([]);
    expect(await store.erasures()).toBe(2);
  });

  it('answers nothing after it was emptied, until it is filled and opened again', async () => {
    await bind(['a'], [1]);
    await client.flushall();
    expect(await store.state()).toBe('empty');
    await expect(bind(['a'], [7])).rejects.toMatchObject({ name: 'MappingStoreUnavailableError', reason: 'empty' });
    const restore = await store.restore(true);
    await restore.enter([bindEntry('a', 1), bindEntry('gone', 2), eraseEntry('gone', 2)]);
    await restore.open();
    expect(await find(['a', 'gone'])).toEqual({ guids: [1, 0], unlogged: [] });
  });

  it('answers nothing after a restart, until it is known to be up to date', async () => {
    await bind(['a'], [1]);
    await server().written();
    await server().kill();
    await expect(find(['a'])).rejects.toBeInstanceOf(MappingStoreUnavailableError);
    await server().start();
    await opened.connection.ready();
    expect(await store.state()).toBe('behind');
    await expect(find(['a'])).rejects.toMatchObject({ reason: 'behind' });
    const restore = await store.restore(false);
    await restore.enter([bindEntry('a', 1)]);
    await restore.open();
    expect((await find(['a'])).guids).toEqual([1]);
  });

  it('keeps a checkpoint with what was written before it, and none while the whole log is entered', async () => {
    expect(await store.checkpoint()).toEqual(new Map());
    await store.setCheckpoint(new Map([[0, 5]]));
    await store.setCheckpoint(
      new Map([
        [0, 17],
        [3, 4],
      ]),
    );
    const expected = new Map([
      [0, 17],
      [3, 4],
    ]);
    expect(await store.checkpoint()).toEqual(expected);
    // One group has lost the last of them, as a server of a Cluster may.
    await client.hset('{tessera:id:7}', 'log', '0:5');
    expect(await store.checkpoint()).toEqual(new Map([[0, 5]]));
    await client.hset('{tessera:id:7}', 'run', 'another');
    expect(await store.state()).toBe('behind');
    await expect(store.setCheckpoint(expected)).rejects.toMatchObject({ reason: 'behind' });
    await (await store.restore(false)).open();
    expect(await store.checkpoint()).toEqual(new Map([[0, 5]]));
    const whole = await store.restore(true);
    expect([await store.state(), await store.checkpoint()]).toEqual(['empty', new Map()]);
    await whole.open();
    expect(await store.state()).toBe('open');
  });

  it('comes to what the log says last, however much of it was there before', async () => {
    const log = [
      bindEntry('a', 1),
      eraseEntry('a', 1),
      bindEntry('b', 2),
      bindEntry('a', 3),
      bindEntry('a', 3),
      eraseEntry('b', 2),
    ];
    for (let had = 0; had <= log.length; had++) {
      await client.flushall();
      const restore = await store.restore(true);
      await restore.enter(log.slice(0, had));
      await restore.enter(log);
      await restore.open();
      expect(await find(['a', 'b'])).toEqual({ guids: [3, 0], unlogged: [] });
    }
  });

  it('prefers what the log says to a binding that is unlogged', async () => {
    await bind(['a', 'b'], [7, 8]);
    const restore = await store.restore(true);
    await restore.enter([bindEntry('a', 1), bindEntry('b', 8)]);
    await restore.open();
    expect(await find(['a', 'b'])).toEqual({ guids: [1, 8], unlogged: [] });
  });

  it('lets one process restore at a time, another one when it gives no sign of life, and nobody once it is open', async () => {
    const early = await store.restore(true);
    await expect(store.restore(true)).rejects.toMatchObject({ reason: 'behind' });
    await early.renew();
    await early.enter([bindEntry('a', 1)]);
    const longAgo = Math.floor(Date.now() / 1_000) - 11;
    await client.hset('{tessera:id:0}', 'restoring', longAgo);
    const late = await store.restore(true);
    for (const done of [early.renew(), early.enter([bindEntry('a', 1)]), early.open()]) {
      await expect(done).rejects.toMatchObject({ reason: 'behind' });
    }
    await late.enter([bindEntry('b', 2)]);
    await late.open();
    await expect(late.enter([bindEntry('c', 3)])).rejects.toMatchObject({ reason: 'behind' });
    expect((await find(['a', 'b', 'c'])).guids).toEqual([1, 2, 0]);
  });
});
