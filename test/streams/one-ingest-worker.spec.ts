import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProfileView } from '@tessera/audience';
import { MysqlCatalogStore } from '@tessera/catalog-store';
import { GUID_HEADER, MAPPING_TOPIC } from '@tessera/ingest';
import { committedOffsets, readToEnd } from '@tessera/kafka';
import type { ReadRecord } from '@tessera/kafka';
import type { RedisProfiles } from '@tessera/online-profile';
import { declareTagType } from '@tessera/tag-catalog';
import type { Guid, JsonValue } from '@tessera/tag-catalog';
import { Redis } from 'ioredis';
import { freePort } from '../support/services/free-port';
import { describeWithServer } from '../support/services/with-server';
import type { SourceProcess } from '../support/source-process';
import { INGEST_RUNS, openProfiles, startIngest } from './ingest-process';
import { StreamServers } from './stream-servers';
import { startWorker, WORKER_RUNS } from './worker-process';

const TEST_MS_MAX = 300_000;
const WAIT_MS_MAX = 120_000;
const SHOP: JsonValue = {
  name: 'shop',
  kind: 'profile',
  autoDeclare: true,
  tags: [
    { name: 'town', valueType: 'string' },
    { name: 'visits', valueType: 'int' },
    { name: 'spent', valueType: 'decimal', scale: 2 },
    { name: 'likes', valueType: 'set' },
    { name: 'seen', valueType: 'datetime' },
  ],
};

interface Sent {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers?: Record<string, string>;
}

