import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { ConnectionPool } from './connection-pool';
import { KeepAliveConnection, readJson } from './keep-alive-connection';

/** Answers with what it was sent: at once, or in chunks below /chunked; 418 below /teapot. */
async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString('utf8');
  const path = request.url ?? '';
  const body = JSON.stringify({ method: request.method, path, type: request.headers['content-type'], text });
  if (path === '/gone') {
    request.socket.destroy();
    return;
  }
  if (path.startsWith('/chunked')) {
    for (let at = 0; at < body.length; at += 7) response.write(body.slice(at, at + 7));
    response.end();
    return;
  }
  response.writeHead(path === '/teapot' ? 418 : 200, { 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

describe('KeepAliveConnection', () => {
  let server: Server;
  let url: string;

  beforeEach(async () => {
    server = createServer((request, response) => void echo(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
  });
  afterEach(async () => {
    server.close();
    await once(server, 'close');
  });

  it('reads answers of a given length and chunked ones, one after the other on one connection', async () => {
    const connection = await KeepAliveConnection.open(url);
    const first = readJson(await connection.request('POST', '/plain', '{"city":"Zürich"}'));
    expect(first).toEqual({ method: 'POST', path: '/plain', type: 'application/json', text: '{"city":"Zürich"}' });
    const second = readJson(await connection.request('GET', '/chunked'));
    expect(second).toEqual({ method: 'GET', path: '/chunked', text: '' });
    const connections = await new Promise<number>((resolve) => {
      server.getConnections((_error, open) => resolve(open));
    });
    expect(connections).toBe(1);
    connection.close();
  });

  it('connects anew when the server has closed an idle connection', async () => {
    const connection = await KeepAliveConnection.open(url);
    await connection.request('GET', '/plain');
    server.closeIdleConnections();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await connection.request('GET', '/plain')).status).toBe(200);
    connection.close();
  });

  it('uploads many parts as one body', async () => {
    const connection = await KeepAliveConnection.open(url);
    const parts = Array.from({ length: 50 }, (_, part) => Buffer.alloc(20_000, 97 + (part % 26)));
    const answer = readJson(await connection.upload('/lines', 'application/x-ndjson', parts));
    expect(answer['type']).toBe('application/x-ndjson');
    expect(answer['text'] === Buffer.concat(parts).toString('latin1')).toBe(true);
    connection.close();
  });

  it('tells of statuses, of a second request at once and of a server that hangs up', async () => {
    const connection = await KeepAliveConnection.open(url);
    expect(() => readJson({ status: 418, body: Buffer.from('short and stout') })).toThrow('418: short and stout');
    expect((await connection.request('GET', '/teapot')).status).toBe(418);
    const under = connection.request('GET', '/gone');
    await expect(connection.request('GET', '/plain')).rejects.toThrow('One request at a time');
    await expect(under).rejects.toThrow(/closed the connection|ECONNRESET/);
  });

  it('a pool opens no more connections than it was told and answers everybody', async () => {
    const pool = new ConnectionPool(url, 3);
    const answers = await Promise.all(
      Array.from({ length: 30 }, async (_, n) => readJson(await pool.request('GET', `/chunked/${n}`))),
    );
    expect(answers.map(({ path }) => path)).toEqual(Array.from({ length: 30 }, (_, n) => `/chunked/${n}`));
    const connections = await new Promise<number>((resolve) => {
      server.getConnections((_error, open) => resolve(open));
    });
    expect(connections).toBe(3);
    pool.close();
  });
});
