import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pinoHttp } from 'pino-http';
import { loggingOptions } from './logging-options';

async function linesOf(level: 'info' | 'debug', status: number): Promise<Record<string, unknown>[]> {
  const lines: string[] = [];
  const log = pinoHttp(loggingOptions(level, { write: (line: string) => void lines.push(line) }));
  const server = createServer((incoming, response) => {
    log(incoming, response);
    Object.assign(incoming, { route: { path: '/v1/users/:cuid' } });
    response.statusCode = status;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    const headers = { authorization: 'Bearer hidden-key', cookie: 'hidden-cookie' };
    request({ port, path: '/v1/users/hidden-cuid?x=hidden', headers }, (response) =>
      response.resume().on('end', resolve),
    ).end();
  });
  await new Promise((resolve) => server.close(resolve));
  expect(lines.join('')).not.toContain('hidden');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('loggingOptions', () => {
  it('logs the pattern of the route, never the URL or a header', async () => {
    const [line] = await linesOf('debug', 200);
    expect(line).toMatchObject({ method: 'GET', route: '/v1/users/:cuid', status: 200, tookMs: expect.any(Number) });
  });

  it('is quiet about requests that went well, and not about failures', async () => {
    expect(await linesOf('info', 404)).toEqual([]);
    expect(await linesOf('info', 500)).toMatchObject([{ level: 50, status: 500, route: '/v1/users/:cuid' }]);
  });
});
