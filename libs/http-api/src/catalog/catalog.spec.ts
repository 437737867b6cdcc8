import request from 'supertest';
import { startReferenceApi } from '../testing/reference-api.module';
import type { ReferenceApi } from '../testing/reference-api.module';
import { fillSmallShop } from '../testing/small-shop';

describe('/v1/tag-types', () => {
  let api: ReferenceApi;
  beforeEach(async () => (api = await startReferenceApi()));
  afterEach(() => api.close());

  const city = { name: 'city', valueType: 'string' };
  const customer = { name: 'customer', kind: 'profile', tags: [city] };
  const declare = (json: object) => request(api.server).post('/v1/tag-types').send(json);

  it('declares, lists, shows, changes and removes one', async () => {
    const declared = await declare(customer).expect(201);
    expect(declared.body).toMatchObject({ ...customer, version: 1 });
    const listed = await request(api.server).get('/v1/tag-types').expect(200);
    expect(listed.body).toEqual({ tagTypes: [declared.body] });
    const shown = await request(api.server).get('/v1/tag-types/customer').expect(200);
    expect(shown.body).toEqual(declared.body);
    const patched = await request(api.server)
      .patch('/v1/tag-types/customer')
      .send({ tags: [{ name: 'level', valueType: 'enum', values: ['a'] }] })
      .expect(200);
    expect(patched.body).toMatchObject({ version: 2, tags: [{ name: 'city' }, { name: 'level', values: ['a'] }] });
    const removed = await request(api.server).delete('/v1/tag-types/customer').expect(200);
    expect(removed.body).toEqual({ removed: 'customer' });
    await request(api.server).get('/v1/tag-types/customer').expect(404);
  });

  it('refuses a wrong declaration with the place of every fault, and changes nothing', async () => {
    const refused = await declare({
      name: 'Customer',
      kind: 'profile',
      tags: [{ name: 'x', valueType: 'text' }],
      colour: 1,
    });
    expect(refused.status).toBe(400);
    expect(refused.headers['content-type']).toContain('application/problem+json');
    expect(refused.body.errors.map((error: { path: string }) => error.path)).toEqual(
      expect.arrayContaining(['/colour', '/name', '/tags/0/valueType']),
    );
    expect(api.catalogStore.current().version).toBe(0);
  });

  it('refuses prototype-pollution keys', async () => {
    const body = '{"name": "customer", "kind": "profile", "tags": [], "__proto__": {"kind": "event"}}';
    const refused = await request(api.server).post('/v1/tag-types').type('json').send(body);
    expect(refused.status).toBe(400);
    expect(refused.body.errors).toEqual(
      expect.arrayContaining([expect.objectContaining({ path: '/__proto__', code: 'unknownKey' })]),
    );
  });

  it('answers 409 for a name that is taken and for what never changes', async () => {
    await declare(customer).expect(201);
    expect((await declare(customer)).status).toBe(409);
    expect((await declare({ ...customer, name: 'other' })).body).toMatchObject({
      status: 409,
      errors: [{ path: '/tags/0/name', code: 'nameTaken' }],
    });
    const retyped = await request(api.server)
      .patch('/v1/tag-types/customer')
      .send({ tags: [{ ...city, valueType: 'int' }] });
    expect(retyped.body).toMatchObject({ status: 409, errors: [{ code: 'immutable' }] });
  });

  it('checks implied conditions as expressions', async () => {
    const tags = [{ ...city, impliedConditions: [{ tag: 'nowhere', op: 'eq', value: 1 }] }];
    const refused = await declare({ ...customer, tags });
    expect(refused.body).toMatchObject({
      status: 400,
      errors: [{ path: '/tags/0/impliedConditions/0/tag', code: 'unknownTag' }],
    });
  });

  it('answers 404 for a type that is not there', async () => {
    for (const call of [
      request(api.server).get('/v1/tag-types/nope'),
      request(api.server).patch('/v1/tag-types/nope').send({}),
      request(api.server).delete('/v1/tag-types/__proto__'),
    ]) {
      expect((await call).body).toMatchObject({ status: 404, errors: [{ code: 'unknownType' }] });
    }
  });

  it('refuses to remove a type in use, naming its users', async () => {
    await fillSmallShop(api);
    const profile = await request(api.server).delete('/v1/tag-types/customer');
    expect(profile.body).toMatchObject({ status: 409, errors: [{ code: 'inUse' }] });
    expect(profile.body.detail).toContain('values of the tag "city" for 3 users');
    const event = await request(api.server).delete('/v1/tag-types/order_paid');
    expect(event.body.detail).toContain('3 stored rows');
    await declare({
      name: 'extra',
      kind: 'kv',
      tags: [{ name: 'vip', valueType: 'bool', impliedConditions: [{ tag: 'coupon', op: 'exists' }] }],
    }).expect(201);
    const implied = await request(api.server).delete('/v1/tag-types/campaigns');
    expect(implied.body.detail).toContain('implied conditions of the tag "vip"');
    await request(api.server).delete('/v1/tag-types/extra').expect(200);
    await request(api.server).delete('/v1/tag-types/campaigns').expect(200);
  });
});

