import { setTimeout as sleep } from 'node:timers/promises';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { ApiKeys, GracefulShutdown, Health, Metrics, observeRequests, StreamMetrics } from './index';
import type { FailedRequest } from './index';

describe('ApiKeys', () => {
  it('accepts its keys and nothing else', () => {
    const keys = new ApiKeys(['alpha', 'beta']);
    expect(keys.required).toBe(true);
    expect(['alpha', 'beta'].every((key) => keys.accepts(key))).toBe(true);
    expect(['', 'alph', 'alphaa', 'ALPHA', 'alpha,beta'].some((key) => keys.accepts(key))).toBe(false);
    expect(new ApiKeys([]).required).toBe(false);
    expect(new ApiKeys([]).accepts('')).toBe(false);
  });

  it('holds no key that a log could show', () => {
    expect(JSON.stringify(new ApiKeys(['alpha']))).not.toContain('alpha');
  });
});

describe('Health', () => {
  it('is ready when every dependency is, and says which is not', async () => {
    const health = new Health();
    expect(await health.readiness()).toEqual({ ready: true, dependencies: {} });
    health.register('engine', () => ({ ok: true }));
    health.register('disk', () => Promise.reject(new Error('disk full')));
    expect(await health.readiness()).toEqual({
      ready: false,
      dependencies: { engine: { ok: true }, disk: { ok: false, detail: 'disk full' } },
    });
  });

  it('is not ready while draining', async () => {
    const health = new Health();
    health.drain();
    expect((await health.readiness()).ready).toBe(false);
  });
});

describe('Metrics', () => {
  it('exposes what it was told', async () => {
    const metrics = new Metrics();
    metrics.collectProcessMetrics();
    metrics.observeRequest('GET', '/v1/users/:cuid', 200, 0.004);
    metrics.addMessages('accepted', 3);
    metrics.addMessages('stale', 0);
    metrics.observeQuestion('overlap', 0.2);
    const text = await metrics.expose({ users: 7, dataVersion: 9 });
    for (const line of [
      'tessera_http_request_duration_seconds_count{method="GET",route="/v1/users/:cuid",status="200"} 1',
      'tessera_messages_total{verdict="accepted"} 3',
      'tessera_question_duration_seconds_count{question="overlap"} 1',
      'tessera_users 7',
      'tessera_data_version 9',
      'nodejs_eventloop_lag_seconds',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).not.toContain('verdict="stale"');
  });
});

describe('GracefulShutdown', () => {
  async function listening(server: Server): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  function fetchText(port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      get({ port, host: '127.0.0.1' }, (response) => {
        let text = '';
        response.on('data', (chunk) => (text += String(chunk))).on('end', () => resolve(text));
      }).on('error', reject);
    });
  }

  it('lets a request finish, refuses new ones, then runs the hooks once', async () => {
    const server = createServer((_request, response) => void setTimeout(() => response.end('done'), 100));
    const port = await listening(server);
    const health = new Health();
    const order: string[] = [];
    const hook = async (): Promise<void> => void order.push('hook');
    const shutdown = new GracefulShutdown({
      server,
      health,
      drain: new AbortController(),
      hooks: [hook],
      log: () => undefined,
    });
    const arrived = once(server, 'request');
    const answer = fetchText(port).then((text) => order.push(text));
    await arrived;
    const running = shutdown.run('test');
    expect(shutdown.run('again')).toBe(running);
    expect(health.draining).toBe(true);
    await expect(fetchText(port)).rejects.toThrow();
    expect(await running).toBe(true);
    await answer;
    expect(order.sort()).toEqual(['done', 'hook']);
  });

  it('tells streams to stop, and cuts what does not end', async () => {
    const server = createServer(() => undefined);
    const port = await listening(server);
    const drain = new AbortController();
    const shutdown = new GracefulShutdown({
      server,
      health: new Health(),
      drain,
      hooks: [],
      log: () => undefined,
      timings: { drainAfterMs: 20, cutAfterMs: 60, giveUpAfterMs: 30_000 },
    });
    const arrived = once(server, 'request');
    const cut = expect(fetchText(port)).rejects.toThrow();
    await arrived;
    expect(await shutdown.run('test')).toBe(true);
    expect(drain.signal.aborted).toBe(true);
    await cut;
  });

  it('ends other ways in beside the requests, before the hooks', async () => {
    const server = createServer();
    await listening(server);
    const order: string[] = [];
    const shutdown = new GracefulShutdown({
      server,
      health: new Health(),
      drain: new AbortController(),
      intakes: [
        async () => {
          await sleep(20);
          order.push('intake');
        },
        () => Promise.reject(new Error('no way out')),
      ],
      hooks: [() => Promise.resolve(void order.push('hook'))],
      log: (message) => void order.push(message),
    });
    expect(await shutdown.run('test')).toBe(true);
    expect(order).toEqual([expect.stringContaining('test'), 'intake', 'closing failed: no way out', 'hook']);
  });

  it('leaves the hooks all the time that requests did not need', async () => {
    const server = createServer();
    await listening(server);
    const said: string[] = [];
    const shutdown = new GracefulShutdown({
      ...{ server, health: new Health(), drain: new AbortController() },
      hooks: [() => sleep(400)],
      log: (message) => void said.push(message),
      timings: { drainAfterMs: 1, cutAfterMs: 19_900, giveUpAfterMs: 20_000 },
    });
    expect(await shutdown.run('test')).toBe(true);
    expect(said).toHaveLength(1);
  });

  it('reports hooks that fail or hang', async () => {
    const timings = { drainAfterMs: 1, cutAfterMs: 1, giveUpAfterMs: 50 };
    for (const hook of [() => Promise.reject(new Error('no disk')), () => new Promise<void>(() => undefined)]) {
      const server = createServer();
      await listening(server);
      const said: string[] = [];
      const log = (message: string): void => void said.push(message);
      const options = { server, health: new Health(), drain: new AbortController(), hooks: [hook], log, timings };
      expect(await new GracefulShutdown(options).run('test')).toBe(false);
      expect(said.at(-1)).toMatch(/no disk|took more than/);
    }
  });
});

