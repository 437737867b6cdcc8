import { RedisConnection } from '@tessera/redis';
import { parseMessage } from '@tessera/tag-catalog';
import type { Guid, JsonValue, ProfileEntry, ProfileLane, ProfileOutcome, TagMessage } from '@tessera/tag-catalog';
import { Redis } from 'ioredis';
import { cp, rm } from 'node:fs/promises';
import path from 'node:path';
import { RedisServer } from '../../../test/support/services/redis-server';
import { describeWithServer } from '../../../test/support/services/with-server';
import { groupOfCuid } from './profile-place';
import { RedisProfiles } from './redis-profiles';
import { profileCatalog } from './testing/profile-catalog';

const catalog = profileCatalog();
const NOW = Date.UTC(2026, 10, 1, 12);
const DAY_MS = 86_400_000;
const SOURCE = 'tags.person/0';
const NOTHING_COMMITTED = new Map<string, number>();

interface Header {
  readonly timeMs?: number;
  readonly id?: string;
  readonly type?: string;
}

function message(cuid: string, body: JsonValue, { timeMs = NOW, id, type = 'person' }: Header = {}): TagMessage {
  const header = { type, cuid, time: new Date(timeMs).toISOString(), ...(id === undefined ? {} : { id }) };
  const parsed = parseMessage(catalog, { header, body }, Math.max(NOW, timeMs));
  if (parsed.kind !== 'message') throw new Error(JSON.stringify(parsed));
  return parsed.message;
}

function entry(offset: number, guid: number, content: TagMessage | 'known' | 'erase', cuid = 'a'): ProfileEntry {
  const own = typeof content === 'string' ? cuid : content.cuid;
  return { offset, guid: guid as Guid, cuid: own, arrivalMs: NOW, content };
}

function shown(outcomes: readonly ProfileOutcome[]): unknown[] {
  return outcomes.map(({ verdict, fields }) => [
    typeof verdict === 'string' ? verdict : verdict.code,
    Object.fromEntries(fields.map(({ field, value, timeMs }) => [field.name, [value, timeMs]])),
  ]);
}

