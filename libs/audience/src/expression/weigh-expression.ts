import type { Expression, FieldCondition, Operand } from './expression';

/** Of one node or filter with its path, condition and operand. */
const NODE_BYTES = 400;
/** Of one value beside its characters. */
const VALUE_BYTES = 24;
const CHARACTER_BYTES = 2;

/**
 * Bytes of memory that a bound expression takes, a rough estimate from above. What several nodes share (implied conditions, audiences)
 * counts once; what belongs to the catalogue does not count. Infinity where there is no telling: a pattern of `matches` grows while
 * it is used, and engines keep which of all texts meet a condition on texts for as long as the condition lives. Takes time linear in the number of
 * nodes and values.
 */
export function weighExpression(expression: Expression): number {
  return new Scales().weigh(expression);
}

class Scales {
  readonly #weighed = new Set<object>();

  weigh(node: Expression): number {
    if (this.#weighed.has(node)) return 0;
    this.#weighed.add(node);
    return NODE_BYTES + (node.path.length + (node.id?.length ?? 0)) * CHARACTER_BYTES + this.#weighContent(node);
  }

  #weighContent(node: Expression): number {
    switch (node.kind) {
      case 'and':
      case 'or':
      case 'atLeast':
        return sum(node.children, (child) => this.weigh(child));
      case 'not':
        return this.weigh(node.child);
      case 'tag':
        return weighCondition(node.condition, TAG_OPERATORS) + sum(node.implied, (implied) => this.weigh(implied));
      case 'event':
        return weighOperand(node.operand) + weighFilters(node.where);
      case 'sequence':
        return sum(node.steps, (step) => NODE_BYTES + weighFilters(step.where));
      case 'audience':
        return (
          sum(Object.values(node.params ?? {}), (json) => weighText(JSON.stringify(json))) + this.#weighChild(node)
        );
      case 'all':
      case 'list':
        return 0;
    }
  }

  #weighChild({ child }: { readonly child: Expression | null }): number {
    return child === null ? 0 : this.weigh(child);
  }
}

function weighFilters(where: readonly FieldCondition[]): number {
  return sum(where, (condition) => NODE_BYTES + weighCondition(condition, ROW_OPERATORS));
}

const TEXT_TYPES: ReadonlySet<string> = new Set(['string', 'enum', 'set']);
/** On texts: those for which an engine keeps as much as the condition says, and no more. */
const TAG_OPERATORS: ReadonlySet<string> = new Set(['eq', 'in', 'exists']);
const ROW_OPERATORS: ReadonlySet<string> = new Set(['exists']);

function weighCondition({ field, op, operand }: FieldCondition, textOperators: ReadonlySet<string>): number {
  return TEXT_TYPES.has(field.valueType) && !textOperators.has(op) ? Infinity : weighOperand(operand);
}

function weighOperand(operand: Operand): number {
  switch (operand.kind) {
    case 'value':
      return weighValue(operand.value);
    case 'list':
      return sum(operand.values, weighValue);
    case 'between':
      return weighValue(operand.low) + weighValue(operand.high);
    case 'exact':
      return weighText(operand.low.toString()) + weighText(operand.high.toString());
    case 'exists':
    case 'duration':
    case 'nextDays':
      return 0;
  }
}

function weighValue(value: boolean | number | string | readonly string[]): number {
  if (typeof value === 'string') return weighText(value);
  return typeof value === 'object' ? sum(value, weighText) : VALUE_BYTES;
}

function weighText(text: string): number {
  return VALUE_BYTES + text.length * CHARACTER_BYTES;
}

function sum<T>(items: readonly T[], weigh: (item: T) => number): number {
  return items.reduce((bytes, item) => bytes + weigh(item), 0);
}
