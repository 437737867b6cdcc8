import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { StoreUnavailableError } from '@tessera/tag-catalog';
import type { TagStore } from '@tessera/tag-catalog';
import request from 'supertest';
import { startReferenceApi } from '../testing/reference-api.module';
import type { ReferenceApi } from '../testing/reference-api.module';
import { fillSmallShop } from '../testing/small-shop';

const NDJSON = 'application/x-ndjson';
const MIB = 1024 * 1024;

const message = (cuid: string, body: object = { city: 'x' }, header: object = {}) => ({
  header: { type: 'customer', cuid, ...header },
  body,
});
const line = (cuid: string, body?: object, header?: object) => JSON.stringify(message(cuid, body, header));

let api: ReferenceApi;
beforeEach(async () => {
  api = await startReferenceApi();
  await fillSmallShop(api);
});
afterEach(() => api.close());

const post = (type: string, body: string | Buffer) => {
  const call = request(api.server).post('/v1/messages').set('Content-Type', type);
  // Buffers go out as they are; a string would be taken for JSON by its type.
  return Buffer.isBuffer(body) ? call.serialize((raw: unknown) => raw as string).send(body) : call.send(body);
};
const postLines = (...lines: string[]) => post(NDJSON, Buffer.from(lines.join('\n')));
const tagOf = (cuid: string, name: string): unknown =>
  api.catalogStore.current().tag(name) &&
  api.store.userByCuid(cuid)?.fields.get(api.catalogStore.current().tag(name)?.id ?? 0)?.state.value;

