import request from 'supertest';
import { startReferenceApi } from '../testing/reference-api.module';
import type { ReferenceApi } from '../testing/reference-api.module';
import { fillSmallShop } from '../testing/small-shop';

let api: ReferenceApi;
beforeEach(async () => {
  api = await startReferenceApi();
  await fillSmallShop(api);
});
afterEach(() => api.close());

const get = (path: string) => request(api.server).get(`/v1/users/${path}`);
const post = (path: string, body: object) => request(api.server).post(`/v1/users/${path}`).send(body);

describe('GET /v1/users/{cuid}', () => {
  it('shows every tag with time and status, and event totals', async () => {
    const { body } = await get('ann').expect(200);
    const time = '2026-10-01T00:00:00Z';
    expect(body).toEqual({
      cuid: 'ann',
      guid: 1,
      tags: {
        city: { value: 'beijing', time, status: 'value' },
        age: { value: 30, time, status: 'value' },
        level: { value: 'gold', time, status: 'value' },
        interests: { value: ['art', 'tea'], time, status: 'value' },
      },
      events: {
        order_paid: { count: 2, last: '2026-10-31T10:00:00Z' },
        page_view: { count: 1, last: '2026-10-31T11:00:00Z' },
      },
      dataVersion: 1,
    });
  });

  it('tells cleared from expired', async () => {
    const { body } = await get('dan').expect(200);
    const time = '2026-10-04T00:00:00Z';
    expect(body.tags).toMatchObject({
      level: { value: null, time, status: 'cleared' },
      cart: { value: null, time, status: 'expired' },
    });
    expect(body.events).toEqual({});
    const before = await post('batch', { cuids: ['dan'], asOf: '2026-10-10T00:00:00Z' });
    expect(before.body.users[0].tags.cart).toEqual({ value: 9.5, time, status: 'value' });
  });

  it('has no time for a value that only increments made', async () => {
    await request(api.server)
      .post('/v1/messages')
      .send([{ header: { type: 'customer', cuid: 'new' }, body: { age: { $inc: 5 } } }]);
    expect((await get('new')).body.tags).toEqual({ age: { value: 5, time: null, status: 'value' } });
  });

  it('finds cuids of any characters', async () => {
    for (const cuid of ['a/b', 'ü 京?&#', '%41', 'batch', '..x', '💥']) {
      await request(api.server)
        .post('/v1/messages')
        .send([{ header: { type: 'customer', cuid }, body: { city: cuid } }]);
      const { body } = await get(encodeURIComponent(cuid)).expect(200);
      expect([body.cuid, body.tags.city.value]).toEqual([cuid, cuid]);
    }
  });

  it('refuses unknown users, impossible cuids and unknown keys', async () => {
    expect((await get('nobody')).body).toMatchObject({ status: 404, errors: [{ path: '/cuid', code: 'unknownUser' }] });
    expect((await get('x'.repeat(129))).body).toMatchObject({
      status: 400,
      errors: [{ path: '/cuid', code: 'invalidCuid' }],
    });
    expect((await get('%ff')).body).toMatchObject({ status: 400, type: 'urn:tessera:problem:invalid-request' });
    expect((await get('ann?nope=1')).body).toMatchObject({
      status: 400,
      errors: [{ path: '/nope', code: 'unknownKey' }],
    });
    expect((await get('ann?minOffset=nope')).body).toMatchObject({ status: 400, errors: [{ path: '/minOffset' }] });
  });

  it('waits for its own write', async () => {
    const { offset } = (
      await request(api.server)
        .post('/v1/messages')
        .send([{ header: { type: 'customer', cuid: 'me' }, body: { age: 1 } }])
    ).body;
    expect((await get(`me?minOffset=${String(offset)}`)).status).toBe(200);
  });
});

