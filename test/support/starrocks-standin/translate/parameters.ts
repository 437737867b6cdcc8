import { analyzeError } from '../starrocks-error';
import type { SqlType } from '../sql/types';
import { BIGINT, BOOLEAN, DATETIME, isInteger, isTemporal, LARGEINT, nameOf, VARCHAR } from '../sql/types';
import { cast } from './typed';
import type { Typed } from './typed';

/** Of a parameter: the argument, cast if StarRocks casts it silently and no mistake hides in it. */
export type Parameter = (value: Typed, name: string) => string;

export const accept =
  (what: string, accepts: (type: SqlType) => boolean, to?: SqlType): Parameter =>
  (value, name) => {
    if (value.type.name !== 'NULL' && !accepts(value.type)) {
      throw analyzeError(`No matching function with signature: ${name}(${nameOf(value.type)}): ${what} is wanted`);
    }
    return to === undefined ? value.sql : cast(value, to).sql;
  };

// A VARCHAR in place of a bitmap is cast by StarRocks without a word; here it is a mistake (STARROCKS.md section 11).
export const bitmap: Parameter = (value, name) => {
  if (value.type.name === 'NULL') return `CAST(NULL AS INTEGER)`;
  return accept('BITMAP', (type) => type.name === 'BITMAP')(value, name);
};
export const integer = accept('an integer', isInteger, BIGINT);
export const wide = accept('an integer', isInteger, LARGEINT);
export const text = accept('VARCHAR', (type) => type.name === 'VARCHAR', VARCHAR);
export const flag = accept('BOOLEAN', (type) => type.name === 'BOOLEAN', BOOLEAN);
export const moment = accept('DATETIME', (type) => isTemporal(type) || type.name === 'VARCHAR', DATETIME);
export const bytes = accept('VARBINARY', (type) => type.name === 'VARBINARY');
