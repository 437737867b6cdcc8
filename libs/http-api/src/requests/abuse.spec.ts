import { createConnection } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import request from 'supertest';
import { startReferenceApi } from '../testing/reference-api.module';
import type { ReferenceApi } from '../testing/reference-api.module';
import { fillSmallShop } from '../testing/small-shop';

const SLOTS = 4;
const ROUND_ABORTS = 600;
const GROWTH_BYTES_MAX = 4 * 1024 * 1024;

let api: ReferenceApi;
beforeAll(async () => {
  api = await startReferenceApi({ options: { messagesConcurrency: SLOTS, requestsConcurrency: SLOTS } });
  await fillSmallShop(api);
  await new Promise<void>((resolve) => api.server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  api.server.closeAllConnections();
  await api.close();
});

const LINE = `${JSON.stringify({ header: { type: 'customer', cuid: 'ann' }, body: { age: 30 } })}\n`;
const FORM =
  '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\nann\nbo';

interface Upload {
  readonly path: string;
  readonly type: string;
  readonly body: Buffer | string;
  readonly encoding?: string;
}

// Each is the beginning of a longer body.
const UPLOADS: readonly Upload[] = [
  { path: '/v1/messages', type: 'application/x-ndjson', body: `${LINE}${LINE}{"header"` },
  { path: '/v1/messages', type: 'application/x-ndjson', body: '' },
  { path: '/v1/messages', type: 'application/x-ndjson', body: gzipSync(LINE).subarray(0, 30), encoding: 'gzip' },
  { path: '/v1/messages', type: 'application/json', body: `[${LINE},` },
  { path: '/v1/messages', type: 'application/json', body: gzipSync(`[${LINE}]`).subarray(0, 30), encoding: 'gzip' },
  { path: '/v1/segmentation/count', type: 'application/json', body: '{"expression"' },
  { path: '/v1/segmentation/count', type: 'application/json', body: gzipSync('{}').subarray(0, 9), encoding: 'gzip' },
  { path: '/v1/lists?name=x', type: 'application/x-ndjson', body: '"ann"\n"bo' },
  { path: '/v1/lists?name=x', type: 'text/csv', body: 'ann\nbo' },
  { path: '/v1/lists?name=x', type: 'multipart/form-data; boundary=b', body: FORM },
  { path: '/v1/lists?name=x', type: 'multipart/form-data; boundary=b', body: '--b\r\nContent-Disp' },
];

/** Begins an upload that is said to be longer than what is sent. */
function begin({ path, type, body, encoding }: Upload) {
  const { port } = api.server.address() as AddressInfo;
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    `Content-Type: ${type}`,
    'Content-Length: 100000',
    ...(encoding === undefined ? [] : [`Content-Encoding: ${encoding}`]),
  ];
  const socket = createConnection(port, '127.0.0.1');
  socket
    .on('error', () => undefined)
    .write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), Buffer.from(body)]));
  return socket;
}

/** Sent, perhaps read, then cut: at once, after a moment, or orderly. */
async function abort(upload: Upload, manner: number): Promise<void> {
  const socket = begin(upload);
  if (manner !== 0) await sleep(1 + manner);
  if (manner === 2) socket.end();
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    if (manner === 2) setTimeout(() => socket.destroy(), 5);
    else if (manner === 1) socket.resetAndDestroy();
    else socket.destroy();
  });
}

async function abortMany(count: number): Promise<void> {
  for (let done = 0; done < count; done += SLOTS) {
    const lanes = Array.from({ length: SLOTS }, async (_, lane) => {
      const upload = UPLOADS[(done + lane) % UPLOADS.length];
      if (upload !== undefined) await abort(upload, (done / SLOTS + lane) % 3);
    });
    await Promise.all(lanes);
  }
}

async function heapBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let turn = 0; turn < 3; turn++) {
    collect();
    await sleep(20);
  }
  return process.memoryUsage().heapUsed;
}

/** Asks until the slots are so, or it takes too long: what clients do comes to the server a little later. */
async function expectSoon(isFull: boolean, further: () => Promise<{ status: number }>): Promise<void> {
  for (let tries = 0; tries < 200 && ((await further()).status === 429) !== isFull; tries++) await sleep(20);
  expect((await further()).status === 429).toBe(isFull);
}

/** As many uploads as there are slots get in, one more does not; so exactly none is taken by the dead. */
async function expectFreeSlots(upload: Upload, further: () => Promise<{ status: number }>): Promise<void> {
  const inside = Array.from({ length: SLOTS - 1 }, () => begin(upload));
  await expectSoon(false, further);
  inside.push(begin(upload));
  await expectSoon(true, further);
  for (const socket of inside) socket.destroy();
  await expectSoon(false, further);
}

describe('uploads that are cut off', () => {
  it.each(UPLOADS.map((upload, index) => [index, upload.path, upload.type] as const))(
    'let go of their slot (%i: %s %s)',
    async (index) => {
      const upload = UPLOADS[index];
      if (upload === undefined) throw new Error('no such upload');
      for (let turn = 0; turn < SLOTS * 3; turn++) await abort(upload, turn % 3);
      const isJson = upload.path.startsWith('/v1/segmentation');
      const ask = async (): Promise<number> => {
        const call = isJson
          ? request(api.server)
              .post('/v1/segmentation/count')
              .send({ expression: { all: true } })
          : request(api.server).post('/v1/messages').send([]);
        return (await call).status;
      };
      const askAll = (): Promise<number[]> => Promise.all(Array.from({ length: SLOTS }, ask));
      let statuses = await askAll();
      for (let tries = 0; tries < 100 && statuses.includes(429); tries++) {
        await sleep(20);
        statuses = await askAll();
      }
      expect(statuses).toEqual(Array.from({ length: SLOTS }, () => 200));
    },
  );

  it('leave no memory, no connection and no slot behind, however many', async () => {
    await abortMany(ROUND_ABORTS);
    const before = await heapBytes();
    await abortMany(ROUND_ABORTS * 2);
    expect((await heapBytes()) - before).toBeLessThan(GROWTH_BYTES_MAX);
    const open = await new Promise<number>((resolve) => api.server.getConnections((_error, count) => resolve(count)));
    expect(open).toBeLessThanOrEqual(SLOTS);
    const [lines] = UPLOADS;
    const json = UPLOADS.find(({ path }) => path.startsWith('/v1/segmentation'));
    if (lines === undefined || json === undefined) throw new Error('an upload is missing');
    await expectFreeSlots(lines, () => request(api.server).post('/v1/messages').send([]));
    const count = () =>
      request(api.server)
        .post('/v1/segmentation/count')
        .send({ expression: { all: true } });
    await expectFreeSlots(json, count);
  });
});

describe('connections that ask for nothing', () => {
  it('cost nothing once they are gone', async () => {
    const { port } = api.server.address() as AddressInfo;
    const before = await heapBytes();
    for (let turn = 0; turn < 20; turn++) {
      const sockets = Array.from({ length: 50 }, () =>
        createConnection(port, '127.0.0.1').on('error', () => undefined),
      );
      for (const [index, socket] of sockets.entries()) socket.write(index % 2 === 0 ? 'GET /v1/st' : 'rubbish\r\n\r\n');
      await sleep(5);
      for (const socket of sockets) socket.destroy();
    }
    await sleep(50);
    expect((await heapBytes()) - before).toBeLessThan(GROWTH_BYTES_MAX);
  });
});
