import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { parseJsonBytes } from '@tessera/platform';
import { HttpProblem } from '../problem/http-problem';
import { readBody } from './body-stream';
import { acceptContentType } from './content-type';
import { Gate } from './gate';

/** A JSON body: 16 MiB. */
export const JSON_BODY_BYTES_MAX = 16 * 1024 * 1024;

/** Reads the JSON body of a route and leaves it at `request.body`. Runs after the key was checked, so that strangers fill no memory. */
@Injectable()
export class JsonBodyGuard implements CanActivate {
  constructor(@Inject(Gate) private readonly gate: Gate) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<IncomingMessage & { body?: unknown }>();
    const response = context.switchToHttp().getResponse<ServerResponse>();
    const leave = this.gate.enter();
    response.once('close', leave);
    // Whose connection is gone already is not announced again.
    if (response.closed) leave();
    acceptContentType(request, ['application/json']);
    const bytes = await readBody(request, JSON_BODY_BYTES_MAX);
    const parsed = parseJsonBytes(bytes);
    if (!parsed.ok) {
      throw new HttpProblem('invalid-json', `The body is not JSON: ${parsed.message}`, {
        errors: [{ path: '', code: parsed.code, message: parsed.message }],
      });
    }
    request.body = parsed.value;
    return true;
  }
}
