import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse } from '@nestjs/swagger';

interface AnswerDocs {
  readonly summary: string;
  readonly status?: number;
  readonly example: unknown;
  /** Statuses of refusals beside those that every route has: 400, 401, 403. */
  readonly refusals?: readonly number[];
  /** True: it answers without a key and refuses nothing but `refusals`. */
  readonly open?: boolean;
  /** Of the answer; default JSON. */
  readonly contentType?: string;
  /** Bodies that are no DTO: an example by content type. */
  readonly bodies?: Bodies;
}

type RequestBody = NonNullable<Parameters<typeof ApiOperation>[0]['requestBody']>;
type Bodies = Extract<RequestBody, { content: unknown }>['content'];

const MEANINGS: { readonly [status: string]: string } = {
  '400': 'The request, its body or a token is not valid',
  '401': 'A key is needed',
  '403': 'Without API_KEYS: not from a web page or host name of elsewhere',
  '404': 'Something named does not exist',
  '409': 'Taken or in use',
  '410': 'The cursor has expired',
  '413': 'The body is too large',
  '415': 'The content type is not supported',
  '429': 'Too many requests at once; see Retry-After',
  '503': 'Not available at the moment; see Retry-After',
};

const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'errors'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'code', 'message'],
        properties: { path: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

/** Documents a route: what it takes, what it does, one example of its answer, its refusals. */
export function Answers(docs: AnswerDocs): MethodDecorator {
  const { summary, status = 200, example, contentType = 'application/json', open = false } = docs;
  const refusals = [...(open ? [] : [400, 401, 403]), ...(docs.refusals ?? [])];
  return applyDecorators(
    ApiOperation({ summary, ...requestBodyOf(docs) }),
    ...(open ? [] : [ApiBearerAuth()]),
    ApiResponse({ status, description: 'The answer', content: { [contentType]: { example } } }),
    ...refusals.map((refusal) =>
      ApiResponse({
        status: refusal,
        description: MEANINGS[String(refusal)] ?? 'Refused',
        content: { 'application/problem+json': { schema: PROBLEM_SCHEMA } },
      }),
    ),
  );
}

function requestBodyOf({ bodies }: AnswerDocs): { readonly requestBody?: RequestBody } {
  if (bodies === undefined) return {};
  return { requestBody: { required: true, content: bodies } };
}
