import { bindExpression, noReferences } from '@tessera/audience';
import { Catalog, declareTagType } from '@tessera/tag-catalog';
import { BoundRule, BoundRules, ruleText } from './bound-rules';

const catalog = declare({
  name: 'customer',
  kind: 'profile',
  tags: [
    { name: 'city', valueType: 'string' },
    { name: 'born', valueType: 'date' },
    { name: 'cart', valueType: 'int', ttl: 'P7D' },
  ],
});

function declare(json: object): Catalog {
  const declared = declareTagType(Catalog.empty, json);
  if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
  return declared.value;
}

const CITY = { tag: 'city', op: 'eq', value: 'beijing' };

async function rule(expression: object = CITY): Promise<BoundRule> {
  const bound = await bindExpression(expression, { catalog, references: noReferences, timeZone: 'UTC' });
  if (!bound.ok) throw new Error(JSON.stringify(bound.errors));
  return new BoundRule(bound.value);
}

describe('rules that were bound', () => {
  it('are found by their text', async () => {
    const rules = new BoundRules();
    const kept = await rule();
    expect(rules.find(catalog, 'a')).toBeUndefined();
    rules.keep(catalog, 'a', kept);
    expect(rules.find(catalog, 'a')).toBe(kept);
    expect(rules.find(catalog, 'b')).toBeUndefined();
  });

  it('are forgotten as soon as another catalogue is looked at', async () => {
    const rules = new BoundRules();
    rules.find(catalog, 'a');
    rules.keep(catalog, 'a', await rule());
    expect(rules.find(Catalog.empty, 'a')).toBeUndefined();
    expect(rules.find(catalog, 'a')).toBeUndefined();
    expect([rules.size, rules.bytes]).toEqual([0, 0]);
  });

  it('are not kept if the catalogue changed while they were bound', async () => {
    const rules = new BoundRules();
    rules.find(catalog, 'a');
    rules.find(Catalog.empty, 'b');
    rules.keep(catalog, 'a', await rule());
    expect(rules.size).toBe(0);
  });

  it('go by number, the one used longest ago first', async () => {
    const rules = new BoundRules({ rules: 2, bytes: 1_000_000 });
    rules.find(catalog, 'a');
    rules.keep(catalog, 'a', await rule());
    rules.keep(catalog, 'b', await rule());
    rules.find(catalog, 'a');
    rules.keep(catalog, 'c', await rule());
    expect(['a', 'b', 'c'].map((text) => rules.find(catalog, text) !== undefined)).toEqual([true, false, true]);
  });

  it('go by size, and one too large is not kept at all', async () => {
    const small = await rule();
    const probe = new BoundRules();
    probe.find(catalog, 'a');
    probe.keep(catalog, 'a', small);
    const rules = new BoundRules({ rules: 1_000, bytes: probe.bytes * 3 });
    rules.find(catalog, '0');
    for (let turn = 0; turn < 100; turn += 1) {
      rules.keep(catalog, String(turn % 10), small);
      expect(rules.bytes).toBeLessThanOrEqual(probe.bytes * 3);
    }
    expect(rules.size).toBe(3);
    const value = Array.from({ length: 1_000 }, (_, index) => `city ${index}`);
    rules.keep(catalog, 'large', await rule({ tag: 'city', op: 'in', value }));
    expect([rules.size, rules.find(catalog, 'large')]).toEqual([3, undefined]);
  });

  it('count once when kept again', async () => {
    const rules = new BoundRules();
    rules.find(catalog, 'a');
    rules.keep(catalog, 'a', await rule());
    const { bytes } = rules;
    rules.keep(catalog, 'a', await rule());
    expect([rules.size, rules.bytes]).toEqual([1, bytes]);
  });

  it('are not kept with patterns, which grow while they are used', async () => {
    const rules = new BoundRules();
    rules.find(catalog, 'a');
    rules.keep(catalog, 'a', await rule({ tag: 'city', op: 'matches', value: '^b' }));
    expect(rules.size).toBe(0);
  });

  it('take names that objects have for texts like any other', async () => {
    const rules = new BoundRules();
    for (const text of ['__proto__', 'constructor', 'toString']) expect(rules.find(catalog, text)).toBeUndefined();
    const kept = await rule();
    rules.keep(catalog, '__proto__', kept);
    expect([rules.find(catalog, '__proto__'), rules.find(catalog, 'constructor')]).toEqual([kept, undefined]);
  });
});

describe('the plan of a bound rule', () => {
  const AT_MS = Date.UTC(2026, 10, 1);

  it('is made once where as-of does not matter, and tells the as-of asked for', async () => {
    const kept = await rule();
    const first = kept.planAt(AT_MS);
    const later = kept.planAt(AT_MS + 1);
    expect([first.asOfMs, later.asOfMs]).toEqual([AT_MS, AT_MS + 1]);
    expect(later.root).toBe(first.root);
    expect(later).toEqual({ ...first, asOfMs: AT_MS + 1 });
  });

  it.each<[string, object]>([
    ['time to live', { tag: 'cart', op: 'exists' }],
    ['anniversaries', { tag: 'born', op: 'anniversary', value: { nextDays: 1 } }],
    ['withinLast', { not: { tag: 'born', op: 'withinLast', value: 'P30D' } }],
  ])('is made anew for each as-of with %s', async (_name, expression) => {
    const kept = await rule(expression);
    const first = kept.planAt(AT_MS);
    expect(kept.planAt(AT_MS)).toBe(first);
    expect(kept.planAt(AT_MS + 40 * 86_400_000).root.key).not.toBe(first.root.key);
    expect(kept.planAt(AT_MS).root.key).toBe(first.root.key);
  });
});

describe('the text of a rule', () => {
  const parse = (text: string): unknown => JSON.parse(text);

  it('tells expressions, parameters and zones apart', () => {
    const texts = [
      ruleText(CITY, undefined, 'UTC'),
      ruleText(CITY, undefined, 'Asia/Shanghai'),
      ruleText(CITY, {}, 'UTC'),
      ruleText(CITY, { city: 'a' }, 'UTC'),
      ruleText(CITY, { city: 'b' }, 'UTC'),
      ruleText({ ...CITY, value: 'b' }, undefined, 'UTC'),
      ruleText([CITY, {}], undefined, 'UTC'),
      ruleText(parse('{"tag":"city","op":"eq","value":"beijing","__proto__":1}'), undefined, 'UTC'),
      ruleText(CITY, parse('{"__proto__":{"city":"a"}}'), 'UTC'),
    ];
    expect(texts).not.toContain(null);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('is none where it would be too long or too deep', () => {
    expect(ruleText({ ...CITY, value: 'x'.repeat(70_000) }, undefined, 'UTC')).toBeNull();
    const deep = parse(`${'{"not":'.repeat(200_000)}1${'}'.repeat(200_000)}`);
    expect(ruleText(deep, undefined, 'UTC')).toBeNull();
  });
});
