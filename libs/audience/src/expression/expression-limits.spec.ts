import type { JsonValue } from '@tessera/tag-catalog';
import { checkImpliedCondition } from './bind-expression';
import { canonicalExpression, hashExpression } from './canonical-expression';
import { describeExpression } from './describe-expression';
import { audienceOf, fixedReferences } from './testing/shop-catalog';
import { bound, catalog, errorsOf, refusals } from './testing/bind-for-spec';

const ALL = { all: true };

function nested(depth: number): JsonValue {
  let json: JsonValue = ALL;
  for (let level = 1; level < depth; level += 1) json = level % 2 === 0 ? { not: json } : { and: [json] };
  return json;
}

function group(nodes: number): JsonValue {
  return { or: Array.from({ length: nodes - 1 }, (_, index) => ({ tag: 'level', op: 'eq', value: index })) };
}

describe('limits of an expression', () => {
  it('nesting: 64 deep is accepted, 65 refused at its place', async () => {
    await bound(nested(64));
    const [error, ...others] = await errorsOf(nested(65));
    expect(others).toEqual([]);
    expect(error).toMatchObject({ code: 'tooDeep' });
    expect(error?.path.split('/')).toHaveLength(1 + 32 * 2 + 32);
  });

  it('nesting: hostile depth is refused without descending', async () => {
    for (const key of ['not', 'and']) {
      let json: unknown = ALL;
      for (let level = 0; level < 1_000_000; level += 1) json = key === 'not' ? { not: json } : { and: [json] };
      expect((await errorsOf(json)).map(({ code }) => code)).toEqual(['tooDeep']);
    }
    let value: unknown = 1;
    for (let level = 0; level < 1_000_000; level += 1) value = [value];
    expect(await refusals({ tag: 'level', op: 'in', value })).toEqual(['/value/0 wrongType']);
    expect(await refusals({ audience: 'a', params: { x: value } })).toEqual(['/params/x wrongType']);
    expect(await refusals({ tag: 'level', op: 'in', value: { param: 'x' } }, { params: { x: value } })).toEqual([
      '/value wrongType',
    ]);
  });

  it('nodes: 10,000 are accepted, 10,001 refused at the one too many', async () => {
    const expression = group(10_000);
    const node = await bound(expression);
    expect(hashExpression(await bound(canonicalExpression(node)))).toBe(hashExpression(node));
    expect(describeExpression(node).split('\n')).toHaveLength(10_000);
    expect(await refusals(group(10_001))).toEqual(['/or/9999 tooManyNodes']);
  });

  it('nodes: filters, steps and implied conditions are none', async () => {
    const leaf = { sequence: [{ event: 'visit' }, { event: 'visit', where: [{ property: 'page', op: 'exists' }] }] };
    const tag = { tag: 'plan_name', op: 'exists' };
    await bound({ or: [...Array(5_000).fill(leaf), ...Array(4_999).fill(tag)] });
  });

  it('list values: 100,000 are accepted, 100,001 refused', async () => {
    const texts = Array.from({ length: 100_000 }, (_, index) => `value ${(index * 7919) % 100_000}`);
    const json = { tag: 'name', op: 'in', value: texts };
    const node = await bound(json);
    expect(hashExpression(await bound(canonicalExpression(node)))).toBe(hashExpression(node));
    expect(await refusals({ tag: 'name', op: 'in', value: [...texts, 'x'] })).toEqual(['/value listTooLong']);
    expect(await refusals({ tag: 'name', op: 'in', value: [...texts.slice(1), 5] })).toEqual([
      '/value/99999 wrongType',
    ]);
    // Repeats count, also where they come from a parameter.
    const repeats = Array<string>(100_001).fill('x');
    expect(await refusals({ tag: 'name', op: 'in', value: { param: 'p' } }, { params: { p: repeats } })).toEqual([
      '/value listTooLong',
    ]);
    await bound({ tag: 'interests', op: 'hasNone', value: { param: 'p' } }, { params: { p: repeats.slice(1) } });
  });

  it('list values: a million over all lists, so that a long parameter can not be used without end', async () => {
    const params = { p: Array.from({ length: 100_000 }, (_, index) => index) };
    const uses = (count: number): object => ({
      or: Array(count).fill({ tag: 'level', op: 'in', value: { param: 'p' } }),
    });
    await bound(uses(10), { params });
    expect(await refusals(uses(9_000), { params })).toEqual(['/or/10/value tooManyValues']);
    const passedOn = Array(9_000).fill({ audience: 'a', params: { x: { param: 'p' } } });
    expect(await refusals({ or: passedOn }, { params })).toEqual(['/or/10/params/x tooManyValues']);
  });

  it('patterns: their size together is limited, equal ones count once', async () => {
    const large = (index: number): object => ({
      tag: 'name',
      op: 'matches',
      value: `${'(a{31}){32}'.repeat(60)}${index}`,
    });
    await bound({ or: Array(50).fill(large(1)) });
    expect(await refusals({ or: Array.from({ length: 50 }, (_, index) => large(index)) })).toEqual([
      expect.stringMatching(/^\/or\/\d\/value patternTooComplex$/),
    ]);
  });

  it('errors: 100 are reported, then binding stops', async () => {
    expect(await errorsOf({ or: Array(5_000).fill({ tag: 'nope', op: 'eq', value: 1 }) })).toHaveLength(100);
    expect(await errorsOf({ tag: 'level', op: 'in', value: Array(5_000).fill('x') })).toHaveLength(100);
    const keys = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key${index}`, index]));
    expect(await errorsOf({ ...ALL, ...keys })).toHaveLength(100);
    expect(await errorsOf({ or: Array(5_000).fill(7) })).toHaveLength(100);
  });
});

describe('limits over audiences', () => {
  it('nodes inside audiences count', async () => {
    const references = fixedReferences([audienceOf('a', group(5_000))]);
    await bound({ or: [{ audience: 'a' }, ...Array(4_998).fill(ALL)] }, { references });
    expect(await refusals({ or: [{ audience: 'a' }, ...Array(4_999).fill(ALL)] }, { references })).toEqual([
      '/or/0/audience tooManyNodes',
    ]);
    // 2^40 nodes by doubling: refused, not expanded.
    const doubling = Array.from({ length: 40 }, (_, index) =>
      audienceOf(
        `a${index}`,
        index === 0 ? ALL : { or: [{ audience: `a${index - 1}` }, { audience: `a${index - 1}` }] },
      ),
    );
    expect(await refusals({ audience: 'a39' }, { references: fixedReferences(doubling) })).toEqual([
      '/audience tooManyNodes',
    ]);
  });

  it('64 audiences inside each other are accepted, 65 refused', async () => {
    const chain = (length: number): ReturnType<typeof fixedReferences> =>
      fixedReferences(
        Array.from({ length }, (_, index) =>
          audienceOf(`a${index}`, index === 0 ? ALL : { audience: `a${index - 1}` }),
        ),
      );
    await bound({ audience: 'a63' }, { references: chain(64) });
    expect(await refusals({ audience: 'a64' }, { references: chain(65) })).toEqual(['/audience tooDeep']);
  });

  it('an audience may be 64 deep by itself; all together 1,024, which everything can walk', async () => {
    const deep = (index: number): JsonValue => {
      let json: JsonValue = index === 0 ? ALL : { audience: `a${index - 1}` };
      for (let level = 1; level < 64; level += 1) json = { not: json };
      return json;
    };
    const references = fixedReferences(Array.from({ length: 40 }, (_, index) => audienceOf(`a${index}`, deep(index))));
    const inner = await bound({ audience: 'a14' }, { references });
    expect(hashExpression(inner)).toMatch(/^[0-9a-f]{64}$/);
    expect(await refusals({ audience: 'a39' }, { references })).toEqual(['/audience tooDeep']);
  });
});

describe('implied conditions', () => {
  it('take combinators, tags, events and sequences', () => {
    for (const json of [
      { tag: 'is_deleted', op: 'eq', value: false },
      { or: [{ not: { event: 'visit', op: 'eq', value: 0 } }, { atLeast: 1, of: [ALL] }] },
      { sequence: [{ event: 'visit' }, { event: 'order_paid' }] },
    ]) {
      expect(checkImpliedCondition(json, '/tags/0/impliedConditions/0', catalog)).toEqual([]);
    }
  });

  it.each<[string, unknown, string]>([
    ['an audience', { audience: 'a' }, '/x/audience notAllowed'],
    ['a list', { not: { list: 'l' } }, '/x/not/list notAllowed'],
    ['a parameter', { tag: 'level', op: 'eq', value: { param: 'p' } }, '/x/value notAllowed'],
    ['an unknown tag', { tag: 'nope', op: 'eq', value: 1 }, '/x/tag unknownTag'],
    ['no node', 5, '/x wrongType'],
    ['too deep', nested(65), `/x${'/not/and/0'.repeat(32)} tooDeep`],
    ['too many nodes', group(101), '/x/or/99 tooManyNodes'],
  ])('refuse: %s', (_, json, expected) => {
    expect(checkImpliedCondition(json, '/x', catalog).map(({ path, code }) => `${path} ${code}`)).toEqual([expected]);
  });

  it('take 100 nodes', () => {
    expect(checkImpliedCondition(group(100), '', catalog)).toEqual([]);
  });
});
