import { bindExpression, buildPlan, inputsOf, noReferences } from '@tessera/audience';
import type { PlanNode } from '@tessera/audience';
import { Catalog, declareTagType } from '@tessera/tag-catalog';
import type { JsonValue } from '@tessera/tag-catalog';
import type { ScanNode } from '../leaf';
import { LeafCompiler } from './leaf-compiler';
import { LEAVES_MAX, RELATIONS_MAX } from './leaf-limits';
import { patternQuestions } from './patterns';

const NOW_MS = Date.UTC(2026, 2, 15, 12);

const TYPES: readonly JsonValue[] = [
  {
    name: 'person',
    kind: 'profile',
    tags: [
      { name: 'vip', valueType: 'bool' },
      { name: 'level', valueType: 'int' },
      { name: 'spend', valueType: 'decimal', scale: 2 },
      { name: 'city', valueType: 'string' },
      { name: 'born', valueType: 'date' },
      { name: 'seen', valueType: 'datetime' },
      { name: 'likes', valueType: 'set' },
      { name: 'mood', valueType: 'int', ttl: 'P1D' },
    ],
  },
  {
    name: 'coupon',
    kind: 'kv',
    tags: [
      { name: 'code', valueType: 'string' },
      { name: 'value', valueType: 'decimal', scale: 2, ttl: 'P7D' },
      { name: 'until', valueType: 'date' },
    ],
  },
  {
    name: 'buy',
    kind: 'event',
    retentionDays: 100,
    properties: [
      { name: 'amount', valueType: 'decimal', scale: 2 },
      { name: 'pieces', valueType: 'int' },
      { name: 'shop', valueType: 'string' },
      { name: 'labels', valueType: 'set' },
    ],
  },
  { name: 'visit', kind: 'event', properties: [{ name: 'page', valueType: 'string' }] },
];

const CATALOG = TYPES.reduce<Catalog>((catalog, json) => {
  const declared = declareTagType(catalog, json);
  if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
  return declared.value;
}, Catalog.empty);

/** The leaves of the rule as it is planned without rewrites, in its order. */
async function leavesOf(rule: unknown): Promise<readonly ScanNode[]> {
  const bound = await bindExpression(rule, { catalog: CATALOG, references: noReferences, timeZone: 'UTC' });
  if (!bound.ok) throw new Error(JSON.stringify(bound.errors));
  return scansIn(buildPlan(bound.value, { asOfMs: NOW_MS, rewrites: false }).root);
}

function scansIn(node: PlanNode): readonly ScanNode[] {
  switch (node.kind) {
    case 'profileScan':
    case 'kvRead':
    case 'eventScan':
    case 'sequenceScan':
      return [node];
    default:
      return inputsOf(node).flatMap(scansIn);
  }
}

function newCompiler(matches: ReadonlyMap<string, readonly string[]> = new Map()): LeafCompiler {
  return new LeafCompiler({ nowMs: NOW_MS, matches, listId: (slot) => `q1-${slot}` });
}

async function compiled(...rules: readonly unknown[]): Promise<{
  readonly conditions: readonly string[];
  readonly relations: readonly string[];
  readonly compiler: LeafCompiler;
}> {
  const compiler = newCompiler();
  const leaves = (await Promise.all(rules.map(leavesOf))).flat().map((node) => compiler.add(node));
  const relations = compiler
    .relations()
    .map(({ alias, sql, joinedBy }) => `${alias}: ${sql}${joinedBy === null ? '' : ` ON ${joinedBy}`}`);
  return { conditions: leaves.map(({ condition }) => condition), relations, compiler };
}

async function condition(rule: unknown): Promise<string> {
  return (await compiled(rule)).conditions.join();
}

