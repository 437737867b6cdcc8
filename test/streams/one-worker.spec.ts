import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bindRecord, MAPPING_TOPIC } from '@tessera/ingest';
import { KafkaFailure, PartitionTransaction, readToEnd, TopicDirectory } from '@tessera/kafka';
import type { ReadRecord } from '@tessera/kafka';
import type { Guid } from '@tessera/tag-catalog';
import { Redis } from 'ioredis';
import { freePort } from '../support/services/free-port';
import { describeWithServer } from '../support/services/with-server';
import { SourceProcess } from '../support/source-process';
import { StreamServers } from './stream-servers';
import { startWorker, WORKER_RUNS } from './worker-process';

const TEST_MS_MAX = 300_000;
const WAIT_MS_MAX = 120_000;
const DEAD_LETTERS = 'apps/mapping-worker/src/cli/dead-letters.ts';
const IDENTITY = 'apps/mapping-worker/src/cli/identity.ts';

describeWithServer('A mapping worker on real servers', StreamServers, (running) => {
  let servers: StreamServers;
  let worker: SourceProcess | null = null;
  let port = 0;

  beforeAll(async () => {
    servers = running();
    await servers.createTopics({ 'tags.raw': 2 });
    await servers.declare('city');
    port = await freePort();
    worker = startWorker({ ...servers.settings, PORT: String(port) });
    await worker.printed(WORKER_RUNS);
  }, TEST_MS_MAX);

  afterAll(async () => {
    await worker?.end('SIGTERM');
  }, TEST_MS_MAX);

  interface Sent {
    readonly key: string | null;
    readonly value: string | Buffer | null;
    readonly headers?: Record<string, Buffer>;
  }

  async function send(...messages: readonly Sent[]): Promise<void> {
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
      }).catch((error: unknown) => {
        // A topic that is being made.
        if (!(error instanceof KafkaFailure && error.retriable)) throw error;
      });
      if (records.length >= count) return records;
      if (Date.now() > untilMs) throw new Error(`${topic} has ${records.length} records:\n${worker?.output}`);
      await sleep(200);
    }
  }

  /** Runs a command to its end. @throws Error with what it printed if it fails. */
  async function command(program: string, argv: readonly string[]): Promise<string> {
    const { code, output } = await SourceProcess.run(program, { argv, environment: servers.settings });
    if (code !== 0) throw new Error(output);
    return output;
  }

  const deadLetters = (...argv: string[]): Promise<string> => command(DEAD_LETTERS, argv);
  const identity = (...argv: string[]): Promise<string> => command(IDENTITY, argv);

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
        { ...message('ada', 1), key: 'x'.repeat(1_200_000) },
        { ...message('ada', 1), headers: { trace: Buffer.alloc(1_200_000) } },
        message('ada', 1, 'sys_other'),
        message('ada', 1, 'nothing_declared'),
        message('ada', 2),
      );
      const stamped = await read('tags.city', 2);
      expect(stamped.map(({ value }) => String(value))).toEqual([odd, message('ada', 2).value]);
      expect(new Set(guidsOf(stamped, 'ada')).size).toBe(1);
      expect(stamped.map(({ headers }) => Object.keys(headers))).toEqual([['guid'], ['guid']]);
      const dead = await read('tags.dead', 9);
      expect(dead.map(({ headers }) => String(headers['dead.code'])).sort()).toEqual([
        ...['emptyValue', 'invalidMessage', 'keyDiffers', 'keyDiffers', 'missingKey', 'reservedType'],
        ...['tooLarge', 'tooLarge', 'unknownType'],
      ]);
      for (const { headers } of dead) expect(String(headers['dead.origin'])).toMatch(/^tags\.raw\/[01]\/\d+$/);
    },
    TEST_MS_MAX,
  );

  it(
    'sends dead letters again once their cause is gone, each once',
    async () => {
      await servers.declare('nothing_declared');
      expect(await deadLetters('list')).toMatch(/1 {2}unknownType/);
      // Those that were too large are cut, the others come back as new letters.
      expect(await deadLetters('replay')).toContain('6 messages sent again, 3 passed over');
      expect((await read('tags.nothing_declared', 1)).map(({ value }) => String(value))).toEqual([
        message('ada', 1, 'nothing_declared').value,
      ]);
      expect((await read('tags.dead', 14)).length).toBe(14);
      expect(await deadLetters('replay')).toContain('5 messages sent again, 0 passed over');
      expect((await read('tags.dead', 19)).length).toBe(19);
    },
    TEST_MS_MAX,
  );

  it('tells Prometheus all that the rules and the dashboard ask for', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    const text = await response.text();
    const value = (sample: string): number =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${sample} `))
          ?.slice(sample.length),
      );
    const told = new Set([...text.matchAll(/^(\w+)[ {]/gm)].map(([, name]) => name));
    for (const file of ['prometheus/tessera.rules.yaml', 'grafana/tessera-streams.json']) {
      const asked = (await readFile(join(__dirname, '..', '..', 'docker', file), 'utf8')).match(/\btessera_\w+/g) ?? [];
      expect(asked.length).toBeGreaterThan(5);
      // Those of the ingest worker are looked for in one-ingest-worker.spec.ts.
      const own = asked.filter((name) => !/^tessera_(?:ingest|profiles)_/.test(name));
      expect([...new Set(own)].filter((name) => !told.has(name))).toEqual([]);
    }
    // From the tests above: every record was committed, cuids were bound, and some records were no use.
    expect(value('tessera_stream_records_total{topic="tags.raw"}')).toBeGreaterThanOrEqual(9 + 6 + 5);
    expect(value('tessera_identity_new_guids_total')).toBe(1);
    expect(value('tessera_identity_next_guid')).toBeGreaterThan(1);
    expect(value('tessera_stream_dead_letters_total{code="keyDiffers"}')).toBeGreaterThanOrEqual(3);
    // The mark at the end of a replay's transaction counts as a record.
    expect(value('tessera_stream_lag_records{topic="tags.raw",partition="0"}')).toBeLessThanOrEqual(1);
    expect(value('tessera_identity_new_guids_alarm')).toBe(10_000_000);
  });

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
      const waiting = startWorker({
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
        expect((await waiting.end('SIGKILL')).code).toBeNull();
      }
    },
    TEST_MS_MAX,
  );

  it(
    'fills a Redis that was emptied from the mapping log, and goes on with the same guids; identity rebuild does the same at any time',
    async () => {
      const before = await read('tags.city', 0);
      const client = new Redis(servers.redis.url);
      await client.flushall();
      client.disconnect();
      await send(message('cleo', 4), message('dora', 1));
      const after = await read('tags.city', before.length + 2);
      expect(guidsOf(after, 'cleo').at(-1)).toBe(guidsOf(before, 'cleo').at(-1));
      const others = new Set(before.map(({ headers }) => String(headers['guid'])));
      expect(others.has(String(guidsOf(after, 'dora')[0]))).toBe(false);
      const rebuilding = identity('rebuild');
      await send(message('cleo', 5), message('fred', 1));
      expect(await rebuilding).toContain('Redis is open');
      const last = await read('tags.city', after.length + 2);
      expect(guidsOf(last, 'cleo').at(-1)).toBe(guidsOf(before, 'cleo').at(-1));
      expect(guidsOf(last, 'fred')).toHaveLength(1);
    },
    TEST_MS_MAX,
  );

  it(
    'rebuilds what a transaction has logged that was open when the rebuild began',
    async () => {
      const transaction = await PartitionTransaction.open(servers.client, 'held open');
      const binding = { cuid: 'held-open', guid: 3_000_000 as Guid };
      await transaction.write([bindRecord(binding)]);
      const rebuild = SourceProcess.start(IDENTITY, { argv: ['rebuild'], environment: servers.settings });
      // Long enough for one that would not wait.
      await sleep(4_000);
      expect([rebuild.hasEnded, rebuild.output]).toEqual([false, expect.any(String)]);
      await transaction.commit({ groupId: 'held-open', topic: 'tags.raw', partition: 0, nextOffset: 0 });
      expect(await rebuild.ended()).toMatchObject({ code: 0 });
      await transaction.close();
      const before = (await read('tags.city', 0)).length;
      await send(message(binding.cuid, 1));
      expect(guidsOf(await read('tags.city', before + 1), binding.cuid)).toEqual([binding.guid]);
    },
    TEST_MS_MAX,
  );

  it(
    'erases who was bound after an instant, and nobody else',
    async () => {
      const before = await read('tags.city', 0);
      const instant = new Date(Date.now() + 1).toISOString();
      await sleep(10);
      await send(message('cleo', 6), message('gina', 1), message('hugo', 1));
      const then = await read('tags.city', before.length + 3);
      expect(await identity('reset', '--to', instant)).toMatch(/^2 cuids have been bound since .*(gina|hugo)/);
      expect(await identity('reset', `--to=${instant}`, '--yes')).toContain('messages that erase them are sent');
      await send(message('gina', 2), message('hugo', 2), message('cleo', 7));
      const after = await read('tags.city', then.length + 3);
      expect(new Set(guidsOf(after, 'cleo').slice(-2)).size).toBe(1);
      for (const cuid of ['gina', 'hugo']) expect(new Set(guidsOf(after, cuid)).size).toBe(2);
      await expect(identity('reset')).rejects.toThrow('needs --to');
      await expect(identity('reset', '--to', '2999-01-01T00:00:00Z')).rejects.toThrow('has not come yet');
    },
    TEST_MS_MAX,
  );

  it(
    'finds an identity in order, and says what is not',
    async () => {
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
      // So little memory that the guids, up to 3,000,000, need many rounds.
      const verified = await identity('verify', '--memory-mb', '5');
      expect(verified).toMatch(/are compared[^]*in order/);
      await expect(identity('verify', '--memory-mb=0')).rejects.toThrow('needs a whole number');
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
