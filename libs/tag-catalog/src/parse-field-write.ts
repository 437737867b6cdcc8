import type { FieldDefinition } from './catalog';
import { describeJson, isJsonObject, quote } from './describe-json';
import type { FieldWrite } from './message';
import { parseValue } from './parse-value';
import type { ParsedValue, ValueLimits } from './parse-value';
import { reject } from './rejection';
import type { RejectedMessage } from './rejection';

/** How an operator on a set is read: its operand is a set itself. */
const SET_SPEC = { valueType: 'set', scale: 0, values: [] } as const;

/**
 * Reads what one field of a message does. `null` clears a tag; for a property of an event it means no value, and the result is
 * `null`. An object is an operator: `{"$inc": n}` on int and decimal, `{"$add": […]}` and `{"$remove": […]}` on sets, never on
 * events.
 */
export function parseFieldWrite(
  field: FieldDefinition,
  json: unknown,
  isEvent: boolean,
  limits: ValueLimits,
): FieldWrite | RejectedMessage | null {
  if (json === null) {
    return isEvent ? null : { op: 'clear', field };
  }
  if (isJsonObject(json)) {
    return parseOperator(field, json, isEvent, limits);
  }
  const parsed = parseValue(field, json, limits);
  return parsed.ok ? { op: 'set', field, value: parsed.value } : rejectValue(field, '', parsed);
}

function rejectValue(
  field: FieldDefinition,
  where: string,
  parsed: Extract<ParsedValue, { ok: false }>,
): RejectedMessage {
  return reject(parsed.code, `field "${field.name}" (${field.valueType})${where}: ${parsed.message}`);
}

function parseOperator(
  field: FieldDefinition,
  json: Readonly<Record<string, unknown>>,
  isEvent: boolean,
  limits: ValueLimits,
): FieldWrite | RejectedMessage {
  const [entry, ...more] = Object.entries(json);
  if (entry?.[0].startsWith('$') !== true) {
    const detail = `field "${field.name}" (${field.valueType}): expected a value, got an object; fields are flat`;
    return reject('wrongType', detail);
  }
  const [operator, operand] = entry;
  if (more.length > 0) {
    const detail = `field "${field.name}": exactly one of $inc, $add and $remove, got ${more.length + 1} keys; send one message each`;
    return reject('invalidOperator', detail);
  }
  if (operator !== '$inc' && operator !== '$add' && operator !== '$remove') {
    const detail = `field "${field.name}": ${quote(operator)} is no operator; known: $inc, $add, $remove`;
    return reject('unknownOperator', detail);
  }
  if (isEvent) {
    const detail = `field "${field.name}": ${operator} changes the state of a user, and an event has none; send the value itself`;
    return reject('operatorNotAllowed', detail);
  }
  return operator === '$inc'
    ? parseIncrement(field, operand, limits)
    : parseSetChange(field, operator, operand, limits);
}

function parseIncrement(field: FieldDefinition, operand: unknown, limits: ValueLimits): FieldWrite | RejectedMessage {
  if (field.valueType !== 'int' && field.valueType !== 'decimal') {
    const detail = `field "${field.name}" is ${field.valueType}: $inc is for int and decimal; send the value itself`;
    return reject('operatorNotAllowed', detail);
  }
  const parsed = parseValue(field, operand, limits);
  if (!parsed.ok) {
    return rejectValue(field, ' $inc', parsed);
  }
  return typeof parsed.value === 'number'
    ? { op: 'increment', field, by: parsed.value }
    : reject('wrongType', `field "${field.name}" $inc: expected a number, got ${describeJson(operand)}`);
}

function parseSetChange(
  field: FieldDefinition,
  operator: '$add' | '$remove',
  operand: unknown,
  limits: ValueLimits,
): FieldWrite | RejectedMessage {
  if (field.valueType !== 'set') {
    const detail = `field "${field.name}" is ${field.valueType}: ${operator} is for sets; send the value itself`;
    return reject('operatorNotAllowed', detail);
  }
  const parsed = parseValue(SET_SPEC, operand, limits);
  if (!parsed.ok) {
    return rejectValue(field, ` ${operator}`, parsed);
  }
  if (typeof parsed.value !== 'object' || parsed.value.length === 0) {
    return reject('emptyList', `field "${field.name}" ${operator}: the list is empty; name at least one string`);
  }
  return { op: operator === '$add' ? 'add' : 'remove', field, values: parsed.value };
}
