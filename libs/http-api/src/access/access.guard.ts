import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { HTTP_API_OPTIONS } from '../ports';
import type { HttpApiOptions } from '../ports';
import { HttpProblem } from '../problem/http-problem';
import { checkBrowserOrigin } from './browser-origin';
import { IS_OPEN } from './open.decorator';

/** Asks for a bearer key where keys are configured, and keeps foreign web pages out where none are. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    @Inject(HTTP_API_OPTIONS) private readonly options: HttpApiOptions,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride<boolean | undefined>(IS_OPEN, [context.getHandler(), context.getClass()])) {
      return true;
    }
    const request = context.switchToHttp().getRequest<IncomingMessage>();
    if (!this.options.apiKeys.required) {
      checkBrowserOrigin(request.headers);
      return true;
    }
    if (this.options.apiKeys.admits(request.headers.authorization)) return true;
    const given =
      request.headers.authorization === undefined ? 'has no Authorization header' : 'has a key that is not known';
    throw new HttpProblem('not-authorised', `The request ${given}; send Authorization: Bearer <one of API_KEYS>`);
  }
}
