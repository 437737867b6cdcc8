import type { JsonValue } from '@tessera/tag-catalog';
import type { DeclareStep, Question } from '../script';

interface Body {
  readonly [field: string]: JsonValue;
}
interface Options {
  readonly time?: string;
  readonly id?: string;
}

/** A message; without `time` it has the time of its arrival. */
export function message(type: string, cuid: string, body: Body, options: Options = {}): JsonValue {
  return { header: { type, cuid, ...options }, body };
}

/** A predicate on a tag. */
export function tag(name: string, op: string, value?: JsonValue, more: Body = {}): JsonValue {
  return { tag: name, op, ...(value === undefined ? {} : { value }), ...more };
}

/** A condition on an event; `more` holds where, measure and window. */
export function event(name: string, op: string, value: JsonValue, more: Body = {}): JsonValue {
  return { event: name, op, value, ...more };
}

export function ask(rule: JsonValue, members: string | readonly string[], more: Partial<Question> = {}): Question {
  return { rule, members, ...more };
}

/** A profile type (or kv) whose tags are given as name → valueType or as the whole declaration of the tag. */
export function profile(
  name: string,
  tags: { readonly [tag: string]: string | Body },
  more: { readonly [key: string]: JsonValue } = {},
): DeclareStep {
  return { declare: { name, kind: 'profile', tags: fields(tags), ...more } };
}

export function kv(name: string, tags: { readonly [tag: string]: string | Body }): DeclareStep {
  return { declare: { name, kind: 'kv', tags: fields(tags) } };
}

export function eventType(
  name: string,
  properties: { readonly [property: string]: string | Body },
  more: { readonly [key: string]: JsonValue } = {},
): DeclareStep {
  return { declare: { name, kind: 'event', properties: fields(properties), ...more } };
}

function fields(declared: { readonly [name: string]: string | Body }): JsonValue {
  return Object.entries(declared).map(([name, field]) =>
    typeof field === 'string' ? { name, valueType: field } : { name, ...field },
  );
}
