import { isJsonObject, pointer } from '@tessera/tag-catalog';
import type { JsonValue } from '@tessera/tag-catalog';
import type { BindingScope, Draft, GivenValue } from './binding-scope';
import type { AudienceNode, ListNode, NodeBase } from './expression';
import { ID_LENGTH_MAX, LIST_VALUES_MAX, PARAM_DEPTH_MAX } from './limits';
import { isJsonArray, showJson } from './show-json';

type Fields = ReadonlyMap<string, unknown>;
type Params = NonNullable<AudienceNode['params']>;

/** Binds a list node, whose id is still to be looked up; null after reporting what is wrong with it. */
export function bindUserList(scope: BindingScope, fields: Fields, base: NodeBase): ListNode | null {
  const path = pointer(base.path, 'list');
  if (!mayRefer(scope, path)) return null;
  const given = scope.give(fields.get('list'), path);
  const listId = given === null ? null : readReferenceId(scope, given, 'list');
  if (listId === null) return null;
  scope.state.pending.push({ kind: 'list', scope, path, listId });
  return { ...base, kind: 'list', listId };
}

/** Binds an audience node, whose version and child are put in later; null after reporting what is wrong with it. */
export function bindAudience(scope: BindingScope, fields: Fields, base: NodeBase, depth: number): AudienceNode | null {
  const path = pointer(base.path, 'audience');
  if (!mayRefer(scope, path)) return null;
  const audienceId = readReferenceId(scope, { json: fields.get('audience'), path, param: null }, 'audience');
  const wanted = readVersion(scope, fields, base.path);
  const mode = readMode(scope, fields, base.path);
  const params = readParams(scope, fields, base.path);
  if (audienceId === null || wanted === null || mode === null || params === null) return null;
  if (mode === 'snapshot' && fields.has('params')) {
    return scope.report(
      pointer(base.path, 'params'),
      'notAllowed',
      'A snapshot was made with its own parameters; leave "params" out, or use mode "live".',
    );
  }
  const node: Draft<AudienceNode> = { ...base, kind: 'audience', audienceId, version: 0, mode, params, child: null };
  scope.state.pending.push({ kind: 'audience', scope, path, depth, wanted, node });
  return node;
}

function mayRefer(scope: BindingScope, path: string): boolean {
  if (!scope.implied) return true;
  scope.report(
    path,
    'notAllowed',
    'Audiences and lists are not allowed in an implied condition; write the condition on tags or events itself.',
  );
  return false;
}

function readReferenceId(scope: BindingScope, given: GivenValue, what: 'audience' | 'list'): string | null {
  const id = given.json;
  if (typeof id === 'string' && id.length > 0 && id.length <= ID_LENGTH_MAX) return id;
  return scope.reportValue(
    given,
    'wrongType',
    `"${what}" is the id of ${what === 'list' ? 'an uploaded list' : 'a saved audience'}, a string of 1 to ${ID_LENGTH_MAX} characters, not ${showJson(id)}.`,
  );
}

function readVersion(scope: BindingScope, fields: Fields, path: string): number | 'latest' | null {
  if (!fields.has('version')) return 'latest';
  const given = scope.give(fields.get('version'), pointer(path, 'version'));
  if (given === null) return null;
  const version = given.json;
  if (version === 'latest' || (typeof version === 'number' && Number.isSafeInteger(version) && version >= 1))
    return version;
  return scope.reportValue(
    given,
    typeof version === 'number' ? 'outOfRange' : 'wrongType',
    `"version" is "latest" or a whole number from 1 up, not ${showJson(version)}.`,
  );
}

function readMode(scope: BindingScope, fields: Fields, path: string): 'live' | 'snapshot' | null {
  const mode = fields.has('mode') ? fields.get('mode') : 'live';
  if (mode === 'live' || mode === 'snapshot') return mode;
  return scope.report(
    pointer(path, 'mode'),
    'wrongType',
    `"mode" is "live" (evaluated now; the default) or "snapshot" (the newest materialised set), not ${showJson(mode)}.`,
  );
}

/** The node's parameters, in the order of their names, with those of the outer expression put in. */
function readParams(scope: BindingScope, fields: Fields, nodePath: string): Params | null {
  if (!fields.has('params')) return {};
  const json = fields.get('params');
  const path = pointer(nodePath, 'params');
  if (!isJsonObject(json)) {
    return scope.report(path, 'wrongType', `"params" is an object of values by parameter name, not ${showJson(json)}.`);
  }
  const entries: [string, JsonValue][] = [];
  let sound = true;
  for (const name of Object.keys(json).sort()) {
    if (scope.state.stopped) return null;
    const value = readParamValue(scope, json[name], pointer(path, name));
    if (value === null) sound = false;
    else entries.push([name, value]);
  }
  return sound ? Object.fromEntries(entries) : null;
}

function readParamValue(scope: BindingScope, json: unknown, path: string): JsonValue | null {
  const given = scope.give(json, path);
  if (given === null) return null;
  if (given.param !== null || !isJsonArray(given.json)) return copyPlain(scope, given, given.json, 1);
  if (tooLong(scope, given, given.json)) return null;
  const elements: JsonValue[] = [];
  for (const [index, element] of given.json.entries()) {
    const isObject = isJsonObject(element);
    const inner = isObject ? scope.give(element, pointer(path, index)) : { ...given, json: element };
    const value = inner === null ? null : copyPlain(scope, inner, inner.json, 2);
    if (value === null) return null;
    elements.push(value);
  }
  return elements;
}

/** Copies a value that is no deeper than any operand can be; null after reporting that it is, or that it is null. */
function copyPlain(scope: BindingScope, given: GivenValue, json: unknown, depth: number): JsonValue | null {
  if (typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean') return json;
  if (depth > PARAM_DEPTH_MAX || json === null || json === undefined || typeof json !== 'object') {
    return scope.reportValue(
      given,
      'wrongType',
      `A parameter's value is what an operand can be: a string, number, boolean, list of them, or {"nextDays": n}; not ${showJson(json)}.`,
    );
  }
  if (isJsonArray(json)) {
    if (tooLong(scope, given, json)) return null;
    const elements: JsonValue[] = [];
    for (const element of json) {
      const value = copyPlain(scope, given, element, depth + 1);
      if (value === null) return null;
      elements.push(value);
    }
    return elements;
  }
  const entries: [string, JsonValue][] = [];
  for (const [key, element] of Object.entries(json)) {
    const value = copyPlain(scope, given, element, depth + 1);
    if (value === null) return null;
    entries.push([key, value]);
  }
  return Object.fromEntries(entries);
}

/** Counts the values of a list against the limits, so that passing a long parameter on again and again costs as much as using it. */
function tooLong(scope: BindingScope, given: GivenValue, json: readonly unknown[]): boolean {
  if (json.length > LIST_VALUES_MAX) {
    scope.reportValue(given, 'listTooLong', `${json.length} values in a list; at most ${LIST_VALUES_MAX} are allowed.`);
    return true;
  }
  return !scope.countListValues(given, json.length);
}
