import { patternQuestions } from './patterns';
import { compiled, condition, leafOf, leavesOf, newCompiler, NOW_MS } from './testing/sample-leaves';

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
    const node = await leafOf({ tag: 'city', op: 'matches', value: '^b' });
    expect(() => newCompiler().add(node)).toThrow('pattern');
  });
});
