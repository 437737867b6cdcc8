import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import type { ApiKeys } from '../api-keys';
import type { Health } from '../health/health';

/**
 * What a worker answers over HTTP: `/health/live`, `/health/ready` (503 if it is not) and `/metrics`, as the API does: metrics are for those with a key, where
 * there are keys. Not listening yet.
 */
export function createOperationsServer(health: Health, metrics: Registry, apiKeys: ApiKeys): Server {
  const answers: Readonly<Record<string, (response: ServerResponse) => Promise<void>>> = {
    '/health/live': (response) => {
      sendJson(response, 200, { status: 'ok' });
      return Promise.resolve();
    },
    '/health/ready': async (response) => {
      const readiness = await health.readiness();
      sendJson(response, readiness.ready ? 200 : 503, readiness);
    },
    '/metrics': async (response) => {
      const text = await metrics.metrics();
      response.writeHead(200, { 'Content-Type': metrics.contentType }).end(text);
    },
  };
  return createServer((request, response) => {
    request.resume();
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const answer = Object.hasOwn(answers, path) ? answers[path] : undefined;
    if (request.method !== 'GET' || answer === undefined) {
      const detail = `There is ${Object.keys(answers).join(', ')}, each with GET.`;
      sendJson(response, 404, { title: 'Not found', status: 404, detail }, 'application/problem+json');
      return;
    }
    if (path === '/metrics' && !apiKeys.admits(request.headers.authorization)) {
      const detail = 'Send Authorization: Bearer <one of API_KEYS>.';
      sendJson(response, 401, { title: 'Not authorised', status: 401, detail }, 'application/problem+json');
      return;
    }
    answer(response).catch((error: unknown) => {
      const detail = error instanceof Error ? error.message : 'it failed';
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { title: 'Failed', status: 500, detail }, 'application/problem+json');
    });
  });
}

function sendJson(response: ServerResponse, status: number, json: object, contentType = 'application/json'): void {
  response.writeHead(status, { 'Content-Type': contentType }).end(JSON.stringify(json));
}
