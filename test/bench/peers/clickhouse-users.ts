import { AGE_LOW, CITIES, CITY_NAMES } from '../users/user-population';
import type { UserPopulation } from '../users/user-population';
import type { RuleQuestion } from '../users/questions';
import { ruleCondition } from '../users/questions';
import type { ClickHouseSession, NativeColumn } from './clickhouse-session';
import { sqlText } from './duckdb-session';

const CITY_TYPE = `Enum16(${CITY_NAMES.map((name, city) => `${sqlText(name)} = ${city}`).join(', ')})`;

/** Where the prebuilt states lie: on disk as a ClickHouse would keep them, or as objects in memory. */
export type StateEngine = 'AggregatingMergeTree' | 'Memory';

/** The same users in ClickHouse, in table `bench.users` (in memory), each column in the narrowest type that holds it. */
export function loadClickHouseUsers(clickHouse: ClickHouseSession, users: UserPopulation): void {
  clickHouse.run(
    `CREATE TABLE bench.users (guid UInt32, gender UInt8, city ${CITY_TYPE}, level UInt8, age UInt8, spend Decimal(9, 2)) ENGINE = Memory`,
  );
  clickHouse.insert('bench.users', columnsOf(users));
}

function* columnsOf(users: UserPopulation): Generator<readonly NativeColumn[]> {
  for (const { start, length, gender, city, level, age, spendCents } of users.blocks()) {
    yield [
      { name: 'guid', type: 'UInt32', values: Uint32Array.from({ length }, (_, index) => start + index + 1) },
      { name: 'gender', type: 'UInt8', values: gender },
      { name: 'city', type: CITY_TYPE, values: city },
      { name: 'level', type: 'UInt8', values: level },
      { name: 'age', type: 'UInt8', values: age },
      { name: 'spend', type: 'Decimal(9, 2)', values: spendCents },
    ];
  }
}

export function clickHouseRuleSql(question: RuleQuestion): string {
  return `SELECT count() FROM bench.users WHERE ${ruleCondition(question)}`;
}

/** One groupBitmap state for each gender and city, and for each level and age one of everybody with that value or more. */
export function buildClickHouseStates(clickHouse: ClickHouseSession, engine: StateEngine): void {
  const order = engine === 'Memory' ? '' : ' ORDER BY value';
  const fill = (tag: string, select: string): void => {
    const table = `bench.${tag}_${engine}`;
    clickHouse.run(
      `CREATE TABLE ${table} (value UInt16, state AggregateFunction(groupBitmap, UInt32)) ENGINE = ${engine}${order}`,
    );
    clickHouse.run(`INSERT INTO ${table} ${select}`);
  };
  const eachValue = (tag: string): string =>
    `SELECT toUInt16(${tag}) AS value, groupBitmapState(guid) FROM bench.users GROUP BY value`;
  const valueOrMore = (tag: string, low: number): string =>
    `SELECT low, groupBitmapMergeState(state) FROM bench.${tag}_equal_${engine} ARRAY JOIN range(${low}, value + 1) AS low GROUP BY low`;
  fill('gender', eachValue('gender'));
  fill('city', eachValue('city'));
  fill('level_equal', eachValue('level'));
  fill('level', valueOrMore('level', 1));
  fill('age_equal', eachValue('age'));
  fill('age', valueOrMore('age', AGE_LOW));
  if (clickHouse.count(`SELECT count() FROM bench.city_${engine}`) > CITIES) throw new Error('More states than cities');
}

/** Everybody has an age, so those not younger than x are those of x or more. */
export function clickHouseStateSql({ cities, levelLow, ageLow }: RuleQuestion, engine: StateEngine): string {
  const one = (tag: string, value: number): string =>
    `(SELECT groupBitmapMergeState(state) AS ${tag} FROM bench.${tag}_${engine} WHERE value = ${value}) AS of_${tag}`;
  return `SELECT bitmapAndCardinality(bitmapAnd(bitmapAnd(city, gender), level), age) FROM
    (SELECT groupBitmapMergeState(state) AS city FROM bench.city_${engine} WHERE value IN (${cities.join(', ')})) AS of_city
    CROSS JOIN ${one('gender', 1)} CROSS JOIN ${one('level', levelLow)} CROSS JOIN ${one('age', ageLow)}`;
}
