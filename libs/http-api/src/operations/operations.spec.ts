import type { Server } from 'node:http';
import { ReferenceEngine, ReferenceStore } from '@tessera/audience';
import { ApiKeys } from '@tessera/platform';
import { StoreUnavailableError } from '@tessera/tag-catalog';
import request from 'supertest';
import { startReferenceApi } from '../testing/reference-api.module';
import type { ReferenceApi } from '../testing/reference-api.module';
import { fillSmallShop } from '../testing/small-shop';

describe('health, metrics, status, docs', () => {
  let api: ReferenceApi;
  beforeAll(async () => {
    api = await startReferenceApi({ openApi: true });
    await fillSmallShop(api);
  });
  afterAll(() => api.close());
  const get = (path: string) => request(api.server).get(path);

  it('is alive and ready, dependency by dependency', async () => {
    expect((await get('/health/live').expect(200)).body).toEqual({ status: 'ok' });
    api.health.register('engine', () => ({ ok: true }));
    expect((await get('/health/ready').expect(200)).body).toEqual({
      ready: true,
      dependencies: { engine: { ok: true } },
    });
    api.health.register('disk', () => ({ ok: false, detail: 'full' }));
    expect((await get('/health/ready').expect(503)).body).toMatchObject({
      ready: false,
      dependencies: { disk: { detail: 'full' } },
    });
  });

  it('exposes metrics', async () => {
    await request(api.server)
      .post('/v1/messages')
      .send([{ header: { type: 'customer', cuid: 'm' }, body: { age: 1 } }, 5]);
    const { text, headers } = await get('/metrics').expect(200);
    expect(headers['content-type']).toContain('text/plain');
    for (const line of [
      'tessera_users 5',
      'tessera_data_version 2',
      'tessera_messages_total{verdict="accepted"} 1',
      'tessera_messages_total{verdict="rejected"} 1',
    ]) {
      expect(text).toContain(line);
    }
  });

  it('shows its status', async () => {
    expect((await get('/v1/status').expect(200)).body).toMatchObject({
      engine: 'reference',
      users: { known: 5, bound: 5 },
      tagTypes: 5,
      tags: 7,
      messagesPerSecond: expect.any(Number),
      lag: 0,
      rememberedIds: { count: expect.any(Number), max: expect.any(Number) },
      dataDirectory: { bytes: expect.any(Number) },
      versions: { tessera: '0.0.0', node: process.version, catalog: 5 },
    });
  });

  it('verifies the store when asked', async () => {
    expect((await request(api.server).post('/v1/verify').expect(200)).body).toEqual({
      findings: [],
      users: expect.any(Number),
      tagShards: 0,
      eventRows: 0,
      tookMs: expect.any(Number),
      dataVersion: expect.any(Number),
    });
    expect((await request(api.server).post('/v1/verify?x=1')).status).toBe(400);
  });

  it('measures every kind of question about sets', async () => {
    const ask = (path: string, body: object) =>
      request(api.server).post(`/v1/segmentation/${path}`).send(body).expect(200);
    const expression = { all: true };
    await ask('count', { expression });
    await ask('members', { expression });
    await ask('distribution', { expression, tags: ['city'] });
    await ask('overlap', {
      sets: [
        { name: 'a', expression },
        { name: 'b', expression },
      ],
    });
    await request(api.server).post('/v1/segmentation/count').send({ expression: 5 }).expect(400);
    const { text } = await get('/metrics').expect(200);
    for (const question of ['count', 'members', 'distribution', 'overlap']) {
      expect(text).toContain(`tessera_question_duration_seconds_count{question="${question}"} 1`);
    }
  });

  it('takes an offset wherever it reads', async () => {
    for (const path of [
      '/v1/tag-types',
      '/v1/tag-types/customer',
      '/v1/tags',
      '/v1/lists',
      '/v1/status',
      '/v1/users/ann',
    ]) {
      const { body } = await get(`${path}?minOffset=never-issued`);
      expect(body).toMatchObject({ status: 400, type: 'urn:tessera:problem:invalid-token' });
    }
  });

  it('documents every path with an example', async () => {
    const { body } = await get('/docs/openapi.json').expect(200);
    expect(body.openapi).toMatch(/^3\./);
    for (const path of [
      '/v1/tag-types',
      '/v1/tag-types/{name}',
      '/v1/tags',
      '/v1/tags/{name}/distribution',
      '/v1/messages',
      '/v1/segmentation/validate',
      '/v1/segmentation/count',
      '/v1/segmentation/explain',
      '/v1/segmentation/members',
      '/v1/segmentation/distribution',
      '/v1/segmentation/overlap',
      '/v1/segmentation/schema',
      '/v1/users/{cuid}',
      '/v1/users/{cuid}/events',
      '/v1/users/batch',
      '/v1/users/{cuid}/evaluate',
      '/v1/users/evaluate-batch',
      '/v1/lists',
      '/v1/lists/{id}',
      '/health/live',
      '/health/ready',
      '/metrics',
      '/v1/status',
    ]) {
      expect(Object.keys(body.paths)).toContain(path);
    }
    const count = body.paths['/v1/segmentation/count'].post;
    expect(count.responses['200'].content['application/json'].example.count).toEqual(expect.any(Number));
    expect(body.components.schemas.CountDto.properties.expression.example).toBeDefined();
    expect((await get('/docs').expect(200)).text).toContain('Tessera');
  });
});

