import { applyDecorators, UseGuards } from '@nestjs/common';
import { ApiConsumes } from '@nestjs/swagger';
import { JsonBodyGuard } from './json-body.guard';

/** A route with a JSON body of at most 16 MiB, read after the key was checked. */
export function TakesJson(): MethodDecorator {
  return applyDecorators(UseGuards(JsonBodyGuard), ApiConsumes('application/json'));
}
