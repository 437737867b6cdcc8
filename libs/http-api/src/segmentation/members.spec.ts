import request from 'supertest';
import { startReferenceApi } from '../testing/reference-api.module';
import type { ReferenceApi } from '../testing/reference-api.module';
import { fillSmallShop } from '../testing/small-shop';

const EVERYONE = { expression: { or: [{ tag: 'age', op: 'gte', value: 0 }] } };

let api: ReferenceApi;
beforeEach(async () => {
  api = await startReferenceApi();
  await fillSmallShop(api);
});
afterEach(() => api.close());

const members = (body: object) => request(api.server).post('/v1/segmentation/members').send(body);

describe('members', () => {
  it('lists in guid order, page by page, to the end', async () => {
    const first = (await members({ ...EVERYONE, limit: 3 }).expect(200)).body;
    expect(first).toMatchObject({
      members: ['ann', 'bob', 'cleo'],
      count: 4,
      asOf: '2026-11-01T00:00:00Z',
      dataVersion: 1,
    });
    const second = (await members({ ...EVERYONE, limit: 3, cursor: first.nextCursor }).expect(200)).body;
    expect(second).toMatchObject({ members: ['dan'], count: 4 });
    expect(second.nextCursor).toBeUndefined();
    expect((await members(EVERYONE)).body.nextCursor).toBeUndefined();
  });

  it('has no cursor when the last member is on the page', async () => {
    const { body } = await members({ ...EVERYONE, limit: 4 });
    expect([body.members.length, body.nextCursor]).toEqual([4, undefined]);
  });

  it('stays with the result of the first page when users change', async () => {
    const first = (await members({ ...EVERYONE, limit: 1 })).body;
    await request(api.server)
      .post('/v1/messages')
      .send([
        { header: { type: 'customer', cuid: 'eve' }, body: { age: 5 } },
        { header: { type: 'customer', cuid: 'dan' }, body: { age: null } },
      ]);
    const rest = (await members({ ...EVERYONE, limit: 10, cursor: first.nextCursor })).body;
    expect(rest).toMatchObject({ members: ['bob', 'cleo', 'dan'], count: 4, dataVersion: first.dataVersion });
  });

  it('leaves users out that were erased meanwhile, and counts them out', async () => {
    const first = (await members({ ...EVERYONE, limit: 1 })).body;
    await request(api.server).delete('/v1/users/cleo').expect(200);
    await request(api.server).delete('/v1/users/dan').expect(200);
    const rest = (await members({ ...EVERYONE, limit: 2, cursor: first.nextCursor })).body;
    expect(rest).toMatchObject({ members: ['bob'], count: 2 });
    expect(rest.nextCursor).toBeUndefined();
  });

  it('keeps a cursor for ten minutes', async () => {
    const { nextCursor } = (await members({ ...EVERYONE, limit: 1 })).body;
    api.time.nowMs += 599_999;
    expect((await members({ ...EVERYONE, cursor: nextCursor })).status).toBe(200);
    api.time.nowMs += 1;
    expect((await members({ ...EVERYONE, cursor: nextCursor })).body).toMatchObject({
      status: 410,
      errors: [{ path: '/cursor', code: 'expiredCursor' }],
    });
  });

  it('refuses a cursor that was never issued', async () => {
    const { nextCursor } = (await members({ ...EVERYONE, limit: 1 })).body;
    const { offset } = (await request(api.server).post('/v1/messages').send([])).body;
    for (const cursor of ['x', '', offset, `${String(nextCursor)}A`]) {
      expect((await members({ ...EVERYONE, cursor })).body).toMatchObject({
        status: 400,
        errors: [{ path: '/cursor', code: 'invalidCursor' }],
      });
    }
  });

  it('refuses a cursor of another expression or as-of, but not other ways to write the same', async () => {
    const { nextCursor: cursor } = (await members({ ...EVERYONE, limit: 1 })).body;
    const other = { expression: { all: true }, cursor };
    expect((await members(other)).body).toMatchObject({
      status: 400,
      errors: [{ path: '/cursor', code: 'cursorMismatch' }],
    });
    const asOf = '2026-10-01T00:00:00Z';
    expect((await members({ ...EVERYONE, cursor, asOf })).body).toMatchObject({
      status: 400,
      errors: [{ path: '/asOf', code: 'cursorMismatch' }],
    });
    const reordered = {
      expression: { or: [{ value: 0, op: 'gte', tag: 'age' }] },
      cursor,
      asOf: '2026-11-01T00:00:00Z',
    };
    expect((await members(reordered)).status).toBe(200);
    expect((await members({ expression: { tag: 'nope', op: 'exists' }, cursor })).status).toBe(404);
  });

  it.each([0, 10_001, -1, 1.5, '5', null])('refuses the limit %j', async (limit) => {
    expect((await members({ ...EVERYONE, limit })).body).toMatchObject({ status: 400, errors: [{ path: '/limit' }] });
  });

  it('takes the limits 1 and 10,000', async () => {
    expect((await members({ ...EVERYONE, limit: 10_000 })).body.members).toHaveLength(4);
    expect((await members({ ...EVERYONE, limit: 1 })).body.members).toHaveLength(1);
  });
});
