import { setTimeout as sleep } from 'node:timers/promises';
import { TopicExtents } from '@tessera/kafka';
import { RedisConnection } from '@tessera/redis';
import { describeWithServer } from '../support/services/with-server';
import { SourceProcess } from '../support/source-process';
import { callApi } from './call-api';
import type { Answer } from './call-api';
import { INGEST_RUNS, startIngest } from './ingest-process';
import { StreamClient } from './stream-client';
import { StreamServers } from './stream-servers';
import { startWorker, WORKER_RUNS } from './worker-process';

const TEST_MS_MAX = 300_000;
const WAIT_MS_MAX = 60_000;
const API = 'apps/segmentation-api/src/main.ts';
const PROFILES = 'apps/ingest-worker/src/cli/profiles.ts';
const LISTENS = /listening on (\S+)/;
const PARTITIONS = 2;

describeWithServer('The profiles command', StreamServers, (running) => {
  let servers: StreamServers;
  let processes: SourceProcess[] = [];
  let ingest: SourceProcess;
  let address = '';

  beforeAll(async () => {
    servers = running();
    await servers.createTopics({ 'tags.raw': PARTITIONS });
    const api = SourceProcess.start(API, { environment: { PORT: '0', LOG_LEVEL: 'info', ...servers.settings } });
    const worker = startWorker(servers.settings);
    processes = [api, worker];
    address = (await api.printed(LISTENS))[1] ?? '';
    ingest = startIngest(servers.settings);
    await Promise.all([worker.printed(WORKER_RUNS), ingest.printed(INGEST_RUNS)]);
    const tags = [{ name: 'visits', valueType: 'int' }];
    await call('POST', '/v1/tag-types', { name: 'shop', kind: 'profile', tags });
  }, TEST_MS_MAX);

  afterAll(async () => {
    await Promise.all([...processes, ingest].map((one) => one.end('SIGTERM')));
  }, TEST_MS_MAX);

  const call = (method: string, path: string, body?: unknown): Promise<Answer> => callApi(address, method, path, body);

  /** Answers once it is applied. */
  async function write(...cuids: readonly string[]): Promise<string> {
    const messages = cuids.map((cuid) => ({ header: { type: 'shop', cuid }, body: { visits: 1 } }));
    return (await call('POST', '/v1/messages', messages)).json.offset;
  }

  const profiles = (...argv: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> =>
    SourceProcess.run(PROFILES, { argv, environment: servers.settings });

  async function eventually<T>(look: () => Promise<T>, isRight: (found: T) => boolean): Promise<T> {
    const untilMs = Date.now() + WAIT_MS_MAX;
    for (;;) {
      const found = await look();
      if (isRight(found) || Date.now() > untilMs) return found;
      await sleep(100);
    }
  }

  it(
    'lets workers go on where neither Redis nor Kafka has everything, and only when it is told to',
    async () => {
      const before = Array.from({ length: 30 }, (_, n) => `before-${n}`);
      const offset = await write(...before);
      expect((await call('GET', `/v1/users/before-7?minOffset=${offset}`)).status).toBe(200);
      expect(await profiles('check')).toMatchObject({ code: 0, output: expect.stringContaining('are open') });
      await ingest.end('SIGTERM');
      const ends = await cutTopic('tags.shop');
      await emptyProfiles();
      ingest = startIngest(servers.settings);
      const checked = await eventually(
        () => profiles('check'),
        ({ code }) => code === 1,
      );
      expect(checked.output).toMatch(/tags\.shop\/\d: Redis has tags\.shop\/\d up to 0 only/);
      expect(checked.output).toContain('The profiles are empty: they are not read');
      expect((await call('GET', '/v1/users/before-7')).status).toBe(503);
      const asked = await profiles('assume');
      expect(asked).toMatchObject({ code: 0, output: expect.stringContaining('--yes does it') });
      expect((await profiles('check')).code).toBe(1);
      const done = await profiles('assume', '--yes');
      for (const [partition, end] of ends)
        if (end > 0) expect(done.output).toContain(`tags.shop/${partition} from ${end} on`);
      expect(done.code).toBe(0);
      const after = await write('after-1');
      const found = await eventually(
        () => call('GET', `/v1/users/after-1?minOffset=${after}`),
        ({ status }) => status === 200,
      );
      expect(found).toMatchObject({ status: 200, json: { tags: { visits: { value: 1 } } } });
      expect(await profiles('check')).toMatchObject({ code: 0, output: expect.stringContaining('0 Kafka partitions') });
      // Their messages are gone; who writes again is known again.
      expect((await call('GET', '/v1/users/before-7')).status).toBe(404);
    },
    TEST_MS_MAX,
  );

  it('explains itself, and refuses what it does not know', async () => {
    expect(await profiles('--help')).toMatchObject({ code: 0, output: expect.stringContaining('assume') });
    expect((await profiles('forget')).code).toBe(2);
    expect((await profiles('check', '--nope', '1')).code).toBe(2);
  });

  /** Deletes every record. @returns the ends by Kafka partition. */
  async function cutTopic(topic: string): Promise<ReadonlyMap<number, number>> {
    const extents = new TopicExtents(servers.client, 'tessera-ingest');
    const stream = new StreamClient(servers.kafka.broker);
    const ends = new Map<number, number>();
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const { end } = await extents.of(topic, partition);
      ends.set(partition, end);
      if (end > 0) await stream.deleteBefore(topic, partition, end);
    }
    await extents.close();
    return ends;
  }

  /** As after the loss of the server that held them; the identity lies on another one, say. */
  async function emptyProfiles(): Promise<void> {
    const connection = await RedisConnection.open([servers.redis.url]);
    await connection.ready();
    const script =
      "for _, key in ipairs(redis.call('KEYS', '{tessera:profile:*')) do redis.call('DEL', key) end return redis.call('DBSIZE') + 0 * #KEYS";
    await connection.number(script, '{tessera:profile:0}', []);
    connection.close();
  }
});
