import { operatorsFor, pointer, quote } from '@tessera/tag-catalog';
import type { FieldDefinition } from '@tessera/tag-catalog';
import { bindOperand } from './bind-operand';
import type { BindingScope } from './binding-scope';
import type { FieldCondition, TagOperator } from './expression';
import { closestName } from './suggest-name';

const OPERATORS = [
  'eq', 'ne', 'in', 'notIn', 'gt', 'gte', 'lt', 'lte', 'between', 'exists',
  'contains', 'startsWith', 'endsWith', 'matches',
  'before', 'after', 'withinLast', 'anniversary',
  'hasAny', 'hasAll', 'hasNone',
] as const satisfies readonly TagOperator[]; // prettier-ignore

function isOperator(name: string): name is TagOperator {
  return OPERATORS.some((operator) => operator === name);
}

/** True for the operators that depend on the zone. */
export function needsTimeZone(op: TagOperator): boolean {
  return op === 'withinLast' || op === 'anniversary';
}

/**
 * Reads "op", which must be one of the allowed ones; null after reporting that it is not.
 *
 * @param subject what the operator is applied to, for messages, e.g. `tag "city" (string)`.
 */
export function bindOperator(
  scope: BindingScope,
  fields: ReadonlyMap<string, unknown>,
  path: string,
  subject: string,
  allowed: readonly string[],
): TagOperator | null {
  const name = scope.readName(fields, 'op', path, `A condition on ${subject}`);
  if (name === null) return null;
  if (isOperator(name) && allowed.includes(name)) return name;
  const place = pointer(path, 'op');
  if (isOperator(name)) {
    return scope.report(
      place,
      'operatorNotAllowed',
      `Operator ${name} does not suit ${subject}; it takes ${allowed.join(', ')}.`,
    );
  }
  const near = closestName(name, allowed);
  const hint = near === null ? '' : ` Did you mean ${quote(near)}?`;
  return scope.report(
    place,
    'unknownOperator',
    `There is no operator ${quote(name)}.${hint} For ${subject} there are ${allowed.join(', ')}.`,
  );
}

/** Reads "op" and "value" of a condition on one field; null after reporting what is wrong with them. */
export function bindCondition(
  scope: BindingScope,
  fields: ReadonlyMap<string, unknown>,
  path: string,
  field: FieldDefinition,
  kind: 'tag' | 'property',
): FieldCondition | null {
  const subject = `${kind} ${quote(field.name)} (${field.valueType})`;
  const op = bindOperator(scope, fields, path, subject, operatorsFor(field.valueType));
  if (op === null) return null;
  const operand = bindOperand(scope, {
    spec: field,
    op,
    json: fields.get('value'),
    path: pointer(path, 'value'),
    least: null,
  });
  if (operand === null) return null;
  return { field, op, operand, timeZone: needsTimeZone(op) ? scope.timeZone : null };
}
