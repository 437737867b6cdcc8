import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { RunningServer } from '../support/running-server';
import { committedOffsets } from '@tessera/kafka';
import { runProgram } from '../support/services/command';
import { KafkaServer } from '../support/services/kafka-server';
import { describeWithServer } from '../support/services/with-server';
import { ask, eventually, rawMessage, StreamClient } from './stream-client';

const TEST_MS_MAX = 300_000;
const ROOT = path.join(__dirname, '..', '..');
const REGISTER = path.join(ROOT, 'test', 'support', 'register-swc.cjs');
const DEAD_LETTERS = path.join(ROOT, 'apps', 'mapping-worker', 'src', 'cli', 'dead-letters.ts');
const CITY = {
  name: 'city',
  kind: 'profile',
  tags: [
    { name: 'town', valueType: 'string' },
    { name: 'visits', valueType: 'int' },
  ],
};
const VISIT = { name: 'visit', kind: 'event', properties: [{ name: 'page', valueType: 'string' }] };

describeWithServer('The standalone process on a Kafka', KafkaServer, (kafka) => {
  let folder = '';
  let stream: StreamClient;
  let server: RunningServer;

  const start = (settings: Readonly<Record<string, string>> = {}): Promise<RunningServer> =>
    RunningServer.start(path.join(folder, 'data'), {
      environment: { KAFKA_BROKERS: kafka().broker, PARTITIONS: '4', ...settings },
    });
  const metrics = async (): Promise<string> => (await fetch(`${server.url}/metrics`)).text();

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tessera-stream-'));
    stream = new StreamClient(kafka().broker);
    server = await start();
    await ask(server, 'POST', '/v1/tag-types', CITY);
    await ask(server, 'POST', '/v1/tag-types', VISIT);
  }, TEST_MS_MAX);

  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it(
    'makes the topics that are missing, and counts what comes',
    async () => {
      await eventually(async () => expect((await server.ask('GET', '/health/ready')).status).toBe(200));
      expect([(await stream.ends('tags.raw')).size, (await stream.ends('tags.dead')).size]).toEqual([4, 1]);
      await stream.takeLargeRecords('tags.raw');
      const users = Array.from({ length: 500 }, (_, user) => user);
      await stream.send(...users.map((user) => rawMessage('city', `user-${user}`, { town: `town-${user % 3}` })));
      await eventually(async () => {
        expect(await server.count({ tag: 'town', op: 'eq', value: 'town-1' })).toBe(167);
        expect(await server.count({ all: true })).toBe(500);
      });
      await eventually(async () => {
        expect((await server.ask('GET', '/health/ready')).status).toBe(200);
        expect(await ask(server, 'GET', '/v1/status')).toMatchObject({ lag: 0 });
      });
    },
    TEST_MS_MAX,
  );

  it(
    'shows a record of tags.raw to whoever waits for its position',
    async () => {
      for (let turn = 0; turn < 20; turn += 1) {
        await stream.send(rawMessage('city', `waited-${turn}`, { visits: turn }));
        const ends = [...(await stream.ends('tags.raw'))].filter(([, end]) => end > 0);
        const minOffset = `tags.raw:${ends.map(([partition, end]) => `${partition}@${end - 1}`).join(',')}`;
        const user = await server.ask('GET', `/v1/users/waited-${turn}?minOffset=${minOffset}`);
        expect(user).toMatchObject({ status: 200, body: { tags: { visits: { value: turn } } } });
      }
    },
    TEST_MS_MAX,
  );

  it(
    'sends each bad record to the dead letters and takes what follows it',
    async () => {
      const before = (await stream.read('tags.dead', 0)).length;
      await stream.send(
        { key: 'ada', value: null },
        { key: null, value: '{}' },
        { key: 'ada', value: 'x'.repeat(5_000_000) },
        { key: 'ada', value: 'no JSON' },
        { key: 'ada', value: '{"header":{"type":"city","cuid":"ada"},"body":{' },
        { key: 'ben', value: rawMessage('city', 'ada', { visits: 1 }).value },
        rawMessage('sys_other', 'ada', {}),
        rawMessage('not_declared', 'ada', { fact: 1 }),
        rawMessage('city', 'ada', { visits: 'many' }),
        rawMessage('city', 'ada', { visits: { $inc: Number.MAX_SAFE_INTEGER } }),
        rawMessage('city', 'ada', { visits: { $inc: 1 } }),
        rawMessage('city', 'ada', { town: 'rome' }),
      );
      const letters = (await stream.read('tags.dead', before + 10)).map(({ headers }) => String(headers['dead.code']));
      expect(letters.sort()).toEqual([
        ...['emptyValue', 'invalidJson', 'invalidMessage', 'keyDiffers', 'missingKey', 'outOfRange', 'reservedType'],
        ...['tooLarge', 'unknownType', 'wrongType'],
      ]);
      await eventually(async () => expect(await server.count({ tag: 'town', op: 'eq', value: 'rome' })).toBe(1));
    },
    TEST_MS_MAX,
  );

  it(
    'takes dead letters that are replayed once their type is declared, each once though its letter stands twice',
    async () => {
      const [letter] = (await stream.read('tags.dead', 1)).filter(
        ({ headers }) => String(headers['dead.code']) === 'unknownType',
      );
      const again = { key: letter?.key ?? null, value: letter?.value ?? null, headers: letter?.headers ?? {} };
      await stream.sendTo('tags.dead', again);
      const type = { name: 'not_declared', kind: 'event', properties: [{ name: 'fact', valueType: 'int' }] };
      await ask(server, 'POST', '/v1/tag-types', type);
      const replay = (): Promise<string> =>
        runProgram(process.execPath, ['-r', REGISTER, DEAD_LETTERS, 'replay'], {
          environment: { KAFKA_BROKERS: kafka().broker },
        });
      expect(await replay()).toContain('1 stood there twice');
      const rows = async (): Promise<number | undefined> => {
        const user = (await ask(server, 'GET', '/v1/users/ada')) as { events: Record<string, { count: number }> };
        return user.events['not_declared']?.count;
      };
      await eventually(async () => expect(await rows()).toBe(1));
      await stream.sendTo('tags.dead', again);
      expect(await replay()).toContain('1 stood there twice');
      await eventually(async () => expect(await ask(server, 'GET', '/v1/status')).toMatchObject({ lag: 0 }));
      expect(await rows()).toBe(1);
    },
    TEST_MS_MAX,
  );

  it(
    'erases in message order, and tells others how far it has come',
    async () => {
      await stream.send(
        rawMessage('city', 'cleo', { visits: { $inc: 5 }, town: 'rome' }),
        rawMessage('visit', 'cleo', {}),
        rawMessage('sys_erase', 'cleo', {}),
        rawMessage('city', 'cleo', { visits: { $inc: 2 } }),
        rawMessage('sys_offline_cuid', 'dora', {}),
      );
      await eventually(async () => {
        const { tags, events } = (await ask(server, 'GET', '/v1/users/cleo')) as { tags: object; events: object };
        expect([Object.keys(tags), events]).toEqual([['visits'], {}]);
        expect((await server.ask('GET', '/v1/users/dora')).status).toBe(200);
      });
      const ends = [...(await stream.ends('tags.raw'))];
      await eventually(async () =>
        expect([...(await committedOffsets(stream.client, 'tessera-standalone', 'tags.raw'))].sort()).toEqual(
          ends.filter(([, end]) => end > 0).sort(),
        ),
      );
      const text = await metrics();
      expect(text).toMatch(/tessera_stream_delay_seconds_count [1-9]/);
      expect(text).toMatch(/tessera_stream_dead_letters_total\{code="keyDiffers"\} \d/);
      expect(text).toMatch(/tessera_stream_lag_records\{topic="tags.raw",partition="0"\} 0/);
    },
    TEST_MS_MAX,
  );

  it(
    'answers while Kafka is away, says so, and goes on by itself',
    async () => {
      await kafka().kill();
      await eventually(async () =>
        expect((await server.ask('GET', '/health/ready')).body).toMatchObject({
          dependencies: { kafka: { ok: false } },
        }),
      );
      const known = await server.count({ all: true });
      const messages = [{ header: { type: 'city', cuid: 'over-http' }, body: { town: 'oslo' } }];
      expect(await ask(server, 'POST', '/v1/messages', messages)).toMatchObject({ accepted: 1 });
      // A start without Kafka too.
      expect((await server.stop()).code).toBe(0);
      server = await start();
      expect(await server.count({ all: true })).toBe(known + 1);
      await kafka().start();
      await stream.send(rawMessage('city', 'after', { town: 'oslo' }));
      await eventually(async () => expect(await server.count({ tag: 'town', op: 'eq', value: 'oslo' })).toBe(2));
    },
    TEST_MS_MAX,
  );

  it(
    'goes on behind what retention took away, and counts it as lost',
    async () => {
      await server.stop();
      const ends = await stream.ends('tags.raw');
      await stream.send(
        ...Array.from({ length: 40 }, (_, index) => rawMessage('city', `late-${index}`, { town: 'riga' })),
      );
      const later = await stream.ends('tags.raw');
      let lost = 0;
      for (const [partition, end] of ends) {
        const sent = (later.get(partition) ?? 0) - end;
        lost += Math.min(sent, 3);
        await stream.deleteBefore('tags.raw', partition, end + Math.min(sent, 3));
      }
      server = await start();
      await eventually(async () => {
        expect(await server.count({ tag: 'town', op: 'eq', value: 'riga' })).toBe(40 - lost);
        const counted = Number(/tessera_stream_lost_offsets_total (\d+)/.exec(await metrics())?.[1]);
        // The replay before has left the mark of a transaction in some partitions.
        expect(counted).toBeGreaterThanOrEqual(lost);
        expect(counted).toBeLessThanOrEqual(lost + ends.size);
      });
      expect(server.output).toContain('are gone and were never read');
    },
    TEST_MS_MAX,
  );

  it(
    'reads no topic that was made anew until it is told to, and then all of it',
    async () => {
      await server.stop();
      await stream.deleteTopic('tags.raw');
      await eventually(() => stream.createTopics({ 'tags.raw': 4 }));
      // More than there were, so that every stored position lies inside.
      await stream.send(
        ...Array.from({ length: 3_000 }, (_, index) => rawMessage('city', `anew-${index}`, { town: 'kyiv' })),
      );
      server = await start();
      await eventually(async () =>
        expect((await server.ask('GET', '/health/ready')).body).toMatchObject({
          dependencies: { kafka: { ok: false, detail: expect.stringContaining('made anew') } },
        }),
      );
      expect(await server.count({ tag: 'town', op: 'eq', value: 'kyiv' })).toBe(0);
      await server.stop();
      server = await start({ STREAM_EPOCH: '1' });
      await eventually(async () => expect(await server.count({ tag: 'town', op: 'eq', value: 'kyiv' })).toBe(3_000));
      expect((await server.ask('GET', '/health/ready')).status).toBe(200);
    },
    TEST_MS_MAX,
  );

  it(
    'notices it while it reads',
    async () => {
      await stream.deleteTopic('tags.raw');
      await eventually(async () => {
        const sizes = [...(await stream.ends('tags.raw')).values()];
        expect(sizes).toEqual([0, 0, 0, 0]);
      });
      await stream.send(
        ...Array.from({ length: 5_000 }, (_, index) => rawMessage('city', `again-${index}`, { town: 'lima' })),
      );
      await eventually(async () =>
        expect((await server.ask('GET', '/health/ready')).body).toMatchObject({
          dependencies: { kafka: { ok: false, detail: expect.stringContaining('made anew') } },
        }),
      );
      expect(await server.count({ tag: 'town', op: 'eq', value: 'lima' })).toBe(0);
      await server.stop();
      server = await start({ STREAM_EPOCH: '2' });
      await eventually(async () => expect(await server.count({ tag: 'town', op: 'eq', value: 'lima' })).toBe(5_000));
    },
    TEST_MS_MAX,
  );
});
