import { describeCondition } from './describe-condition';
import { describeEvent, describeSequence } from './describe-event';
import { describeName, quoted } from './describe-value';
import type { Expression, TagNode } from './expression';

const INDENT = '  ';

/**
 * The rule in plain English, for people who did not write the JSON: one line for a single condition; groups as a heading with one
 * line a condition below it, indented by two spaces a level and marked `- `. Uses English labels where the catalogue has them.
 */
export function describeExpression(expression: Expression): string {
  const lines: string[] = [];
  describeNode(expression, '', '', lines);
  const [first = '', ...rest] = lines;
  return [first.slice(0, 1).toUpperCase() + first.slice(1), ...rest].join('\n');
}

/**
 * @param indent of the line of this node.
 * @param lead stands before it: the list mark and any "not".
 */
function describeNode(node: Expression, indent: string, lead: string, lines: string[]): void {
  const start = `${indent}${lead}`;
  const children = (heading: string, nodes: readonly Expression[]): void => {
    lines.push(`${start}${heading}:`);
    const inner = lead === '' && indent === '' ? '' : `${indent}${INDENT}`;
    for (const child of nodes) describeNode(child, inner, '- ', lines);
  };
  switch (node.kind) {
    case 'and':
    case 'or': {
      const [only] = node.children;
      if (only !== undefined && node.children.length === 1) describeNode(only, indent, lead, lines);
      else children(node.kind === 'and' ? 'all of these hold' : 'at least one of these holds', node.children);
      return;
    }
    case 'atLeast':
      children(
        `at least ${node.atLeast} of these ${node.children.length} ${node.children.length === 1 ? 'holds' : 'hold'}`,
        node.children,
      );
      return;
    case 'not':
      describeNode(node.child, indent, `${lead}not: `, lines);
      return;
    case 'audience':
      lines.push(
        `${start}${node.mode === 'live' ? 'belongs to the audience' : 'is in the newest snapshot of the audience'} ${quoted(node.audienceId)} (version ${node.version})`,
      );
      return;
    case 'all':
    case 'tag':
    case 'event':
    case 'sequence':
    case 'list':
      lines.push(`${start}${describeLeaf(node)}`);
  }
}

function describeLeaf(
  node: Extract<Expression, { readonly kind: 'all' | 'tag' | 'event' | 'sequence' | 'list' }>,
): string {
  switch (node.kind) {
    case 'all':
      return 'every known user';
    case 'tag':
      return describeTag(node);
    case 'event':
      return describeEvent(node);
    case 'sequence':
      return describeSequence(node);
    case 'list':
      return `is in the uploaded list ${quoted(node.listId)}`;
  }
}

function describeTag(node: TagNode): string {
  const { tag, condition, onMissing, implied } = node;
  const wording = { spec: tag, valueLabels: tag.valueLabels, unit: tag.unit };
  const base = `${describeName(tag)} ${describeCondition(condition.op, condition.operand, wording, condition.timeZone)}`;
  const missing = onMissing === 'include' ? ', or has no value' : '';
  return `${base}${missing}${implied.length === 0 ? '' : ` (and always: ${implied.map(describeInline).join('; ')})`}`;
}

/** A node within a line: groups in parentheses. */
function describeInline(node: Expression): string {
  switch (node.kind) {
    case 'and':
      return inlineGroup(node.children, ' and ');
    case 'or':
      return inlineGroup(node.children, ' or ');
    case 'atLeast':
      return `at least ${node.atLeast} of ${inlineGroup(node.children, '; ')}`;
    case 'not':
      return `not (${describeInline(node.child)})`;
    case 'audience':
      return `belongs to the audience ${quoted(node.audienceId)} (version ${node.version})`;
    case 'all':
    case 'tag':
    case 'event':
    case 'sequence':
    case 'list':
      return describeLeaf(node);
  }
}

function inlineGroup(nodes: readonly Expression[], separator: string): string {
  const parts = nodes.map(describeInline);
  return parts.length === 1 ? parts.join('') : `(${parts.join(separator)})`;
}
