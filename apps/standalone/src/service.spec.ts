import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { GracefulShutdown, readConfig } from '@tessera/platform';
import type { TesseraConfig } from '@tessera/platform';
import { loadSampleOnFirstStart } from './first-start';
import { openStore } from './open-store';
import type { Store } from './open-store';
import { startService } from './start-service';
import { welcomeText } from './welcome';

/** A service on a real data directory and a real port. */
interface Running {
  readonly store: Store;
  readonly address: string;
  /** As at SIGTERM. */
  stop(): Promise<boolean>;
}

let folder = '';
let running: Running | undefined;

beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'tessera-service-'))));
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await rm(folder, { recursive: true, force: true });
});

function configOf(environment: { readonly [name: string]: string } = {}): TesseraConfig {
  const read = readConfig([], { PORT: '0', DATA_DIR: folder, SAMPLE: 'none', LOG_LEVEL: 'silent', ...environment });
  if (read.kind !== 'run') throw new Error('expected a configuration');
  return read.config;
}

async function start(config = configOf()): Promise<Running> {
  const store = await openStore({
    path: config.dataDirectory,
    readOnly: false,
    idEntriesMax: config.idMemory,
    threads: 0,
    memoryBytesMax: Infinity,
    onBackgroundError: (error) => {
      throw error;
    },
  });
  await loadSampleOnFirstStart(config, store, new AbortController().signal);
  const service = await startService(config, store, '9.9.9');
  const shutdown = new GracefulShutdown({
    server: service.app.getHttpServer(),
    health: service.health,
    drain: service.drain,
    hooks: [() => store.close()],
    log: () => undefined,
  });
  running = { store, address: service.address, stop: () => shutdown.run('test') };
  return running;
}

