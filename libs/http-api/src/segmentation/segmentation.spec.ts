import Ajv2020 from 'ajv/dist/2020';
import { gzipSync } from 'node:zlib';
import request from 'supertest';
import { startReferenceApi } from '../testing/reference-api.module';
import type { ReferenceApi } from '../testing/reference-api.module';
import { fillSmallShop } from '../testing/small-shop';

const BEIJING = { tag: 'city', op: 'eq', value: 'beijing' };
const OLD = { tag: 'age', op: 'gte', value: 40 };
const BOUGHT = { event: 'order_paid', op: 'gte', value: 1, window: { last: 'P7D' } };

let api: ReferenceApi;
beforeAll(async () => {
  api = await startReferenceApi();
  await fillSmallShop(api);
});
afterAll(() => api.close());

const post = (path: string, body: object) => request(api.server).post(`/v1/segmentation/${path}`).send(body);

describe('count', () => {
  it('counts, with everything that makes the answer reproducible', async () => {
    const { body } = await post('count', { expression: { and: [BEIJING, OLD] } }).expect(200);
    expect(body).toEqual({
      count: 1,
      universe: 4,
      asOf: '2026-11-01T00:00:00Z',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      dataVersion: 1,
      tookMs: expect.any(Number),
      engine: 'reference',
    });
  });

  it('counts every node, with its id and the users with no value', async () => {
    const expression = { or: [{ ...BEIJING, id: 'b' }, { not: BOUGHT }, { tag: 'level', op: 'ne', value: 'gold' }] };
    const { body } = await post('count', { expression, perNode: true }).expect(200);
    expect(body.nodes).toEqual([
      { path: '', count: 4 },
      { path: '/or/0', id: 'b', count: 2, missing: 1 },
      { path: '/or/1', count: 3 },
      { path: '/or/1/not', count: 1 },
      { path: '/or/2', count: 1, missing: 2 },
    ]);
  });

  it('takes as-of, zone and parameters', async () => {
    const windowed = { event: 'order_paid', op: 'gte', value: 1, window: { calendar: 'day', offset: 0 } };
    const at = (asOf: string, timeZone?: string) => post('count', { expression: windowed, asOf, timeZone });
    // ann bought at 2026-10-30T10:00Z, which is still the 30th in Honolulu at 09:00Z the next day.
    expect((await at('2026-10-30T12:00:00+02:00')).body).toMatchObject({ count: 1, asOf: '2026-10-30T10:00:00Z' });
    expect((await at('2026-10-31T09:00:00Z')).body.count).toBe(0);
    expect((await at('2026-10-31T09:00:00Z', 'Pacific/Honolulu')).body.count).toBe(1);
    const param = { expression: { tag: 'age', op: 'gte', value: { param: 'least' } } };
    expect((await post('count', { ...param, params: { least: 30 } })).body.count).toBe(3);
    expect((await post('count', param)).body).toMatchObject({
      status: 400,
      errors: [{ path: '/value', code: 'missingParam' }],
    });
  });

  it('judges TTL at as-of', async () => {
    const expression = { tag: 'cart', op: 'exists' };
    expect((await post('count', { expression })).body.count).toBe(0);
    expect((await post('count', { expression, asOf: '2026-10-10T23:59:59.999Z' })).body.count).toBe(1);
  });

  it.each<[string, object, number, string, string]>([
    [
      'an unknown tag',
      { expression: { and: [BEIJING, { tag: 'nope', op: 'exists' }] } },
      404,
      '/and/1/tag',
      'unknownTag',
    ],
    ['an unknown event', { expression: { event: 'nope', op: 'gte', value: 1 } }, 404, '/event', 'unknownEvent'],
    ['an unknown list', { expression: { list: 'nope' } }, 404, '/list', 'unknownList'],
    ['an unknown audience', { expression: { audience: 'nope' } }, 404, '/audience', 'unknownAudience'],
    ['a tag named __proto__', { expression: { tag: '__proto__', op: 'exists' } }, 404, '/tag', 'unknownTag'],
    ['an operator that does not suit', { expression: { ...BEIJING, op: 'hasAny' } }, 400, '/op', 'operatorNotAllowed'],
    ['a wrong type', { expression: { ...BEIJING, value: 5 } }, 400, '/value', 'wrongType'],
    ['no expression', {}, 400, '/expression', 'missing'],
    ['null for one', { expression: null }, 400, '', 'wrongType'],
    ['an unknown key', { expression: BEIJING, perNodes: true }, 400, '/perNodes', 'unknownKey'],
    ['a wrong perNode', { expression: BEIJING, perNode: 'yes' }, 400, '/perNode', 'invalidType'],
    ['null for perNode', { expression: BEIJING, perNode: null }, 400, '/perNode', 'invalidType'],
    ['a wrong as-of', { expression: BEIJING, asOf: '2026-11-01' }, 400, '/asOf', 'invalidInstant'],
    ['an unknown zone', { expression: BEIJING, timeZone: 'Mars/Base' }, 400, '/timeZone', 'unknownTimeZone'],
    ['params that are no object', { expression: BEIJING, params: [1] }, 400, '/params', 'invalidType'],
    ['a foreign offset', { expression: BEIJING, minOffset: 'AAAA' }, 400, '/minOffset', 'invalidOffset'],
  ])('refuses %s', async (_what, body, status, path, code) => {
    const refused = await post('count', body);
    expect(refused.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(refused.body).toMatchObject({
      type: expect.stringMatching(/^urn:tessera:problem:/),
      title: expect.any(String),
      status,
      detail: expect.any(String),
      errors: [{ path, code, message: expect.any(String) }],
    });
    expect(refused.status).toBe(status);
  });

  it('answers 400 when something else is wrong beside an unknown name', async () => {
    const refused = await post('count', {
      expression: {
        and: [
          { tag: 'nope', op: 'exists' },
          { ...BEIJING, value: 5 },
        ],
      },
    });
    expect(refused.status).toBe(400);
    expect(refused.body.errors).toHaveLength(2);
  });

  it('refuses keys that would reach a prototype, wherever they stand', async () => {
    for (const body of [
      '{"expression": {"all": true}, "__proto__": {"perNode": true}}',
      '{"expression": {"all": true, "__proto__": {"x": 1}}}',
      '{"expression": {"all": true}, "constructor": 1}',
    ]) {
      const refused = await request(api.server).post('/v1/segmentation/count').type('json').send(body);
      expect(refused.body).toMatchObject({ status: 400, errors: [{ code: 'unknownKey' }] });
    }
  });

  it('holds at the limits and refuses past them', async () => {
    const nested = (depth: number): object => (depth === 1 ? BEIJING : { not: nested(depth - 1) });
    expect((await post('count', { expression: nested(64) })).status).toBe(200);
    expect((await post('count', { expression: nested(65) })).body).toMatchObject({
      status: 400,
      errors: [{ code: 'tooDeep' }],
    });
    const values = Array.from({ length: 100_001 }, (_, index) => `v${index}`);
    const list = (count: number) => ({ expression: { tag: 'city', op: 'in', value: values.slice(0, count) } });
    expect((await post('count', list(100_000))).status).toBe(200);
    expect((await post('count', list(100_001))).body).toMatchObject({ status: 400, errors: [{ path: '/value' }] });
    const wide = (count: number) => ({ expression: { or: Array.from({ length: count - 1 }, () => BEIJING) } });
    expect((await post('validate', wide(10_000))).body.valid).toBe(true);
    expect((await post('validate', wide(10_001))).body).toMatchObject({
      valid: false,
      errors: [{ code: 'tooManyNodes' }],
    });
  });

  it('survives a body of a million brackets', async () => {
    const body = `{"expression": ${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`;
    const refused = await request(api.server).post('/v1/segmentation/count').type('json').send(body);
    expect(refused.status).toBe(400);
    const cursor = (await post('members', { expression: { all: true }, limit: 1 })).body.nextCursor;
    const deep = body.replace('{', `{"cursor": ${JSON.stringify(cursor)}, `);
    expect((await request(api.server).post('/v1/segmentation/members').type('json').send(deep)).status).toBe(400);
  });
});

describe('bodies', () => {
  const send = (body: string | Buffer, type = 'application/json') =>
    request(api.server)
      .post('/v1/segmentation/count')
      .set('Content-Type', type)
      .serialize((raw: unknown) => raw as string)
      .send(body);

  it('names the place of broken JSON', async () => {
    const refused = await send('{"expression": {"all": tru}}');
    expect(refused.body).toMatchObject({ status: 400, errors: [{ path: '', code: 'invalidJson' }] });
    expect(refused.body.detail).toContain('character 23');
  });

  it('refuses what is not UTF-8, not JSON, or not an object', async () => {
    expect((await send(Buffer.from([0x7b, 0xff, 0x7d]))).body).toMatchObject({
      status: 400,
      errors: [{ code: 'invalidUtf8' }],
    });
    expect((await send('')).body).toMatchObject({ status: 400, errors: [{ code: 'invalidJson' }] });
    expect((await send('[]')).body).toMatchObject({ status: 400, errors: [{ code: 'invalidType' }] });
    expect((await send('{}', 'text/plain')).status).toBe(415);
    expect((await send('{}', 'application/x-ndjson')).status).toBe(415);
    expect((await request(api.server).post('/v1/segmentation/count')).status).toBe(415);
  });

  it('refuses more than 16 MiB, also when compressed', async () => {
    const large = Buffer.from(`{"expression": "${'x'.repeat(16 * 1024 * 1024)}"}`);
    expect((await send(large)).body.status).toBe(413);
    expect((await send(gzipSync(large)).set('Content-Encoding', 'gzip')).body.status).toBe(413);
    const small = gzipSync('{"expression": {"all": true}}');
    expect((await send(small).set('Content-Encoding', 'gzip')).body.count).toBe(4);
  });

  it('refuses a query where there is none', async () => {
    for (const path of ['/v1/segmentation/count?perNode=true', '/v1/messages?x', '/v1/tag-types?__proto__=1']) {
      const refused = await request(api.server)
        .post(path)
        .send({ expression: { all: true } });
      expect(refused.body).toMatchObject({ status: 400, errors: [{ code: 'unknownKey' }] });
    }
    expect((await request(api.server).get('/v1/status?x=1')).status).toBe(400);
    expect((await request(api.server).get('/health/live?x=1')).status).toBe(200);
  });

  it('answers 404 for unknown paths, before looking at the body', async () => {
    for (const path of ['/v1/audiences', '/v1/nope', '/', '/v1/segmentation']) {
      const refused = await request(api.server).post(path).type('text/plain').send('x');
      expect(refused.body).toMatchObject({
        status: 404,
        type: 'urn:tessera:problem:not-found',
        errors: [{ path: '' }],
      });
    }
    expect((await request(api.server).get('/v1/segmentation/count')).status).toBe(404);
  });

  it('answers 429 with Retry-After past the limit', async () => {
    const narrow = await startReferenceApi({ options: { requestsConcurrency: 0 } });
    const refused = await request(narrow.server)
      .post('/v1/segmentation/count')
      .send({ expression: { all: true } });
    expect(refused.body).toMatchObject({ status: 429, detail: expect.stringContaining('REQUESTS_CONCURRENCY') });
    expect(refused.headers['retry-after']).toBe('1');
    await narrow.close();
  });

  it('serves any number one after the other', async () => {
    const narrow = await startReferenceApi({ options: { requestsConcurrency: 1 } });
    for (let round = 0; round < 5; round++) {
      const answer = await request(narrow.server)
        .post('/v1/segmentation/count')
        .send({ expression: round === 2 ? 5 : { all: true } });
      expect(answer.status).toBe(round === 2 ? 400 : 200);
    }
    await narrow.close();
  });
});

describe('validate, explain, schema', () => {
  it('says what a good expression means', async () => {
    const { body } = await post('validate', { expression: { and: [BEIJING, BOUGHT] } }).expect(200);
    expect(body).toMatchObject({
      valid: true,
      errors: [],
      hash: expect.any(String),
      text: expect.stringContaining('beijing'),
    });
    expect(body.windows).toEqual([
      { path: '/and/1', from: '2026-10-25T00:00:00.001Z', to: '2026-11-01T00:00:00.001Z' },
    ]);
    const again = await post('validate', { expression: body.normalised }).expect(200);
    expect(again.body.hash).toBe(body.hash);
  });

  it('takes errors as the answer', async () => {
    const { body } = await post('validate', { expression: { and: [BEIJING, { tag: 'nope', op: 'exists' }] } }).expect(
      200,
    );
    expect(body).toMatchObject({
      valid: false,
      errors: [{ path: '/and/1/tag', code: 'unknownTag' }],
      normalised: null,
      hash: null,
      windows: [],
      text: null,
    });
    expect((await post('validate', { expression: BEIJING, nope: 1 })).status).toBe(400);
  });

  it('explains the plan', async () => {
    const { body } = await post('explain', { expression: { and: [BEIJING, OLD] }, perNode: true }).expect(200);
    expect(body).toMatchObject({
      plan: expect.stringContaining('city'),
      sql: null,
      windows: [],
      text: expect.any(String),
    });
    expect(body.rewrites[0]).toEqual({ name: expect.any(String), reason: expect.any(String) });
    expect(body.nodes.map(({ count }: { count: number }) => count)).toEqual([1, 2, 2]);
    expect((await post('explain', { expression: { tag: 'nope', op: 'exists' } })).status).toBe(404);
  });

  it('publishes a JSON Schema that accepts what it counts', async () => {
    const { body } = await request(api.server).get('/v1/segmentation/schema').expect(200);
    const validate = new Ajv2020({ strict: false }).compile(body);
    expect([validate({ and: [BEIJING, BOUGHT] }), validate({ nope: 1 })]).toEqual([true, false]);
  });
});

describe('distribution', () => {
  it('gives count, share and lift against the universe', async () => {
    const { body } = await post('distribution', { expression: OLD, tags: ['city', 'interests', 'cart'] }).expect(200);
    expect(body).toMatchObject({ count: 2, universe: 4 });
    expect(body.tags[0]).toEqual({
      tag: 'city',
      distinct: 1,
      withValue: 1,
      missing: 1,
      values: [{ value: 'beijing', count: 1, share: 0.5, lift: 1 }],
      histogram: [],
    });
    expect(body.tags.map(({ tag }: { tag: string }) => tag)).toEqual(['city', 'interests', 'cart']);
    expect(body.tags[2].withValue).toBe(0);
  });

  it('has no share and no lift over nobody', async () => {
    const { body } = await post('distribution', { expression: { not: { all: true } }, tags: ['city'] }).expect(200);
    expect(body).toMatchObject({ count: 0, tags: [{ values: [], missing: 0 }] });
  });

  it.each([
    [{ tags: [] }, '/tags', 400],
    [{ tags: Array.from({ length: 21 }, (_, index) => `t${index}`) }, '/tags', 400],
    [{ tags: ['city', 'city'] }, '/tags', 400],
    [{ tags: [5] }, '/tags', 400],
    [{ tags: ['city'], top: 0 }, '/top', 400],
    [{ tags: ['city'], top: 1_001 }, '/top', 400],
    [{ tags: ['city'], top: 1.5 }, '/top', 400],
    [{ tags: ['city', 'nope'] }, '/tags/1', 404],
  ])('refuses %j', async (rest, path, status) => {
    const refused = await post('distribution', { expression: { all: true }, ...rest });
    expect(refused.body).toMatchObject({ status, errors: [{ path }] });
  });
});

describe('overlap', () => {
  const set = (name: string, expression: object) => ({ name, expression });

  it('counts pairs and regions', async () => {
    const sets = [set('beijing', BEIJING), set('old', OLD), set('buyers', BOUGHT)];
    const { body } = await post('overlap', { sets }).expect(200);
    expect(body.sets).toEqual([
      { name: 'beijing', count: 2 },
      { name: 'old', count: 2 },
      { name: 'buyers', count: 1 },
    ]);
    expect(body.pairs[0]).toEqual({ a: 'beijing', b: 'old', count: 1, shareOfA: 0.5, shareOfB: 0.5, jaccard: 1 / 3 });
    expect(body.pairs).toHaveLength(3);
    const regions = new Map(
      body.regions.map((region: { in: string[]; count: number }) => [region.in.join('+'), region.count]),
    );
    expect([...regions]).toEqual([
      ['beijing', 0],
      ['old', 1],
      ['beijing+old', 1],
      ['buyers', 0],
      ['beijing+buyers', 1],
      ['old+buyers', 0],
      ['beijing+old+buyers', 0],
    ]);
    expect(body.universe).toBe(4);
  });

  it('leaves regions out past four sets, and has null where a share is not defined', async () => {
    const sets = Array.from({ length: 8 }, (_, index) =>
      set(`s${index}`, index === 0 ? { not: { all: true } } : { all: true }),
    );
    const { body } = await post('overlap', { sets }).expect(200);
    expect(body.regions).toBeUndefined();
    expect(body.pairs).toHaveLength(28);
    expect(body.pairs[0]).toMatchObject({ shareOfA: null, shareOfB: 0, jaccard: 0 });
  });

  it.each<[unknown, string, number]>([
    [[set('a', BEIJING)], '/sets', 400],
    [Array.from({ length: 9 }, (_, index) => set(`s${index}`, BEIJING)), '/sets', 400],
    [[set('a', BEIJING), set('a', OLD)], '/sets/1/name', 400],
    [[set('a', BEIJING), { name: 'b' }], '/sets/1/expression', 400],
    [[set('a', BEIJING), { ...set('b', OLD), color: 1 }], '/sets/1/color', 400],
    [[set('a', BEIJING), 5], '/sets/1', 400],
    [[set('a', BEIJING), set('b', { and: [{ tag: 'nope', op: 'exists' }] })], '/sets/1/expression/and/0/tag', 404],
    ['x', '/sets', 400],
  ])('refuses %j', async (sets, path, status) => {
    expect((await post('overlap', { sets })).body).toMatchObject({ status, errors: [{ path }] });
  });
});