describe('leaves on profile tags', () => {
  it.each([
    [{ tag: 'vip', op: 'eq', value: true }, 'p1.`vip` = true'],
    [{ tag: 'level', op: 'in', value: [3, -1] }, 'p1.`level` IN (-1, 3)'],
    [{ tag: 'level', op: 'between', value: [1, 5] }, '(p1.`level` >= 1 AND p1.`level` <= 5)'],
    [{ tag: 'spend', op: 'gt', value: -1.5 }, 'p1.`spend` > -1.50'],
    [{ tag: 'city', op: 'ne', value: "it's" }, "p1.`city` <> 'it\\'s'"],
    [{ tag: 'city', op: 'gte', value: 'a' }, "p1.`city` >= 'a'"],
    [{ tag: 'city', op: 'contains', value: '%_\\' }, "locate('%_\\\\', p1.`city`) > 0"],
    [{ tag: 'city', op: 'startsWith', value: '' }, 'p1.`city` IS NOT NULL'],
    [{ tag: 'city', op: 'endsWith', value: 'x' }, "ends_with(p1.`city`, 'x')"],
    [{ tag: 'born', op: 'before', value: '2000-02-29' }, "p1.`born` < '2000-02-29'"],
    [{ tag: 'seen', op: 'after', value: '2026-01-01T01:00:00.5+01:00' }, "p1.`seen` > '2026-01-01 00:00:00.500'"],
    [
      { tag: 'born', op: 'anniversary', value: { nextDays: 1 } },
      '(month(p1.`born`) * 100 + day(p1.`born`)) IN (315, 316)',
    ],
    [{ tag: 'likes', op: 'hasAny', value: ['b', 'a'] }, "arrays_overlap(p1.`likes`, ['a', 'b'])"],
    [{ tag: 'likes', op: 'hasAll', value: ['a'] }, "array_contains_all(p1.`likes`, ['a'])"],
    [{ tag: 'likes', op: 'hasNone', value: ['a'] }, "NOT arrays_overlap(p1.`likes`, ['a'])"],
    [{ tag: 'city', op: 'exists', value: false }, 'p1.`city` IS NULL'],
    [{ tag: 'city', op: 'ne', value: 'x', onMissing: 'include' }, "(p1.`city` <> 'x' OR p1.`city` IS NULL)"],
    [
      { tag: 'mood', op: 'eq', value: 1 },
      "(p1.`mood` = 1 AND (p1.`sys_t_mood` IS NULL OR p1.`sys_t_mood` > '2026-03-14 12:00:00.000'))",
    ],
    [
      { tag: 'mood', op: 'eq', value: 1, onMissing: 'include' },
      "(p1.`mood` = 1 OR p1.`mood` IS NULL OR p1.`sys_t_mood` <= '2026-03-14 12:00:00.000')",
    ],
    [
      { tag: 'mood', op: 'exists', value: false },
      "(p1.`mood` IS NULL OR p1.`sys_t_mood` <= '2026-03-14 12:00:00.000')",
    ],
  ])('%j', async (rule, sql) => {
    expect(await condition(rule)).toBe(sql);
  });

  it('share the table, which is read as it is', async () => {
    const { relations } = await compiled({ tag: 'vip', op: 'eq', value: true }, { tag: 'level', op: 'gt', value: 3 });
    expect(relations).toEqual(['p1: `profile_1_person`']);
  });

  it('tell a local day by a table of the zone, of its own years and of the rule after them', async () => {
    const rule = { tag: 'seen', op: 'anniversary', value: { nextDays: 0 } };
    const bound = await bindExpression(rule, {
      catalog: CATALOG,
      references: noReferences,
      timeZone: 'America/Sao_Paulo',
    });
    if (!bound.ok) throw new Error(JSON.stringify(bound.errors));
    const sql = newCompiler().add(scansIn(buildPlan(bound.value, { asOfMs: NOW_MS }).root)[0] as ScanNode).condition;
    expect(sql).toMatch(
      /^\(month\(seconds_add\(years_sub\(p1\.`seen`, 400\), CASE WHEN p1\.`seen` < '1914-01-01 03:06:28\.000' THEN -11188 WHEN /,
    );
    expect(sql).toMatch(/ ELSE -10800 END\)\)\) IN \(315\)$/);
  });
});

