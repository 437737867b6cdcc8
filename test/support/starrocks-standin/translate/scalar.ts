import { analyzeError } from '../starrocks-error';
import type { SqlType } from '../sql/types';
import { nameOf } from '../sql/types';
import type { ScalarFunction } from './function-types';
import type { Parameter } from './parameters';
import type { Typed } from './typed';

/** Parameters, result, and DuckDB's SQL of the arguments. */
export function scalar(
  section: string,
  parameters: readonly Parameter[],
  type: SqlType,
  sql: (...args: readonly string[]) => string,
): ScalarFunction {
  return {
    kind: 'scalar',
    section,
    args: [parameters.length, parameters.length],
    build: (...args) => {
      const cast = args.map((arg, index) => parameters[index]!(arg, 'the function'));
      return { sql: sql(...cast), type };
    },
  };
}

export const call =
  (name: string) =>
  (...args: readonly string[]): string =>
    `${name}(${args.join(', ')})`;

export function array(value: Typed): Typed & { readonly of: SqlType } {
  if (value.type.name !== 'ARRAY') throw analyzeError(`${nameOf(value.type)} in place of an ARRAY`);
  return { ...value, of: value.type.of };
}
