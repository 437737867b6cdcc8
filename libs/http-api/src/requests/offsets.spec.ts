import request from 'supertest';
import { startReferenceApi } from '../testing/reference-api.module';
import { fillSmallShop } from '../testing/small-shop';

describe('minOffset with positions of tags.raw', () => {
  it('waits until the stream is there', async () => {
    const asked: ReadonlyMap<number, number>[] = [];
    const stream = {
      reached: (positions: ReadonlyMap<number, number>) => {
        asked.push(positions);
        return Promise.resolve(positions.get(1) === 8);
      },
    };
    const api = await startReferenceApi({ stream });
    await fillSmallShop(api);
    const get = (offset: string) => request(api.server).get('/v1/users/ann').query({ minOffset: offset });
    expect((await get('tags.raw:1@7,0@3')).status).toBe(200);
    expect(asked).toEqual([
      new Map([
        [1, 8],
        [0, 4],
      ]),
    ]);
    const late = await get('tags.raw:1@8');
    expect([late.status, late.headers['retry-after']]).toEqual([503, '1']);
    expect((await get('tags.raw:1@x')).body).toMatchObject({ status: 400, errors: [{ code: 'invalidOffset' }] });
    await api.close();
  });

  it('refuses them where no stream is read', async () => {
    const api = await startReferenceApi();
    const { body } = await request(api.server).get('/v1/tags?minOffset=tags.raw:0@0');
    expect(body).toMatchObject({ status: 400, errors: [{ path: '/minOffset', code: 'invalidOffset' }] });
    expect(body.detail).toContain('KAFKA_BROKERS');
    await api.close();
  });
});
