import request from 'supertest';
import { startReferenceApi } from '../testing/reference-api.module';
import type { ReferenceApi } from '../testing/reference-api.module';

interface Content {
  readonly [contentType: string]: { readonly schema?: object; readonly example?: unknown };
}

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: { readonly [status: string]: { readonly content: Content } };
}

// Every route: its body types, its query, and its statuses beside 400, 401 and 403.
const ROUTES: readonly [route: string, bodies: string, query: string, statuses: string][] = [
  ['POST /v1/tag-types', 'application/json', '', '201 409 413 415 429'],
  ['GET /v1/tag-types', '', 'minOffset', '200 503'],
  ['GET /v1/tag-types/{name}', '', 'minOffset', '200 404 503'],
  ['PATCH /v1/tag-types/{name}', 'application/json', '', '200 404 409 413 415 429'],
  ['DELETE /v1/tag-types/{name}', '', '', '200 404 409'],
  ['GET /v1/tags', '', 'minOffset query type', '200 404 503'],
  ['GET /v1/tags/{name}/distribution', '', 'minOffset top', '200 404 503'],
  ['POST /v1/messages', 'application/json application/x-ndjson', '', '200 413 415 429 503'],
  ['GET /v1/segmentation/schema', '', '', '200'],
  ['POST /v1/segmentation/validate', 'application/json', '', '200 413 415 429 503'],
  ['POST /v1/segmentation/count', 'application/json', '', '200 404 413 415 429 503'],
  ['POST /v1/segmentation/explain', 'application/json', '', '200 404 413 415 429 503'],
  ['POST /v1/segmentation/members', 'application/json', '', '200 404 410 413 415 429 503'],
  ['POST /v1/segmentation/distribution', 'application/json', '', '200 404 413 415 429 503'],
  ['POST /v1/segmentation/overlap', 'application/json', '', '200 404 413 415 429 503'],
  ['POST /v1/users/batch', 'application/json', '', '200 404 413 415 429 503'],
  ['POST /v1/users/evaluate-batch', 'application/json', '', '200 404 413 415 429 503'],
  ['GET /v1/users/{cuid}', '', 'minOffset', '200 404 503'],
  ['DELETE /v1/users/{cuid}', '', '', '200 404 503'],
  ['GET /v1/users/{cuid}/events', '', 'before cursor limit minOffset type', '200 404 503'],
  ['POST /v1/users/{cuid}/evaluate', 'application/json', '', '200 404 413 415 429 503'],
  ['POST /v1/lists', 'application/x-ndjson multipart/form-data text/csv', 'header name', '201 413 415 429 503'],
  ['GET /v1/lists', '', 'minOffset', '200 503'],
  ['GET /v1/lists/{id}', '', 'minOffset', '200 404 503'],
  ['DELETE /v1/lists/{id}', '', '', '200 404'],
  ['GET /health/live', '', '', '200'],
  ['GET /health/ready', '', '', '200 503'],
  ['GET /metrics', '', '', '200'],
  ['GET /v1/status', '', 'minOffset', '200 503'],
  ['POST /v1/verify', '', '', '200 503'],
];

let api: ReferenceApi;
let text = '';
const operations = new Map<string, Operation>();
beforeAll(async () => {
  api = await startReferenceApi({ openApi: true });
  const answer = await request(api.server).get('/docs/openapi.json').expect(200);
  ({ text } = answer);
  const paths: { readonly [path: string]: { readonly [method: string]: Operation } } = answer.body.paths;
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      operations.set(`${method.toUpperCase()} ${path}`, operation);
    }
  }
});
afterAll(() => api.close());

describe('the OpenAPI document', () => {
  it('holds exactly the routes that there are', () => {
    expect([...operations.keys()].sort()).toEqual(ROUTES.map(([route]) => route).sort());
  });

  it.each(ROUTES)('documents %s', (route, bodies, query, statuses) => {
    const operation = operations.get(route);
    if (operation === undefined) throw new Error(`${route} is not documented`);
    const common = route.includes('/health/') ? [] : ['400', '401', '403'];
    expect(operation.summary).toBeTruthy();
    expect(
      Object.keys(operation.requestBody?.content ?? {})
        .sort()
        .join(' '),
    ).toBe(bodies);
    expect(namesIn(operation, 'query')).toBe(query);
    expect(namesIn(operation, 'path')).toBe([...route.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).join(' '));
    expect(Object.keys(operation.responses).sort()).toEqual([...common, ...statuses.split(' ')].sort());
    for (const [status, { content }] of Object.entries(operation.responses)) {
      if (Number(status) >= 400) expect(content['application/problem+json']?.schema).toBeDefined();
      else expect(Object.values(content)[0]?.example).toBeDefined();
    }
  });

  it('refers to nothing that it does not hold', () => {
    const { components } = JSON.parse(text) as { readonly components: { readonly schemas: object } };
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      expect(Object.keys(components.schemas)).toContain(name);
    }
  });
});

function namesIn(operation: Operation, place: string): string {
  const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === place);
  return parameters
    .map(({ name }) => name)
    .sort()
    .join(' ');
}
