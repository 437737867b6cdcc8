import { isJsonObject, isWellFormed, pointer, quote } from '@tessera/tag-catalog';
import { bindEvent, bindSequence } from './bind-event';
import { bindAudience, bindUserList } from './bind-reference';
import { bindTag } from './bind-tag';
import type { BindingScope } from './binding-scope';
import type { AllNode, AtLeastNode, Expression, GroupNode, NodeBase, NotNode } from './expression';
import { EXPRESSION_DEPTH_MAX, ID_LENGTH_MAX, TOTAL_DEPTH_MAX } from './limits';
import { isJsonArray, showJson } from './show-json';
import { closestName } from './suggest-name';

type Fields = ReadonlyMap<string, unknown>;

/** The keys of each kind of node besides `id`. */
const NODE_KEYS = {
  and: ['and'],
  or: ['or'],
  not: ['not'],
  atLeast: ['atLeast', 'of'],
  all: ['all'],
  tag: ['tag', 'op', 'value', 'onMissing'],
  event: ['event', 'where', 'measure', 'op', 'value', 'window'],
  sequence: ['sequence', 'within', 'window'],
  audience: ['audience', 'version', 'mode', 'params'],
  list: ['list'],
} as const satisfies { readonly [kind in Expression['kind']]: readonly string[] };

type Kind = keyof typeof NODE_KEYS;

const KINDS = Object.keys(NODE_KEYS).filter((key): key is Kind => Object.hasOwn(NODE_KEYS, key));

/**
 * Binds one node and all below it; null after reporting everything that is wrong there. Nesting and the number of nodes are
 * checked before descending, so hostile input costs no stack. Audiences and lists are noted in the state as pending.
 *
 * @param depth 1 for the root of an expression.
 */
export function bindNode(scope: BindingScope, json: unknown, path: string, depth: number): Expression | null {
  if (scope.state.stopped) return null;
  if (!isJsonObject(json)) {
    return scope.report(
      path,
      'wrongType',
      `A node is an object of exactly one kind (${KINDS.join(', ')}), not ${showJson(json)}.`,
    );
  }
  if (!admit(scope, path, depth)) return null;
  const kind = readKind(scope, json, path);
  if (kind === null) return null;
  const fields = scope.readObject(json, path, `a node of kind ${kind}`, [...NODE_KEYS[kind], 'id']);
  if (fields === null) return null;
  const base: NodeBase = { path, id: readId(scope, fields, path) };
  switch (kind) {
    case 'and':
    case 'or':
      return bindGroup(scope, fields, base, kind, depth);
    case 'not':
      return bindNot(scope, fields, base, depth);
    case 'atLeast':
      return bindAtLeast(scope, fields, base, depth);
    case 'all':
      return bindAll(scope, fields, base);
    case 'tag':
      return bindTag(scope, fields, base, bindNode);
    case 'event':
      return bindEvent(scope, fields, base);
    case 'sequence':
      return bindSequence(scope, fields, base);
    case 'audience':
      return bindAudience(scope, fields, base, depth);
    case 'list':
      return bindUserList(scope, fields, base);
  }
}

/** Counts the node against the limits on nesting and number. */
function admit(scope: BindingScope, path: string, depth: number): boolean {
  const { state } = scope;
  if (depth > EXPRESSION_DEPTH_MAX) {
    scope.report(
      path,
      'tooDeep',
      `Nodes are nested more than ${EXPRESSION_DEPTH_MAX} deep here; flatten the expression or save a part of it as an audience.`,
    );
    return false;
  }
  if ((scope.site?.depth ?? 0) + depth > TOTAL_DEPTH_MAX) {
    scope.report(
      path,
      'tooDeep',
      `With the audiences it uses the expression is nested more than ${TOTAL_DEPTH_MAX} deep; flatten the audiences.`,
    );
    return false;
  }
  state.nodes += 1;
  if (state.nodes <= state.nodesMax) return true;
  scope.report(
    path,
    'tooManyNodes',
    `More than ${state.nodesMax} nodes, those of the audiences used included; use "in" with a list of values, or an uploaded list of users.`,
  );
  state.stop();
  return false;
}

