import { setTimeout as sleep } from 'node:timers/promises';
import { StreamOffsets } from '@tessera/http-api';
import { MAPPING_TOPIC } from '@tessera/ingest';
import { KafkaFailure, readToEnd } from '@tessera/kafka';
import type { ReadRecord } from '@tessera/kafka';
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
const UPLOADS_MAX = 5;
const MAIN = 'apps/segmentation-api/src/main.ts';
const LISTENS = /listening on (\S+)/;

interface PlacedRecord extends ReadRecord {
  readonly partition: number;
}

describeWithServer('The API of the distributed shape on real servers', StreamServers, (running) => {
  let servers: StreamServers;
  let processes: SourceProcess[] = [];
  let addresses: readonly string[] = [];

  beforeAll(async () => {
    servers = running();
    await servers.createTopics({ 'tags.raw': 4 });
    // All at once, on a database without tables.
    const environment = { PORT: '0', LOG_LEVEL: 'info', ...servers.settings };
    const apis = [1, 2].map(() => SourceProcess.start(MAIN, { environment }));
    const worker = startWorker(servers.settings);
    const ingest = startIngest(servers.settings);
    processes = [...apis, worker, ingest];
    addresses = await Promise.all(apis.map(async (api) => (await api.printed(LISTENS))[1] ?? ''));
    await Promise.all([worker.printed(WORKER_RUNS), ingest.printed(INGEST_RUNS)]);
  }, TEST_MS_MAX);

  afterAll(async () => {
    await Promise.all(processes.map((one) => one.end('SIGTERM')));
  }, TEST_MS_MAX);

  const call = (api: number, method: string, path: string, body?: unknown): Promise<Answer> =>
    callApi(addresses[api] ?? '', method, path, body);

  const declare = (api: number, name: string, more: object = {}): Promise<Answer> =>
    call(api, 'POST', '/v1/tag-types', {
      ...{ name, kind: 'profile', tags: [{ name: `${name}_level`, valueType: 'int' }] },
      ...more,
    });

  const message = (type: string, cuid: string, level: number | string | object | null, more: object = {}): object => ({
    body: { [`${type}_level`]: level },
    header: { type, cuid, ...more },
  });

  /** Records of a topic as soon as there are so many that are wanted. */
  async function read(
    topic: string,
    count: number,
    isWanted: (record: ReadRecord) => boolean,
  ): Promise<readonly PlacedRecord[]> {
    const untilMs = Date.now() + WAIT_MS_MAX;
    for (;;) {
      const records: PlacedRecord[] = [];
      await readToEnd(servers.client, topic, (partition, some) => {
        records.push(...some.filter(isWanted).map((record) => ({ ...record, partition })));
      }).catch((error: unknown) => {
        // A topic that is being made.
        if (!(error instanceof KafkaFailure && error.retriable)) throw error;
      });
      if (records.length >= count) return records;
      if (Date.now() > untilMs) {
        throw new Error(
          `${topic} has ${records.length} such records:\n${processes.map((one) => one.output).join('\n')}`,
        );
      }
      await sleep(100);
    }
  }

  const ofCuid =
    (prefix: string) =>
    ({ key }: ReadRecord): boolean =>
      String(key).startsWith(prefix);

  /** Begins to send messages without end, of which some have arrived then. Where Kafka takes too long for the first ones the API gives up: then once more. */
  async function beginUpload(): Promise<{ readonly prefix: string; readonly upload: Promise<Answer> }> {
    for (let tries = 1; ; tries++) {
      const prefix = `stream-${tries}-`;
      const upload = call(0, 'POST', '/v1/messages', endless(prefix));
      const hasArrived = read('tags.raw', 1_000, ofCuid(prefix)).then(() => true);
      hasArrived.catch(() => undefined);
      // The API hangs up when it has answered: whoever still sends may see that first.
      const hasEnded = upload.then(
        () => false,
        () => false,
      );
      if (await Promise.race([hasArrived, hasEnded])) return { prefix, upload };
      if (tries === UPLOADS_MAX) throw new Error(`no upload of ${tries} has begun: ${JSON.stringify(await upload)}`);
    }
  }

  async function* endless(prefix: string): AsyncGenerator<string> {
    for (let n = 0; ; n += 100) {
      const lines = Array.from({ length: 100 }, (_, at) => message('shopper', `${prefix}${n + at}`, at));
      yield lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      await sleep(5);
    }
  }

  async function tokens(): Promise<StreamOffsets> {
    const database = await MysqlDatabase.open(servers.mariadb.url);
    const [row] = await database.use((session) => session.rows("SELECT value FROM secret WHERE name = 'api'"));
    await database.close();
    return new StreamOffsets(Buffer.from(String(row?.['value']), 'hex'), () => Promise.resolve(), {
      reached: () => Promise.resolve(true),
    });
  }

  /** Partition → position behind the last. */
  function reachOf(records: readonly PlacedRecord[]): ReadonlyMap<number, number> {
    const reach = new Map<number, number>();
    for (const { partition, offset } of records) reach.set(partition, Math.max(reach.get(partition) ?? 0, offset + 1));
    return reach;
  }

  it(
    'takes messages of a type that another process declared a moment ago, and the worker sends them on',
    async () => {
      expect((await declare(0, 'shopper')).status).toBe(201);
      const sentMs = Date.now();
      const answer = await call(1, 'POST', '/v1/messages', [
        ...Array.from({ length: 20 }, (_, n) => message('shopper', `first-${n}`, n, { id: `id-${n}` })),
        message('shopper', 'first-x', 'a text'),
        message('nowhere', 'first-x', 1),
      ]);
      expect(answer).toMatchObject({ status: 200, json: { accepted: 20, stale: null, duplicate: null } });
      expect(answer.json.rejected.map(({ index, code }: { index: number; code: string }) => [index, code])).toEqual([
        [20, 'wrongType'],
        [21, 'unknownType'],
      ]);
      const raw = await read('tags.raw', 20, ofCuid('first-'));
      expect(raw).toHaveLength(20);
      const own = raw.find(({ key }) => String(key) === 'first-7');
      expect(String(own?.value)).toBe(
        '{"header":{"type":"shopper","cuid":"first-7","id":"id-7"},"body":{"shopper_level":7}}',
      );
      expect(Math.abs((own?.timestampMs ?? 0) - sentMs)).toBeLessThan(30_000);
      expect((await tokens()).read(answer.json.offset)).toEqual(reachOf(raw));
      const stamped = await read('tags.shopper', 20, ofCuid('first-'));
      expect(stamped).toHaveLength(20);
      for (const { headers } of stamped) expect(Number(String(headers['guid']))).toBeGreaterThan(0);
      expect(await read('tags.dead', 0, ofCuid('first-'))).toEqual([]);
    },
    TEST_MS_MAX,
  );

  it('sees with the offset of one process what was written at the other, and knows tokens it never gave out', async () => {
    await declare(0, 'reader');
    const { json } = await call(0, 'POST', '/v1/messages', []);
    expect((await call(1, 'GET', `/v1/tag-types/reader?minOffset=${json.offset}`)).status).toBe(200);
    const refused = await call(1, 'GET', `/v1/tag-types?minOffset=${String(json.offset).slice(1)}`);
    expect(refused).toMatchObject({ status: 400, json: { errors: [{ code: 'invalidOffset' }] } });
  });

  it('loses no change of two processes that change one type at once, nor declares a field twice', async () => {
    await declare(0, 'busy', { autoDeclare: true });
    const changes = Array.from({ length: 20 }, (_, n) =>
      call(n % 2, 'PATCH', '/v1/tag-types/busy', { tags: [{ name: `busy_${n}`, valueType: 'int' }] }),
    );
    const lines = [0, 1].map((api) =>
      call(api, 'POST', '/v1/messages', [
        { header: { type: 'busy', cuid: 'b' }, body: { busy_both: 1, [`busy_api_${api}`]: 1 } },
      ]),
    );
    expect((await Promise.all(changes)).map(({ status }) => status)).toEqual(changes.map(() => 200));
    for (const { json } of await Promise.all(lines)) expect(json).toMatchObject({ accepted: 1, rejected: [] });
    const { json } = await call(0, 'POST', '/v1/messages', []);
    const found = await call(1, 'GET', `/v1/tag-types/busy?minOffset=${json.offset}`);
    expect(found.json.tags.map(({ name }: { name: string }) => name).sort()).toEqual(
      [
        ...['busy_level', 'busy_both', 'busy_api_0', 'busy_api_1'],
        ...Array.from({ length: 20 }, (_, n) => `busy_${n}`),
      ].sort(),
    );
  });

  it(
    'erases a user through the stream, in message order',
    async () => {
      await call(0, 'POST', '/v1/messages', [message('shopper', 'gone-1', 1)]);
      const answer = await call(0, 'DELETE', '/v1/users/gone-1');
      expect(answer).toMatchObject({
        status: 200,
        json: { receipt: expect.any(String), erasedAt: expect.any(String) },
      });
      await call(0, 'POST', '/v1/messages', [message('shopper', 'gone-1', 2)]);
      const raw = await read('tags.raw', 3, ofCuid('gone-1'));
      expect(String(raw[1]?.value)).toBe('{"header":{"type":"sys_erase","cuid":"gone-1"},"body":{}}');
      expect((await tokens()).read(answer.json.offset)).toEqual(reachOf(raw.slice(1, 2)));
      const log = await read(MAPPING_TOPIC, 3, ofCuid('gone-1'));
      expect(log.map(({ value }) => JSON.parse(String(value)).op)).toEqual(['bind', 'erase', 'bind']);
      expect((await call(0, 'DELETE', `/v1/users/${'x'.repeat(200)}`)).status).toBe(400);
    },
    TEST_MS_MAX,
  );

  it('says what takes an engine, which it has not, and which names are taken', async () => {
    const expression = { all: true };
    for (const [method, path, body] of [
      ['POST', '/v1/segmentation/count', { expression }],
      ['POST', '/v1/segmentation/members', { expression }],
      ['POST', '/v1/segmentation/distribution', { expression, tags: ['shopper_level'] }],
      ['POST', '/v1/segmentation/count', { expression: { list: 'x' } }],
      ['GET', '/v1/tags'],
      ['GET', '/v1/lists'],
      ['POST', '/v1/lists?name=x', '"ada"'],
      ['POST', '/v1/verify'],
      ['GET', '/v1/users/first-1/events'],
      ['DELETE', '/v1/tag-types/shopper'],
    ] as const) {
      const { status, json } = await call(0, method, path, body);
      expect([path, status, json.type]).toEqual([path, 501, 'urn:tessera:problem:not-configured']);
      expect(json.detail).toContain('STARROCKS_URL');
    }
    const checked = await call(0, 'POST', '/v1/segmentation/validate', { expression });
    expect(checked).toMatchObject({ status: 200, json: { valid: true } });
    expect((await call(0, 'GET', '/v1/tagtypes')).status).toBe(404);
    for (const name of ['raw', 'dead']) {
      expect(await declare(0, name)).toMatchObject({ status: 400, json: { errors: [{ code: 'reservedName' }] } });
    }
    const long = message('shopper', 'ada', 1, { id: 'a' });
    const padded = { ...long, body: { note: 'x'.repeat(1_000_001) } };
    await declare(0, 'note', { tags: [{ name: 'note', valueType: 'string' }] });
    const tooLong = await call(0, 'POST', '/v1/messages', [{ ...padded, header: { type: 'note', cuid: 'ada' } }]);
    expect(tooLong.json.rejected[0].code).toBe('tooLong');
  });

  it('refuses a message that the worker could not send on', async () => {
    // 300 texts of 4,000 bytes: each may be, all of them may not.
    const tags = Array.from({ length: 300 }, (_, n) => ({ name: `wide_${n}`, valueType: 'string' }));
    await declare(0, 'wide', { tags });
    const body = Object.fromEntries(tags.map(({ name }) => [name, 'x'.repeat(4_000)]));
    const { json } = await call(0, 'POST', '/v1/messages', [{ header: { type: 'wide', cuid: 'w' }, body }]);
    expect(json).toMatchObject({ accepted: 0, rejected: [{ index: 0, code: 'tooLarge' }] });
  });

  it('shows health, metrics, status and its description', async () => {
    const ready = await call(0, 'GET', '/health/ready');
    expect(ready).toMatchObject({
      status: 200,
      json: {
        ready: true,
        dependencies: { catalogue: { ok: true }, kafka: { ok: true }, identity: { ok: true }, profiles: { ok: true } },
      },
    });
    expect((await call(0, 'GET', '/v1/status')).json).toMatchObject({
      engine: null,
      dataVersion: null,
      users: { known: null, bound: expect.any(Number) },
      lag: expect.any(Number),
      store: { mappingLag: expect.any(Number), ingestLag: expect.any(Number) },
      versions: { catalog: expect.any(Number) },
    });
    const metrics = await (await fetch(`${addresses[0]}/metrics`)).text();
    expect(metrics).toMatch(/tessera_messages_total\{verdict="accepted"\} [1-9]/);
    expect(metrics).not.toContain('tessera_users');
    const { json } = await call(0, 'GET', '/docs/openapi.json');
    for (const path of ['/v1/messages', '/v1/status', '/v1/users/{cuid}', '/v1/segmentation/count']) {
      expect(Object.keys(json.paths)).toContain(path);
    }
  });

  it(
    'acknowledges nothing while Kafka is away: 503 with Retry-After, and what was taken is the beginning of the stream',
    async () => {
      const { prefix, upload } = await beginUpload();
      await servers.kafka.kill();
      const [cut, whole, erasure] = await Promise.all([
        upload,
        call(1, 'POST', '/v1/messages', [message('shopper', 'away-1', 1)]),
        call(1, 'DELETE', '/v1/users/away-2'),
      ]);
      for (const answer of [cut, whole, erasure]) expect(answer).toMatchObject({ status: 503, retryAfter: '1' });
      expect(whole.json.applied).toMatchObject({ accepted: 0, stale: null, duplicate: null, rejectedCount: 0 });
      expect(await call(1, 'GET', '/health/ready')).toMatchObject({
        status: 503,
        json: { dependencies: { kafka: { ok: false } } },
      });
      await servers.kafka.start();
      const { accepted } = cut.json.applied;
      expect(accepted).toBeGreaterThan(0);
      const there = new Set((await read('tags.raw', accepted, ofCuid(prefix))).map(({ key }) => String(key)));
      for (let n = 0; n < accepted; n++) expect(there.has(`${prefix}${n}`)).toBe(true);
      const untilMs = Date.now() + WAIT_MS_MAX;
      let again = await call(1, 'POST', '/v1/messages', [message('shopper', 'away-1', 1)]);
      while (again.status !== 200 && Date.now() < untilMs) {
        again = await call(1, 'POST', '/v1/messages', [message('shopper', 'away-1', 1)]);
      }
      expect(again.json).toMatchObject({ accepted: 1 });
      expect((await read('tags.raw', 1, ofCuid('away-1'))).length).toBeGreaterThanOrEqual(1);
    },
    TEST_MS_MAX,
  );

  it(
    'goes on with the tag types it knows while MySQL is away, and refuses changes',
    async () => {
      await servers.mariadb.kill();
      expect((await call(0, 'POST', '/v1/messages', [message('shopper', 'quiet-1', 1)])).json).toMatchObject({
        accepted: 1,
      });
      expect(await declare(0, 'later')).toMatchObject({ status: 503, retryAfter: '1' });
      expect((await call(0, 'POST', '/v1/messages', [message('later', 'quiet-1', 1)])).json).toMatchObject({
        accepted: 0,
      });
      await servers.mariadb.start();
      expect((await declare(0, 'later')).status).toBe(201);
      expect((await call(1, 'POST', '/v1/messages', [message('later', 'quiet-1', 1)])).json).toMatchObject({
        accepted: 1,
      });
      expect(await read('tags.later', 1, ofCuid('quiet-1'))).toHaveLength(1);
    },
    TEST_MS_MAX,
  );

  it(
    'refuses what profile tables of the aggregate model can not hold, where they are made so',
    async () => {
      await declare(0, 'keeper');
      await declare(0, 'clearer', { kind: 'kv' });
      const settings = { STARROCKS_URL: 'mysql://root@127.0.0.1:9', STARROCKS_PROFILE_MODEL: 'aggregate' };
      const api = SourceProcess.start(MAIN, {
        environment: { PORT: '0', LOG_LEVEL: 'info', ...servers.settings, ...settings },
      });
      const clears = ['keeper', 'clearer'].map((type) => message(type, `${type}-1`, null));
      const sent = [...clears, message('keeper', 'keeper-2', 2), message('keeper', 'keeper-3', { $inc: 1 })];
      const { json } = await callApi((await api.printed(LISTENS))[1] ?? '', 'POST', '/v1/messages', sent);
      const detail = expect.stringMatching(/"keeper_level".*can't be cleared here.*send another value/) as unknown;
      expect(json).toMatchObject({ accepted: 3, rejected: [{ index: 0, code: 'operatorNotAllowed', detail }] });
      expect(await read('tags.raw', 2, ofCuid('keeper-'))).toHaveLength(2);
      expect((await api.end('SIGTERM')).code).toBe(0);
      // Elsewhere both are taken.
      expect((await call(0, 'POST', '/v1/messages', clears)).json).toMatchObject({ accepted: 2, rejected: [] });
    },
    TEST_MS_MAX,
  );

  it('explains its settings, and does not let other machines in without a key', async () => {
    const help = await SourceProcess.run(MAIN, { argv: ['--help'] });
    expect(help.code).toBe(0);
    for (const name of [
      'KAFKA_BROKERS',
      'MYSQL_URL',
      'REDIS_URL',
      'STARROCKS_URL',
      'API_KEYS',
      'STARROCKS_PROFILE_MODEL',
    ])
      expect(help.output).toContain(name);
    const open = await SourceProcess.run(MAIN, { environment: { ...servers.settings, HOST: '0.0.0.0' } });
    expect(open).toMatchObject({ code: 2, output: expect.stringContaining('set API_KEYS') });
  });

  it('ends in order when it is told to', async () => {
    for (const one of processes) expect((await one.end('SIGTERM')).code).toBe(0);
  });
});