describe('StreamMetrics', () => {
  it('tells what it knows while nobody answers how far the group is', async () => {
    const registry = new Registry();
    const metrics = new StreamMetrics(registry, () => new Promise<never>(() => undefined));
    metrics.addFailure();
    const text = await Promise.race([registry.metrics(), sleep(9_000, 'no answer')]);
    expect(text).toContain('tessera_stream_failures_total 1');
    expect(text).not.toContain('tessera_stream_lag_records{');
  });
});

describe('observeRequests', () => {
  async function serve(
    handle: (response: ServerResponse) => void,
    call: (port: number, server: Server) => Promise<unknown>,
  ): Promise<{ readonly text: string; readonly failures: readonly FailedRequest[] }> {
    const metrics = new Metrics();
    const failures: FailedRequest[] = [];
    const observe = observeRequests(metrics, (failure) => failures.push(failure));
    let over: Promise<unknown> = Promise.resolve();
    const server = createServer((incoming, response) => {
      Object.assign(incoming, { route: { path: '/v1/users/:cuid' } });
      observe(incoming, response, () => handle(response));
      over = once(response, 'close');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await call((server.address() as AddressInfo).port, server);
    await over;
    await new Promise((resolve) => server.close(resolve));
    return { text: await metrics.expose({ users: 0, dataVersion: 0 }), failures };
  }
  const read = (port: number) =>
    new Promise((resolve) =>
      get({ port, path: '/v1/users/hidden' }, (response) => response.resume().on('end', resolve)),
    );

  it('tells of failures, by the pattern of the route', async () => {
    const failed = await serve((response) => response.writeHead(503).end(), read);
    expect(failed.failures).toEqual([
      { method: 'GET', route: '/v1/users/:cuid', status: 503, tookMs: expect.any(Number) },
    ]);
    expect(failed.text).not.toContain('hidden');
    expect((await serve((response) => response.writeHead(404).end(), read)).failures).toEqual([]);
  });

  it('counts a request without an answer as 499', async () => {
    const { text } = await serve(
      () => undefined,
      async (port, server) => {
        const arrived = once(server, 'request');
        const call = get({ port }).on('error', () => undefined);
        await arrived;
        call.destroy();
      },
    );
    expect(text).toContain('status="499"} 1');
  });
});
