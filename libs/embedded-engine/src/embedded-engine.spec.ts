import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bindExpression, buildPlan, noReferences } from '@tessera/audience';
import { DataDirectory } from '@tessera/data-directory';
import { LocalIdentity } from '@tessera/identity';
import {
  type Catalog,
  Catalog as CatalogClass,
  declareTagType,
  parseMessage,
  type TagMessage,
} from '@tessera/tag-catalog';
import { EmbeddedEngine } from './embedded-engine';

const NOW = Date.UTC(2026, 5, 15, 12);

function declared(): Catalog {
  let catalog: Catalog = CatalogClass.empty;
  for (const declaration of [
    {
      name: 'person',
      kind: 'profile',
      tags: [
        { name: 'city', valueType: 'string' },
        { name: 'level', valueType: 'int' },
        { name: 'interests', valueType: 'set' },
        { name: 'vip', valueType: 'bool' },
      ],
    },
    { name: 'purchase', kind: 'event', properties: [{ name: 'amount', valueType: 'decimal', scale: 2 }] },
  ]) {
    const outcome = declareTagType(catalog, declaration);
    if (!outcome.ok) {
      throw new Error(JSON.stringify(outcome.errors));
    }
    catalog = outcome.value;
  }
  return catalog;
}

describe('EmbeddedEngine', () => {
  const catalog = declared();
  let path: string;

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'tessera-engine-'));
  });
  afterEach(async () => {
    await rm(path, { recursive: true });
  });

  async function open(): Promise<{ engine: EmbeddedEngine; directory: DataDirectory }> {
    const directory = await DataDirectory.open(path);
    const identity = new LocalIdentity({ seed: 7 });
    return {
      directory,
      engine: await EmbeddedEngine.open({ directory, catalog: () => catalog, identity, clock: () => NOW }),
    };
  }

  function message(raw: unknown): TagMessage {
    const parsed = parseMessage(catalog, raw, NOW);
    if (parsed.kind !== 'message') {
      throw new Error(JSON.stringify(parsed));
    }
    return parsed.message;
  }

  async function count(engine: EmbeddedEngine, expression: unknown): Promise<number> {
    const bound = await bindExpression(expression, { catalog, references: noReferences, timeZone: 'UTC' });
    if (!bound.ok) {
      throw new Error(JSON.stringify(bound.errors));
    }
    const answer = await engine.counts([buildPlan(bound.value, { asOfMs: NOW }).root]);
    return answer.counts[0] ?? -1;
  }

  const people = [
    { header: { type: 'person', cuid: 'a' }, body: { city: 'rome', level: 3, interests: ['x', 'y'], vip: true } },
    { header: { type: 'person', cuid: 'b' }, body: { city: 'rome', level: 5, interests: [] } },
    { header: { type: 'person', cuid: 'c' }, body: { city: 'oslo', level: -2 } },
    { header: { type: 'purchase', cuid: 'a', id: '1' }, body: { amount: 2.5 } },
    { header: { type: 'purchase', cuid: 'a', id: '2' }, body: { amount: 4 } },
    { header: { type: 'purchase', cuid: 'a', id: '2' }, body: { amount: 4 } },
    { header: { type: 'purchase', cuid: 'd', id: '2' }, body: {} },
  ];
  const questions: readonly (readonly [unknown, number])[] = [
    [{ all: true }, 4],
    [{ tag: 'city', op: 'eq', value: 'rome' }, 2],
    [{ tag: 'level', op: 'gte', value: 3 }, 2],
    [{ tag: 'level', op: 'lt', value: 4 }, 2],
    [{ tag: 'interests', op: 'hasNone', value: ['x'] }, 1],
    [{ tag: 'vip', op: 'exists', value: false }, 3],
    [{ event: 'purchase', measure: { count: '*' }, op: 'eq', value: 0 }, 2],
    [{ event: 'purchase', measure: { sum: 'amount' }, op: 'eq', value: 6.5 }, 1],
    [{ and: [{ tag: 'city', op: 'eq', value: 'rome' }, { not: { tag: 'vip', op: 'eq', value: true } }] }, 1],
  ];

  it.each(['log', 'checkpoint'] as const)('answers the same after a restart from the %s', async (from) => {
    const first = await open();
    const outcome = await first.engine.apply({ arrivalMs: NOW, messages: people.map(message) });
    expect(outcome.verdicts).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'accepted',
      'accepted',
      'duplicate',
      'accepted',
    ]);
    for (const [expression, expected] of questions) {
      expect([expression, await count(first.engine, expression)]).toEqual([expression, expected]);
    }
    await (from === 'log' ? first.engine.abandon() : first.engine.close());
    await first.directory.close();
    const second = await open();
    for (const [expression, expected] of questions) {
      expect([expression, await count(second.engine, expression)]).toEqual([expression, expected]);
    }
    expect(second.engine.verify().findings).toEqual([]);
    const again = await second.engine.apply({ arrivalMs: NOW, messages: [message(people[3])] });
    expect(again.verdicts).toEqual(['duplicate']);
    await second.engine.close();
    await second.directory.close();
  });
});
