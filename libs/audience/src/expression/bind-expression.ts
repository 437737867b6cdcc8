import { isJsonObject } from '@tessera/tag-catalog';
import type { Catalog, LocatedError, Parsed, ValueLimits } from '@tessera/tag-catalog';
import { bindNode } from './bind-node';
import { BindingScope, BindingState } from './binding-scope';
import { checkTimeZone } from './check-time-zone';
import type { Expression, ReferencePort } from './expression';
import { IMPLIED_NODES_MAX } from './limits';
import { resolveReferences } from './resolve-references';
import { showJson } from './show-json';

/** What an expression is bound against. */
export interface BindContext {
  readonly catalog: Catalog;
  readonly references: ReferencePort;
  /** The request's parameters as received: an object of values by name. Names that no node uses are accepted. */
  readonly params?: unknown;
  /** IANA name: the request's zone, or the default. */
  readonly timeZone: string;
  /** Limits on values where they are configured; defaults of MEANING section 1. */
  readonly valueLimits?: ValueLimits;
}

/** Knows no audience, list or snapshot. */
export const noReferences: ReferencePort = {
  audience: async () => undefined,
  hasSnapshot: async () => false,
  hasList: async () => false,
};

/**
 * Checks an untrusted expression (MEANING section 3) and resolves every name, value, parameter, zone and reference in it.
 * Never throws for bad input: all errors found are returned, up to 100, each with its place as a JSON Pointer into the
 * expression (`/timeZone` and `/params` for the request's own). Errors inside an audience are placed at the node that uses it.
 * Time and memory are linear in the size of the input. Rejects only if the reference port does.
 */
export async function bindExpression(json: unknown, context: BindContext): Promise<Parsed<Expression>> {
  const state = new BindingState(context.catalog, context.valueLimits);
  const timeZone = checkTimeZone(context.timeZone);
  if (timeZone === null) {
    const message = `${showJson(context.timeZone)} is no time zone; write an IANA name such as "Europe/Berlin".`;
    state.errors.add('/timeZone', 'unknownTimeZone', message);
  }
  const params = readRequestParams(state, context.params);
  const expression = bindNode(new BindingScope(state, timeZone ?? 'UTC', params), json, '', 1);
  await resolveReferences(state, context.references);
  return expression !== null && state.errors.errors.length === 0
    ? { ok: true, value: expression }
    : { ok: false, errors: state.errors.errors };
}

/**
 * Checks one implied condition of a tag, for its declaration: an expression of combinators, tags, events and sequences, at most
 * 100 nodes; audiences, lists and parameters are not allowed.
 *
 * @param path prefix of the errors' places.
 * @returns what is wrong with it; empty: nothing.
 */
export function checkImpliedCondition(json: unknown, path: string, catalog: Catalog): readonly LocatedError[] {
  const state = new BindingState(catalog, undefined, IMPLIED_NODES_MAX);
  bindNode(new BindingScope(state, 'UTC', new Map(), null, true), json, path, 1);
  return state.errors.errors;
}

function readRequestParams(state: BindingState, json: unknown): ReadonlyMap<string, unknown> {
  if (json === undefined) return new Map();
  if (isJsonObject(json)) return new Map(Object.entries(json));
  state.errors.add('/params', 'wrongType', `"params" is an object of values by parameter name, not ${showJson(json)}.`);
  return new Map();
}
