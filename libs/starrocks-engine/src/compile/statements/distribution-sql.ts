import type { DistributionRequest } from '@tessera/audience';
import { GUID, identifier, kvColumnOf, TAG, tableOfTag, TIME, timeColumnOf } from '../../schema/names';
import { literalOf } from '../leaves/column';
import type { Column } from '../leaves/column';
import { validAfter } from '../leaves/tag-tests';
import { MEMBER } from './shape';

const guid = identifier(GUID);
const member = identifier(MEMBER);
/** Alias of the table of the tag. */
const VALUES = 'v';

/** Where the values of a tag stand. */
export function valueColumn({ tag }: DistributionRequest): Column {
  const isKv = tag.kind === 'kv';
  const name = identifier(isKv ? kvColumnOf(tag) : tag.name);
  return { sql: `${VALUES}.${name}`, spec: tag, form: isKv ? 'kv' : 'typed', fieldId: tag.id };
}

/** Users that have a value that counts: the value as `x`, and whether they are members. */
function users(request: DistributionRequest, marked: string): string {
  const { tag } = request;
  const isKv = tag.kind === 'kv';
  const { sql } = valueColumn(request);
  const conditions = [`${sql} IS NOT NULL`];
  if (isKv) conditions.unshift(`${VALUES}.${identifier(TAG)} = ${tag.id}`);
  const after = validAfter(request);
  if (after !== null) {
    const time = `${VALUES}.${identifier(isKv ? TIME : timeColumnOf(tag))}`;
    conditions.push(`(${time} IS NULL OR ${time} > ${after})`);
  }
  return [
    `FROM (\nSELECT ${sql} AS x, m.${member}`,
    `FROM ${marked} m`,
    `JOIN [colocate] ${identifier(tableOfTag(tag))} ${VALUES} ON ${VALUES}.${guid} = m.${guid}`,
    `WHERE ${conditions.join(' AND ')}\n) s`,
  ].join('\n');
}

const MEMBERS = `count(if(s.${member}, 1, NULL))`;

/**
 * One row: `c0` members and `c1` users with a value; but for sets, `c2` distinct values of members, and `c3` and `c4` the least and the greatest of
 * them.
 * @param marked as of `Shape.marked`.
 */
export function summarySql(request: DistributionRequest, marked: string): string {
  const columns = [`${MEMBERS} AS c0`, 'count(*) AS c1'];
  if (request.tag.valueType !== 'set') {
    const ofMembers = `if(s.${member}, s.x, NULL)`;
    columns.push(`count(DISTINCT ${ofMembers}) AS c2`, `min(${ofMembers}) AS c3`, `max(${ofMembers}) AS c4`);
  }
  return `SELECT ${columns.join(', ')}\n${users(request, marked)}`;
}

/** One row: `c2` distinct elements of members' sets. */
export function distinctElementsSql(request: DistributionRequest, marked: string): string {
  return `SELECT count(DISTINCT if(s.${member}, e.y, NULL)) AS c2\n${users(request, marked)}, unnest(s.x) AS e(y)`;
}

/** The most frequent values of members, or elements of their sets: `x`, `c0` members, `c1` users, in order. */
export function topValuesSql(request: DistributionRequest, marked: string, top: number): string {
  const isSet = request.tag.valueType === 'set';
  const value = isSet ? 'e.y' : 's.x';
  return [
    `SELECT ${value} AS x, ${MEMBERS} AS c0, count(*) AS c1`,
    `${users(request, marked)}${isSet ? ', unnest(s.x) AS e(y)' : ''}`,
    `GROUP BY ${value}`,
    `HAVING ${MEMBERS} > 0`,
    `ORDER BY c0 DESC, x ASC`,
    `LIMIT ${top}`,
  ].join('\n');
}

/** Ends of histogram buckets, both included. */
export interface Bucket {
  readonly low: number;
  readonly high: number;
}

/** `x` the number of the bucket, `c0` members, `c1` users; buckets without users are left out. @param buckets side by side, ascending. */
export function histogramSql(request: DistributionRequest, marked: string, buckets: readonly Bucket[]): string {
  const column = { ...valueColumn(request), sql: 's.x' };
  const literal = (value: number): string => literalOf(column, value);
  const [first] = buckets;
  const last = buckets.at(-1);
  if (first === undefined || last === undefined) throw new Error('a histogram needs a bucket');
  const cases = buckets.slice(0, -1).map(({ high }, index) => `WHEN s.x <= ${literal(high)} THEN ${index}`);
  const bucket = cases.length === 0 ? '0' : `CASE ${cases.join(' ')} ELSE ${buckets.length - 1} END`;
  return [
    `SELECT b.x, count(if(b.${member}, 1, NULL)) AS c0, count(*) AS c1`,
    `FROM (\nSELECT ${bucket} AS x, s.${member}`,
    users(request, marked),
    `WHERE s.x >= ${literal(first.low)} AND s.x <= ${literal(last.high)}\n) b`,
    `GROUP BY b.x`,
  ].join('\n');
}

/** Equal-width buckets from the least to the greatest value, at most `top`; the last is cut short at the greatest. */
export function bucketsOf(least: number, greatest: number, top: number): readonly Bucket[] {
  const most = BigInt(greatest);
  const width = (most - BigInt(least) + BigInt(top)) / BigInt(top);
  const buckets: Bucket[] = [];
  for (let low = BigInt(least); low <= most; low += width) {
    const high = low + width - 1n;
    buckets.push({ low: Number(low), high: Number(high < most ? high : most) });
  }
  return buckets;
}