async function call(
  method: string,
  url: string,
  body?: object | string,
  headers: object = {},
): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }> {
  const response = await fetch(`${running?.address ?? ''}${url}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

const visitor = { name: 'visitor', kind: 'profile', tags: [{ name: 'country', valueType: 'string' }] };
const write = (...cuids: string[]) =>
  call(
    'POST',
    '/v1/messages',
    cuids.map((cuid) => ({ header: { type: 'visitor', cuid }, body: { country: 'France' } })),
  );
const inFrance = { expression: { tag: 'country', op: 'eq', value: 'France' } };

describe('the standalone service', () => {
  it('keeps everything over a restart, cursors apart', async () => {
    await start();
    expect((await call('POST', '/v1/tag-types', visitor)).status).toBe(201);
    const written = await write('ann', 'bob', 'cleo');
    expect(written.body).toMatchObject({ accepted: 3, rejected: [] });
    const list = await call('POST', '/v1/lists?name=l', '"ann"\n"nobody"\n', {
      'Content-Type': 'application/x-ndjson',
    });
    expect(list).toMatchObject({ status: 201, body: { matched: 1, unknown: 1 } });
    expect((await call('DELETE', '/v1/users/bob')).status).toBe(200);
    const page = await call('POST', '/v1/segmentation/members', { ...inFrance, limit: 1 });
    expect(page.body).toMatchObject({ members: ['ann'], count: 2 });
    expect(await running?.stop()).toBe(true);

    const again = await start();
    expect(
      (await call('POST', '/v1/segmentation/count', { ...inFrance, minOffset: written.body.offset })).body,
    ).toMatchObject({ count: 2, universe: 2, engine: 'embedded' });
    expect((await call('POST', '/v1/segmentation/count', { expression: { list: list.body.id } })).body.count).toBe(1);
    expect((await call('GET', '/v1/users/bob')).status).toBe(404);
    expect((await call('POST', '/v1/segmentation/members', { ...inFrance, cursor: page.body.nextCursor })).status).toBe(
      410,
    );
    expect((await call('GET', '/v1/status')).body).toMatchObject({
      versions: { tessera: '9.9.9' },
      users: { known: 2 },
    });
    expect((await call('GET', '/health/ready')).body).toEqual({
      ready: true,
      dependencies: { engine: { ok: true }, dataDirectory: { ok: true } },
    });
    expect(again.store.engine.verify().findings).toEqual([]);
  });

  it('judges by its settings', async () => {
    await start(
      configOf({ CUID_PATTERN: '^[a-z]+$', STRING_BYTES_MAX: '10', FUTURE_HOURS: '1', TZ_DEFAULT: 'Asia/Shanghai' }),
    );
    await call('POST', '/v1/tag-types', visitor);
    const inTwoHours = new Date(Date.now() + 7_200_000).toISOString();
    const { body } = await call('POST', '/v1/messages', [
      { header: { type: 'visitor', cuid: 'A1' }, body: { country: 'x' } },
      { header: { type: 'visitor', cuid: 'a' }, body: { country: 'x'.repeat(11) } },
      { header: { type: 'visitor', cuid: 'a', time: inTwoHours }, body: { country: 'x' } },
    ]);
    expect(body.rejected.map(({ code }: { code: string }) => code)).toEqual([
      'invalidCuid',
      expect.any(String),
      expect.any(String),
    ]);
    expect((await call('GET', '/v1/users/A1')).status).toBe(400);
    const calendar = { event: 'nothing', op: 'gte', value: 1, window: { calendar: 'day', offset: 0 } };
    expect((await call('POST', '/v1/segmentation/count', { expression: calendar })).status).toBe(404);
  });

  it('asks for a key where keys are set', async () => {
    await start(configOf({ API_KEYS: 'k1,k2' }));
    expect((await call('GET', '/v1/tags')).status).toBe(401);
    expect((await call('GET', '/v1/tags', undefined, { Authorization: 'Bearer k2' })).status).toBe(200);
    expect((await call('GET', '/health/live')).status).toBe(200);
  });

  it('loads the sample into a new directory only, and once', async () => {
    await start(configOf({ SAMPLE: 'shop', CUSTOMERS: '500' }));
    expect((await call('POST', '/v1/segmentation/count', { expression: { all: true } })).body.count).toBe(500);
    const version = (await call('GET', '/v1/status')).body.dataVersion;
    await running?.stop();
    await start(configOf({ SAMPLE: 'shop', CUSTOMERS: '700' }));
    expect((await call('GET', '/v1/status')).body).toMatchObject({ dataVersion: version, users: { known: 500 } });
    await running?.stop();
    await rm(folder, { recursive: true, force: true });
    await start(configOf());
    await call('POST', '/v1/tag-types', visitor);
    await running?.stop();
    await start(configOf({ SAMPLE: 'shop' }));
    expect((await call('GET', '/v1/status')).body).toMatchObject({ users: { known: 0 }, tagTypes: 1 });
  });

  it('offers calls that work as they stand', async () => {
    const config = configOf({ SAMPLE: 'shop', CUSTOMERS: '300' });
    await start(config);
    const calls = [true, false].flatMap((hasShop) => {
      const text = welcomeText(running?.address ?? '', config, hasShop);
      return [...text.matchAll(/^ {2}curl -s '?([^' ]+)'?(?:.* -d '(.*)')?$/gm)];
    });
    expect(calls).toHaveLength(6);
    for (const [, url, body] of calls) {
      const path = String(url).slice((running?.address ?? '').length);
      const answer = await call(body === undefined ? 'GET' : 'POST', path, body);
      expect(answer.status).toBeLessThan(300);
    }
  });

  it('says which port is taken', async () => {
    const { address } = await start();
    const config = { ...configOf({ PORT: new URL(address).port }) };
    const other = await mkdtemp(path.join(tmpdir(), 'tessera-service-'));
    const store = await openStore({
      path: other,
      readOnly: false,
      idEntriesMax: 10,
      threads: 0,
      memoryBytesMax: Infinity,
      onBackgroundError: () => undefined,
    });
    await expect(startService(config, store, '0')).rejects.toThrow(`PORT ${config.port} on 127.0.0.1 is in use`);
    await store.close();
    await rm(other, { recursive: true });
  });
});
