import { declareTagType } from '@tessera/tag-catalog';
import type { Catalog } from '@tessera/tag-catalog';
import request from 'supertest';
import { startReferenceApi } from '../testing/reference-api.module';
import type { ReferenceApi } from '../testing/reference-api.module';
import { fillSmallShop } from '../testing/small-shop';

// Rules asked once more are not bound once more; nobody may be able to tell.

let api: ReferenceApi;
beforeEach(async () => {
  api = await startReferenceApi();
  await fillSmallShop(api);
});
afterEach(() => api.close());

const ask = async (path: string, body: object): Promise<{ readonly [key: string]: unknown }> => {
  const answer = await request(api.server).post(path).send(body);
  return { status: answer.status, ...answer.body, tookMs: 0 };
};
const evaluate = (cuid: string, body: object) => ask(`/v1/users/${cuid}/evaluate`, body);
const count = (body: object) => ask('/v1/segmentation/count', body);

const change = (json: object) =>
  api.catalogStore.update((before): Catalog => {
    const declared = declareTagType(before, json);
    if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
    return declared.value;
  });

describe('a rule asked again', () => {
  it.each<[string, object]>([
    ['a tag', { expression: { tag: 'age', op: 'gte', value: 40 } }],
    ['a window', { expression: { event: 'order_paid', op: 'gte', value: 1, window: { last: 'P7D' } } }],
    ['parameters', { expression: { tag: 'age', op: 'gte', value: { param: 'least' } }, params: { least: 30 } }],
    ['an unknown tag', { expression: { tag: '__proto__', op: 'exists' } }],
    ['a key that objects have', JSON.parse('{"expression":{"tag":"age","op":"exists","__proto__":{}}}')],
  ])('gets the same answer with %s', async (_name, body) => {
    for (const options of [{}, { why: true }]) {
      const first = await evaluate('ann', { ...body, ...options });
      expect(await evaluate('ann', { ...body, ...options })).toEqual(first);
    }
    for (const path of ['count', 'explain', 'validate', 'members'].map((name) => `/v1/segmentation/${name}`)) {
      const first = await ask(path, body);
      expect(await ask(path, body)).toEqual(first);
    }
  });

  it('is judged for each user, parameter and zone by itself', async () => {
    const least = (value: number) => ({
      expression: { tag: 'age', op: 'gte', value: { param: 'p' } },
      params: { p: value },
    });
    const counts = [];
    for (const value of [20, 30, 50, 20]) counts.push((await count(least(value)))['count']);
    expect(counts).toEqual([4, 3, 1, 4]);
    const today = { expression: { event: 'order_paid', op: 'gte', value: 1, window: { calendar: 'day', offset: 0 } } };
    const asOf = '2026-10-31T09:00:00Z';
    expect((await count({ ...today, asOf }))['count']).toBe(0);
    expect((await count({ ...today, asOf, timeZone: 'Pacific/Honolulu' }))['count']).toBe(1);
    expect((await count({ ...today, asOf }))['count']).toBe(0);
  });

  it('follows the clock, windows and values that expire', async () => {
    const bought = { expression: { event: 'order_paid', op: 'gte', value: 1, window: { last: 'P7D' } } };
    const cart = { expression: { tag: 'cart', op: 'exists' } };
    const early = { asOf: '2026-10-10T23:59:59.999Z' };
    expect((await evaluate('ann', bought))['results']).toEqual([{ member: true }]);
    expect((await evaluate('dan', { ...cart, ...early }))['results']).toEqual([{ member: true }]);
    expect((await evaluate('dan', cart))['results']).toEqual([{ member: false }]);
    api.time.nowMs += 10 * 86_400_000;
    const later = await evaluate('ann', bought);
    expect(later).toMatchObject({ results: [{ member: false }], asOf: '2026-11-11T00:00:00Z' });
    expect(await evaluate('ann', { expression: { tag: 'age', op: 'gte', value: 1 } })).toMatchObject({
      asOf: '2026-11-11T00:00:00Z',
    });
  });

  it('sees a change of the catalogue at once, and its undoing', async () => {
    const body = { expression: { tag: 'shoe', op: 'eq', value: 40 } };
    expect(await evaluate('ann', body)).toMatchObject({ status: 404 });
    const before = api.catalogStore.current();
    await change({ name: 'sizes', kind: 'profile', tags: [{ name: 'shoe', valueType: 'int' }] });
    expect(await evaluate('ann', body)).toMatchObject({ status: 200, results: [{ member: false }] });
    await api.catalogStore.update(() => before);
    expect(await evaluate('ann', body)).toMatchObject({ status: 404 });
  });

  it('sees lists come and go', async () => {
    const made = await request(api.server)
      .post('/v1/lists?name=x')
      .set('content-type', 'application/x-ndjson')
      .send('"ann"\n');
    const { id } = made.body as { readonly id: string };
    const body = { expression: { or: [{ list: id }, { tag: 'age', op: 'gt', value: 100 }] } };
    expect(await evaluate('ann', body)).toMatchObject({ status: 200, results: [{ member: true }] });
    await request(api.server).delete(`/v1/lists/${id}`).expect(200);
    expect(await evaluate('ann', body)).toMatchObject({ status: 404, errors: [{ code: 'unknownList' }] });
  });
});
