import { compiled, condition, leafOf, newCompiler } from './testing/sample-leaves';

describe('leaves on events', () => {
  it('are measures of one scan, which skips what none of them counts', async () => {
    const window = { last: 'P7D' };
    const where = [{ property: 'shop', op: 'eq', value: 'north' }];
    const { conditions, relations } = await compiled(
      { event: 'buy', where, op: 'gte', value: 3, window },
      { event: 'buy', where, measure: { sum: 'amount' }, op: 'gt', value: 99.5, window: { last: 'P30D' } },
      { event: 'buy', where, op: 'lt', value: 5, window },
    );
    expect(conditions).toEqual(['e3.`sys_m0` >= 3', 'e3.`sys_m1` > 99.50', 'ifnull(e3.`sys_m0`, 0) < 5']);
    expect(relations).toEqual([
      'e3: (SELECT r.`sys_guid`, ' +
        "count(if(r.`sys_t` >= '2026-03-08 12:00:00.001', 1, NULL)) AS `sys_m0`, " +
        'sum(r.`amount`) AS `sys_m1` FROM `event_3_buy` AS r ' +
        "WHERE r.`sys_t` >= '2026-02-13 12:00:00.001' AND r.`sys_t` < '2026-03-15 12:00:00.001' AND r.`shop` = 'north' " +
        'GROUP BY r.`sys_guid`)',
    ]);
  });

  it.each([
    [{ distinct: 'shop' }, 'eq', 2, 'count(DISTINCT r.`shop`)', '= 2'],
    [{ sum: 'pieces' }, 'gte', 10, 'sum(CAST(r.`pieces` AS LARGEINT))', '>= 10'],
    [{ avg: 'pieces' }, 'gt', 2.5, 'sum(CAST(r.`pieces` AS LARGEINT) * 10 - 25)', '> 0'],
    [{ avg: 'pieces' }, 'lt', -3, 'sum(CAST(r.`pieces` + 3 AS LARGEINT))', '< 0'],
    [{ avg: 'amount' }, 'lte', -0.001, 'sum(CAST(r.`amount` AS DECIMAL(38, 3)) + 0.001)', '<= 0'],
    [{ min: 'amount' }, 'lt', 1, 'min(r.`amount`)', '< 1.00'],
    [{ lastTime: '*' }, 'before', '2026-01-01T00:00:00Z', 'max(r.`sys_t`)', "< '2026-01-01 00:00:00.000'"],
    [
      { distinct: 'labels' },
      'eq',
      1,
      "count(DISTINCT if(r.`labels` IS NOT NULL, if(array_length(r.`labels`) = 0, '', " +
        "concat(sha2(array_join(r.`labels`, ','), 256), sha2(array_join(r.`labels`, ';'), 256))), NULL))",
      '= 1',
    ],
  ])('measure %j', async (measure, op, value, aggregate, comparison) => {
    const { conditions, relations } = await compiled({ event: 'buy', measure, op, value });
    expect(conditions).toEqual([`e3.\`sys_m0\` ${comparison}`]);
    // 100 days before the last midnight in UTC.
    expect(relations).toEqual([
      `e3: (SELECT r.\`sys_guid\`, ${aggregate} AS \`sys_m0\` FROM \`event_3_buy\` AS r ` +
        "WHERE r.`sys_t` >= '2025-12-05 00:00:00.000' AND r.`sys_t` < '2026-03-15 12:00:00.001' GROUP BY r.`sys_guid`)",
    ]);
  });

  it.each([
    ['eq', '0', 'true', true],
    ['gt', '0', 'false', false],
  ])('a count in a window past the retention: %s %s is %s', async (op, value, sql, holdsWithoutRow) => {
    const compiler = newCompiler();
    const window = { from: '2020-01-01T00:00:00Z', to: '2021-01-01T00:00:00Z' };
    const node = await leafOf({ event: 'buy', op, value: Number(value), window });
    expect(compiler.add(node)).toEqual({ condition: sql, relations: [], holdsWithoutRow });
    expect(compiler.relations()).toEqual([]);
  });

  it('folds thresholds of sums that lie between the values, and beyond all of them', async () => {
    const sum = async (op: string, value: number | string): Promise<string> =>
      condition({ event: 'buy', measure: { sum: 'amount' }, op, value });
    expect(await sum('gte', 1e30)).toBe(`e3.\`sys_m0\` >= 1${'0'.repeat(30)}.00`);
    expect(await sum('gte', 1e40)).toBe(`e3.\`sys_m0\` >= 1${'0'.repeat(34)}.00`);
  });
});

describe('sequences', () => {
  it('carry the latest start of a chain from step to step', async () => {
    const { conditions, relations } = await compiled({
      sequence: [{ event: 'visit' }, { event: 'visit', where: [{ property: 'page', op: 'eq', value: 'pay' }] }],
      within: 'PT1H',
      window: { last: 'P1D' },
    });
    expect(conditions).toEqual(['q0.`sys_guid` IS NOT NULL']);
    const rows =
      '(SELECT r.`sys_guid`, r.`sys_t`, max(1) AS `sys_h1`, ' +
      "max(if(r.`sys_t` >= '2026-03-14 12:00:00.001' AND r.`page` = 'pay', 1, 0)) AS `sys_h2` FROM `event_4_visit` AS r " +
      "WHERE r.`sys_t` >= '2026-03-14 11:00:00.001' AND r.`sys_t` < '2026-03-15 12:00:00.001' GROUP BY r.`sys_guid`, r.`sys_t`)";
    const first = `(SELECT \`sys_guid\`, \`sys_t\`, if(\`sys_h1\` = 1, \`sys_t\`, NULL) AS \`sys_c1\`, \`sys_h2\` FROM ${rows} AS q1)`;
    const before = 'PARTITION BY `sys_guid` ORDER BY `sys_t` ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING';
    const second = `(SELECT \`sys_guid\`, \`sys_t\`, if(\`sys_h2\` = 1, max(\`sys_c1\`) OVER (${before}), NULL) AS \`sys_c2\` FROM ${first} AS q2)`;
    expect(relations).toEqual([
      `q0: (SELECT \`sys_guid\` FROM ${second} AS q WHERE \`sys_c2\` >= milliseconds_sub(\`sys_t\`, 3600000) GROUP BY \`sys_guid\`)`,
    ]);
  });

  it('over several types read each once', async () => {
    const { relations } = await compiled({ sequence: [{ event: 'visit' }, { event: 'buy' }, { event: 'visit' }] });
    expect(relations.join()).toContain(
      '(SELECT r.`sys_guid`, r.`sys_t`, 1 AS `sys_h1`, 0 AS `sys_h2`, 1 AS `sys_h3` FROM `event_4_visit` AS r ' +
        "WHERE r.`sys_t` < '2026-03-15 12:00:00.001' UNION ALL " +
        'SELECT r.`sys_guid`, r.`sys_t`, 0 AS `sys_h1`, 1 AS `sys_h2`, 0 AS `sys_h3` FROM `event_3_buy` AS r ' +
        "WHERE r.`sys_t` >= '2025-12-05 00:00:00.000' AND r.`sys_t` < '2026-03-15 12:00:00.001')",
    );
  });
});
