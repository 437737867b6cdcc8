import type { TagValue } from '@tessera/tag-catalog';
import type { EventRow, UserView } from '../engine/user-view';
import type { SequenceScanNode } from '../plan/plan';
import { sequenceScanNode } from '../plan/plan-nodes';
import { meetsSequence } from '../reference/reference-rows';
import { SeededRandom } from '../reference/testing/random-world';
import { SampleWorld } from '../reference/testing/sample-world';
import { findSequence } from './find-sequence';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const CASES = 3_000;

/** Every way to choose one row a step: what the fast ways must agree with. */
function existsByExhaustion(node: SequenceScanNode, rows: readonly EventRow[]): boolean {
  const choose = (step: number, firstMs: number, lastMs: number): boolean => {
    if (step === node.steps.length) {
      const inWindow = (node.interval.fromMs === null || lastMs >= node.interval.fromMs) && lastMs < node.interval.toMs;
      return inWindow && (node.withinMs === null || lastMs - firstMs <= node.withinMs);
    }
    return rows.some((row) => {
      const matches = node.steps[step]!.where.every(
        ({ property, condition }) =>
          condition.kind === 'oneOf' && condition.values.includes(row.properties.get(property.id) as string),
      );
      const isAfter = step === 0 || row.timeMs > lastMs;
      const counts = row.timeMs < node.rowsBeforeMs;
      return matches && isAfter && counts && choose(step + 1, step === 0 ? row.timeMs : firstMs, row.timeMs);
    });
  };
  return choose(0, 0, -Infinity);
}

describe('findSequence', () => {
  it(`and the reference find what trying everything finds (SEED=${SEED})`, () => {
    const random = new SeededRandom(SEED);
    const { catalog } = new SampleWorld('2025-01-01T00:00:00Z');
    const eventType = catalog.type('visit')!;
    const [property] = eventType.properties;
    let found = 0;
    for (let at = 0; at < CASES; at += 1) {
      const pages = ['a', 'b', 'c'] as const;
      const rows = Array.from({ length: random.int(0, 14) }, (): EventRow => {
        const properties = new Map<number, TagValue>([[property!.id, random.pick(pages)]]);
        return { timeMs: random.int(0, 9), properties };
      }).sort((left, right) => left.timeMs - right.timeMs);
      const rowsBeforeMs = random.int(5, 10);
      const node = sequenceScanNode({
        steps: Array.from({ length: random.int(2, 4) }, () => ({
          eventType,
          where: [
            { property: property!, condition: { kind: 'oneOf', values: random.some(pages, 2).sort(), negated: false } },
          ],
        })),
        withinMs: random.chance(0.6) ? random.int(2, 9) : null,
        interval: { fromMs: random.chance(0.5) ? random.int(0, 9) : null, toMs: random.int(1, rowsBeforeMs) },
        rowsBeforeMs,
      });
      const view: Pick<UserView, 'events'> = {
        events: (_type, fromMs, toMs) =>
          rows.filter((row) => (fromMs === null || row.timeMs >= fromMs) && row.timeMs < toMs),
      };
      const expected = existsByExhaustion(node, rows);
      found += expected ? 1 : 0;
      const context = { seed: SEED, at, node, rows };
      expect({ ...context, complete: meetsSequence(node, () => rows) }).toEqual({ ...context, complete: expected });
      const { complete } = findSequence(node, view as UserView);
      expect({ ...context, complete }).toEqual({ ...context, complete: expected });
    }
    expect(found).toBeGreaterThan(CASES / 50);
    expect(found).toBeLessThan(CASES / 2);
  });
});
