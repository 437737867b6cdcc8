import { Injectable } from '@nestjs/common';
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { invalidRequestOf } from '../problem/http-problem';
import { isDtoClass, parseDto } from './parse-dto';

/** Checks bodies and queries against the DTO class of the parameter. */
@Injectable()
export class DtoPipe implements PipeTransform {
  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    if (metadata.type !== 'body' && metadata.type !== 'query') return value;
    if (!isDtoClass(metadata.metatype)) return value;
    const parsed = parseDto(metadata.metatype, value, metadata.type === 'body' ? 'body' : 'query');
    if (!parsed.ok) throw invalidRequestOf(parsed.errors);
    return parsed.value;
  }
}
