import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse } from '@nestjs/swagger';

interface AnswerDocs {
  readonly summary: string;
  readonly status?: number;
  readonly example: unknown;
  /** Statuses of refusals beside 400 and 401. */
  readonly refusals?: readonly number[];
}

const MEANINGS: { readonly [status: string]: string } = {
  '400': 'The request, its body or a token is not valid',
  '401': 'A key is needed',
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

/** Documents a route: what it does, one example of its answer, its refusals. */
export function Answers({ summary, status = 200, example, refusals = [] }: AnswerDocs): MethodDecorator {
  return applyDecorators(
    ApiOperation({ summary }),
    ApiBearerAuth(),
    ApiResponse({ status, description: 'The answer', content: { 'application/json': { example } } }),
    ...[400, 401, ...refusals].map((refusal) =>
      ApiResponse({
        status: refusal,
        description: MEANINGS[String(refusal)] ?? 'Refused',
        content: { 'application/problem+json': { schema: PROBLEM_SCHEMA } },
      }),
    ),
  );
}
