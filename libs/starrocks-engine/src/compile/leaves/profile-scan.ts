import type { ProfileScanNode, TagTest } from '@tessera/audience';
import { identifier, timeColumnOf } from '../../schema/names';
import { conditionSql, conjunction, disjunction } from './condition';
import type { ConditionScope } from './condition';
import { passesWithoutValue, validAfter } from './tag-tests';

/** The tests of a profile scan as a condition on the profile table. @param alias of the table. */
export function profileCondition(node: ProfileScanNode, alias: string, scope: ConditionScope): string {
  return conjunction(node.tests.map((test) => testSql(test, alias, scope)));
}

export function profileHoldsWithoutRow(node: ProfileScanNode): boolean {
  return node.tests.every(passesWithoutValue);
}

function testSql(test: TagTest, alias: string, scope: ConditionScope): string {
  const { tag, condition, includeMissing } = test;
  const column = { sql: `${alias}.${identifier(tag.name)}`, spec: tag, form: 'typed', fieldId: tag.id } as const;
  const time = `${alias}.${identifier(timeColumnOf(tag))}`;
  const after = validAfter(test);
  const isMissing = [`${column.sql} IS NULL`, ...(after === null ? [] : [`${time} <= ${after}`])];
  if (condition.kind === 'absent') return disjunction(isMissing);
  const holds = conditionSql(condition, column, scope);
  // Whoever's value has expired is missing, so with the missing ones the time needs no look at a value that holds.
  if (includeMissing) return disjunction([holds, ...isMissing]);
  // A value with no time was made by increments alone and does not expire.
  return after === null ? holds : conjunction([holds, `(${time} IS NULL OR ${time} > ${after})`]);
}
