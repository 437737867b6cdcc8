import type { TagValue, ValueSpec } from '@tessera/tag-catalog';
import { compileCondition } from '../engine/compile-condition';
import { complementCondition, conjoinConditions, disjoinConditions } from './combine-conditions';
import type { ValueCondition } from './plan';
import { simplifyCondition } from './simplify-condition';
import { seededRandom } from './testing/random-samples';
import type { Random } from './testing/random-samples';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000_007);
const INT: ValueSpec = { valueType: 'int', scale: 0, values: [] };
const STRING: ValueSpec = { valueType: 'string', scale: 0, values: [] };
const SET: ValueSpec = { valueType: 'set', scale: 0, values: [] };
const BOOL: ValueSpec = { valueType: 'bool', scale: 0, values: [] };

const NUMBERS = [-2, -1, 0, 1, 2, 3];
const TEXTS = ['', 'a', 'ab', 'b', '\uffff', '\u{1f600}'];
const SETS = [[], ['a'], ['b'], ['a', 'b'], ['a', 'b', 'c']];

function some<T>(random: Random, items: readonly T[]): T[] {
  const found = items.filter(() => random() < 0.4);
  return found.length === 0 ? items.slice(0, 1) : found;
}

function randomScalarCondition(random: Random, values: readonly (number | string)[]): ValueCondition {
  if (random() < 0.5) {
    return { kind: 'oneOf', values: some(random, values), negated: random() < 0.5 };
  }
  const low = Math.floor(random() * values.length);
  const high = low + Math.floor(random() * (values.length - low));
  const bound = (index: number): { value: number | string; inclusive: boolean } => ({
    value: values[index] ?? 0,
    inclusive: random() < 0.5,
  });
  const open = random();
  return {
    kind: 'range',
    low: open < 0.3 ? null : bound(low),
    high: open > 0.7 ? null : bound(high),
  };
}

function randomSetCondition(random: Random): ValueCondition {
  const op = (['hasAny', 'hasAll', 'hasNone'] as const)[Math.floor(random() * 3)] ?? 'hasAny';
  return { kind: 'set', op, values: some(random, ['a', 'b', 'c']) };
}

const DOMAINS: readonly [string, ValueSpec, readonly TagValue[], (random: Random) => ValueCondition][] = [
  ['ordinals', INT, NUMBERS, (random) => randomScalarCondition(random, NUMBERS)],
  ['texts in byte order', STRING, TEXTS, (random) => randomScalarCondition(random, TEXTS)],
  ['sets', SET, SETS, randomSetCondition],
  [
    'bools',
    BOOL,
    [false, true],
    (random) => ({ kind: 'oneOf', values: some(random, [false, true]), negated: random() < 0.5 }),
  ],
];

describe.each(DOMAINS)('conditions on %s', (_what, spec, values, randomCondition) => {
  it('mean the same simplified, conjoined, disjoined and complemented', () => {
    const random = seededRandom(SEED);
    for (let number = 0; number < 500; number += 1) {
      const conditions = Array.from({ length: 1 + Math.floor(random() * 3) }, () => randomCondition(random));
      const simple = conditions.map((condition) => simplifyCondition(condition, spec));
      const tests = conditions.map((condition) => compileCondition(condition, spec));
      const compile = (joined: readonly ValueCondition[]): ((value: TagValue) => boolean)[] =>
        joined.map((condition) => compileCondition(simplifyCondition(condition, spec), spec));
      const all = compile(conjoinConditions(simple));
      const any = compile(disjoinConditions(simple));
      const complement = complementCondition(simple[0] ?? { kind: 'present' });
      const opposite = complement === null ? null : compileCondition(complement, spec);
      for (const value of values) {
        const found = [
          compile(simple).every((test) => test(value)),
          all.every((test) => test(value)),
          any.some((test) => test(value)),
          opposite?.(value) ?? null,
        ];
        const expected = [
          tests.every((test) => test(value)),
          tests.every((test) => test(value)),
          tests.some((test) => test(value)),
          opposite === null ? null : tests[0]?.(value) === false,
        ];
        expect({ SEED, conditions, value, found }).toEqual({ SEED, conditions, value, found: expected });
      }
    }
  });
});

describe('simplifyCondition', () => {
  it('closes ranges of ordinals and cuts them at the limits of the type', () => {
    const gt2 = { kind: 'range', low: { value: 2, inclusive: false }, high: null } as const;
    expect(simplifyCondition(gt2, INT)).toEqual({ kind: 'range', low: { value: 3, inclusive: true }, high: null });
    const beyond = { kind: 'range', low: { value: Number.MAX_SAFE_INTEGER, inclusive: false }, high: null } as const;
    expect(simplifyCondition(beyond, INT).kind).toBe('never');
    expect(simplifyCondition({ kind: 'range', low: null, high: { value: 0, inclusive: true } }, INT)).toEqual({
      kind: 'range',
      low: null,
      high: { value: 0, inclusive: true },
    });
  });

  it('returns the very same object when it is simple', () => {
    const simple: ValueCondition = { kind: 'range', low: { value: 3, inclusive: true }, high: null };
    expect(simplifyCondition(simple, INT)).toBe(simple);
  });
});

describe('disjoinConditions', () => {
  it('joins short lists and leaves long ones apart, so that nested groups can not multiply them', () => {
    const list = (length: number, from: number): ValueCondition => ({
      kind: 'oneOf',
      values: Array.from({ length }, (_, index) => from + index),
      negated: false,
    });
    expect(disjoinConditions([list(5, 0), list(5, 3)])).toMatchObject([{ values: [0, 1, 2, 3, 4, 5, 6, 7] }]);
    expect(disjoinConditions([list(9_000, 0), list(9_000, 9_000), list(5, 50_000)])).toHaveLength(2);
  });
});
