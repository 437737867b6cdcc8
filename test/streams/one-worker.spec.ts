import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAPPING_TOPIC } from '@tessera/ingest';
import { readToEnd, TopicDirectory } from '@tessera/kafka';
import type { ReadRecord } from '@tessera/kafka';
import { Redis } from 'ioredis';
import { freePort } from '../support/services/background-process';
import { runProgram } from '../support/services/command';
import { StreamServers } from './stream-servers';
import { WorkerProcess } from './worker-process';

const TEST_MS_MAX = 300_000;
const WAIT_MS_MAX = 60_000;
const ROOT = path.join(__dirname, '..', '..');
const DEAD_LETTERS = path.join(ROOT, 'apps', 'mapping-worker', 'src', 'cli', 'dead-letters.ts');
const IDENTITY = path.join(ROOT, 'apps', 'mapping-worker', 'src', 'cli', 'identity.ts');
const reason = StreamServers.lacks();
const isLeftOut = reason !== null && process.env['CI'] !== 'true';
if (isLeftOut) process.stderr.write(`\nSKIPPED: a mapping worker on real servers: ${reason}\n`);

(isLeftOut ? describe.skip : describe)('A mapping worker on real servers', () => {
  let folder = '';
  let servers: StreamServers;
  let worker: WorkerProcess;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tessera-streams-'));
    servers = await StreamServers.start(folder);
    await servers.createTopics({ 'tags.raw': 2 });
    await servers.declare('city');
    worker = WorkerProcess.start(servers.settings);
    await worker.running();
  }, TEST_MS_MAX);

  afterAll(async () => {
    await worker.stop('SIGTERM');
    await servers.remove();
    await rm(folder, { recursive: true, force: true });
  }, TEST_MS_MAX);

  async function send(...messages: readonly { key: string | null; value: string | Buffer | null }[]): Promise<void> {
    const producer = servers.client.producer();
    await producer.connect();
    await producer.send({ topic: 'tags.raw', messages: [...messages] });
    await producer.disconnect();
  }

  /** All records of a topic as soon as there are so many. */
  async function read(topic: string, count: number): Promise<readonly ReadRecord[]> {
    const untilMs = Date.now() + WAIT_MS_MAX;
    for (;;) {
      const records: ReadRecord[] = [];
      await readToEnd(servers.client, topic, (_partition, some) => {
        records.push(...some);
      });
      if (records.length >= count) return records;
      if (Date.now() > untilMs) throw new Error(`${topic} has ${records.length} records:\n${worker.output}`);
      await sleep(200);
    }
  }

  function deadLetters(command: string): Promise<string> {
    return runProgram(
      process.execPath,
      ['-r', path.join(ROOT, 'test/support/register-swc.cjs'), DEAD_LETTERS, command],
      {
        environment: { KAFKA_BROKERS: servers.kafka.broker },
      },
    );
  }

  const message = (cuid: string, n: number, type = 'city'): { key: string; value: string } => ({
    key: cuid,
    value: JSON.stringify({ header: { type, cuid }, body: { n } }),
  });

  const guidsOf = (records: readonly ReadRecord[], cuid: string): readonly number[] =>
    records.filter(({ key }) => String(key) === cuid).map(({ headers }) => Number(String(headers['guid'])));

  it(
    'sends what it can use on, byte by byte, and the rest to the dead letters with the reason',
    async () => {
      const odd = '{"header" : {"cuid":"ada","type":"city"},  "body": this is not JSON';
      await send(
        { key: 'ada', value: odd },
        { key: 'ada', value: null },
        { key: null, value: message('ada', 1).value },
        { key: 'ben', value: message('ada', 1).value },
        { key: 'ada', value: 'no JSON' },
        { key: 'ada', value: 'x'.repeat(5_000_000) },
        message('ada', 1, 'sys_other'),
        message('ada', 1, 'nothing_declared'),
        message('ada', 2),
      );
      const stamped = await read('tags.city', 2);
      expect(stamped.map(({ value }) => String(value))).toEqual([odd, message('ada', 2).value]);
      expect(new Set(guidsOf(stamped, 'ada')).size).toBe(1);
      expect(
        stamped.map(({ headers }) => String(headers['origin'])).every((origin) => /^[01]\/\d+$/.test(origin)),
      ).toBe(true);
      const dead = await read('tags.dead', 7);
      expect(dead.map(({ headers }) => String(headers['dead.code'])).sort()).toEqual(
        ['emptyValue', 'invalidMessage', 'keyDiffers', 'missingKey', 'reservedType', 'tooLarge', 'unknownType'].sort(),
      );
      for (const { headers } of dead) expect(String(headers['dead.origin'])).toMatch(/^tags\.raw\/[01]\/\d+$/);
    },
    TEST_MS_MAX,
  );

  it(
    'sends dead letters again once their cause is gone, each once',
    async () => {
      await servers.declare('nothing_declared');
      expect(await deadLetters('list')).toMatch(/1 {2}unknownType/);
      // The one that was too large is cut, the others come back as new letters.
      expect(await deadLetters('replay')).toContain('6 messages sent again, 1 passed over');
      expect((await read('tags.nothing_declared', 1)).map(({ value }) => String(value))).toEqual([
        message('ada', 1, 'nothing_declared').value,
      ]);
      expect((await read('tags.dead', 12)).length).toBe(12);
      expect(await deadLetters('replay')).toContain('5 messages sent again, 0 passed over');
      expect((await read('tags.dead', 17)).length).toBe(17);
    },
    TEST_MS_MAX,
  );

  it(
    'makes the topics it needs, with as many Kafka partitions as tags.raw has, and keeps the mapping log for ever',
    async () => {
      const directory = new TopicDirectory(servers.client);
      const found = await directory.list();
      for (const topic of [MAPPING_TOPIC, 'tags.dead', 'tags.sys_offline_cuid', 'tags.city']) {
        expect(found.has(topic)).toBe(true);
        expect(await directory.partitionsOf(topic)).toBe(topic === 'tags.dead' ? 1 : 2);
      }
      const settings = await directory.settingsOf(MAPPING_TOPIC, ['cleanup.policy', 'retention.ms', 'retention.bytes']);
      expect(Object.fromEntries(settings)).toEqual({
        'cleanup.policy': 'delete',
        'retention.ms': '-1',
        'retention.bytes': '-1',
      });
      await directory.close();
    },
    TEST_MS_MAX,
  );

  it(
    "sends on what came just before its type was declared, and nothing of a type whose topic is the system's own",
    async () => {
      const dead = (await read('tags.dead', 0)).length;
      await send(message('ada', 1, 'shop'), message('ada', 1, 'raw'));
      await sleep(1_000);
      await servers.declare('shop', 'raw');
      expect((await read('tags.shop', 1)).map(({ value }) => String(value))).toEqual([message('ada', 1, 'shop').value]);
      expect((await read('tags.dead', dead + 1)).map(({ headers }) => String(headers['dead.code'])).at(-1)).toBe(
        'unknownType',
      );
    },
    TEST_MS_MAX,
  );

  it(
    'binds offline cuids, retires the guid of an erased one in message order, and binds it anew',
    async () => {
      const before = (await read('tags.city', 0)).length;
      await send(
        message('cleo', 0, 'sys_offline_cuid'),
        message('cleo', 1),
        { key: 'cleo', value: JSON.stringify({ header: { type: 'sys_erase', cuid: 'cleo' }, body: {} }) },
        message('cleo', 2),
        message('cleo', 3),
      );
      const [first, second, third] = guidsOf(await read('tags.city', before + 3), 'cleo');
      expect(second).not.toBe(first);
      expect(third).toBe(second);
      expect(guidsOf(await read('tags.sys_offline_cuid', 1), 'cleo')).toEqual([first]);
      const log = (await read(MAPPING_TOPIC, 3))
        .filter(({ key }) => String(key) === 'cleo')
        .map(({ value }) => String(value));
      expect(log).toEqual(
        [
          { op: 'bind', cuid: 'cleo', guid: first },
          { op: 'erase', cuid: 'cleo', guid: first },
          { op: 'bind', cuid: 'cleo', guid: second },
        ].map((entry) => JSON.stringify(entry)),
      );
    },
    TEST_MS_MAX,
  );

  it(
    'waits for a Kafka that is not there, and says so',
    async () => {
      const [port, nobody] = [await freePort(), await freePort()];
      const waiting = WorkerProcess.start({
        ...servers.settings,
        KAFKA_BROKERS: `127.0.0.1:${nobody}`,
        PORT: String(port),
      });
      const untilMs = Date.now() + WAIT_MS_MAX;
      const expected = { kafka: { ok: false }, mysql: { ok: true }, catalogue: { ok: true } };
      let said: object = {};
      try {
        while (!('mysql' in said) && Date.now() < untilMs) {
          await sleep(200);
          const ready = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null);
          if (ready === null) continue;
          expect(ready.status).toBe(503);
          said = ((await ready.json()) as { dependencies: object }).dependencies;
        }
        expect(said).toMatchObject(expected);
      } finally {
        expect(await waiting.stop('SIGKILL')).toBeNull();
      }
    },
    TEST_MS_MAX,
  );

  it(
    'waits while Redis is empty, and goes on with the same guids after identity rebuild',
    async () => {
      const before = await read('tags.city', 0);
      const client = new Redis(servers.redis.url);
      await client.flushall();
      client.disconnect();
      await send(message('cleo', 4), message('dora', 1));
      await sleep(2_000);
      expect((await read('tags.city', 0)).length).toBeLessThanOrEqual(before.length + 1);
      await runProgram(
        process.execPath,
        ['-r', path.join(ROOT, 'test/support/register-swc.cjs'), IDENTITY, 'rebuild'],
        {
          environment: servers.settings,
        },
      );
      const after = await read('tags.city', before.length + 2);
      expect(guidsOf(after, 'cleo').at(-1)).toBe(guidsOf(before, 'cleo').at(-1));
      const others = new Set(before.map(({ headers }) => String(headers['guid'])));
      expect(others.has(String(guidsOf(after, 'dora')[0]))).toBe(false);
    },
    TEST_MS_MAX,
  );

  it(
    'finds an identity in order, and says what is not',
    async () => {
      const identity = (command: string): Promise<string> =>
        runProgram(process.execPath, ['-r', path.join(ROOT, 'test/support/register-swc.cjs'), IDENTITY, command], {
          environment: servers.settings,
        });
      expect(await identity('verify')).toContain('in order');
      const client = new Redis(servers.redis.url);
      const [bucket] = await client.keys('{tessera:id:*}t[0-9]*');
      const [field = ''] = await client.hkeys(bucket ?? '');
      const guid = await client.hget(bucket ?? '', field);
      await client.hset(bucket ?? '', field, 4_000_000);
      await expect(identity('verify')).rejects.toThrow(
        `${field} has guid 4000000 in Redis, in the mapping log ${guid}`,
      );
      await client.hset(bucket ?? '', field, guid ?? '');
      client.disconnect();
    },
    TEST_MS_MAX,
  );

  it(
    'goes on with known cuids while MySQL is away, and with new ones when it is back',
    async () => {
      const before = (await read('tags.city', 0)).length;
      await servers.mariadb.kill();
      await send(message('cleo', 5));
      expect(guidsOf(await read('tags.city', before + 1), 'cleo').length).toBeGreaterThan(0);
      // Nobody can say now whether there is such a type: it waits for longer than one that is not there.
      await send(message('cleo', 6, 'unheard_of'), message('emil', 1));
      const dead = (await read('tags.dead', 0)).length;
      await sleep(6_000);
      expect((await read('tags.dead', 0)).length).toBe(dead);
      await servers.mariadb.start();
      expect(guidsOf(await read('tags.city', before + 2), 'emil')).toHaveLength(1);
      expect(await read('tags.dead', dead + 1)).toHaveLength(dead + 1);
    },
    TEST_MS_MAX,
  );
});