describe('GET /v1/users/{cuid}/events', () => {
  it('lists rows newest first', async () => {
    const { body } = await get('ann/events').expect(200);
    expect(body.events).toEqual([
      { type: 'page_view', time: '2026-10-31T11:00:00Z', properties: {} },
      { type: 'order_paid', time: '2026-10-31T10:00:00Z', properties: { category: 'books', amount: 20 } },
      { type: 'order_paid', time: '2026-10-30T10:00:00Z', properties: { category: 'toys', amount: 10.5 } },
    ]);
  });

  it('takes type, limit and before', async () => {
    const times = async (query: string) =>
      (await get(`ann/events?${query}`).expect(200)).body.events.map(({ time }: { time: string }) => time);
    expect(await times('type=order_paid&limit=1')).toEqual(['2026-10-31T10:00:00Z']);
    expect(await times('before=2026-10-31T10:00:00Z')).toEqual(['2026-10-30T10:00:00Z']);
    expect(await times('before=2099-01-01T00:00:00%2B08:00&limit=2')).toHaveLength(2);
  });

  it('does not show rows that are dated after now', async () => {
    await request(api.server)
      .post('/v1/messages')
      .send([{ header: { type: 'page_view', cuid: 'bob', time: '2026-11-01T20:00:00Z' }, body: {} }]);
    expect((await get('bob/events?type=page_view')).body.events).toEqual([]);
    expect((await get('bob')).body.events).not.toHaveProperty('page_view');
    api.time.nowMs += 86_400_000;
    expect((await get('bob/events?type=page_view')).body.events).toHaveLength(1);
  });

  it.each([
    ['nobody/events', 404, '/cuid'],
    ['ann/events?type=nope', 404, '/type'],
    ['ann/events?type=customer', 404, '/type'],
    ['ann/events?limit=0', 400, '/limit'],
    ['ann/events?limit=1001', 400, '/limit'],
    ['ann/events?before=yesterday', 400, '/before'],
    ['ann/events?after=x', 400, '/after'],
  ])('refuses %s', async (path, status, place) => {
    expect((await get(path)).body).toMatchObject({ status, errors: [{ path: place }] });
  });
});

describe('POST /v1/users/batch', () => {
  it('answers in order, null for unknown users', async () => {
    const { body } = await post('batch', { cuids: ['cleo', 'nobody', 'ann', 'cleo'], tags: ['city'] }).expect(200);
    expect(body.users.map((user: { cuid: string } | null) => user?.cuid ?? null)).toEqual([
      'cleo',
      null,
      'ann',
      'cleo',
    ]);
    expect(Object.keys(body.users[2].tags)).toEqual(['city']);
    expect(body.dataVersion).toBe(1);
  });

  it.each<[object, number, string]>([
    [{}, 400, '/cuids'],
    [{ cuids: Array.from({ length: 1_001 }, () => 'a') }, 400, '/cuids'],
    [{ cuids: ['ann', ''] }, 400, '/cuids/1'],
    [{ cuids: ['ann', 5] }, 400, '/cuids/1'],
    [{ cuids: ['ann'], tags: ['city', 'nope'] }, 404, '/tags/1'],
    [{ cuids: ['ann'], tag: ['city'] }, 400, '/tag'],
  ])('refuses %j', async (body, status, path) => {
    expect((await post('batch', body)).body).toMatchObject({ status, errors: [{ path }] });
  });

  it('takes none and 1,000, and a tag twice', async () => {
    expect((await post('batch', { cuids: [] }).expect(200)).body.users).toEqual([]);
    expect((await post('evaluate-batch', { cuids: [], expression: { all: true } }).expect(200)).body.users).toEqual([]);
    await post('batch', { cuids: ['ann'], tags: ['city', 'city'] }).expect(200);
    const cuids = Array.from({ length: 1_000 }, (_, index) => `u${index}`);
    expect((await post('batch', { cuids })).body.users).toHaveLength(1_000);
  });
});