describe('/v1/tags', () => {
  let api: ReferenceApi;
  beforeAll(async () => {
    api = await startReferenceApi();
    await fillSmallShop(api);
  });
  afterAll(() => api.close());

  const get = (path: string) => request(api.server).get(path);
  const names = (body: { tags: { name: string }[] }) => body.tags.map(({ name }) => name);

  it('lists every tag with the state of its data', async () => {
    const { body } = await get('/v1/tags').expect(200);
    expect(names(body)).toEqual(['city', 'age', 'level', 'interests', 'cart', 'coupon', 'nick']);
    expect(body.tags[0]).toMatchObject({
      valueType: 'string',
      kind: 'profile',
      type: 'customer',
      coverage: 3,
      distinct: 2,
      lastWrite: '2026-10-03T00:00:00Z',
      freshness: { target: 'P1D', ageSeconds: 29 * 86_400, met: false },
      placements: [{ engine: 'reference', place: 'profileColumn', primary: true }],
    });
    expect(body.tags[5]).toMatchObject({ coverage: 0, lastWrite: null, placements: [{ place: 'kvBitmap' }] });
  });

  it('finds by name, label, description, group and type', async () => {
    expect(names((await get('/v1/tags?query=CIT')).body)).toEqual(['city']);
    expect(names((await get('/v1/tags?query=home')).body)).toEqual(['city']);
    expect(names((await get('/v1/tags?query=voucher')).body)).toEqual(['coupon']);
    expect(names((await get('/v1/tags?query=value&type=customer')).body)).toEqual(['cart']);
    expect(names((await get('/v1/tags?query=nothing')).body)).toEqual([]);
  });

  it('refuses what it does not know', async () => {
    expect((await get('/v1/tags?type=nope')).body).toMatchObject({ status: 404, errors: [{ path: '/type' }] });
    expect((await get('/v1/tags?typ=x')).body).toMatchObject({
      status: 400,
      errors: [{ path: '/typ', code: 'unknownKey' }],
    });
    expect((await get('/v1/tags?query=a&query=b')).status).toBe(400);
    expect((await get('/v1/tags?__proto__=x')).status).toBe(400);
    expect((await get('/v1/tags?minOffset=x')).body).toMatchObject({
      status: 400,
      errors: [{ code: 'invalidOffset' }],
    });
  });

  it('shows the distribution of one', async () => {
    const { body } = await get('/v1/tags/city/distribution?top=1').expect(200);
    expect(body).toMatchObject({
      tag: 'city',
      universe: 4,
      distinct: 2,
      withValue: 3,
      missing: 1,
      values: [{ value: 'beijing', count: 2, share: 0.5, lift: 1 }],
      histogram: [],
    });
    const ages = await get('/v1/tags/age/distribution?top=2').expect(200);
    expect(ages.body.histogram.length).toBeGreaterThan(0);
    expect(ages.body.histogram.reduce((sum: number, bucket: { count: number }) => sum + bucket.count, 0)).toBe(4);
    expect(ages.body.histogram[0].from).toBe(20);
  });

  it('refuses an unknown tag and a wrong top', async () => {
    expect((await get('/v1/tags/nope/distribution')).body).toMatchObject({
      status: 404,
      errors: [{ code: 'unknownTag' }],
    });
    for (const top of ['0', '1001', '-1', '1.5', 'x', '', '1e2']) {
      expect((await get(`/v1/tags/city/distribution?top=${top}`)).body).toMatchObject({
        status: 400,
        errors: [{ path: '/top' }],
      });
    }
  });
});
