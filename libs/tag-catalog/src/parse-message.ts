import type { Catalog, TagTypeDefinition } from './catalog';
import type { UndeclaredField } from './declare-tag-type';
import { describeJson, isJsonObject, quote } from './describe-json';
import { fieldIndex } from './fields-of';
import { inferField } from './infer-field';
import type { FieldWrite, TagMessage } from './message';
import { parseFieldWrite } from './parse-field-write';
import { parseHeader } from './parse-header';
import type { HeaderOptions } from './parse-header';
import type { ValueLimits } from './parse-value';
import { reject } from './rejection';
import type { RejectedMessage } from './rejection';
import { hintField } from './suggest-field';

export interface MessageOptions extends HeaderOptions, ValueLimits {
  /** False: a message that clears a tag of a profile type is refused, since the tag store can't do that. Left out: true. */
  readonly clearsProfiles?: boolean;
}

/**
 * `undeclared`: the message is good but for fields that its type declares by itself; call `autoDeclare` with them and parse it
 * again against the catalogue that results.
 */
export type ParsedMessage =
  | { readonly kind: 'message'; readonly message: TagMessage }
  | RejectedMessage
  | { readonly kind: 'undeclared'; readonly typeName: string; readonly fields: readonly UndeclaredField[] };

interface ParsedBody {
  readonly kind: 'body';
  readonly writes: readonly FieldWrite[];
  readonly undeclared: readonly UndeclaredField[];
}

const NO_OPTIONS: MessageOptions = {};

/**
 * Checks one message (MEANING section 2) against the catalogue. One bad field refuses the whole message; the first fault found is
 * reported. Pure and fast: this is the hot path of ingest.
 * @param raw the message as `JSON.parse` gave it.
 * @param arrivalMs when it was read, ms since the epoch: its time if the header gives none, and the clock for retention.
 */
export function parseMessage(
  catalog: Catalog,
  raw: unknown,
  arrivalMs: number,
  options: MessageOptions = NO_OPTIONS,
): ParsedMessage {
  if (!isJsonObject(raw)) {
    return reject('invalidMessage', `a message is an object {"header": {…}, "body": {…}}, got ${describeJson(raw)}`);
  }
  for (const key of Object.keys(raw)) {
    if (key !== 'header' && key !== 'body') {
      return reject('unknownKey', `the message has the unknown key ${quote(key)}; known: header, body`);
    }
  }
  const header = parseHeader(catalog, raw['header'], arrivalMs, options);
  if (header.kind === 'rejected') {
    return header;
  }
  const body = parseBody(catalog, header.type, raw['body'], options);
  if (body.kind === 'rejected') {
    return body;
  }
  const { type, cuid, timeMs, id } = header;
  if (body.undeclared.length > 0) {
    return { kind: 'undeclared', typeName: type.name, fields: body.undeclared };
  }
  return { kind: 'message', message: { type, cuid, timeMs, id, fields: body.writes } };
}

function parseBody(
  catalog: Catalog,
  type: TagTypeDefinition,
  json: unknown,
  limits: MessageOptions,
): ParsedBody | RejectedMessage {
  if (!isJsonObject(json)) {
    return reject('invalidBody', `body must be an object of fields, got ${describeJson(json)}`);
  }
  const names = Object.keys(json);
  const isEvent = type.kind === 'event';
  if (names.length === 0 && !isEvent) {
    return reject('emptyBody', `body is empty; a message of "${type.name}" (${type.kind}) has at least one field`);
  }
  const fields = fieldIndex(type);
  const writes: FieldWrite[] = [];
  const undeclared: UndeclaredField[] = [];
  for (const name of names) {
    const field = fields.get(name);
    // `name` is one of the object's own keys, so this never reaches a prototype.
    const value = json[name];
    if (field === undefined) {
      if (!type.autoDeclare) {
        return reject('unknownField', `"${type.name}" has no field ${quote(name)}; ${hintField(catalog, type, name)}`);
      }
      const inferred = inferField(catalog, type, name, value, limits);
      if ('kind' in inferred) {
        return inferred;
      }
      undeclared.push(inferred);
      continue;
    }
    const write = parseFieldWrite(field, value, isEvent, limits);
    if (write !== null && 'kind' in write) {
      return write;
    }
    if (write?.op === 'clear' && type.kind === 'profile' && limits.clearsProfiles === false) {
      const detail = `field "${name}": tags of profile types can't be cleared here, their tables keep the newest value; send another value, or use a kv type for tags to be cleared`;
      return reject('operatorNotAllowed', detail);
    }
    if (write !== null) {
      writes.push(write);
    }
  }
  return { kind: 'body', writes, undeclared };
}
