import { once } from 'node:events';
import type { Server } from 'node:http';
import { ApiKeys } from '../api-keys';
import { Health } from '../health/health';
import { Metrics } from '../metrics/metrics';
import { createOperationsServer } from './operations-server';

describe('createOperationsServer', () => {
  let server: Server;
  let health: Health;
  let base: string;

  beforeEach(async () => {
    health = new Health();
    server = createOperationsServer(health, new Metrics().registry, new ApiKeys([])).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  it('says whether the process lives, whether it is ready and why not, and what it has measured', async () => {
    expect(await (await fetch(`${base}/health/live?probe=1`)).json()).toEqual({ status: 'ok' });
    expect((await fetch(`${base}/health/ready`)).status).toBe(200);
    health.register('redis', () => ({ ok: false, detail: 'away' }));
    const ready = await fetch(`${base}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { ready: false, dependencies: { redis: { ok: false, detail: 'away' } } },
    ]);
    const metrics = await fetch(`${base}/metrics`);
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    expect(await metrics.text()).toContain('tessera_users');
  });

  it('says what there is instead of anything else', async () => {
    for (const [path, method] of [
      ['/nope', 'GET'],
      ['/metrics', 'POST'],
      ['/__proto__', 'GET'],
    ] as const) {
      const answer = await fetch(`${base}${path}`, { method });
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(await answer.text()).toContain('/health/ready');
    }
  });

  it('keeps metrics for those with a key, where there are keys', async () => {
    const guarded = createOperationsServer(health, new Metrics().registry, new ApiKeys(['secret'])).listen(
      0,
      '127.0.0.1',
    );
    await once(guarded, 'listening');
    const address = guarded.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const statusOf = async (path: string, authorization?: string): Promise<number> => {
      const headers = authorization === undefined ? {} : { Authorization: authorization };
      return (await fetch(`${url}${path}`, { headers })).status;
    };
    expect(await statusOf('/health/ready')).toBe(200);
    expect(await statusOf('/metrics')).toBe(401);
    expect(await statusOf('/metrics', 'Bearer other')).toBe(401);
    expect(await statusOf('/metrics', 'Bearer secret')).toBe(200);
    guarded.closeAllConnections();
    guarded.close();
    await once(guarded, 'close');
  });
});