describe('status and metrics while the engine is away', () => {
  const counts: readonly (readonly [string, () => Promise<never>])[] = [
    ['can not be asked', () => Promise.reject(new StoreUnavailableError('no frontend answers', true))],
    ['does not answer', () => new Promise<never>(() => undefined)],
  ];

  it.each(counts)('tell what else they know of one that %s', async (_why, ask) => {
    class AwayEngine extends ReferenceEngine {
      override counts(): Promise<never> {
        return ask();
      }
    }
    const engine = new AwayEngine(new ReferenceStore({ nowMs: () => 0 }));
    const api = await startReferenceApi({ ports: { engine } });
    const get = (path: string) => request(api.server).get(path).timeout(15_000).expect(200);
    const [status, metrics] = await Promise.all([get('/v1/status'), get('/metrics')]);
    expect(status.body).toMatchObject({
      engine: 'reference',
      dataVersion: null,
      users: { known: null, bound: 0 },
      lag: 0,
    });
    expect(metrics.text).toContain('tessera_users Nan');
    await api.close();
  });
});

describe('access', () => {
  let api: ReferenceApi;
  beforeAll(
    async () =>
      (api = await startReferenceApi({ openApi: true, options: { apiKeys: new ApiKeys(['right-key', 'other']) } })),
  );
  afterAll(() => api.close());
  const status = (authorization?: string) => {
    const call = request(api.server).get('/v1/status');
    return authorization === undefined ? call : call.set('Authorization', authorization);
  };

  it('asks for one of the keys', async () => {
    expect((await status('Bearer right-key')).status).toBe(200);
    expect((await status('bearer other')).status).toBe(200);
    for (const wrong of [undefined, 'Bearer wrong', 'right-key', 'Basic right-key', 'Bearer', 'Bearer right-key x']) {
      const refused = await status(wrong);
      expect(refused.body).toMatchObject({ status: 401, type: 'urn:tessera:problem:not-authorised' });
      expect(refused.headers['www-authenticate']).toBe('Bearer');
      expect(refused.text).not.toContain('wrong');
    }
  });

  it('guards everything but health and the documentation', async () => {
    for (const path of ['/health/live', '/health/ready', '/docs/openapi.json']) {
      expect((await request(api.server).get(path)).status).toBe(200);
    }
    for (const path of [
      '/metrics',
      '/v1/tags',
      '/v1/tag-types',
      '/v1/lists',
      '/v1/users/ann',
      '/v1/segmentation/schema',
    ]) {
      expect((await request(api.server).get(path)).status).toBe(401);
    }
    for (const path of ['/v1/messages', '/v1/segmentation/count', '/v1/lists?name=x']) {
      expect((await request(api.server).post(path).send({})).status).toBe(401);
    }
  });
});

describe('browsers, without keys', () => {
  let api: { readonly server: Server; close(): Promise<void> };
  beforeAll(async () => (api = await startReferenceApi()));
  afterAll(() => api.close());
  const withHeaders = (headers: { [name: string]: string }) => request(api.server).get('/v1/status').set(headers);

  it('keeps pages from elsewhere and rebound names out', async () => {
    expect((await withHeaders({ Origin: 'https://evil.example' })).body).toMatchObject({
      status: 403,
      type: 'urn:tessera:problem:forbidden',
    });
    expect((await withHeaders({ Origin: 'null' })).status).toBe(403);
    expect((await withHeaders({ Host: 'evil.example:3000' })).status).toBe(403);
  });

  it('lets pages of this machine in', async () => {
    expect((await withHeaders({ Origin: 'http://localhost:5173' })).status).toBe(200);
    expect((await withHeaders({ Host: 'localhost:3000' })).status).toBe(200);
    expect((await withHeaders({ Host: '[::1]:3000' })).status).toBe(200);
  });
});