describe('leaves on kv tags', () => {
  it('are flags of one table, turned to a row a user', async () => {
    const { conditions, relations } = await compiled(
      { tag: 'code', op: 'eq', value: 'x' },
      { tag: 'value', op: 'gte', value: 1.25 },
      { tag: 'until', op: 'eq', value: '2026-04-01', onMissing: 'include' },
      { tag: 'code', op: 'exists', value: false },
    );
    expect(conditions).toEqual([
      'k2.`sys_k0` = 1',
      'k2.`sys_k1` = 1',
      '(k2.`sys_k2` = 1 OR ifnull(k2.`sys_k3`, 0) = 0)',
      'ifnull(k2.`sys_k4`, 0) = 0',
    ]);
    expect(relations).toEqual([
      'k2: (SELECT r.`sys_guid`, ' +
        "max(if(r.`sys_tag` = 9 AND r.`sys_text` = 'x', 1, 0)) AS `sys_k0`, " +
        'max(if(r.`sys_tag` = 10 AND r.`sys_number` >= 125 AND ' +
        "(r.`sys_t` IS NULL OR r.`sys_t` > '2026-03-08 12:00:00.000'), 1, 0)) AS `sys_k1`, " +
        "max(if(r.`sys_tag` = 11 AND r.`sys_moment` = '2026-04-01 00:00:00.000', 1, 0)) AS `sys_k2`, " +
        'max(if(r.`sys_tag` = 11 AND r.`sys_moment` IS NOT NULL, 1, 0)) AS `sys_k3`, ' +
        'max(if(r.`sys_tag` = 9 AND r.`sys_text` IS NOT NULL, 1, 0)) AS `sys_k4` ' +
        'FROM `kv_2_coupon` AS r WHERE r.`sys_tag` IN (9, 10, 11) GROUP BY r.`sys_guid`)',
    ]);
  });
});

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
    [{ avg: 'amount' }, 'lte', -0.001, 'sum(CAST(r.`amount` AS DECIMAL(38, 3)) + 0.001)', '<= 0'],
    [{ min: 'amount' }, 'lt', 1, 'min(r.`amount`)', '< 1.00'],
    [{ lastTime: '*' }, 'before', '2026-01-01T00:00:00Z', 'max(r.`sys_t`)', "< '2026-01-01 00:00:00.000'"],
    [
      { distinct: 'labels' },
      'eq',
      1,
      "count(DISTINCT if(r.`labels` IS NOT NULL, ifnull(array_join(array_map(x -> concat(length(x), ':', x), r.`labels`), ''), ''), NULL))",
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
    const [node] = await leavesOf({ event: 'buy', op, value: Number(value), window });
    expect(compiler.add(node as ScanNode)).toEqual({ condition: sql, relations: [], holdsWithoutRow });
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

describe('long lists', () => {
  const many = (count: number, start = 0): readonly number[] =>
    Array.from({ length: count }, (_, index) => start + index);

  it('stand in the SQL up to a thousand values', async () => {
    expect(await condition({ tag: 'level', op: 'in', value: many(1_000) })).toMatch(
      /^p1\.`level` IN \(0, 1, 2, .* 999\)$/,
    );
  });

  it('are joined from sys_values, all those on one column together', async () => {
    const { conditions, relations, compiler } = await compiled(
      { tag: 'level', op: 'in', value: many(1_001) },
      { tag: 'level', op: 'notIn', value: many(1_001, 5) },
    );
    expect(conditions).toEqual(['v0.`sys_f0` = 1', '(p1.`level` IS NOT NULL AND v0.`sys_f1` IS NULL)']);
    expect(relations).toEqual([
      'p1: `profile_1_person`',
      "v0: (SELECT `sys_number` AS `sys_value`, max(if(`sys_list` = 'q1-0', 1, NULL)) AS `sys_f0`, " +
        "max(if(`sys_list` = 'q1-1', 1, NULL)) AS `sys_f1` FROM `sys_values` WHERE `sys_list` IN ('q1-0', 'q1-1') " +
        'GROUP BY `sys_number`) ON v0.`sys_value` = p1.`level`',
    ]);
    const lists = compiler.valueLists();
    expect(lists.map(({ slot, id, column, values }) => [slot, id, column, values[0], values.length])).toEqual([
      [0, 'q1-0', 'sys_number', 0, 1_001],
      [1, 'q1-1', 'sys_number', 5, 1_001],
    ]);
  });

  it('are stored as texts that a cast reads, where numbers could not tell them', async () => {
    const { relations, compiler } = await compiled({
      tag: 'spend',
      op: 'in',
      value: many(1_001).map((cents) => cents / 100),
    });
    expect(relations[1]).toContain('SELECT CAST(`sys_text` AS DECIMAL(18, 2)) AS `sys_value`');
    expect(compiler.valueLists()[0]?.values.slice(0, 3)).toEqual(['0.00', '0.01', '0.02']);
  });

  it('on sets count elements, by the rows they are of', async () => {
    const value = many(1_001).map(String);
    const { conditions, relations } = await compiled(
      { tag: 'likes', op: 'hasAny', value },
      { tag: 'likes', op: 'hasNone', value },
      { tag: 'likes', op: 'hasAll', value },
    );
    expect(conditions).toEqual([
      's0.`sys_f0` > 0',
      '(p1.`likes` IS NOT NULL AND ifnull(s0.`sys_f1`, 0) = 0)',
      // No set has more than a thousand elements.
      'false',
    ]);
    expect(relations[1]).toContain(
      's0: (SELECT x.`sys_guid`, count(w.`sys_f0`) AS `sys_f0`, count(w.`sys_f1`) AS `sys_f1` FROM ' +
        '(SELECT r.`sys_guid`, u.`sys_value` FROM `profile_1_person` AS r, unnest(r.`likes`) AS u(`sys_value`)) AS x ' +
        'JOIN [broadcast] (SELECT `sys_text` AS `sys_value`, ',
    );
  });
});

describe('patterns', () => {
  it('are asked of the distinct values, then become lists', async () => {
    const rules = {
      and: [
        { tag: 'city', op: 'matches', value: '^b' },
        { tag: 'city', op: 'matches', value: '' },
        { tag: 'code', op: 'matches', value: 'x$' },
        {
          event: 'visit',
          where: [{ property: 'page', op: 'matches', value: 'a' }],
          op: 'gt',
          value: 0,
          window: { last: 'P1D' },
        },
      ],
    };
    const nodes = await leavesOf(rules);
    const questions = patternQuestions(nodes, NOW_MS);
    expect(questions.map(({ key, statement }) => [key, statement])).toEqual([
      [
        '4 ^b',
        'SELECT DISTINCT r.`city` AS `sys_value` FROM `profile_1_person` AS r WHERE r.`city` IS NOT NULL LIMIT 1000001',
      ],
      [
        '9 x$',
        'SELECT DISTINCT r.`sys_text` AS `sys_value` FROM `kv_2_coupon` AS r WHERE r.`sys_tag` = 9 AND r.`sys_text` IS NOT NULL LIMIT 1000001',
      ],
      [
        '16 a',
        'SELECT DISTINCT r.`page` AS `sys_value` FROM `event_4_visit` AS r ' +
          "WHERE r.`sys_t` >= '2026-03-14 12:00:00.001' AND r.`sys_t` < '2026-03-15 12:00:00.001' AND r.`page` IS NOT NULL LIMIT 1000001",
      ],
    ]);
    const compiler = newCompiler(
      new Map([
        ['4 ^b', ['b', 'bb']],
        ['9 x$', []],
        ['16 a', ['a']],
      ]),
    );
    expect(nodes.map((node) => compiler.add(node).condition)).toEqual([
      "p1.`city` IN ('b', 'bb')",
      'p1.`city` IS NOT NULL',
      'k2.`sys_k0` = 1',
      'e4.`sys_m0` > 0',
    ]);
  });

  it('must have been asked', async () => {
    const [node] = await leavesOf({ tag: 'city', op: 'matches', value: '^b' });
    expect(() => newCompiler().add(node as ScanNode)).toThrow('pattern');
  });
});

describe('limits', () => {
  it('refuses a leaf more than a statement holds, and repeats cost nothing', async () => {
    const compiler = newCompiler();
    const rules = Array.from({ length: LEAVES_MAX + 1 }, (_, index) => ({ tag: 'level', op: 'eq', value: index }));
    const nodes = await leavesOf({ or: rules });
    const last = nodes.at(-1) as ScanNode;
    nodes.slice(0, -1).forEach((node) => compiler.add(node));
    expect(() => compiler.add(last)).toThrow(`at most ${LEAVES_MAX} leaves`);
    expect(compiler.add(nodes[0] as ScanNode).condition).toBe('p1.`level` = 0');
    expect(compiler.leafCount).toBe(LEAVES_MAX);
  });

  it('refuses more relations than a statement holds', async () => {
    const compiler = newCompiler();
    const rules = Array.from({ length: RELATIONS_MAX + 1 }, (_, index) => ({
      sequence: [{ event: 'visit' }, { event: 'visit', where: [{ property: 'page', op: 'eq', value: String(index) }] }],
    }));
    for (const node of await leavesOf({ or: rules })) compiler.add(node);
    expect(compiler.relationCount).toBe(RELATIONS_MAX + 1);
    expect(() => compiler.relations()).toThrow(`at most ${RELATIONS_MAX}`);
  });
});

describe('the text', () => {
  it('is the same for the same leaves', async () => {
    const rule = {
      and: [
        { tag: 'city', op: 'eq', value: 'x' },
        { event: 'buy', measure: { avg: 'amount' }, op: 'gt', value: 1 },
        { tag: 'code', op: 'exists', value: false },
      ],
    };
    const [one, other] = [await compiled(rule), await compiled(rule)];
    expect([one.conditions, one.relations]).toEqual([other.conditions, other.relations]);
  });
});