describe('POST /v1/messages', () => {
  it('takes a JSON array and says what became of each', async () => {
    const old = { time: '2026-01-01T00:00:00Z' };
    const event = { header: { type: 'order_paid', cuid: 'new', id: 'o-1' }, body: {} };
    const { body } = await request(api.server)
      .post('/v1/messages')
      .send([message('new'), message('ann', { city: 'y' }, old), event, event, message('new', { nope: 1 }), 5])
      .expect(200);
    expect(body).toMatchObject({ accepted: 2, stale: 1, duplicate: 1 });
    expect(body.rejected.map(({ index, code }: { index: number; code: string }) => [index, code])).toEqual([
      [4, 'unknownField'],
      [5, 'invalidMessage'],
    ]);
    expect(body.rejected[0].detail).toContain('nope');
    expect(tagOf('new', 'city')).toBe('x');
    expect(tagOf('ann', 'city')).toBe('beijing');
  });

  it('takes NDJSON; blank lines count as lines, broken ones do not harm the others', async () => {
    const { body } = await postLines(line('a'), '', '  ', '{broken', `${line('b')}\r`, '[1]', line('c')).expect(200);
    expect(body).toMatchObject({ accepted: 3, stale: 0, duplicate: 0 });
    expect(body.rejected.map(({ index, code }: { index: number; code: string }) => [index, code])).toEqual([
      [3, 'invalidJson'],
      [5, 'invalidMessage'],
    ]);
    expect(body.rejected[0].detail).toContain('character 1');
  });

  it('rejects a line over 1 MiB and a line that is not UTF-8, and takes the ones around them', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${line('a')}\n${'x'.repeat(3 * MIB)}\n`),
      Buffer.from('{"header":{"type":"customer","cuid":"\xff"},"body":{"city":"x"}}\n', 'latin1'),
      Buffer.from(line('b')),
    ]);
    const { body } = await post(NDJSON, bytes).expect(200);
    expect(body.accepted).toBe(2);
    expect(body.rejected).toEqual([
      { index: 1, code: 'tooLarge', detail: expect.stringContaining('1048576') },
      { index: 2, code: 'invalidUtf8', detail: expect.stringContaining('byte 37') },
    ]);
  });

  it('accepts a line of exactly 1 MiB', async () => {
    const short = line('a');
    const padded = short.replace('}}', `}${' '.repeat(MIB - short.length)}}`);
    expect(Buffer.byteLength(padded)).toBe(MIB);
    expect((await postLines(padded, `${padded} `)).body).toMatchObject({
      accepted: 1,
      rejected: [{ index: 1, code: 'tooLarge' }],
    });
  });

  it('rejects only the array element that is not UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`[${line('a')}, `),
      Buffer.from('{"header":{"type":"customer","cuid":"\xff"},"body":{"city":"]"}}', 'latin1'),
      Buffer.from(`, ${line('b', { city: '京]' })}]`),
    ]);
    const { body } = await post('application/json', bytes).expect(200);
    expect(body).toMatchObject({ accepted: 2, rejected: [{ index: 1, code: 'invalidUtf8' }] });
    expect(tagOf('b', 'city')).toBe('京]');
  });

  it('applies nothing of an array that is broken', async () => {
    for (const body of [`[${line('z')}, {]`, '', '{"header": {}}', 'null', `[${line('z')}]]`]) {
      const refused = await post('application/json', body);
      expect(refused.status).toBe(400);
      expect(refused.headers['content-type']).toContain('application/problem+json');
      expect(refused.body.errors).toHaveLength(1);
    }
    expect((await post('application/json', `[${line('z')}, {]`)).body.detail).toMatch(
      /character \d+; nothing was applied/,
    );
    expect(api.store.userByCuid('z')).toBeUndefined();
  });

  it('takes empty requests', async () => {
    const nothing = { accepted: 0, stale: 0, duplicate: 0, rejected: [], offset: expect.any(String) };
    expect((await post(NDJSON, Buffer.alloc(0))).body).toEqual(nothing);
    expect((await post('application/json', '[]')).body).toEqual(nothing);
  });

  it('refuses other content types, charsets and encodings', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1']) {
      const refused = await post(type, '[]');
      expect(refused.body).toMatchObject({ status: 415, type: 'urn:tessera:problem:unsupported-media-type' });
    }
    const brotli = await post('application/json', '[]').set('Content-Encoding', 'br');
    expect(brotli.body.status).toBe(415);
    expect((await post('application/json; charset=UTF-8', '[]')).status).toBe(200);
  });

  it('takes gzip, and refuses what only claims to be', async () => {
    const good = await post(NDJSON, gzipSync(`${line('a')}\n${line('b')}`)).set('Content-Encoding', 'gzip');
    expect(good.body).toMatchObject({ accepted: 2 });
    const bad = await post(NDJSON, Buffer.from('plainly not gzip')).set('Content-Encoding', 'gzip');
    expect(bad.body).toMatchObject({ status: 400, detail: expect.stringContaining('gzip') });
  });

  it('refuses a JSON array over 16 MiB, announced or not, compressed or not', async () => {
    const large = Buffer.from(`["${'x'.repeat(16 * MIB)}"]`);
    expect((await post('application/json', large)).body).toMatchObject({
      status: 413,
      detail: expect.stringContaining('16 MiB'),
    });
    const bomb = await post('application/json', gzipSync(large)).set('Content-Encoding', 'gzip');
    expect(bomb.status).toBe(413);
    const exact = Buffer.from(`["${'x'.repeat(16 * MIB - 4)}"]`);
    expect((await post('application/json', exact)).body.rejected).toHaveLength(1);
  });

  it('takes NDJSON of more than 16 MiB, in order', async () => {
    const lines = Array.from(
      { length: 200 },
      (_, index) => `${line('same', { city: `c${index}` })}${' '.repeat(100_000)}`,
    );
    const { body } = await postLines(...lines).expect(200);
    expect(body).toMatchObject({ accepted: 200, rejected: [] });
    expect(tagOf('same', 'city')).toBe('c199');
  });

  it('declares fields by itself where the type allows, once for all messages', async () => {
    const open = (cuid: string, body: object) => JSON.stringify({ header: { type: 'open_profile', cuid }, body });
    const { body } = await postLines(
      open('a', { nick: 'A' }),
      open('b', { shoe_size: 44.5, 'Bad Name': 1 }),
      open('c', { shoe_size: 44.5 }),
      open('d', { shoe_size: 'large' }),
      open('e', { hobbies: ['x'], member: true }),
    ).expect(200);
    expect(body.accepted).toBe(3);
    expect(body.rejected.map(({ index }: { index: number }) => index)).toEqual([1, 3]);
    expect(body.rejected[0].detail).toContain('bad_name');
    const types = ['nick', 'shoe_size', 'hobbies', 'member'].map(
      (name) => api.catalogStore.current().tag(name)?.valueType,
    );
    expect(types).toEqual(['string', 'decimal', 'set', 'bool']);
    expect(tagOf('c', 'shoe_size')).toBe(445_000);
  });

  it('gives offsets that reads wait for', async () => {
    const { offset } = (await postLines(line('a'))).body;
    const count = (minOffset: string) =>
      request(api.server)
        .post('/v1/segmentation/count')
        .send({ expression: { all: true }, minOffset });
    expect((await count(offset)).body.count).toBe(5);
    expect((await postLines('')).body.offset).toBe(offset);
    expect((await count(`${String(offset).slice(0, -1)}!`)).body).toMatchObject({
      status: 400,
      errors: [{ path: '/minOffset', code: 'invalidOffset' }],
    });
    // A fresh store has not got that far: as after a restore from an old backup.
    const other = await startReferenceApi();
    const late = await request(other.server)
      .post('/v1/segmentation/count')
      .send({ expression: { all: true }, minOffset: offset });
    expect(late.body.status).toBe(503);
    expect(late.headers['retry-after']).toBe('1');
    await other.close();
  });

  it('rejects what MEANING calls an error', async () => {
    const bodies: [object | string, string][] = [
      [message(''), 'invalidCuid'],
      [message('x'.repeat(129)), 'invalidCuid'],
      ['{"header":{"type":"customer","cuid":"\\ud800"},"body":{"city":"x"}}', 'invalidCuid'],
      [message('a', { age: '5' }), 'wrongType'],
      ['{"header":{"type":"customer","cuid":"a"},"body":{"age":1e999}}', 'outOfRange'],
      ['{"header":{"type":"customer","cuid":"a"},"body":{"__proto__":{"age":1}}}', 'unknownField'],
      [message('a', { city: 'x' }, { __type: 1 }), 'unknownKey'],
      [message('a', {}), 'emptyBody'],
    ];
    const lines = bodies.map(([body]) => (typeof body === 'string' ? body : JSON.stringify(body)));
    const { body } = await postLines(...lines).expect(200);
    expect(body.accepted).toBe(0);
    expect(body.rejected).toHaveLength(bodies.length);
    expect(body.rejected.map(({ detail }: { detail: string }) => detail.length > 10)).not.toContain(false);
    expect(
      (await postLines(`{"header":{"type":"customer","cuid":"${'x'.repeat(128)}"},"body":{"city":""}}`)).body.accepted,
    ).toBe(1);
  });
});

describe('POST /v1/messages under load and failure', () => {
  /** Sends in pieces over a real connection. */
  async function open(server = api.server) {
    if (!server.listening) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const call = httpRequest({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/v1/messages',
      headers: { 'Content-Type': NDJSON },
    });
    const answer = new Promise<{ status: number; headers: object; body: string }>((resolve, reject) => {
      call.on('error', reject).on('response', (response) => {
        let body = '';
        response.on('data', (chunk) => (body += String(chunk)));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      });
    });
    answer.catch(() => undefined);
    return { call, answer };
  }

  async function until(condition: () => boolean): Promise<void> {
    for (let tries = 0; tries < 2_000 && !condition(); tries++) await sleep(10);
    expect(condition()).toBe(true);
  }

  it('applies what has come before the rest of the stream does', async () => {
    const { call, answer } = await open();
    call.write(`${line('early')}\n{"header":`);
    await until(() => api.store.userByCuid('early') !== undefined);
    call.end('{"type":"customer","cuid":"late"},"body":{"city":"x"}}');
    const { status, body } = await answer;
    expect([status, JSON.parse(body)]).toMatchObject([200, { accepted: 2, rejected: [] }]);
  });

  it('keeps what was applied when the caller hangs up, and frees its place', async () => {
    for (let round = 0; round < 6; round++) {
      const { call, answer } = await open();
      call.write(`${line(`gone${round}`)}\n${line('half').slice(0, 20)}`);
      await until(() => api.store.userByCuid(`gone${round}`) !== undefined);
      call.destroy();
      await expect(answer).rejects.toThrow();
    }
    let status = (await postLines(line('next'))).status;
    for (let tries = 0; tries < 200 && status === 429; tries++) {
      await sleep(10);
      status = (await postLines(line('next'))).status;
    }
    expect([status, api.store.userByCuid('half')]).toEqual([200, undefined]);
  });

  it('answers 429 with Retry-After when too many are under way', async () => {
    const held = await Promise.all(Array.from({ length: 4 }, () => open()));
    held.forEach(({ call }, index) => call.write(`${line(`held${index}`)}\n`));
    await until(() => api.store.userByCuid('held3') !== undefined);
    const refused = await postLines(line('more'));
    expect(refused.body).toMatchObject({ status: 429, detail: expect.stringContaining('MESSAGES_CONCURRENCY') });
    expect(refused.headers['retry-after']).toBe('1');
    held.forEach(({ call }) => call.end());
    await Promise.all(held.map(({ answer }) => answer));
    expect((await postLines(line('more'))).status).toBe(200);
  });

  it('ends a stream at shutdown and says how much was applied', async () => {
    const { call, answer } = await open();
    call.write(`${line('before')}\n`);
    await until(() => api.store.userByCuid('before') !== undefined);
    // Nothing more comes, and the server does not wait for it.
    api.drain.abort();
    const { status, headers, body } = await answer;
    expect([status, JSON.parse(body)]).toMatchObject([503, { applied: { accepted: 1 } }]);
    expect(headers).toMatchObject({ connection: 'close', 'retry-after': '5' });
    call.destroy();
  });

  it('answers 503 when the store fails, with what had been applied', async () => {
    let calls = 0;
    const failing: Pick<TagStore, 'apply' | 'erase'> = {
      apply: (batch) => {
        if (++calls > 1) return Promise.reject(new StoreUnavailableError('the disk is full', true));
        return Promise.resolve({ verdicts: batch.messages.map(() => 'accepted' as const), position: 7 });
      },
      erase: () => Promise.reject(new StoreUnavailableError('the disk is full', false)),
    };
    const broken = await startReferenceApi({ store: failing });
    await fillSmallShop(broken);
    const lines = Array.from({ length: 6_000 }, (_, index) => line(`u${index}`)).join('\n');
    const { call, answer } = await open(broken.server);
    call.end(lines);
    const { status, headers, body } = await answer;
    expect(status).toBe(503);
    expect(headers).toMatchObject({ 'retry-after': '1' });
    const problem = JSON.parse(body);
    expect(problem.detail).toContain('disk is full');
    expect(problem.applied.accepted).toBeGreaterThan(0);
    const erased = await request(broken.server).delete('/v1/users/ann');
    expect(erased.body.status).toBe(503);
    expect(erased.headers['retry-after']).toBeUndefined();
    await broken.close();
  });

  it('lists every one of very many rejected lines', async () => {
    const { call, answer } = await open();
    const count = 60_000;
    const broken = Buffer.from('{broken\n'.repeat(1_000));
    for (let sent = 0; sent < count; sent += 1_000) if (!call.write(broken)) await once(call, 'drain');
    call.end();
    const { body } = await answer;
    const { rejected } = JSON.parse(body) as { rejected: { index: number }[] };
    expect(rejected.map(({ index }) => index)).toEqual(Array.from({ length: count }, (_, index) => index));
  });
});
