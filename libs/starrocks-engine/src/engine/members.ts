import type { PlanNode } from '@tessera/audience';
import { compileMembers } from '../compile/statements/compile-question';
import { GUID, identifier, USERS_TABLE } from '../schema/names';
import type { Question } from './question';

export const GUID_MAX = 4_294_967_295;
const LAST_GUID = `SELECT max(${identifier(GUID)}) AS last FROM ${identifier(USERS_TABLE)}`;

/** guids that statements select. */
export async function membersOf(
  question: Question,
  asks: readonly { readonly sql: string }[],
): Promise<readonly number[]> {
  const guids: number[] = [];
  for (const { sql } of asks) {
    for (const row of await question.rows(sql)) guids.push(Number(row[GUID]));
  }
  return guids;
}

/** Which members are wanted: the first `limit` after `after`. @param range see `firstMembers`. */
export interface PageRequest {
  readonly after: number;
  readonly limit: number;
  readonly range: number;
}

/**
 * Members ascending. A statement judges all users of its range before it takes the first ones, so ranges begin with `range` guids, a partition of the
 * tables, and become twice as large each time while there are too few members in them.
 */
export async function firstMembers(
  question: Question,
  node: PlanNode,
  { after, limit, range }: PageRequest,
): Promise<readonly number[]> {
  const guids: number[] = [];
  let last: number | null = null;
  let from = after;
  for (let ranges = 1; guids.length < limit; ranges *= 2) {
    const upTo = Math.min((Math.floor((from + 1) / range) + ranges) * range - 1, GUID_MAX);
    const wanted = limit - guids.length;
    const compiled = await question.prepare([node], (options) => compileMembers(node, wanted, options), {
      kind: 'range',
      after: from,
      upTo,
    });
    guids.push(...(await membersOf(question, compiled.asks)));
    if (guids.length >= limit) break;
    last ??= Number((await question.rows(LAST_GUID))[0]?.['last'] ?? 0);
    if (upTo >= last) break;
    from = upTo;
  }
  return guids;
}