describeWithServer('An ingest worker behind a mapping worker on real servers', StreamServers, (running) => {
  let servers: StreamServers;
  let mapping: SourceProcess;
  let ingest: SourceProcess;
  let catalogStore: MysqlCatalogStore;
  let profiles: RedisProfiles;
  let closeProfiles = (): void => undefined;
  let port = 0;

  beforeAll(async () => {
    servers = running();
    await servers.createTopics({ 'tags.raw': 2 });
    catalogStore = await MysqlCatalogStore.open(servers.mariadb.url);
    await declare(SHOP);
    ({ profiles, close: closeProfiles } = await openProfiles(servers.redis.url));
    port = await freePort();
    mapping = startWorker(servers.settings);
    ingest = startIngest({ ...servers.settings, PORT: String(port) });
    await Promise.all([mapping.printed(WORKER_RUNS), ingest.printed(INGEST_RUNS)]);
  }, TEST_MS_MAX);

  afterAll(async () => {
    await Promise.all([mapping.end('SIGKILL'), ingest.end('SIGKILL')]);
    closeProfiles();
    await catalogStore.close();
  }, TEST_MS_MAX);

  async function declare(json: JsonValue): Promise<void> {
    await catalogStore.update((catalog) => {
      const declared = declareTagType(catalog, json);
      if (!declared.ok) throw new Error(declared.errors.map(({ message }) => message).join());
      return declared.value;
    });
  }

  async function sendTo(topic: string, ...messages: readonly Sent[]): Promise<void> {
    const producer = servers.client.producer();
    await producer.connect();
    await producer.send({ topic, messages: [...messages] });
    await producer.disconnect();
  }

  const send = (...messages: readonly Sent[]): Promise<void> => sendTo('tags.raw', ...messages);

  const message = (cuid: string, body: object, header: object = {}): Sent => ({
    key: cuid,
    value: JSON.stringify({ header: { type: 'shop', cuid, ...header }, body }),
  });

  async function records(topic: string): Promise<readonly ReadRecord[]> {
    const found: ReadRecord[] = [];
    await readToEnd(servers.client, topic, (_partition, some) => {
      found.push(...some);
    });
    return found;
  }

  /** What the question gives as soon as it gives what is expected; else what it gave last. */
  async function soon<T>(ask: () => Promise<T>, isExpected: (answer: T) => boolean, msMax = WAIT_MS_MAX): Promise<T> {
    const untilMs = performance.now() + msMax;
    for (;;) {
      const answer = await ask().catch((error: unknown) => {
        if (performance.now() > untilMs) throw error;
        return null;
      });
      if (answer !== null && (isExpected(answer) || performance.now() > untilMs)) return answer;
      await sleep(100);
    }
  }

  /** By the mapping log: the last binding holds. */
  async function guidOf(cuid: string): Promise<Guid | null> {
    const entries = (await records(MAPPING_TOPIC)).filter(({ key }) => String(key) === cuid);
    const last = JSON.parse(String(entries.at(-1)?.value ?? 'null')) as { op: string; guid: Guid } | null;
    return last?.op === 'bind' ? last.guid : null;
  }

  async function viewOf(cuid: string, guid: Guid): Promise<ProfileView | undefined> {
    await catalogStore.refresh();
    const [view] = await profiles.profiles([{ cuid, guid }], catalogStore.current().tags);
    return view;
  }

  const valuesOf = (view: ProfileView | undefined): Record<string, unknown> | null =>
    view === undefined
      ? null
      : Object.fromEntries(view.tagStates().map(({ tag, value, timeMs }) => [tag.name, [value, timeMs]]));

  async function expectProfile(cuid: string, expected: Record<string, unknown> | null): Promise<void> {
    const found = await soon(
      async () => {
        const guid = await guidOf(cuid);
        return { values: guid === null ? null : valuesOf(await viewOf(cuid, guid)) };
      },
      ({ values }) => JSON.stringify(values) === JSON.stringify(expected),
    );
    expect({ cuid, values: found.values, said: '' }).toEqual({ cuid, values: expected, said: '' });
  }

  const letters = async (): Promise<readonly (readonly [string, string])[]> =>
    (await records('tags.dead')).map(({ headers }) => [
      String(headers['dead.code']),
      String(headers['dead.origin']).split('/')[0] ?? '',
    ]);

  it(
    'makes a message readable, value by value',
    async () => {
      const time = '2026-11-01T08:00:00Z';
      const timeMs = Date.parse(time);
      await send(
        message('ada', { town: 'Köln', visits: 3, spent: 12.5, likes: ['tea', 'fish'], seen: time }, { time }),
        message('ada', { visits: { $inc: 4 }, likes: { $add: ['jam'] } }, { time, id: 'one' }),
        message('ada', { visits: { $inc: 4 } }, { time, id: 'one' }),
        message('ada', { town: 'too late' }, { time: '2026-10-31T08:00:00Z' }),
        message('ada', { spent: null }, { time: '2026-11-02T08:00:00Z' }),
      );
      await expectProfile('ada', {
        town: ['Köln', timeMs],
        visits: [7, timeMs],
        spent: [null, timeMs + 86_400_000],
        likes: [['fish', 'jam', 'tea'], timeMs],
        seen: [timeMs, timeMs],
      });
    },
    TEST_MS_MAX,
  );

  it(
    'ends in order at SIGTERM and goes on where it was',
    async () => {
      const startedMs = performance.now();
      const { code, output } = await ingest.end('SIGTERM');
      expect({ code, output }).toMatchObject({ code: 0 });
      expect(performance.now() - startedMs).toBeLessThan(10_000);
      ingest = startIngest({ ...servers.settings, PORT: String(port) });
      await send({ key: 'ben', value: message('ben', { visits: 1 }, { time: '2026-11-01T08:00:00Z' }).value });
      await expectProfile('ben', { visits: [1, Date.parse('2026-11-01T08:00:00Z')] });
    },
    TEST_MS_MAX,
  );

  it(
    'sends what can not be used to the dead letters with the reason, and nothing waits behind it',
    async () => {
      const header = { type: 'shop', cuid: 'ada' };
      const guid = String(await guidOf('ada'));
      const stamped = { key: 'ada', headers: { [GUID_HEADER]: guid } };
      await send(
        message('ada', { visits: 'many' }),
        message('ada', { visits: { $inc: Number.MAX_SAFE_INTEGER } }),
        message('ada', {}),
        { key: 'ada', value: '{"header":{"type":"shop","cuid":"ada"},"body":{"visits":1' },
        { key: 'ada', value: '{"header":{"type":"shop","cuid":"ada"},"body":{},"header":{"type":"shop","cuid":"x"}}' },
      );
      // Not by the mapping worker.
      await sendTo(
        'tags.shop',
        { key: 'ada', value: JSON.stringify({ header, body: { visits: 1 } }) },
        { ...stamped, value: JSON.stringify({ header: { ...header, cuid: 'ben' }, body: { visits: 1 } }) },
        { ...stamped, key: null, value: JSON.stringify({ header, body: { visits: 1 } }) },
        { ...stamped, value: null },
      );
      await send(message('ada', { visits: { $inc: 1 } }, { time: '2026-11-01T08:00:00Z' }));
      await soon(
        async () => (await viewOf('ada', Number(guid) as Guid))?.tagStates().map(({ value }) => value),
        (values) => values?.includes(8) === true,
      );
      const expected = [
        ...['wrongType', 'outOfRange', 'emptyBody', 'invalidJson', 'emptyBody'],
        ...['invalidGuid', 'keyDiffers', 'missingKey', 'emptyValue'],
      ].map((code) => [code, 'tags.shop']);
      const found = await soon(letters, (all) => all.length >= expected.length);
      expect([...found].sort()).toEqual([...expected].sort());
    },
    TEST_MS_MAX,
  );

  it(
    'knows offline cuids, and nothing of users that were erased',
    async () => {
      await send(message('cleo', {}, { type: 'sys_offline_cuid' }), message('dora', { visits: 2 }));
      await expectProfile('cleo', {});
      const retired = (await soon(
        () => guidOf('dora'),
        (guid) => guid !== null,
      ))!;
      await soon(
        () => viewOf('dora', retired),
        (view) => view !== undefined,
      );
      await send(message('dora', {}, { type: 'sys_erase' }));
      const gone = await soon(
        async () => ({ view: await viewOf('dora', retired) }),
        ({ view }) => view === undefined,
      );
      expect(gone.view).toBeUndefined();
      await send(message('dora', { town: 'Ulm' }, { time: '2026-11-01T08:00:00Z' }));
      await expectProfile('dora', { town: ['Ulm', Date.parse('2026-11-01T08:00:00Z')] });
      expect(await guidOf('dora')).not.toBe(retired);
    },
    TEST_MS_MAX,
  );

  it(
    'declares fields where the type allows it, and reads a type that is declared while it runs',
    async () => {
      const time = '2026-11-01T08:00:00Z';
      await send(message('emil', { bonus: 1.5, tags_of_may: ['a'] }, { time }));
      await expectProfile('emil', { bonus: [15_000, Date.parse(time)], tags_of_may: [['a'], Date.parse(time)] });
      await declare({ name: 'late', kind: 'kv', tags: [{ name: 'late_n', valueType: 'int' }] });
      await send(message('fred', { late_n: 4 }, { type: 'late', time }));
      await expectProfile('fred', { late_n: [4, Date.parse(time)] });
    },
    TEST_MS_MAX,
  );

  it(
    'fills a Redis that was emptied again from Kafka, and lets it be read only then',
    async () => {
      const guid = (await guidOf('ada'))!;
      const before = valuesOf(await viewOf('ada', guid));
      const client = new Redis(servers.redis.url);
      await client.flushall();
      client.disconnect();
      await expect(profiles.profiles([{ cuid: 'ada', guid }], [])).rejects.toThrow('emptied');
      await expectProfile('ada', before);
    },
    TEST_MS_MAX,
  );

  it(
    'goes on while MySQL is away; a field that it does not know waits for it',
    async () => {
      const time = '2026-11-01T08:00:00Z';
      const before = (await letters()).length;
      await declare({ name: 'plain', kind: 'profile', tags: [{ name: 'plain_n', valueType: 'int' }] });
      await send(message('gina', { plain_n: 1 }, { type: 'plain', time }));
      await expectProfile('gina', { plain_n: [1, Date.parse(time)] });
      const guid = (await guidOf('gina'))!;
      const tags = [...catalogStore.current().tags];
      const valuesNow = async (): Promise<unknown[]> => {
        const [view] = await profiles.profiles([{ cuid: 'gina', guid }], tags);
        return view?.tagStates().map(({ value }) => value) ?? [];
      };
      await servers.mariadb.kill();
      await send(message('gina', { plain_n: { $inc: 1 } }, { type: 'plain', time }));
      expect(await soon(valuesNow, (values) => values.includes(2))).toEqual([2]);
      await send(message('gina', { plain_n: 1, other: 1 }, { type: 'plain', time }));
      await sleep(2_000);
      expect((await letters()).length).toBe(before);
      // Others are applied, and committed, meanwhile.
      const committed = async (): Promise<number> =>
        [...(await committedOffsets(servers.client, 'tessera-ingest', 'tags.shop')).values()].reduce(
          (a, b) => a + b,
          0,
        );
      const earlier = await committed();
      await send(message('ada', { visits: { $inc: 1 } }, { time }));
      expect(await soon(committed, (position) => position > earlier)).toBeGreaterThan(earlier);
      await servers.mariadb.start();
      const after = await soon(letters, (all) => all.length > before);
      expect(after.at(-1)).toEqual(['unknownField', 'tags.plain']);
    },
    TEST_MS_MAX,
  );

  it('tells Prometheus what the rules and the dashboard ask for', async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const told = new Set([...text.matchAll(/^(\w+)[ {]/gm)].map(([, name]) => name));
    for (const file of ['prometheus/tessera.rules.yaml', 'grafana/tessera-streams.json']) {
      const asked = (await readFile(join(__dirname, '..', '..', 'docker', file), 'utf8')).match(/\btessera_\w+/g) ?? [];
      const own = asked.filter((name) => !name.startsWith('tessera_identity'));
      expect(own.length).toBeGreaterThan(5);
      expect([...new Set(own)].filter((name) => !told.has(name))).toEqual([]);
    }
    expect(text).toContain('tessera_profiles_open 1');
    expect(text).toContain('tessera_ingest_entries_total{entry="message",verdict="accepted"} ');
    expect(text).toMatch(/^tessera_stream_lag_records\{topic="tags.late",partition="[01]"\} 0$/m);
    const ready = await fetch(`http://127.0.0.1:${port}/health/ready`);
    expect(await ready.json()).toMatchObject({ ready: true });
  });
});
