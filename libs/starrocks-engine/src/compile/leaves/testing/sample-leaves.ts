import { bindExpression, buildPlan, inputsOf, noReferences } from '@tessera/audience';
import type { PlanNode } from '@tessera/audience';
import { Catalog, declareTagType } from '@tessera/tag-catalog';
import type { JsonValue } from '@tessera/tag-catalog';
import type { ScanNode } from '../../leaf';
import { LeafCompiler } from '../leaf-compiler';
import { PERSON_TAGS } from '../../../testing/person-tags';

export const NOW_MS = Date.UTC(2026, 2, 15, 12);

const TYPES: readonly JsonValue[] = [
  {
    name: 'person',
    kind: 'profile',
    tags: [...PERSON_TAGS, { name: 'mood', valueType: 'int', ttl: 'P1D' }],
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

/** Tag types with the ids 1 to 4, for specs. */
export const CATALOG = TYPES.reduce<Catalog>((catalog, json) => {
  const declared = declareTagType(catalog, json);
  if (!declared.ok) throw new Error(JSON.stringify(declared.errors));
  return declared.value;
}, Catalog.empty);

/** The leaves of the rule as it is planned without rewrites, in its order. */
export async function leavesOf(rule: unknown, timeZone = 'UTC'): Promise<readonly ScanNode[]> {
  const bound = await bindExpression(rule, { catalog: CATALOG, references: noReferences, timeZone });
  if (!bound.ok) throw new Error(JSON.stringify(bound.errors));
  return scansIn(buildPlan(bound.value, { asOfMs: NOW_MS, rewrites: false }).root);
}

/** The only leaf. */
export async function leafOf(rule: unknown, timeZone = 'UTC'): Promise<ScanNode> {
  const [leaf, ...others] = await leavesOf(rule, timeZone);
  if (leaf === undefined || others.length > 0) throw new Error(`${JSON.stringify(rule)} has not one leaf`);
  return leaf;
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

export function newCompiler(matches: ReadonlyMap<string, readonly string[]> = new Map()): LeafCompiler {
  return new LeafCompiler({ nowMs: NOW_MS, matches, listId: (slot) => `q1-${slot}` });
}

/** All leaves of the rules, in one statement. */
export async function compiled(...rules: readonly unknown[]): Promise<{
  readonly conditions: readonly string[];
  readonly relations: readonly string[];
  readonly compiler: LeafCompiler;
}> {
  const compiler = newCompiler();
  const leaves = (await Promise.all(rules.map(async (rule) => leavesOf(rule))))
    .flat()
    .map((node) => compiler.add(node));
  const relations = compiler
    .relations()
    .map(({ alias, sql, joinedBy }) => `${alias}: ${sql}${joinedBy === null ? '' : ` ON ${joinedBy}`}`);
  return { conditions: leaves.map(({ condition }) => condition), relations, compiler };
}

/** Of a rule with one leaf. */
export async function condition(rule: unknown): Promise<string> {
  return (await compiled(rule)).conditions.join();
}