describe('evaluate', () => {
  const GOLD = {
    and: [
      { tag: 'level', op: 'eq', value: 'gold' },
      { tag: 'age', op: 'lt', value: 35 },
    ],
  };

  it('says whether the user belongs', async () => {
    const yes = await post('ann/evaluate', { expression: GOLD }).expect(200);
    expect(yes.body).toEqual({ results: [{ member: true }], asOf: '2026-11-01T00:00:00Z', dataVersion: 1 });
    expect((await post('cleo/evaluate', { expression: GOLD })).body.results).toEqual([{ member: false }]);
  });

  it('says why', async () => {
    const [result] = (await post('bob/evaluate', { expression: GOLD, why: true }).expect(200)).body.results;
    expect(result).toMatchObject({ member: false, why: { member: false, root: { kind: 'and', childrenMet: 1 } } });
    expect(result.why.smallestChange.changes[0]).toMatchObject({
      path: '/and/0',
      change: { kind: 'setValue', to: 'gold' },
    });
  });

  it('agrees with count and members for every user', async () => {
    const expression = { or: [GOLD, { event: 'order_paid', op: 'eq', value: 0 }] };
    const members = await request(api.server).post('/v1/segmentation/members').send({ expression });
    const found: string[] = [];
    for (const cuid of ['ann', 'bob', 'cleo', 'dan']) {
      if ((await post(`${cuid}/evaluate`, { expression })).body.results[0].member) found.push(cuid);
    }
    expect(found).toEqual(members.body.members);
    const batch = await post('evaluate-batch', { cuids: ['ann', 'nobody', 'bob', 'cleo', 'dan'], expression }).expect(
      200,
    );
    expect(batch.body.users[1]).toBeNull();
    const inBatch = batch.body.users.filter(
      (user: { results: { member: boolean }[] } | null) => user?.results[0]?.member,
    );
    expect(inBatch.map(({ cuid }: { cuid: string }) => cuid)).toEqual(found);
  });

  it('explains in batches too', async () => {
    const { body } = await post('evaluate-batch', { cuids: ['nobody', 'bob'], expression: GOLD, why: true }).expect(
      200,
    );
    expect(body.users[0]).toBeNull();
    expect(body.users[1]).toMatchObject({ cuid: 'bob', results: [{ member: false, why: { member: false } }] });
  });

  it('takes as-of and parameters', async () => {
    const expression = { event: 'order_paid', op: 'gte', value: { param: 'n' }, window: { last: 'P1D' } };
    const at = (asOf: string) => post('ann/evaluate', { expression, params: { n: 1 }, asOf });
    expect((await at('2026-10-31T09:59:59Z')).body.results).toEqual([{ member: true }]);
    expect((await at('2026-11-02T00:00:00Z')).body.results).toEqual([{ member: false }]);
  });

  it('resolves audiences', async () => {
    expect((await post('ann/evaluate', { audiences: ['vip', 'new'] })).body).toMatchObject({
      status: 404,
      errors: [
        { path: '/audiences/0', code: 'unknownAudience' },
        { path: '/audiences/1', code: 'unknownAudience' },
      ],
    });
    const saved = await startReferenceApi({
      ports: {
        references: {
          audience: (id) => Promise.resolve({ id, version: 3, expression: GOLD, timeZone: null, params: {} }),
          hasSnapshot: () => Promise.resolve(false),
          hasList: () => Promise.resolve(false),
        },
      },
    });
    await fillSmallShop(saved);
    const { body } = await request(saved.server)
      .post('/v1/users/evaluate-batch')
      .send({ cuids: ['ann', 'bob'], audiences: ['vip'] });
    expect(body.users).toEqual([
      { cuid: 'ann', results: [{ audience: 'vip', member: true }] },
      { cuid: 'bob', results: [{ audience: 'vip', member: false }] },
    ]);
    await saved.close();
  });

  it.each<[string, object, number, string]>([
    ['nobody/evaluate', { expression: GOLD }, 404, '/cuid'],
    ['ann/evaluate', {}, 400, ''],
    ['ann/evaluate', { expression: GOLD, audiences: ['x'] }, 400, ''],
    ['ann/evaluate', { audiences: [] }, 400, '/audiences'],
    ['ann/evaluate', { expression: { tag: 'nope', op: 'exists' } }, 404, '/tag'],
    ['ann/evaluate', { expression: GOLD, why: 1 }, 400, '/why'],
    ['ann/evaluate', { expression: null }, 400, ''],
    ['evaluate-batch', { expression: GOLD }, 400, '/cuids'],
    ['evaluate-batch', { expression: GOLD, cuids: ['ann', ''] }, 400, '/cuids/1'],
  ])('refuses %s with %j', async (path, body, status, place) => {
    expect((await post(path, body)).body).toMatchObject({ status, errors: [{ path: place }] });
  });
});

describe('DELETE /v1/users/{cuid}', () => {
  it('erases from the moment of the answer', async () => {
    const { body } = await request(api.server).delete('/v1/users/ann').expect(200);
    expect(body).toEqual({
      receipt: expect.stringMatching(/^[\w-]{43}$/),
      erasedAt: '2026-11-01T00:00:00Z',
      offset: expect.any(String),
    });
    expect((await get('ann')).status).toBe(404);
    const count = await request(api.server)
      .post('/v1/segmentation/count')
      .send({ expression: { all: true }, minOffset: body.offset });
    expect(count.body.count).toBe(3);
    expect((await request(api.server).delete('/v1/users/ann')).body).toMatchObject({
      status: 404,
      errors: [{ code: 'unknownUser' }],
    });
    expect((await request(api.server).delete(`/v1/users/${'x'.repeat(129)}`)).status).toBe(400);
  });

  it('lets the cuid start again, empty', async () => {
    await request(api.server).delete('/v1/users/ann').expect(200);
    await request(api.server)
      .post('/v1/messages')
      .send([{ header: { type: 'customer', cuid: 'ann' }, body: { age: 1 } }]);
    expect((await get('ann')).body).toMatchObject({ guid: 5, events: {}, tags: { age: { value: 1 } } });
  });
});
