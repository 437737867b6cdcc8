import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StreamLoadClient } from './stream-load-client';

describe('what a frontend answers to Stream Load', () => {
  let server: Server;
  let answer: (response: ServerResponse) => void;
  let client: StreamLoadClient;

  beforeAll(async () => {
    server = createServer((_request, response) => answer(response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const urls = [`http://127.0.0.1:${(server.address() as AddressInfo).port}`];
    client = new StreamLoadClient({ urls, user: 'root', password: 'hush hush', database: 'd', timeoutMs: 5_000 });
  });
  afterAll(() => server.close());

  it('is not followed to anything but HTTP', async () => {
    answer = (response) => response.writeHead(307, { location: 'ftp://root:hush@elsewhere/' }).end();
    await expect(client.stateOf('a')).rejects.toThrow(/sends on .* to ftp:\/\/elsewhere, which is not followed/);
  });

  it('is told without the password', async () => {
    answer = (response) => response.end('who is hush hush?');
    await expect(client.stateOf('a')).rejects.toThrow(/no JSON but who is \*\*\*\?/);
  });

  it('is the state of a label', async () => {
    answer = (response) => response.end('{"status":"OK","state":"COMMITTED"}');
    expect(await client.stateOf('a')).toBe('COMMITTED');
    answer = (response) => response.end('{"status":"FAILED","msg":"unknown database"}');
    await expect(client.stateOf('a')).rejects.toThrow(/unknown database/);
  });
});
