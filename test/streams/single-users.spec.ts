import { setTimeout as sleep } from 'node:timers/promises';
import { StreamOffsets } from '@tessera/http-api';
import { MysqlDatabase } from '@tessera/mysql';
import { describeWithServer } from '../support/services/with-server';
import { SourceProcess } from '../support/source-process';
import { callApi } from './call-api';
import type { Answer } from './call-api';
import { INGEST_RUNS, startIngest } from './ingest-process';
import { StreamServers } from './stream-servers';
import { startWorker, WORKER_RUNS } from './worker-process';

const TEST_MS_MAX = 300_000;
const WAIT_MS_MAX = 120_000;
const MAIN = 'apps/segmentation-api/src/main.ts';
const LISTENS = /listening on (\S+)/;

describeWithServer('Single users of the distributed shape, without an engine', StreamServers, (running) => {
  let servers: StreamServers;
  let processes: SourceProcess[] = [];
  let address = '';

  beforeAll(async () => {
    servers = running();
    await servers.createTopics({ 'tags.raw': 4 });
    const api = SourceProcess.start(MAIN, { environment: { PORT: '0', LOG_LEVEL: 'info', ...servers.settings } });
    const [worker, ingest] = [startWorker(servers.settings), startIngest(servers.settings)];
    processes = [api, worker, ingest];
    address = (await api.printed(LISTENS))[1] ?? '';
    await Promise.all([worker.printed(WORKER_RUNS), ingest.printed(INGEST_RUNS)]);
    await call('POST', '/v1/tag-types', {
      ...{ name: 'shopper', kind: 'profile', tags: [{ name: 'shopper_level', valueType: 'int' }] },
    });
  }, TEST_MS_MAX);

  afterAll(async () => {
    await Promise.all(processes.map((one) => one.end('SIGTERM')));
  }, TEST_MS_MAX);

  const call = (method: string, path: string, body?: unknown): Promise<Answer> => callApi(address, method, path, body);

  const message = (cuid: string, level: number, more: object = {}): object => ({
    header: { type: 'shopper', cuid, ...more },
    body: { shopper_level: level },
  });

  /** Kafka partition and position. */
  async function tokenPositions(token: string): Promise<readonly (readonly [number, number])[]> {
    const database = await MysqlDatabase.open(servers.mariadb.url);
    const [row] = await database.use((session) => session.rows("SELECT value FROM secret WHERE name = 'api'"));
    await database.close();
    const stream = { reached: () => Promise.resolve(true) };
    const offsets = new StreamOffsets(Buffer.from(String(row?.['value']), 'hex'), () => Promise.resolve(), stream);
    return [...offsets.read(token)];
  }

  const LEVEL = { tag: 'shopper_level', op: 'gte', value: 5 };

  it(
    'shows tags from the online profiles as soon as the offset of their messages is applied',
    async () => {
      const sent = [message('tag-1', 5), message('tag-2', 4, { time: '2026-11-01T00:00:00Z' })];
      const { offset } = (await call('POST', '/v1/messages', sent)).json;
      const found = await call('GET', `/v1/users/tag-1?minOffset=${offset}`);
      expect(found).toMatchObject({
        status: 200,
        json: {
          cuid: 'tag-1',
          guid: expect.any(Number),
          tags: { shopper_level: { value: 5, status: 'value' } },
          events: null,
          dataVersion: null,
        },
      });
      const batch = await call('POST', '/v1/users/batch', { cuids: ['tag-2', 'tag-0', 'tag-1', 'tag-2'] });
      expect(batch.json.users.map((user: { cuid: string } | null) => user?.cuid ?? null)).toEqual([
        ...['tag-2', null, 'tag-1', 'tag-2'],
      ]);
      expect(batch.json.users[0].tags.shopper_level).toEqual({
        ...{ value: 4, time: '2026-11-01T00:00:00Z', status: 'value' },
      });
      const unknown = await call('GET', '/v1/users/tag-0');
      expect(unknown).toMatchObject({ status: 404, json: { errors: [{ code: 'unknownUser' }] } });
    },
    TEST_MS_MAX,
  );

  it('evaluates rules about tags, with reasons, and refuses those about rows', async () => {
    const evaluate = (path: string, body: object): Promise<Answer> => call('POST', `/v1/users/${path}`, body);
    expect((await evaluate('tag-1/evaluate', { expression: LEVEL })).json).toMatchObject({
      results: [{ member: true }],
      dataVersion: null,
    });
    const { json } = await evaluate('tag-2/evaluate', { expression: LEVEL, why: true });
    expect(json.results[0]).toMatchObject({
      member: false,
      why: { smallestChange: { changes: [{ change: { kind: 'setValue', to: 5 } }] } },
    });
    const cuids = ['tag-1', 'tag-0', 'tag-2'];
    for (const why of [true, false]) {
      const many = await evaluate('evaluate-batch', { cuids, expression: { not: LEVEL }, why });
      expect(many.json.users).toMatchObject([{ results: [{ member: false }] }, null, { results: [{ member: true }] }]);
    }
    expect((await evaluate('tag-0/evaluate', { expression: LEVEL })).status).toBe(404);
    await call('POST', '/v1/tag-types', { name: 'viewed', kind: 'event', properties: [] });
    const viewed = { event: 'viewed', op: 'eq', value: 0 };
    for (const why of [true, false]) {
      expect((await evaluate('tag-1/evaluate', { expression: viewed, why })).status).toBe(501);
    }
  });

  it(
    'waits for positions of tags.raw, and no longer than 10 s',
    async () => {
      const { offset } = (await call('POST', '/v1/messages', [message('tag-3', 3)])).json;
      const [first] = await tokenPositions(offset);
      const [partition, position] = first ?? [0, 0];
      const found = await call('GET', `/v1/users/tag-3?minOffset=tags.raw:${partition}@${position - 1}`);
      expect(found.json.tags.shopper_level.value).toBe(3);
      const startedMs = performance.now();
      const late = await call('GET', `/v1/users/tag-3?minOffset=tags.raw:${partition}@${position + 1_000_000}`);
      expect(late).toMatchObject({ status: 503, retryAfter: '1' });
      expect(performance.now() - startedMs).toBeGreaterThan(9_000);
      expect((await call('GET', '/v1/users/tag-3?minOffset=tags.raw:0')).status).toBe(400);
    },
    TEST_MS_MAX,
  );

  it(
    'no longer shows a user whose erasure is applied',
    async () => {
      const { offset } = (await call('DELETE', '/v1/users/tag-3')).json;
      expect((await call('GET', `/v1/users/tag-3?minOffset=${offset}`)).status).toBe(404);
      const again = (await call('POST', '/v1/messages', [message('tag-3', 1)])).json;
      const { json } = await call('GET', `/v1/users/tag-3?minOffset=${again.offset}`);
      expect(json.tags.shopper_level.value).toBe(1);
    },
    TEST_MS_MAX,
  );

  it(
    'answers 503 while Redis is away, and goes on when it is back',
    async () => {
      await servers.redis.kill();
      for (const answer of await Promise.all([
        call('GET', '/v1/users/tag-1'),
        call('POST', '/v1/users/tag-1/evaluate', { expression: LEVEL }),
      ])) {
        expect(answer).toMatchObject({ status: 503, retryAfter: '1' });
      }
      expect(await call('GET', '/health/ready')).toMatchObject({
        status: 503,
        json: { dependencies: { identity: { ok: false }, profiles: { ok: false } } },
      });
      await servers.redis.start();
      const untilMs = Date.now() + WAIT_MS_MAX;
      let answer = await call('GET', '/v1/users/tag-1');
      while (answer.status === 503 && Date.now() < untilMs) {
        await sleep(200);
        answer = await call('GET', '/v1/users/tag-1');
      }
      expect(answer).toMatchObject({ status: 200, json: { tags: { shopper_level: { value: 5 } } } });
    },
    TEST_MS_MAX,
  );
});
