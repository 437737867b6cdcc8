import { bindExpression, buildPlan } from '@tessera/audience';
import type { SegmentationEngine } from '@tessera/audience';
import type { Catalog, JsonValue } from '@tessera/tag-catalog';
import type { RandomSource } from '../conformance/random/random-source';
import { CLOCK_MS } from './workload';

/** Random rules on the workload's catalogue, one of each kind of index, measure and combination. */
export function drawRules(random: RandomSource, listIds: readonly string[]): readonly JsonValue[] {
  const city = random.pick(['oslo', 'rome', 'bonn', 'lima', '']);
  const points = random.between(-20, 1_000);
  const label = random.pick(['x', 'y', 'z', 'é', '\u{1f600}']);
  const amount = random.between(-9, 99);
  const leaves: JsonValue[] = [
    { tag: 'city', op: 'eq', value: city },
    { tag: 'city', op: 'exists', value: false },
    { tag: 'points', op: random.pick(['gt', 'lte', 'ne']), value: points },
    { tag: 'money', op: 'between', value: [-5, random.between(-4, 20)] },
    { tag: 'labels', op: random.pick(['hasAny', 'hasNone']), value: [label] },
    { tag: 'hobby', op: 'startsWith', value: 'c', onMissing: 'include' },
    { event: 'buy', op: 'gte', value: random.between(1, 6), window: { last: 'P30D' } },
    { event: 'buy', measure: { sum: 'amount' }, op: 'gt', value: amount },
    { event: 'buy', measure: { distinct: 'sku' }, op: 'lt', value: 4 },
    { event: 'buy', where: [{ property: 'amount', op: 'gte', value: amount }], op: 'eq', value: 0 },
    { sequence: [{ event: 'buy' }, { event: 'buy', where: [{ property: 'amount', op: 'lt', value: amount }] }] },
    ...listIds.map((list) => ({ list })),
  ];
  const [first, second, third] = random.shuffled(leaves);
  if (first === undefined || second === undefined || third === undefined) throw new Error('no rules');
  return [
    { all: true },
    ...leaves,
    { and: [first, { not: second }] },
    { or: [first, second, third] },
    { atLeast: 2, of: [first, second, third] },
  ];
}

/** Counts of the rules, all from one state. @throws Error for a rule that is not in the language. */
export async function countRules(
  engine: SegmentationEngine,
  catalog: Catalog,
  rules: readonly JsonValue[],
): Promise<readonly number[]> {
  const references = { audience: async () => undefined, hasSnapshot: async () => false, hasList: async () => true };
  const roots = [];
  for (const rule of rules) {
    const bound = await bindExpression(rule, { catalog, references, timeZone: 'UTC' });
    if (!bound.ok) throw new Error(`${JSON.stringify(rule)}: ${JSON.stringify(bound.errors)}`);
    roots.push(buildPlan(bound.value, { asOfMs: CLOCK_MS }).root);
  }
  return (await engine.counts(roots)).counts;
}
