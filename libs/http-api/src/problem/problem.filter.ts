import type { ServerResponse } from 'node:http';
import { Catch, HttpException, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { UnanswerableError } from '@tessera/audience';
import { StoreUnavailableError } from '@tessera/tag-catalog';
import { ClientGoneError } from '../requests/client-gone-error';
import { HttpProblem, plainProblem } from './http-problem';

const RETRY_AFTER_SECONDS = 1;

/** Turns whatever a handler threw into `application/problem+json`. Errors that are nobody's input are logged and told without their insides. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('http');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<ServerResponse>();
    const request = host.switchToHttp().getRequest<NodeJS.ReadableStream>();
    // What is left of a body must be read, or a connection that is kept alive would take it for the next request.
    request.resume();
    if (thrown instanceof ClientGoneError || response.headersSent || response.destroyed) {
      // Too late for another status: the caller sees a cut answer, never a complete wrong one.
      response.destroy();
      return;
    }
    const { status, body, retryAfterSeconds } = this.#answerTo(thrown);
    response.statusCode = status;
    response.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
    if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(retryAfterSeconds));
    if (thrown instanceof HttpProblem && thrown.options.closeConnection === true)
      response.setHeader('Connection', 'close');
    if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
    response.end(JSON.stringify(body));
  }

  #answerTo(thrown: unknown): { status: number; body: object; retryAfterSeconds?: number | undefined } {
    if (thrown instanceof HttpProblem) {
      if (thrown.status >= 500) this.#logger.warn(thrown.detail);
      return { status: thrown.status, body: thrown.toJson(), retryAfterSeconds: thrown.options.retryAfterSeconds };
    }
    if (thrown instanceof StoreUnavailableError) {
      this.#logger.error(thrown.message);
      const problem = new HttpProblem('unavailable', thrown.message);
      return {
        status: 503,
        body: problem.toJson(),
        retryAfterSeconds: thrown.retriable ? RETRY_AFTER_SECONDS : undefined,
      };
    }
    if (thrown instanceof UnanswerableError) {
      return { status: 400, body: new HttpProblem('invalid-expression', thrown.message).toJson() };
    }
    if (thrown instanceof HttpException) return answerToHttpException(thrown);
    this.#logger.error(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
    const internal = new HttpProblem('internal', 'The server failed to answer; its log says why. A retry may help.');
    return { status: 500, body: internal.toJson() };
  }
}

/** What Nest and Express throw themselves: unknown paths, paths that are not UTF-8. */
function answerToHttpException(thrown: HttpException): { status: number; body: object } {
  const status = thrown.getStatus();
  if (status === 404) {
    const problem = new HttpProblem(
      'not-found',
      `${thrown.message.replace(/\?.*$/s, '')}: there is no such path; see /docs`,
    );
    return { status, body: problem.toJson() };
  }
  if (status === 400) {
    const problem = new HttpProblem('invalid-request', `${thrown.message}; a path must be percent-encoded UTF-8`);
    return { status, body: problem.toJson() };
  }
  return { status, body: plainProblem(status, thrown.message) };
}
