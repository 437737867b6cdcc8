import type { JsonValue } from '@tessera/tag-catalog';

interface JsonObject {
  readonly [key: string]: JsonValue;
}

const OPTIONAL_KEYS = ['window', 'within', 'where', 'onMissing', 'id'];

/** Rules that are a step smaller than this one, the smallest first: its children, itself with a child left out or made smaller. */
export function* smallerRules(rule: JsonValue): Generator<JsonValue> {
  if (typeof rule !== 'object' || rule === null || isList(rule)) return;
  const node = rule;
  for (const [key, children] of childLists(node)) {
    yield* children;
    for (const [index, child] of children.entries()) {
      if (children.length > 1)
        yield shortened(
          node,
          key,
          children.filter((_, other) => other !== index),
        );
      for (const smaller of smallerRules(child)) {
        yield { ...node, [key]: children.map((other, position) => (position === index ? smaller : other)) };
      }
    }
  }
  if (node['not'] !== undefined) {
    yield node['not'];
    for (const smaller of smallerRules(node['not'])) yield { not: smaller };
  }
  for (const key of OPTIONAL_KEYS) {
    if (node[key] !== undefined) yield Object.fromEntries(Object.entries(node).filter(([name]) => name !== key));
  }
  yield* withFewerParts(node, 'where', 1);
  yield* withFewerParts(node, 'sequence', 2);
  if (isList(node['value']) && node['op'] !== 'between') yield* withFewerParts(node, 'value', 1);
}

function isList(json: JsonValue | undefined): json is readonly JsonValue[] {
  return Array.isArray(json);
}

function* childLists(node: JsonObject): Generator<[string, readonly JsonValue[]]> {
  for (const key of ['and', 'or', 'of']) {
    const children = node[key];
    if (isList(children)) yield [key, children];
  }
}

function shortened(node: JsonObject, key: string, children: readonly JsonValue[]): JsonObject {
  const { atLeast } = node;
  return typeof atLeast === 'number' && atLeast > children.length
    ? { ...node, atLeast: children.length, [key]: children }
    : { ...node, [key]: children };
}

function* withFewerParts(node: JsonObject, key: string, least: number): Generator<JsonObject> {
  const parts = node[key];
  if (!isList(parts) || parts.length <= least) return;
  for (const index of parts.keys()) yield { ...node, [key]: parts.filter((_, other) => other !== index) };
}
