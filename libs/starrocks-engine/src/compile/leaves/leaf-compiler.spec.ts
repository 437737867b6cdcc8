import { profileScanNode } from '@tessera/audience';
import type { ProfileScanNode } from '@tessera/audience';
import { LEAVES_MAX, RELATIONS_MAX } from './leaf-limits';
import { compiled, condition, leafOf, leavesOf, newCompiler } from './testing/sample-leaves';

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
    const sql = newCompiler().add(await leafOf(rule, 'America/Sao_Paulo')).condition;
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

describe('limits', () => {
  it('refuses a leaf more than a statement holds, and repeats cost nothing', async () => {
    const compiler = newCompiler();
    const rules = Array.from({ length: LEAVES_MAX + 1 }, (_, index) => ({ tag: 'level', op: 'eq', value: index }));
    const [first, ...others] = await leavesOf({ or: rules });
    for (const node of others) compiler.add(node);
    expect(() => compiler.add(first!)).toThrow(`at most ${LEAVES_MAX} leaves`);
    expect(compiler.add(others[0]!).condition).toBe('p1.`level` = 1');
    expect(compiler.leafCount).toBe(LEAVES_MAX);
  });

  it('refuses a predicate that is too much for one expression', async () => {
    const rule = { tag: 'seen', op: 'anniversary', value: { nextDays: 1 } };
    const scan = await leafOf(rule, 'America/New_York');
    if (scan.kind !== 'profileScan') throw new Error('a scan of the profile');
    const [test] = scan.tests;
    const many = (count: number): ProfileScanNode =>
      profileScanNode(
        'person',
        Array.from({ length: count }, () => test!),
      );
    expect(newCompiler().add(many(3)).condition).toContain('seconds_add');
    expect(() => newCompiler().add(many(9))).toThrow('at most 8000');
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
