import type { LocatedError } from '@tessera/tag-catalog';

/** Further members of a problem document, e.g. what a failed stream had applied before. */
export interface ProblemExtensions {
  readonly [member: string]: unknown;
}

export interface ProblemOptions {
  readonly errors?: readonly LocatedError[];
  readonly retryAfterSeconds?: number;
  /** True: the rest of the request is not wanted any more; the connection closes after the answer. */
  readonly closeConnection?: boolean;
  readonly extensions?: ProblemExtensions;
}

interface ProblemKind {
  readonly status: number;
  readonly title: string;
}

/** Every kind of refusal, by the last part of its `type`. */
export const PROBLEM_KINDS = {
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'invalid-json': { status: 400, title: 'The body is not valid JSON' },
  'invalid-expression': { status: 400, title: 'The expression is not valid' },
  'invalid-token': { status: 400, title: 'The token was never issued here' },
  'not-authorised': { status: 401, title: 'A key is needed' },
  forbidden: { status: 403, title: 'Not allowed from there' },
  'not-found': { status: 404, title: 'There is no such thing' },
  conflict: { status: 409, title: 'It is in use or taken' },
  'cursor-expired': { status: 410, title: 'The cursor has expired' },
  'too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type is not supported' },
  'too-many-requests': { status: 429, title: 'Too many requests at once' },
  internal: { status: 500, title: 'Something went wrong inside' },
  'not-configured': { status: 501, title: 'Not configured here' },
  unavailable: { status: 503, title: 'Not available at the moment' },
} as const satisfies { readonly [slug: string]: ProblemKind };

export type ProblemSlug = keyof typeof PROBLEM_KINDS;

/** A refusal that is answered as `application/problem+json` (RFC 9457). `detail` names the input, the limit and the fix. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  constructor(
    readonly slug: ProblemSlug,
    readonly detail: string,
    readonly options: ProblemOptions = {},
  ) {
    super(detail);
  }

  get status(): number {
    return PROBLEM_KINDS[this.slug].status;
  }

  /** The document to send. */
  toJson(): object {
    const { status, title } = PROBLEM_KINDS[this.slug];
    // A refusal of the request as a whole is at its root, so that callers may always read `errors`.
    const errors = this.options.errors ?? [{ path: '', code: camelCase(this.slug), message: this.detail }];
    return problemJson(this.slug, { status, title, detail: this.detail, errors }, this.options.extensions);
  }
}

interface ProblemMembers {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors: readonly LocatedError[];
}

function problemJson(slug: string, members: ProblemMembers, extensions: ProblemExtensions = {}): object {
  const { status, title, detail, errors } = members;
  return { type: `urn:tessera:problem:${slug}`, title, status, detail, errors, ...extensions };
}

function camelCase(slug: string): string {
  return slug.replace(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}

/** A document for a status that has no kind of its own, e.g. one raised by Express. */
export function plainProblem(status: number, detail: string): object {
  const errors = [{ path: '', code: 'refused', message: detail }];
  return problemJson('request', { status, title: 'The request was refused', detail, errors });
}

/** 400 for one thing wrong at one place of the body or query. */
export function invalidRequest(path: string, code: string, message: string): HttpProblem {
  return new HttpProblem('invalid-request', message, { errors: [{ path, code, message }] });
}

/** 400 for several things wrong; the first is the detail. */
export function invalidRequestOf(errors: readonly LocatedError[]): HttpProblem {
  const first = errors[0]?.message ?? 'The request is not valid';
  return new HttpProblem('invalid-request', withOthers(first, errors.length), { errors });
}

/** 404 for a thing that was named in the path or body. */
export function notFound(path: string, code: string, message: string): HttpProblem {
  return new HttpProblem('not-found', message, { errors: [{ path, code, message }] });
}

/** 501 for what needs an engine where there is none. @param what begins the sentence. */
export function notConfigured(what: string): HttpProblem {
  return new HttpProblem(
    'not-configured',
    `${what} takes an engine, and this service has none: set STARROCKS_URL, or use the standalone service`,
  );
}

const UNKNOWN_REFERENCE_CODES: ReadonlySet<string> = new Set([
  'unknownTag',
  'unknownEvent',
  'unknownList',
  'unknownAudience',
]);

/** 404 when all that is wrong with an expression is that it names things that do not exist, else 400. */
export function expressionProblem(errors: readonly LocatedError[]): HttpProblem {
  const detail = withOthers(errors[0]?.message ?? 'The expression is not valid', errors.length);
  const unknownOnly = errors.length > 0 && errors.every((error) => UNKNOWN_REFERENCE_CODES.has(error.code));
  return new HttpProblem(unknownOnly ? 'not-found' : 'invalid-expression', detail, { errors });
}

function withOthers(first: string, count: number): string {
  return count > 1 ? `${first} (and ${count - 1} more)` : first;
}
