import { createConnection } from 'node:net';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { startReferenceApi } from '../testing/reference-api.module';
import type { ReferenceApi } from '../testing/reference-api.module';
import { fillSmallShop } from '../testing/small-shop';

let api: ReferenceApi;
beforeAll(async () => {
  api = await startReferenceApi();
  await fillSmallShop(api);
  await new Promise<void>((resolve) => api.server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => api.close());

/** Sends a path as it stands: clients would mend it. */
function getRaw(path: string): Promise<string> {
  const { port } = api.server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1');
    let text = '';
    socket
      .setEncoding('utf8')
      .on('data', (part) => (text += String(part)))
      .on('end', () => resolve(text))
      .on('error', reject);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  });
}

describe('at the edge of a request', () => {
  it.each(['a/b', '..', '.', '\0', '😀', ' a b ', 'batch', 'evaluate-batch', '100%', 'a?b#c', 'é'.repeat(64)])(
    'finds the user %j by the path',
    async (cuid) => {
      const message = { header: { type: 'customer', cuid }, body: { age: 1 } };
      await request(api.server).post('/v1/messages').send([message]).expect(200);
      const answer = await getRaw(`/v1/users/${encodeURIComponent(cuid).replaceAll('.', '%2E')}`);
      expect(answer).toContain('HTTP/1.1 200');
      expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ cuid });
    },
  );

  it.each([
    '/v1/users/%FF',
    '/v1/users/%C0%80',
    '/v1/users/%ED%A0%80',
    '/v1/users/%',
    '/v1/tags?query=%FF',
    '/v1/tags?query=%',
  ])('refuses %s, which is not UTF-8', async (path) => {
    const answer = await getRaw(path);
    expect(answer).toContain('HTTP/1.1 400');
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({
      status: 400,
      errors: [{ path: '', code: expect.any(String), message: expect.stringContaining('percent') }],
    });
  });

  it('takes an empty filter for none', async () => {
    const all = await request(api.server).get('/v1/tags').expect(200);
    const filtered = await request(api.server).get('/v1/tags?query=&type=').expect(200);
    expect(filtered.body.tags).toHaveLength(all.body.tags.length);
    await request(api.server).get('/v1/users/ann/events?type=&before=').expect(200);
  });

  it.each<[string, string, number]>([
    ['/v1/segmentation/count', 'text/plain', 415],
    ['/v1/segmentation/count', 'application/json; charset=latin1', 415],
    ['/v1/nowhere', 'application/json', 404],
  ])('places what is wrong with %s as %s at the root', async (path, type, status) => {
    const { body } = await request(api.server).post(path).set('Content-Type', type).send('{}');
    expect(body).toMatchObject({
      status,
      errors: [{ path: '', code: expect.any(String), message: expect.any(String) }],
    });
  });

  it('answers for an expression that is null as for any other wrong one', async () => {
    const ask = (path: string) => request(api.server).post(`/v1/segmentation/${path}`).send({ expression: null });
    expect((await ask('validate')).body).toMatchObject({ valid: false, errors: [{ path: '' }], text: null });
    expect((await ask('count')).body).toMatchObject({ status: 400, errors: [{ path: '' }] });
    const { body } = await request(api.server).post('/v1/segmentation/validate').send({});
    expect(body).toMatchObject({ status: 400, errors: [{ path: '/expression', code: 'missing' }] });
  });

  it('looks at the options beside a good cursor', async () => {
    const expression = { all: true };
    const ask = (body: object) =>
      request(api.server)
        .post('/v1/segmentation/members')
        .send({ expression, limit: 1, ...body });
    const { nextCursor: cursor } = (await ask({})).body;
    expect((await ask({ cursor })).status).toBe(200);
    expect((await ask({ cursor, minOffset: 'never-issued' })).body).toMatchObject({
      status: 400,
      errors: [{ path: '/minOffset' }],
    });
  });

  it.each(['1048577', '3000000'])('refuses a CSV row of %s characters as too large', async (length) => {
    const upload = request(api.server).post('/v1/lists?name=x').set('Content-Type', 'text/csv');
    expect((await upload.send(`ann\n${'x'.repeat(Number(length))}`)).body).toMatchObject({ status: 413 });
  });
});
