import type { Query, Select } from './ast';

/** Of a query that is one SELECT, or a WITH of one. */
export function hintsOf({ body }: Query): Select['hints'] {
  return body.kind === 'select' ? body.hints : body.kind === 'nested' ? hintsOf(body.query) : new Map();
}
