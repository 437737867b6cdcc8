import type { Connection } from 'mysql2/promise';
import { errorOf, rowsOf, startWithDatabase, valueOf, write } from './client';
import type { StarrocksStandIn } from './standin';

// STARROCKS.md section 2, line by line.

const NULL_BITMAP = 'to_bitmap(-1)';
const SOME = "bitmap_from_string('1,2,5')";

describe('Bitmaps of the stand-in for StarRocks', () => {
  let standIn: StarrocksStandIn;
  let connection: Connection;

  beforeAll(async () => {
    ({ standIn, connection } = await startWithDatabase());
    await write(
      connection,
      'CREATE TABLE p (g BIGINT NOT NULL, c INT NULL) PRIMARY KEY (g) DISTRIBUTED BY HASH(g) BUCKETS 1',
    );
    await write(connection, 'INSERT INTO p VALUES (1, 10), (2, 10), (3, 20), (4, NULL)');
    await write(
      connection,
      'CREATE TABLE kv (t INT NOT NULL, v VARCHAR(20) NOT NULL, s INT NOT NULL, b BITMAP BITMAP_UNION NULL) AGGREGATE KEY (t, v, s) DISTRIBUTED BY HASH(s) BUCKETS 1',
    );
    await write(
      connection,
      `INSERT INTO kv SELECT 1, 'a', 0, bitmap_from_string('1,2,3') UNION ALL SELECT 1, 'b', 0, bitmap_from_string('2,3,4') UNION ALL SELECT 1, 'n', 0, ${NULL_BITMAP}`,
    );
  });

  afterAll(async () => {
    await connection.end();
    await standIn.close();
  });

  it.each([
    // An expression that is not a bitmap, and its value.
    ['bitmap_to_string(to_bitmap(7))', '7'],
    ["bitmap_to_string(to_bitmap('18446744073709551615'))", '18446744073709551615'],
    ["bitmap_to_string(to_bitmap('18446744073709551616'))", null],
    ['bitmap_to_string(to_bitmap(-1))', null],
    ["bitmap_to_string(to_bitmap('x'))", null],
    ['bitmap_to_string(to_bitmap(NULL))', null],
    ['bitmap_count(bitmap_hash(NULL))', '0'],
    ["bitmap_count(bitmap_hash('x'))", '1'],
    ['bitmap_to_string(bitmap_empty())', ''],
    [`bitmap_to_string(bitmap_and(${SOME}, bitmap_from_string('2,3')))`, '2'],
    [`bitmap_to_string(bitmap_or(${SOME}, bitmap_from_string('2,3')))`, '1,2,3,5'],
    [`bitmap_to_string(bitmap_xor(${SOME}, bitmap_from_string('2,3')))`, '1,3,5'],
    [`bitmap_to_string(bitmap_andnot(${SOME}, bitmap_from_string('2,3')))`, '1,5'],
    ...['and', 'or', 'xor', 'andnot'].flatMap((name): [string, null][] => [
      [`bitmap_to_string(bitmap_${name}(${SOME}, ${NULL_BITMAP}))`, null],
      [`bitmap_to_string(bitmap_${name}(${NULL_BITMAP}, ${SOME}))`, null],
    ]),
    [`bitmap_count(bitmap_or(${SOME}, ${NULL_BITMAP}))`, '0'],
    [`bitmap_to_string(bitmap_remove(${SOME}, 2))`, '1,5'],
    [`bitmap_to_string(bitmap_remove(${SOME}, NULL))`, null],
    [`bitmap_to_string(bitmap_remove(${NULL_BITMAP}, 1))`, null],
    [`bitmap_count(${NULL_BITMAP})`, '0'],
    [`bitmap_count(${SOME})`, '3'],
    [`bitmap_contains(${SOME}, 5)`, 1],
    [`bitmap_contains(${SOME}, 6)`, 0],
    [`bitmap_contains(${SOME}, NULL)`, null],
    [`bitmap_contains(${NULL_BITMAP}, 1)`, null],
    [`bitmap_has_any(${SOME}, to_bitmap(5))`, 1],
    [`bitmap_has_any(${SOME}, to_bitmap(6))`, 0],
    [`bitmap_has_any(${SOME}, ${NULL_BITMAP})`, null],
    [`bitmap_min(${SOME})`, '1'],
    [`bitmap_max(${SOME})`, '5'],
    ['bitmap_min(bitmap_empty())', null],
    [`bitmap_max(${NULL_BITMAP})`, null],
    [`bitmap_to_array(${SOME})`, '[1,2,5]'],
    [`bitmap_to_array(${NULL_BITMAP})`, null],
    ["bitmap_to_string(bitmap_from_string('1,x'))", null],
    ["bitmap_to_string(bitmap_from_string('1,-2'))", null],
    ['bitmap_to_string(array_to_bitmap([3, NULL, -1, 1]))', '1,3'],
    ["bitmap_to_string(base64_to_bitmap('no bitmap'))", null],
    ["bitmap_to_string(base64_to_bitmap('AQEAAAA='))", '1'],
    [`bitmap_to_string(base64_to_bitmap(bitmap_to_base64(${SOME})))`, '1,2,5'],
    [`bitmap_to_base64(${NULL_BITMAP})`, null],
    [`bitmap_to_string(bitmap_from_binary(bitmap_to_binary(${SOME})))`, '1,2,5'],
    [`bitmap_to_string(sub_bitmap(${SOME}, 1, 5))`, '2,5'],
    [`bitmap_to_string(sub_bitmap(${SOME}, -1, 1))`, '5'],
    [`bitmap_to_string(sub_bitmap(${SOME}, 3, 1))`, null],
    [`bitmap_to_string(bitmap_subset_in_range(${SOME}, 2, 5))`, '2'],
    [`bitmap_to_string(bitmap_subset_in_range(${SOME}, -3, 2))`, '1'],
    [`bitmap_to_string(bitmap_subset_in_range(${SOME}, 7, 9))`, null],
    [`bitmap_to_string(bitmap_subset_limit(${SOME}, 2, 1))`, '2'],
    [`bitmap_to_string(bitmap_subset_limit(${SOME}, 6, 1))`, null],
    [`bitmap_to_string(ifnull(${NULL_BITMAP}, bitmap_empty()))`, ''],
    [`bitmap_to_string(if(false, ${SOME}, ${NULL_BITMAP}))`, null],
    // A bitmap itself is NULL over the protocol.
    [SOME, null],
  ])('%s is %j', async (expression, value) => {
    expect(await valueOf(connection, expression)).toBe(value);
  });

  it.each([
    // Aggregates skip NULLs; over no rows they are NULL, counts 0.
    ['SELECT bitmap_to_string(bitmap_agg(g)) FROM p', '1,2,3,4'],
    ['SELECT bitmap_to_string(bitmap_agg(c)) FROM p', '10,20'],
    ['SELECT bitmap_to_string(bitmap_agg(g)) FROM p WHERE c = 99', null],
    ['SELECT bitmap_count(bitmap_agg(g)) FROM p WHERE c = 99', '0'],
    ['SELECT bitmap_to_string(bitmap_agg(g - 2)) FROM p', '0,1,2'],
    ['SELECT bitmap_to_string(bitmap_agg_if(g, c = 10)) FROM p', '1,2'],
    ['SELECT bitmap_to_string(bitmap_union(b)) FROM kv', '1,2,3,4'],
    ['SELECT bitmap_to_string(bitmap_union(b)) FROM kv WHERE t = 2', null],
    ["SELECT bitmap_to_string(bitmap_union(b)) FROM kv WHERE v = 'n'", null],
    ['SELECT bitmap_to_string(bitmap_intersect(b)) FROM kv', '2,3'],
    ['SELECT bitmap_union_count(b) FROM kv WHERE t = 2', '0'],
    ['SELECT bitmap_union_count(b) FROM kv', '4'],
    ['SELECT bitmap_union_int(c) FROM p', '2'],
    ['SELECT bitmap_union_int(c) FROM p WHERE g > 9', '0'],
    ["SELECT intersect_count(b, v, 'a', 'b') FROM kv", '2'],
    ["SELECT intersect_count(b, v, 'a', 'zz') FROM kv", '0'],
    ['SELECT sum(g) FROM (SELECT bitmap_union(b) AS b FROM kv) x, unnest_bitmap(x.b) AS u(g)', '10'],
    ['SELECT count(*) FROM (SELECT bitmap_agg(g) AS b FROM p) x, subdivide_bitmap(x.b, 3) AS u(part)', '2'],
  ])('%s is %j', async (sql, value) => {
    expect(await valueOf(connection, sql)).toBe(value);
  });

  it.each([
    'SELECT b IS NULL FROM kv',
    'SELECT b IS NOT NULL FROM kv',
    'SELECT b = b FROM kv',
    'SELECT b <=> b FROM kv',
    'SELECT b IN (b) FROM kv',
    'SELECT count(*) FROM kv GROUP BY b',
    'SELECT DISTINCT b FROM kv',
    'SELECT b FROM kv UNION SELECT b FROM kv',
    'SELECT CAST(b AS VARCHAR(10)) FROM kv',
    'SELECT b FROM kv ORDER BY b',
    "SELECT bitmap_count('x')",
    'SELECT bitmap_count(1)',
    'SELECT bitmap_and(b) FROM kv',
    'SELECT bitmap_and(b, b, b) FROM kv',
    "SELECT bitmap_agg(CAST('2024-01-01' AS DATE))",
    'SELECT bitmap_agg(1.5)',
    'SELECT bitmap_agg(NULL)',
    'SELECT bitmap_union_if(b, true) FROM kv',
    "INSERT INTO kv VALUES (1, 'x', 0, 'text')",
    "INSERT INTO kv VALUES (1, 'x', 0, 5)",
  ])('%s is an error', async (sql) => {
    expect(await errorOf(connection, sql)).toMatch(/^1064 /);
  });

  it('lists a million members, and not one more', async () => {
    const all = 'bitmap_to_base64(bitmap_agg(CAST(a.g * 1000 + b.g AS BIGINT)))';
    await write(connection, 'CREATE TABLE n (g INT NOT NULL) DUPLICATE KEY (g) DISTRIBUTED BY HASH(g) BUCKETS 1');
    await write(
      connection,
      `INSERT INTO n VALUES ${Array.from({ length: 1_000 }, (_, index) => `(${index})`).join(', ')}`,
    );
    const from = 'FROM n AS a CROSS JOIN n AS b';
    expect(
      await valueOf(connection, `SELECT array_length(bitmap_to_array(bitmap_agg(a.g * 1000 + b.g))) ${from}`),
    ).toBe(1_000_000);
    const more = 'bitmap_or(bitmap_agg(a.g * 1000 + b.g), to_bitmap(1000000))';
    expect(await errorOf(connection, `SELECT bitmap_to_array(${more}) ${from}`)).toMatch(
      /max_length_for_bitmap_function/,
    );
    expect(await errorOf(connection, `SELECT bitmap_to_string(${more}) ${from}`)).toMatch(
      /max_length_for_bitmap_function/,
    );
    expect((await rowsOf(connection, `SELECT ${all} ${from}`)).length).toBe(1);
  });
});
