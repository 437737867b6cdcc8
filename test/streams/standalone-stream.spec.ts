import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ServerProcess } from '../durability/server-process';
import { KafkaServer } from '../support/services/kafka-server';
import { describeWithServer } from '../support/services/with-server';
import { ask, count, eventually, rawMessage, StreamClient } from './stream-client';

const TEST_MS_MAX = 300_000;
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
  let server: ServerProcess;

  const start = (settings: Readonly<Record<string, string>> = {}): Promise<ServerProcess> =>
    ServerProcess.start(path.join(folder, 'data'), ':', {
      KAFKA_BROKERS: kafka().broker,
      LOG_LEVEL: 'warn',
      ...settings,
    });

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tessera-stream-'));
    stream = new StreamClient(kafka().broker);
    server = await start();
    await ask(server, 'POST', '/v1/tag-types', CITY);
    await ask(server, 'POST', '/v1/tag-types', VISIT);
  }, TEST_MS_MAX);

  afterAll(async () => {
    await server.stop('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  });

  it(
    'waits for a topic that is missing, and counts what comes once it is there',
    async () => {
      expect(await server.call('GET', '/health/ready')).toMatchObject({
        status: 503,
        body: { dependencies: { kafka: { ok: false }, engine: { ok: true } } },
      });
      await stream.createTopics({ 'tags.raw': 4, 'tags.dead': 2 });
      const users = Array.from({ length: 500 }, (_, user) => user);
      await stream.send(...users.map((user) => rawMessage('city', `user-${user}`, { town: `town-${user % 3}` })));
      await eventually(async () => {
        expect(await count(server, { tag: 'town', op: 'eq', value: 'town-1' })).toBe(167);
        expect(await count(server, { all: true })).toBe(500);
      });
      await eventually(async () => {
        expect((await server.call('GET', '/health/ready')).status).toBe(200);
        expect(await ask(server, 'GET', '/v1/status')).toMatchObject({ lag: 0 });
      });
    },
    TEST_MS_MAX,
  );
});