function readKind(scope: BindingScope, json: { readonly [key: string]: unknown }, path: string): Kind | null {
  const kinds = KINDS.filter((kind) => Object.hasOwn(json, kind));
  const [kind] = kinds;
  if (kind !== undefined && kinds.length === 1) return kind;
  if (kind !== undefined) {
    return scope.report(
      path,
      'severalKinds',
      `A node has exactly one kind; this one has ${kinds.join(' and ')}. Combine two nodes with "and" or "or".`,
    );
  }
  const keys = Object.keys(json).slice(0, 10);
  const near = keys.map((key) => closestName(key, KINDS)).find((name) => name !== null);
  const hint = near === undefined ? '' : ` Did you mean ${quote(near)}?`;
  const found = keys.length === 0 ? 'no keys' : `the keys ${keys.map(quote).join(', ')}`;
  const param = Object.hasOwn(json, 'param') ? ' A parameter stands for a value, not for a node.' : '';
  return scope.report(
    path,
    'noKind',
    `A node has exactly one kind of ${KINDS.join(', ')}; this one has ${found}.${hint}${param}`,
  );
}

function readId(scope: BindingScope, fields: Fields, path: string): string | null {
  const id = fields.get('id');
  if (id === undefined) return null;
  if (typeof id === 'string' && id.length > 0 && id.length <= ID_LENGTH_MAX && isWellFormed(id)) return id;
  return scope.report(
    pointer(path, 'id'),
    'invalidId',
    `"id" is a string of 1 to ${ID_LENGTH_MAX} characters, not ${showJson(id)}.`,
  );
}

/** Binds a list of nodes, at least one; null after reporting. */
function bindChildren(scope: BindingScope, json: unknown, path: string, depth: number): readonly Expression[] | null {
  if (!isJsonArray(json)) {
    return scope.report(
      path,
      json === undefined ? 'missingKey' : 'wrongType',
      `Expected a list of at least one node, found ${showJson(json)}.`,
    );
  }
  if (json.length === 0) {
    return scope.report(
      path,
      'emptyList',
      'Expected a list of at least one node, found none. Every known user is {"all": true}.',
    );
  }
  const children: Expression[] = [];
  for (let index = 0; index < json.length && !scope.state.stopped; index += 1) {
    const child = bindNode(scope, json[index], pointer(path, index), depth + 1);
    if (child !== null) children.push(child);
  }
  return children.length < json.length ? null : children;
}

function bindGroup(
  scope: BindingScope,
  fields: Fields,
  base: NodeBase,
  kind: 'and' | 'or',
  depth: number,
): GroupNode | null {
  const children = bindChildren(scope, fields.get(kind), pointer(base.path, kind), depth);
  return children === null ? null : { ...base, kind, children };
}

function bindNot(scope: BindingScope, fields: Fields, base: NodeBase, depth: number): NotNode | null {
  const child = bindNode(scope, fields.get('not'), pointer(base.path, 'not'), depth + 1);
  return child === null ? null : { ...base, kind: 'not', child };
}

function bindAtLeast(scope: BindingScope, fields: Fields, base: NodeBase, depth: number): AtLeastNode | null {
  const of = fields.get('of');
  const children = bindChildren(scope, of, pointer(base.path, 'of'), depth);
  const given = scope.give(fields.get('atLeast'), pointer(base.path, 'atLeast'));
  if (given === null) return null;
  const atLeast = given.json;
  if (typeof atLeast !== 'number') {
    return scope.reportValue(given, 'wrongType', `"atLeast" is a whole number, not ${showJson(atLeast)}.`);
  }
  const most = isJsonArray(of) ? of.length : 0;
  if (!Number.isInteger(atLeast) || atLeast < 1 || (most > 0 && atLeast > most)) {
    return scope.reportValue(
      given,
      'outOfRange',
      `"atLeast" is a whole number from 1 to the ${most} nodes in "of", not ${atLeast}.`,
    );
  }
  return children === null ? null : { ...base, kind: 'atLeast', atLeast, children };
}

function bindAll(scope: BindingScope, fields: Fields, base: NodeBase): AllNode | null {
  const all = fields.get('all');
  if (all === true) return { ...base, kind: 'all' };
  return scope.report(
    pointer(base.path, 'all'),
    'wrongType',
    `"all" takes true, not ${showJson(all)}. Nobody is {"not": {"all": true}}.`,
  );
}