describeWithServer('RedisProfiles', RedisServer, (server) => {
  let connection: RedisConnection;
  let client: Redis;
  let profiles: RedisProfiles;

  beforeEach(async () => {
    await server().start();
    client = new Redis(server().url);
    client.on('error', () => undefined);
    await client.flushall();
    connection = await RedisConnection.open([server().url]);
    await connection.ready();
    profiles = new RedisProfiles(connection, { idMemory: 1_000_000 });
    expect(await (await profiles.state()).open(NOTHING_COMMITTED)).toBe(true);
  });

  afterEach(() => {
    connection.close();
    client.disconnect();
  });

  function openLane(source: string, committed: number): Promise<ProfileLane> {
    return profiles.openLane(source, { committed, first: 0, end: 1_000 });
  }

  async function tagsOf(cuid: string, guid: number): Promise<unknown> {
    const [view] = await profiles.profiles([{ cuid, guid: guid as Guid }], catalog.tags);
    return view && Object.fromEntries(view.tagStates().map(({ tag, value, timeMs }) => [tag.name, [value, timeMs]]));
  }

  /** Kills it when all is written; resolves once the connection, which has noticed, is there again. */
  async function restart(): Promise<void> {
    await server().written();
    await server().kill();
    await expect(profiles.state()).rejects.toMatchObject({ reason: 'unreachable', retriable: true });
    await server().start();
    await connection.ready();
  }

  const level = (by: number, id?: string): TagMessage =>
    message('a', { level: { $inc: by } }, id === undefined ? {} : { id });

  it('tells the fields that won, operators by what they came to, and the same again as it stands now', async () => {
    const lane = await openLane(SOURCE, 0);
    const entries = [
      entry(0, 7, message('a', { city: 'rome', level: 2 })),
      entry(1, 7, message('a', { city: 'oslo', level: { $inc: 3 }, vip: true }, { timeMs: NOW - 1 })),
      entry(2, 7, message('a', { city: 'bern', level: { $inc: 5 } }, { timeMs: NOW + 1 })),
      entry(5, 7, message('a', { city: 'lima' }, { timeMs: NOW })),
      entry(6, 7, message('a', { interests: { $add: ['b', 'a'] }, plan: null })),
    ];
    const told = [
      ['accepted', { city: ['rome', NOW], level: [2, NOW] }],
      ['accepted', { vip: [true, NOW - 1] }],
      ['accepted', { city: ['bern', NOW + 1], level: [7, NOW] }],
      ['stale', {}],
      ['accepted', { interests: [['a', 'b'], null], plan: [null, NOW] }],
    ];
    expect(shown(await lane.apply(entries, 8))).toEqual(told);
    const now = {
      city: ['bern', NOW + 1],
      interests: [['a', 'b'], null],
      level: [7, NOW],
      plan: [null, NOW],
      vip: [true, NOW - 1],
    };
    expect(await tagsOf('a', 7)).toEqual(now);
    const again = await openLane(SOURCE, 0);
    const { city, interests, vip, plan } = now;
    expect(shown(await again.apply(entries.slice(0, 3), 4))).toEqual([
      ['repeated', { city, level: now.level }],
      ['repeated', { city, level: now.level, vip }],
      ['repeated', { city, level: now.level }],
    ]);
    expect(shown(await again.apply(entries.slice(3), 8))).toEqual([
      ['repeated', { city }],
      ['repeated', { interests, plan }],
    ]);
    expect(await tagsOf('a', 7)).toEqual(now);
  });

  it('keeps the limits of numbers and sets exactly, and a rejection for when it is asked again', async () => {
    const lane = await openLane(SOURCE, 0);
    const many = Array.from({ length: 999 }, (_, index) => `v${index}`);
    const spend = (by: number): TagMessage => message('a', { spend: { $inc: by } });
    const entries = [
      message('a', { level: Number.MAX_SAFE_INTEGER - 1, spend: 9_999_999_999_999.98, interests: many }),
      level(1),
      message('a', { city: 'secret', level: { $inc: 1 } }, { id: 'x' }),
      level(-Number.MAX_SAFE_INTEGER),
      level(-Number.MAX_SAFE_INTEGER),
      level(-1),
      spend(0.01),
      spend(0.01),
      message('a', { interests: { $add: ['v1', 'w'] } }),
      message('a', { interests: { $add: ['w2'] }, vip: true }),
      message('a', { level: { $inc: 1 } }, { id: 'x' }),
    ].map((content, offset) => entry(offset, 1, content));
    const verdicts = shown(await lane.apply(entries, 10)).map((each) => (each as unknown[])[0]);
    const [yes, no] = ['accepted', 'outOfRange'];
    expect(verdicts).toEqual([yes, yes, no, yes, yes, no, yes, no, yes, no, yes]);
    const tags = (await tagsOf('a', 1)) as Record<string, [unknown, unknown]>;
    expect(tags['level']).toEqual([-Number.MAX_SAFE_INTEGER + 1, NOW]);
    expect(tags['spend']).toEqual([999_999_999_999_999, NOW]);
    expect(tags['interests']?.[0]).toHaveLength(1_000);
    expect([tags['city'], tags['vip']]).toEqual([undefined, undefined]);
    const again = await openLane(SOURCE, 0);
    expect((await again.apply(entries, 10)).map(({ verdict }) => (typeof verdict === 'string' ? verdict : no))).toEqual(
      verdicts.map((verdict) => (verdict === yes ? 'repeated' : verdict)),
    );
  });

  it('leaves no trace of a rejected message: nobody is known by it', async () => {
    const lane = await openLane(SOURCE, 0);
    const over = message('a', { interests: Array.from({ length: 1_000 }, (_, index) => `${index}`) });
    const values = Array.from({ length: 1_001 }, (_, index) => `${index}`);
    const [field] = over.fields;
    const content = { ...over, id: 'x', fields: [{ op: 'add' as const, field: field!.field, values }] };
    const [outcome] = await lane.apply([entry(0, 4, content)], 0);
    expect(outcome?.verdict).toMatchObject({ code: 'outOfRange' });
    expect(await tagsOf('a', 4)).toBeUndefined();
    expect(await profiles.rememberedIds()).toBe(0);
  });

  it('drops what bears a retired guid, and begins anew under another one', async () => {
    const lane = await openLane(SOURCE, 0);
    const erasures = await openLane('sys_cguid_mapping/0', 0);
    await lane.apply([entry(0, 1, level(4, 'once'))], 0);
    expect(shown(await erasures.apply([entry(3, 1, 'erase')], 3))).toEqual([['accepted', {}]]);
    expect(await tagsOf('a', 1)).toBeUndefined();
    expect(
      shown(await lane.apply([entry(1, 1, level(4)), entry(2, 2, level(1, 'once')), entry(3, 2, level(1))], 3)),
    ).toEqual([
      ['retired', {}],
      ['duplicate', {}],
      ['accepted', { level: [1, null] }],
    ]);
    expect(await tagsOf('a', 1)).toBeUndefined();
    expect(await tagsOf('a', 2)).toEqual({ level: [1, null] });
    const again = await openLane('sys_cguid_mapping/0', 3);
    expect(shown(await again.apply([entry(3, 1, 'erase')], 3))).toEqual([['accepted', {}]]);
  });

  it('makes users known by events and offline cuids alone', async () => {
    const events = await openLane('tags.visit/0', 0);
    const visit = message('a', {}, { type: 'visit', id: 'v' });
    expect(shown(await events.apply([entry(0, 1, visit), entry(1, 1, visit), entry(2, 8, 'known', 'b')], 2))).toEqual([
      ['accepted', {}],
      ['duplicate', {}],
      ['accepted', {}],
    ]);
    expect(await tagsOf('a', 1)).toEqual({});
    expect(await tagsOf('b', 8)).toEqual({});
    expect(await tagsOf('b', 9)).toBeUndefined();
    const again = await openLane('tags.visit/0', 0);
    expect(shown(await again.apply([entry(0, 1, visit), entry(1, 1, visit)], 1))).toEqual([
      ['repeated', {}],
      ['duplicate', {}],
    ]);
  });

  it('remembers ids for 7 days from their arrival, and the newest ones', async () => {
    const few = new RedisProfiles(connection, { idMemory: 32 * 3 });
    const lane = await few.openLane(SOURCE, { committed: 0, first: 0, end: 0 });
    let offset = 0;
    const say = async (id: string, arrivalMs: number): Promise<unknown> => {
      const [outcome] = await lane.apply([{ ...entry(offset, 1, level(1, id)), arrivalMs }], offset);
      offset += 1;
      return outcome?.verdict;
    };
    expect([await say('1', NOW), await say('1', NOW + 7 * DAY_MS - 1)]).toEqual(['accepted', 'duplicate']);
    expect([await say('1', NOW + 7 * DAY_MS), await say('1', NOW + 8 * DAY_MS)]).toEqual(['accepted', 'duplicate']);
    for (const id of ['2', '3']) expect(await say(id, NOW + 8 * DAY_MS)).toBe('accepted');
    expect(await say('1', NOW + 9 * DAY_MS)).toBe('duplicate');
    expect(await say('4', NOW + 9 * DAY_MS)).toBe('accepted');
    expect([await say('2', NOW + 9 * DAY_MS), await say('4', NOW + 9 * DAY_MS)]).toEqual(['duplicate', 'duplicate']);
    expect(await say('1', NOW + 9 * DAY_MS)).toBe('accepted');
    expect(await few.rememberedIds()).toBe(3);
    expect(await say('5', NOW + 30 * DAY_MS)).toBe('accepted');
    expect(await few.rememberedIds()).toBe(1);
    expect((await client.keys('*:i*')).length).toBe(1);
  });

  it('knows again who took an id, after another one took it 7 days later', async () => {
    const days = [0, 6.9, 7, 7.5];
    const entries = days.map((day, offset) => ({ ...entry(offset, 1, level(1, 'x')), arrivalMs: NOW + day * DAY_MS }));
    const verdicts = async (): Promise<unknown[]> => {
      const lane = await openLane(SOURCE, 0);
      return (await lane.apply(entries, 3)).map(({ verdict }) => verdict);
    };
    expect(await verdicts()).toEqual(['accepted', 'duplicate', 'accepted', 'duplicate']);
    expect(await verdicts()).toEqual(['repeated', 'duplicate', 'repeated', 'duplicate']);
    expect(await tagsOf('a', 1)).toEqual({ level: [2, null] });
  });

  it('lets two lanes of one source run at once: each entry counts once', async () => {
    const entries = Array.from({ length: 60 }, (_, offset) => entry(offset, 1, level(1)));
    const lanes = await Promise.all([openLane(SOURCE, 0), openLane(SOURCE, 0)]);
    const run = async (lane: ProfileLane, size: number): Promise<void> => {
      for (let from = 0; from < 60; from += size) {
        await lane.apply(entries.slice(from, from + size), Math.min(59, from + size - 1));
      }
    };
    await Promise.all([run(lanes[0], 7), run(lanes[1], 4)]);
    expect(await tagsOf('a', 1)).toEqual({ level: [60, null] });
  });

  it('lets nothing pass that a call before it has not brought', async () => {
    const lane = await openLane(SOURCE, 0);
    // The key is of another type: the script fails before it has written anything.
    const key = `{tessera:profile:${groupOfCuid('a')}}`;
    await client.rename(key, 'aside');
    await client.set(key, 'x');
    const calls = [lane.apply([entry(0, 1, level(1))], 0), lane.apply([entry(1, 1, level(1))], 1)];
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await client.rename('aside', key);
    await expect(lane.apply([entry(2, 1, level(1))], 2)).rejects.toMatchObject({ reason: 'lost', retriable: true });
    const anew = await openLane(SOURCE, 1);
    expect(anew.position).toBe(0);
    await anew.apply([entry(0, 1, level(1)), entry(1, 1, level(1))], 1);
    expect(await tagsOf('a', 1)).toEqual({ level: [2, null] });
  });

  it('refuses offsets that do not ascend', async () => {
    const lane = await openLane(SOURCE, 0);
    await lane.apply([], 4);
    await expect(lane.apply([entry(4, 1, level(1))], 9)).rejects.toThrow(RangeError);
    await expect(lane.apply([entry(6, 1, level(1))], 5)).rejects.toThrow(RangeError);
  });

  it('notices that Redis went back in time, and is brought up to date by delivering again', async () => {
    const lane = await openLane(SOURCE, 0);
    await lane.apply([entry(0, 1, level(1, 'first'))], 0);
    await lane.settle();
    await server().written();
    const kept = path.join(server().folder, 'kept');
    const data = path.join(server().folder, 'appendonlydir');
    await cp(data, kept, { recursive: true });
    const late = [entry(1, 1, level(10, 'second')), entry(2, 1, level(100)), entry(3, 1, level(100, 'second'))];
    await lane.apply(late, 3);
    await lane.settle();
    await server().kill();
    await expect(lane.settle()).rejects.toMatchObject({ reason: 'unreachable', retriable: true });
    await rm(data, { recursive: true });
    await cp(kept, data, { recursive: true });
    await server().start();
    await connection.ready();
    await expect(tagsOf('a', 1)).rejects.toMatchObject({ reason: 'behind', retriable: true });
    const state = await profiles.state();
    expect(state.state).toBe('behind');
    expect(await state.open(new Map([[SOURCE, 4]]))).toBe(false);
    const anew = await openLane(SOURCE, 4);
    expect(anew.position).toBe(1);
    expect(shown(await anew.apply(late, 3))).toEqual([
      ['accepted', { level: [11, null] }],
      ['accepted', { level: [111, null] }],
      ['duplicate', {}],
    ]);
    await anew.settle();
    expect(await state.open(new Map([[SOURCE, 4]]))).toBe(true);
    expect(await tagsOf('a', 1)).toEqual({ level: [111, null] });
  });

  it('has lost nothing after kill -9 when its file is whole, and says so only when asked with what was committed', async () => {
    const lane = await openLane(SOURCE, 0);
    await lane.apply([entry(0, 1, level(5))], 0);
    await lane.settle();
    await restart();
    const before = await profiles.state();
    expect(before.state).toBe('behind');
    await restart();
    // Of another run than was asked about.
    expect(await before.open(new Map([[SOURCE, 1]]))).toBe(false);
    expect(await (await profiles.state()).open(new Map([[SOURCE, 1]]))).toBe(true);
    expect((await profiles.state()).state).toBe('open');
    expect(await tagsOf('a', 1)).toEqual({ level: [5, null] });
    expect((await openLane(SOURCE, 1)).position).toBe(1);
  });

  it('notices that it was emptied, lanes that go on included', async () => {
    const lane = await openLane(SOURCE, 0);
    await lane.apply([entry(0, 1, level(5))], 0);
    await lane.settle();
    await client.flushall();
    await expect(tagsOf('a', 1)).rejects.toMatchObject({ reason: 'empty' });
    await expect(lane.apply([entry(1, 1, level(5))], 1)).rejects.toMatchObject({ reason: 'lost' });
    const state = await profiles.state();
    expect(state.state).toBe('empty');
    expect(await state.open(new Map([[SOURCE, 1]]))).toBe(false);
    expect((await openLane(SOURCE, 1)).position).toBe(0);
  });

  it('begins where source and store still meet, and says so where they do not', async () => {
    const lane = await openLane(SOURCE, 0);
    await lane.apply([entry(40, 1, level(5))], 49);
    await lane.settle();
    const open = (committed: number, first: number, end: number): Promise<ProfileLane> =>
      profiles.openLane(SOURCE, { committed, first, end });
    expect([(await open(50, 0, 50)).position, (await open(45, 0, 90)).position]).toEqual([50, 45]);
    expect([(await open(50, 60, 90)).position, (await open(70, 50, 90)).position]).toEqual([60, 50]);
    await expect(open(70, 51, 90)).rejects.toMatchObject({ reason: 'gone', retriable: false });
    await expect(open(0, 0, 49)).rejects.toMatchObject({ reason: 'ahead', retriable: true });
    await profiles.assume(new Map([[SOURCE, 0]]));
    const anew = await open(0, 0, 3);
    expect(shown(await anew.apply([entry(0, 1, level(5))], 0))).toEqual([['accepted', { level: [10, null] }]]);
  });

  it('can be filled from elsewhere: as messages of another source, then told how far that reaches', async () => {
    const values = [message('a', { city: 'rome' }), level(3), message('b', { vip: true })];
    const restore = await openLane('restore/0', 0);
    await restore.apply([entry(0, 1, values[0]!), entry(1, 1, values[1]!), entry(2, 2, values[2]!)], 2);
    await profiles.assume(new Map([[SOURCE, 70]]));
    expect(await (await profiles.state()).open(new Map([[SOURCE, 70]]))).toBe(true);
    const lane = await profiles.openLane(SOURCE, { committed: 70, first: 60, end: 80 });
    expect(lane.position).toBe(70);
    await lane.apply([entry(70, 1, level(1))], 70);
    expect(await tagsOf('a', 1)).toEqual({ city: ['rome', NOW], level: [4, null] });
  });

  it('is not opened where keys may be evicted', async () => {
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await expect((await profiles.state()).open(NOTHING_COMMITTED)).rejects.toMatchObject({ message: /noeviction/ });
    await client.config('SET', 'maxmemory-policy', 'noeviction');
  });

  it('writes nothing of a batch that does not fit into memory, and all of it later', async () => {
    const lane = await openLane(SOURCE, 0);
    await client.config('SET', 'maxmemory', '1');
    await expect(lane.apply([entry(0, 1, level(5))], 0)).rejects.toMatchObject({ reason: 'unreachable' });
    await client.config('SET', 'maxmemory', '0');
    const anew = await openLane(SOURCE, 0);
    expect(shown(await anew.apply([entry(0, 1, level(5))], 0))).toEqual([['accepted', { level: [5, null] }]]);
  });

  it('keeps the users of a bucket as one packed list', async () => {
    const lane = await openLane(SOURCE, 0);
    const entries = Array.from({ length: 3_000 }, (_, index) =>
      entry(index, index + 1, message(`user-${index}`, { vip: true, level: 7, city: 'shanghai', spend: 45.5 })),
    );
    await lane.apply(entries, 2_999);
    const buckets = await client.keys('{tessera:profile:*}[0-9]*');
    expect(buckets.length).toBeLessThan(100);
    for (const key of buckets) expect(await client.object('ENCODING', key)).toBe('listpack');
    const asked = entries.map(({ cuid, guid }) => ({ cuid, guid })).reverse();
    const city = catalog.tag('city')!;
    const views = await profiles.profiles([...asked, { cuid: 'nobody', guid: 99_999 as Guid }], [city]);
    expect(views.map((view) => view?.cuid)).toEqual([...asked.map(({ cuid }) => cuid), undefined]);
    expect(
      new Set(views.slice(0, -1).map((view) => JSON.stringify(view?.tagStates().map(({ value }) => value)))),
    ).toEqual(new Set(['["shanghai"]']));
    expect(views[0]?.tagValue(catalog.tag('level')!)).toBeUndefined();
  });
});
