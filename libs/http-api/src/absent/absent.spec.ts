import request from 'supertest';
import { startReferenceApi } from '../testing/reference-api.module';
import type { ReferenceApi } from '../testing/reference-api.module';
import { fillSmallShop } from '../testing/small-shop';

describe('without an engine', () => {
  let api: ReferenceApi;
  beforeAll(async () => {
    api = await startReferenceApi({
      rows: 'absent',
      ports: { engine: null, lists: null, statistics: null, verifier: null },
    });
    await fillSmallShop(api);
  });
  afterAll(() => api.close());

  const expression = { all: true };
  it.each<['get' | 'post' | 'delete', string, object]>([
    ['post', 'segmentation/count', { expression }],
    ['post', 'segmentation/members', { expression }],
    ['post', 'segmentation/overlap', { sets: ['a', 'b'].map((name) => ({ name, expression })) }],
    ['post', 'segmentation/distribution', { expression, tags: ['city'] }],
    ['get', 'tags', {}],
    ['get', 'tags/city/distribution', {}],
    ['get', 'lists', {}],
    ['get', 'lists/x', {}],
    ['delete', 'lists/x', {}],
    ['delete', 'tag-types/customer', {}],
    ['post', 'verify', {}],
    ['get', 'users/ann/events', {}],
    ['post', 'users/ann/evaluate', { expression: { event: 'order_paid', op: 'gte', value: 1 } }],
    ['post', 'users/ann/evaluate', { expression: { event: 'order_paid', op: 'gte', value: 1 }, why: true }],
    ['post', 'users/evaluate-batch', { cuids: ['ann'], expression: { list: 'x' } }],
  ])('%s %s is 501', async (method, path, body) => {
    const call = request(api.server)[method](`/v1/${path}`);
    const answer = await (method === 'post' ? call.send(body) : call);
    expect(answer.body).toMatchObject({ status: 501, type: 'urn:tessera:problem:not-configured' });
  });

  it('says first what is wrong with a question', async () => {
    const { body } = await request(api.server)
      .post('/v1/segmentation/count')
      .send({ expression: { tag: 'nope' } });
    expect(body).toMatchObject({ status: expect.any(Number), errors: [{ path: expect.any(String) }] });
    expect(body.status).toBeLessThan(500);
  });

  it('shows and evaluates tags, explains plans, tells its status and metrics', async () => {
    const user = await request(api.server).get('/v1/users/ann').expect(200);
    expect(user.body).toMatchObject({ tags: { city: { value: 'beijing' } }, events: null });
    const rule = { expression: { tag: 'city', op: 'eq', value: 'beijing' } };
    const many = await request(api.server)
      .post('/v1/users/evaluate-batch')
      .send({ ...rule, cuids: ['ann', 'bob'] });
    expect(many.body.users).toMatchObject([{ results: [{ member: true }] }, { results: [{ member: false }] }]);
    const explained = await request(api.server).post('/v1/segmentation/explain').send(rule).expect(200);
    expect(explained.body.sql).toBeNull();
    const status = await request(api.server).get('/v1/status').expect(200);
    expect(status.body).toMatchObject({ engine: null, dataVersion: null, users: { known: null } });
    await request(api.server).get('/metrics').expect(200);
  });
});
