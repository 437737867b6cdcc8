import request from 'supertest';
import { startReferenceApi } from '../testing/reference-api.module';
import type { ReferenceApi } from '../testing/reference-api.module';
import { fillSmallShop } from '../testing/small-shop';

const NDJSON = 'application/x-ndjson';

let api: ReferenceApi;
beforeEach(async () => {
  api = await startReferenceApi();
  await fillSmallShop(api);
});
afterEach(() => api.close());

const upload = (type: string, body: string | Buffer, query = '?name=x') =>
  request(api.server)
    .post(`/v1/lists${query}`)
    .set('Content-Type', type)
    .serialize((raw: unknown) => raw as string)
    .send(body);
const uploadFile = (body: string | Buffer, options: object) =>
  request(api.server).post('/v1/lists?name=x').attach('file', Buffer.from(body), options);
const count = (id: string) =>
  request(api.server)
    .post('/v1/segmentation/count')
    .send({ expression: { list: id } });

describe('POST /v1/lists', () => {
  it('takes NDJSON, counts the unknown, and is usable in expressions', async () => {
    const { body } = await upload(NDJSON, '"ann"\r\n\n"nobody"\n"bob"\n"ann"', '?name=news%20letter').expect(201);
    expect(body).toMatchObject({ id: expect.any(String), name: 'news letter', matched: 2, unknown: 1, count: 2 });
    expect((await count(body.id)).body.count).toBe(2);
  });

  it('takes the first column of CSV', async () => {
    const csv = '\ufeff"ann",5\r\nbob\r\n\r\n"a ""quoted"" one",x,y\r\n';
    expect((await upload('text/csv', csv).expect(201)).body).toMatchObject({ matched: 2, unknown: 1 });
    expect((await upload('text/csv; charset=utf-8', 'cuid,x\nann,1\n', '?name=x&header=true')).body).toMatchObject({
      matched: 1,
      unknown: 0,
    });
    expect((await upload('text/csv', 'cuid\nann\n')).body).toMatchObject({ matched: 1, unknown: 1 });
  });

  it('takes a file of a form, in either shape', async () => {
    expect(
      (await uploadFile('ann\nbob\n', { filename: 'l.csv', contentType: 'text/csv' }).expect(201)).body,
    ).toMatchObject({ matched: 2 });
    expect((await uploadFile('"ann"\n', { filename: 'l.bin', contentType: NDJSON })).body).toMatchObject({
      matched: 1,
      unknown: 0,
    });
    expect(
      (await uploadFile('"ann"\n', { filename: 'l.jsonl', contentType: 'application/octet-stream' })).body,
    ).toMatchObject({ matched: 1, unknown: 0 });
  });

  it('takes long uploads', async () => {
    const cuids = Array.from({ length: 200_000 }, (_, index) => `"user-${index}"`);
    expect((await upload(NDJSON, `${cuids.join('\n')}\n"ann"`)).body).toMatchObject({ matched: 1, unknown: 200_000 });
    const rows = Array.from({ length: 100_000 }, (_, index) => `user-${index},"some, more"`);
    expect((await upload('text/csv', rows.join('\n'))).body).toMatchObject({ matched: 0, unknown: 100_000 });
    expect((await uploadFile(rows.join('\n'), { filename: 'l.csv', contentType: 'text/csv' })).body).toMatchObject({
      unknown: 100_000,
    });
  }, 300_000);

  it.each<[string, string, string | Buffer, number, string, string]>([
    ['broken JSON', NDJSON, '"ann"\n"bo', 400, 'invalidJson', 'Line 2'],
    ['a number', NDJSON, '"ann"\n\n5', 400, 'invalidCuid', 'Line 3'],
    ['an empty cuid', NDJSON, '""', 400, 'invalidCuid', 'Line 1'],
    ['a long cuid', NDJSON, `"${'x'.repeat(129)}"`, 400, 'invalidCuid', '128'],
    ['bytes that are not UTF-8', NDJSON, Buffer.from([0x22, 0xff, 0x22]), 400, 'invalidUtf8', 'Line 1'],
    ['a line over 1 MiB', NDJSON, `"ann"\n"${'x'.repeat(1_048_576)}"`, 413, 'tooLarge', 'Line 2'],
    ['CSV that is not UTF-8', 'text/csv', Buffer.from([0x61, 0xff, 0x0a]), 400, 'invalidUtf8', 'UTF-8'],
    ['CSV cut in a character', 'text/csv', Buffer.from([0x61, 0xe4, 0xb8]), 400, 'invalidUtf8', 'UTF-8'],
    ['a CSV row over 1 MiB', 'text/csv', `ann\n${'x'.repeat(1_200_000)}`, 413, 'tooLarge', '1048576'],
    ['an open CSV quote', 'text/csv', 'ann\n"bob', 400, 'invalidCsv', 'uot'],
    ['an empty CSV cell', 'text/csv', 'ann\n,5\n', 400, 'invalidCuid', 'Line 2'],
  ])('refuses %s and makes no list', async (_what, type, body, status, code, text) => {
    const refused = await upload(type, body);
    expect(refused.body).toMatchObject({ status, errors: [{ code }] });
    expect(refused.body.detail).toContain(text);
    expect((await request(api.server).get('/v1/lists')).body).toEqual({ lists: [] });
  });

  it('refuses other forms, and forms with anything but one file', async () => {
    expect((await upload('application/json', '["ann"]')).status).toBe(415);
    expect((await upload('multipart/form-data', 'x')).body).toMatchObject({
      status: 400,
      errors: [{ code: 'invalidMultipart' }],
    });
    const form = () => request(api.server).post('/v1/lists?name=x');
    const file = { filename: 'l.csv', contentType: 'text/csv' };
    expect((await form().field('note', 'x')).body).toMatchObject({ status: 400 });
    expect((await form().field('note', 'x').attach('file', Buffer.from('ann'), file)).body).toMatchObject({
      status: 400,
      errors: [{ code: 'unknownKey' }],
    });
    expect((await form().attach('file', Buffer.from('ann'), file).field('note', 'x')).body).toMatchObject({
      status: 400,
      errors: [{ code: 'unknownKey' }],
    });
    expect(
      (await form().attach('a', Buffer.from('ann'), file).attach('b', Buffer.from('bob'), file)).body,
    ).toMatchObject({ status: 400 });
    expect(
      (
        await upload(
          'multipart/form-data; boundary=x',
          '--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nann',
        )
      ).body,
    ).toMatchObject({ status: 400, errors: [{ code: 'invalidMultipart' }] });
    expect((await upload('multipart/form-data; boundary=x', '--x--\r\n')).body).toMatchObject({
      status: 400,
      errors: [{ code: 'missing' }],
    });
    expect((await request(api.server).get('/v1/lists')).body).toEqual({ lists: [] });
  });

  it.each(['', '?name=', `?name=${'x'.repeat(201)}`, '?name=x&nope=1', '?name=x&header=yes', '?name=a&name=b'])(
    'refuses the query %j',
    async (query) => {
      expect((await upload(NDJSON, '"ann"', query)).body).toMatchObject({
        status: 400,
        errors: [{ path: expect.stringMatching(/^\/(name|nope|header)$/) }],
      });
    },
  );
});

describe('GET and DELETE /v1/lists', () => {
  it('lists, shows and removes', async () => {
    const { id } = (await upload(NDJSON, '"ann"')).body;
    const shown = { id, name: 'x', count: 1, createdAt: expect.any(String) };
    expect((await request(api.server).get('/v1/lists').expect(200)).body).toEqual({ lists: [shown] });
    expect(
      (
        await request(api.server)
          .get(`/v1/lists/${String(id)}`)
          .expect(200)
      ).body,
    ).toEqual(shown);
    expect(
      (
        await request(api.server)
          .delete(`/v1/lists/${String(id)}`)
          .expect(200)
      ).body,
    ).toEqual({ removed: id });
    expect((await count(id)).body).toMatchObject({ status: 404, errors: [{ code: 'unknownList' }] });
  });

  it('answers 404 for a list that is not there', async () => {
    for (const call of [request(api.server).get('/v1/lists/nope'), request(api.server).delete('/v1/lists/nope')]) {
      expect((await call).body).toMatchObject({ status: 404, errors: [{ code: 'unknownList' }] });
    }
  });
});
