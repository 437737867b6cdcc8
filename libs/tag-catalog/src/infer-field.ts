import type { Catalog, TagTypeDefinition } from './catalog';
import { DECIMAL_SCALE_DEFAULT } from './decimal';
import type { UndeclaredField } from './declare-tag-type';
import { describeJson } from './describe-json';
import { nameProblem } from './name';
import { parseValue } from './parse-value';
import type { ValueLimits } from './parse-value';
import { reject } from './rejection';
import type { RejectedMessage } from './rejection';

/**
 * Finds the declaration that a field never seen before would get (MEANING section 2, Auto-declare), after making sure that
 * neither its name nor its value would be refused once it is declared: a bad message must not leave a tag behind.
 */
export function inferField(
  catalog: Catalog,
  type: TagTypeDefinition,
  name: string,
  json: unknown,
  limits: ValueLimits,
): UndeclaredField | RejectedMessage {
  const problem = nameProblem(name);
  if (problem !== null) {
    return reject('invalidName', `new field: ${problem}`);
  }
  const taken = type.kind === 'event' ? undefined : catalog.tag(name);
  if (taken !== undefined) {
    const detail = `field "${name}" is a tag of type "${taken.typeName}": send it in a message of that type, or rename it`;
    return reject('nameTaken', detail);
  }
  const valueType = inferType(json);
  if (valueType === null) {
    const fix = 'send a boolean, number, string or list of strings first, or declare the field';
    return reject('cannotDeclare', `new field "${name}": ${describeJson(json)} does not tell its type; ${fix}`);
  }
  const scale = valueType === 'decimal' ? DECIMAL_SCALE_DEFAULT : 0;
  const parsed = parseValue({ valueType, scale, values: [] }, json, limits);
  return parsed.ok ? { name, valueType } : reject(parsed.code, `new field "${name}": ${parsed.message}`);
}

function inferType(json: unknown): UndeclaredField['valueType'] | null {
  if (typeof json === 'boolean') {
    return 'bool';
  }
  if (typeof json === 'number') {
    return 'decimal';
  }
  if (typeof json === 'string') {
    return 'string';
  }
  return Array.isArray(json) && json.every((item) => typeof item === 'string') ? 'set' : null;
}
