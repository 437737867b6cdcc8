import type { KvReadNode, TagTest } from '@tessera/audience';
import { GUID, TAG, TIME, identifier, kvColumnOf, tableOfTag } from '../../schema/names';
import { allOf, conditionSql, disjunction } from './condition';
import { fromSql } from './from-sql';
import { LongLists } from './long-lists';
import { passesWithoutValue, validAfter } from './tag-tests';
import type { LeafBuilder, LeafContext } from './leaf-context';

const GUID_COLUMN = `r.${identifier(GUID)}`;
const TAG_COLUMN = `r.${identifier(TAG)}`;
const TIME_COLUMN = `r.${identifier(TIME)}`;

/** The kv tags of one type, turned from a row a tag into a row a user with a flag (1, 0) for each thing that is asked. */
export class KvRelation implements LeafBuilder {
  readonly #table: string;
  readonly #lists: LongLists;
  readonly #tags = new Set<number>();
  readonly #flags = new Map<string, string>();

  constructor(
    test: TagTest,
    readonly alias: string,
    private readonly context: LeafContext,
  ) {
    this.#table = identifier(tableOfTag(test.tag));
    let joins = 0;
    this.#lists = new LongLists({ from: this.#table, alias: 'r', keys: [TAG, GUID] }, context.values, (prefix) => {
      joins += 1;
      return `${prefix}${joins - 1}`;
    });
  }

  /** The leaf's condition. */
  add({ test }: KvReadNode): string {
    const { tag, condition, includeMissing } = test;
    this.#tags.add(tag.id);
    const sql = `r.${identifier(kvColumnOf(tag))}`;
    const column = { sql, spec: tag, form: 'kv', fieldId: tag.id } as const;
    const isMissing = (): string => `ifnull(${this.#flag(test, `${sql} IS NOT NULL`)}, 0) = 0`;
    if (condition.kind === 'absent') return isMissing();
    const holds = conditionSql(condition, column, this.context.scope(this.#lists));
    const found = `${this.#flag(test, holds)} = 1`;
    return includeMissing ? disjunction([found, isMissing()]) : found;
  }

  static holdsWithoutRow({ test }: KvReadNode): boolean {
    return passesWithoutValue(test);
  }

  sql(): string {
    const tags = [...this.#tags].sort((one, other) => one - other);
    const only = tags.length === 1 ? `${TAG_COLUMN} = ${tags.join()}` : `${TAG_COLUMN} IN (${tags.join(', ')})`;
    const flags = [...this.#flags].map(([holds, name]) => `max(if(${holds}, 1, 0)) AS ${identifier(name)}`);
    return (
      `(SELECT ${[GUID_COLUMN, ...flags].join(', ')} FROM ${fromSql(this.#table, this.#lists.joins([only]))} ` +
      `WHERE ${only} GROUP BY ${GUID_COLUMN})`
    );
  }

  #flag(test: TagTest, holds: string): string {
    const after = validAfter(test);
    const counts = after === null ? [] : [`(${TIME_COLUMN} IS NULL OR ${TIME_COLUMN} > ${after})`];
    const whole = allOf([`${TAG_COLUMN} = ${test.tag.id}`, holds, ...counts]);
    const name = this.#flags.get(whole) ?? `sys_k${this.#flags.size}`;
    this.#flags.set(whole, name);
    return `${this.alias}.${identifier(name)}`;
  }
}
