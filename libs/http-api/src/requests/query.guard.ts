import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { invalidRequest, invalidRequestOf } from '../problem/http-problem';
import { escapePointer } from './parse-dto';
import { TAKES_QUERY } from './takes-query.decorator';

/** Refuses a query that is not UTF-8, and query parameters where a route takes none; where it takes some, its DTO says which. */
@Injectable()
export class QueryGuard implements CanActivate {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    checkEncoding(context.switchToHttp().getRequest<IncomingMessage>().url ?? '');
    if (this.reflector.get<boolean | undefined>(TAKES_QUERY, context.getHandler()) === true) return true;
    const { query } = context.switchToHttp().getRequest<IncomingMessage & { readonly query: object }>();
    const errors = Object.keys(query).map((key) => ({
      path: `/${escapePointer(key)}`,
      code: 'unknownKey',
      message: `This path takes no query, but ${JSON.stringify(key.slice(0, 100))} was sent; leave it out, or send it in the body`,
    }));
    if (errors.length > 0) throw invalidRequestOf(errors);
    return true;
  }
}

/** Express puts U+FFFD in place of bytes that are not UTF-8, and takes a stray percent sign for itself; a text that was not sent must not be looked for. */
function checkEncoding(url: string): void {
  const at = url.indexOf('?');
  if (at < 0) return;
  try {
    decodeURIComponent(url.slice(at + 1));
  } catch {
    throw invalidRequest('', 'invalidUtf8', 'The query is not percent-encoded UTF-8; a percent sign is written %25');
  }
}
