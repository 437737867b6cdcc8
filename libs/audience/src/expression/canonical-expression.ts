import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils';
import { formatDuration } from '@tessera/tag-catalog';
import type { JsonValue } from '@tessera/tag-catalog';
import { canonicalCondition, canonicalMeasureCondition, canonicalWindow, zonesOf } from './canonical-condition';
import type { CanonicalCondition } from './canonical-condition';
import type { AudienceNode, EventNode, Expression, FieldCondition, SequenceNode, TagNode } from './expression';

/**
 * One node in canonical form. `json` is an expression of the language; `text` is what is hashed and sorted by: the same as
 * compact JSON, with what the language has no key for: the zone of a withinLast or anniversary that depends on it, and the
 * expression of an audience.
 */
interface CanonicalNode {
  readonly kind: Expression['kind'];
  readonly json: JsonValue;
  readonly text: string;
  /** Of and, or and not. */
  readonly children: readonly CanonicalNode[];
}

/**
 * The canonical form: an expression with parameters, zones of windows and audience versions put in, defaults written out, ids
 * dropped and obvious differences of spelling removed (docs/expressions.md lists them). Bound again in the same zone and against the
 * same catalogue and audiences it has the same hash.
 */
export function canonicalExpression(expression: Expression): JsonValue {
  return canonicalNode(expression).json;
}

/**
 * SHA-256 (hex) of the text of the canonical form. Equal hashes mean equal sets of users at equal as-of, catalogue version and data version
 * (MEANING section 3, Hash); the reverse does not hold: two expressions may mean the same and differ here.
 */
export function hashExpression(expression: Expression): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalNode(expression).text)));
}

function canonicalNode(node: Expression): CanonicalNode {
  switch (node.kind) {
    case 'and':
    case 'or':
      return group(node.kind, node.children.map(canonicalNode));
    case 'not': {
      const child = canonicalNode(node.child);
      const [inner] = child.children;
      if (child.kind === 'not' && inner !== undefined) return inner;
      return { kind: 'not', json: { not: child.json }, text: `{"not":${child.text}}`, children: [child] };
    }
    case 'atLeast':
      return atLeast(node.atLeast, node.children.map(canonicalNode));
    case 'all':
      return leaf('all', { all: true });
    case 'tag':
      return canonicalTag(node);
    case 'event':
      return canonicalEvent(node);
    case 'sequence':
      return canonicalSequence(node);
    case 'audience':
      return canonicalAudience(node);
    case 'list':
      return leaf('list', { list: node.listId });
  }
}

function leaf(kind: Expression['kind'], json: JsonValue, text: string = JSON.stringify(json)): CanonicalNode {
  return { kind, json, text, children: [] };
}

/** and, or: flattened, sorted, without repeats; with one child left, that child. */
function group(kind: 'and' | 'or', children: readonly CanonicalNode[]): CanonicalNode {
  const distinct = new Map<string, CanonicalNode>();
  for (const child of children) {
    for (const part of child.kind === kind ? child.children : [child]) distinct.set(part.text, part);
  }
  const sorted = [...distinct.values()].sort(byText);
  const [only] = sorted;
  if (only !== undefined && sorted.length === 1) return only;
  return {
    kind,
    json: { [kind]: sorted.map((child) => child.json) },
    text: `{"${kind}":[${sorted.map((child) => child.text).join(',')}]}`,
    children: sorted,
  };
}

/** One of n is or, n of n is and; otherwise repeats stay, since each counts. */
function atLeast(threshold: number, children: readonly CanonicalNode[]): CanonicalNode {
  if (threshold === 1) return group('or', children);
  if (threshold === children.length) return group('and', children);
  const sorted = [...children].sort(byText);
  return {
    kind: 'atLeast',
    json: { atLeast: threshold, of: sorted.map((child) => child.json) },
    text: `{"atLeast":${threshold},"of":[${sorted.map((child) => child.text).join(',')}]}`,
    children: [],
  };
}

function byText(left: CanonicalNode, right: CanonicalNode): number {
  return left.text < right.text ? -1 : left.text > right.text ? 1 : 0;
}

function canonicalTag(node: TagNode): CanonicalNode {
  const { json, timeZone } = canonicalCondition(node.condition);
  const plain = { tag: node.tag.name, ...json, onMissing: node.onMissing };
  // The implied conditions themselves are fixed by the catalogue's version; the zone that they are read in is not.
  const impliedZones = node.implied.flatMap(zonesOf);
  return leaf(
    'tag',
    plain,
    JSON.stringify({
      ...plain,
      ...(timeZone === null ? {} : { timeZone }),
      ...(impliedZones.length === 0 ? {} : { impliedTimeZones: impliedZones }),
    }),
  );
}

function canonicalEvent(node: EventNode): CanonicalNode {
  const where = canonicalWhere(node.where);
  const { json, timeZone } = canonicalMeasureCondition(node);
  const { measure } = node;
  const measureJson = { [measure.kind]: 'property' in measure ? measure.property.name : '*' };
  const window = node.window === null ? {} : { window: canonicalWindow(node.window) };
  const plain = { event: node.eventType.name, where: where.json, measure: measureJson, ...json, ...window };
  const zone = timeZone === null ? {} : { timeZone };
  return leaf('event', plain, JSON.stringify({ ...plain, ...where.zone, ...zone }));
}

function canonicalSequence(node: SequenceNode): CanonicalNode {
  const steps = node.steps.map((step) => ({ event: step.eventType.name, where: canonicalWhere(step.where) }));
  const rest = {
    ...(node.withinMs === null ? {} : { within: formatDuration(node.withinMs) }),
    ...(node.window === null ? {} : { window: canonicalWindow(node.window) }),
  };
  const plain = { sequence: steps.map(({ event, where }) => ({ event, where: where.json })), ...rest };
  const full = {
    sequence: steps.map(({ event, where }) => ({ event, where: where.json, ...where.zone })),
    ...rest,
  };
  return leaf('sequence', plain, JSON.stringify(full));
}

/** The filters of a row all have to hold: sorted, without repeats. `zone` is the one that some of them depend on. */
function canonicalWhere(where: readonly FieldCondition[]): {
  readonly json: readonly JsonValue[];
  readonly zone: { readonly whereTimeZone?: string };
} {
  const filters = new Map<string, CanonicalCondition>();
  for (const condition of where) {
    const canonical = canonicalCondition(condition);
    const json = { property: condition.field.name, ...canonical.json };
    filters.set(JSON.stringify(json), { json, timeZone: canonical.timeZone });
  }
  const sorted = [...filters].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, filter]) => filter);
  const whereTimeZone = sorted.map((filter) => filter.timeZone).find((zone) => zone !== null);
  return { json: sorted.map((filter) => filter.json), zone: whereTimeZone === undefined ? {} : { whereTimeZone } };
}

function canonicalAudience(node: AudienceNode): CanonicalNode {
  const { audienceId, version, mode, params, child } = node;
  if (child === null) return leaf('audience', { audience: audienceId, version, mode });
  const plain = { audience: audienceId, version, mode, params: params ?? {} };
  // What is inside depends on parameters and zones from outside: the text holds it whole, as it was bound.
  const header = JSON.stringify({ audience: audienceId, version, mode });
  return leaf('audience', plain, `${header.slice(0, -1)},"expression":${canonicalNode(child).text}}`);
}
